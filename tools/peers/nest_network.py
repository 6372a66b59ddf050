"""Runs a described network in NEST: nest_network.py NETWORK.json --threads N --result RESULT.json

Synapses are `static_synapse_hpc`, the smallest that NEST has. Their memory is what the process grew by while it connected and sorted them. Spikes are
recorded of some neurons of each population only, because a recorder costs NEST some 20 kB per neuron: that is to its advantage.
"""

import argparse
import math

import common
import nest

RECORDED = 500


def value(v):
    """A constant, or NEST's way to draw."""
    if v["distribution"] == "constant":
        return v["value"]
    if v["distribution"] == "normal":
        return nest.math.redraw(nest.random.normal(v["mean"], v["std"]), v["min"], v["max"])
    raise SystemExit(f"error: no values drawn like {v}")


def rule(projection):
    r = projection["rule"]
    spec = {"allow_autapses": projection["allow_autapses"], "allow_multapses": projection["allow_multapses"]}
    if r["rule"] == "fixed_total_number":
        return {"rule": "fixed_total_number", "N": r["number"], **spec}
    if r["rule"] == "fixed_indegree":
        return {"rule": "fixed_indegree", "indegree": r["indegree"], **spec}
    raise SystemExit(f"error: no rule {r}")


def create(network):
    populations = []
    for p in network["populations"]:
        cells = nest.Create(p["model"], p["size"], params=p["params"])
        for variable, v in p["initial"].items():
            bounded = v["distribution"] != "normal" or math.isfinite(v["min"]) or math.isfinite(v["max"])
            cells.set({variable: value(v) if bounded else nest.random.normal(v["mean"], v["std"])})
        populations.append(cells)
    return populations


def is_inhibitory(projection):
    weight = projection["weight"]
    return weight.get("mean", weight.get("value", 0)) < 0


def connect(network, populations):
    # A thread of NEST holds 2^27 synapses of a model at most. A source has synapses of one sign, so two models cost no spike more.
    for model in ("excitatory", "inhibitory"):
        nest.CopyModel("static_synapse_hpc", model)
    for projection in network["projections"]:
        source, target = populations[projection["source"]], populations[projection["target"]]
        model = "inhibitory" if is_inhibitory(projection) else "excitatory"
        synapse = {"synapse_model": model, "weight": value(projection["weight"]), "delay": value(projection["delay"])}
        nest.Connect(source, target, rule(projection), synapse)
    # Sorts and compresses the connections, as the first simulation would.
    nest.Prepare()
    nest.Cleanup()


def drive(network, populations):
    for stimulus in network["stimuli"]:
        rate, weight = common.poisson_rate(stimulus)
        generator = nest.Create("poisson_generator", params={"rate": rate})
        nest.Connect(generator, populations[stimulus["target"]], "all_to_all", {"weight": weight, "delay": stimulus["delay"]})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("network")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--result", required=True)
    arguments = parser.parse_args()
    case = common.read(arguments.network)
    network = case["network"]
    nest.ResetKernel()
    nest.set(resolution=case["dt"], local_num_threads=arguments.threads, rng_seed=case["seed"])

    build = common.Clock()
    populations = create(network)
    before = common.resident_bytes()
    connect(network, populations)
    synapse_bytes = common.resident_bytes() - before
    build_cpu = build.seconds()[1]
    synapses = nest.num_connections
    drive(network, populations)
    recorders = []
    for cells in populations:
        recorder = nest.Create("spike_recorder", params={"start": case["warmup"]})
        nest.Connect(cells[: min(RECORDED, len(cells))], recorder)
        recorders.append(recorder)
    if case["warmup"] > 0:
        nest.Simulate(case["warmup"])
    simulate = common.Clock()
    nest.Simulate(case["duration"] - case["warmup"])
    wall, cpu = simulate.seconds()

    seconds = (case["duration"] - case["warmup"]) / 1000
    rates = {
        p["name"]: recorder.n_events / min(RECORDED, p["size"]) / seconds for p, recorder in zip(network["populations"], recorders)
    }
    common.write(
        arguments.result,
        {
            "simulator": f"NEST {nest.__version__}",
            "threads": arguments.threads,
            "synapses": synapses,
            "build_cpu_seconds": build_cpu,
            "simulate_seconds": wall,
            "simulate_cpu_seconds": cpu,
            "biological_seconds": seconds,
            "bytes_per_synapse": synapse_bytes / synapses,
            "peak_bytes": common.peak_bytes(),
            "rates": rates,
        },
    )


main()
