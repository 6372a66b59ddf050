#!/usr/bin/env bash
# Everything that has to pass before a change is done: formatting, lints, tests, documentation, scenarios, the page in a browser.
#
#   ./tools/test.sh              all stages
#   ./tools/test.sh clippy docs  only these
#
# What tests need besides cargo and a C compiler is installed if it is missing and can be: chromium, g++, valgrind, shellcheck, tmux, Open MPI,
# libclang and python3-venv from Debian (as root), h5py, libsonata and numpy from PyPI into .venv, published connectomes
# from PyPI into target/registry-data, the CUDA compiler from PyPI into target/nvcc. Where it cannot, the tests that need it say `skipped: no ...`.
set -euo pipefail
cd "$(dirname "$0")/.."
exec </dev/null
export CI="${CI:-true}" CARGO_TERM_PROGRESS_WHEN=never
logs="$(mktemp -d)"
trap 'rm -rf "$logs"' EXIT

have() { command -v "$1" >/dev/null 2>&1; }

# --- what tests need ------------------------------------------------------------------------------------------------

install_packages() {
    local missing=()
    have chromium || have chromium-browser || have google-chrome || missing+=(chromium)
    have g++ || missing+=(g++)
    have valgrind || missing+=(valgrind)
    have shellcheck || missing+=(shellcheck)
    have tmux || missing+=(tmux)
    { have mpicc && have mpirun; } || missing+=(openmpi-bin libopenmpi-dev libclang-dev)
    { have python3 && python3 -c 'import ensurepip' 2>/dev/null; } || missing+=(python3 python3-venv)
    [ ${#missing[@]} -eq 0 ] && return 0
    if [ "$(id -u)" -eq 0 ] && have apt-get; then
        echo "installing ${missing[*]}"
        if apt-get update -qq >"$logs/apt" 2>&1 &&
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >>"$logs/apt" 2>&1; then
            return 0
        fi
        tail -5 "$logs/apt"
    fi
    local package
    for package in "${missing[@]}"; do echo "skipped: no $package" | tee -a "$logs/skipped"; done
}

python_environment() {
    have python3 || return 0
    local python=.venv/bin/python3
    if ! "$python" -c 'import h5py, libsonata, numpy, nir' 2>/dev/null; then
        if ! { python3 -m venv .venv && "$python" -m pip install --quiet --disable-pip-version-check h5py libsonata numpy nir; } >"$logs/pip" 2>&1; then
            tail -3 "$logs/pip"
            echo "skipped: no h5py, libsonata, numpy and nir" | tee -a "$logs/skipped"
            return 0
        fi
    fi
    # Tests run whatever python3 comes first.
    export PATH="$PWD/.venv/bin:$PATH"
}

# --- stages ---------------------------------------------------------------------------------------------------------

stage_format() { cargo fmt --all --check; }
stage_clippy() {
    cargo clippy --workspace --all-targets --release -- -D warnings || return 1
    # What other processors than x86-64 compile.
    cargo clippy -p kernels --lib --release -- -D warnings --cfg portable || return 1
    have mpicc || { echo "skipped: no mpicc" | tee -a "$logs/skipped"; return 0; }
    cargo clippy -p braincog-sim --features mpi --release -- -D warnings
}
stage_tests() {
    # A skipped test says so on its stdout, which is shown only on request.
    cargo test --workspace --release --all-targets --no-fail-fast -- --show-output 2>&1 | tee "$logs/tests"
}
stage_doctests() { cargo test --workspace --release --doc --no-fail-fast; }
stage_docs() { RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --release --quiet; }

stage_scenarios() {
    local scenario checked=0
    for scenario in scenarios/*.toml; do
        case "$scenario" in */Cargo.toml) continue ;; esac
        echo "--- $scenario"
        cargo run --release --quiet -- check "$scenario" || return 1
        checked=$((checked + 1))
    done
    echo "$checked scenarios checked"
    [ "$checked" -gt 0 ]
}

stage_browser() {
    # Made-up pages of every kind, and the page that the README's first command leaves.
    cargo run --release --quiet -p braincog-sim --example synthetic_report -- target/browser/pages || return 1
    cargo run --release --quiet -- scenarios/macaque.toml --out target/browser/macaque || return 1
    cp target/browser/macaque/report.html target/browser/pages/run.html
    cargo run --release --quiet -- sweep tests/sweep/good/grid.toml --quiet --out target/browser/sweep || return 1
    cp target/browser/sweep/sweep.html target/browser/pages/sweep.html
    have python3 || { echo "skipped: no python3" | tee -a "$logs/skipped"; return 0; }
    python3 tests/browser/report.test.py target/browser/pages target/browser/pictures | tee "$logs/browser" || return 1
    # The page of a run while it goes on.
    python3 tests/browser/live.test.py "${CARGO_TARGET_DIR:-target}/release/braincog-sim" target/browser/pictures | tee "$logs/live"
}

# Published connectomes that the registry test reads; what cannot be had is skipped by name.
stage_data() { tools/fetch-test-data.sh | tee "$logs/data"; }

# Device kernels: compiled for every architecture, within their registers, and equal to the PTX that is shipped. Tests use the compiler that this installs.
stage_cuda() { tools/cuda.sh | tee "$logs/cuda"; }

stage_fuzz() {
    local crate
    for crate in connectome scenarios snn; do
        cargo check --quiet --manifest-path "$crate/fuzz/Cargo.toml" --target-dir target/fuzz || return 1
    done
}

# --- running and summing up -----------------------------------------------------------------------------------------

summary=()
failed=0

run_stage() {
    local name=$1 started=$SECONDS result=ok
    printf '\n=== %s\n' "$name"
    "stage_$name" || { result=FAILED; failed=1; }
    summary+=("$(printf '%-10s %6s  %4d s' "$name" "$result" $((SECONDS - started)))")
    echo "=== $name: $result in $((SECONDS - started)) s"
}

stages=("$@")
[ ${#stages[@]} -gt 0 ] || stages=(format clippy data cuda tests doctests docs scenarios browser fuzz)
for name in "${stages[@]}"; do
    declare -F "stage_$name" >/dev/null || { echo "error: no stage $name" >&2; exit 2; }
done

install_packages
python_environment
for name in "${stages[@]}"; do run_stage "$name"; done

printf '\n=== summary\n'
printf '%s\n' "${summary[@]}"
grep -hs '^skipped: no ' "$logs"/* | sort | uniq -c || true
if [ "$failed" -ne 0 ]; then
    # Said once more at the end: what lies in the middle of a long log is hard to find.
    grep -hs '^test .* \.\.\. FAILED$' "$logs"/* || true
    grep -hs -A 12 '^thread .* panicked at ' "$logs/tests" | tail -80 || true
    echo "FAILED after $SECONDS s"
    exit 1
fi
echo "all passed in $SECONDS s"
