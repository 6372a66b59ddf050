// Device code as C++ of the host: what kernels use of the language and of the device's functions. Included before a kernel.
#pragma once

#include <cmath>
#include <cstring>
#include <functional>
#include <type_traits>

#define __device__
#define __global__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __align__(n) alignas(n)
// A block is a thread of the host.
#define __shared__ static thread_local
#define __builtin_assume(condition) ((void)(condition))

struct uint2 { unsigned x, y; };
struct alignas(16) uint4 { unsigned x, y, z, w; };
struct Index { unsigned x; };

// Calls, since compilers hold on to addresses of what a thread of the host has, and then take them for null.
Index thread_index(), block_index(), block_size(), grid_size();
#define threadIdx thread_index()
#define blockIdx block_index()
#define blockDim block_size()
#define gridDim grid_size()

// Runs a kernel: every block at the same time as the others, every thread in an order of its own.
void launch(unsigned blocks, unsigned threads, const std::function<void()>& kernel);

// --- fibers.cpp: threads of a block wait for each other -----------------------------------------------------------

void __syncthreads();
void __syncwarp(unsigned mask = 0xffffffffu);
// Gives what `lane` of the warp has brought along.
unsigned long long exchange(unsigned mask, unsigned long long value, unsigned lane);
// Lanes of the warp that have brought along something other than 0.
unsigned ballot(unsigned mask, unsigned long long value);

inline unsigned __ballot_sync(unsigned mask, bool holds) { return ballot(mask, holds); }

template <class T> T from_lane(unsigned mask, T value, int lane) {
    unsigned long long bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    const unsigned own = threadIdx.x % 32;
    bits = exchange(mask, bits, lane < 0 || lane > 31 ? own : (unsigned)lane);
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

template <class T> T __shfl_sync(unsigned mask, T value, unsigned lane) { return from_lane(mask, value, (int)(lane % 32)); }
template <class T> T __shfl_up_sync(unsigned mask, T value, unsigned by) { return from_lane(mask, value, (int)(threadIdx.x % 32) - (int)by); }
template <class T> T __shfl_down_sync(unsigned mask, T value, unsigned by) { return from_lane(mask, value, (int)(threadIdx.x % 32 + by)); }

// --- arithmetic ---------------------------------------------------------------------------------------------------

template <class T> T atomicAdd(T* cell, std::type_identity_t<T> value) { return __atomic_fetch_add(cell, value, __ATOMIC_RELAXED); }

inline unsigned __float_as_uint(float x) { unsigned u; std::memcpy(&u, &x, 4); return u; }
inline float __uint_as_float(unsigned u) { float x; std::memcpy(&x, &u, 4); return x; }
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __clz(unsigned x) { return x ? __builtin_clz(x) : 32; }
inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)((unsigned long long)a * b >> 32); }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) { return (unsigned long long)((unsigned __int128)a * b >> 64); }
template <class T> T __ldcs(const T* address) { return *address; }
inline bool __isGlobal(const void*) { return true; }
