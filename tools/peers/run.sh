#!/usr/bin/env bash
# The same networks in BrainCog, NEST and Brian2, one after another on this machine, and their ratios as a Markdown table.
#
#   tools/peers/run.sh                      both networks at full size: about 10 GB, and many minutes of NEST
#   tools/peers/run.sh brunel               one of pd14 and brunel
#   tools/peers/run.sh pd14 --scale 0.1     a tenth of the neurons and of their inputs
#
#   --scale X    size of the networks (1)          --time T    biological time that is measured, after the warm-up (1s)
#   --threads N  threads of BrainCog and NEST (all); Brian2 has one   --only LIST comma-separated simulators (braincog,nest,brian2)
#
# Needs python3 with venv, cargo, a C++ compiler. NEST and Brian2 come from PyPI into target/peers, where results stay as well. The networks are
# described by `braincog-sim bench --describe`, so that all simulators build the same; each draws its own random numbers.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PYTHONDONTWRITEBYTECODE=1
# Idle OpenMP threads shall not spin: where others compute as well, that only costs.
export OMP_WAIT_POLICY=passive

networks=() scale=1 threads=$(nproc) time=1s only=braincog,nest,brian2
while [ $# -gt 0 ]; do
    case "$1" in
        pd14 | brunel) networks+=("$1"); shift; continue ;;
        --scale | --threads | --time | --only) [ $# -gt 1 ] || { echo "error: $1 needs a value" >&2; exit 2; } ;;
        *) echo "error: no option $1; see the top of $0" >&2; exit 2 ;;
    esac
    case "$1" in
        --scale) scale=$2 ;;
        --threads) threads=$2 ;;
        --time) time=$2 ;;
        --only) only=$2 ;;
    esac
    shift 2
done
[ ${#networks[@]} -gt 0 ] || networks=(pd14 brunel)

peers=target/peers
mkdir -p "$peers"

# A virtual environment with these packages, made once.
environment() {
    local name=$1 module=$2
    shift 2
    "$peers/$name/bin/python" -c "import $module" >/dev/null 2>&1 && return 0
    echo "installing $*" >&2
    python3 -m venv "$peers/$name"
    "$peers/$name/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}

wanted() { [[ ",$only," == *",$1,"* ]]; }

cargo build --release --quiet -p braincog-sim
braincog="${CARGO_TARGET_DIR:-target}/release/braincog-sim"
wanted nest && environment nest nest nest-simulator
# Brian2 2.9 does not import with numpy 2.3.
wanted brian2 && environment brian2 brian2 "brian2>=2.9" "numpy<2.3"

for network in "${networks[@]}"; do
    results="$peers/results/$network-$scale"
    rm -rf "$results"
    mkdir -p "$results"
    "$braincog" bench "$network" --scale "$scale" --time "$time" --describe >"$results/network.json"
    if wanted braincog; then
        echo "$network: BrainCog" >&2
        "$braincog" bench "$network" --scale "$scale" --time "$time" --threads "$threads" --json >"$results/bench.json"
        python3 tools/peers/braincog.py "$results/bench.json" >"$results/1-braincog.json"
    fi
    if wanted nest; then
        echo "$network: NEST" >&2
        "$peers/nest/bin/python" tools/peers/nest_network.py "$results/network.json" --threads "$threads" \
            --result "$results/2-nest.json" >"$results/nest.log" 2>&1 || { tail -5 "$results/nest.log" >&2; exit 1; }
    fi
    if wanted brian2; then
        echo "$network: Brian2" >&2
        "$peers/brian2/bin/python" tools/peers/brian2_network.py "$results/network.json" --jobs "$threads" --folder "$results/brian2" \
            --result "$results/3-brian2.json" >"$results/brian2.log" 2>&1 || { tail -5 "$results/brian2.log" >&2; exit 1; }
        rm -rf "$results/brian2"
    fi
    python3 tools/peers/table.py "$results"
done
