#!/usr/bin/env bash
# What a machine with an NVIDIA GPU can tell about the CUDA backend, in about five minutes: whether every shipped scenario gives
# the spikes of the processor, how fast the cortical microcircuit runs at full size, and what compute-sanitizer says.
#
#   tools/gpu-check.sh            build, check, measure; the result is gpu-check.json
#   tools/gpu-check.sh --short    without what takes long: for a try, and for tests
#
# Needs this repository, cargo and the driver. Exit codes: 0 all equal, 1 some run differed or failed, 3 no device.
# BRAINCOG_SIM names a program that is built already; GPU_CHECK_OUT the file to write.
set -euo pipefail
cd "$(dirname "$0")/.."

short=0
case "${1:-}" in
    --short) short=1 ;;
    '') ;;
    *) echo "error: unknown argument '$1'; expected --short or none" >&2; exit 2 ;;
esac
result="${GPU_CHECK_OUT:-gpu-check.json}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
have() { command -v "$1" >/dev/null 2>&1; }

program="${BRAINCOG_SIM:-}"
if [ -z "$program" ]; then
    cargo build --release --quiet --package braincog-sim
    program="${CARGO_TARGET_DIR:-target}/release/braincog-sim"
fi

# A text as JSON has it; texts here hold no control characters but line ends.
quoted() { local text=${1//\\/\\\\}; text=${text//\"/\\\"}; printf '"%s"' "${text//$'\n'/ }"; }

# Number or text of key $2 in the report of run $1, as JSON has it.
reported() { sed -n "s/^  \"$2\": \(.*[^,]\),\{0,1\}$/\1/p" "$work/$1/report.json"; }

# Runs scenario $1 on backend $2 into $1-$2 with further arguments; prints nothing.
simulate() {
    local name=$1 backend=$2
    shift 2
    "$program" run "scenarios/$name.toml" --backend "$backend" --quiet --out "$work/$name-$backend" "$@" >"$work/said" 2>&1
}

# --- the machine ------------------------------------------------------------------------------------------------------

if ! device="$("$program" check scenarios/coba.toml --backend cuda 2>"$work/said")"; then
    cat "$work/said" >&2
    exit 3
fi
device="$(sed -n 's/^ *device   *//p' <<<"$device")"
driver=unknown
if have nvidia-smi; then driver="$(nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null | head -1)" || driver=unknown; fi
echo "device: $device, driver $driver"

# --- the same spikes --------------------------------------------------------------------------------------------------

failed=0
runs=()

# Compares scenario $1 on both backends with these further arguments, and notes it as kind $2.
compare() {
    local name=$1 kind=$2 equal=false
    shift 2
    if simulate "$name" cpu "$@" && simulate "$name" cuda "$@"; then
        [ "$(reported "$name-cpu" spike_checksum)" = "$(reported "$name-cuda" spike_checksum)" ] && equal=true
        runs+=("{\"scenario\": $(quoted "$name"), \"kind\": $(quoted "$kind"), \"equal\": $equal, \
\"spikes\": $(reported "$name-cuda" spikes), \"checksum\": $(reported "$name-cuda" spike_checksum), \
\"realtime_factor_cpu\": $(reported "$name-cpu" realtime_factor), \"realtime_factor_cuda\": $(reported "$name-cuda" realtime_factor)}")
    else
        runs+=("{\"scenario\": $(quoted "$name"), \"kind\": $(quoted "$kind"), \"equal\": false, \"error\": $(quoted "$(cat "$work/said")")}")
    fi
    [ "$equal" = true ] || failed=1
    echo "$name, $kind: $([ "$equal" = true ] && echo equal || echo DIFFERENT)"
}

for file in scenarios/*.toml; do
    name="$(basename "$file" .toml)"
    [ "$name" != Cargo ] || continue
    # A few thousand neurons of each.
    small=()
    read -ra assignments <<<"$(sed -n "s/^$name //p" tests/small.txt)"
    for assignment in "${assignments[@]}"; do small+=(--set "$assignment"); done
    if [ "$short" = 1 ]; then small+=(--time 1ms); else small+=(--time 200ms); fi
    small+=(--set simulation.warmup=0ms)
    compare "$name" stored --set simulation.storage=stored "${small[@]}"
    [ "$short" = 1 ] || compare "$name" auto "${small[@]}"
done

# --- the speed --------------------------------------------------------------------------------------------------------

# The published microcircuit at full size, one second of it; the device's own events say how long it took to deliver and to update. A
# small network, to see that the rest of this works, is no measurement.
timing=null
measure=(bench pd14 --backend cuda --json)
[ "$short" = 0 ] || measure=(bench brunel --backend cuda --json --scale 0.01 --time 2ms)
if "$program" "${measure[@]}" >"$work/measured.json" 2>"$work/said"; then
    timing="$(cat "$work/measured.json")"
    # Number of key $1 there, whatever it is nested in.
    measured() { sed -n "s/^ *\"$1\": \([-0-9.e+]*\),\{0,1\}\$/\1/p" "$work/measured.json" | head -1; }
    echo "${measure[1]}, $(measured neurons) neurons: real-time factor $(measured realtime_factor), \
$(measured ms_per_step) ms a step, $(measured ns_per_event) ns an event, $(measured ns_per_neuron_step) ns a neuron and step"
else
    cat "$work/said"
    timing="{\"error\": $(quoted "$(cat "$work/said")")}"
    failed=1
fi

# --- the sanitizer ----------------------------------------------------------------------------------------------------

sanitizer='"skipped: no compute-sanitizer"'
if have compute-sanitizer && [ "$short" = 0 ]; then
    sanitizer=
    for tool in memcheck racecheck initcheck synccheck; do
        verdict=clean
        compute-sanitizer --tool "$tool" --error-exitcode 9 "$program" run scenarios/coba.toml --backend cuda --quiet \
            --time 5ms --set simulation.warmup=0ms --out "$work/sanitized" >"$work/said" 2>&1 || verdict="$(tail -3 "$work/said")"
        [ "$verdict" = clean ] || failed=1
        echo "compute-sanitizer $tool: $verdict"
        sanitizer+="${sanitizer:+, }\"$tool\": $(quoted "$verdict")"
    done
    sanitizer="{$sanitizer}"
else
    echo "skipped: no compute-sanitizer"
fi

# --- the result -------------------------------------------------------------------------------------------------------

commit="$(git rev-parse HEAD 2>/dev/null)" || commit=unknown
{
    printf '{\n  "device": %s,\n  "driver": %s,\n  "commit": %s,\n' "$(quoted "$device")" "$(quoted "$driver")" "$(quoted "$commit")"
    printf '  "all_equal": %s,\n  "measured": %s,\n  "sanitizer": %s,\n  "runs": [\n' \
        "$([ "$failed" = 0 ] && echo true || echo false)" "$timing" "$sanitizer"
    for i in "${!runs[@]}"; do
        printf '    %s%s\n' "${runs[$i]}" "$([ "$i" -lt $((${#runs[@]} - 1)) ] && echo ,)"
    done
    printf '  ]\n}\n'
} >"$result.partial"
mv "$result.partial" "$result"
echo "result: $result"
exit "$failed"
