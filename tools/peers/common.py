"""What the peers share: a network as `braincog-sim bench --describe` gives it, clocks, and the keys of a result."""

import json
import math
import os
import resource
import time


def read(path):
    """The first case of a described benchmark. JSON has no infinity: a missing bound is one."""
    with open(path) as file:
        case = json.load(file)[0]
    values = [projection[key] for projection in case["network"]["projections"] for key in ("weight", "delay")]
    values += [value for population in case["network"]["populations"] for value in population["initial"].values()]
    for value in values:
        if value["distribution"] == "normal":
            value["min"] = -math.inf if value["min"] is None else value["min"]
            value["max"] = math.inf if value["max"] is None else value["max"]
    return case


def poisson_rate(stimulus):
    """Rate in 1/s and weight of a Poisson generator of constant rate."""
    kind = stimulus["kind"]
    if kind["kind"] != "poisson_generator" or len(kind["rate"]) != 1 or stimulus["range"] is not None:
        raise SystemExit(f"error: only Poisson generators of constant rate that drive whole populations, found {stimulus}")
    return kind["rate"][0][1], kind["weight"]


def resident_bytes():
    """Memory of this process now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def peak_bytes(who=resource.RUSAGE_SELF):
    """Peak memory of this process so far, or of its children."""
    return resource.getrusage(who).ru_maxrss * 1024


class Clock:
    """Wall and CPU seconds (all threads) since it was made."""

    def __init__(self):
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def seconds(self):
        return time.perf_counter() - self.wall, time.process_time() - self.cpu


def write(path, result):
    """Writes a result: simulator, threads, synapses, build_cpu_seconds, simulate_seconds, simulate_cpu_seconds, biological_seconds,
    bytes_per_synapse, peak_bytes, rates {population: 1/s}, load."""
    result["load"] = os.getloadavg()
    with open(path, "w") as file:
        json.dump(result, file, indent=1)
