"""The least of all rounds, side by side, with ratios to ours, as a Markdown table: snn_table.py FOLDER

The folder holds files NETWORK-THREADS-PROGRAM-ROUND.json, those of ours as `braincog-snn bench --json` prints them.
"""

import collections
import glob
import json
import os
import sys

ROWS = ["training step, CPU ms", "training step, wall ms", "evaluation, CPU ms", "evaluation, wall ms", "peak memory, MB"]


def figures(path):
    with open(path) as file:
        result = json.load(file)
    ours = isinstance(result, list)
    if ours:
        result = result[0]
        result["evaluation"] = result["evaluation"]["batch"]
    step, evaluation = result["training_step"], result["evaluation"]
    values = [step["cpu_ms"], step["wall_ms"], evaluation["cpu_ms"], evaluation["wall_ms"], result["peak_bytes"] * 1e-6]
    return values, result.get("same_logits")


def main(folder):
    best, same = collections.defaultdict(dict), {}
    for path in sorted(glob.glob(os.path.join(folder, "*-*-*.json"))):
        network, threads, rest = os.path.basename(path)[:-5].split("-", 2)
        program = rest.rsplit("-", 1)[0]
        values, agreement = figures(path)
        known = best[network, threads].get(program, values)
        best[network, threads][program] = [min(pair) for pair in zip(known, values)]
        if agreement is not None:
            same[network, program] = min(agreement, same.get((network, program), 1.0))
    if not best:
        raise SystemExit(f"error: no results in {folder}")
    for (network, threads), programs in best.items():
        ours = programs.pop("ours")
        print(f"\n{network}, {threads} thread{'s' if threads != '1' else ''}:\n")
        print("| | ours | " + " | ".join(f"{name} | ratio" for name in programs) + " |")
        print("|---|" + "---:|" * (1 + 2 * len(programs)))
        for row, name in enumerate(ROWS):
            cells = [name, f"{ours[row]:.0f}"]
            for values in programs.values():
                cells += [f"{values[row]:.0f}", f"{values[row] / ours[row]:.2f}"]
            print("| " + " | ".join(cells) + " |")
    print("\nLogits of the trained network that agree to 0.001: " + ", ".join(f"{n} {p} {100 * s:.1f} %" for (n, p), s in same.items()))


main(sys.argv[1])
