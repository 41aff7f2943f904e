"""Exports hold what the run's own tables hold, bit by bit: Parquet through pyarrow, pandas, polars and DuckDB, CSV through Python's own
reader, polars and DuckDB. The comparison is with pyarrow on the Arrow files.
"""

import csv
import unittest

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.parquet

import gyre
import readers
from check_values import assert_same

TABLES = ("networks", "epochs", "blocks")
VECTORS = ("theta", "first_moment", "second_moment", "gradient")


def plain_name(kind):
    """The type of a column as a name, a dictionary as its texts."""
    return str(kind.value_type if pyarrow.types.is_dictionary(kind) else kind)


class Parquet(unittest.TestCase):
    def test_all_four_read_the_bits_of_the_arrow_tables(self):
        for folder in (gyre.fine_run(), gyre.packed_run()):
            for table in TABLES:
                expected = readers.columns_by_tool(folder, table)["pyarrow"]
                for tool, columns in readers.parquet_by_tool(gyre.exported(folder, "parquet"), table).items():
                    with self.subTest(run=folder.name, table=table, tool=tool):
                        assert_same(self, expected, columns, tool)

    def test_types_and_what_is_said_of_columns_and_run_are_kept(self):
        folder = gyre.fine_run()
        for table in TABLES:
            schema = readers.arrow_table(folder, table).schema
            for path in readers.exports_of(gyre.exported(folder, "parquet"), table, "parquet"):
                found = pyarrow.parquet.read_schema(path)
                for field in schema:
                    self.assertEqual(found.field(field.name).type, field.type, field.name)
                    self.assertEqual(found.field(field.name).nullable, field.nullable, field.name)
                    for key in (b"unit", b"description"):
                        self.assertEqual(found.field(field.name).metadata[key], field.metadata[key], field.name)
                for key in (b"format_version", b"run_key", b"table", b"description"):
                    self.assertEqual(found.metadata[key], schema.metadata[key])

    def test_the_recipes_in_a_file_open_it(self):
        from check_recipes import TOOLS, row_count

        out = gyre.exported(gyre.coarse_run(), "parquet")
        for table in TABLES:
            paths = readers.exports_of(out, table, "parquet")
            metadata = pyarrow.parquet.read_schema(paths[0]).metadata
            expected = sum(pyarrow.parquet.read_metadata(path).num_rows for path in paths)
            for tool in TOOLS:
                with self.subTest(table=table, tool=tool):
                    self.assertEqual(row_count(metadata[f"recipe.{tool}".encode()].decode(), out), expected)


class Windows(unittest.TestCase):
    def test_all_four_read_the_rows_of_the_arrow_windows_from_plain_lists(self):
        exports = gyre.exported(gyre.whole_run(), "parquet")
        for folder in sorted((gyre.whole_run() / "windows").iterdir()):
            (source,), (path,) = folder.glob("*.arrow"), (exports / "windows" / folder.name).glob("*.parquet")
            expected = pyarrow.ipc.open_file(str(source)).read_all()
            self.assertGreater(sum(expected[name].null_count for name in VECTORS), 0)
            for name in VECTORS:
                kind = pyarrow.parquet.read_schema(path).field(name).type
                self.assertTrue(pyarrow.types.is_list(kind), f"{name}: {kind}")
            frame = pandas.read_parquet(path)
            for name in VECTORS:
                cells = [None if cell is None else cell.tolist() for cell in frame[name]]
                self.assertEqual(repr(cells), repr(expected[name].to_pylist()), f"{folder.name}, pandas: {name}")
            found = {
                "pyarrow": pyarrow.parquet.read_table(path),
                "polars": polars.read_parquet(path).to_arrow(),
                "duckdb": duckdb.sql(f"select * from read_parquet('{path}')").to_arrow_table(),
            }
            columns = expected.column_names
            for tool, table in found.items():
                with self.subTest(windows=folder.name, tool=tool):
                    self.assertEqual(readers.plain_rows(table.select(columns)), readers.plain_rows(expected))


class Csv(unittest.TestCase):
    def test_every_reader_has_the_bits_of_the_arrow_tables_and_tells_null_from_nan(self):
        for folder in (gyre.fine_run(), gyre.packed_run()):
            for table in TABLES:
                schema = readers.arrow_table(folder, table).schema
                types = {field.name: plain_name(field.type) for field in schema}
                expected = readers.columns_by_tool(folder, table)["pyarrow"]
                for tool, columns in readers.csv_by_tool(gyre.exported(folder, "csv"), table, types).items():
                    found = {
                        name: (values.astype("f4") if types[name] == "float" else values, valid)
                        for name, (values, valid) in columns.items()
                    }
                    with self.subTest(run=folder.name, table=table, tool=tool):
                        assert_same(self, expected, found, tool)

    def test_columns_csv_says_what_each_column_is(self):
        with open(gyre.exported(gyre.fine_run(), "csv") / "columns.csv", newline="", encoding="utf8") as file:
            told = {(row["table"], row["column"]): row for row in csv.DictReader(file)}
        for table in TABLES:
            for field in readers.arrow_table(gyre.fine_run(), table).schema:
                row = told[table, field.name]
                self.assertEqual(row["unit"], field.metadata[b"unit"].decode("utf8"))
                self.assertEqual(row["description"], field.metadata[b"description"].decode("utf8"))


if __name__ == "__main__":
    unittest.main()
