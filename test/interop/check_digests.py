"""The recorded digests of `gyre reproduce bits`, computed again in Python from docs/ARITHMETIC.md alone.

The product only says that its digests have not changed. This says that they are those of the declared arithmetic:
declared_arithmetic.py, which was written from that page, trains the same networks and hashes the same bytes.
"""

import hashlib
import json
import unittest

import declared_arithmetic
import gyre

STEPS = 1000
#: The hyper-parameters of the two networks of a digest.
PAIR = (
    {"learningRate": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": 0.01},
    {"learningRate": 0.003, "beta1": 0.7, "beta2": 0.95, "epsilon": 1e-3, "weightDecay": 0.3},
)


def digest(kind, form, activation, precision):
    """SHA-256 over theta, m, v and v_max, each of them parameter by parameter and of both networks in turn."""
    states = []
    for seed, values in enumerate(PAIR):
        network = {
            "layers": [1, 3, 1],
            "activation": activation,
            "data": {"kind": "polynomial", "points": 4},
            "init": "torch-linear",
            "optimizer": {"kind": kind, "form": form, **values},
            "batch": "full",
            "precision": precision,
            "subnormals": "ieee",
            "seed": seed,
        }
        format, _, state = declared_arithmetic.train(network, STEPS)
        states.append(state)
    numbers = (x for section in zip(*states) for pair in zip(*section) for x in pair)
    return hashlib.sha256(format.bytes(numbers)).hexdigest()[:16]


class RecordedDigests(unittest.TestCase):
    def test_every_digest_is_that_of_the_declared_arithmetic(self):
        rows = [json.loads(line) for line in gyre.gyre("reproduce", "bits", "--json").splitlines()]
        self.assertEqual(len(rows), 34)
        for row in rows:
            with self.subTest(row["setting"]):
                form, activation, precision = row["setting"].split(", ")
                self.assertEqual(row["expected"], digest(*form.split(" "), activation, precision))


if __name__ == "__main__":
    unittest.main()
