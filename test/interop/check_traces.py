"""What the tables say, recomputed: buckets from single epochs, digests of blocks from losses, the fingerprint from
networks. And how their files are made: each is a stream behind its first eight bytes.

The fine run keeps every epoch and the coarse one buckets of 20 of the same networks, so one must follow from the other.
"""

import hashlib
import struct
import unittest

import numpy
import pyarrow.ipc

import gyre
import readers

EPOCHS = gyre.MIXED["epochs"]
BLOCK_EPOCHS = 1000


def by_network(folder, table="epochs"):
    """{network: {column: values in the order of epochs}}."""
    rows = readers.arrow_table(folder, table)
    columns = {name: rows[name].to_numpy(zero_copy_only=False) for name in rows.column_names}
    starts = numpy.flatnonzero(numpy.diff(columns["network"], prepend=-1))
    ends = [*starts[1:], len(columns["network"])]
    return {
        int(columns["network"][start]): {name: values[start:end] for name, values in columns.items()}
        for start, end in zip(starts, ends)
    }


def same(a, b):
    """Whether two arrays of floats have the same bits, NaN apart."""
    return (readers.canonical(numpy.ascontiguousarray(a)) == readers.canonical(numpy.ascontiguousarray(b))).all()


class Buckets(unittest.TestCase):
    def test_every_bucket_of_every_network_is_there_once(self):
        for folder, every in ((gyre.fine_run(), 1), (gyre.coarse_run(), 20)):
            expected = [*range(every, EPOCHS, every), EPOCHS]
            networks = by_network(folder)
            self.assertEqual(sorted(networks), list(range(gyre.manifest(folder)["networks"])))
            for network, columns in networks.items():
                self.assertEqual(columns["epoch"].tolist(), expected, f"{folder.name}, network {network}")

    def test_loss_lies_between_its_extremes_unless_it_is_nan(self):
        for folder, every in ((gyre.fine_run(), 1), (gyre.coarse_run(), 20)):
            rows = readers.arrow_table(folder, "epochs")
            loss, low, high = (readers.floats(rows, name) for name in ("loss", "loss_min", "loss_max"))
            nan, infinite = (rows[name].to_numpy() for name in ("loss_nan", "loss_infinite"))
            self.assertTrue((numpy.isnan(loss) | ((low <= loss) & (loss <= high))).all())
            self.assertTrue((numpy.isnan(low) == numpy.isnan(high)).all(), "extremes are numbers together")
            self.assertFalse((numpy.isnan(loss) & (nan == 0)).any(), "a NaN loss that is not counted")
            self.assertFalse((numpy.isposinf(high) & (infinite == 0)).any(), "an infinite loss that is not counted")
            self.assertTrue((nan.astype(int) + infinite <= every).all())

    def test_buckets_follow_from_single_epochs(self):
        fine, coarse = by_network(gyre.fine_run()), by_network(gyre.coarse_run())
        for network, rows in fine.items():
            buckets = coarse[network]
            last = buckets["epoch"].astype(int) - 1
            for name in ("loss", "gradient_norm", "update_norm", "update_cosine", "changed_parameters"):
                self.assertTrue(same(rows[name][last], buckets[name]), f"network {network}: {name} of the last epoch")
            parts = [slice(start, end) for start, end in zip([0, *(last[:-1] + 1)], last + 1)]
            recomputed = {
                "loss_min": [numpy.fmin.reduce(rows["loss"][part]) for part in parts],
                "loss_max": [numpy.fmax.reduce(rows["loss"][part]) for part in parts],
                "loss_nan": [numpy.isnan(rows["loss"][part]).sum() for part in parts],
                "loss_infinite": [numpy.isinf(rows["loss"][part]).sum() for part in parts],
                "gradient_norm_max": [numpy.fmax.reduce(rows["gradient_norm"][part]) for part in parts],
                "update_cosine_min": [numpy.fmin.reduce(rows["update_cosine"][part]) for part in parts],
            }
            for name, values in recomputed.items():
                found = buckets[name]
                equal = (found == values) | (numpy.isnan(found) & numpy.isnan(values))
                self.assertTrue(equal.all(), f"network {network}: {name}")

    def test_networks_repeat_what_the_epochs_say(self):
        networks = readers.arrow_table(gyre.fine_run(), "networks").to_pylist()
        for network, rows in by_network(gyre.fine_run()).items():
            row, loss = networks[network], rows["loss"]
            self.assertEqual(repr(row["loss_first"]), repr(float(loss[0])), f"network {network}")
            self.assertEqual(repr(row["loss_last"]), repr(float(loss[-1])), f"network {network}")
            self.assertEqual(row["loss_min"], numpy.fmin.reduce(loss), f"network {network}")
            self.assertEqual(row["loss_min_epoch"], int(numpy.nanargmin(loss)) + 1, f"network {network}")
            finite = numpy.isfinite(loss)
            if not finite.all():
                self.assertLessEqual(row["nonfinite_epoch"], int(numpy.argmin(finite)) + 1, f"network {network}")


class Streams(unittest.TestCase):
    def test_every_file_is_a_stream_of_the_same_rows_behind_its_first_eight_bytes(self):
        """For readers that know streams alone, as nanoarrow and DuckDB's extension do."""
        files = [path for folder in (gyre.whole_run(), gyre.packed_run()) for path in sorted(folder.rglob("*.arrow"))]
        kinds = {path.relative_to(gyre.whole_run()).parts[0] for path in files if path.is_relative_to(gyre.whole_run())}
        singles = {f"{table}.arrow" for table in ("networks", "spirals", "relaxation", "curvature", "twins", "survival")}
        self.assertEqual(kinds, singles | {"epochs", "events", "blocks", "windows", "data"})
        for path in files:
            with self.subTest(file=path):
                whole = path.read_bytes()
                self.assertEqual(whole[:8], b"ARROW1\0\0")
                with pyarrow.ipc.open_stream(whole[8:]) as stream:
                    found = stream.read_all()
                found.validate(full=True)
                expected = pyarrow.ipc.open_file(whole).read_all()
                self.assertTrue(found.schema.equals(expected.schema, check_metadata=True))
                self.assertEqual(readers.plain_rows(found), readers.plain_rows(expected))


class Digests(unittest.TestCase):
    def test_the_digests_of_blocks_follow_from_the_losses(self):
        precisions = readers.arrow_table(gyre.fine_run(), "networks")["precision"].to_pylist()
        digests = by_network(gyre.fine_run(), "blocks")
        for network, rows in by_network(gyre.fine_run()).items():
            bits = losses_as_bytes(rows["loss"], precisions[network])
            size = BLOCK_EPOCHS * (4 if precisions[network] == "float32" else 8)
            expected = [hashlib.sha256(bits[at : at + size]).hexdigest()[:16] for at in range(0, len(bits), size)]
            found = digests[network]
            self.assertEqual(found["epoch"].tolist(), [1000, 2000, EPOCHS], f"network {network}")
            self.assertEqual(found["digest"].tolist(), expected, f"network {network}, {precisions[network]}")

    def test_the_fingerprint_follows_from_networks_arrow(self):
        for folder in (gyre.fine_run(), gyre.coarse_run()):
            table = readers.arrow_table(folder, "networks")
            columns = [table[name].to_pylist() for name in ("network", "key", "digest")]
            whole = b"".join(
                struct.pack("<I", network) + bytes.fromhex(key) + bytes.fromhex(digest)
                for network, key, digest in zip(*columns, strict=True)
            )
            self.assertEqual(len(whole), 44 * table.num_rows)
            self.assertEqual(hashlib.sha256(whole).hexdigest(), gyre.fingerprint(folder))

    def test_threads_and_buckets_do_not_change_it(self):
        self.assertEqual(gyre.fingerprint(gyre.fine_run()), gyre.fingerprint(gyre.coarse_run()))


def losses_as_bytes(losses, precision):
    """Losses in the precision of their network, little-endian, NaN canonical."""
    native = losses.astype("<f4" if precision == "float32" else "<f8")
    assert same(native.astype("<f8"), losses), f"a loss that is no {precision}"
    quiet = 0x7FC00000 if precision == "float32" else 0x7FF8000000000000
    bits = native.view(f"<u{native.itemsize}").copy()
    bits[numpy.isnan(native)] = quiet
    return bits.tobytes()


if __name__ == "__main__":
    unittest.main()
