#!/usr/bin/env python3
"""Short traces of BrainCog's and SpikingJelly's neurons, which snn/tests/parity.rs compares with ours step by step.

    python3 -m venv venv && venv/bin/pip install torch einops numpy loguru tqdm
    venv/bin/pip download --no-deps braincog==0.2.7.19 spikingjelly==2.0.0 && unzip braincog*.whl && unzip spikingjelly*.whl
    venv/bin/python tools/snn-golden.py FOLDER_OF_BOTH snn/tests/golden

Each trace holds inputs, what was sent, and the gradients of the sum of what was sent, weighted. Only the files that define neurons are
imported, because the packages as a whole import data sets and plots. Made once; made anew on purpose only.
"""

import json
import math
import pathlib
import sys
import types

import numpy as np
import torch

STEPS, NEURONS = 12, 6


def import_parts(root, package, *without_init):
    """Lets submodules be imported although the packages that hold them do more than can be installed."""
    sys.path.insert(0, str(root))
    for name in (package, *without_init):
        module = types.ModuleType(name)
        module.__path__ = [str(pathlib.Path(root, *name.split(".")))]
        sys.modules[name] = module


def numbers(tensor):
    return [float(x) for x in tensor.detach().double().flatten()]


def trace(source, name, node, options, scale=1.0, learned=(), run=None, reset=None, inputs=None):
    """What `node` sends for random inputs, step by step, and the gradients."""
    generator = np.random.default_rng(sum(map(ord, name)))
    x = scale * generator.normal(0.5, 1.0, (STEPS, NEURONS)) if inputs is None else inputs
    x = torch.tensor(x.round(4), dtype=torch.float32, requires_grad=True)
    weights = torch.tensor(generator.normal(0, 1, (STEPS, NEURONS)).round(4), dtype=torch.float32)
    if reset:
        reset()
    sent = run(x) if run else torch.stack([node(x[t]) for t in range(STEPS)])
    sent = sent.reshape(STEPS, NEURONS)
    parameters = dict(learned)
    (sent * weights).sum().backward()
    return {
        "source": source,
        "node": name,
        "options": options,
        "inputs": numbers(x),
        "weights": numbers(weights),
        "sent": numbers(sent),
        "input_gradient": numbers(x.grad) if x.grad is not None else [0.0] * (STEPS * NEURONS),
        "learned": {key: [float(p.detach().mean()), float(p.grad.sum())] for key, p in parameters.items()},
    }


def braincog(root):
    import_parts(root, "braincog", "braincog.base", "braincog.base.strategy", "braincog.base.node")
    from braincog.base.node import node as n

    source = "BrainCog 0.2.7.19 (Zeng Y et al. (2023) doi:10.1016/j.patter.2023.100789)"
    traces = []

    def add(name, node, threshold, tau, act, scale=1.0, learned=()):
        options = {"threshold": threshold, "tau": tau, "act_fun": act}
        traces.append(trace(source, name, node, options, scale, learned, reset=getattr(node, "n_reset", None)))

    add("IFNode", n.IFNode(threshold=0.5), 0.5, 2.0, "AtanGrad")
    add("LIFNode", n.LIFNode(threshold=0.5, tau=2.0), 0.5, 2.0, "QGateGrad")
    add("BurstLIFNode", n.BurstLIFNode(threshold=0.5, tau=2.0), 0.5, 2.0, "RoundGrad", 4.0)
    add("BiasLIFNode", n.BiasLIFNode(threshold=0.5, tau=2.0), 0.5, 2.0, "AtanGrad")
    add("LIFSTDPNode", n.LIFSTDPNode(threshold=0.5, tau=math.exp(-0.01)), 0.5, 2.0, "AtanGrad")
    for name, kind in [("PLIFNode", n.PLIFNode), ("BiasPLIFNode", n.BiasPLIFNode)]:
        node = kind(threshold=0.5, tau=3.0)
        add(name, node, 0.5, 3.0, "AtanGrad", 1.0, [("w", node.w), ("alpha", node.act_fun.alpha)])
    add("DGLIFNode", dglif(n), 0.5, 2.0, "straight_through_estimator")
    add("HTDGLIFNode", n.HTDGLIFNode(threshold=0.5), 0.5, 2.0, "straight_through_estimator")
    add("LIAFNode", n.LIAFNode(threshold=0.5, tau=2.0), 0.5, 2.0, "BackEIGateGrad")
    add("SimHHNode", n.SimHHNode(threshold=50.0), 50.0, 2.0, "AtanGrad", 60.0)
    izhikevich = n.IzhNodeMU(threshold=30.0, a=0.02, b=0.2, c=-65.0, d=8.0)
    add("IzhNode", izhikevich, 30.0, 2.0, "AtanGrad", 60.0)
    return traces


def dglif(n):
    """Its constructor passes tau as v_reset, which makes its membranes start at tau."""
    node = n.DGLIFNode(threshold=0.5, tau=2.0)
    node.v_reset = 0.0
    return node


def spikingjelly(root):
    sys.path.insert(0, str(root))
    from spikingjelly.activation_based import neuron as n
    from spikingjelly.activation_based import surrogate

    source = "SpikingJelly 2.0.0 (Fang W et al. (2023) doi:10.1126/sciadv.adi1480)"
    traces = []

    def add(name, node, threshold, tau, learned=(), shape=(STEPS, NEURONS)):
        options = {"threshold": threshold, "tau": tau, "act_fun": "AtanGrad"}
        run = lambda x: node(x.reshape(shape))
        traces.append(trace(source, name, node, options, 1.0, learned, run=run))

    many = {"surrogate_function": surrogate.ATan(2.0), "step_mode": "m"}
    hard = {"v_threshold": 0.5, "v_reset": 0.0, "detach_reset": True, **many}
    add("IFNode", n.IFNode(**hard), 0.5, 2.0)
    add("LIFNode", n.LIFNode(tau=2.0, decay_input=True, **hard), 0.5, 2.0)
    node = n.ParametricLIFNode(init_tau=3.0, decay_input=True, **hard)
    add("PLIFNode", node, 0.5, 3.0, [("w", node.w)])
    node = n.KLIFNode(tau=2.0, decay_input=True, scale_reset=False, **hard)
    add("KLIFNode", node, 0.5, 2.0, [("k", node.k)])
    node = n.GatedLIFNode(T=STEPS, init_tau=0.5, init_v_threshold=0.5, init_linear_decay=0.5 / 16, surrogate_function=many["surrogate_function"])
    for gate in (node.alpha, node.beta, node.gamma):
        gate.data.zero_()
    names = {"alpha": "alpha", "beta": "beta", "gamma": "gamma", "tau": "tau", "threshold": "v_threshold", "leak": "linear_decay", "fall": "v_subreset", "conduct": "conduct"}
    add("GatedLIFNode", node, 0.5, 2.0, [(ours, getattr(node, theirs)) for ours, theirs in names.items()], (STEPS, 1, NEURONS, 1, 1))
    return traces


def main():
    root, into = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    torch.manual_seed(1)
    for name, make in [("braincog", braincog), ("spikingjelly", spikingjelly)]:
        traces = make(root)
        lines = ",\n".join(json.dumps({k: round_all(v) for k, v in trace.items()}) for trace in traces)
        (into / f"{name}.json").write_text(f"[\n{lines}\n]\n")
        print(name, [trace["node"] for trace in traces])


def round_all(value):
    """Nine digits tell every f32 from its neighbours."""
    if isinstance(value, list):
        return [float(f"{x:.9g}") for x in value]
    if isinstance(value, dict):
        return {k: round_all(v) if isinstance(v, (list, dict)) else v for k, v in value.items()}
    return value


if __name__ == "__main__":
    main()
