"""docs/ARITHMETIC.md as a specification: networks of real runs trained again by `declared_arithmetic.py`, which was written
from that page alone, to the same keys, losses and digests.

The sweeps are those of test/golden: every activation, data set, initialisation, optimiser and form, in both precisions and
both treatments of subnormals. Of the long ones a share is enough: Python is slow, and fingerprints are compared elsewhere.
"""

import subprocess
import sys
import unittest

import gyre

#: Of each golden sweep every so many networks; the steps are prime to the axes, so that all their values come up.
EVERY = {"catalogue": 1, "inits": 1, "hard": 7, "subnormals": 7, "long": 6}


class Specification(unittest.TestCase):
    def test_networks_trained_from_the_page_alone_have_the_bits_of_gyre(self):
        for name, every in EVERY.items():
            with self.subTest(sweep=name):
                folder = gyre.run_file(gyre.ROOT / "test" / "golden" / f"{name}.yaml", f"specified-{name}")
                networks = gyre.scratch() / f"{name}.ndjson"
                networks.write_text(gyre.gyre("show", folder, "--json"), encoding="utf8")
                program = gyre.ROOT / "test" / "interop" / "declared_arithmetic.py"
                command = [sys.executable, str(program), str(networks), "--every", str(every)]
                done = subprocess.run(command, capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertIn("reproduced bit for bit", done.stdout)


if __name__ == "__main__":
    unittest.main()
