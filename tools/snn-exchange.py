#!/usr/bin/env python3
"""Networks that snnTorch and SpikingJelly wrote as NIR, one that braincog-snn wrote, and the spikes that those programs make of them, which
snn/tests/exchange.rs compares with ours.

    python3 -m venv venv && venv/bin/pip install torch numpy h5py nir==1.0.8 nirtorch snntorch==1.0.0 spikingjelly==2.0.0
    venv/bin/python tools/snn-exchange.py snn/tests/exchange

Made once; made anew on purpose only. `ours.nir` must be in the folder: the test writes it with UPDATE=1.
"""

import json
import pathlib
import sys

import nir
import numpy as np
import snntorch
import torch
from snntorch.export_nir import export_to_nir as from_snntorch
from snntorch.import_nir import import_from_nir as to_snntorch
from spikingjelly.activation_based import functional, layer, neuron
from spikingjelly.activation_based.nir_exchange import export_to_nir as from_spikingjelly
from spikingjelly.activation_based.nir_exchange import import_from_nir as to_spikingjelly

STEPS = 16


def frames(shape):
    """Spikes that both sides know: value i of step t, channel by channel."""
    n = int(np.prod(shape))
    return [torch.tensor([float((i * 7 + t * 3) % 5 == 0) for i in range(n)]).reshape(1, *shape) for t in range(STEPS)]


def spikes(step, shape):
    """What comes out of every step."""
    with torch.no_grad():
        return [[float(x) for x in step(frame).flatten()] for frame in frames(shape)]


def seeded(*modules, scale):
    """Random weights, rounded so that sums in another order are not the matter here."""
    generator = torch.Generator().manual_seed(7)
    for module in modules:
        for parameter in module.parameters():
            if parameter.dim() > 0:
                values = torch.randn(parameter.shape, generator=generator) * scale
                parameter.data = (values * 64).round() / 64
    return modules


def snntorch_network():
    linear = seeded(torch.nn.Linear(20, 16), torch.nn.Linear(16, 12), torch.nn.Linear(12, 6), scale=0.6)

    def all(n, value):
        return torch.full((n,), value)

    def leaky(n, beta, threshold):
        return snntorch.Leaky(beta=all(n, beta), threshold=all(n, threshold), reset_mechanism="zero", init_hidden=True)

    net = torch.nn.Sequential(linear[0], leaky(16, 0.5, 0.8), linear[1], leaky(12, 0.75, 1.1), linear[2], leaky(6, 0.5, 0.8))
    graph = from_snntorch(net, torch.zeros(20))
    return graph, lambda x: net(x), (20,)


def spikingjelly_network():
    first, second, last = seeded(
        layer.Conv2d(2, 4, 3, padding=1), layer.Conv2d(4, 6, 3, stride=2, padding=1), layer.Linear(24, 5), scale=0.4
    )
    net = torch.nn.Sequential(
        first,
        neuron.IFNode(v_threshold=0.7),
        second,
        neuron.LIFNode(tau=3.0, v_threshold=0.5, decay_input=False),
        layer.AvgPool2d(2),
        layer.Flatten(),
        last,
        neuron.LIFNode(tau=2.0, v_threshold=0.2),
    )
    functional.set_step_mode(net, "s")
    graph = from_spikingjelly(net, torch.zeros(1, 2, 8, 8))
    functional.reset_net(net)
    return graph, lambda x: net(x), (2, 8, 8)


def main(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for name, make in [("snntorch", snntorch_network), ("spikingjelly", spikingjelly_network)]:
        graph, step, shape = make()
        found[name] = spikes(step, shape)
        nir.write(folder / f"{name}.nir", graph)
    ours = folder / "ours.nir"
    if ours.exists():
        graph = nir.read(ours)
        shape = tuple(int(n) for n in graph.nodes["input"].input_type["input"])
        net = to_spikingjelly(graph, dt=1e-4)
        found["ours by spikingjelly"] = with_state(net, shape)
        found["ours by snntorch"] = with_state(to_snntorch(nir.read(ours)), shape)
    (folder / "spikes.json").write_text(json.dumps(found) + "\n")


def with_state(net, shape):
    """The spikes of a network that was read, which may hand its state from step to step."""
    state = [None]

    def step(x):
        out = net(x, state[0])
        if isinstance(out, tuple):
            out, state[0] = out
        return out

    return spikes(step, shape)


if __name__ == "__main__":
    main(sys.argv[1])
