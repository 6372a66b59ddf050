//! One definition, two compilers.
//!
//! [`columns!`](crate::columns) declares a struct of scalars once: as a Rust struct that loads from
//! and stores to columns, and as the CUDA struct of the same layout. [`step!`](crate::step) takes a
//! function body that is both Rust and CUDA C++ and keeps it twice: compiled, and as text.
//!
//! A body may use only what both languages read alike: `let` without a type, assignment to a field,
//! `+ - * /`, comparisons, `&&`, `||`, `!`, calls of the functions in this module, literals as
//! `real(1.0)`, and a final `return`. No `if`: use [`select`]. So a body has no branches and the loop
//! around it vectorises, and no two compilers can disagree about a bit.

use crate::model::Field;

/// The floating-point type of all model state.
#[allow(non_camel_case_types)]
pub type real = f32;

/// A literal, rounded to [`real`]. In CUDA this is a cast.
#[inline(always)]
pub const fn real(x: f64) -> real {
    x as real
}

/// `yes` where `cond` holds, else `no`. Both are evaluated: there is no branch.
#[inline(always)]
pub fn select(cond: bool, yes: real, no: real) -> real {
    if cond { yes } else { no }
}

/// e^x within 2 ulp for |x| < 87, clamped beyond; the same operations in CUDA, so the same bits.
#[inline(always)]
pub fn exp(x: real) -> real {
    const MAGIC: f32 = 12_582_912.0; // 1.5 * 2^23: adding it rounds to an integer
    let x = x.clamp(-87.0, 87.0);
    let shifted = x * std::f32::consts::LOG2_E + MAGIC;
    let k = shifted - MAGIC;
    // ln 2 in two parts, so that the reduction is exact.
    let r = x - k * 0.693_359_4 - k * -2.121_944_4e-4;
    let poly = 1.0 + r * (1.0 + r * (0.5 + r * (0.166_665_46 + r * (0.041_665_795 + r * (8.333_452e-3 + r * 1.388_89e-3)))));
    f32::from_bits(poly.to_bits().wrapping_add(shifted.to_bits() << 23))
}

/// Neurons that a kernel handles at a time: the width of the widest vector registers in `real`s.
pub const LANES: usize = 16;

/// A struct of [`real`]s that can be read from and written to columns.
pub trait Columns: Copy + Default + Send + Sync + 'static {
    /// The fields, in column order.
    const FIELDS: &'static [Field];
    /// Values of [`LANES`] neurons, one row per field.
    type Lanes: AsRef<[[real; LANES]]> + AsMut<[[real; LANES]]> + Copy;
    /// Zeros.
    fn lanes() -> Self::Lanes;
    /// One neuron's values.
    fn load(lanes: &Self::Lanes, lane: usize) -> Self;
    /// Puts one neuron's values back.
    fn store(self, lanes: &mut Self::Lanes, lane: usize);
}

/// Declares a struct of [`real`]s for Rust and CUDA. Each field: doc comment, name, unit.
#[macro_export]
macro_rules! columns {
    ($(#[$doc:meta])* pub struct $Name:ident { $(#[doc = $fdoc:literal] pub $field:ident: $unit:literal,)* }) => {
        $(#[$doc])*
        #[allow(non_snake_case)]
        #[repr(C)]
        #[derive(Clone, Copy, Debug, Default, PartialEq)]
        pub struct $Name { $(#[doc = $fdoc] pub $field: $crate::kit::real,)* }

        impl $Name {
            /// The same struct in CUDA C++.
            pub const CUDA: &str = concat!(
                "struct ", stringify!($Name), " {", $(" real ", stringify!($field), ";",)* " };\n");
        }

        impl $crate::kit::Columns for $Name {
            const FIELDS: &'static [$crate::Field] = &[$($crate::Field {
                name: stringify!($field), unit: $unit, doc: $fdoc }),*];
            type Lanes = [[$crate::kit::real; $crate::kit::LANES]; [$(stringify!($field)),*].len()];
            #[inline(always)]
            fn lanes() -> Self::Lanes { [[0.0; $crate::kit::LANES]; [$(stringify!($field)),*].len()] }
            #[inline(always)]
            #[allow(non_snake_case)]
            fn load(lanes: &Self::Lanes, lane: usize) -> Self {
                let [$($field),*] = lanes;
                $Name { $($field: $field[lane]),* }
            }
            #[inline(always)]
            #[allow(non_snake_case)]
            fn store(self, lanes: &mut Self::Lanes, lane: usize) {
                let [$($field),*] = lanes;
                $($field[lane] = self.$field;)*
            }
        }
    };
}

/// Declares what the user sets: a struct of `f64` with defaults. Each field: doc comment, name, unit, default.
#[macro_export]
macro_rules! params {
    ($(#[$doc:meta])* pub struct $Name:ident { $(#[doc = $fdoc:literal] pub $field:ident: $unit:literal = $default:expr,)* }) => {
        $(#[$doc])*
        #[allow(non_snake_case)]
        #[derive(Clone, Debug, PartialEq)]
        pub struct $Name { $(#[doc = $fdoc] pub $field: f64,)* }

        impl Default for $Name {
            fn default() -> Self { $Name { $($field: $default),* } }
        }

        impl $crate::Parameters for $Name {
            fn info() -> &'static [$crate::ParamInfo] {
                &[$($crate::ParamInfo { name: stringify!($field), unit: $unit, default: $default, doc: $fdoc }),*]
            }
            fn set(&mut self, name: &str, value: f64) -> bool {
                match name {
                    $(stringify!($field) => self.$field = value,)*
                    _ => return false,
                }
                true
            }
            fn value(&self, name: &str) -> Option<f64> {
                match name {
                    $(stringify!($field) => Some(self.$field),)*
                    _ => None,
                }
            }
        }
    };
}

/// Defines `step` and `STEP_CUDA` from one body.
#[macro_export]
macro_rules! step {
    (|$p:ident: &$P:ident, $s:ident: &mut $S:ident, $i:ident: &$I:ident| $body:block) => {
        #[inline(always)]
        #[allow(clippy::needless_return, non_snake_case)]
        fn step($p: &$P, $s: &mut $S, $i: &$I) -> bool $body

        const STEP_CUDA: &str = concat!(
            "__device__ __forceinline__ bool step(const ", stringify!($P), "& ", stringify!($p), ", ",
            stringify!($S), "& ", stringify!($s), ", const ", stringify!($I), "& ", stringify!($i), ")\n",
            stringify!($body), "\n");
    };
}
