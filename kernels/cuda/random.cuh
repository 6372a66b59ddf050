// Counter-based random numbers: Philox 4x32, word for word what kernels/src/random.rs draws, and the normal
// numbers that kernels/src/quantile.rs makes of them.
#pragma once

namespace braincog {

typedef float real;

struct Words {
    unsigned w[4];
};

// The key of a stream; the host makes it of (seed, purpose, object).
struct Stream {
    unsigned key[2];
};

// Rounds of Philox for networks and currents, and for the noise of every neuron in every step.
const int SAFE = 10;
const int FAST = 7;

// Neurons that share a plane of words: plane `i` holds the words of neurons 64 i .. 64 i + 63.
const unsigned PLANE = 64;

template <int ROUNDS>
__device__ __forceinline__ Words philox(Words counter, Stream stream) {
    unsigned (&c)[4] = counter.w;
    unsigned key0 = stream.key[0], key1 = stream.key[1];
#pragma unroll
    for (int round = 0; round < ROUNDS; ++round) {
        const unsigned high0 = __umulhi(0xD2511F53u, c[0]), low0 = 0xD2511F53u * c[0];
        const unsigned high1 = __umulhi(0xCD9E8D57u, c[2]), low1 = 0xCD9E8D57u * c[2];
        counter = {{high1 ^ c[1] ^ key0, low1, high0 ^ c[3] ^ key1, low0}};
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    return counter;
}

// Four words for (index, number).
template <int ROUNDS>
__device__ __forceinline__ Words block(Stream stream, unsigned long long index, unsigned long long number) {
    const Words counter = {{(unsigned)number, (unsigned)(number >> 32), (unsigned)index, (unsigned)(index >> 32)}};
    return philox<ROUNDS>(counter, stream);
}

// The word of one neuron at `index`. A plane is sixteen blocks side by side: first all their first words,
// then all their second words, and so on.
__device__ __forceinline__ unsigned plane_word(Stream stream, unsigned long long index, unsigned neuron) {
    const unsigned blocks = PLANE / 4;
    const unsigned long long number = (unsigned long long)(neuron / PLANE) * blocks + neuron % blocks;
    const Words words = block<SAFE>(stream, index, number);
    const unsigned which = neuron % PLANE / blocks;
    const unsigned low = which & 1 ? words.w[1] : words.w[0];
    const unsigned high = which & 1 ? words.w[3] : words.w[2];
    return which & 2 ? high : low;
}

// A normal number for a random word, from the tabulated quantile function of the standard one: 32 octaves
// from either end of the unit interval, each a row of 65 values.
__device__ __forceinline__ real normal(const real* __restrict__ quantiles, unsigned word, real mean, real std) {
    const unsigned upper = word >> 31;
    // Distance to the nearer end, with its leading one shifted out: octave and fraction.
    const unsigned x = (word ^ (0u - upper)) | 1u;
    const unsigned octave = __clz(x);
    const unsigned fraction = (x << octave) << 1;
    const unsigned row = (upper * 32 + octave - 1) * 65 + (fraction >> 26);
    const real t = (real)(fraction & 0x03ffffffu) * (1.0f / 67108864.0f);
    const real a = quantiles[row], b = quantiles[row + 1];
    return mean + std * (a + t * (b - a));
}

}
