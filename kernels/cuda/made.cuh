// Procedural delivery: rows that are made when they are due, by the functions of kernels/src/wiring and kernels/src/rows.rs.
//
// Nothing is stored of a row but, where its rule deals synapses out, how many of them there are. A block of threads takes a
// spike, a warp one of the projections by which it leaves, a lane every 32nd synapse of that. Where delays differ, a
// row is made when the shortest of them is due, and its synapses go into the sums of several steps.
#pragma once

#include "permutation.cuh"

namespace braincog {

// How the targets of a source are found.
const unsigned ONE_TO_ONE = 0;
const unsigned ALL_TO_ALL = 1;
const unsigned SLOTS = 2;
const unsigned DISTINCT = 3;
const unsigned INDEPENDENT = 4;

// How a value is drawn from a word: kernels/src/quantile.rs.
const unsigned FIXED = 0;
const unsigned EVEN = 1;
const unsigned NORMAL = 2;
const unsigned LOGNORMAL = 3;

struct Draw {
    unsigned kind;
    // The value, the least one, or the mean.
    real a;
    // Width, or standard deviation.
    real b;
    real scale;
    real least;
    real most;
    // The part of the unit interval that is drawn from, in units of 2^-32.
    unsigned first;
    unsigned unused;
    u64 span;
};

// Place of neurons that another process holds.
const unsigned ELSEWHERE = 0xffffffffu;

// The neurons of a population from `first` on lie at `place` and after it.
struct Place {
    unsigned first;
    unsigned place;
};

// Nothing is dealt out: all sources have `count` synapses.
const u64 NOT_DEALT = ~0ull;

// One procedural projection.
struct __align__(16) Way {
    // By the sign of the weight: negative, positive.
    Kind kinds[2];
    // Stored units per weight unit, likewise.
    real units[2];
    unsigned rule;
    unsigned count;
    // Where the synapses before each source are listed.
    u64 before;
    unsigned choices;
    unsigned skip_self;
    // Places of the targets.
    unsigned places;
    unsigned n_places;
    Stream targets;
    Stream weights;
    Stream delays;
    Grid grid;
    unsigned keys[MOST_ROUNDS];
    // In units of the weight, and in steps.
    Draw weight;
    Draw delay;
};

struct Made {
    const unsigned* leads;
    const Way* ways;
    // First and end of a population's ways, [class][population].
    const uint2* spans;
    const unsigned* first_ids;
    const Place* places;
    const u64* before;
    const real* quantiles;
    unsigned n_classes;
    unsigned n_populations;
};

// Up to so many words are made one by one: kernels/src/random.rs.
const unsigned FEW = 4;

// Word number `i` of the first `n` of an index.
__device__ __forceinline__ unsigned word_of(Stream stream, u64 index, unsigned i, u64 n) {
    return n <= FEW ? block<SAFE>(stream, index, i).w[0] : plane_word(stream, index, i);
}

__device__ __forceinline__ real drawn(const Draw& draw, const real* quantiles, unsigned word) {
    if (draw.kind == FIXED) return draw.a;
    if (draw.kind == EVEN) return draw.a + (real)(int)(word >> 8) * (1.0f / 16777216.0f) * draw.b;
    real x = normal(quantiles, draw.first + (unsigned)((word * draw.span) >> 32), draw.a, draw.b);
    if (draw.kind == LOGNORMAL) x = draw.scale * exp(x);
    if (x < draw.least) x = draw.least;
    if (x > draw.most) x = draw.most;
    return x;
}

// Target number `i` of the `n` of a source.
__device__ __forceinline__ unsigned target_of(const Way& way, const unsigned* keys, unsigned source, unsigned i, u64 n, u64 before) {
    if (way.rule == ONE_TO_ONE) return source;
    if (way.rule == SLOTS) return permuted(way.grid, way.keys, before + i);
    unsigned target = i;
    if (way.rule == DISTINCT) target = permuted(way.grid, keys, i);
    if (way.rule == INDEPENDENT && way.choices <= 1u << 20) target = __umulhi(word_of(way.targets, source, i, n), way.choices);
    if (way.rule == INDEPENDENT && way.choices > 1u << 20) {
        const u64 word = (u64)word_of(way.targets, source, 2 * i, 2 * n) << 32 | word_of(way.targets, source, 2 * i + 1, 2 * n);
        target = (unsigned)__umul64hi(word, way.choices);
    }
    // Choices are numbered without the source itself, where it may not meet itself.
    return target + (way.skip_self && target >= source);
}

// Place of a target among the sums, if it has one here.
__device__ __forceinline__ unsigned place_of(const Place* places, unsigned n, unsigned target) {
    unsigned k = n - 1;
    while (places[k].first > target) --k;
    return places[k].place == ELSEWHERE ? ELSEWHERE : places[k].place + (target - places[k].first);
}

// What a synapse of this weight adds, and to which receptor.
__device__ __forceinline__ int coded(const Way& way, real weight, unsigned& receptor) {
    const unsigned sign = weight >= 0.0f;
    const Kind& kind = way.kinds[sign];
    receptor = kind.receptor;
    if (kind.encoding == CONSTANT) return kind.weight;
    const int units = (int)(weight * way.units[sign] + (sign ? 0.5f : -0.5f));
    return (kind.encoding == COMPACT ? (int)(short)units : units) << kind.shift;
}

// Makes the synapses of a source that leave by a way, and adds them up; says how many this lane has added. By a warp, with
// room for keys.
__device__ __forceinline__ unsigned
deliver_way(const Made& made, const Way& way, unsigned source, const Sums& sums, u64 emitted, unsigned* keys) {
    const unsigned lane = threadIdx.x % WARP;
    u64 n = way.count, before = 0;
    unsigned events = 0;
    if (way.before != NOT_DEALT) {
        before = made.before[way.before + source];
        n = made.before[way.before + source + 1] - before;
    }
    if (way.rule == DISTINCT) {
        const Words words = block<SAFE>(way.targets, source, 0);
        if (lane < MOST_ROUNDS) keys[lane] = round_key((u64)words.w[0] << 32 | words.w[1], lane);
        __syncwarp();
    }
    for (unsigned i = lane; i < n; i += WARP) {
        const unsigned place = place_of(made.places + way.places, way.n_places, target_of(way, keys, source, i, n, before));
        if (place == ELSEWHERE) continue;
        unsigned receptor;
        const int weight = coded(way, drawn(way.weight, made.quantiles, way.weight.kind == FIXED ? 0 : word_of(way.weights, source, i, n)), receptor);
        const real delay = drawn(way.delay, made.quantiles, way.delay.kind == FIXED ? 0 : word_of(way.delays, source, i, n)) + 0.5f;
        const unsigned steps = (unsigned)(int)(delay < 1.0f ? 1.0f : delay > 65535.0f ? 65535.0f : delay);
        atomicAdd(sums.at(emitted + steps, receptor) + place, weight);
        ++events;
    }
    __syncwarp();
    return events;
}

// Population of a neuron.
__device__ __forceinline__ unsigned population_of(const Made& made, unsigned id) {
    unsigned low = 0, high = made.n_populations;
    while (high - low > 1) {
        const unsigned middle = (low + high) / 2;
        if (made.first_ids[middle] <= id) low = middle;
        else high = middle;
    }
    return low;
}

// Delivers what leaves by procedural projections and is due now, or later. All threads of the grid must call it.
__device__ __forceinline__ void deliver_made(const Ring& ring, const Made& made, const Sums& sums, u64 step) {
    __shared__ unsigned keys[THREADS / WARP][MOST_ROUNDS];
    const unsigned warp = threadIdx.x / WARP;
    unsigned events = 0;
    // Spikes of all classes are numbered through, so that blocks get as many.
    unsigned spike = blockIdx.x;
    for (unsigned c = 0; c < made.n_classes; ++c) {
        const u64 emitted = step - made.leads[c];
        const unsigned from = ring.before_end_of(emitted - 1);
        // The end of the last step is only being written down.
        const unsigned n = (made.leads[c] == 1 ? ring.tally->n : ring.before_end_of(emitted)) - from;
        for (; spike < n; spike += gridDim.x) {
            const unsigned id = ring.ids[(from + spike) & ring.mask];
            const unsigned population = population_of(made, id);
            const uint2 span = made.spans[c * made.n_populations + population];
            for (unsigned way = span.x + warp; way < span.y; way += THREADS / WARP)
                events += deliver_way(made, made.ways[way], id - made.first_ids[population], sums, emitted, keys[warp]);
        }
        spike -= n;
    }
    count_events(ring, events);
}

}
