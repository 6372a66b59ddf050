#!/usr/bin/env bash
# Compiles the device kernels of kernels/cuda: that each compiles for every architecture we name, spills nothing and keeps to
# the registers that its source allows, and that the PTX we ship is what the compiler makes of the source.
#
#   tools/cuda.sh           check
#   tools/cuda.sh --update  write kernels/cuda/ptx anew
#
# The compiler comes from PyPI; no GPU and no driver is needed. Without it: `skipped: no ...`.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly release="13.5.*"
readonly architectures=(75 80 90 100 120)
readonly ptx=kernels/cuda/ptx
tools="${CARGO_TARGET_DIR:-target}/nvcc"
made="$(mktemp -d)"
trap 'rm -rf "$made"' EXIT

find_compiler() {
    local found
    found="$(echo "$tools"/lib/python3*/site-packages/nvidia/cu13/bin)"
    [ -x "$found/nvcc" ] && echo "$found"
}

install_compiler() {
    find_compiler >/dev/null && return 0
    python3 -m venv "$tools" && install "nvidia-cuda-nvcc==$release"
}

install() { "$tools/bin/python3" -m pip install --quiet --disable-pip-version-check "$1"; }

# The compiler as a library, for the tests of programs that find one (tests/tests/cuda.rs).
install_library() {
    local found
    found="$(echo "$tools"/lib/python3*/site-packages/nvidia/cu13/lib/libnvrtc.so.13)"
    [ -f "$found" ] || install "nvidia-cuda-nvrtc==$release"
}

# The lowest header that drivers of today take: the compiler claims its own version whatever the code needs. What it says
# about bytes of a vector that nobody uses is a hint, and of a later version.
lower_header() { sed -e 's/^\.version .*/.version 6.3/' -e 's/^\.target .*/.target sm_75/' -e '/^\t\.pragma "used_bytes_mask /d'; }

# Compiles source $1, with more options, to the lowered PTX of unit $2.
compile() {
    local source=$1 unit=$2
    shift 2
    mkdir -p "$made/$(dirname "$unit")"
    "$bin/nvcc" -std=c++20 -arch=compute_75 --fmad=false -ptx "$@" "kernels/cuda/$source" -o "$made/raw.ptx"
    lower_header <"$made/raw.ptx" >"$made/$unit.ptx"
}

# Most registers that source $1 allows model $2.
budget() {
    awk -v name="$2" '/^\/\/ registers [0-9]+$/ { all = $3 }
        /^\/\/ registers [0-9]+:/ { for (i = 4; i <= NF; i++) if ($i == name) own = $3 + 0 }
        END { print own ? own : all }' "kernels/cuda/$1"
}

# Assembles unit $2 for every architecture and compares its registers with the budget in source $1.
assemble() {
    local source=$1 unit=$2 arch report most used
    most="$(budget "$source" "$(basename "$unit")")"
    [ -n "$most" ] || { echo "error: kernels/cuda/$source has no line '// registers N'"; return 1; }
    for arch in "${architectures[@]}"; do
        report="$("$bin/ptxas" -v -arch="sm_$arch" "$made/$unit.ptx" -o "$made/cubin" 2>&1)" || { echo "$report"; return 1; }
        if grep -qE '[1-9][0-9]* bytes (stack frame|spill stores|spill loads)' <<<"$report"; then
            echo "error: $unit spills on sm_$arch"
            echo "$report"
            return 1
        fi
        used="$(grep -oE 'Used [0-9]+ registers' <<<"$report" | awk '{ if ($2 > most) most = $2 } END { print most }')"
        if [ "$used" -gt "$most" ]; then
            echo "error: $unit uses $used registers on sm_$arch, kernels/cuda/$source allows $most"
            return 1
        fi
        printf '%-28s sm_%-4s %3d of %d registers\n' "$unit" "$arch" "$used" "$most"
    done
}

# Compares unit $1 with what is shipped. Another build of the compiler may write the same code differently.
compare() {
    local unit=$1 shipped="$ptx/$1.ptx"
    [ -f "$shipped" ] || { echo "error: no $shipped; tools/cuda.sh --update writes it"; return 1; }
    cmp -s "$made/$unit.ptx" "$shipped" && return 0
    local build='Compiler Build ID: .*'
    if [ "$(grep -m1 -oE "$build" "$made/$unit.ptx")" != "$(grep -m1 -oE "$build" "$shipped")" ]; then
        echo "skipped: no compiler that $shipped was made with"
        return 0
    fi
    echo "error: $shipped is not what its source gives; tools/cuda.sh --update writes it"
    return 1
}

if ! install_compiler >"$made/log" 2>&1; then
    tail -3 "$made/log"
    echo "skipped: no nvcc $release"
    exit 0
fi
bin="$(find_compiler)"
if ! install_library >"$made/log" 2>&1; then
    tail -3 "$made/log"
    echo "skipped: no nvrtc $release"
fi

# What the text of every model begins with.
kit="$made/kit.cuh"
sed '/^namespace braincog { namespace /,$d' models/tests/cuda/parrot_neuron.cu >"$kit"

units=("deliver.cu deliver" "sample.cu sample")
compile deliver.cu deliver -include "$kit"
compile sample.cu sample
for source in kernels/cuda/snn/*.cu; do
    unit="snn/$(basename "$source" .cu)"
    compile "$unit.cu" "$unit" -include "$kit"
    units+=("$unit.cu $unit")
done
for text in models/tests/cuda/*.cu; do
    model="$(basename "$text" .cu)"
    compile update.cu "update/$model" -include "$text" -DMODEL="$model"
    units+=("update.cu update/$model")
done

failed=0
for pair in "${units[@]}"; do
    read -r source unit <<<"$pair"
    assemble "$source" "$unit" || failed=1
    if [ "${1:-}" = --update ]; then
        mkdir -p "$(dirname "$ptx/$unit")"
        cp "$made/$unit.ptx" "$ptx/$unit.ptx"
    else
        compare "$unit" || failed=1
    fi
done
# What has no source any more is not shipped either.
while read -r shipped; do
    unit="${shipped#"$ptx/"}"
    [ -f "$made/$unit" ] || { echo "error: $shipped has no source"; failed=1; }
done < <(find "$ptx" -name '*.ptx')
exit "$failed"
