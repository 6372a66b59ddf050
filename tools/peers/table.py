"""Prints the results in a folder side by side, as a Markdown table with ratios to the first: table.py FOLDER"""

import glob
import json
import os
import sys

ROWS = [
    ("threads", lambda r: r["threads"]),
    ("CPU seconds per biological second", lambda r: r["simulate_cpu_seconds"] / r["biological_seconds"]),
    ("real-time factor", lambda r: r["simulate_seconds"] / r["biological_seconds"]),
    ("CPU seconds to build", lambda r: r["build_cpu_seconds"]),
    ("bytes per synapse", lambda r: r["bytes_per_synapse"]),
    ("peak memory in MB", lambda r: r["peak_bytes"] / 1e6),
]


def number(x):
    return f"{x:.0f}" if abs(x) >= 1000 else f"{x:.3g}"


def main(folder):
    results = []
    for path in sorted(glob.glob(os.path.join(folder, "[1-9]-*.json"))):
        with open(path) as file:
            results.append(json.load(file))
    if not results:
        raise SystemExit(f"error: no results in {folder}")
    ours, others = results[0], results[1:]
    print(f"\n### {os.path.basename(os.path.normpath(folder))}\n")
    print(f"{ours['synapses']:,} synapses, {ours['biological_seconds']:g} s of biological time\n")
    heads = ["", ours["simulator"]] + [head for r in others for head in (r["simulator"], "ratio")]
    print("| " + " | ".join(heads) + " |")
    print("|---|" + "---:|" * (len(heads) - 1))
    for name, figure in ROWS:
        mine = figure(ours)
        cells = [name, number(mine)]
        for r in others:
            cells += [number(figure(r)), "" if name == "threads" else number(figure(r) / mine) if mine > 0 else "-"]
        print("| " + " | ".join(cells) + " |")
    for population in ours["rates"]:
        cells = [f"rate of {population} in 1/s", number(ours["rates"][population])]
        for r in others:
            cells += [number(r["rates"][population]), ""]
        print("| " + " | ".join(cells) + " |")
    loads = ["load of the machine (1 min)", number(ours["load"][0])]
    for r in others:
        loads += [number(r["load"][0]), ""]
    print("| " + " | ".join(loads) + " |")


main(sys.argv[1])
