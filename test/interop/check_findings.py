"""The tables of `gyre analyse`: that pandas and polars open them alike, that their recipes work, and that numbers in them follow from
replayed windows by their definitions, written down here a second time in NumPy.
"""

import functools
import unittest

import numpy
import pandas
import polars
import pyarrow.ipc

import check_recipes
import gyre

TABLES = ["spirals", "relaxation", "curvature", "twins", "survival"]

SPIKING = {
    "name": "spiking",
    "epochs": 12000,
    "layers": [1, 8, 1],
    "data": {"kind": "sine", "points": 16},
    "optimizer": {"kind": "adam", "learningRate": 0.01},
    "precision": ["float32", "float64"],
    "seeds": 2,
}


@functools.cache
def analysed_run():
    folder = gyre.run_sweep(SPIKING, "spiking")
    gyre.gyre("analyse", folder, "--spikes", 8)
    return folder


def windows(folder, network, first, last):
    """θ, m and v of one network at epochs first … last, a row an epoch."""
    out = gyre.scratch() / f"window-{network}-{first}"
    gyre.gyre("replay", folder, "--network", network, "--epochs", f"{first}..{last}", "--out", out)
    (file,) = out.glob("*/*.arrow")
    frame = pandas.read_feather(file)
    return [numpy.array(frame[name].tolist(), dtype="f8") for name in ("theta", "first_moment", "second_moment")]


def winding(theta, m, v, epoch, *, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Turns of the fast motion of a window whose middle row is at an epoch, by the definition in docs/RESULTS.md."""
    metric = numpy.sqrt((1 - beta1**epoch) * (numpy.sqrt(v[len(v) // 2] / (1 - beta2**epoch)) + epsilon))
    flips = (-1.0) ** numpy.arange(len(theta) - 2)[:, None]
    x, y = flips * numpy.diff(theta, 2, axis=0) * metric, flips * numpy.diff(m, 2, axis=0) / metric
    direction = numpy.linalg.svd(y, full_matrices=False)[2][0]
    pair = numpy.stack([x @ direction, y @ direction])
    white = numpy.linalg.solve(numpy.linalg.cholesky(pair @ pair.T / pair.shape[1]), pair)
    z = white[0] + 1j * white[1]
    return abs(numpy.angle(z[1:] / z[:-1]).sum()) / (2 * numpy.pi)


class Findings(unittest.TestCase):
    def test_pandas_and_polars_open_the_same_rows(self):
        for table in TABLES:
            path = analysed_run() / f"{table}.arrow"
            by_pandas, by_polars = pandas.read_feather(path), polars.read_ipc(path)
            self.assertGreater(len(by_pandas), 0)
            self.assertEqual(list(by_pandas.columns), by_polars.columns)
            for name in by_polars.columns:
                cells = [None if pandas.isna(cell) else cell for cell in by_pandas[name]]
                self.assertEqual(cells, by_polars[name].to_list(), f"{table}.{name}")

    def test_every_column_says_its_unit_and_meaning(self):
        for table in TABLES:
            for field in pyarrow.ipc.open_file(str(analysed_run() / f"{table}.arrow")).schema:
                self.assertIn(b"description", field.metadata, f"{table}.{field.name}")
                self.assertIn(b"unit", field.metadata, f"{table}.{field.name}")

    def test_every_recipe_in_their_metadata_gives_every_row(self):
        for table in TABLES:
            with pyarrow.ipc.open_file(str(analysed_run() / f"{table}.arrow")) as file:
                rows, metadata = file.read_all().num_rows, file.schema.metadata
            for tool in check_recipes.TOOLS:
                recipe = metadata[f"recipe.{tool}".encode()].decode()
                self.assertEqual(check_recipes.row_count(recipe, analysed_run()), rows, recipe)

    def test_windings_follow_from_replayed_windows(self):
        spirals = pandas.read_feather(analysed_run() / "spirals.arrow")
        relaxations = spirals[spirals.kind == "relaxation"].head(3)
        self.assertEqual(len(relaxations), 3)
        for row in relaxations.itertuples():
            window = windows(analysed_run(), row.network, row.first_epoch, row.first_epoch + 61)
            self.assertAlmostEqual(winding(*window, row.first_epoch + 31), row.winding, delta=1e-4 * row.winding)

    def test_ratios_of_twins_are_formed_within_pairs(self):
        networks = pandas.read_feather(analysed_run() / "networks.arrow")
        pairs = networks.pivot(index="seed", columns="precision", values="spike_interval").dropna()
        twins = pandas.read_feather(analysed_run() / "twins.arrow")
        (row,) = twins[twins.label == "unstable"].itertuples()
        self.assertEqual((row.pairs, row.interval_pairs), (2, len(pairs)))
        ratio = numpy.exp(numpy.median(numpy.log(pairs.float32 / pairs.float64)))
        self.assertAlmostEqual(row.interval_ratio, ratio, delta=1e-12)

    def test_survival_is_the_product_over_epochs_of_those_at_risk(self):
        """Kaplan and Meier's estimate, from the events themselves."""
        networks = pandas.read_feather(analysed_run() / "networks.arrow")
        events = pandas.concat(pandas.read_feather(path) for path in (analysed_run() / "events").glob("*.arrow"))
        first = events[events.kind == "spike"].groupby("network").epoch.min()
        survival = pandas.read_feather(analysed_run() / "survival.arrow")
        for precision in ("float32", "float64"):
            ids = networks[networks.precision == precision].network
            epochs = numpy.array([first.get(network, numpy.inf) for network in ids])
            own = survival[(survival.event == "first-spike") & (survival.axis == "precision")]
            rows = own[own.value == precision]
            self.assertEqual(rows.events.sum(), numpy.isfinite(epochs).sum())
            expected = 1.0
            for row in rows.itertuples():
                at_risk = (epochs >= row.epoch).sum()
                self.assertEqual((row.at_risk, row.events), (at_risk, (epochs == row.epoch).sum()))
                expected *= 1 - row.events / at_risk
                self.assertAlmostEqual(row.survival, expected, delta=1e-12)

    def test_a_parquet_export_has_the_same_rows(self):
        folder = gyre.exported(analysed_run(), "parquet")
        for table in TABLES:
            exported = pandas.read_parquet(folder / f"{table}.parquet")
            pandas.testing.assert_frame_equal(
                exported, pandas.read_feather(analysed_run() / f"{table}.arrow"), check_dtype=False, check_categorical=False
            )


if __name__ == "__main__":
    unittest.main()
