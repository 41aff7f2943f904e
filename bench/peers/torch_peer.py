"""
PyTorch on one thread. `torch_peer.py FOLDER loop`: one network, by autograd and by a backward pass of our own, with torch.optim.Adam as it
comes and with its faster implementations. `torch_peer.py FOLDER batched`: many networks at once, by bmm and by torch.func.vmap.
"""
import sys

import torch
from problem import Problem, run

torch.set_num_threads(1)
torch.set_num_interop_threads(1)
problem = Problem(sys.argv[1])
X, Y = torch.from_numpy(problem.inputs), torch.from_numpy(problem.targets)
N, O = Y.shape
act = torch.tanh if problem.activation == "tanh" else torch.relu


def parameters_of(networks):
    """Layer after layer W [network][input][output], b [network][1][output]."""
    for W, b in problem.weights(networks):
        yield torch.from_numpy(W.transpose(0, 2, 1).copy())
        yield torch.from_numpy(b.copy()).unsqueeze(1)


class Training:
    """Parameters, an Adam on them, and a step that leaves gradients and returns the loss of each network."""

    def __init__(self, start, make_step, options):
        self.start = [p.contiguous() for p in start]
        self.params = [p.clone().requires_grad_() for p in self.start]
        self.make_optimizer = lambda: torch.optim.Adam(
            self.params, lr=problem.learningRate, betas=(problem.beta1, problem.beta2), eps=problem.epsilon, **options
        )
        self.step = make_step(self.params)

    def reset(self):
        with torch.no_grad():
            for p, s in zip(self.params, self.start):
                p.copy_(s)
        self.optimizer = self.make_optimizer()

    def train(self, first, count):
        for _ in range(count):
            losses = self.step()
            self.optimizer.step()
        return losses.detach().reshape(-1).tolist()


def forward(params, x, product):
    for i in range(0, len(params), 2):
        x = product(params[i + 1], x, params[i])
        if i + 2 < len(params):
            x = act(x)
    return x


def autograd(networks):
    """One loss for all: gradients of networks that do not meet are independent."""
    x, y = (X, Y) if networks is None else (X.expand(networks, -1, -1), Y.expand(networks, -1, -1))
    product = torch.addmm if networks is None else torch.baddbmm

    def make(params):
        def step():
            for p in params:
                p.grad = None
            error = forward(params, x, product) - y
            losses = (error * error).mean() if networks is None else (error * error).mean(dim=(1, 2))
            losses.sum().backward() if networks else losses.backward()
            return losses

        return step

    return make


def by_hand(networks):
    x0, y = (X, Y) if networks is None else (X.expand(networks, -1, -1), Y.expand(networks, -1, -1))
    product = torch.addmm if networks is None else torch.baddbmm
    axis, last = (0, 1) if networks is None else (1, 2)

    def make(params):
        for p in params:
            p.grad = torch.zeros_like(p)
        count = len(params) // 2

        @torch.no_grad()
        def step():
            outs = [x0]
            for i in range(count):
                z = product(params[2 * i + 1], outs[i], params[2 * i])
                outs.append(act(z) if i + 1 < count else z)
            error = outs[-1] - y
            d = error * (2 / (N * O))
            for i in range(count - 1, -1, -1):
                torch.matmul(outs[i].transpose(-1, -2), d, out=params[2 * i].grad)
                torch.sum(d, dim=axis, keepdim=True, out=params[2 * i + 1].grad)
                if i > 0:
                    a = outs[i]
                    up = torch.matmul(d, params[2 * i].transpose(-1, -2))
                    d = torch.ops.aten.tanh_backward(up, a) if act is torch.tanh else up * (a > 0)
            return (error * error).mean() if networks is None else (error * error).mean(dim=(1, 2))

        return step

    return make


def by_vmap(networks):
    def loss(params):
        error = forward(params, X, torch.addmm) - Y
        return (error * error).mean()

    gradients = torch.func.vmap(torch.func.grad_and_value(loss))

    def make(params):
        def step():
            found, losses = gradients([p.detach() for p in params])
            for p, g in zip(params, found):
                p.grad = g
            return losses

        return step

    return make


def way(networks, make_step, options):
    start = list(parameters_of(networks or 1))
    if networks is None:
        start = [p[0] for p in start]
    training = Training(start, make_step(networks), options)
    return networks or 1, training.reset, training.train


optimizers = {"": {}, ", foreach": {"foreach": True}, ", fused": {"fused": True}}
if sys.argv[2] == "loop":
    ways = {f"autograd{o}": (None, autograd, options) for o, options in optimizers.items()}
    ways["by hand, fused"] = (None, by_hand, {"fused": True})
else:
    ways = {}
    for n in [n for n in problem.batches if n in (64, 1024)]:
        for name, step in {"bmm": autograd, "bmm by hand": by_hand, "vmap": by_vmap}.items():
            ways[f"{name}, {n} at once"] = (n, step, {"fused": True})
run(f"PyTorch {torch.__version__}", {name: (lambda of=of: way(*of)) for name, of in ways.items()}, problem)
