// A keyed permutation, one number at a time: see kernels/src/permutation.rs.
#pragma once

#include "device.cuh"

namespace braincog {

const unsigned MOST_ROUNDS = 12;
// Sides up to here are reached by floating-point products of 24 random bits.
const unsigned SHORT_SIDE = 1u << 20;

// The grid on which a number walks; its keys are kept apart, since a source may have its own.
struct Grid {
    unsigned groups;
    unsigned per;
    unsigned row;
    // 2^32 / per, rounded up, where multiplying by it divides; else 0.
    unsigned reciprocal;
    unsigned width;
    unsigned height;
    unsigned rounds;
};

// The finaliser of splitmix64.
__device__ __forceinline__ u64 mix(u64 z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

// Key of one round of the permutation that `key` stands for.
__device__ __forceinline__ unsigned round_key(u64 key, unsigned round) {
    return (unsigned)mix(key + 0x9e3779b97f4a7c15ull * (round + 1));
}

__device__ __forceinline__ unsigned hash(unsigned x, unsigned key) {
    const unsigned z = (x ^ key) * 0x9fb21c65u;
    return (z ^ (z >> 15)) * 0xd6e8feb9u;
}

// `a` plus the part of `0..range` that the word points to, modulo `range`.
__device__ __forceinline__ unsigned turned(unsigned a, unsigned word, unsigned range, bool is_short) {
    const unsigned b = is_short ? (unsigned)(int)((real)(int)(word >> 8) * ((real)(int)range * (1.0f / 16777216.0f))) : __umulhi(word, range);
    const unsigned room = range - a;
    return b >= room ? b - room : a + b;
}

// Group of the image of `number`.
__device__ __forceinline__ unsigned permuted(const Grid& grid, const unsigned* keys, u64 number) {
    const bool is_short = grid.height <= SHORT_SIDE && grid.width <= SHORT_SIDE;
    unsigned high = (unsigned)(number / grid.width), low = (unsigned)(number % grid.width);
    unsigned group;
    // Rarely a walk comes to the corner of the grid that lies outside, and goes on.
    do {
        for (unsigned round = 0; round < grid.rounds; round += 2) {
            high = turned(high, hash(low, keys[round]), grid.height, is_short);
            low = turned(low, hash(high, keys[round + 1]), grid.width, is_short);
        }
        const unsigned place = grid.reciprocal ? __umulhi(low, grid.reciprocal) : grid.per > 1 ? low / grid.per : low;
        group = high * grid.row + place;
    } while (group >= grid.groups);
    return group;
}

}
