//! Run-time choice of the instruction set, and prefetching.

/// Defines a function that runs `$body` compiled for the widest vectors the processor has.
///
/// The body is plain Rust marked `#[inline(always)]`; the compiler vectorises each copy on its own.
/// No copy may fuse a multiplication with an addition (Rust never does so unasked), so all give the
/// same bits.
macro_rules! dispatch {
    ($(#[$doc:meta])* $vis:vis fn $name:ident $(<$G:ident: $bound:path>)? ($($arg:ident: $ty:ty),* $(,)?) = $body:ident) => {
        $(#[$doc])*
        #[inline]
        $vis fn $name $(<$G: $bound>)? ($($arg: $ty),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512cd")]
                fn avx512 $(<$G: $bound>)? ($($arg: $ty),*) { $body $(::<$G>)? ($($arg),*) }
                #[target_feature(enable = "avx2")]
                fn avx2 $(<$G: $bound>)? ($($arg: $ty),*) { $body $(::<$G>)? ($($arg),*) }
                match $crate::simd::level() {
                    // SAFETY: `level` found these features on this processor.
                    $crate::simd::Level::Avx512 => return unsafe { avx512 $(::<$G>)? ($($arg),*) },
                    // SAFETY: as above.
                    $crate::simd::Level::Avx2 => return unsafe { avx2 $(::<$G>)? ($($arg),*) },
                    $crate::simd::Level::Baseline => {}
                }
            }
            $body $(::<$G>)? ($($arg),*)
        }
    };
}
pub(crate) use dispatch;

/// Instruction sets that the loops are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg(target_arch = "x86_64")]
pub(crate) enum Level {
    Baseline,
    Avx2,
    Avx512,
}

/// The widest instruction set of this processor; looked up once.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn level() -> Level {
    static LEVEL: std::sync::OnceLock<Level> = std::sync::OnceLock::new();
    *LEVEL.get_or_init(|| {
        let avx512 = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512cd");
        if avx512 {
            Level::Avx512
        } else if is_x86_feature_detected!("avx2") {
            Level::Avx2
        } else {
            Level::Baseline
        }
    })
}

/// Asks for the cache line of `slice[index]`, if there is such an element.
#[inline(always)]
pub(crate) fn prefetch<T>(slice: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(element) = slice.get(index) {
        // SAFETY: the pointer comes from a live reference, and a prefetch reads nothing that the
        // program can see.
        unsafe { core::arch::x86_64::_mm_prefetch::<{ core::arch::x86_64::_MM_HINT_T0 }>(std::ptr::from_ref(element).cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (slice, index);
}

/// Like [`prefetch`], but only into the second-level cache.
#[inline(always)]
pub(crate) fn prefetch_l2<T>(slice: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(element) = slice.get(index) {
        // SAFETY: as above.
        unsafe { core::arch::x86_64::_mm_prefetch::<{ core::arch::x86_64::_MM_HINT_T1 }>(std::ptr::from_ref(element).cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (slice, index);
}
