"""docs/ARITHMETIC.md as a specification: networks trained in Python from that page alone, to the digests of Gyre.

Everything that needs no elementary function is here: relu and identity, sgd (some of it to infinity and NaN) and the four
forms of Adam, both precisions, both treatments of subnormals, two data sets. Where a sentence of the page is wrong or
missing, a digest differs. The short memories of Adam's moments bring them into the reach of `flush` where a unit dies.
"""

import hashlib
import math
import struct
import unittest

import numpy

import gyre
import readers

SWEEP = {
    "name": "specified",
    "epochs": 120,
    "layers": [1, 3, 2, 1],
    "activation": ["relu", "identity"],
    "data": [{"kind": ["polynomial", "absolute"], "points": 4}],
    "init": ["glorot-uniform", "he-uniform"],
    "optimizer": [
        {"kind": "sgd", "learningRate": 0.3},
        {"kind": "adam", "form": ["torch", "paper", "quotient", "keras"], "learningRate": 0.03, "beta1": 0.3, "beta2": 0.5},
    ],
    "precision": ["float32", "float64"],
    "subnormals": ["ieee", "flush"],
    "seeds": [7],
}
LAYERS, POINTS, EPOCHS, SEED, EPSILON = [1, 3, 2, 1], 4, SWEEP["epochs"], 7, 1e-8


def samples(kind):
    """"Data": computed in float64 and rounded to float32 in both formats."""
    start, end = -1.0, 1.0
    xs = [start + ((end - start) * i) / (POINTS - 1) for i in range(POINTS)]
    curve = {"polynomial": lambda x: (2 * ((x * x) * x) + 0.3 * (x * x)) - x, "absolute": lambda x: abs(x - 0.4)}[kind]
    return [(numpy.float32(x), numpy.float32(curve(x))) for x in xs]


def initial_weights(init):
    """"Initial weights", by the page's own recipe."""
    names = {}
    exec(gyre.block_after("docs/ARITHMETIC.md", "recipe: initial weights"), names)
    if init == "he-uniform":
        theta = []
        for layer, (fan_in, fan_out) in enumerate(zip(LAYERS, LAYERS[1:])):
            limit = math.sqrt(6 / fan_in)
            theta += [limit * (2 * names["uniform"](SEED, layer, i) - 1) for i in range(fan_in * fan_out)] + [0.0] * fan_out
        return [numpy.float32(w) for w in theta]
    return names["initial_weights"](LAYERS, SEED)


class Network:
    """One network in the precision `of`: every operator below rounds to it, as NumPy's scalars do."""

    def __init__(self, row):
        self.of = {"float32": numpy.float32, "float64": numpy.float64}[row["precision"]]
        self.optimizer, self.row = row["optimizer"], row
        self.samples = [(self.of(x), self.of(y)) for x, y in samples(row["data"])]
        self.theta = [self.of(w) for w in initial_weights(row["init"])]
        self.m = [self.of(0)] * len(self.theta)
        self.v = [self.of(0)] * len(self.theta)
        self.beta1_power = self.beta2_power = 1.0
        exponents = {"float32": (-50, -100), "float64": (-500, -1000)}[row["precision"]]
        self.limits = [2.0**e for e in exponents] if row["subnormals"] == "flush" else (0.0, 0.0)

    def flushed(self, x, limit):
        return self.of(0) if abs(x) < limit else x

    def activation(self, z):
        return z if self.row["activation"] == "identity" or not z < 0 else self.of(0)

    def delta(self, z, u):
        return u if self.row["activation"] == "identity" or not z <= 0 else self.of(0)

    def loss_and_gradient(self):
        of, theta = self.of, self.theta
        c1, c2 = of(1 / (POINTS * LAYERS[-1])), of(2 / (POINTS * LAYERS[-1]))
        total, gradient = of(0), [of(0)] * len(theta)
        offsets = [sum(LAYERS[k + 1] * (LAYERS[k] + 1) for k in range(layer)) for layer in range(len(LAYERS) - 1)]
        for x, y in self.samples:
            activations, sums = [[x]], []
            for layer, (fan_in, fan_out) in enumerate(zip(LAYERS, LAYERS[1:])):
                at, below, z = offsets[layer], activations[-1], []
                for o in range(fan_out):
                    s = theta[at + fan_in * fan_out + o]
                    for i in range(fan_in):
                        s = s + theta[at + o * fan_in + i] * below[i]
                    z.append(s)
                sums.append(z)
                is_output = layer == len(LAYERS) - 2
                activations.append(z if is_output else [self.activation(s) for s in z])
            error = [a - y for a in activations[-1]]
            for e in error:
                total = total + e * e
            delta = [c2 * e for e in error]
            for layer in reversed(range(len(LAYERS) - 1)):
                fan_in, fan_out, at = LAYERS[layer], LAYERS[layer + 1], offsets[layer]
                for o in range(fan_out):
                    for i in range(fan_in):
                        gradient[at + o * fan_in + i] = gradient[at + o * fan_in + i] + delta[o] * activations[layer][i]
                    bias = at + fan_in * fan_out + o
                    gradient[bias] = gradient[bias] + delta[o]
                if layer > 0:
                    upper = []
                    for j in range(fan_in):
                        u = of(0)
                        for o in range(fan_out):
                            u = u + theta[at + o * fan_in + j] * delta[o]
                        upper.append(self.delta(sums[layer - 1][j], u))
                    delta = upper
        return total * c1, [self.flushed(g, self.limits[0]) for g in gradient]

    def update(self, gradient):
        of, row = self.of, self.row
        lr, learning_rate = of(row["learning_rate"]), row["learning_rate"]
        if self.optimizer == "sgd":
            self.theta = [theta - lr * g for theta, g in zip(self.theta, gradient)]
            return
        b1, b2, epsilon, one = of(row["beta1"]), of(row["beta2"]), of(row["epsilon"]), 1.0
        a1, a2 = of(one - row["beta1"]), of(one - row["beta2"])
        self.beta1_power *= row["beta1"]
        self.beta2_power *= row["beta2"]
        p1, p2, form = one - self.beta1_power, one - self.beta2_power, row["form"]
        s, c = of(learning_rate / p1), of(math.sqrt(p2))
        c1, c2, alpha = of(p1), of(p2), of((learning_rate * math.sqrt(p2)) / p1)
        for i, g in enumerate(gradient):
            m, v, theta = self.m[i], self.v[i], self.theta[i]
            if form == "torch":
                m, v = m + a1 * (g - m), v * b2 + (a2 * g) * g
            elif form == "keras":
                m, v = m + (g - m) * a1, v + (g * g - v) * a2
            else:
                m, v = b1 * m + a1 * g, b2 * v + a2 * (g * g)
            m, v = self.flushed(m, self.limits[1]), self.flushed(v, self.limits[1])
            root = numpy.sqrt(v)
            if form == "torch":
                theta = theta - (s * m) / (root / c + epsilon)
            elif form == "paper":
                theta = theta - (lr * (m / c1)) / (numpy.sqrt(v / c2) + epsilon)
            elif form == "quotient":
                theta = theta - lr * ((m / c1) / (numpy.sqrt(v / c2) + epsilon))
            else:
                theta = theta - (m * alpha) / (root + epsilon)
            self.m[i], self.v[i], self.theta[i] = m, v, theta

    def digest(self):
        """Trains all epochs; "Digests"."""
        losses = []
        for _ in range(EPOCHS):
            loss, gradient = self.loss_and_gradient()
            losses.append(loss)
            self.update(gradient)
        code = "<f" if self.of is numpy.float32 else "<d"
        raw = lambda values: b"".join(struct.pack(code, v if v == v else math.nan) for v in values)  # NaN is canonical
        moments = raw(self.m) + raw(self.v) if self.optimizer == "adam" else b""
        return hashlib.sha256(hashlib.sha256(raw(losses)).digest() + raw(self.theta) + moments).hexdigest()


class Specification(unittest.TestCase):
    def test_networks_trained_from_the_page_alone_have_the_digests_of_gyre(self):
        rows = readers.arrow_table(gyre.run_sweep(SWEEP, "specified"), "networks").to_pylist()
        self.assertEqual(len(rows), 2 * 2 * 2 * 5 * 2 * 2)
        for row in rows:
            told = {name: row[name] for name in ("activation", "data", "init", "optimizer", "form", "precision", "subnormals")}
            with self.subTest(**told), numpy.errstate(all="ignore"):
                self.assertEqual(Network(row).digest(), row["digest"])
        self.assertFalse(all(math.isfinite(row["loss_last"]) for row in rows), "no network became non-finite")
        # float64's limits are out of reach of so few epochs.
        narrow = [row["digest"] for row in rows if row["precision"] == "float32"]
        self.assertGreater(len(set(narrow)), len(narrow) / 2, "flush changed no network")


if __name__ == "__main__":
    unittest.main()
