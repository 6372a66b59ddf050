// Batch normalisation, as snn/src/layer/batch_norm.rs computes it: sums of 32 pixels in single precision, sums of 1024 pixels of those
// in double precision. Values are [pixel][channel].
//
// registers 64

namespace braincog { namespace snn {

const unsigned THREADS = 256;
const unsigned RUN = 32;
const unsigned TASK = 1024;

// Adds two products per value over the pixels of a task; totals[task][channel][2].
template <class Products>
__device__ __forceinline__ void sum(unsigned pixels, unsigned channels, double* totals, Products products) {
    const unsigned place = blockIdx.x * THREADS + threadIdx.x;
    const unsigned first = place / channels * TASK, channel = place % channels;
    if (first >= pixels) return;
    const unsigned end = first + ::min(TASK, pixels - first);
    double first_total = 0.0, second_total = 0.0;
    for (unsigned run = first; run < end; run += RUN) {
        float first_sum = 0.0f, second_sum = 0.0f;
        for (unsigned pixel = run; pixel < ::min(run + RUN, end); ++pixel) {
            const float2 both = products(pixel * channels + channel, channel);
            first_sum += both.x;
            second_sum += both.y;
        }
        first_total += (double)first_sum;
        second_total += (double)second_sum;
    }
    totals[2 * place] = first_total;
    totals[2 * place + 1] = second_total;
}

} }

using namespace braincog::snn;

// Of the distance from `around`, and of its square.
extern "C" __global__ void __launch_bounds__(THREADS)
moments(const float* __restrict__ input, const float* __restrict__ around, const unsigned pixels, const unsigned channels,
        double* __restrict__ totals) {
    sum(pixels, channels, totals, [&](unsigned at, unsigned channel) {
        const float away = input[at] - around[channel];
        return make_float2(away, away * away);
    });
}

// Of the gradient, and of its product with the normalised input.
extern "C" __global__ void __launch_bounds__(THREADS)
products(const float* __restrict__ gradient, const float* __restrict__ input, const float* __restrict__ mean,
         const float* __restrict__ inverse, const unsigned pixels, const unsigned channels, double* __restrict__ totals) {
    sum(pixels, channels, totals, [&](unsigned at, unsigned channel) {
        const float g = gradient[at];
        return make_float2(g, g * ((input[at] - mean[channel]) * inverse[channel]));
    });
}

// a x + b per channel.
extern "C" __global__ void __launch_bounds__(THREADS)
affine(const float* __restrict__ input, const float* __restrict__ a, const float* __restrict__ b, const unsigned n,
       const unsigned channels, float* __restrict__ output) {
    const unsigned i = blockIdx.x * THREADS + threadIdx.x;
    if (i < n) output[i] = a[i % channels] * input[i] + b[i % channels];
}

// a g + b x + c per channel, in place of g; factors[channel][3].
extern "C" __global__ void __launch_bounds__(THREADS)
combine(float* __restrict__ gradient, const float* __restrict__ input, const float* __restrict__ factors, const unsigned n,
        const unsigned channels) {
    const unsigned i = blockIdx.x * THREADS + threadIdx.x;
    if (i >= n) return;
    const float* const factor = factors + i % channels * 3;
    gradient[i] = factor[0] * gradient[i] + factor[1] * input[i] + factor[2];
}
