#!/usr/bin/env bash
# Runs a program on two ranks that lie in two network namespaces, as on two hosts that share nothing but a wire and a disk.
#
#   tests/mpi/two-hosts.sh PROGRAM ARGUMENT...
#
# Exits with 77 where the system does not let us make namespaces.
set -euo pipefail

name="braincog-$$"
agent="$(mktemp)"
cleanup() {
    rm -f "$agent"
    for n in 1 2; do ip netns del "$name-$n" 2>/dev/null || true; done
}
trap cleanup EXIT

make_hosts() {
    for n in 1 2; do ip netns add "$name-$n"; done
    ip link add wire1 netns "$name-1" type veth peer name wire2 netns "$name-2"
    for n in 1 2; do
        ip -n "$name-$n" addr add "10.77.0.$n/24" dev "wire$n"
        ip -n "$name-$n" link set "wire$n" up
        ip -n "$name-$n" link set lo up
    done
    # Each host has a name of its own.
    unshare --uts true
}
make_hosts 2>/dev/null || exit 77

# What the launcher calls instead of ssh: AGENT HOST COMMAND...
cat >"$agent" <<SCRIPT
#!/usr/bin/env bash
host="\${1##*.}"
shift
exec ip netns exec "$name-\$host" unshare --uts sh -c "hostname host-\$host; \$*"
SCRIPT
chmod +x "$agent"

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
wire="10.77.0.0/24"
ip netns exec "$name-1" unshare --uts sh -c 'hostname host-1; exec "$@"' host \
    mpirun --host 10.77.0.1:1,10.77.0.2:1 -n 2 --mca plm_rsh_agent "$agent" \
    --mca btl tcp,self --mca btl_tcp_if_include "$wire" --mca oob_tcp_if_include "$wire" "$@"
