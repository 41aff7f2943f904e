"""The form of the files, against the folder's documentation: types, nullability, metadata, and that they are plain Arrow.

The lists below are written out by hand from the design, not taken from Gyre: they change when the format does.
"""

import unittest

import pyarrow
import pyarrow.ipc

import gyre
import readers

U32, F32, F64, BOOL, UTF8 = pyarrow.uint32(), pyarrow.float32(), pyarrow.float64(), pyarrow.bool_(), pyarrow.utf8()
NAME = pyarrow.dictionary(pyarrow.int32(), pyarrow.utf8())

COLUMNS = {
    "networks": {
        **{"network": U32, "key": UTF8, "objective": NAME, "exponent": U32, "curvature": F64, "start": F64},
        **{"layers": NAME, "activation": NAME, "data": NAME, "points": U32, "data_seed": U32, "data_hash": NAME},
        **{"init": NAME, "optimizer": NAME, "form": NAME, "learning_rate": F64, "beta1": F64, "beta2": F64},
        **{"epsilon": F64, "weight_decay": F64, "batch": U32, "shuffle": BOOL, "subnormals": NAME, "precision": NAME},
        **{"seed": U32, "epochs": U32, "outcome": NAME, "motion": NAME, "target_variance": F64},
        **{"loss_first": F64, "loss_min": F64, "loss_min_epoch": U32, "loss_end": F64, "loss_last": F64},
        **{"lost_decades": F64, "tail_range_decades": F64, "excursion": F64},
        **{"onset_epoch": U32, "diverged_epoch": U32, "nonfinite_epoch": U32},
        **{"spike_count": U32, "tail_spike_count": U32, "spike_interval": F64, "spike_height": F64},
        **{"flip_fraction": F64, "subnormal_moments": BOOL, "digest": UTF8},
    },
    "epochs": {
        **{"network": U32, "epoch": U32, "loss": F64, "loss_min": F64, "loss_max": F64},
        **{"loss_nan": U32, "loss_infinite": U32},
        **{"gradient_norm": F32, "gradient_norm_max": F32, "update_norm": F32},
        **{"update_cosine": F32, "update_cosine_min": F32, "changed_parameters": U32},
    },
    "events": {
        **{"network": U32, "kind": NAME, "epoch": U32, "peak_epoch": U32, "end_epoch": U32},
        **{"height_decades": F64, "loss_before": F64, "loss_peak": F64},
    },
    "blocks": {"network": U32, "epoch": U32, "digest": UTF8},
}
#: By table. Of a network the rest is known from the start; of an event, whatever it is.
NULLABLE = {
    "networks": set(COLUMNS["networks"])
    - {"network", "key", "optimizer", "form", "learning_rate", "subnormals", "precision", "seed", "epochs"},
    "events": set(COLUMNS["events"]) - {"network", "kind", "epoch"},
}

UNITS = {"", "1", "epoch", "loss", "decade"}


def each_file():
    for folder in gyre.all_runs():
        for table in COLUMNS:
            for file in readers.files_of(folder, table):
                yield folder, table, file


class Files(unittest.TestCase):
    def test_columns_types_and_nullability_are_those_of_the_design(self):
        for folder, table, file in each_file():
            with self.subTest(file=str(file.relative_to(folder))):
                schema = pyarrow.ipc.open_file(str(file)).schema
                self.assertEqual({field.name: field.type for field in schema}, COLUMNS[table])
                self.assertEqual(schema.names, list(COLUMNS[table]), "order of the columns")
                nullable = {field.name for field in schema if field.nullable}
                self.assertEqual(nullable, NULLABLE.get(table, set()))

    def test_every_column_says_its_unit_and_meaning(self):
        for folder, table, file in each_file():
            for field in pyarrow.ipc.open_file(str(file)).schema:
                with self.subTest(file=str(file.relative_to(folder)), column=field.name):
                    self.assertEqual(set(field.metadata), {b"unit", b"description"}, "no extension types either")
                    self.assertIn(field.metadata[b"unit"].decode("utf8"), UNITS)
                    self.assertGreater(len(field.metadata[b"description"].decode("utf8")), 5)

    def test_every_schema_says_its_format_and_its_run(self):
        for folder, table, file in each_file():
            with self.subTest(file=str(file.relative_to(folder))):
                metadata = pyarrow.ipc.open_file(str(file)).schema.metadata
                run = gyre.manifest(folder)
                self.assertEqual(metadata[b"format_version"].decode(), str(run["formatVersion"]))
                self.assertEqual(metadata[b"run_key"].decode(), run["key"])
                self.assertEqual(metadata[b"table"].decode(), table)
                self.assertNotIn(b"pandas", metadata, "pyarrow takes that key for its own")

    def test_every_batch_is_valid_to_the_last_offset(self):
        for folder, _, file in each_file():
            with self.subTest(file=str(file.relative_to(folder))):
                reader = pyarrow.ipc.open_file(str(file))
                for index in range(reader.num_record_batches):
                    reader.get_batch(index).validate(full=True)
                reader.read_all().validate(full=True)

    def test_nothing_is_compressed_unless_the_sweep_says_so_and_a_mapped_file_then_needs_no_memory(self):
        for folder, table, file in each_file():
            if table != "epochs" or folder == gyre.packed_run():
                continue
            with self.subTest(file=str(file.relative_to(folder))), pyarrow.memory_map(str(file)) as mapped:
                before = pyarrow.total_allocated_bytes()
                rows = pyarrow.ipc.open_file(mapped).read_all()
                self.assertLess(pyarrow.total_allocated_bytes() - before, rows.nbytes / 10)

    def test_a_compressed_run_takes_less_room_and_holds_the_same_rows(self):
        plain, packed = gyre.coarse_run(), gyre.packed_run()
        for table in COLUMNS:
            size = {folder: sum(file.stat().st_size for file in readers.files_of(folder, table)) for folder in (plain, packed)}
            if table not in ("blocks", "events"):  # digests are as random as anything, and events are few
                self.assertLess(size[packed], 0.8 * size[plain], table)
            rows = [readers.canonical_rows(readers.arrow_table(folder, table)) for folder in (plain, packed)]
            self.assertEqual(*rows, table)

    def test_a_segment_without_its_footer_is_still_a_readable_stream(self):
        for folder, table, file in each_file():
            if table == "networks":
                continue
            with self.subTest(file=str(file.relative_to(folder))):
                stream = pyarrow.ipc.open_stream(file.read_bytes()[8:])  # after the magic bytes of the file format
                self.assertEqual(stream.schema, pyarrow.ipc.open_file(str(file)).schema)
                self.assertEqual(stream.read_all().num_rows, pyarrow.ipc.open_file(str(file)).read_all().num_rows)


if __name__ == "__main__":
    unittest.main()
