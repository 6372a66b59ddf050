// Spike compaction: the neurons that fired, one after another, with what they still have to deliver.
#pragma once

#include "device.cuh"

namespace braincog {

// Appends neuron `id` to the ring where `fired` holds. A warp takes its room with a single addition; the order
// between warps is left open, since sums do not depend on it, and who records spikes sorts them. All 32 lanes of
// the warp must call it.
__device__ __forceinline__ void emit(bool fired, unsigned id, u64 step, const Ring& ring, const Row* sources) {
    const unsigned firing = __ballot_sync(ALL_LANES, fired);
    if (firing == 0) return;
    const unsigned lane = threadIdx.x % WARP;
    unsigned first = 0;
    if (lane == 0) first = atomicAdd(&ring.tally->n, __popc(firing));
    first = __shfl_sync(ALL_LANES, first, 0);
    if (!fired) return;
    const unsigned number = first + __popc(firing & ((1u << lane) - 1));
    if ((int)(number - ring.tally->limit) >= 0) {
        atomicAdd(&ring.tally->lost, 1u);
        return;
    }
    const unsigned place = number & ring.mask;
    Row row = {0, 0, 0, 0};
    if (sources) row = sources[id];
    ring.ids[place] = id;
    ring.cursors[place] = {row.head, row.end, row.quad, (unsigned)step + row.delay};
}

}
