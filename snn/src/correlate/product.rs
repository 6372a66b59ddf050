//! The innermost loop of everything that is dense: values times rows of weights, summed in registers.

use super::LANES;
use kernels::simd::Level;

/// Numbers side by side.
pub(super) type Vector = [f32; LANES];

/// Whether eight rows of sums fit the vector registers: AVX-512 has 32 of 16 numbers. With half as many that are half as wide a tile has fewer rows, or
/// its sums go to memory and back all the time.
pub(super) fn eight_rows_fit() -> bool {
    #[cfg(all(target_arch = "x86_64", not(portable)))]
    {
        Level::best().set() == kernels::simd::Set::Avx512
    }
    #[cfg(not(all(target_arch = "x86_64", not(portable))))]
    {
        let _ = Level::best();
        false
    }
}

/// `sums[p]` plus `values[p][i] * weights[i]` for every `i` in order. What it takes keeps the sums in registers: lengths that the compiler sees to be
/// equal, loops over indices of constant length, and sums that come and go by value.
#[inline(always)]
#[allow(clippy::needless_range_loop)]
pub(super) fn add_products<const R: usize>(values: [&[f32]; R], weights: &[Vector], mut sums: [Vector; R]) -> [Vector; R] {
    let n = weights.len();
    for p in 0..R {
        assert!(values[p].len() == n, "a value for every row of weights");
    }
    for i in 0..n {
        let w = weights[i];
        for p in 0..R {
            let x = values[p][i];
            for lane in 0..LANES {
                sums[p][lane] += x * w[lane];
            }
        }
    }
    sums
}
