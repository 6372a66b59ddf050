// Procedural delivery: rows that are made when they are due, by the functions of kernels/src/wiring and kernels/src/rows.rs.
//
// Nothing is stored of a row but, where its rule deals synapses out, how many of them there are. A block of threads takes a
// spike, a warp one of the projections by which it leaves, a lane every 32nd synapse of that. Random words are made for 64
// synapses at a time, a plane: all four words of each block are used. Where delays differ, a row is made when the shortest of
// them is due, and its synapses go into the sums of several steps.
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
// Not drawn: `a + b * distance`.
const unsigned DISTANCE = 4;

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

// How the distance decides which candidates are synapses: kernels/src/wiring/thinning.rs.
const unsigned EXPONENTIAL = 1;
const unsigned GAUSSIAN = 2;
const unsigned LINEAR = 3;
const unsigned CUTOFF = 4;

// Place of neurons that another process holds.
const unsigned ELSEWHERE = 0xffffffffu;

// The neurons of a population from `first` on lie at `place` and after it.
struct Place {
    unsigned first;
    unsigned place;
};

// Nothing is dealt out: all sources have `count` synapses.
const u64 NOT_DEALT = ~0ull;

// Synapses that are numbered by 32 bits.
const u64 TURN = 1ull << 32;

// Up to so many choices are reached by one word.
const unsigned ONE_WORD = 1u << 20;

// One procedural projection.
struct __align__(16) Way {
    // By the sign of the weight: negative, positive.
    Kind kinds[2];
    // Stored units per weight unit, likewise.
    real units[2];
    unsigned rule;
    unsigned count;
    // Where the synapses before each source are listed, in 32 bits; and the sources before which these begin anew.
    u64 before;
    unsigned turns;
    unsigned n_turns;
    unsigned choices;
    unsigned skip_self;
    // Places of the targets.
    unsigned places;
    unsigned n_places;
    // Positions of the first source and of the first target, where the distance decides on anything.
    unsigned from;
    unsigned to;
    Stream targets;
    Stream weights;
    Stream delays;
    Stream thinning;
    // 0 where all candidates are synapses; and a distance, or what divides by it.
    unsigned decay;
    real reach;
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
    const unsigned* before;
    const unsigned* turns;
    const real* positions;
    const real* quantiles;
    unsigned n_classes;
    unsigned n_populations;
};

// Blocks of random words in a plane, which has a word for each of 64 synapses: first all their first words, then all their
// second words, and so on.
const unsigned BLOCKS = PLANE / 4;

// What a warp works with: the way, random words of a plane of synapses, of which the targets may take two each, the keys of a
// source's permutation, and candidates that are synapses and wait until they fill a plane.
struct Room {
    Way way;
    unsigned targets[2 * PLANE];
    unsigned weights[PLANE];
    unsigned delays[PLANE];
    unsigned keys[MOST_ROUNDS];
    unsigned kept[2 * PLANE];
};

// Puts the words of block `number` where they belong in its plane.
__device__ __forceinline__ void spread(Stream stream, unsigned source, unsigned number, unsigned* plane) {
    const Words words = block<SAFE>(stream, source, number);
#pragma unroll
    for (unsigned w = 0; w < 4; ++w) plane[w * BLOCKS + number % BLOCKS] = words.w[w];
}

// Distance between a source and a target.
__device__ __forceinline__ real distance(const Made& made, const Way& way, unsigned source, unsigned target) {
    const real* a = made.positions + 3 * (u64)(way.from + source);
    const real* b = made.positions + 3 * (u64)(way.to + target);
    const real x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2];
    return sqrt(x * x + y * y + z * z);
}

__device__ __forceinline__ bool is_random(const Draw& draw) { return draw.kind != FIXED && draw.kind != DISTANCE; }

__device__ __forceinline__ real
drawn(const Made& made, const Way& way, const Draw& draw, unsigned source, unsigned target, const unsigned& random) {
    if (draw.kind == FIXED) return draw.a;
    if (draw.kind == DISTANCE) return draw.a + draw.b * distance(made, way, source, target);
    const unsigned word = random;
    if (draw.kind == EVEN) return draw.a + (real)(int)(word >> 8) * (1.0f / 16777216.0f) * draw.b;
    real x = normal(made.quantiles, draw.first + (unsigned)((word * draw.span) >> 32), draw.a, draw.b);
    if (draw.kind == LOGNORMAL) x = draw.scale * exp(x);
    if (x < draw.least) x = draw.least;
    if (x > draw.most) x = draw.most;
    return x;
}

// Target number `i` of a source.
__device__ __forceinline__ unsigned target_of(const Way& way, const Room& room, unsigned source, unsigned i, u64 before) {
    if (way.rule == ONE_TO_ONE) return source;
    if (way.rule == SLOTS) return permuted(way.grid, way.keys, before + i);
    unsigned target = i;
    if (way.rule == DISTINCT) target = permuted(way.grid, room.keys, i);
    if (way.rule == INDEPENDENT && way.choices <= ONE_WORD) target = __umulhi(room.targets[i % PLANE], way.choices);
    if (way.rule == INDEPENDENT && way.choices > ONE_WORD) {
        const unsigned* words = room.targets + 2 * (i % PLANE);
        target = (unsigned)__umul64hi((u64)words[0] << 32 | words[1], way.choices);
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

// Adds a synapse from `source` onto `target` with these random words, which are read only if they were made; says how many that are here:
// one or none.
__device__ __forceinline__ unsigned
add_made(const Made& made, const Way& way, const Sums& sums, unsigned emitted, unsigned source, unsigned target, const unsigned& for_weight,
         const unsigned& for_delay) {
    const unsigned place = place_of(made.places + way.places, way.n_places, target);
    if (place == ELSEWHERE) return 0;
    unsigned receptor;
    const int weight = coded(way, drawn(made, way, way.weight, source, target, for_weight), receptor);
    const real delay = drawn(made, way, way.delay, source, target, for_delay) + 0.5f;
    const unsigned steps = (unsigned)(int)(delay < 1.0f ? 1.0f : delay > 65535.0f ? 65535.0f : delay);
    atomicAdd(sums.at(emitted + steps, receptor) + place, weight);
    return 1;
}

// Makes the random words for targets of the plane of synapses that begins with number `first`, if they are drawn so. By a warp.
__device__ __forceinline__ void make_targets(const Way& way, unsigned source, unsigned first, Room& room) {
    const unsigned lane = threadIdx.x % WARP;
    const bool is_wide = way.choices > ONE_WORD;
    if (way.rule == INDEPENDENT && (is_wide || lane < BLOCKS))
        spread(way.targets, source, (is_wide ? first / 2 : first / 4) + lane, room.targets + lane / BLOCKS * PLANE);
}

// Makes the random words for weights and delays of such a plane. By a warp, with a barrier.
__device__ __forceinline__ void make_values(const Way& way, unsigned source, unsigned first, Room& room) {
    const unsigned lane = threadIdx.x % WARP;
    // Half a warp makes the weights', the other half the delays'.
    const bool upper = lane >= BLOCKS;
    if (is_random(upper ? way.delay : way.weight))
        spread(upper ? way.delays : way.weights, source, first / 4 + lane % BLOCKS, upper ? room.delays : room.weights);
    __syncwarp();
}

// Whether a candidate at this distance is a synapse. In single precision and without a fused operation, as on the host.
__device__ __forceinline__ bool is_kept(const Way& way, real distance, unsigned word) {
    const real x = distance * way.reach;
    real p = 0.0f;
    if (way.decay == EXPONENTIAL) p = exp(-x);
    if (way.decay == GAUSSIAN) p = exp(-0.5f * x * x);
    if (way.decay == LINEAR) p = max(1.0f - x, 0.0f);
    if (way.decay == CUTOFF) p = distance <= way.reach ? 1.0f : 0.0f;
    return p >= 1.0f || word < (unsigned)(p * 4294967296.0f);
}

// Copies a way, of which every synapse needs most. By a warp, with barriers: when all have done with the last one, and when all
// may read this one.
__device__ __forceinline__ const Way& copy(const Way& way, Room& room) {
    static_assert(sizeof(Way) % sizeof(uint4) == 0 && sizeof(Way) <= WARP * sizeof(uint4), "a lane copies a part");
    const unsigned lane = threadIdx.x % WARP;
    __syncwarp();
    if (lane < sizeof(Way) / sizeof(uint4)) reinterpret_cast<uint4*>(&room.way)[lane] = reinterpret_cast<const uint4*>(&way)[lane];
    __syncwarp();
    return room.way;
}

// Adds up to a plane of synapses that were kept, the first of which has number `first` among all that are, and gives how many this lane
// has added. By a warp, with barriers.
__device__ __forceinline__ unsigned
add_kept(const Made& made, const Way& way, unsigned source, unsigned first, unsigned n, const Sums& sums, unsigned emitted, Room& room) {
    unsigned events = 0;
    make_values(way, source, first, room);
    for (unsigned k = threadIdx.x % WARP; k < PLANE && k < n; k += WARP)
        events += add_made(made, way, sums, emitted, source, room.kept[k], room.weights[k], room.delays[k]);
    return events;
}

// As `deliver_way`, of `n` candidates of which the distance decides which are synapses. Words for weights and delays are numbered by
// those that are: so these are gathered, and added up a plane at a time.
__device__ __forceinline__ unsigned
deliver_thinned(const Made& made, const Way& way, unsigned source, unsigned n, const Sums& sums, unsigned emitted, Room& room) {
    const unsigned lane = threadIdx.x % WARP;
    unsigned events = 0, added = 0, waiting = 0;
    for (unsigned first = 0; first < n; first += PLANE) {
        // When all have done with the last plane.
        __syncwarp();
        if (lane < BLOCKS) spread(way.thinning, source, first / 4 + lane, room.targets);
        __syncwarp();
#pragma unroll
        for (unsigned k = lane; k < PLANE; k += WARP) {
            bool kept = first + k < n;
            unsigned target = 0;
            if (kept) {
                target = target_of(way, room, source, first + k, 0);
                kept = is_kept(way, distance(made, way, source, target), room.targets[k]);
            }
            const unsigned all = __ballot_sync(ALL_LANES, kept);
            if (kept) room.kept[waiting + __popc(all & ((1u << lane) - 1))] = target;
            waiting += __popc(all);
        }
        const bool is_last = first + PLANE >= n;
        while (waiting >= PLANE || (is_last && waiting > 0)) {
            // The last two planes come one right after the other.
            __syncwarp();
            events += add_kept(made, way, source, added, waiting, sums, emitted, room);
            added += PLANE;
            waiting = waiting > PLANE ? waiting - PLANE : 0;
            // Each lane moves what it reads itself.
#pragma unroll 1
            for (unsigned k = lane; k < waiting; k += WARP) room.kept[k] = room.kept[k + PLANE];
        }
    }
    return events;
}

// Makes the synapses of a source that leave by a way, and adds them up; says how many this lane has added. By a warp.
__device__ __forceinline__ unsigned
deliver_way(const Made& made, const Way& way, unsigned source, const Sums& sums, unsigned emitted, Room& room) {
    const unsigned lane = threadIdx.x % WARP;
    unsigned n = way.count, events = 0;
    u64 before = 0;
    if (way.before != NOT_DEALT) {
        const unsigned* sources = made.before + way.before + source;
        before = sources[0];
        n = sources[1] - sources[0];
        for (unsigned turn = 0; turn < way.n_turns; ++turn) before += made.turns[way.turns + turn] <= source ? TURN : 0;
    }
    if (way.rule == DISTINCT) {
        const Words words = block<SAFE>(way.targets, source, 0);
        if (lane < MOST_ROUNDS) room.keys[lane] = round_key((u64)words.w[0] << 32 | words.w[1], lane);
    }
    if (way.decay) return deliver_thinned(made, way, source, n, sums, emitted, room);
    for (unsigned first = 0; first < n; first += PLANE) {
        // When all have done with the last plane.
        __syncwarp();
        make_targets(way, source, first, room);
        make_values(way, source, first, room);
        for (unsigned k = lane; k < PLANE && first + k < n; k += WARP) {
            const unsigned target = target_of(way, room, source, first + k, before);
            events += add_made(made, way, sums, emitted, source, target, room.weights[k], room.delays[k]);
        }
    }
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

// Delivers what leaves by procedural projections and is due now, or later; there are `now` spikes so far. All threads of the
// grid must call it.
__device__ __forceinline__ void deliver_made(const Ring& ring, const Made& made, const Sums& sums, u64 step, unsigned now) {
    __shared__ Room rooms[THREADS / WARP];
    const unsigned warp = threadIdx.x / WARP;
    unsigned events = 0;
    // Spikes of all classes are numbered through, so that blocks get as many.
    unsigned spike = blockIdx.x;
    for (unsigned c = 0; c < made.n_classes; ++c) {
        const u64 emitted = step - made.leads[c];
        const unsigned from = ring.before_end_of(emitted - 1);
        // The end of the last step is only being written down.
        const unsigned n = (made.leads[c] == 1 ? now : ring.before_end_of(emitted)) - from;
        for (; spike < n; spike += gridDim.x) {
            const unsigned id = ring.ids[(from + spike) & ring.mask];
            const unsigned population = population_of(made, id);
            const uint2 span = made.spans[c * made.n_populations + population];
            for (unsigned way = span.x + warp; way < span.y; way += THREADS / WARP)
                events += deliver_way(made, copy(made.ways[way], rooms[warp]), id - made.first_ids[population], sums, (unsigned)emitted, rooms[warp]);
        }
        spike -= n;
    }
    count_events(ring, events);
}

}
