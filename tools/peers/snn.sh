#!/usr/bin/env bash
# Training and evaluation of the same deep networks by `braincog-snn bench` and in PyTorch with SpikingJelly's and BrainCog's nodes, one
# after another on this machine, and their ratios as Markdown tables.
#
#   tools/peers/snn.sh                  networks S and M with 1 and 2 threads
#   tools/peers/snn.sh S --threads 1    one of them
#
#   --threads LIST  (1,2)               --only LIST  comma-separated programs (spikingjelly,braincog,braincog-layers)
#   --rounds N      all programs N times in turn, the least counts (3)
#   --case DIR      weights and inputs that an earlier run left in target/peers/snn/case, instead of training: M takes minutes
#
# Needs python3 with venv, cargo, unzip. Packages come from PyPI into target/peers/snn. PyTorch for x86-64 brings CUDA along, 5 GB, and does not load without
# it; whoever has an environment with torch, numpy, einops, loguru and tqdm sets TORCH_PYTHON to its python. Of SpikingJelly and BrainCog the files are taken and not
# installed, because what they depend on cannot be installed together.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PYTHONDONTWRITEBYTECODE=1
# Idle OpenMP threads shall not spin: where others compute as well, that only costs.
export OMP_WAIT_POLICY=passive

networks=() threads=1,2 rounds=3 case= only=spikingjelly,braincog,braincog-layers
while [ $# -gt 0 ]; do
    case "$1" in
        S | M) networks+=("$1"); shift; continue ;;
        --threads | --rounds | --only | --case) [ $# -gt 1 ] || { echo "error: $1 needs a value" >&2; exit 2; } ;;
        *) echo "error: no option $1; see the top of $0" >&2; exit 2 ;;
    esac
    case "$1" in
        --threads) threads=$2 ;;
        --rounds) rounds=$2 ;;
        --only) only=$2 ;;
        --case) case=$2 ;;
    esac
    shift 2
done
[ ${#networks[@]} -gt 0 ] || networks=(S M)

peers=target/peers/snn
results=$peers/results
mkdir -p "$peers/packages"
python=${TORCH_PYTHON:-$peers/venv/bin/python}
if ! "$python" -c "import torch, einops, loguru, tqdm" >/dev/null 2>&1; then
    echo "installing torch" >&2
    python3 -m venv "$peers/venv"
    python=$peers/venv/bin/python
    "$python" -m pip install --quiet --disable-pip-version-check torch numpy einops loguru tqdm
fi
if [ ! -d "$peers/packages/braincog" ] || [ ! -d "$peers/packages/spikingjelly" ]; then
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps --dest "$peers" braincog==0.2.7.19 spikingjelly==2.0.0
    for wheel in "$peers"/*.whl; do unzip -qo "$wheel" -d "$peers/packages"; done
fi

cargo build --release --quiet -p snn --bin braincog-snn
ours="${CARGO_TARGET_DIR:-target}/release/braincog-snn"
rm -rf "$results"
mkdir -p "$results"
# Trained once, and evaluated by all.
if [ -z "$case" ]; then
    case=$peers/case
    rm -rf "$case"
    for network in "${networks[@]}"; do
        echo "$network: training" >&2
        "$ours" bench --network "$network" --repeats 1 --describe "$case" >&2
    done
fi
for network in "${networks[@]}"; do
    [ -f "$case/$network-trained.safetensors" ] || { echo "error: $case has no $network-trained.safetensors; without --case it is made" >&2; exit 2; }
done
for round in $(seq "$rounds"); do
    for network in "${networks[@]}"; do
        for n in ${threads//,/ }; do
            echo "round $round: $network, $n threads" >&2
            "$ours" --threads "$n" bench --network "$network" --weights "$case/$network-trained.safetensors" --json >"$results/$network-$n-ours-$round.json"
            for nodes in ${only//,/ }; do
                OMP_NUM_THREADS=$n "$python" tools/peers/snn_network.py "$network" --case "$case" --packages "$peers/packages" --nodes "$nodes" \
                    --threads "$n" >"$results/$network-$n-$nodes-$round.json" 2>"$results/log.txt" || { tail -5 "$results/log.txt" >&2; exit 1; }
            done
        done
    done
done
python3 tools/peers/snn_table.py "$results"
