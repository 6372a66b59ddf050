// Recording of state: the values of all taps after a step, side by side, for the host to copy in blocks.
//
// registers 32

#include "device.cuh"

extern "C" __global__ void __launch_bounds__(256)
sample(const braincog::real* const* __restrict__ taps, const unsigned n, braincog::real* __restrict__ out) {
    const unsigned tap = blockIdx.x * blockDim.x + threadIdx.x;
    if (tap < n) out[tap] = *braincog::global(taps[tap]);
}
