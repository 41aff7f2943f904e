"""Older versions of pyarrow read a run as the newest does: its Arrow files, as files and as streams, and its export as
Parquet.

    python old_pyarrow.py PYTHON...                    each PYTHON has a pyarrow of its own and need not have more

The newest is that of the Python which runs this. A reader prints one digest per file, and all must print the same.
"""

import hashlib
import json
import pathlib
import subprocess
import sys

import pyarrow
import pyarrow.ipc
import pyarrow.parquet


def digest_of(table):
    """Equal where all rows are: `repr` tells all numbers apart, but for the payload of NaN."""
    table.validate(full=True)
    rows = repr([table.column_names, table.to_pylist()])
    return hashlib.sha256(rows.encode("utf8", "surrogatepass")).hexdigest()


def digests_in(folders):
    """{file: digest of its rows}."""
    digests = {}
    for path in sorted(path for folder in folders for path in pathlib.Path(folder).rglob("*.*")):
        if path.suffix == ".arrow":
            digests[f"{path}"] = digest_of(pyarrow.ipc.open_file(str(path)).read_all())
            digests[f"{path} as a stream"] = digest_of(pyarrow.ipc.open_stream(path.read_bytes()[8:]).read_all())
        elif path.suffix == ".parquet":
            digests[f"{path}"] = digest_of(pyarrow.parquet.ParquetFile(path).read())
    return digests


def read_by(python, folders):
    """What another Python's pyarrow says of folders: its version, and digests."""
    done = subprocess.run([python, __file__, "--digests", *folders], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{python} cannot read {' '.join(folders)}:\n{done.stderr}")
    return json.loads(done.stdout)


def compare(pythons):
    import gyre

    folders = [str(gyre.whole_run()), str(gyre.packed_run()), str(gyre.exported(gyre.whole_run(), "parquet"))]
    expected = digests_in(folders)
    windows = [path for path in expected if "/windows/" in path and path.endswith(".parquet")]
    if not windows or not pythons:
        sys.exit(f"nothing to compare: {len(windows)} exported windows, {len(pythons)} versions of Python")
    versions = []
    for python in pythons:
        version, found = read_by(python, folders)
        different = [path for path in expected.keys() | found.keys() if found.get(path) != expected.get(path)]
        if different:
            sys.exit(f"pyarrow {version} and {pyarrow.__version__} read different rows in {', '.join(sorted(different))}")
        versions.append(version)
    print(f"pyarrow {', '.join(versions)} and {pyarrow.__version__} read the same rows in {len(expected)} files")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--digests"]:
        json.dump([pyarrow.__version__, digests_in(sys.argv[2:])], sys.stdout)
    else:
        compare(sys.argv[1:])
