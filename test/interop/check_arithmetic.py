"""docs/ARITHMETIC.md as a specification: Gyre's networks trained again in Python from that page alone, bit for bit.

declared_arithmetic.py is the other implementation. The sweeps of test/golden use the whole catalogue between them; `long` is
left out, since it would take Python minutes. The page's own recipe for initial weights is run too.
"""

import json
import subprocess
import sys
import unittest

import gyre

#: Sweep of test/golden, and every how many of its networks one is trained again: a prime, so that every axis is met.
SWEEPS = {"catalogue": 1, "inits": 1, "hard": 7, "subnormals": 5}


class DeclaredArithmetic(unittest.TestCase):
    def test_networks_are_reproduced_from_the_page_alone(self):
        for name, every in SWEEPS.items():
            with self.subTest(name):
                folder = gyre.run_file(gyre.ROOT / "test" / "golden" / f"{name}.yaml", f"declared-{name}")
                networks = gyre.scratch() / f"{name}.ndjson"
                networks.write_text(gyre.gyre("show", folder, "--json"))
                script = gyre.ROOT / "test" / "interop" / "declared_arithmetic.py"
                command = [sys.executable, str(script), str(networks), "--every", str(every)]
                done = subprocess.run(command, capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("reproduced bit for bit", done.stdout)


class InitialWeights(unittest.TestCase):
    def test_the_recipe_gives_the_weights_of_gyre(self):
        recipe = {}
        exec(gyre.block_after("docs/ARITHMETIC.md", "recipe: initial weights"), recipe)
        module = (gyre.ROOT / "dist" / "src" / "reference" / "init.js").as_uri()
        for layers, seed in [([1, 8, 1], 0), ([1, 8, 8, 1], 7), ([1, 1, 1], 4294967295), ([3, 5, 2], 123)]:
            with self.subTest(layers=layers, seed=seed):
                config = json.dumps({"layers": layers, "init": "glorot-uniform", "seed": seed})
                program = f"import('{module}').then((init) => console.log(JSON.stringify([...init.initialParameters({config})])))"
                done = subprocess.run(["node", "-e", program], capture_output=True, text=True, check=True)
                self.assertEqual(recipe["initial_weights"](layers, seed), json.loads(done.stdout))


if __name__ == "__main__":
    unittest.main()
