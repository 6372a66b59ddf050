// The update loop: one step of all neurons of a slice, one thread per neuron. The device's counterpart of
// kernels/src/cells.rs.
//
// Compiled once per model, after the model's own text (kit prelude, propagators, state, input, `substep`
// and `step`), with MODEL defined as its name: `tools/cuda.sh`. Every product and sum is rounded by itself
// (`--fmad=false`), so the bits are the host's.
//
// Most registers per thread, without spills; 32 leave a multiprocessor full:
// registers 64
// registers 32: adth aeif_braincog ctizh iaf_cond_alpha iaf_cond_exp iaf_psc_alpha iaf_psc_delta iaf_psc_exp
// registers 32: ignore_and_fire izhikevich mat2_psc_exp parrot_neuron

#include "noise.cuh"
#include "spikes.cuh"

namespace braincog {

using MODEL::Input;
using MODEL::Propagators;
using MODEL::State;

// State lies in tiles of 16 neurons, [field][lane], as on the host: a warp reads whole lines, and what is
// copied between host and device needs no rearrangement.
const unsigned LANES = 16;

template <class Columns>
__device__ __forceinline__ Columns load(const real* tile) {
    Columns values;
    real* fields = reinterpret_cast<real*>(&values);
#pragma unroll
    for (unsigned f = 0; f < sizeof(Columns) / sizeof(real); ++f) fields[f] = tile[f * LANES];
    return values;
}

template <class Columns>
__device__ __forceinline__ void store(const Columns& values, real* tile) {
    const real* fields = reinterpret_cast<const real*>(&values);
#pragma unroll
    for (unsigned f = 0; f < sizeof(Columns) / sizeof(real); ++f) tile[f * LANES] = fields[f];
}

// What a model wants besides its receptors; these fields come after them.
template <class I> concept TakesCurrent = requires(I input) { input.I_stim; };
template <class I> concept TakesNoise = requires(I input) { input.noise; };
template <class I> concept TakesMean = requires(I input) { input.V_mean; };

const unsigned FIELDS = sizeof(Input) / sizeof(real);
const unsigned RECEPTORS = FIELDS - TakesCurrent<Input> - TakesNoise<Input> - TakesMean<Input>;

// What a slice gets in a step besides its own state.
struct Arriving {
    // Fixed-point sums, [receptor][neuron]; read and set to zero.
    int* sums;
    // Neurons from one receptor's sums to the next.
    unsigned long long stride;
    // Currents from generators over the step, one per neuron; null if there are none.
    const real* currents;
    // Noise of the population.
    Stream stream;
    unsigned long long step;
    // Weight units per integer unit, per receptor.
    real units[2];
    // Mean V_m of the population at the end of the last step.
    real mean;
    // First neuron of the slice in its population.
    unsigned first;
};

template <class I>
__device__ __forceinline__ I take(const Arriving& arriving, unsigned neuron) {
    I input;
    real* fields = reinterpret_cast<real*>(&input);
#pragma unroll
    for (unsigned receptor = 0; receptor < RECEPTORS; ++receptor) {
        int* sum = arriving.sums + receptor * arriving.stride + neuron;
        fields[receptor] = (real)*sum * arriving.units[receptor];
        *sum = 0;
    }
    if constexpr (TakesCurrent<I>) input.I_stim = arriving.currents ? arriving.currents[neuron] : 0.0f;
    if constexpr (TakesNoise<I>) input.noise = noise(arriving.stream, arriving.step, arriving.first + neuron);
    if constexpr (TakesMean<I>) input.V_mean = arriving.mean;
    return input;
}

}

extern "C" __global__ void __launch_bounds__(256)
update(const braincog::Propagators p, const unsigned substeps, float* __restrict__ tiles, const unsigned n,
       const braincog::Arriving arriving, unsigned* __restrict__ fired, unsigned* __restrict__ n_fired) {
    using namespace braincog;
    const unsigned neuron = blockIdx.x * blockDim.x + threadIdx.x;
    bool spiked = false;
    if (neuron < n) {
        real* tile = tiles + (unsigned long long)(neuron / LANES) * (sizeof(State) / sizeof(real) * LANES) + neuron % LANES;
        State s = load<State>(tile);
        const Input input = take<Input>(arriving, neuron);
        for (unsigned k = 0; k < substeps; ++k) MODEL::substep(p, s, input);
        spiked = MODEL::step(p, s, input);
        store(s, tile);
    }
    append(spiked, neuron, fired, n_fired);
}
