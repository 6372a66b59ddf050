"""A result in the peers' keys from what `braincog-sim bench NAME --json` printed."""

import json
import sys

with open(sys.argv[1]) as file:
    case = json.load(file)[0]
json.dump(
    {
        "simulator": "BrainCog",
        "threads": case["threads"],
        "synapses": case["synapses"],
        "build_cpu_seconds": case["build_cpu_seconds"],
        "simulate_seconds": case["simulate_seconds"],
        "simulate_cpu_seconds": case["simulate_cpu_seconds"],
        "biological_seconds": case["biological_seconds"],
        "bytes_per_synapse": case["bytes_per_synapse"],
        "peak_bytes": case["peak_rss_bytes"],
        "rates": {name: population["rate"] for name, population in case["populations"].items()},
        "load": case["machine"]["load"],
    },
    sys.stdout,
    indent=1,
)
