"""Replayed windows through pyarrow, pandas and polars: the same bits, and what the rows of one network say of each other."""

import functools
import unittest

import numpy
import pandas
import polars
import pyarrow.ipc

import gyre
import readers

VECTORS = ["theta", "first_moment", "second_moment", "gradient"]
EPOCHS = "0..30,1990..2050"


@functools.cache
def windows():
    """{name of the folder: path of its only file}: windows of every network of the fine run."""
    folder, out = gyre.fine_run(), gyre.scratch() / "windows"
    last = gyre.manifest(folder)["networks"] - 1
    gyre.gyre("replay", folder, "--network", f"0-{last}", "--epochs", EPOCHS, "--out", out)
    return {path.parent.name: path for path in out.glob("*/*.arrow")}


def vectors(column):
    """A column of lists by pyarrow: an array [row][parameter], nulls as zeros, and which rows are not null."""
    column = column.combine_chunks()
    size = column.type.list_size
    values = column.values.to_numpy(zero_copy_only=False)
    return values.reshape(-1, size), column.is_valid().to_numpy(zero_copy_only=False)


class Windows(unittest.TestCase):
    def test_there_is_one_file_a_shape_and_precision_and_it_is_valid(self):
        self.assertEqual(set(windows()), {"1-4-1-float32", "1-4-1-float64"})
        for path in windows().values():
            table = pyarrow.ipc.open_file(str(path)).read_all()
            table.validate(full=True)
            for name in VECTORS:
                self.assertEqual(table.schema.field(name).type.list_size, 13)
            for field in table.schema:
                self.assertEqual(set(field.metadata), {b"unit", b"description"})

    def test_pandas_and_polars_read_the_same_bits(self):
        for name, path in windows().items():
            table = pyarrow.ipc.open_file(str(path)).read_all()
            by_pandas, by_polars = pandas.read_feather(path), polars.read_ipc(path)
            for column in ("network", "epoch", "loss"):
                expected = table[column].to_numpy(zero_copy_only=False)
                with self.subTest(file=name, column=column):
                    for found in (by_pandas[column].to_numpy(), by_polars[column].to_numpy()):
                        self.assertTrue((readers.canonical(found) == readers.canonical(expected)).all())
            for column in VECTORS:
                expected, valid = vectors(table[column])
                with self.subTest(file=name, column=column):
                    self.assertEqual(by_pandas[column].notna().tolist(), valid.tolist())
                    self.assertEqual(by_polars[column].is_not_null().to_list(), valid.tolist())
                    kept = numpy.stack(by_pandas[column][valid].to_list())
                    self.assertTrue((readers.canonical(kept) == readers.canonical(expected[valid])).all())
                    kept = by_polars[column].filter(by_polars[column].is_not_null()).to_numpy()
                    self.assertTrue((readers.canonical(numpy.ascontiguousarray(kept)) == readers.canonical(expected[valid])).all())

    def test_losses_and_norms_are_those_of_the_trace(self):
        """The fine run traces every epoch: its losses, and the norms of gradient and update to the precision of float32."""
        traced = readers.arrow_table(gyre.fine_run(), "epochs").to_pandas().set_index(["network", "epoch"])
        for path in windows().values():
            table = pyarrow.ipc.open_file(str(path)).read_all()
            network, epoch = (table[name].to_numpy() for name in ("network", "epoch"))
            rows = epoch > 0
            of = traced.loc[list(zip(network[rows], epoch[rows]))]
            loss = table["loss"].to_numpy(zero_copy_only=False)[rows]
            self.assertTrue((readers.canonical(loss) == readers.canonical(of["loss"].to_numpy())).all())
            self.assertEqual(table["loss"].null_count, (~rows).sum())
            gradient, valid = vectors(table["gradient"])
            self.assertTrue((valid == rows).all())
            with numpy.errstate(over="ignore", invalid="ignore"):
                norm = numpy.sqrt((gradient[rows].astype("f8") ** 2).sum(axis=1))
            kept = of["gradient_norm"].to_numpy().astype("f8")
            usual = numpy.isfinite(kept) & (kept > 1e-15) & (kept < 1e15)
            self.assertGreater(usual.sum(), 100)
            numpy.testing.assert_allclose(norm[usual], kept[usual], rtol=1e-5)

    def test_theta_moves_where_the_trace_counts_changed_parameters(self):
        traced = readers.arrow_table(gyre.fine_run(), "epochs").to_pandas().set_index(["network", "epoch"])["changed_parameters"]
        for path in windows().values():
            table = pyarrow.ipc.open_file(str(path)).read_all()
            network, epoch = (table[name].to_numpy() for name in ("network", "epoch"))
            theta = readers.canonical(vectors(table["theta"])[0])
            follows = (network[1:] == network[:-1]) & (epoch[1:] == epoch[:-1] + 1)
            changed = (theta[1:] != theta[:-1]).sum(axis=1)[follows]
            pairs = list(zip(network[1:][follows], epoch[1:][follows]))
            self.assertEqual(changed.tolist(), traced.loc[pairs].tolist())


if __name__ == "__main__":
    unittest.main()
