// Spike compaction: the indices of the neurons that fired, one after another.
#pragma once

namespace braincog {

// Appends `index` to the list where `fired` holds. A warp takes its room with a single addition; the order
// between warps is left open, since who needs sorted spikes sorts them once per exchange. All 32 lanes of
// the warp must call it.
__device__ __forceinline__ void append(bool fired, unsigned index, unsigned* list, unsigned* length) {
    const unsigned all = 0xffffffffu;
    const unsigned firing = __ballot_sync(all, fired);
    if (firing == 0) return;
    const unsigned lane = threadIdx.x % 32;
    unsigned first = 0;
    if (lane == 0) first = atomicAdd(length, __popc(firing));
    first = __shfl_sync(all, first, 0);
    if (fired) list[first + __popc(firing & ((1u << lane) - 1))] = index;
}

}
