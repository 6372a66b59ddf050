// What kernels are given: the structs of kernels/src/device, field by field.
#pragma once

#include "random.cuh"

// What is known of a run when a kernel is compiled for it (kernels/src/cuda/specialised.rs), 0 where it is open. Of the kernels
// that are shipped all is open.
//
// WHOLE_STATE   no slice has its state in 16 bits
// ONE_SLOT      sums have one slot
// N_DRIVES      so many drives has every slice
// ONLY_POISSON  all drives are Poisson sources
// WHOLE_DRIVES  every drive drives all neurons of its slice
// ONLY_STORED   no rows are made
// ONLY_MADE     no rows are stored
#ifndef WHOLE_STATE
#define WHOLE_STATE 0
#endif
#ifndef ONE_SLOT
#define ONE_SLOT 0
#endif
#ifndef N_DRIVES
#define N_DRIVES 0
#endif
#ifndef ONLY_POISSON
#define ONLY_POISSON 0
#endif
#ifndef WHOLE_DRIVES
#define WHOLE_DRIVES 0
#endif
#ifndef ONLY_STORED
#define ONLY_STORED 0
#endif
#ifndef ONLY_MADE
#define ONLY_MADE 0
#endif

namespace braincog {

typedef unsigned long long u64;

// Threads of a block, of every kernel.
const unsigned THREADS = 256;
const unsigned WARP = 32;
const unsigned ALL_LANES = 0xffffffffu;

// Most neurons in a target block: what a 16-bit index reaches.
const unsigned BLOCK = 65536;

// An address that was read from memory; the compiler cannot know by itself that it is one of global memory.
template <class T>
__device__ __forceinline__ T* global(T* address) {
    __builtin_assume(__isGlobal(address));
    return address;
}

// Sums of synaptic input in fixed point, [slot][receptor][place].
struct Sums {
    int* cells;
    unsigned n_places;
    unsigned n_receptors;
    unsigned slot_mask;
    unsigned unused;

    // What a receptor gets in a step.
    __device__ __forceinline__ int* at(u64 step, unsigned receptor) const {
        const unsigned slot = ONE_SLOT ? 0 : (unsigned)step & slot_mask;
        return cells + (u64)(slot * n_receptors + receptor) * n_places;
    }
};

// A stored row: heads of its segments, where the words of the first one begin, and the delay of the first one; 0 if there
// is none.
struct __align__(16) Row {
    unsigned head;
    unsigned end;
    unsigned quad;
    unsigned delay;
};

// What is left of the row of a spike under way: as `Row`, but with the step at which the next segment is due, its low word;
// in the past if there is none. In one piece, so that it is read and written at once.
struct __align__(16) Cursor {
    unsigned head;
    unsigned end;
    unsigned quad;
    unsigned due;
};

struct __align__(16) Kind {
    unsigned encoding;
    unsigned receptor;
    unsigned shift;
    int weight;
};

const unsigned CONSTANT = 0;
const unsigned COMPACT = 1;
const unsigned WIDE = 2;

// All stored rows; null if there are none.
struct Store {
    const Row* rows;
    const u64* heads;
    const uint4* words;
    const Kind* kinds;
};

// Counters of a run.
struct Tally {
    u64 events;
    // Spikes; it wraps, so only differences mean something.
    unsigned n;
    // Number of the first spike for which there is no room.
    unsigned limit;
    // Spikes that the host has copied.
    unsigned pulled;
    // Spikes for which there was no room.
    unsigned lost;
};

// Spikes under way. Number i lies at i & mask.
struct Ring {
    unsigned* ids;
    Cursor* cursors;
    // Spikes before the end of each step.
    unsigned* ends;
    Tally* tally;
    unsigned mask;
    unsigned ends_mask;

    // Spikes before the end of a step, which may lie before the start.
    __device__ __forceinline__ unsigned before_end_of(u64 step) const { return ends[(unsigned)step & ends_mask]; }
};

// Counts the synaptic events of a warp in one step: 32 bits are enough for these. All 32 lanes must call it.
__device__ __forceinline__ void count_events(const Ring& ring, unsigned events) {
#pragma unroll
    for (unsigned distance = WARP / 2; distance > 0; distance /= 2) events += __shfl_down_sync(ALL_LANES, events, distance);
    if (threadIdx.x % WARP == 0 && events > 0) atomicAdd(&ring.tally->events, (u64)events);
}

// Sums of V_m per population, [step % 2][population], in units of 2^-16 mV: integers, so that their order does not
// matter. One half is read while the other is added to.
struct Means {
    long long* sums;
    unsigned n_populations;
    unsigned unused;

    __device__ __forceinline__ long long* at(u64 step, unsigned population) const {
        return sums + (unsigned)(step & 1) * n_populations + population;
    }
};

}
