"""A problem as bench/peers/problem.ts writes it, and the twin of its measure(): both time in the same way."""
import json
import os
import statistics
import sys
import time

import numpy as np


class Problem:
    def __init__(self, folder):
        with open(os.path.join(folder, "problem.json")) as file:
            self.__dict__.update(json.load(file))
        read = lambda name: np.fromfile(os.path.join(folder, name + ".f32"), dtype=np.float32)
        self.theta = read("theta").reshape(self.networks, -1)
        self.inputs = read("inputs").reshape(self.points, self.layers[0])
        self.targets = read("targets").reshape(self.points, self.layers[-1])
        t = np.arange(1, self.epochs + 1, dtype=np.float64)
        self.step_sizes = (self.learningRate / (1 - self.beta1**t)).astype(np.float32)
        self.root_corrections = np.sqrt(1 - self.beta2**t).astype(np.float32)

    def weights(self, networks):
        """[(W, b)] of each layer: W [network][output][input], b [network][output]."""
        return self.layers_of(self.theta[:networks])

    def layers_of(self, theta):
        """Views of [network][parameter] layer by layer."""
        found, at = [], 0
        for n_in, n_out in zip(self.layers, self.layers[1:]):
            W = theta[:, at : at + n_in * n_out].reshape(-1, n_out, n_in)
            at += n_in * n_out
            found.append((W, theta[:, at : at + n_out]))
            at += n_out
        return found


WARM_UP_SECONDS, CHECK_SECONDS, WINDOW_SECONDS, WINDOWS_MIN = 0.5, 1, 0.05, 3


def measure(name, networks, reset, train, problem):
    """train(first_epoch, count) returns the losses of the last epoch, one a network."""
    now = time.perf_counter
    epochs, check_epochs = problem.epochs, min(problem.checkEpochs, problem.epochs)
    reset()
    train(1, 1)  # whatever is compiled at the first call
    reset()
    losses, epoch, step, begin = [], 0, 1, now()
    while epoch < check_epochs and (epoch == 0 or now() - begin < CHECK_SECONDS):
        count = min(step, check_epochs - epoch)
        losses = train(epoch + 1, count)
        epoch += count
        step = max(1, min(step * 2, int(epoch * 0.2 / (now() - begin))))
    check = {"epoch": epoch, "losses": [float(x) for x in losses[:4]]}

    count = 1

    def window():
        nonlocal epoch
        if epoch + count > epochs:
            reset()
            epoch = 0
        start = now()
        train(epoch + 1, count)
        epoch += count
        return (now() - start) / count

    until = now() + min(WARM_UP_SECONDS, problem.seconds)
    while True:
        each = window()
        count = max(1, min(epochs, 2 * count, int(WINDOW_SECONDS / each)))
        if now() >= until:
            break
    rates, end = [], now() + problem.seconds
    while len(rates) < WINDOWS_MIN or now() < end:
        rates.append(networks / window())
    return {"name": name, "rate": statistics.median(rates), **check}


def run(version, ways, problem):
    """Measures each of ways, name -> function, and prints the outcome; a way that raises is a failure with its reason."""
    variants, failures = [], []
    for name, way in ways.items():
        try:
            variants.append(measure(name, *way(), problem))
        except Exception as error:
            failures.append(f"{name}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
    json.dump({"version": version, "variants": variants, "failures": failures}, sys.stdout)
    print()
