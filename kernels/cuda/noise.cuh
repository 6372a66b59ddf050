// Noise inside neuron models: a standard normal number per neuron and step, as kernels/src/random/normal.rs
// makes it. Belongs after the kit's prelude, whose `ln` and `sqrt` it uses.
#pragma once

#include "random.cuh"

namespace braincog {

// Neurons whose numbers are drawn together: two from each pair of words, one in either half.
const unsigned NOISE_PLANE = 2 * PLANE;

// A point with a normal radius at a uniform angle; its first coordinate, or its second one.
__device__ __forceinline__ real coordinate(unsigned radius, unsigned angle, bool second) {
    const real u = ((real)(int)(radius >> 1) + 0.5f) * (1.0f / 2147483648.0f);
    const real r = sqrt(-2.0f * ln(u));
    const real f = (real)(int)angle * (0.5f / 2147483648.0f);
    const real q = f * f;
    const real sine = f * (1.57079637f + q * (-0.6459641f + q * (0.07969263f + q * (-0.004681754f + q * 0.0001604412f))));
    const real cosine = 1.0f + q * (-1.2337005f + q * (0.2536695f + q * (-0.02086348f + q * 0.0009192603f)));
    const bool mirrored = angle & 2;
    return second == mirrored ? r * __uint_as_float(__float_as_uint(cosine) ^ (angle << 31)) : r * sine;
}

// The number of one neuron of a population in a step.
__device__ __forceinline__ real noise(Stream stream, unsigned long long step, unsigned neuron) {
    const unsigned blocks = NOISE_PLANE / 4;
    const unsigned pair = neuron % PLANE;
    const unsigned long long number = (unsigned long long)(neuron / NOISE_PLANE) * blocks + pair % blocks;
    const Words words = block<FAST>(stream, step, number);
    const bool upper = pair >= blocks;
    return coordinate(upper ? words.w[2] : words.w[0], upper ? words.w[3] : words.w[1], neuron % NOISE_PLANE >= PLANE);
}

}
