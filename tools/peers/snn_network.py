"""The networks of `braincog-snn bench` in PyTorch, with SpikingJelly's or BrainCog's nodes: snn_network.py NAME --case DIR --packages DIR --nodes KIND

--case is what `braincog-snn bench --describe` wrote: the same weights and the same spikes. KIND is `spikingjelly` (all steps at once), `braincog`
(step by step, its default) or `braincog-layers` (all steps at once, layer by layer). Clocks go round whole training steps (forwards, cross entropy,
backwards, SGD with momentum) and whole evaluations; the least of some repeats counts. Whether it is the same network is told by its answers.
"""

import argparse
import json
import os
import pathlib
import sys
import types

import common
import numpy as np
import torch
from torch import nn

NETWORKS = {
    "S": {"steps": 8, "batch": 32, "image": (28, 28, 1), "channels": [32, 0, 64, 0]},
    "M": {"steps": 4, "batch": 16, "image": (32, 32, 3), "channels": [128, 128, 0, 256, 256]},
}


def import_parts(root, package, *without_init):
    """Lets submodules be imported although the packages that hold them do more than can be installed."""
    for name in (package, *without_init):
        module = types.ModuleType(name)
        module.__path__ = [str(pathlib.Path(root, *name.split(".")))]
        sys.modules[name] = module


class AllSteps(nn.Module):
    """Layers without memory over steps and samples as one batch, nodes over steps."""

    def __init__(self, layers, steps):
        super().__init__()
        self.layers, self.steps = nn.ModuleList(layers), steps

    def forward(self, x):
        t, b = x.shape[:2]
        x = x.flatten(0, 1)
        for layer in self.layers:
            x = layer(x)
        return x.unflatten(0, (t, b))


class StepByStep(nn.Module):
    """All layers in one step, then in the next."""

    def __init__(self, layers, steps):
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return torch.stack([self.layers(frame) for frame in x])


class OverSteps(nn.Module):
    """SpikingJelly's nodes, which want steps as an axis of their own."""

    def __init__(self, node, steps):
        super().__init__()
        self.node, self.steps = node, steps

    def forward(self, x):
        return self.node(x.unflatten(0, (self.steps, -1))).flatten(0, 1)


def nodes_of(kind, packages, steps):
    """A function that makes nodes, one that brings them to rest, and how layers are put together."""
    sys.path.insert(0, packages)
    if kind == "spikingjelly":
        from spikingjelly.activation_based import functional, neuron, surrogate

        def make():
            # BrainCog's surrogate: a - a^2 |x| with a = 2.
            slope = surrogate.PiecewiseQuadratic(alpha=2.0)
            node = neuron.LIFNode(2.0, True, 0.5, 0.0, slope, detach_reset=True, step_mode="m")
            return OverSteps(node, steps)

        return make, functional.reset_net, AllSteps
    import_parts(packages, "braincog", "braincog.base", "braincog.base.strategy", "braincog.base.node")
    from braincog.base.node.node import LIFNode

    layers = kind == "braincog-layers"

    def rest(network):
        for module in network.modules():
            if isinstance(module, LIFNode):
                module.n_reset()

    return lambda: LIFNode(threshold=0.5, tau=2.0, step=steps, layer_by_layer=layers), rest, AllSteps if layers else StepByStep


def build(shape, make, assemble):
    inputs, layers = shape["image"][2], []
    for outputs in shape["channels"]:
        if outputs == 0:
            layers.append(nn.AvgPool2d(2))
            continue
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), make()]
        inputs = outputs
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, 10)]
    return assemble(layers, shape["steps"])


def place(name):
    """Number of the layer and name of the tensor in it, from ours (`4.batch_norm.bias`) or theirs (`layers.4.bias`)."""
    parts = name.removeprefix("layers.").split(".")
    return int(parts[0]), parts[-1]


def safetensors(path):
    """Tensors by their places."""
    data = pathlib.Path(path).read_bytes()
    size = int.from_bytes(data[:8], "little")
    head = json.loads(data[8 : 8 + size])
    head.pop("__metadata__", None)
    tensors = {}
    for name, entry in head.items():
        begin, end = entry["data_offsets"]
        values = np.frombuffer(data[8 + size + begin : 8 + size + end], "<f4")
        tensors[place(name)] = torch.tensor(values.reshape(entry["shape"]))
    return tensors


def load(network, path):
    """Weights of `network` from `path`; layers have the same numbers in both."""
    kinds = ("weight", "bias", "running_mean", "running_var")
    mine = {place(name): t for name, t in network.state_dict().items() if name.rsplit(".", 1)[-1] in kinds}
    theirs = safetensors(path)
    if {k: t.shape for k, t in mine.items()} != {k: t.shape for k, t in theirs.items()}:
        raise SystemExit(f"error: {path} has {sorted(theirs)}; expected {sorted(mine)}, each of the same shape")
    for key, to in mine.items():
        to.copy_(theirs[key])


def spikes(path, shape):
    height, width, channels = shape["image"]
    values = np.fromfile(path, "<f4").reshape(shape["steps"], shape["batch"], height, width, channels)
    return torch.tensor(values.transpose(0, 1, 4, 2, 3).copy())


def least(repeats, work):
    """The least CPU and wall milliseconds of `work`, which was done once before."""
    work()
    costs = []
    for _ in range(repeats):
        clock = common.Clock()
        work()
        wall, cpu = clock.seconds()
        costs.append((1e3 * cpu, 1e3 * wall))
    cpu, wall = (min(values) for values in zip(*costs))
    return {"cpu_ms": cpu, "wall_ms": wall}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=NETWORKS)
    parser.add_argument("--case", required=True)
    parser.add_argument("--packages", required=True)
    parser.add_argument("--nodes", required=True, choices=["spikingjelly", "braincog", "braincog-layers"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    shape, case = NETWORKS[arguments.name], os.path.join(arguments.case, arguments.name)
    make, rest, assemble = nodes_of(arguments.nodes, arguments.packages, shape["steps"])
    network = build(shape, make, assemble)

    load(network, f"{case}-fresh.safetensors")
    noise, labels = spikes(f"{case}-noise.f32", shape), torch.arange(shape["batch"]) % 10
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-6, momentum=0.9)

    def train():
        rest(network)
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(noise).mean(0), labels).backward()
        optimizer.step()

    network.train()
    training_step = least(arguments.repeats, train)
    peak = common.peak_bytes()

    load(network, f"{case}-trained.safetensors")
    network.eval()
    digits = spikes(f"{case}-digits.f32", shape)
    logits = np.fromfile(f"{case}-logits.f32", "<f4").reshape(shape["steps"], shape["batch"], 10)

    @torch.no_grad()
    def evaluate():
        rest(network)
        return network(digits)

    batch = least(arguments.repeats, evaluate)
    difference = np.abs(evaluate().numpy() - logits)
    json.dump(
        {
            "network": arguments.name,
            "program": arguments.nodes,
            "torch": torch.__version__,
            "threads": arguments.threads,
            "training_step": training_step,
            "evaluation": batch,
            "peak_bytes": peak,
            # Of all logits of all steps.
            "same_logits": float((difference < 1e-3).mean()),
        },
        sys.stdout,
    )


main()
