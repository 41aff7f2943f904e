"""One table through four tools: pyarrow, pandas, polars and DuckDB, each brought into one form that can be compared bit by bit.

That form is a dictionary from column to (values, valid): a NumPy array in the order of the rows, and which of them are not
null. NaN is made canonical, since its payload means nothing in Gyre; everything else is left as the tool gives it.
"""

import csv

import duckdb
import numpy
import pandas
import polars
import pyarrow
import pyarrow.dataset
import pyarrow.feather
import pyarrow.parquet


FLOATS = (pyarrow.float32(), pyarrow.float64())


def files_of(folder, table):
    """The Arrow files of a table."""
    return [folder / "networks.arrow"] if table == "networks" else sorted((folder / table).glob("*.arrow"))


def arrow_table(folder, table):
    """The whole table by pyarrow, in the order of networks and epochs."""
    tables = [pyarrow.ipc.open_file(str(file)).read_all() for file in files_of(folder, table)]
    return _in_order(pyarrow.concat_tables(tables))


def columns_by_tool(folder, table):
    """{tool: columns}; each tool opens the files with a reader of its own, DuckDB a dataset of pyarrow's."""
    paths = [str(file) for file in files_of(folder, table)]
    keys = ["network"] if table == "networks" else ["network", "epoch"]
    frames = pandas.concat([pandas.read_feather(path) for path in paths])
    dataset = pyarrow.dataset.dataset(paths, format="ipc")  # DuckDB finds it by its name
    relation = duckdb.sql(f"select * from dataset order by {', '.join(keys)}")
    return {
        "pyarrow": _from_arrow(arrow_table(folder, table)),
        "pandas": _from_pandas(frames.sort_values(keys)),
        "polars": _from_polars(polars.concat([polars.read_ipc(path) for path in paths]).sort(keys)),
        "duckdb": _from_duckdb(relation.fetchnumpy()),
    }


def parquet_by_tool(folder, table):
    """As `columns_by_tool`, of an export as Parquet; DuckDB opens the files itself."""
    paths = exports_of(folder, table, "parquet")
    keys = ["network"] if table == "networks" else ["network", "epoch"]
    relation = duckdb.sql(f"select * from read_parquet({[str(path) for path in paths]}) order by {', '.join(keys)}")
    return {
        "pyarrow": _from_arrow(_in_order(pyarrow.concat_tables([pyarrow.parquet.read_table(path) for path in paths]))),
        "pandas": _from_pandas(pandas.concat([pandas.read_parquet(path) for path in paths]).sort_values(keys)),
        "polars": _from_polars(polars.concat([polars.read_parquet(path) for path in paths]).sort(keys)),
        "duckdb": _from_duckdb(relation.fetchnumpy()),
    }


def csv_by_tool(folder, table, types):
    """As `columns_by_tool`, of an export as CSV and the types of its columns: Python's own reader knows texts alone."""
    paths = [str(path) for path in exports_of(folder, table, "csv")]
    order = "network" if table == "networks" else "network, epoch"
    words = {name: _CSV_TYPES[types[name]] for name in types}
    frame = polars.concat([polars.read_csv(path, schema={name: polar for name, (polar, _) in words.items()}) for path in paths])
    names = ", ".join(f"'{name}': '{duck}'" for name, (_, duck) in words.items())
    relation = duckdb.sql(f"select * from read_csv({paths}, header=true, columns={{{names}}}) order by {order}")
    return {
        "csv": _from_csv(paths, types),
        "polars": _from_polars(frame.sort(order.split(", "))),
        "duckdb": _from_duckdb(relation.fetchnumpy()),
    }


def exports_of(folder, table, form):
    """The files of an exported table."""
    return [folder / f"{table}.{form}"] if table == "networks" else sorted((folder / table).glob(f"*.{form}"))


#: How polars and DuckDB are told the types of CSV columns; a float32 stands in CSV as the float64 that it equals.
_CSV_TYPES = {
    "uint32": (polars.UInt32, "UINTEGER"),
    "float": (polars.Float64, "DOUBLE"),
    "double": (polars.Float64, "DOUBLE"),
    "bool": (polars.Boolean, "BOOLEAN"),
    "string": (polars.String, "VARCHAR"),
}


def _from_csv(paths, types):
    rows = []
    for path in paths:
        with open(path, newline="", encoding="utf8") as file:
            rows += list(csv.DictReader(file))
    rows.sort(key=lambda row: (int(row["network"]), int(row.get("epoch", 0))))
    columns = {}
    for name, kind in types.items():
        texts = [row[name] for row in rows]
        read = {"uint32": int, "float": float, "double": float, "bool": {"true": True, "false": False}.get, "string": str}[kind]
        zero = {"bool": False, "string": None}.get(kind, 0)
        values = [zero if text == "" else read(text) for text in texts]
        dtype = {"uint32": "u4", "float": "f8", "double": "f8", "bool": "?", "string": object}[kind]
        columns[name] = (numpy.array(values, dtype=dtype), numpy.array([text != "" for text in texts]))
    return columns


def plain_rows(table):
    """The rows of a pyarrow table, lists included, as texts that tell all numbers apart."""
    return [repr(row) for row in table.to_pylist()]


def canonical_rows(table):
    """The rows of a pyarrow table as bits that can be compared."""
    columns = _from_arrow(table)
    return [(name, canonical(values).tolist(), valid.tolist()) for name, (values, valid) in columns.items()]


def canonical(values):
    """The bits of an array of floats with every NaN made the same; anything else as it is."""
    if values.dtype.kind != "f":
        return values
    quiet = numpy.where(numpy.isnan(values), values.dtype.type("nan"), values)
    return quiet.view(f"u{values.dtype.itemsize}")


def floats(table, column):
    """A column of floats of a pyarrow table, as it is."""
    return table[column].to_numpy(zero_copy_only=False)


def _in_order(table):
    keys = [(key, "ascending") for key in ("network", "epoch") if key in table.column_names]
    return table.sort_by(keys[:1] if "key" in table.column_names else keys)


def _from_arrow(table):
    return {name: _from_arrow_column(table[name].combine_chunks()) for name in table.column_names}


def _from_arrow_column(column):
    if pyarrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    valid = column.is_valid().to_numpy(zero_copy_only=False)
    if pyarrow.types.is_string(column.type):
        return numpy.array(column.to_pylist(), dtype=object), valid
    zero = False if pyarrow.types.is_boolean(column.type) else 0
    return column.fill_null(zero).to_numpy(zero_copy_only=False), valid


def _from_pandas(frame):
    """pandas has NaN for null in a column of floats; its integers with nulls become floats."""
    columns = {}
    for name in frame.columns:
        series = frame[name]
        values = series.astype(object).to_numpy() if series.dtype.kind not in "fiub" else series.to_numpy()
        columns[name] = (values, series.notna().to_numpy())
    return columns


def _from_polars(frame):
    columns = {}
    for name in frame.columns:
        series = frame[name]
        values = series.cast(polars.String) if series.dtype in (polars.Categorical, polars.Enum) else series
        filled = values if values.dtype == polars.String else values.fill_null(False if values.dtype == polars.Boolean else 0)
        array = numpy.array(filled.to_list(), dtype=object) if values.dtype == polars.String else filled.to_numpy()
        columns[name] = (array, series.is_not_null().to_numpy())
    return columns


def _from_duckdb(arrays):
    columns = {}
    for name, array in arrays.items():
        if isinstance(array, pandas.Categorical):
            columns[name] = (numpy.array(array.astype(object)), ~numpy.asarray(array.isna()))
            continue
        masked = numpy.ma.asarray(array)
        columns[name] = (masked.data, ~numpy.ma.getmaskarray(masked))
    return columns
