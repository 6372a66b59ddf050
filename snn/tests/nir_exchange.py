"""Exchanges networks with Python's nir, and steps them by NIR's own equations.

    nir_exchange.py answers FILE.nir STEPS   reads what braincog-snn wrote and prints the outputs of every step for a fixed input
    nir_exchange.py make FILE.nir STEPS      writes a network and prints its outputs
"""

import sys

import nir
import numpy as np

DT = 1e-4


def frames(n, steps):
    """Spikes that both sides know: value i of step t."""
    return [np.array([(i * 7 + t * 3) % 5 == 0 for i in range(n)], dtype=np.float32) for t in range(steps)]


def chain(graph):
    """Nodes from input to output."""
    follow = dict(graph.edges)
    name, nodes = "input", []
    while name != "output":
        nodes.append(graph.nodes[name])
        name = follow[name]
    return nodes


def step(node, x, state):
    """One step of Euler's method."""
    if isinstance(node, nir.Affine):
        return node.weight.astype(np.float32) @ x + node.bias
    if isinstance(node, nir.Flatten):
        return x.reshape(-1)
    if isinstance(node, nir.LIF):
        v = state.setdefault(id(node), np.zeros(node.tau.shape, dtype=np.float32))
        v += (DT / node.tau * ((node.v_leak - v) + node.r * x)).astype(np.float32)
        fired = v > node.v_threshold
        v[fired] = node.v_reset[fired]
        return fired.astype(np.float32)
    raise SystemExit(f"unexpected {type(node).__name__}")


def show(graph, steps):
    nodes = chain(graph)
    shape = tuple(nodes[0].input_type["input"])
    state = {}
    for x in frames(int(np.prod(shape)), steps):
        x = x.reshape(shape)
        for node in nodes[1:]:
            x = step(node, x, state)
        print(" ".join(f"{value:.6f}" for value in x))


def make(path):
    random = np.random.default_rng(1)
    hidden, tau = 20, 3.0
    weights = [random.normal(0, 1, (hidden, 12)).astype(np.float32), random.normal(0, 1, (4, hidden)).astype(np.float32)]
    neurons = nir.LIF(
        tau=np.full(hidden, tau * DT),
        r=np.ones(hidden),
        v_leak=np.zeros(hidden),
        v_threshold=np.full(hidden, 0.4),
        v_reset=np.zeros(hidden),
    )
    graph = nir.NIRGraph.from_list(
        nir.Affine(weight=weights[0], bias=random.normal(0, 0.1, hidden).astype(np.float32)),
        neurons,
        nir.Affine(weight=weights[1], bias=np.zeros(4, dtype=np.float32)),
    )
    nir.write(path, graph)
    return nir.read(path)


if __name__ == "__main__":
    command, path, steps = sys.argv[1], sys.argv[2], int(sys.argv[3])
    show(make(path) if command == "make" else nir.read(path), steps)
