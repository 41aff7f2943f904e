"""Writes training trajectories of real PyTorch, in float64, for the reference implementation to be compared with.

Takes no arguments. For every combination of layer sizes and optimizer it trains one network per hidden activation,
full batch, for 300 steps of mean-squared-error descent, and writes the parameters, the losses and the moments that the
optimizer keeps to trajectories/<layers>-<optimizer>.json next to this file. RMSprop divides a gradient by nearly its own
size, which makes a difference in the last bit grow by itself: of it there are only the first ten steps, and all states
of a smaller network, from each of which one step can be taken. See trajectories/README.md for the format.

The samples and the initial parameters come from Python's own generator, so they do not depend on PyTorch's version.
PyTorch runs on one thread, on the plain single-tensor path of its optimizers (neither foreach nor fused).

A ReLU's derivative jumps at zero, so two correct implementations may part ways where a pre-activation is within
rounding of it. The script stops with an error if any ReLU pre-activation comes that close; another seed then helps.
"""

import base64
import json
import math
import random
import struct
from itertools import pairwise
from pathlib import Path

import torch
from torch import nn

LAYERS = ([1, 8, 1], [2, 5, 3, 1])
ADAM = {"learningRate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
RMSPROP = {"kind": "rmsprop", "learningRate": 1e-3, "beta2": 0.999, "epsilon": 1e-8}
OPTIMIZERS = (
    {"kind": "adam", **ADAM},
    {"kind": "adamw", **ADAM, "weightDecay": 0.01},
    {"kind": "amsgrad", **ADAM},
    RMSPROP,
    {"kind": "momentum", "learningRate": 1e-3, "beta1": 0.9},
    {"kind": "sgd", "learningRate": 1e-3},
)
# The moments that an optimizer keeps, and what PyTorch calls them in its state.
MOMENTS = {
    "adam": {"firstMoment": "exp_avg", "secondMoment": "exp_avg_sq"},
    "adamw": {"firstMoment": "exp_avg", "secondMoment": "exp_avg_sq"},
    "amsgrad": {"firstMoment": "exp_avg", "secondMoment": "exp_avg_sq", "maxSecondMoment": "max_exp_avg_sq"},
    "rmsprop": {"secondMoment": "square_avg"},
    "momentum": {"firstMoment": "momentum_buffer"},
    "sgd": {},
}
# The network of which all states under RMSprop are kept.
STATES_LAYERS = [1, 3, 1]
ACTIVATIONS = {
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "sine": torch.sin,
    "identity": lambda z: z,
}

STEPS = 300
RECORDED_STEPS = (*range(1, 11), STEPS)
MOMENT_STEPS = (10, STEPS)

SAMPLE_SEED = 1
# Optimizers start a given activation from the same parameters. The seeds are chosen so that no case is
# ill-conditioned: no ReLU pre-activation near zero, and no training so far converged that its moments are noise.
INITIAL_SEEDS = {"tanh": 11, "sigmoid": 12, "relu": 22, "sine": 14, "identity": 20}
# Momentum is the fastest: of the linear networks it would leave no gradient that is more than rounding.
OWN_SEEDS = {"momentum": {"identity": 21}}

# No ReLU pre-activation may come this close to zero.
RELU_CLEARANCE = 1e-9


class Network(nn.Module):
    """A fully connected network with one activation on all hidden layers and a linear output layer."""

    def __init__(self, layers, activation):
        super().__init__()
        self.linears = nn.ModuleList(nn.Linear(n, m) for n, m in pairwise(layers))
        self.activation = activation
        self.smallest_pre_activation = math.inf

    def forward(self, x):
        *hidden, output = self.linears
        for linear in hidden:
            z = linear(x)
            self.smallest_pre_activation = min(self.smallest_pre_activation, z.detach().abs().min().item())
            x = self.activation(z)
        return output(x)


def samples(layers):
    """The inputs and targets a network with these layers is trained on."""
    if layers[0] == 1:
        inputs = [[i / 15] for i in range(16)]
        return inputs, [[math.sin(2 * math.pi * x)] for [x] in inputs]
    rng = random.Random(SAMPLE_SEED)
    inputs = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(12)]
    return inputs, [[x0 * x1 - 0.5 * x1] for x0, x1 in inputs]


def initial_theta(layers, seed):
    """Uniform Glorot weights and biases from ±0.1: per layer the weights [output][input], then the biases [output]."""
    rng = random.Random(seed)
    theta = []
    for n, m in pairwise(layers):
        limit = math.sqrt(6 / (n + m))
        theta += [rng.uniform(-limit, limit) for _ in range(m * n)]
        theta += [rng.uniform(-0.1, 0.1) for _ in range(m)]
    return theta


def flatten(tensors):
    """The tensors' elements, row-major, in one list."""
    return torch.cat([tensor.detach().reshape(-1) for tensor in tensors]).tolist()


def make_optimizer(settings, parameters):
    """The PyTorch optimizer with these settings."""
    kind, lr = settings["kind"], settings["learningRate"]
    if kind == "rmsprop":
        alpha, eps = settings["beta2"], settings["epsilon"]
        return torch.optim.RMSprop(parameters, lr=lr, alpha=alpha, eps=eps, foreach=False)
    if kind in ("sgd", "momentum"):
        return torch.optim.SGD(parameters, lr=lr, momentum=settings.get("beta1", 0), foreach=False, fused=False)
    options = {
        "lr": lr,
        "betas": (settings["beta1"], settings["beta2"]),
        "eps": settings["epsilon"],
        "foreach": False,
        "fused": False,
    }
    if kind == "adamw":
        return torch.optim.AdamW(parameters, weight_decay=settings["weightDecay"], **options)
    return torch.optim.Adam(parameters, amsgrad=kind == "amsgrad", **options)


def every_sample(step):
    """The batch of a step where it is the whole data set."""
    return slice(None)


def train(layers, settings, activation, inputs, targets, batch_of=every_sample, keeps_states=False):
    """One case: the network trained from its initial parameters, with what is recorded on the way.

    batch_of gives the samples of a step, in order, as something that indexes a tensor.
    """
    seeds = INITIAL_SEEDS | OWN_SEEDS.get(settings["kind"], {})
    initial = initial_theta(layers, seeds[activation])
    network = Network(layers, ACTIVATIONS[activation])
    # An nn.Linear registers its weight before its bias, so parameters() is already in theta's order.
    parameters = list(network.parameters())
    nn.utils.vector_to_parameters(torch.tensor(initial), parameters)
    optimizer = make_optimizer(settings, parameters)
    loss_function = nn.MSELoss()
    x, y = torch.tensor(inputs), torch.tensor(targets)

    def moment(name):
        return flatten(optimizer.state[parameter][name] for parameter in parameters)

    assert flatten(parameters) == initial
    moments = MOMENTS[settings["kind"]]
    # Of RMSprop's later steps there is nothing to compare but one step from each state.
    last = max(MOMENT_STEPS) if settings["kind"] != "rmsprop" else min(MOMENT_STEPS)
    case = {"activation": activation, "initial": initial}
    if not keeps_states:
        case |= {name: {} for name in ("losses", "theta", *moments)}
    states = [*initial, *(0.0 for _ in moments for _ in initial)]
    for step in range(1, STEPS + 1):
        batch = batch_of(step)
        optimizer.zero_grad()
        loss = loss_function(network(x[batch]), y[batch])
        loss.backward()
        optimizer.step()
        if keeps_states:
            states += flatten(parameters)
            states += [value for name in moments.values() for value in moment(name)]
        elif step <= last:
            if step in RECORDED_STEPS:
                case["losses"][str(step)] = loss.item()
                case["theta"][str(step)] = flatten(parameters)
            if step in MOMENT_STEPS:
                for name, torch_name in moments.items():
                    case[name][str(step)] = moment(torch_name)
    if keeps_states:
        case["states"] = base64.b64encode(struct.pack(f"<{len(states)}d", *states)).decode()

    if activation == "relu":
        smallest = network.smallest_pre_activation
        print(f"{'-'.join(map(str, layers))} {settings['kind']}: smallest ReLU pre-activation {smallest:.3g}")
        if smallest < RELU_CLEARANCE:
            raise SystemExit(f"a ReLU pre-activation is within {RELU_CLEARANCE} of zero: choose another seed")
    return case


def to_json(value, indent=""):
    """JSON with one array of numbers a line; json writes floats as their repr, which round-trips exactly."""
    inner = indent + "  "
    if isinstance(value, dict):
        entries = [f"{inner}{json.dumps(key)}: {to_json(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(entries) + f"\n{indent}}}"
    if isinstance(value, list) and isinstance(value[0], (dict, list)):
        return "[\n" + ",\n".join(inner + to_json(item, inner) for item in value) + f"\n{indent}]"
    return json.dumps(value, allow_nan=False)


def main():
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    directory = Path(__file__).parent / "trajectories"
    directory.mkdir(exist_ok=True)

    def write(name, layers, settings, **options):
        inputs, targets = samples(layers)
        document = {
            "pytorch": torch.__version__,
            "layers": layers,
            "optimizer": settings,
            "inputs": inputs,
            "targets": targets,
            "cases": [train(layers, settings, name, inputs, targets, **options) for name in ACTIVATIONS],
        }
        path = directory / f"{'-'.join(map(str, layers))}-{name}.json"
        path.write_text(to_json(document) + "\n", encoding="utf-8", newline="\n")

    for layers in LAYERS:
        for settings in OPTIMIZERS:
            write(settings["kind"], layers, settings)
    write("rmsprop-states", STATES_LAYERS, RMSPROP, keeps_states=True)


if __name__ == "__main__":
    main()
