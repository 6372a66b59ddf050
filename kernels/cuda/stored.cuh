// Delivery of stored rows: what is due now goes into the sums of this step. The counterpart of kernels/src/delivery.rs.
//
// There is no calendar: a spike under way has a cursor, which knows when the next segment of its row is due. A row is sorted
// by delay, and each head tells how many steps later the next segment is due; so a head is read when its segment is, together
// with the others in its sector of memory, and no other. A warp looks at eight spikes at a time, four lanes to a spike, one for
// each head of the sector. A prefix sum over the quads of words that are due then spreads these evenly over the lanes, whatever
// the lengths of the segments, so that neighbours read neighbouring words. What a lane knows of its segment the others get by
// shuffles, so that warps wait for nobody. Additions are atomic: integers, so in any order.
#pragma once

#include "device.cuh"

namespace braincog {

// Lanes that look at the heads of a spike: as many as there are heads in 32 bytes, which is what memory gives at least. And
// spikes that a warp looks at together.
const unsigned HEADS = 4;
const unsigned TOGETHER = WARP / HEADS;

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

// Sum of the values of this lane and all before it in the warp. All 32 lanes must call it.
__device__ __forceinline__ unsigned prefix_sum(unsigned value) {
    const unsigned lane = threadIdx.x % WARP;
#pragma unroll
    for (unsigned distance = 1; distance < WARP; distance *= 2) {
        const unsigned before = __shfl_up_sync(ALL_LANES, value, distance);
        if (lane >= distance) value += before;
    }
    return value;
}

// The segment that a lane has found due; nothing is left of it where there is none.
struct Due {
    // Quads of the warp's segments up to the beginning and up to the end of this one.
    unsigned begin;
    unsigned end;
    // What leads from these numbers to places in the store.
    unsigned shift;
    // Synapses in the low half, target block in the high one.
    unsigned count;
    // Receptor, and from bit 16 on encoding and shift of its kind.
    unsigned kind;
    int weight;
};

// The lane whose segment has a quad, of those that there are. All 32 lanes must call it.
__device__ __forceinline__ unsigned lane_of(const Due& due, unsigned quad) {
    unsigned k = 0;
#pragma unroll
    for (unsigned half = WARP / 2; half > 0; half /= 2)
        if (__shfl_sync(ALL_LANES, due.end, k + half - 1) <= quad) k += half;
    return k;
}

// What a lane has found due, but for where it ends. All 32 lanes must call it.
__device__ __forceinline__ Due of_lane(const Due& due, unsigned lane) {
    return {__shfl_sync(ALL_LANES, due.begin, lane), 0,
            __shfl_sync(ALL_LANES, due.shift, lane), __shfl_sync(ALL_LANES, due.count, lane),
            __shfl_sync(ALL_LANES, due.kind, lane),  __shfl_sync(ALL_LANES, due.weight, lane)};
}

__device__ __forceinline__ void add(int* cells, unsigned target, int weight) { atomicAdd(cells + target, weight); }

// Adds the synapses of quad number `quad` of a segment to its targets' sums.
__device__ __forceinline__ void add_quad(const uint4 words, unsigned quad, const Due& due, const Sums& sums, u64 step) {
    const unsigned w[4] = {words.x, words.y, words.z, words.w};
    const unsigned count = due.count & 0xffff, shift = due.kind >> 24, encoding = due.kind >> 16 & 0xff;
    int* const cells = global(sums.at(step, due.kind & 0xffff)) + (u64)(due.count >> 16) * BLOCK;
    if (encoding == COMPACT) {
        const unsigned left = count - 4 * quad;
#pragma unroll
        for (unsigned i = 0; i < 4; ++i)
            if (i < left) add(cells, w[i] & 0xffff, ((int)w[i] >> 16) << shift);
    } else if (encoding == CONSTANT) {
        const unsigned left = count - 8 * quad;
#pragma unroll
        for (unsigned i = 0; i < 8; ++i)
            if (i < left) add(cells, i % 2 ? w[i / 2] >> 16 : w[i / 2] & 0xffff, due.weight);
    } else {
        const unsigned left = count - 2 * quad;
#pragma unroll
        for (unsigned i = 0; i < 2; ++i)
            if (i < left) add(cells, w[2 * i] & 0xffff, (int)w[2 * i + 1]);
    }
}

// Adds up all quads that are due, each lane every 32nd of them. All 32 lanes must call it.
__device__ __forceinline__ void add_up(const Due& due, const Store& store, const Sums& sums, u64 step) {
    const unsigned n = __shfl_sync(ALL_LANES, due.end, WARP - 1);
    for (unsigned first = 0; first < n; first += WARP) {
        const unsigned quad = first + threadIdx.x % WARP;
        const Due segment = of_lane(due, lane_of(due, quad));
        if (quad >= n) continue;
        // Read once: sums, which are not, may keep the cache.
        const uint4 words = __ldcs(store.words + (u64)(quad + segment.shift));
        add_quad(words, quad - segment.begin, segment, sums, step);
    }
}

// Finds what the heads of the sector at each cursor have due and moves the cursors on; `again` if a row may have more due than
// the heads of this sector. All 32 lanes must call it, each four with the same cursor.
__device__ __forceinline__ Due find(Cursor& cursor, bool& again, const Store& store, u64 step) {
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
    const unsigned own = due_now ? quads(kind.encoding, s.count) : 0;
    const unsigned end = prefix_sum(own);
    const unsigned first = __shfl_sync(ALL_LANES, end - own, group);
    const unsigned row_quads = __shfl_sync(ALL_LANES, end, group + HEADS - 1) - first;
    const unsigned lag = __shfl_sync(ALL_LANES, s.lag, group + last);
    const Due due = {end - own, end,
                     cursor.quad - first,
                     due_now ? s.block << 16 | s.count : 0,
                     kind.receptor | kind.encoding << 16 | kind.shift << 24,
                     kind.weight};
    if (is_due) {
        cursor.head += last + 1 - cursor.head % HEADS;
        cursor.quad += row_quads;
        // A row that has come to its end stays in the past.
        if (!is_more) cursor.due += cursor.head < cursor.end ? lag : ~0u;
    }
    again = __ballot_sync(ALL_LANES, is_more) != 0;
    return due;
}

// Delivers what is due of the spikes under way. All threads of the grid must call it.
__device__ __forceinline__ void deliver_stored(const Ring& ring, const Store& store, const Sums& sums, u64 step, unsigned from, unsigned n) {
    const unsigned own = threadIdx.x % WARP / HEADS;
    // Eight spikes as they lie in whole sectors, some of which may be before the first.
    const unsigned before = from % TOGETHER;
    unsigned events = 0;
    // Few spikes are spread over all blocks.
    for (unsigned some = threadIdx.x / WARP * gridDim.x + blockIdx.x; some * TOGETHER < n + before; some += gridDim.x * (THREADS / WARP)) {
        const unsigned spike = some * TOGETHER + own - before;
        const unsigned place = (from + spike) & ring.mask;
        Cursor cursor = {0, 0, 0, (unsigned)step - 1};
        if (spike < n) cursor = ring.cursors[place];
        const bool is_due = cursor.due == (unsigned)step;
        bool again = __ballot_sync(ALL_LANES, is_due) != 0;
        while (again) {
            const Due due = find(cursor, again, store, step);
            events += due.count & 0xffff;
            add_up(due, store, sums, step);
        }
        // Four lanes have read what one of them writes.
        __syncwarp();
        if (is_due && threadIdx.x % HEADS == 0) ring.cursors[place] = cursor;
    }
    count_events(ring, events);
}

}
