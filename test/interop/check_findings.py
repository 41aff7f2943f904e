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
import declared_arithmetic
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


RATE = SPIKING["optimizer"]["learningRate"]


def preconditioner(v, epoch, *, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """The diagonal of P, by the definition in docs/concepts/spirals-and-modes.md."""
    return (1 - beta1**epoch) * (numpy.sqrt(v / (1 - beta2**epoch)) + epsilon)


def fast_motion(theta, m, v, epoch):
    """The fast motion of a window whose middle row is at an epoch, as complex numbers, and its direction."""
    metric = numpy.sqrt(preconditioner(v[len(v) // 2], epoch))
    flips = (-1.0) ** numpy.arange(len(theta) - 2)[:, None]
    x, y = flips * numpy.diff(theta, 2, axis=0) * metric, flips * numpy.diff(m, 2, axis=0) / metric
    direction = numpy.linalg.svd(y, full_matrices=False)[2][0]
    pair = numpy.stack([x @ direction, y @ direction])
    white = numpy.linalg.solve(numpy.linalg.cholesky(pair @ pair.T / pair.shape[1]), pair)
    return white[0] + 1j * white[1], direction


def turns(z):
    return abs(numpy.angle(z[1:] / z[:-1]).sum()) / (2 * numpy.pi)


def gradient(theta):
    """The gradient of the loss of 1-8-1 tanh on the sine of SPIKING."""
    x, y = numpy.array(declared_arithmetic.samples("sine", 16, 0)).T
    w, b, u, c = theta[:8], theta[8:16], theta[16:24], theta[24]
    a = numpy.tanh(numpy.outer(x, w) + b)
    delta = 2 / len(x) * (a @ u + c - y)
    below = numpy.outer(delta, u) * (1 - a * a)
    return numpy.concatenate([x @ below, below.sum(0), delta @ a, [delta.sum()]])


def hessian(theta, step=1e-5):
    """The Hessian by central differences of the gradient."""
    rows = [gradient(theta + step * e) - gradient(theta - step * e) for e in numpy.eye(len(theta))]
    return numpy.array(rows) / (2 * step)


def preconditioned(theta_before, v, epoch):
    """lr·P^−½HP^−½ at an epoch, from θ of the epoch before and v of its own."""
    root = numpy.sqrt(preconditioner(v, epoch))
    return RATE * hessian(theta_before) / numpy.outer(root, root)


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
            z, _ = fast_motion(*window, row.first_epoch + 31)
            self.assertAlmostEqual(turns(z), row.winding, delta=1e-4 * row.winding)

    def test_predictions_of_the_linear_mode_follow_from_replayed_windows(self):
        spirals = pandas.read_feather(analysed_run() / "spirals.arrow")
        for row in spirals[spirals.kind == "relaxation"].head(2).itertuples():
            theta, m, v = windows(analysed_run(), row.network, row.first_epoch, row.first_epoch + 61)
            z, d = fast_motion(theta, m, v, row.first_epoch + 31)
            etas = numpy.array([d @ preconditioned(theta[t], v[t + 1], row.first_epoch + t + 1) @ d for t in range(60)])
            factors = 1.9 - 0.1 * etas
            roots = (factors + numpy.sqrt(factors * factors - 4 * 0.9 + 0j)) / 2
            rates = abs(numpy.angle(-roots)) / (2 * numpy.pi)
            left = z[2:] + factors[2:] * z[1:-1] + 0.9 * z[:-2]
            residual = numpy.linalg.norm(left) / numpy.linalg.norm(z[2:])
            self.assertAlmostEqual(etas.mean() / row.sharpness, 1, delta=1e-4)
            self.assertAlmostEqual(rates.mean() / row.predicted_winding, 1, delta=1e-3)
            self.assertAlmostEqual(-numpy.log(abs(roots)).mean() / row.predicted_damping, 1, delta=1e-6)
            self.assertAlmostEqual(residual / row.recurrence_residual, 1, delta=1e-2)
            self.assertAlmostEqual(row.winding_rate - row.predicted_winding, row.winding_residual, delta=1e-12)

    def test_the_two_largest_modes_follow_from_a_replayed_epoch(self):
        curvature = pandas.read_feather(analysed_run() / "curvature.arrow")
        rows = curvature[(curvature.kind == "spike") & curvature.eta1.notna()].head(3)
        self.assertEqual(len(rows), 3)
        for row in rows.itertuples():
            epoch = row.epoch - 15
            theta, _, v = windows(analysed_run(), row.network, epoch - 1, epoch)
            eta2, eta1 = numpy.linalg.eigvalsh(preconditioned(theta[0], v[1], epoch))[-2:]
            self.assertAlmostEqual(eta1 / row.eta1, 1, delta=1e-5)
            self.assertAlmostEqual(eta2 / row.eta2, 1, delta=1e-5)
            self.assertAlmostEqual(eta2 / eta1 / row.mode_ratio, 1, delta=1e-5)

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
