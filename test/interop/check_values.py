"""The same values through pyarrow, pandas, polars and DuckDB, bit by bit, and through `gyre show --json`.

NaN, infinities, subnormals and -0 are values; null is none. pandas knows only NaN for both in a column of floats.
"""

import json
import subprocess
import unittest

import numpy

import gyre
import readers

#: What a float64 or float32 column must carry: both zeros, the smallest, the largest, the infinities and NaN.
AWKWARD = ["-0", "0", "5e-324", "-1e-45", "1.7976931348623157e308", "Infinity", "-Infinity", "NaN", "0.1"]


def assert_same(test, expected, found, tool):
    """Two results of `columns_by_tool` agree: names, nulls, and each value that is not null in its bits."""
    test.assertEqual(list(found), list(expected), f"columns by {tool}")
    for name, (values, valid) in expected.items():
        other, other_valid = found[name]
        test.assertEqual(len(other), len(values), f"{name} by {tool}: rows")
        if tool == "pandas":  # nulls are NaN, and integers with nulls are floats
            test.assertFalse(other_valid[~valid].any(), f"{name} by pandas: a null became a value")
            other = other[valid].astype(values.dtype)
        else:
            test.assertTrue((other_valid == valid).all(), f"{name} by {tool}: nulls")
            test.assertEqual(other.dtype, values.dtype, f"{name} by {tool}: type")
            other = other[valid]
        differing = readers.canonical(other) != readers.canonical(values[valid])
        test.assertFalse(
            differing.any(),
            f"{name} by {tool}: {other[differing][:3]}, by pyarrow {values[valid][differing][:3]}",
        )


class Tools(unittest.TestCase):
    def test_all_four_read_the_same_bits(self):
        for folder in gyre.all_runs():
            for table in ("networks", "epochs", "blocks"):
                results = readers.columns_by_tool(folder, table)
                for tool, columns in results.items():
                    with self.subTest(run=folder.name, table=table, tool=tool):
                        assert_same(self, results["pyarrow"], columns, tool)

    def test_the_runs_hold_nan_infinity_null_and_minus_zero(self):
        """Otherwise the comparison above would say little."""
        epochs = readers.arrow_table(gyre.fine_run(), "epochs")
        loss, cosine = readers.floats(epochs, "loss"), readers.floats(epochs, "update_cosine")
        self.assertTrue(numpy.isnan(loss).any(), "no NaN among the losses")
        self.assertTrue(numpy.isinf(loss).any(), "no infinity among the losses")
        self.assertTrue(((cosine == 0) & numpy.signbit(cosine)).any(), "no -0 among the update cosines")
        networks = readers.arrow_table(gyre.fine_run(), "networks")
        self.assertGreater(networks["beta1"].null_count, 0)
        self.assertGreater(networks["loss_last"].null_count + numpy.isnan(readers.floats(networks, "loss_last")).sum(), 0)

    def test_awkward_numbers_written_by_gyre_come_out_of_all_four(self):
        """A table of them by Gyre's own writer: every float column holds every awkward number, on every row another."""
        folder = gyre.scratch() / "awkward"
        (folder / "epochs").mkdir(parents=True)
        modules = {name: (gyre.ROOT / path).as_uri() for name, path in WRITER_MODULES.items()}
        program = WRITER.format(numbers=", ".join(AWKWARD), file=json.dumps(str(folder / "epochs" / "00001.arrow")), **modules)
        subprocess.run(["node", gyre.TYPESCRIPT, "--input-type=module", "-e", program], check=True)
        results = readers.columns_by_tool(folder, "epochs")
        numbers = numpy.array([float(word.replace("Infinity", "inf")) for word in AWKWARD])
        for shift, (name, (values, _)) in enumerate(results["pyarrow"].items()):
            if values.dtype.kind != "f":
                continue
            with numpy.errstate(over="ignore"):
                expected = numpy.roll(numbers, -shift).astype(values.dtype)
            self.assertTrue((readers.canonical(values) == readers.canonical(expected)).all(), f"{name}: {values}")
        for tool, columns in results.items():
            with self.subTest(tool=tool):
                assert_same(self, results["pyarrow"], columns, tool)


WRITER_MODULES = {"arrow": "src/storage/tables/arrow.ts", "trace": "schemas/trace.ts"}

#: Column c of row r holds number (r + c) of the list; whole numbers count the rows.
WRITER = """
import {{ writeFileSync }} from 'node:fs';
import {{ tableFile }} from '{arrow}';
import {{ EPOCHS_TABLE as table }} from '{trace}';
const numbers = [{numbers}];
const arrays = {{ u32: Uint32Array, f32: Float32Array, f64: Float64Array }};
const rows = Object.fromEntries(table.columns.map(({{ name, type }}, c) => {{
  const values = new arrays[type](numbers.length);
  for (let r = 0; r < numbers.length; r++) values[r] = type === 'u32' ? r : numbers[(r + c) % numbers.length];
  return [name, {{ values }}];
}}));
writeFileSync({file}, tableFile({{ table, runKey: '00000000', rows, rowCount: numbers.length }}));
"""


class Show(unittest.TestCase):
    def test_show_prints_what_networks_arrow_holds(self):
        for folder in (gyre.fine_run(), gyre.coarse_run()):
            table = readers.arrow_table(folder, "networks").to_pylist()
            shown = gyre.shown_networks(folder)
            self.assertEqual(len(shown), len(table))
            for row, told in zip(table, shown, strict=True):
                self.assertEqual([name for name in told if name in row], list(row), "the columns, in their order")
                for name, value in row.items():
                    # repr is exact for floats, equal for NaN and tells null, 0 and -0 apart; JSON writes whole floats as 1.
                    same = float(told[name]) if isinstance(value, float) and told[name] is not None else told[name]
                    self.assertEqual(repr(same), repr(value), f"network {row['network']}, {name}")

    def test_the_labels_are_what_the_numbers_say(self):
        run = gyre.fine_run()
        epochs = readers.arrow_table(run, "epochs").to_pandas()
        events = readers.arrow_table(run, "events").to_pandas()
        networks = readers.arrow_table(run, "networks").to_pandas()
        variance = numpy.var(numpy.float32(numpy.sin(2 * numpy.pi * numpy.linspace(0, 1, 6))))
        for row in networks.to_dict("records"):
            own = epochs[epochs.network == row["network"]].sort_values("epoch")
            rises = events[(events.network == row["network"]) & events.kind.isin(["spike", "level-shift"])]
            self.assertAlmostEqual(row["target_variance"], variance, places=6)
            # pandas has NaN for a null among words.
            labels = (row["outcome"], row["motion"] if isinstance(row["motion"], str) else None)
            self.assertEqual(labels, labels_of(own, rises, row["nonfinite_epoch"], row["target_variance"]), row)
        self.assertLessEqual({"non-finite", "untrained", "learned"}, set(networks.outcome))
        self.assertGreaterEqual(len(set(networks.motion)), 4)


def labels_of(epochs, rises, nonfinite_epoch, variance):
    """Outcome and motion of a network of which every epoch is there, from the definitions in docs/concepts."""
    if nonfinite_epoch > 0:
        return "non-finite", None
    loss = numpy.maximum(epochs.loss.to_numpy(), 1e-10 * variance)
    total = len(loss)
    tail = max(1, round(0.2 * total))
    end, best = loss[-max(100, round(0.01 * total)) :].min(), loss.min()
    if end > max(10 * variance, epochs.loss.iloc[0]):
        outcome = "exploded"
    elif best > 0.1 * variance:
        outcome = "untrained"
    elif end > 0.1 * variance:
        outcome = "collapsed"
    else:
        outcome = "degraded" if end >= 10 * best else "learned"
    return outcome, motion_of(epochs, loss, rises, tail)


def motion_of(epochs, loss, rises, tail):
    total, first = len(loss), len(loss) - tail + 1
    spikes = rises[(rises.kind == "spike") & (rises.epoch >= first) & (rises.loss_peak >= 4 * rises.loss_before)]
    covered = numpy.log10(loss[-tail:].max() / loss[-tail:].min())
    inside = numpy.zeros(total, bool)
    for rise in rises.itertuples():
        last = total if numpy.isnan(rise.end_epoch) else int(rise.end_epoch)
        inside[rise.epoch - 1 : last] = True
    shifted = ((rises.kind == "level-shift") & (rises.end_epoch >= first)).any()
    flips = (epochs.update_cosine.to_numpy()[-tail:] < -0.5).mean()
    head, rest = loss[-tail:][: max(1, round(0.25 * tail))].min(), loss[-max(1, round(0.05 * total)) :].min()
    if total >= 1000 and (epochs.changed_parameters.to_numpy()[-1000:] == 0).all():
        return "frozen"
    if len(spikes) >= 3:
        return "spiking"
    if covered >= 1 and (shifted or inside[-tail:].mean() > 0.5):
        return "bursting"
    if flips >= 0.9 and covered < 0.18:
        return "oscillating"
    if flips >= 0.01 and covered >= 0.02:
        return "fluctuating"
    if head != rest and rest >= 1.05 * head:
        return "rising"
    return "descending" if head != rest and head >= 1.05 * rest else "steady"


if __name__ == "__main__":
    unittest.main()
