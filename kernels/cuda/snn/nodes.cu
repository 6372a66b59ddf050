// Spiking neurons over all steps and backwards: the equations of snn/src/node/{integrate,plif}.rs and of snn/src/surrogate.rs. A thread
// runs one neuron; values are [step][neuron].
//
// registers 64

namespace braincog { namespace snn {

const unsigned THREADS = 256;

enum Equation { IF, LIF, PLIF };

// The order of snn::surrogate::Kind.
enum Shape { SIGMOID, ATAN, GATE, QGATE, ROUND, RELU, STRAIGHT, STDP, BACK_EI, EI, FAST_SIGMOID, SUPER_SPIKE, ERF, TRIANGLE, RECTANGLE };

struct Neuron {
    unsigned equation;
    unsigned shape;
    float threshold;
    // Time constant of LIF, rate of PLIF.
    float leak;
    // Derivatives of a charged membrane by what it was and by the input.
    float keep;
    float take;
    float alpha;

    __device__ __forceinline__ float charge(float v, float input) const {
        if (equation == IF) return v + input;
        return equation == LIF ? v + (input - v) / leak : v + (input - v) * leak;
    }

    // Spikes at distance x from threshold.
    __device__ __forceinline__ float spike(float x) const {
        switch (shape) {
            case SIGMOID: case RELU: case STRAIGHT: return x >= 0.0f ? 1.0f : 0.0f;
            case ROUND: {
                // Comparisons let what is not a number pass.
                const float below = x < -0.5f ? -0.5f : x;
                return ceilf(below > 4.5f ? 4.5f : below) + 0.0f;
            }
            case EI: return (x > 0.0f ? 1.0f : 0.0f) - (x < 0.0f ? 1.0f : 0.0f);
            default: return x > 0.0f ? 1.0f : 0.0f;
        }
    }

    // The derivative that stands in for that of the spike.
    __device__ __forceinline__ float slope(float x) const {
        const float a = alpha, away = fabsf(x);
        switch (shape) {
            case SIGMOID: {
                const float s = 1.0f / (1.0f + braincog::exp(-a * x));
                return a * s * (1.0f - s);
            }
            case ATAN: {
                const float angle = 1.57079637f * a * x;
                return 0.5f * a / (1.0f + angle * angle);
            }
            case GATE: return away * a < 1.0f ? 1.0f : 0.0f;
            case QGATE: return fmaxf(a - a * a * away, 0.0f);
            case ROUND: return x > -0.5f && x < 4.5f ? 1.0f : 0.0f;
            case RELU: return a * (x > 0.0f ? 1.0f : 0.0f);
            case STRAIGHT: return 1.0f;
            case STDP: return x > 0.0f ? 1.0f : 0.0f;
            case BACK_EI: case EI: return away < 0.5f ? 1.0f : 0.0f;
            case FAST_SIGMOID: {
                const float wide = 1.0f + a * away;
                return 1.0f / (wide * wide);
            }
            case SUPER_SPIKE: return a / ((1.0f + away) * (1.0f + away));
            case ERF: return a * 0.5641896f * braincog::exp(-(a * x * (a * x)));
            case TRIANGLE: return a * fmaxf(1.0f - away, 0.0f);
            default: return away * a < 0.5f ? a : 0.0f;
        }
    }
};

} }

using namespace braincog::snn;

// All steps from rest, `n` neurons.
extern "C" __global__ void __launch_bounds__(THREADS)
advance(const Neuron neuron, const float* __restrict__ input, const unsigned n, const unsigned steps, float* __restrict__ output) {
    const unsigned i = blockIdx.x * THREADS + threadIdx.x;
    if (i >= n) return;
    float v = 0.0f;
    for (unsigned step = 0; step < steps; ++step) {
        v = neuron.charge(v, input[step * n + i]);
        const float spike = neuron.spike(v - neuron.threshold);
        v = v * (1.0f - spike);
        output[step * n + i] = spike;
    }
}

// Runs once more and goes back, from the gradient of the spikes to that of the input. `membranes` is room for [step][neuron];
// `learned[i]` becomes the gradient of the rate of a PLIF, of neuron i alone, and may be null.
extern "C" __global__ void __launch_bounds__(THREADS)
retreat(const Neuron neuron, const float* __restrict__ input, const unsigned n, const unsigned steps, float* __restrict__ membranes,
        float* __restrict__ gradient, float* __restrict__ learned) {
    const unsigned i = blockIdx.x * THREADS + threadIdx.x;
    if (i >= n) return;
    float v = 0.0f;
    for (unsigned step = 0; step < steps; ++step) {
        membranes[step * n + i] = v;
        v = neuron.charge(v, input[step * n + i]);
        v = v * (1.0f - neuron.spike(v - neuron.threshold));
    }
    float adjoint = 0.0f, by_rate = 0.0f;
    for (unsigned step = steps; step-- > 0;) {
        const float before = membranes[step * n + i], given = input[step * n + i];
        const float distance = neuron.charge(before, given) - neuron.threshold;
        // No gradient passes through the factor of a reset.
        const float after = adjoint * (1.0f - neuron.spike(distance));
        const float through = gradient[step * n + i] * neuron.slope(distance);
        by_rate += after * (given - before) + through * (given - before);
        adjoint = after * neuron.keep + through * neuron.keep;
        gradient[step * n + i] = after * neuron.take + through * neuron.take;
    }
    if (learned) learned[i] = by_rate;
}

// totals[group]: the sum over 64 neurons in double precision.
extern "C" __global__ void __launch_bounds__(THREADS)
add_lanes(const float* __restrict__ learned, const unsigned n, double* __restrict__ totals) {
    const unsigned group = blockIdx.x * THREADS + threadIdx.x;
    if (group * 64ull >= n) return;
    double sum = 0.0;
    for (unsigned i = group * 64; i < min(n, group * 64 + 64); ++i) sum += (double)learned[i];
    totals[group] = sum;
}
