"""Gyre as its users have it: the built command line, run on sweeps written here, in folders that are gone afterwards.

Every check imports this. A run is made once a process and shared, so no check may change a folder that it did not ask for
by a name of its own. Knows nothing of Arrow.
"""

import atexit
import functools
import json
import pathlib
import re
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAIN = ROOT / "dist" / "src" / "main.js"
#: What lets node run the sources, for checks of a single module: the build has none.
TYPESCRIPT = f"--import={(ROOT / 'node_modules' / 'tsx' / 'dist' / 'loader.mjs').as_uri()}"

#: Both optimisers, twins in both precisions, blocks and buckets that do not come out even, and learning rates that reach
#: infinity and NaN. `sgd` has no beta and no epsilon, so there are nulls.
MIXED = {
    "name": "mixed",
    "epochs": 2050,
    "layers": [1, 4, 1],
    "activation": ["relu", "identity", "tanh"],
    "data": {"kind": "sine", "points": 6},
    "optimizer": [
        {"kind": "sgd", "learningRate": [0.05, 1.0e3, 1.0e6]},
        {"kind": "adam", "form": ["torch", "keras"], "learningRate": 0.05},
    ],
    "precision": ["float32", "float64"],
    "seeds": 2,
}


@functools.cache
def scratch():
    """A folder for everything that the checks write; gone when the process ends."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gyre-interop-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def write_sweep(sweep, name):
    """Writes a sweep file and returns its path. JSON is YAML."""
    path = scratch() / f"{name}.yaml"
    path.write_text(json.dumps(sweep, indent=1))
    return path


def gyre(*arguments, node="node"):
    """What `gyre ARGUMENTS` prints to stdout. Raises with its stderr where it fails."""
    command = [node, str(MAIN), *map(str, arguments)]
    done = subprocess.run(command, cwd=scratch(), capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def run_sweep(sweep, name, *, threads=2, display="--plain", node="node"):
    """Runs a sweep in a new folder called `name`, and returns the folder."""
    folder = scratch() / name
    gyre("run", write_sweep(sweep, name), "--out", folder, "--threads", threads, display, node=node)
    return folder


def run_file(path, name, *, threads=2, node="node"):
    """Runs a sweep file that is there already in a new folder called `name`, and returns the folder."""
    folder = scratch() / name
    gyre("run", path, "--out", folder, "--threads", threads, "--plain", node=node)
    return folder


@functools.cache
def fine_run():
    """MIXED with a row for every epoch, on three threads."""
    return run_sweep({**MIXED, "trace": {"epochs": {"every": 1}}}, "fine", threads=3)


@functools.cache
def coarse_run():
    """MIXED with a row every 20 epochs, so that the last bucket holds 10."""
    return run_sweep({**MIXED, "trace": {"epochs": {"every": 20}}}, "coarse", threads=2)


@functools.cache
def packed_run():
    """MIXED as in coarse_run, its record batches compressed."""
    return run_sweep({**MIXED, "trace": {"epochs": {"every": 20}, "compression": "zstd"}}, "packed", threads=2)


@functools.cache
def whole_run():
    """A copy of the golden run with its findings: it has files of every table, of windows and of data."""
    folder = scratch() / "whole"
    shutil.copytree(ROOT / "traces" / "golden", folder)
    gyre("analyse", folder, "--spikes", 4)
    return folder


def all_runs():
    return (fine_run(), coarse_run(), packed_run())


@functools.cache
def exported(folder, form):
    """The folder of a run's export as Parquet or CSV."""
    out = scratch() / f"{folder.name}-{form}"
    gyre("export", folder, "--format", form, "--out", out)
    return out


def fingerprint(folder):
    """The fingerprint of a run, as the command prints it."""
    return gyre("fingerprint", folder).strip()


def manifest(folder):
    """run.json."""
    return json.loads((folder / "run.json").read_text())


def shown_networks(folder):
    """The networks of a run as `gyre show --json` prints them: a dictionary a network, NaN and infinities as numbers."""
    words = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
    rows = [json.loads(line) for line in gyre("show", folder, "--json").splitlines()]
    return [{key: words.get(value, value) if isinstance(value, str) else value for key, value in row.items()} for row in rows]


def block_after(document, marker):
    """The Python block that follows a marker in a Markdown file of the repository."""
    text = (ROOT / document).read_text(encoding="utf8")
    found = re.search(re.escape(f"<!-- {marker} -->") + r"\s*```python\n(.*?)```", text, re.DOTALL)
    assert found, f"{document}: no Python block after <!-- {marker} -->"
    return found.group(1)
