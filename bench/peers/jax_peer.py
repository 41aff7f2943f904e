"""JAX on one thread: jit of a fori_loop over epochs of vmap over networks."""
import os
import sys

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from problem import Problem, run

problem = Problem(sys.argv[1])
X, Y = jnp.asarray(problem.inputs), jnp.asarray(problem.targets)
steps, roots = jnp.asarray(problem.step_sizes), jnp.asarray(problem.root_corrections)
act = jnp.tanh if problem.activation == "tanh" else jax.nn.relu


def way(networks):
    start = [(jnp.asarray(W), jnp.asarray(b)) for W, b in problem.weights(networks)]
    zeros = jax.tree.map(jnp.zeros_like, start)

    def loss(params):
        x = X
        for i, (W, b) in enumerate(params):
            x = x @ W.T + b
            if i + 1 < len(params):
                x = act(x)
        return jnp.mean((x - Y) ** 2)

    def epoch(params, m, v, t):
        value, g = jax.value_and_grad(loss)(params)
        m = jax.tree.map(lambda m, g: m + (1 - problem.beta1) * (g - m), m, g)
        v = jax.tree.map(lambda v, g: v * problem.beta2 + (1 - problem.beta2) * g * g, v, g)
        update = lambda p, m, v: p - steps[t] * m / (jnp.sqrt(v) / roots[t] + problem.epsilon)
        return jax.tree.map(update, params, m, v), m, v, value

    epochs_of_all = jax.vmap(epoch, in_axes=(0, 0, 0, None))

    @jax.jit
    def many(params, m, v, first, count):
        body = lambda t, s: epochs_of_all(s[0], s[1], s[2], t)
        return lax.fori_loop(first - 1, first - 1 + count, body, (params, m, v, jnp.zeros(networks, jnp.float32)))

    state = {}

    def reset():
        state["now"] = (start, zeros, zeros)

    def train(first, count):
        *now, losses = many(*state["now"], first, count)
        state["now"] = now
        return np.asarray(losses)

    return networks, reset, train


batches = [n for n in problem.batches if n in (64, 1024)]
run(f"JAX {jax.__version__}", {f"{n} at once": lambda n=n: way(n) for n in batches}, problem)
