// What drives neurons from outside: the counterpart of kernels/src/stimuli. It is added on the way from the sums to
// the neuron, in registers. What is the same for all neurons of a stimulus comes from the host.
#pragma once

#include "device.cuh"

namespace braincog {

const unsigned POISSON = 0;
const unsigned SPIKES = 1;
const unsigned UNIFORM = 2;
const unsigned NOISE = 3;
const unsigned OU = 4;

// The part of a stimulus that drives one slice.
struct __align__(16) Drive {
    unsigned kind;
    unsigned stimulus;
    // Neurons of the slice.
    unsigned from;
    unsigned to;
    Stream stream;
    Stream rest;
    unsigned receptor;
    int weight;
    real mean;
    real std;
    real decay;
    real kick;
    // Of an Ornstein-Uhlenbeck process, one for each neuron of the slice.
    real* state;
};

// What a stimulus does in this step; what `word` says depends on its kind, 0 is nothing.
struct __align__(16) Moment {
    u64 number;
    unsigned word;
    real value;
};

// Distribution of a Poisson number: see kernels/src/stimuli/poisson.rs.
struct PoissonTable {
    unsigned parts;
    // Short words from here on are undecided.
    unsigned undecided;
    // Short words from thresholds[k] on stand for more than k.
    unsigned short thresholds[64];
    // The same for what is left over, in units of a word.
    unsigned rest[64];
};

struct Drives {
    const Drive* list;
    const Moment* moments;
    const PoissonTable* tables;
    const real* quantiles;
};

// Neurons that share a plane of short words: eight from each block, four in either half of the plane.
const unsigned SHORT_PLANE = 256;

// The short word of a neuron in a step and a part of a large mean.
__device__ __forceinline__ unsigned short_word(Stream stream, u64 step, unsigned neuron, unsigned part) {
    const unsigned blocks = SHORT_PLANE / 8;
    const unsigned pair = neuron % SHORT_PLANE / 4;
    const u64 plane = neuron / SHORT_PLANE + ((u64)part << 32);
    const Words words = block<FAST>(stream, step, plane * blocks + pair % blocks);
    const bool upper = pair >= blocks;
    const unsigned low = upper ? words.w[2] : words.w[0];
    const unsigned high = upper ? words.w[3] : words.w[1];
    return ((neuron & 2 ? high : low) >> 16 * (neuron & 1)) & 0xffff;
}

// The Poisson number of a neuron of a population in a step.
__device__ __forceinline__ int poisson(const PoissonTable& table, const Drive& drive, u64 step, unsigned neuron) {
    int number = 0;
    for (unsigned part = 0; part < table.parts; ++part) {
        const unsigned bits = short_word(drive.stream, step, neuron, part);
        unsigned k = 0;
        if (bits < table.undecided) {
            // The last threshold is where the undecided ones begin.
            while (bits >= table.thresholds[k]) ++k;
        } else {
            const unsigned word = block<SAFE>(drive.rest, neuron, step + ((u64)part << 48)).w[0];
            // The largest word belongs to the first number that reaches the end, not to the last of the table.
            while (k < 63 && word >= table.rest[k] && table.rest[k] != 0xffffffffu) ++k;
        }
        number += k;
    }
    return number;
}

// What spike sources add to the sums of a neuron, and generators to its current. `neuron` counts from the slice's first one,
// which is number `first` of its population.
template <unsigned RECEPTORS, bool TAKES_CURRENT>
__device__ __forceinline__ void
drive(const Drives& drives, unsigned from, unsigned to, unsigned neuron, unsigned first, int (&sums)[RECEPTORS], real& current) {
    if (N_DRIVES) to = from + N_DRIVES;
    for (unsigned d = from; d < to; ++d) {
        const Drive& drive = drives.list[d];
        if (!WHOLE_DRIVES && (neuron < drive.from || neuron >= drive.to)) continue;
        const Moment moment = drives.moments[drive.stimulus];
        if (moment.word == 0) continue;
        if (ONLY_POISSON || drive.kind <= SPIKES) {
            int n = moment.word;
            if (ONLY_POISSON || drive.kind == POISSON) n = poisson(drives.tables[moment.word - 1], drive, moment.number, first + neuron);
            // Sums have to stay in registers, which have no index.
#pragma unroll
            for (unsigned receptor = 0; receptor < RECEPTORS; ++receptor) sums[receptor] += receptor == drive.receptor ? n * drive.weight : 0;
        } else if constexpr (TAKES_CURRENT) {
            real value = moment.value;
            if (drive.kind != UNIFORM) {
                const unsigned word = plane_word(drive.stream, moment.number, first + neuron);
                value = normal(drives.quantiles, word, drive.kind == OU ? 0.0f : drive.mean, drive.std);
            }
            if (drive.kind == OU) {
                // The first time it is drawn from the stationary distribution.
                real* state = global(drive.state) + neuron;
                if (moment.word > 1) value = drive.decay * *state + drive.kick * value;
                *state = value;
                value = drive.mean + value;
            }
            current += value;
        }
    }
}

}
