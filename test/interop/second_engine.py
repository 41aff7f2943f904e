"""The same bits under another engine, another display and other numbers of threads; run as a script, it prints what it compared.

The sweep has every activation, optimiser, form, initialisation and data set, in both precisions, some of it to NaN. Besides
the fingerprint, every value of every trace is compared: norms and cosines are not part of the fingerprint. The sweeps of
test/golden are trained too, and their fingerprints must be those that are kept there. Node 24 comes from the package
registry; where it cannot be had, this says so and compares the rest.
"""

import json
import subprocess
import sys
import time

import gyre
import readers

SWEEP = {
    "name": "engines",
    "epochs": 1100,
    "layers": [[1, 5, 1], [1, 3, 4, 1]],
    "activation": ["tanh", "sigmoid", "relu", "sine", "identity"],
    "data": [{"kind": ["sine", "polynomial", "absolute"], "points": 5}, {"kind": "teacher", "points": 5, "seed": 3}],
    "optimizer": [
        {"kind": "sgd", "learningRate": [0.1, 1.0e4]},
        {"kind": "adam", "form": ["torch", "paper", "quotient", "keras"], "learningRate": 0.1, "beta2": 0.99},
        {"kind": ["adamw", "amsgrad"], "form": ["torch", "paper", "keras"], "learningRate": 0.1, "beta2": 0.9},
        {"kind": ["rmsprop", "momentum"], "learningRate": [0.1, 1.0e4]},
    ],
    "precision": ["float32", "float64"],
    "seeds": 1,
}
#: Drawn by other functions than the default one: log, cos and √ decide these bits.
INITS = {**SWEEP, "name": "inits", "init": ["glorot-normal", "he-uniform", "lecun-normal", "torch-linear"], "activation": "tanh"}
INITS["optimizer"] = {"kind": "adam", "learningRate": 0.1}

SECOND = "node@24"


def second_engine():
    """(path, version) of another major version of Node, or None where the registry does not give it."""
    program = "console.log(process.execPath + ' ' + process.version)"
    done = subprocess.run(["npx", "--yes", SECOND, "-e", program], cwd=gyre.scratch(), capture_output=True, text=True)
    if done.returncode != 0:
        print(done.stderr, file=sys.stderr)
        return None
    return done.stdout.split()


def require_same(found, expected, what):
    if found != expected:
        sys.exit(f"FAILED  {what}\n  got       {found}\n  expected  {expected}")
    print(f"same    {what}: fingerprint")


def require_same_traces(folder, other, what):
    """Every value of every column, NaN canonical, in the order of networks and epochs."""
    values = 0
    for table in ("networks", "epochs", "blocks"):
        a, b = (readers.arrow_table(run, table) for run in (folder, other))
        if not a.schema.equals(b.schema, check_metadata=True):
            sys.exit(f"FAILED  {what}: the schema of {table} differs\n{a.schema}\n{b.schema}")
        for name in a.column_names:
            if a[name].type in readers.FLOATS:
                equal = (readers.canonical(readers.floats(a, name)) == readers.canonical(readers.floats(b, name))).all()
                equal = equal and a[name].is_valid().equals(b[name].is_valid())
            else:
                equal = a[name].to_pylist() == b[name].to_pylist()
            if not equal:
                sys.exit(f"FAILED  {what}: {table}.{name} differs")
        values += a.num_rows * a.num_columns
    print(f"same    {what}: {values} values of traces")


def main():
    begun = time.monotonic()
    first = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    second = second_engine()
    engines = f"{first} and {second[1]}" if second else f"{first} only: {SECOND} cannot be had here"
    print(f"Node {engines}")
    compared = 0

    for sweep in (SWEEP, INITS):
        name = sweep["name"]
        plain = gyre.run_sweep(sweep, f"{name}-1", threads=1, display="--plain")
        expected = gyre.fingerprint(plain)
        others = [(2, "--json", "node", first), (3, "--plain", "node", first)]
        if second:
            others.append((2, "--plain", *second))
        for threads, display, node, version in others:
            what = f"{name}: Node {version}, {threads} threads, {display}"
            folder = gyre.run_sweep(sweep, f"{name}-{version}-{threads}", threads=threads, display=display, node=node)
            require_same(gyre.fingerprint(folder), expected, what)
            require_same_traces(plain, folder, what)
            compared += 1

    golden = gyre.ROOT / "test" / "golden" / "fingerprints.json"
    kept = json.loads(golden.read_text()) if golden.exists() else {}
    for file, expected in kept.items():
        for node, version in [("node", first), *([second] if second else [])]:
            folder = gyre.run_file(golden.parent / file, f"golden-{file}-{version}", node=node)
            require_same(gyre.fingerprint(folder), expected, f"test/golden/{file}: Node {version}")
            compared += 1

    print(f"{compared} runs have the same bits, Node {engines}, {len(kept)} golden sweeps, {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
