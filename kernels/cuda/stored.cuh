// Delivery of stored rows: what is due now goes into the sums of this step. The counterpart of kernels/src/delivery.rs.
//
// There is no calendar: a spike under way knows when its next segment is due, since its row is sorted by delay. A block of
// threads looks at some spikes at a time, eight threads to a spike, one for each of its next heads. A prefix sum over
// the quads of words that are due then spreads these evenly over the threads, whatever the lengths of the segments, so
// that neighbours read neighbouring words. Additions are atomic: integers, so in any order.
#pragma once

#include "device.cuh"

namespace braincog {

// Threads that look at the heads of a spike, and spikes that a block looks at together.
const unsigned HEADS = 8;
const unsigned TOGETHER = THREADS / HEADS;

struct Segment {
    unsigned block;
    unsigned delay;
    unsigned kind;
    unsigned count;
};

__device__ __forceinline__ Segment segment(u64 head) {
    return {(unsigned)(head >> 48), (unsigned)(head >> 32) & 0xffff, (unsigned)(head >> 16) & 0xffff, (unsigned)head & 0xffff};
}

// Quads of words of `count` synapses.
__device__ __forceinline__ unsigned quads(unsigned encoding, unsigned count) {
    const unsigned bits = encoding == CONSTANT ? 3 : encoding == COMPACT ? 2 : 1;
    return (count + (1u << bits) - 1) >> bits;
}

// Sum of the values of this thread and all before it in the block, with a barrier. `sums` has room for one of each warp; another
// barrier has to come before it is used again.
__device__ __forceinline__ unsigned prefix_sum(unsigned value, unsigned* sums) {
    const unsigned lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
#pragma unroll
    for (unsigned distance = 1; distance < WARP; distance *= 2) {
        const unsigned before = __shfl_up_sync(ALL_LANES, value, distance);
        if (lane >= distance) value += before;
    }
    if (lane == WARP - 1) sums[warp] = value;
    __syncthreads();
    for (unsigned w = 0; w < warp; ++w) value += sums[w];
    return value;
}

// Segments that are due, one for each thread, shared by the block.
struct Due {
    // Quads up to the end of each.
    unsigned ends[THREADS];
    // What leads from these numbers to places in the store.
    unsigned shifts[THREADS];
    u64 heads[THREADS];
    unsigned warps[THREADS / WARP];
    // Quads of all; in the highest bits the rows that may have more than eight segments due.
    unsigned all;
};

// The first segment that ends after a quad.
__device__ __forceinline__ unsigned segment_of(const Due& due, unsigned quad) {
    unsigned k = 0;
#pragma unroll
    for (unsigned half = THREADS / 2; half > 0; half /= 2)
        if (due.ends[k + half - 1] <= quad) k += half;
    return k;
}

__device__ __forceinline__ void add(int* cells, unsigned target, int weight) { atomicAdd(cells + target, weight); }

// Adds the synapses of quad number `quad` of a segment to its targets' sums.
__device__ __forceinline__ void add_quad(const uint4 words, unsigned quad, unsigned count, const Kind& kind, int* cells) {
    const unsigned w[4] = {words.x, words.y, words.z, words.w};
    if (kind.encoding == COMPACT) {
        const unsigned left = count - 4 * quad;
#pragma unroll
        for (unsigned i = 0; i < 4; ++i)
            if (i < left) add(cells, w[i] & 0xffff, ((int)w[i] >> 16) << kind.shift);
    } else if (kind.encoding == CONSTANT) {
        const unsigned left = count - 8 * quad;
#pragma unroll
        for (unsigned i = 0; i < 8; ++i)
            if (i < left) add(cells, i % 2 ? w[i / 2] >> 16 : w[i / 2] & 0xffff, kind.weight);
    } else {
        const unsigned left = count - 2 * quad;
#pragma unroll
        for (unsigned i = 0; i < 2; ++i)
            if (i < left) add(cells, w[2 * i] & 0xffff, (int)w[2 * i + 1]);
    }
}

// Adds up the quads that are due, each thread every 256th of them.
__device__ __forceinline__ void add_up(const Due& due, unsigned n, const Store& store, const Sums& sums, u64 step) {
    for (unsigned quad = threadIdx.x; quad < n; quad += THREADS) {
        const unsigned k = segment_of(due, quad);
        const Segment s = segment(due.heads[k]);
        const Kind kind = store.kinds[s.kind];
        const unsigned first = k == 0 ? 0 : due.ends[k - 1];
        // Read once: sums, which are not, may keep the cache.
        const uint4 words = __ldcs(store.words + (u64)(quad + due.shifts[k]));
        add_quad(words, quad - first, s.count, kind, sums.at(step, kind.receptor) + (u64)s.block * BLOCK);
    }
}

// Moves on to the segments after the `n` that were due, whose words end at `quad`: when is the first of them due? All lanes of
// a warp must call it, with the delay of the head that each of them looked at.
__device__ __forceinline__ void advance(Row& row, unsigned& due, unsigned n, unsigned quad, unsigned delay) {
    const unsigned next = __shfl_sync(ALL_LANES, delay, threadIdx.x % WARP / HEADS * HEADS + n % HEADS);
    row.head += n;
    row.quad = quad;
    // Where all were due, more may be.
    if (n < HEADS && row.head < row.end) {
        due += next - row.delay;
        row.delay = next;
    }
}

// Delivers what is due of the spikes under way. All threads of the grid must call it.
__device__ __forceinline__ void deliver_stored(const Ring& ring, const Store& store, const Sums& sums, u64 step, unsigned from, unsigned n) {
    __shared__ Due shared;
    const unsigned head = threadIdx.x % HEADS, group = threadIdx.x % WARP / HEADS * HEADS;
    unsigned events = 0;
    for (unsigned together = blockIdx.x; together * TOGETHER < n; together += gridDim.x) {
        const unsigned spike = together * TOGETHER + threadIdx.x / HEADS;
        const unsigned place = (from + spike) & ring.mask;
        unsigned due = (unsigned)step - 1;
        if (spike < n) due = ring.due[place];
        Row row = {0, 0, 0, 0};
        const bool is_due = due == (unsigned)step;
        if (is_due) row = ring.rows[place];
        bool again = true;
        while (again) {
            const u64 own = row.head + head < row.end ? store.heads[row.head + head] : 0;
            const Segment s = segment(own);
            // A row is sorted by delay, so what is due of it comes first. After a round in which its time moved on, nothing is.
            const bool due_now = due == (unsigned)step && s.count > 0 && s.delay == row.delay;
            const unsigned n_due = __popc(__ballot_sync(ALL_LANES, due_now) >> group & 0xff);
            const unsigned own_quads = due_now ? quads(store.kinds[s.kind].encoding, s.count) : 0;
            const unsigned sum = prefix_sum(own_quads + (head == 0 && n_due == HEADS ? 1u << 24 : 0), shared.warps);
            const unsigned end = sum & 0xffffff;
            const unsigned first = __shfl_sync(ALL_LANES, end - own_quads, group);
            const unsigned row_end = row.quad + __shfl_sync(ALL_LANES, end, group + HEADS - 1) - first;
            shared.ends[threadIdx.x] = end;
            shared.shifts[threadIdx.x] = row.quad - first;
            shared.heads[threadIdx.x] = own;
            if (due_now) events += s.count;
            // Who has nothing due any more has also nothing to move on to.
            advance(row, due, n_due, row_end, s.delay);
            if (threadIdx.x == THREADS - 1) shared.all = sum;
            __syncthreads();
            again = shared.all >> 24 != 0;
            // Nobody changes what is shared before the barrier of the next sum, to which all come when they are done here.
            add_up(shared, shared.all & 0xffffff, store, sums, step);
        }
        if (is_due && head == 0) {
            // A row that has come to its end stays in the past.
            ring.due[place] = due == (unsigned)step ? due - 1 : due;
            ring.rows[place] = row;
        }
    }
    count_events(ring, events);
}

}
