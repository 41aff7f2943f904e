"""The recipes that users copy: README's Python block, the one-liners in the files' metadata and the initial weights of
docs/ARITHMETIC.md, each taken from where it stands and run as it stands.

The recipes for R are only looked for: R is not among the tools of these checks.
"""

import ast
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

import pyarrow.ipc

import gyre
import readers

TABLES = ["networks", "epochs", "blocks"]
TOOLS = ["pandas", "polars", "duckdb"]

#: Evaluates a recipe whose last line is an expression, and prints how many rows it gives.
ROW_COUNTER = """
import pandas, polars, duckdb, pyarrow.dataset, pyarrow.feather
{statements}
result = {expression}
print(len(result.fetchall()) if isinstance(result, duckdb.DuckDBPyRelation) else len(result))
"""


def run_python(code, folder):
    """What a Python program prints when it runs in a folder."""
    with tempfile.TemporaryDirectory(dir=gyre.scratch()) as elsewhere:
        program = pathlib.Path(elsewhere) / "recipe.py"
        program.write_text(code, encoding="utf8")
        done = subprocess.run([sys.executable, str(program)], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, f"in a run's folder this fails:\n{code}\n{done.stderr}"
    return done.stdout


def row_count(recipe, folder):
    """How many rows a recipe gives."""
    *statements, last = ast.parse(recipe).body
    assert isinstance(last, ast.Expr), f"the last part of a recipe is what it gives: {recipe}"
    program = ROW_COUNTER.format(statements="\n".join(map(ast.unparse, statements)), expression=ast.unparse(last))
    return int(run_python(program, folder))


class Readme(unittest.TestCase):
    def test_its_python_block_runs_as_it_stands_and_reads_every_row(self):
        folder = gyre.coarse_run()
        block = gyre.block_after("README.md", "recipes: run in a run's folder")
        printed = run_python(block, folder)
        for word in ("learning_rate", "beta2", "outcome", "non-finite"):
            self.assertIn(word, printed, "the table that README's last line prints")
        counts = run_python(block + "\nprint(len(networks), len(epochs), len(losses))", folder)
        planned = gyre.manifest(folder)["networks"]
        buckets = -(-gyre.MIXED["epochs"] // 20)
        self.assertEqual(counts.splitlines()[-1].split(), [str(n) for n in (planned, planned * buckets, planned)])


class Metadata(unittest.TestCase):
    def test_every_recipe_in_a_file_gives_all_rows_of_its_table(self):
        folder = gyre.coarse_run()
        for table in TABLES:
            expected = readers.arrow_table(folder, table).num_rows
            for file in readers.files_of(folder, table):
                metadata = pyarrow.ipc.open_file(str(file)).schema.metadata
                self.assertIn(b"recipe.r", metadata, file.name)
                recipes = {tool: metadata[f"recipe.{tool}".encode()].decode() for tool in TOOLS}
            for tool, recipe in recipes.items():
                with self.subTest(table=table, tool=tool, recipe=recipe):
                    self.assertEqual(row_count(recipe, folder), expected)


class InitialWeights(unittest.TestCase):
    """docs/ARITHMETIC.md says that its recipe needs nothing but Python, and that it gives Gyre's own numbers."""

    LAYERS = [[1, 1], [1, 8, 1], [1, 8, 8, 1], [3, 5, 2], [1, 64, 1]]
    SEEDS = [0, 1, 12345, 4294967295]
    #: What the page says to change for the other uniform initialisation without drawn biases.
    LIMITS = {"glorot-uniform": "math.sqrt(6 / (fan_in + fan_out))", "he-uniform": "math.sqrt(6 / fan_in)"}

    def gyres(self, init):
        """theta_0 of every layers and seed, by Gyre."""
        module = (gyre.ROOT / "src" / "reference" / "init.ts").as_uri()
        program = f"""
            import {{ initialParameters }} from {json.dumps(module)};
            const grid = {json.dumps(self.LAYERS)}.flatMap((layers) => {json.dumps(self.SEEDS)}.map((seed) => ({{ layers, seed }})));
            const bits = (theta) => Buffer.from(theta.buffer, theta.byteOffset, theta.byteLength).toString('hex');
            console.log(JSON.stringify(grid.map((at) => bits(initialParameters({{ ...at, init: '{init}' }})))));
        """
        command = ["node", gyre.TYPESCRIPT, "--input-type=module", "-e", program]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def test_the_recipe_gives_the_bits_of_gyre(self):
        recipe = gyre.block_after("docs/ARITHMETIC.md", "recipe: initial weights")
        for init, limit in self.LIMITS.items():
            self.assertIn(self.LIMITS["glorot-uniform"], recipe)
            names = {}
            exec(recipe.replace(self.LIMITS["glorot-uniform"], limit), names)
            grid = [(layers, seed) for layers in self.LAYERS for seed in self.SEEDS]
            for (layers, seed), expected in zip(grid, self.gyres(init), strict=True):
                with self.subTest(init=init, layers=layers, seed=seed):
                    theta = names["initial_weights"](layers, seed)
                    self.assertEqual(struct.pack(f"<{len(theta)}f", *theta).hex(), expected)


if __name__ == "__main__":
    unittest.main()
