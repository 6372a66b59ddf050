"""Runs a described network in Brian2 as a C++ program of its own: brian2_network.py NETWORK.json --folder DIR --result RESULT.json

One group of neurons, and one object of synapses for each sign, or for each constant weight: every object is compiled by itself, and 64 of them take minutes.
Synapses are drawn with numpy. The program has one thread: Brian2 says of its OpenMP code that it may be inaccurate, and small networks only lose by it. Clocks and memory are read inside the program, before and after each of its two runs (warm-up, measured).
"""

import argparse
import os
import resource
import shutil

import brian2 as b2
import common
import numpy as np

MODELS = {
    "iaf_psc_exp": """
        dv/dt = (E_L - v) / tau_m + (I_ex + I_in + I_e) / C_m : volt (unless refractory)
        dI_ex/dt = -I_ex / tau_syn_ex : amp
        dI_in/dt = -I_in / tau_syn_in : amp
        I_e : amp (constant)""",
    "iaf_psc_delta": "dv/dt = (E_L - v) / tau_m : volt (unless refractory)",
}
UNITS = {"mV": b2.mV, "ms": b2.ms, "pF": b2.pF, "pA": b2.pA}
DEFAULTS = {"C_m": 250.0, "E_L": -70.0, "V_th": -55.0, "V_reset": -70.0, "tau_m": 10.0, "t_ref": 2.0, "tau_syn_ex": 2.0, "tau_syn_in": 2.0}

# Wall seconds, CPU seconds of all threads and resident pages, appended to a file.
MARK = """
{
    struct timespec wall, cpu;
    clock_gettime(CLOCK_MONOTONIC, &wall);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    long size = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> size >> resident;
    std::ofstream marks("results/marks.txt", std::ios::app);
    marks.precision(15);
    marks << wall.tv_sec + 1e-9 * wall.tv_nsec << " " << cpu.tv_sec + 1e-9 * cpu.tv_nsec << " " << resident << std::endl;
}
"""


def draw(value, n, rng):
    """`n` values in internal units."""
    if value["distribution"] == "constant":
        return np.full(n, value["value"])
    values = rng.normal(value["mean"], value["std"], n)
    while (bad := (values < value["min"]) | (values > value["max"])).any():
        values[bad] = rng.normal(value["mean"], value["std"], int(bad.sum()))
    return values


def ends(projection, populations, first, rng):
    """Sources and targets of a projection as indices into the group of all neurons."""
    source, target = projection["source"], projection["target"]
    n_source, n_target = populations[source]["size"], populations[target]["size"]
    rule = projection["rule"]
    if not (projection["allow_autapses"] and projection["allow_multapses"]):
        raise SystemExit("error: only projections that allow autapses and multapses")
    if rule["rule"] == "fixed_total_number":
        targets = rng.integers(0, n_target, rule["number"], dtype=np.int32)
    elif rule["rule"] == "fixed_indegree":
        targets = np.repeat(np.arange(n_target, dtype=np.int32), rule["indegree"])
    else:
        raise SystemExit(f"error: no rule {rule}")
    sources = rng.integers(0, n_source, len(targets), dtype=np.int32)
    return sources + first[source], targets + first[target]


def neurons(network):
    """The group of all neurons. Populations may differ in their constant current and initial potential only."""
    populations = network["populations"]
    models = {p["model"] for p in populations}
    if len(models) != 1 or not models <= MODELS.keys():
        raise SystemExit(f"error: only networks of one model of {sorted(MODELS)}, found {sorted(models)}")
    model = models.pop()
    constants = [{k: p["params"].get(k, default) for k, default in DEFAULTS.items()} for p in populations]
    if any(c != constants[0] for c in constants):
        raise SystemExit("error: populations have different parameters")
    units = {"C_m": b2.pF, "E_L": b2.mV, "V_th": b2.mV, "V_reset": b2.mV}
    namespace = {k: v * units.get(k, b2.ms) for k, v in constants[0].items()}
    size = sum(p["size"] for p in populations)
    group = b2.NeuronGroup(
        size, MODELS[model], threshold="v >= V_th", reset="v = V_reset", refractory="t_ref", method="exact", namespace=namespace
    )
    return group, model


def initialise(group, network, rng):
    populations = network["populations"]
    rest = [{"distribution": "constant", "value": p["params"].get("E_L", DEFAULTS["E_L"])} for p in populations]
    group.v = np.concatenate([draw(p["initial"].get("V_m", at_rest), p["size"], rng) for p, at_rest in zip(populations, rest)]) * b2.mV
    if "I_e" in group.variables:
        group.I_e = np.concatenate([np.full(p["size"], p["params"].get("I_e", 0.0)) for p in populations]) * b2.pA


def synapses(group, model, case, first, rng):
    """All synapses: one object per constant weight and delay, and one per sign for those that are drawn.

    With thresholds after synapses a spike enters the queue in the next step, so delays are a step shorter.
    """
    network, dt = case["network"], case["dt"]
    unit = "mV" if model == "iaf_psc_delta" else "pA"
    kinds = {}
    for projection in network["projections"]:
        weight, delay = projection["weight"], projection["delay"]
        positive = weight.get("value", weight.get("mean")) >= 0
        constant = weight["distribution"] == delay["distribution"] == "constant"
        key = (positive, weight["value"], delay["value"]) if constant else (positive, None, None)
        kinds.setdefault(key, []).append(projection)
    objects, total = [], 0
    for (positive, weight, delay), projections in kinds.items():
        variable = "v" if model == "iaf_psc_delta" else "I_ex" if positive else "I_in"
        parts = [ends(p, network["populations"], first, rng) for p in projections]
        i, j = (np.concatenate(side) for side in zip(*parts))
        total += len(i)
        if weight is not None:
            synapse = b2.Synapses(group, group, on_pre=f"{variable}_post += {weight!r} * {unit}", delay=(delay - dt) * b2.ms)
            synapse.connect(i=i, j=j)
        else:
            dimension = {"mV": "volt", "pA": "amp"}[unit]
            synapse = b2.Synapses(group, group, f"w : {dimension} (constant)", on_pre=f"{variable}_post += w")
            synapse.connect(i=i, j=j)
            counts = [len(part[0]) for part in parts]
            synapse.w = np.concatenate([draw(p["weight"], n, rng) for p, n in zip(projections, counts)]) * UNITS[unit]
            delays = np.concatenate([draw(p["delay"], n, rng) for p, n in zip(projections, counts)])
            synapse.delay = np.maximum(delays - dt, 0) * b2.ms
        objects.append(synapse)
    return objects, total


def inputs(group, model, network, first):
    """Poisson input: the sum of many rare trains, which is how Brian2 wants it."""
    trains = 1000
    objects = []
    for stimulus in network["stimuli"]:
        rate, weight = common.poisson_rate(stimulus)
        begin = first[stimulus["target"]]
        cells = group[begin : begin + network["populations"][stimulus["target"]]["size"]]
        variable, unit = ("v", b2.mV) if model == "iaf_psc_delta" else ("I_ex", b2.pA)
        objects.append(b2.PoissonInput(cells, variable, trains, rate / trains * b2.Hz, weight * unit))
    return objects


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("network")
    parser.add_argument("--jobs", type=int, default=1, help="processes of the C++ compiler")
    parser.add_argument("--folder", required=True)
    parser.add_argument("--result", required=True)
    arguments = parser.parse_args()
    case = common.read(arguments.network)
    network = case["network"]
    rng = np.random.default_rng(case["seed"])
    shutil.rmtree(arguments.folder, ignore_errors=True)
    b2.set_device("cpp_standalone", build_on_run=False, directory=arguments.folder)
    b2.prefs.devices.cpp_standalone.extra_make_args_unix = [f"-j{arguments.jobs}"]
    b2.seed(case["seed"])
    b2.defaultclock.dt = case["dt"] * b2.ms

    build = common.Clock()
    sizes = [p["size"] for p in network["populations"]]
    first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    group, model = neurons(network)
    initialise(group, network, rng)
    objects, total = synapses(group, model, case, first, rng)
    monitor = b2.SpikeMonitor(group)
    net = b2.Network(group, monitor, *objects, *inputs(group, model, network, first))
    # NEST's order: what arrives in a step counts before the threshold, not in the next step after another decay.
    net.schedule = ["start", "groups", "synapses", "thresholds", "resets", "end"]
    for slot in ("before_start", "before_network_run", "after_network_run"):
        b2.device.insert_code(slot, MARK)
    net.run(case["warmup"] * b2.ms)
    net.run((case["duration"] - case["warmup"]) * b2.ms)
    b2.device.build(directory=arguments.folder, compile=True, run=False)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    build_cpu = build.seconds()[1] + children.ru_utime + children.ru_stime
    b2.device.run(arguments.folder, with_output=False, run_args=[])

    marks = np.loadtxt(os.path.join(arguments.folder, "results", "marks.txt"))
    (_, _, empty), (_, started, resident), _, before, after = marks
    wall, cpu = (after - before)[:2]
    seconds = (case["duration"] - case["warmup"]) / 1000
    measured = np.asarray(monitor.i)[np.asarray(monitor.t / b2.ms) > case["warmup"]]
    counts, _ = np.histogram(measured, bins=first)
    common.write(
        arguments.result,
        {
            "simulator": f"Brian2 {b2.__version__}",
            "threads": 1,
            "synapses": total,
            # Python, the C++ compiler, and the program until its first run.
            "build_cpu_seconds": build_cpu + started,
            "simulate_seconds": wall,
            "simulate_cpu_seconds": cpu,
            "biological_seconds": seconds,
            "bytes_per_synapse": (resident - empty) * os.sysconf("SC_PAGE_SIZE") / total,
            "peak_bytes": common.peak_bytes(resource.RUSAGE_CHILDREN),
            "rates": {p["name"]: n / p["size"] / seconds for p, n in zip(network["populations"], counts.tolist())},
        },
    )


main()
