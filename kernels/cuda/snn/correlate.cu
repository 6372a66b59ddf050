// Correlation of images with a kernel and both its gradients, in the order of the sums of snn/src/correlate. Weights are
// [input channel][kernel row][kernel column][output channel], images [image][row][column][channel].
//
// registers 64

#include "tile.cuh"

namespace braincog { namespace snn {

// Images on a canvas of zeros, under a kernel that slides over it.
struct Canvas {
    const float* values;
    unsigned height;
    unsigned width;
    unsigned channels;
    // Zeros on every side, and from one pixel of an image to the next.
    unsigned border;
    unsigned spacing;
    unsigned kernel;
    unsigned stride;
    // Positions of the kernel: in a row, in an image, in all images.
    unsigned columns;
    unsigned positions;
    unsigned all;

    struct Position {
        unsigned image;
        int y, x;
    };
    struct Tap {
        int dy, dx;
        unsigned channel;
    };

    __device__ __forceinline__ unsigned n_taps() const { return kernel * kernel * channels; }

    // Far from any image if there is no such position.
    __device__ __forceinline__ Position position(unsigned index, unsigned end) const {
        if (index >= end) return {0, -(1 << 30), 0};
        const unsigned place = index % positions;
        const int border = (int)this->border;
        return {index / positions * height * width, (int)(place / columns * stride) - border, (int)(place % columns * stride) - border};
    }

    __device__ __forceinline__ Tap tap(unsigned index) const {
        if (index >= n_taps()) return {-(1 << 30), 0, 0};
        const unsigned tap = index / channels;
        return {(int)(tap / kernel), (int)(tap % kernel), index % channels};
    }

    // Which pixel lies at a coordinate of the canvas without its border; a large number between pixels. Only gradients are spread.
    template <bool SPREAD>
    __device__ __forceinline__ unsigned pixel(int at) const {
        if (!SPREAD || spacing == 1) return (unsigned)at;
        return at >= 0 && (unsigned)at % spacing == 0 ? (unsigned)at / spacing : ~0u;
    }

    template <bool SPREAD>
    __device__ __forceinline__ float at(const Position& position, const Tap& tap) const {
        const unsigned y = pixel<SPREAD>(position.y + tap.dy), x = pixel<SPREAD>(position.x + tap.dx);
        return y < height && x < width ? values[(position.image + y * width + x) * channels + tap.channel] : 0.0f;
    }
};

// What the kernel covers: a line per position.
template <bool SPREAD>
struct Patches {
    const Canvas& canvas;
    typedef Canvas::Position Outer;
    typedef Canvas::Tap Inner;
    __device__ __forceinline__ Outer outer(unsigned i) const { return canvas.position(i, canvas.all); }
    __device__ __forceinline__ Inner inner(unsigned k) const { return canvas.tap(k); }
    __device__ __forceinline__ float at(const Outer& outer, const Inner& inner) const { return canvas.at<SPREAD>(outer, inner); }
};

// The same with a line per tap, up to position `end`.
struct Taps {
    const Canvas& canvas;
    unsigned end;
    typedef Canvas::Tap Outer;
    typedef Canvas::Position Inner;
    __device__ __forceinline__ Outer outer(unsigned i) const { return canvas.tap(i); }
    __device__ __forceinline__ Inner inner(unsigned k) const { return canvas.position(k, end); }
    __device__ __forceinline__ float at(const Outer& outer, const Inner& inner) const { return canvas.at<false>(inner, outer); }
};

// Weights: a line per output channel, a column per tap and input channel.
struct Weights {
    const float* values;
    unsigned n_taps;
    unsigned inputs;
    unsigned outputs;
    typedef unsigned Outer;
    typedef unsigned Inner;
    __device__ __forceinline__ Outer outer(unsigned i) const { return i; }
    // Past the last one if there is no such column.
    __device__ __forceinline__ Inner inner(unsigned k) const {
        return k < n_taps * inputs ? k % inputs * n_taps + k / inputs : n_taps * inputs;
    }
    __device__ __forceinline__ float at(Outer output, Inner tap) const {
        return output < outputs && tap < n_taps * inputs ? values[tap * outputs + output] : 0.0f;
    }
};

// Weights turned by half a circle, their ends exchanged: a line per input channel, a column per tap and output channel.
struct Turned {
    const float* values;
    unsigned n_taps;
    unsigned inputs;
    unsigned outputs;
    typedef unsigned Outer;
    struct Inner {
        unsigned tap, output;
    };
    __device__ __forceinline__ Outer outer(unsigned i) const { return i; }
    __device__ __forceinline__ Inner inner(unsigned k) const { return {n_taps - 1 - k / outputs, k % outputs}; }
    __device__ __forceinline__ float at(Outer input, const Inner& inner) const {
        return input < inputs && inner.tap < n_taps ? values[(input * n_taps + inner.tap) * outputs + inner.output] : 0.0f;
    }
};

// Gradients: a line per output channel, a column per position, up to position `end`.
struct Gradients {
    const float* values;
    unsigned outputs;
    unsigned end;
    typedef unsigned Outer;
    typedef unsigned Inner;
    __device__ __forceinline__ Outer outer(unsigned i) const { return i; }
    __device__ __forceinline__ Inner inner(unsigned k) const { return k; }
    __device__ __forceinline__ float at(Outer output, Inner position) const {
        return output < outputs && position < end ? values[position * outputs + output] : 0.0f;
    }
};

} }

using namespace braincog::snn;

// output[position][o] = bias[o] + what lies under the kernel at this position, weighted; `bias` may be null.
extern "C" __global__ void __launch_bounds__(THREADS)
forward(const Canvas canvas, const float* __restrict__ weights, const float* __restrict__ bias, const unsigned outputs,
        float* __restrict__ output) {
    const unsigned row = blockIdx.x * TILE, column = blockIdx.y * TILE;
    const Patches<false> patches = {canvas};
    const Weights kernel = {weights, canvas.kernel * canvas.kernel, canvas.channels, outputs};
    Sums sums;
#pragma unroll
    for (unsigned q = 0; q < SIDE; ++q) {
        const unsigned o = column + threadIdx.x % (TILE / SIDE) * SIDE + q;
        const float start = bias && o < outputs ? bias[o] : 0.0f;
#pragma unroll
        for (unsigned p = 0; p < SIDE; ++p) sums.at[p][q] = start;
    }
    sums.add_products(AlongDepth<Patches<false>>(patches, row), AlongTile<Weights>(kernel, column), 0, canvas.n_taps());
    sums.each(row, column, canvas.all, outputs, [&](unsigned position, unsigned o, float sum) { output[position * outputs + o] = sum; });
}

// result[pixel][i]: the gradient of the input. The canvas holds the gradients of the outputs, spread by the stride.
extern "C" __global__ void __launch_bounds__(THREADS)
input_gradient(const Canvas canvas, const float* __restrict__ weights, const unsigned inputs, float* __restrict__ result) {
    const unsigned row = blockIdx.x * TILE, column = blockIdx.y * TILE;
    const Patches<true> patches = {canvas};
    const Turned kernel = {weights, canvas.kernel * canvas.kernel, inputs, canvas.channels};
    Sums sums = {};
    sums.add_products(AlongDepth<Patches<true>>(patches, row), AlongDepth<Turned>(kernel, column), 0, canvas.n_taps());
    sums.each(row, column, canvas.all, inputs, [&](unsigned pixel, unsigned i, float sum) { result[pixel * inputs + i] = sum; });
}

// parts[blockIdx.z][weight]: what the positions of group `first + blockIdx.z` give to the gradient of each weight.
extern "C" __global__ void __launch_bounds__(THREADS)
weight_gradient(const Canvas canvas, const float* __restrict__ gradients, const unsigned outputs, const unsigned group,
                const unsigned first, float* __restrict__ parts) {
    const unsigned row = blockIdx.x * TILE, column = blockIdx.y * TILE;
    const unsigned begin = (first + blockIdx.z) * group;
    const unsigned end = begin + min(group, canvas.all - begin);
    const Taps taps = {canvas, end};
    const Gradients gradient = {gradients, outputs, end};
    Sums sums = {};
    sums.add_products(AlongTile<Taps>(taps, row), AlongTile<Gradients>(gradient, column), begin, end);
    const unsigned n_taps = canvas.kernel * canvas.kernel;
    float* const part = parts + (unsigned long long)blockIdx.z * canvas.n_taps() * outputs;
    sums.each(row, column, canvas.n_taps(), outputs, [&](unsigned tap, unsigned o, float sum) {
        part[(tap % canvas.channels * n_taps + tap / canvas.channels) * outputs + o] = sum;
    });
}

// Adds the parts of all groups to `total`, in their order.
extern "C" __global__ void __launch_bounds__(THREADS)
add_groups(const float* __restrict__ parts, const unsigned n, const unsigned groups, float* __restrict__ total) {
    const unsigned weight = blockIdx.x * THREADS + threadIdx.x;
    if (weight >= n) return;
    float sum = total[weight];
    for (unsigned group = 0; group < groups; ++group) sum += parts[(unsigned long long)group * n + weight];
    total[weight] = sum;
}

// total[o]: the sum over all positions, in double precision because there may be a million of them.
extern "C" __global__ void __launch_bounds__(THREADS)
add_positions(const float* __restrict__ gradients, const unsigned positions, const unsigned outputs, double* __restrict__ total) {
    const unsigned output = blockIdx.x * THREADS + threadIdx.x;
    if (output >= outputs) return;
    double sum = 0.0;
    for (unsigned position = 0; position < positions; ++position) sum += (double)gradients[position * outputs + output];
    total[output] = sum;
}
