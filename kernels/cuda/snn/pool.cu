// Windows of pixels become one, as in snn/src/layer/pool.rs. A thread computes one value of what comes out.
//
// registers 40

namespace braincog { namespace snn {

const unsigned THREADS = 256;

// Squares of `side` pixels, `stride` apart, the first `padding` pixels outside of the image.
struct Windows {
    unsigned side;
    unsigned stride;
    unsigned padding;
    unsigned height;
    unsigned width;
    unsigned rows;
    unsigned columns;
    unsigned channels;
    // Values of what goes in and of what comes out, in all images.
    unsigned inputs;
    unsigned outputs;
};

struct Pixel {
    unsigned image, y, x, channel;

    // Of value `i` of images of so many rows and columns.
    __device__ __forceinline__ Pixel(unsigned i, unsigned rows, unsigned columns, unsigned channels) {
        channel = i % channels;
        const unsigned pixel = i / channels;
        x = pixel % columns;
        y = pixel / columns % rows;
        image = pixel / (rows * columns);
    }
};

} }

using namespace braincog::snn;

extern "C" __global__ void __launch_bounds__(THREADS)
mean(const Windows windows, const float weight, const float* __restrict__ input, float* __restrict__ output) {
    const unsigned i = blockIdx.x * THREADS + threadIdx.x;
    if (i >= windows.outputs) return;
    const Pixel to(i, windows.rows, windows.columns, windows.channels);
    float sum = 0.0f;
    for (unsigned dy = 0; dy < windows.side; ++dy)
        for (unsigned dx = 0; dx < windows.side; ++dx) {
            const unsigned y = to.y * windows.side + dy, x = to.x * windows.side + dx;
            sum += input[((to.image * windows.height + y) * windows.width + x) * windows.channels + to.channel] * weight;
        }
    output[i] = sum;
}

// Pixels that no square covers get no gradient.
extern "C" __global__ void __launch_bounds__(THREADS)
mean_back(const Windows windows, const float weight, const float* __restrict__ gradient, float* __restrict__ result) {
    const unsigned i = blockIdx.x * THREADS + threadIdx.x;
    if (i >= windows.inputs) return;
    const Pixel from(i, windows.height, windows.width, windows.channels);
    const unsigned y = from.y / windows.side, x = from.x / windows.side;
    const bool covered = y < windows.rows && x < windows.columns;
    const unsigned at = ((from.image * windows.rows + y) * windows.columns + x) * windows.channels + from.channel;
    result[i] = covered ? gradient[at] * weight : 0.0f;
}

// The first of the largest values of each window, and its place there. What is not a number wins and stays.
extern "C" __global__ void __launch_bounds__(THREADS)
largest(const Windows windows, const float* __restrict__ input, float* __restrict__ output, unsigned char* __restrict__ places) {
    const unsigned i = blockIdx.x * THREADS + threadIdx.x;
    if (i >= windows.outputs) return;
    const Pixel to(i, windows.rows, windows.columns, windows.channels);
    float best = -__int_as_float(0x7f800000);
    unsigned at = 0;
    for (unsigned place = 0; place < windows.side * windows.side; ++place) {
        const unsigned y = to.y * windows.stride + place / windows.side - windows.padding;
        const unsigned x = to.x * windows.stride + place % windows.side - windows.padding;
        if (y >= windows.height || x >= windows.width) continue;
        const float value = input[((to.image * windows.height + y) * windows.width + x) * windows.channels + to.channel];
        if (value > best || (value != value && best == best)) {
            best = value;
            at = place;
        }
    }
    output[i] = best;
    places[i] = (unsigned char)at;
}

// Every pixel gets the gradients of the windows that it won, in the order of the windows.
extern "C" __global__ void __launch_bounds__(THREADS)
largest_back(const Windows windows, const float* __restrict__ gradient, const unsigned char* __restrict__ places,
             float* __restrict__ result) {
    const unsigned i = blockIdx.x * THREADS + threadIdx.x;
    if (i >= windows.inputs) return;
    const Pixel from(i, windows.height, windows.width, windows.channels);
    const unsigned bottom = from.y + windows.padding, right = from.x + windows.padding;
    // The first window that reaches this far.
    const unsigned top = bottom < windows.side ? 0 : (bottom - windows.side) / windows.stride + 1;
    const unsigned left = right < windows.side ? 0 : (right - windows.side) / windows.stride + 1;
    float sum = 0.0f;
    for (unsigned y = top; y < windows.rows && y * windows.stride <= bottom; ++y)
        for (unsigned x = left; x < windows.columns && x * windows.stride <= right; ++x) {
            const unsigned at = ((from.image * windows.rows + y) * windows.columns + x) * windows.channels + from.channel;
            const unsigned place = (bottom - y * windows.stride) * windows.side + right - x * windows.stride;
            sum += places[at] == place ? gradient[at] : 0.0f;
        }
    result[i] = sum;
}
