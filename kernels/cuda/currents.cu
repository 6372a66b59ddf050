// Currents from generators: what kernels/src/stimuli.rs adds to the current of each neuron in a step, one
// thread per neuron of a slice. Values that are the same for all neurons come from the host.
//
// Most registers per thread, without spills:
// registers 32

#include "random.cuh"

// The neurons of a slice that a generator drives, as indices in the slice, and the slice's first neuron in
// its population.
struct Driven {
    unsigned from;
    unsigned to;
    unsigned first;
};

namespace braincog {

__device__ __forceinline__ unsigned thread() { return blockIdx.x * blockDim.x + threadIdx.x; }

}

// Adds one value to all driven neurons: constant currents, their steps, and sines.
extern "C" __global__ void __launch_bounds__(256)
uniform_current(float* __restrict__ currents, const Driven driven, const float value) {
    const unsigned neuron = driven.from + braincog::thread();
    if (neuron < driven.to) currents[neuron] += value;
}

// Adds white noise that is held for an interval: the same draw as long as `interval` is the same, so there is
// nothing to remember.
extern "C" __global__ void __launch_bounds__(256)
noise_current(float* __restrict__ currents, const Driven driven, const float* __restrict__ quantiles,
              const braincog::Stream stream, const unsigned long long interval, const float mean, const float std) {
    using namespace braincog;
    const unsigned neuron = driven.from + thread();
    if (neuron < driven.to) currents[neuron] += normal(quantiles, plane_word(stream, interval, driven.first + neuron), mean, std);
}

// What an Ornstein-Uhlenbeck process needs for a step, and what it fluctuates around.
struct Process {
    float decay;
    float kick;
    float mean;
    float std;
};

// Advances a process per neuron and adds it. All `n` processes of the slice advance, whether driven or not;
// the first time they are drawn from the stationary distribution.
extern "C" __global__ void __launch_bounds__(256)
ou_current(float* __restrict__ currents, float* __restrict__ state, const unsigned n, const Driven driven,
           const float* __restrict__ quantiles, const braincog::Stream stream, const unsigned long long step,
           const Process process, const unsigned started) {
    using namespace braincog;
    const unsigned neuron = thread();
    if (neuron >= n) return;
    const real xi = normal(quantiles, plane_word(stream, step, driven.first + neuron), 0.0f, process.std);
    const real x = started ? process.decay * state[neuron] + process.kick * xi : xi;
    state[neuron] = x;
    if (driven.from <= neuron && neuron < driven.to) currents[neuron] += process.mean + x;
}
