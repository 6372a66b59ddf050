//! Run-time choice of the instruction set, and prefetching.
//!
//! What only x86-64 has is left out with `--cfg portable`: so it is compiled here what other processors get.

/// Defines a function that runs `$body` compiled for the widest vectors the processor has, or, if its first
/// argument is `level: Level`, for that instruction set.
///
/// The body is plain Rust marked `#[inline(always)]`; the compiler vectorises each copy on its own.
/// No copy may fuse a multiplication with an addition (Rust never does so unasked), so all give the
/// same bits.
#[macro_export]
macro_rules! dispatch {
    ($(#[$doc:meta])* $vis:vis fn $name:ident $(<$G:ident: $bound:path>)? ($level:ident: Level, $($arg:ident: $ty:ty),* $(,)?) = $body:ident) => {
        $(#[$doc])*
        #[inline]
        $vis fn $name $(<$G: $bound>)? ($level: $crate::simd::Level, $($arg: $ty),*) {
            #[cfg(all(target_arch = "x86_64", not(portable)))]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512cd")]
                fn avx512 $(<$G: $bound>)? ($($arg: $ty),*) { $body $(::<$G>)? ($($arg),*) }
                #[target_feature(enable = "avx2")]
                fn avx2 $(<$G: $bound>)? ($($arg: $ty),*) { $body $(::<$G>)? ($($arg),*) }
                match $level.set() {
                    // SAFETY: a `Level` exists only for what this processor was found to have.
                    $crate::simd::Set::Avx512 => return unsafe { avx512 $(::<$G>)? ($($arg),*) },
                    // SAFETY: as above.
                    $crate::simd::Set::Avx2 => return unsafe { avx2 $(::<$G>)? ($($arg),*) },
                    $crate::simd::Set::Baseline => {}
                }
            }
            let _ = $level;
            $body $(::<$G>)? ($($arg),*)
        }
    };
    ($(#[$doc:meta])* $vis:vis fn $name:ident $(<$G:ident: $bound:path>)? ($($arg:ident: $ty:ty),* $(,)?) = $body:ident) => {
        $(#[$doc])*
        #[inline]
        $vis fn $name $(<$G: $bound>)? ($($arg: $ty),*) {
            $crate::simd::dispatch! { fn at $(<$G: $bound>)? (level: Level, $($arg: $ty),*) = $body }
            at $(::<$G>)? ($crate::simd::Level::best(), $($arg),*)
        }
    };
}
pub use dispatch;

/// An instruction set that the loops are compiled for and that this processor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(Set);

/// Instruction sets that the loops are compiled for, narrowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// What every processor of this architecture has.
    Baseline,
    /// 256 bits.
    #[cfg(all(target_arch = "x86_64", not(portable)))]
    Avx2,
    /// 512 bits.
    #[cfg(all(target_arch = "x86_64", not(portable)))]
    Avx512,
}

impl Level {
    /// What every processor of this architecture has.
    pub const BASELINE: Level = Level(Set::Baseline);

    /// The widest instruction set of this processor; looked up once.
    #[inline]
    pub fn best() -> Level {
        static BEST: std::sync::OnceLock<Level> = std::sync::OnceLock::new();
        *BEST.get_or_init(|| *Level::available().last().expect("every processor has the baseline"))
    }

    /// All that this processor has, narrowest first. Results do not depend on the choice.
    pub fn available() -> Vec<Level> {
        #[allow(unused_mut)]
        let mut levels = vec![Level::BASELINE];
        #[cfg(all(target_arch = "x86_64", not(portable)))]
        {
            if is_x86_feature_detected!("avx2") {
                levels.push(Level(Set::Avx2));
            }
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512cd");
            if avx512 {
                levels.push(Level(Set::Avx512));
            }
        }
        levels
    }

    /// Which one this is, for [`dispatch`].
    #[inline]
    #[cfg(all(target_arch = "x86_64", not(portable)))]
    pub fn set(self) -> Set {
        self.0
    }
}

/// Asks for the cache line of `slice[index]`, if there is such an element.
#[inline(always)]
pub(crate) fn prefetch<T>(slice: &[T], index: usize) {
    #[cfg(all(target_arch = "x86_64", not(portable)))]
    if let Some(element) = slice.get(index) {
        // SAFETY: the pointer comes from a live reference, and a prefetch reads nothing that the
        // program can see.
        unsafe { core::arch::x86_64::_mm_prefetch::<{ core::arch::x86_64::_MM_HINT_T0 }>(std::ptr::from_ref(element).cast()) }
    }
    #[cfg(not(all(target_arch = "x86_64", not(portable))))]
    let _ = (slice, index);
}

/// Asks for the cache line of a word, but only into the second-level cache.
#[inline(always)]
pub(crate) fn prefetch_l2(word: &u32) {
    #[cfg(all(target_arch = "x86_64", not(portable)))]
    // SAFETY: as above.
    unsafe {
        core::arch::x86_64::_mm_prefetch::<{ core::arch::x86_64::_MM_HINT_T1 }>(std::ptr::from_ref(word).cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(portable))))]
    let _ = word;
}

/// The integer part. What `as` does with numbers that no `i32` holds keeps a loop from being vectorised.
#[inline(always)]
#[expect(clippy::manual_clamp, reason = "`clamp` lets NaN pass")]
pub(crate) fn to_i32(x: f32) -> i32 {
    let inside = x.max(-2_147_483_648.0).min(2_147_483_520.0);
    // SAFETY: `max` makes a number of NaN, and all numbers between the bounds, which are floats, fit.
    unsafe { inside.to_int_unchecked() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integer_parts_are_those_of_as() {
        let odd = [f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0, 2_147_483_520.0, -2_147_483_648.0, 3e9, -3e9, 0.99, -0.99];
        for x in (-70_000..70_000).map(|i| i as f32 * 0.37).chain(odd) {
            // The largest float below 2^31 stands for all above it.
            assert_eq!(to_i32(x), (x as i32).min(2_147_483_520), "{x}");
        }
        let _ = to_i32(f32::NAN);
    }
}
