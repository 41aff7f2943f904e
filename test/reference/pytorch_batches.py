"""Writes mini-batch trajectories of real PyTorch, in float64, for the reference implementation to be compared with.

Takes no arguments. For every optimizer of pytorch_trajectories.py it trains one network for 300 steps on batches of five of
twelve samples, the last batch of an epoch short, in the orders that docs/ARITHMETIC.md declares, and writes parameters and
losses to batch-trajectories.json next to this file. The loss of an epoch is the mean over its samples, each as it was met.
"""

import sys
from pathlib import Path

import torch
from torch import nn

import pytorch_trajectories as full

sys.path.append(str(Path(__file__).parents[1] / "interop"))
from declared_arithmetic import sample_order  # noqa: E402

LAYERS, ACTIVATION = [2, 5, 3, 1], "tanh"
SEED, BATCH, STEPS_PER_EPOCH = 5, 5, 3
EPOCHS = full.STEPS // STEPS_PER_EPOCH
RECORDED_EPOCHS = (1, 2, 3, EPOCHS)


def train(settings, inputs, targets):
    """The network trained from its initial parameters, with what is recorded on the way."""
    initial = full.initial_theta(LAYERS, full.INITIAL_SEEDS[ACTIVATION])
    network = full.Network(LAYERS, full.ACTIVATIONS[ACTIVATION])
    parameters = list(network.parameters())
    nn.utils.vector_to_parameters(torch.tensor(initial), parameters)
    optimizer = full.make_optimizer(settings, parameters)
    loss_function = nn.MSELoss()
    x, y = torch.tensor(inputs), torch.tensor(targets)
    case = {"optimizer": settings, "losses": {}, "theta": {}}
    for epoch in range(1, EPOCHS + 1):
        order = torch.tensor(sample_order(len(inputs), SEED, epoch))
        squares = 0.0
        for batch in order.split(BATCH):
            optimizer.zero_grad()
            loss = loss_function(network(x[batch]), y[batch])
            loss.backward()
            optimizer.step()
            squares += loss.item() * len(batch)
        if epoch in RECORDED_EPOCHS:
            case["losses"][str(epoch)] = squares / len(inputs)
            case["theta"][str(epoch)] = full.flatten(parameters)
    return {**case, "initial": initial}


def main():
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    inputs, targets = full.samples(LAYERS)
    document = {
        "pytorch": torch.__version__,
        "layers": LAYERS,
        "activation": ACTIVATION,
        "batch": BATCH,
        "seed": SEED,
        "inputs": inputs,
        "targets": targets,
        "cases": [train(settings, inputs, targets) for settings in full.OPTIMIZERS],
    }
    path = Path(__file__).parent / "batch-trajectories.json"
    path.write_text(full.to_json(document) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
