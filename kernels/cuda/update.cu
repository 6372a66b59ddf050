// The update loop: one step of all neurons of a model, one thread per neuron. The device's counterpart of
// kernels/src/cells.rs and kernels/src/stimuli.rs.
//
// Compiled once per model, after the model's own text (kit prelude, propagators, state, input, `substep`
// and `step`), with MODEL defined as its name: `tools/cuda.sh`. Every product and sum is rounded by itself
// (`--fmad=false`), so the bits are the host's.
//
// Most registers per thread, without spills. Three blocks per multiprocessor have to fit, or some versions of the
// compiler would rather spill than use more than 32:
// registers 80
// registers 56: adth aeif_braincog ctizh iaf_cond_exp iaf_psc_alpha iaf_psc_delta iaf_psc_exp ignore_and_fire
// registers 56: izhikevich mat2_psc_exp parrot_neuron

#include "drives.cuh"
#include "noise.cuh"
#include "spikes.cuh"

namespace braincog {

using MODEL::Input;
using MODEL::Propagators;
using MODEL::State;

// State lies in tiles of 16 neurons, [field][lane], as on the host: a warp reads whole lines, and what is
// copied between host and device needs no rearrangement.
const unsigned LANES = 16;

// A run of neurons of one population: what is the same for all of them.
struct __align__(16) Slice {
    // State, and where it is kept in 16 bits the unit of each field; else null.
    void* tiles;
    const real* compact;
    unsigned n;
    // Index of the first neuron in its population, its global id, and its place among the sums.
    unsigned first;
    unsigned id;
    unsigned place;
    // Its drives.
    unsigned drives;
    unsigned drives_end;
    unsigned population;
    // Neurons of the population.
    unsigned size;
    unsigned substeps;
    Stream noise;
    // Weight units per integer unit, per receptor.
    real units[2];
    unsigned unused[3];
    Propagators propagators;
};

// The neurons that a block of threads updates: those of a slice from here on.
struct Share {
    unsigned slice;
    unsigned from;
};

// The nearest whole number, half away from zero, kept within 16 bits.
__device__ __forceinline__ short rounded(real x) {
    x = x + (x >= 0.0f ? 0.5f : -0.5f);
    if (x < -32767.0f) x = -32767.0f;
    if (x > 32767.0f) x = 32767.0f;
    return (short)(int)x;
}

// The place of a neuron's first field in tiles of this type.
template <class Columns, class T>
__device__ __forceinline__ T* lane(const Slice& slice, unsigned neuron) {
    const u64 tile = (u64)(neuron / LANES) * (sizeof(Columns) / sizeof(real) * LANES);
    return global(static_cast<T*>(slice.tiles)) + tile + neuron % LANES;
}

template <class Columns>
__device__ __forceinline__ Columns load(const Slice& slice, unsigned neuron) {
    Columns values;
    real* fields = reinterpret_cast<real*>(&values);
    const real* whole = lane<Columns, real>(slice, neuron);
    const short* packed = lane<Columns, short>(slice, neuron);
    const bool is_packed = !WHOLE_STATE && slice.compact;
    const real* units = global(slice.compact);
#pragma unroll
    for (unsigned f = 0; f < sizeof(Columns) / sizeof(real); ++f)
        fields[f] = is_packed ? (real)packed[f * LANES] * units[f] : whole[f * LANES];
    return values;
}

template <class Columns>
__device__ __forceinline__ void store(const Columns& values, const Slice& slice, unsigned neuron) {
    const real* fields = reinterpret_cast<const real*>(&values);
    real* whole = lane<Columns, real>(slice, neuron);
    short* packed = lane<Columns, short>(slice, neuron);
    const bool is_packed = !WHOLE_STATE && slice.compact;
    const real* units = global(slice.compact);
#pragma unroll
    for (unsigned f = 0; f < sizeof(Columns) / sizeof(real); ++f) {
        // Units are powers of two, so the inverse is exact.
        if (is_packed) packed[f * LANES] = rounded(fields[f] * (1.0f / units[f]));
        else whole[f * LANES] = fields[f];
    }
}

// What a model wants besides its receptors; these fields come after them.
template <class I> concept TakesCurrent = requires(I input) { input.I_stim; };
template <class I> concept TakesNoise = requires(I input) { input.noise; };
template <class I> concept TakesMean = requires(I input) { input.V_mean; };

const unsigned FIELDS = sizeof(Input) / sizeof(real);
const unsigned RECEPTORS = FIELDS - TakesCurrent<Input> - TakesNoise<Input> - TakesMean<Input>;

// What a neuron gets in a step. Its sums are set to zero.
template <class I>
__device__ __forceinline__ I take(const Slice& slice, unsigned neuron, const Drives& drives, const Sums& sums, const Means& means, u64 step) {
    int taken[RECEPTORS];
#pragma unroll
    for (unsigned receptor = 0; receptor < RECEPTORS; ++receptor) {
        int* sum = sums.at(step, receptor) + slice.place + neuron;
        taken[receptor] = *sum;
        *sum = 0;
    }
    real current = 0.0f;
    drive<RECEPTORS, TakesCurrent<I>>(drives, slice.drives, slice.drives_end, neuron, slice.first, taken, current);
    I input;
    real* fields = reinterpret_cast<real*>(&input);
#pragma unroll
    for (unsigned receptor = 0; receptor < RECEPTORS; ++receptor) fields[receptor] = (real)taken[receptor] * slice.units[receptor];
    if constexpr (TakesCurrent<I>) input.I_stim = current;
    if constexpr (TakesNoise<I>) input.noise = noise(slice.noise, step, slice.first + neuron);
    // At the end of the last step.
    if constexpr (TakesMean<I>) input.V_mean = (real)(*means.at(step + 1, slice.population) / (long long)slice.size) * (1.0f / 65536.0f);
    return input;
}

// V_m, if the mean of it is wanted.
template <class I, class S>
__device__ __forceinline__ real potential(const S& s) {
    if constexpr (TakesMean<I>) return s.V_m;
    else return 0.0f;
}

// Adds the potentials of a warp's neurons to what the next step reads. All 32 lanes must call it.
__device__ __forceinline__ void add_to_mean(long long* sum, real V_m) {
    long long potential = (long long)(V_m * 65536.0f);
#pragma unroll
    for (unsigned distance = WARP / 2; distance > 0; distance /= 2) potential += __shfl_down_sync(ALL_LANES, potential, distance);
    if (threadIdx.x % WARP == 0) atomicAdd((u64*)sum, (u64)potential);
}

}

extern "C" __global__ void __launch_bounds__(256, 3)
update(const braincog::Slice* __restrict__ slices, const braincog::Share* __restrict__ shares, const braincog::Drives drives,
       const braincog::Ring ring, const braincog::Store store, const braincog::Sums sums, const braincog::Means means,
       const unsigned long long step) {
    using namespace braincog;
    const Share share = shares[blockIdx.x];
    const Slice& slice = slices[share.slice];
    const unsigned neuron = share.from + threadIdx.x;
    bool spiked = false;
    real V_m = 0.0f;
    if (neuron < slice.n) {
        State s = load<State>(slice, neuron);
        const Input input = take<Input>(slice, neuron, drives, sums, means, step);
        const Propagators p = slice.propagators;
        for (unsigned k = 0; k < slice.substeps; ++k) MODEL::substep(p, s, input);
        spiked = MODEL::step(p, s, input);
        braincog::store(s, slice, neuron);
        V_m = potential<Input>(s);
    }
    emit(spiked, slice.id + neuron, step, ring, store.rows);
    if constexpr (TakesMean<Input>) add_to_mean(means.at(step, slice.population), V_m);
}
