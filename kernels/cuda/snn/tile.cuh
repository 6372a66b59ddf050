// Products of matrices whose sums have a fixed order: sum k is added after sum k - 1, each product rounded before it is added, so the
// bits are those of a loop on the processor.
#pragma once

namespace braincog { namespace snn {

// What a block computes: TILE x TILE sums, each thread SIDE x SIDE of them; DEPTH products of each at a time.
const unsigned THREADS = 256;
const unsigned TILE = 64;
const unsigned DEPTH = 16;
const unsigned SIDE = 4;

// The last columns keep threads that write one column apart in memory.
typedef float Staged[DEPTH][TILE + SIDE];

// A matrix says where its lines lie (`outer`, along the tile) and its columns (`inner`, along the sum), and what lies where both meet:
// zero outside of it. Values are read so that neighbouring threads read neighbours: here along the sum,
template <class Matrix>
struct AlongDepth {
    const Matrix& matrix;
    typename Matrix::Outer outers[SIDE];

    __device__ __forceinline__ AlongDepth(const Matrix& matrix, unsigned first) : matrix(matrix) {
#pragma unroll
        for (unsigned j = 0; j < SIDE; ++j) outers[j] = matrix.outer(first + threadIdx.x / DEPTH + TILE / SIDE * j);
    }

    __device__ __forceinline__ void stage(Staged& to, unsigned k) const {
        const typename Matrix::Inner inner = matrix.inner(k + threadIdx.x % DEPTH);
#pragma unroll
        for (unsigned j = 0; j < SIDE; ++j) to[threadIdx.x % DEPTH][threadIdx.x / DEPTH + TILE / SIDE * j] = matrix.at(outers[j], inner);
    }
};

// and here along the tile.
template <class Matrix>
struct AlongTile {
    const Matrix& matrix;
    typename Matrix::Outer outer;

    __device__ __forceinline__ AlongTile(const Matrix& matrix, unsigned first)
        : matrix(matrix), outer(matrix.outer(first + threadIdx.x % TILE)) {}

    __device__ __forceinline__ void stage(Staged& to, unsigned k) const {
#pragma unroll
        for (unsigned j = 0; j < SIDE; ++j) {
            const unsigned depth = threadIdx.x / TILE + THREADS / TILE * j;
            to[depth][threadIdx.x % TILE] = matrix.at(outer, matrix.inner(k + depth));
        }
    }
};

struct Sums {
    float at[SIDE][SIDE];

    // Adds the products of `a` and `b` from `begin` to `end`. All threads of the block must call it.
    template <class A, class B>
    __device__ __forceinline__ void add_products(const A& a, const B& b, unsigned begin, unsigned end) {
        __shared__ __align__(16) Staged left, right;
        const unsigned row = threadIdx.x / (TILE / SIDE) * SIDE, column = threadIdx.x % (TILE / SIDE) * SIDE;
        for (unsigned k = begin; k < end; k += DEPTH) {
            a.stage(left, k);
            b.stage(right, k);
            __syncthreads();
#pragma unroll
            for (unsigned depth = 0; depth < DEPTH; ++depth) {
                const float4 x = *reinterpret_cast<const float4*>(&left[depth][row]);
                const float4 w = *reinterpret_cast<const float4*>(&right[depth][column]);
                const float xs[SIDE] = {x.x, x.y, x.z, x.w}, ws[SIDE] = {w.x, w.y, w.z, w.w};
#pragma unroll
                for (unsigned p = 0; p < SIDE; ++p)
#pragma unroll
                    for (unsigned q = 0; q < SIDE; ++q) at[p][q] += xs[p] * ws[q];
            }
            __syncthreads();
        }
    }

    // Calls `store(row, column, sum)` for every sum of this thread that lies inside of `rows` x `columns`.
    template <class Store>
    __device__ __forceinline__ void each(unsigned first_row, unsigned first_column, unsigned rows, unsigned columns, Store store) const {
        const unsigned row = first_row + threadIdx.x / (TILE / SIDE) * SIDE, column = first_column + threadIdx.x % (TILE / SIDE) * SIDE;
#pragma unroll
        for (unsigned p = 0; p < SIDE; ++p)
#pragma unroll
            for (unsigned q = 0; q < SIDE; ++q)
                if (row + p < rows && column + q < columns) store(row + p, column + q, at[p][q]);
    }
};

} }
