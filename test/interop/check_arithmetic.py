"""docs/ARITHMETIC.md as a specification: Gyre's networks trained again in Python from that page alone, bit for bit.

declared_arithmetic.py is the other implementation. The sweeps of test/golden use the whole catalogue between them; `long` is
left out, since it would take Python minutes.
"""

import subprocess
import sys
import unittest

import gyre

#: Sweep of test/golden, and every how many of its networks one is trained again: a prime, so that every axis is met.
SWEEPS = {"batches": 13, "catalogue": 1, "inits": 1, "hard": 7, "subnormals": 5, "optimizers": 5, "objectives": 7}


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


if __name__ == "__main__":
    unittest.main()
