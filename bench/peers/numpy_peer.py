"""NumPy: many networks at once, backward pass and Adam by hand in float32, all into buffers that are there already."""
import sys

import numpy as np
from problem import Problem, run

problem = Problem(sys.argv[1])
F = np.float32


def way(networks):
    N = problem.points
    theta = problem.theta[:networks].copy()
    m, v, g, a, b = (np.zeros_like(theta) for _ in range(5))
    params, grads = problem.layers_of(theta), problem.layers_of(g)
    X = np.ascontiguousarray(np.broadcast_to(problem.inputs.T, (networks, *problem.inputs.T.shape)))
    XT = np.ascontiguousarray(X.transpose(0, 2, 1))
    Y = problem.targets.T[None]
    sizes = problem.layers[1:]
    # [network][unit][sample]
    outs = [np.empty((networks, n, N), F) for n in sizes]
    deltas = [np.empty_like(out) for out in outs]
    slope = [np.empty_like(out) for out in outs]
    tanh = problem.activation == "tanh"
    scale = F(2 / (N * sizes[-1]))
    beta1c, beta2, beta2c, eps = F(1 - problem.beta1), F(problem.beta2), F(1 - problem.beta2), F(problem.epsilon)
    last = len(sizes) - 1

    def product(x, y, out):
        """x @ y; an outer product is faster as a product."""
        if x.shape[2] == 1:
            np.multiply(x, y, out=out)
        else:
            np.matmul(x, y, out=out)

    def reset():
        theta[:] = problem.theta[:networks]
        m.fill(0)
        v.fill(0)

    def train(first, count):
        for t in range(first - 1, first - 1 + count):
            below = X
            for i, (W, bias) in enumerate(params):
                z = outs[i]
                product(W, below, z)
                z += bias[:, :, None]
                if i < last:
                    np.tanh(z, out=z) if tanh else np.maximum(z, 0, out=z)
                below = z
            error = np.subtract(outs[last], Y, out=deltas[last])
            if t == first - 2 + count:
                losses = np.mean(error * error, axis=(1, 2))
            error *= scale
            for i in range(last, -1, -1):
                W, _ = params[i]
                gW, gb = grads[i]
                d = deltas[i]
                np.matmul(d, outs[i - 1].transpose(0, 2, 1) if i > 0 else XT, out=gW)
                np.sum(d, axis=2, out=gb)
                if i > 0:
                    up, below, s = deltas[i - 1], outs[i - 1], slope[i - 1]
                    product(W.transpose(0, 2, 1), d, up)
                    if tanh:
                        np.multiply(below, below, out=s)
                        np.subtract(1, s, out=s)
                        up *= s
                    else:
                        up *= below > 0
            np.subtract(g, m, out=a)
            np.multiply(a, beta1c, out=a)
            np.add(m, a, out=m)
            np.multiply(v, beta2, out=v)
            np.multiply(g, beta2c, out=a)
            np.multiply(a, g, out=a)
            np.add(v, a, out=v)
            np.sqrt(v, out=a)
            np.divide(a, problem.root_corrections[t], out=a)
            np.add(a, eps, out=a)
            np.multiply(m, problem.step_sizes[t], out=b)
            np.divide(b, a, out=b)
            np.subtract(theta, b, out=theta)
        return losses

    return networks, reset, train


run(f"NumPy {np.__version__}", {f"{n} at once": lambda n=n: way(n) for n in problem.batches}, problem)
