// What moves or scales values and sums nothing but steps and votes. Values are [step][sample, pixel, channel].
//
// registers 32

#include "../random.cuh"

namespace braincog { namespace snn {
const unsigned THREADS = 256;
} }

using namespace braincog;
using namespace braincog::snn;

// The same values in every step; `n` of a step.
extern "C" __global__ void __launch_bounds__(THREADS)
repeat(const float* __restrict__ input, const unsigned n, const unsigned steps, float* __restrict__ output) {
    const unsigned i = blockIdx.x * THREADS + threadIdx.x;
    if (i >= n) return;
    const float value = input[i];
    for (unsigned step = 0; step < steps; ++step) output[step * n + i] = value;
}

// The sum over steps, in their order.
extern "C" __global__ void __launch_bounds__(THREADS)
add_steps(const float* __restrict__ gradient, const unsigned n, const unsigned steps, float* __restrict__ sum) {
    const unsigned i = blockIdx.x * THREADS + threadIdx.x;
    if (i >= n) return;
    float total = gradient[i];
    for (unsigned step = 1; step < steps; ++step) total += gradient[step * n + i];
    sum[i] = total;
}

// The mean of neighbours, `n` means of so many voters.
extern "C" __global__ void __launch_bounds__(THREADS)
vote(const float* __restrict__ input, const unsigned n, const unsigned voters, float* __restrict__ output) {
    const unsigned i = blockIdx.x * THREADS + threadIdx.x;
    if (i >= n) return;
    float sum = 0.0f;
    for (unsigned voter = 0; voter < voters; ++voter) sum += input[i * voters + voter];
    output[i] = sum / (float)voters;
}

// `n` voters.
extern "C" __global__ void __launch_bounds__(THREADS)
vote_back(const float* __restrict__ gradient, const unsigned n, const unsigned voters, float* __restrict__ result) {
    const unsigned i = blockIdx.x * THREADS + threadIdx.x;
    if (i < n) result[i] = gradient[i / voters] / (float)voters;
}

// Multiplies by 0 where the word of a feature of a sample is below `bound`, else by `scale`; the same in every step.
extern "C" __global__ void __launch_bounds__(THREADS)
dropout(float* __restrict__ values, const Stream stream, const unsigned n, const unsigned features, const unsigned steps,
        const unsigned bound, const float scale) {
    const unsigned i = blockIdx.x * THREADS + threadIdx.x;
    if (i >= n) return;
    const float factor = plane_word(stream, i / features, i % features) < bound ? 0.0f : scale;
    for (unsigned step = 0; step < steps; ++step) values[step * n + i] *= factor;
}

// Adds to counts[0] how many values are not zero, to counts[1] how many are neither zero nor one.
extern "C" __global__ void __launch_bounds__(THREADS)
count(const float* __restrict__ values, const unsigned n, unsigned long long* __restrict__ counts) {
    unsigned something = 0, other = 0;
    for (unsigned long long i = blockIdx.x * THREADS + threadIdx.x; i < n; i += (unsigned long long)gridDim.x * THREADS) {
        const float value = values[i];
        something += value != 0.0f;
        other += value != 0.0f && value != 1.0f;
    }
#pragma unroll
    for (unsigned distance = 16; distance > 0; distance /= 2) {
        something += __shfl_down_sync(0xffffffffu, something, distance);
        other += __shfl_down_sync(0xffffffffu, other, distance);
    }
    if (threadIdx.x % 32 != 0) return;
    if (something > 0) atomicAdd(&counts[0], (unsigned long long)something);
    if (other > 0) atomicAdd(&counts[1], (unsigned long long)other);
}
