// Delivery of stored rows: what is due now goes into the sums of this step. The counterpart of kernels/src/delivery.rs.
//
// There is no calendar: a spike under way has a cursor, which knows when the next segment of its row is due. A row is sorted
// by delay, and each head tells how many steps later the next segment is due; so a head is read when its segment is, together
// with the others in its sector of memory, and no other. A block of threads looks at some spikes at a time, four threads to a
// spike, one for each head of the sector. A prefix sum over the quads of words that are due then spreads these evenly over the
// threads, whatever the lengths of the segments, so that neighbours read neighbouring words. Additions are atomic: integers,
// so in any order.
#pragma once

#include "device.cuh"

namespace braincog {

// Threads that look at the heads of a spike: as many as there are heads in 32 bytes, which is what memory gives at least. And
// spikes that a block looks at together.
const unsigned HEADS = 4;
const unsigned TOGETHER = THREADS / HEADS;

struct Segment {
    unsigned block;
    // Steps to when the next segment of the row is due.
    unsigned lag;
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
    // Synapses in the low half, then shift and encoding of their kind.
    unsigned counts[THREADS];
    int weights[THREADS];
    // Sums of their targets.
    int* cells[THREADS];
    unsigned warps[THREADS / WARP];
    // Quads of all; in the highest bits the rows that may have more due than the heads of this sector.
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

// Adds the synapses of quad number `quad` of segment `k` to its targets' sums.
__device__ __forceinline__ void add_quad(const uint4 words, unsigned quad, const Due& due, unsigned k) {
    const unsigned w[4] = {words.x, words.y, words.z, words.w};
    const unsigned count = due.counts[k] & 0xffff, shift = due.counts[k] >> 16 & 0xff, encoding = due.counts[k] >> 24;
    int* const cells = global(due.cells[k]);
    if (encoding == COMPACT) {
        const unsigned left = count - 4 * quad;
#pragma unroll
        for (unsigned i = 0; i < 4; ++i)
            if (i < left) add(cells, w[i] & 0xffff, ((int)w[i] >> 16) << shift);
    } else if (encoding == CONSTANT) {
        const unsigned left = count - 8 * quad;
        const int weight = due.weights[k];
#pragma unroll
        for (unsigned i = 0; i < 8; ++i)
            if (i < left) add(cells, i % 2 ? w[i / 2] >> 16 : w[i / 2] & 0xffff, weight);
    } else {
        const unsigned left = count - 2 * quad;
#pragma unroll
        for (unsigned i = 0; i < 2; ++i)
            if (i < left) add(cells, w[2 * i] & 0xffff, (int)w[2 * i + 1]);
    }
}

// Adds up the quads that are due, each thread every 256th of them.
__device__ __forceinline__ void add_up(const Due& due, unsigned n, const Store& store) {
    for (unsigned quad = threadIdx.x; quad < n; quad += THREADS) {
        const unsigned k = segment_of(due, quad);
        const unsigned first = k == 0 ? 0 : due.ends[k - 1];
        // Read once: sums, which are not, may keep the cache.
        const uint4 words = __ldcs(store.words + (u64)(quad + due.shifts[k]));
        add_quad(words, quad - first, due, k);
    }
}

// What a block finds due of its spikes, of which each thread has a cursor and a lane among those that look at it.
struct Found {
    // Of the thread's own head.
    unsigned count;
    // Quads up to the end of it, and the rows with more due in the highest bits.
    unsigned sum;
};

// Finds what the heads of the sector at each cursor have due, enters it in `shared` up to a barrier that is still to come, and
// moves the cursors on. All threads of the block must call it.
__device__ __forceinline__ Found find(Cursor& cursor, Due& shared, const Store& store, const Sums& sums, u64 step) {
    const unsigned lane = threadIdx.x % HEADS, group = threadIdx.x % WARP / HEADS * HEADS;
    const unsigned head = cursor.head / HEADS * HEADS + lane;
    const bool is_due = cursor.due == (unsigned)step && cursor.head < cursor.end;
    const bool is_left = is_due && head >= cursor.head && head < cursor.end;
    const Segment s = segment(is_left ? store.heads[head] : 0);
    // What is due ends with the first head after which time goes on, or the row.
    const unsigned ends = __ballot_sync(ALL_LANES, is_left && (s.lag > 0 || head + 1 == cursor.end)) >> group & ((1u << HEADS) - 1);
    const bool is_more = is_due && ends == 0;
    const bool due_now = is_left && (ends & ((1u << lane) - 1)) == 0;
    const unsigned last = __popc((ends - 1) & ~ends & ((1u << (HEADS - 1)) - 1));
    Kind kind = {0, 0, 0, 0};
    if (due_now) kind = store.kinds[s.kind];
    const unsigned own_quads = due_now ? quads(kind.encoding, s.count) : 0;
    const unsigned sum = prefix_sum(own_quads + (lane == 0 && is_more ? 1u << 24 : 0), shared.warps);
    const unsigned end = sum & 0xffffff;
    const unsigned first = __shfl_sync(ALL_LANES, end - own_quads, group);
    const unsigned row_quads = __shfl_sync(ALL_LANES, end, group + HEADS - 1) - first;
    const unsigned lag = __shfl_sync(ALL_LANES, s.lag, group + last);
    shared.ends[threadIdx.x] = end;
    shared.shifts[threadIdx.x] = cursor.quad - first;
    shared.counts[threadIdx.x] = kind.encoding << 24 | kind.shift << 16 | s.count;
    shared.weights[threadIdx.x] = kind.weight;
    shared.cells[threadIdx.x] = sums.at(step, kind.receptor) + (u64)s.block * BLOCK;
    if (is_due) {
        cursor.head += last + 1 - cursor.head % HEADS;
        cursor.quad += row_quads;
        // A row that has come to its end stays in the past.
        if (!is_more) cursor.due += cursor.head < cursor.end ? lag : ~0u;
    }
    return {due_now ? s.count : 0, sum};
}

// Delivers what is due of the spikes under way. All threads of the grid must call it.
__device__ __forceinline__ void deliver_stored(const Ring& ring, const Store& store, const Sums& sums, u64 step, unsigned from, unsigned n) {
    __shared__ Due shared;
    // Few spikes are spread over all blocks.
    const unsigned even = (n + gridDim.x - 1) / gridDim.x, together = even < TOGETHER ? even : TOGETHER;
    const unsigned thread = threadIdx.x, own = thread / HEADS;
    unsigned events = 0;
    for (unsigned spike = blockIdx.x * together; spike < n; spike += gridDim.x * together) {
        const unsigned place = (from + spike + own) & ring.mask;
        Cursor cursor = {0, 0, 0, (unsigned)step - 1};
        if (own < together && spike + own < n) cursor = ring.cursors[place];
        const bool is_due = cursor.due == (unsigned)step;
        bool again = true;
        while (again) {
            const Found found = find(cursor, shared, store, sums, step);
            events += found.count;
            if (thread == THREADS - 1) shared.all = found.sum;
            __syncthreads();
            again = shared.all >> 24 != 0;
            // Nobody changes what is shared before the barrier of the next sum, to which all come when they are done here.
            add_up(shared, shared.all & 0xffffff, store);
        }
        if (is_due && thread % HEADS == 0) ring.cursors[place] = cursor;
    }
    count_events(ring, events);
}

}
