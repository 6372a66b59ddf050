//! One definition, two compilers.
//!
//! [`columns!`](crate::columns) declares a struct of scalars once: as a Rust struct that loads from
//! and stores to columns, and as the CUDA struct of the same layout. [`step!`](crate::step) and
//! [`substep!`](crate::substep) take a function body that is both Rust and CUDA C++ and keep it twice:
//! compiled, and as text. [`device_fn!`](crate::device_fn) does the same for a function that bodies
//! call, [`values!`](crate::values) for a struct that such a function takes or returns.
//!
//! A body may use only what both languages read alike: `let` without a type, `=` `+=` `-=` to a field,
//! `+ - * /`, comparisons, `&&`, `||`, `!`, calls of the functions in this module, literals as
//! `real(1.0)`, and a final `return`. No `if`: use [`select`]. So a body has no branches and the loop
//! around it vectorises, and no two compilers can disagree about a bit (as long as neither fuses a
//! multiplication with an addition: `--fmad=false`, `-ffp-contract=off`).

use crate::model::Field;

/// The floating-point type of all model state.
#[allow(non_camel_case_types)]
pub type real = f32;

/// A literal, rounded to [`real`](type@real). In CUDA this is a cast.
#[inline(always)]
pub const fn real(x: f64) -> real {
    x as real
}

/// `yes` where `cond` holds, else `no`. Both are evaluated: there is no branch.
#[inline(always)]
pub fn select(cond: bool, yes: real, no: real) -> real {
    if cond { yes } else { no }
}

/// The smaller of two numbers; `b` where they cannot be compared.
#[inline(always)]
pub fn min(a: real, b: real) -> real {
    if a < b { a } else { b }
}

/// The larger of two numbers; `b` where they cannot be compared.
#[inline(always)]
pub fn max(a: real, b: real) -> real {
    if a > b { a } else { b }
}

/// The magnitude.
#[inline(always)]
pub fn abs(x: real) -> real {
    x.abs()
}

/// The square root, correctly rounded everywhere.
#[inline(always)]
pub fn sqrt(x: real) -> real {
    x.sqrt()
}

/// `x` after a decay by the factor `1 + change`. Slow decays need `change` rather than the factor: the
/// rounding of 0.9975 alone shifts its time constant by 1e-5.
#[inline(always)]
pub fn decayed(x: real, change: real) -> real {
    x + change * x
}

/// e^x within 4 ulp for |x| < 87, clamped beyond; the same operations in CUDA, so the same bits.
#[inline(always)]
pub fn exp(x: real) -> real {
    const MAGIC: f32 = 12_582_912.0; // 1.5 * 2^23: adding it rounds to an integer
    let x = max(min(x, 87.0), -87.0);
    let shifted = x * std::f32::consts::LOG2_E + MAGIC;
    let k = shifted - MAGIC;
    // ln 2 in two parts, so that the reduction is exact.
    let r = x - k * 0.693_359_4 - k * -2.121_944_4e-4;
    // In pairs of terms: half as long a chain of dependent operations as term by term.
    let q = r * r;
    let poly = 1.0 + (r + q * ((0.5 + r * 0.166_665_46) + q * ((0.041_665_795 + r * 8.333_452e-3) + q * 1.388_89e-3)));
    f32::from_bits(poly.to_bits().wrapping_add(shifted.to_bits() << 23))
}

/// The natural logarithm within 3 ulp for positive normal `x`; anything smaller counts as the
/// smallest normal number.
#[inline(always)]
pub fn ln(x: real) -> real {
    const ROOT_HALF: i32 = 0x3f35_04f3; // the bits of sqrt(1/2)
    let bits = max(x, 1.175_494_4e-38).to_bits() as i32;
    // x = 2^k m with m in [sqrt(1/2), sqrt(2)), and ln m = 2 artanh((m - 1) / (m + 1)).
    let k = (bits - ROOT_HALF) >> 23;
    let m = f32::from_bits((bits - (k << 23)) as u32);
    let z = (m - 1.0) / (m + 1.0);
    let q = z * z;
    let tail = q * (0.333_333_34 + q * (0.2 + q * (0.142_857_15 + q * 0.111_111_11)));
    let k = k as f32;
    k * 0.693_359_4 + (k * -2.121_944_4e-4 + 2.0 * (z + z * tail))
}

/// What a CUDA file needs before the text of any model: the functions of this module. Text of models
/// goes into `namespace braincog` too (each in a namespace of its own), so that `exp` and the others
/// hide CUDA's functions of the same name.
pub const CUDA_PRELUDE: &str = "\
#define let const auto
namespace braincog {
typedef float real;
__device__ __forceinline__ real select(bool cond, real yes, real no) { return cond ? yes : no; }
__device__ __forceinline__ real min(real a, real b) { return a < b ? a : b; }
__device__ __forceinline__ real max(real a, real b) { return a > b ? a : b; }
__device__ __forceinline__ real abs(real x) { return fabsf(x); }
__device__ __forceinline__ real sqrt(real x) { return sqrtf(x); }
__device__ __forceinline__ real decayed(real x, real change) { return x + change * x; }
__device__ __forceinline__ real exp(real x) {
    const float MAGIC = 12582912.0f;
    x = max(min(x, 87.0f), -87.0f);
    const float shifted = x * 1.44269504f + MAGIC;
    const float k = shifted - MAGIC;
    const float r = x - k * 0.6933594f - k * -2.1219444e-4f;
    const float q = r * r;
    const float poly = 1.0f + (r + q * ((0.5f + r * 0.16666546f) + q * ((0.041665795f + r * 8.333452e-3f) + q * 1.38889e-3f)));
    return __uint_as_float(__float_as_uint(poly) + (__float_as_uint(shifted) << 23));
}
__device__ __forceinline__ real ln(real x) {
    const int ROOT_HALF = 0x3f3504f3;
    const int bits = (int)__float_as_uint(max(x, 1.1754944e-38f));
    const int k = (bits - ROOT_HALF) >> 23;
    const float m = __uint_as_float((unsigned)bits - ((unsigned)k << 23));
    const float z = (m - 1.0f) / (m + 1.0f);
    const float q = z * z;
    const float tail = q * (0.33333334f + q * (0.2f + q * (0.14285715f + q * 0.11111111f)));
    const float e = (float)k;
    return e * 0.6933594f + (e * -2.1219444e-4f + 2.0f * (z + z * tail));
}
}
";

/// The CUDA text of a model that integrates exactly and so has no substeps.
pub const NO_SUBSTEP_CUDA: &str = "__device__ __forceinline__ void substep(const Propagators&, State&, const Input&) {}\n";

/// Neurons that a kernel handles at a time: the width of the widest vector registers in `real`s.
pub const LANES: usize = 16;

/// Values of [`LANES`] neurons, a row for each of `N` fields. A row is a cache line, so that no vector lies in two.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Tile<const N: usize>(pub [[real; LANES]; N]);

impl<const N: usize> AsRef<[[real; LANES]]> for Tile<N> {
    #[inline(always)]
    fn as_ref(&self) -> &[[real; LANES]] {
        &self.0
    }
}

impl<const N: usize> AsMut<[[real; LANES]]> for Tile<N> {
    #[inline(always)]
    fn as_mut(&mut self) -> &mut [[real; LANES]] {
        &mut self.0
    }
}

/// A struct of [`real`](type@real)s that can be read from and written to columns.
pub trait Columns: Copy + Default + Send + Sync + 'static {
    /// The fields, in column order.
    const FIELDS: &'static [Field];
    /// Values of [`LANES`] neurons, one row per field.
    type Lanes: AsRef<[[real; LANES]]> + AsMut<[[real; LANES]]> + Copy + Send + Sync;
    /// Zeros.
    fn lanes() -> Self::Lanes;
    /// One neuron's values.
    fn load(lanes: &Self::Lanes, lane: usize) -> Self;
    /// One neuron's values, each from the number of its field.
    fn from_fields(value: impl FnMut(usize) -> real) -> Self;
    /// Puts one neuron's values back.
    fn store(self, lanes: &mut Self::Lanes, lane: usize);
}

/// Declares a struct of [`real`](type@crate::kit::real)s for Rust and CUDA. Each entry: doc comment, one name or several that
/// share it, unit.
#[macro_export]
macro_rules! columns {
    ($(#[$doc:meta])* pub struct $Name:ident { $(#[doc = $fdoc:literal] pub $($field:ident),+: $unit:literal,)* }) => {
        $(#[$doc])*
        #[allow(non_snake_case)]
        #[repr(C)]
        #[derive(Clone, Copy, Debug, Default, PartialEq)]
        pub struct $Name { $($(#[doc = $fdoc] pub $field: $crate::kit::real,)+)* }

        impl $Name {
            /// The same struct in CUDA C++.
            pub const CUDA: &str = concat!(
                "struct ", stringify!($Name), " {", $($(" real ", stringify!($field), ";",)+)* " };\n");
        }

        impl $crate::kit::Columns for $Name {
            const FIELDS: &'static [$crate::Field] = &[$($($crate::Field {
                name: stringify!($field), unit: $unit, doc: $fdoc },)+)*];
            type Lanes = $crate::kit::Tile<{ <Self as $crate::kit::Columns>::FIELDS.len() }>;
            #[inline(always)]
            fn lanes() -> Self::Lanes { $crate::kit::Tile([[0.0; $crate::kit::LANES]; <Self as $crate::kit::Columns>::FIELDS.len()]) }
            #[inline(always)]
            #[allow(non_snake_case)]
            fn load(lanes: &Self::Lanes, lane: usize) -> Self {
                let $crate::kit::Tile([$($($field,)+)*]) = lanes;
                $Name { $($($field: $field[lane],)+)* }
            }
            #[inline(always)]
            #[allow(unused_assignments)]
            fn from_fields(mut value: impl FnMut(usize) -> $crate::kit::real) -> Self {
                // Counted by hand: a loop or an array would stand in the way of vectorisation.
                let mut field = 0;
                $Name { $($($field: {
                    let value = value(field);
                    field += 1;
                    value
                },)+)* }
            }
            #[inline(always)]
            #[allow(non_snake_case)]
            fn store(self, lanes: &mut Self::Lanes, lane: usize) {
                let $crate::kit::Tile([$($($field,)+)*]) = lanes;
                $($($field[lane] = self.$field;)+)*
            }
        }
    };
}

/// Declares a struct of [`real`](type@crate::kit::real)s that device functions take or return, with a constructor of the
/// same name: `Drive(a, b)` in Rust and CUDA.
#[macro_export]
macro_rules! values {
    ($(#[$doc:meta])* $vis:vis struct $Name:ident { #[doc = $fdoc0:literal] $f0:ident, $(#[doc = $fdoc:literal] $field:ident,)* }) => {
        $(#[$doc])*
        #[allow(non_snake_case)]
        #[derive(Clone, Copy)]
        $vis struct $Name { #[doc = $fdoc0] $vis $f0: $crate::kit::real, $(#[doc = $fdoc] $vis $field: $crate::kit::real,)* }

        /// Puts the values together.
        #[inline(always)]
        #[allow(non_snake_case, clippy::too_many_arguments)]
        $vis fn $Name($f0: $crate::kit::real, $($field: $crate::kit::real),*) -> $Name { $Name { $f0, $($field),* } }

        impl $Name {
            /// The same struct and constructor in CUDA C++.
            $vis const CUDA: &str = concat!(
                "struct ", stringify!($Name), " { real ", stringify!($f0), ";", $(" real ", stringify!($field), ";",)*
                " __device__ __forceinline__ ", stringify!($Name), "(real ", stringify!($f0), $(", real ", stringify!($field),)*
                ") : ", stringify!($f0), "(", stringify!($f0), ")", $(", ", stringify!($field), "(", stringify!($field), ")",)* " {} };\n");
        }
    };
}

/// Declares what the user sets: a struct of `f64` with defaults. Each entry: doc comment, one name or
/// several that share it, unit, default.
#[macro_export]
macro_rules! params {
    ($(#[$doc:meta])* pub struct $Name:ident { $(#[doc = $fdoc:literal] pub $($field:ident),+: $unit:literal = $default:expr,)* }) => {
        $(#[$doc])*
        #[allow(non_snake_case)]
        #[derive(Clone, Debug, PartialEq)]
        pub struct $Name { $($(#[doc = $fdoc] pub $field: f64,)+)* }

        impl Default for $Name {
            fn default() -> Self { $Name { $($($field: $default,)+)* } }
        }

        impl $crate::Parameters for $Name {
            fn info() -> &'static [$crate::ParamInfo] {
                &[$($($crate::ParamInfo { name: stringify!($field), unit: $unit, default: $default, doc: $fdoc },)+)*]
            }
            fn set(&mut self, name: &str, value: f64) -> bool {
                $($(if name == stringify!($field) {
                    self.$field = value;
                    return true;
                })+)*
                let _ = (name, value);
                false
            }
            fn value(&self, name: &str) -> Option<f64> {
                match name {
                    $($(stringify!($field) => Some(self.$field),)+)*
                    _ => None,
                }
            }
        }
    };
}

/// Defines `step` and `STEP_CUDA` from one body: takes what arrived, tells whether the neuron fired.
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

/// Defines `substep` and `SUBSTEP_CUDA` from one body: integrates over a part of a step.
#[macro_export]
macro_rules! substep {
    (|$p:ident: &$P:ident, $s:ident: &mut $S:ident, $i:ident: &$I:ident| $body:block) => {
        #[inline(always)]
        #[allow(non_snake_case)]
        fn substep($p: &$P, $s: &mut $S, $i: &$I) $body

        const SUBSTEP_CUDA: &str = concat!(
            "__device__ __forceinline__ void substep(const ", stringify!($P), "& ", stringify!($p), ", ",
            stringify!($S), "& ", stringify!($s), ", const ", stringify!($I), "& ", stringify!($i), ")\n",
            stringify!($body), "\n");
    };
}

/// Defines a function that bodies call, and its CUDA text under the name before the colon. Arguments
/// are structs by reference or values.
#[macro_export]
macro_rules! device_fn {
    ($TEXT:ident: $(#[$doc:meta])* fn $name:ident($a0:ident: $(&$R0:ident)? $($V0:ident)? $(, $arg:ident: $(&$R:ident)? $($V:ident)?)*) -> $Out:ident $body:block) => {
        $(#[$doc])*
        #[inline(always)]
        #[allow(clippy::needless_return, clippy::too_many_arguments, non_snake_case)]
        pub(crate) fn $name($a0: $(&$R0)? $($V0)? $(, $arg: $(&$R)? $($V)?)*) -> $Out $body

        pub(crate) const $TEXT: &str = concat!(
            "__device__ __forceinline__ ", stringify!($Out), " ", stringify!($name), "(",
            $("const ", stringify!($R0), "& ",)? $(stringify!($V0), " ",)? stringify!($a0),
            $(", ", $("const ", stringify!($R), "& ",)? $(stringify!($V), " ",)? stringify!($arg),)* ")\n",
            stringify!($body), "\n");
    };
}

/// Inside `impl Model`: the four drawers under their usual names, and the functions made by
/// [`step!`](crate::step) and [`substep!`](crate::substep).
#[macro_export]
macro_rules! drawers {
    (step) => {
        type Params = Params;
        type Propagators = Propagators;
        type State = State;
        type Input = Input;

        #[inline(always)]
        fn step(p: &Propagators, s: &mut State, input: &Input) -> bool {
            step(p, s, input)
        }
    };
    (substep, calm_substep, step) => {
        $crate::drawers!(substep, step);

        const HAS_CALM_SUBSTEP: bool = true;

        #[inline(always)]
        fn calm_substep(p: &Propagators, s: &mut State, input: &Input) -> bool {
            calm_substep(p, s, input)
        }
    };
    (substep, step) => {
        $crate::drawers!(step);

        #[inline(always)]
        fn substep(p: &Propagators, s: &mut State, input: &Input) {
            substep(p, s, input)
        }
    };
}

/// Joins the texts of a model, in the order in which C++ wants to see them.
#[macro_export]
macro_rules! cuda {
    ($($part:expr),+ $(,)?) => {{
        const PARTS: &[&str] = &[$($part),+];
        const BYTES: [u8; $crate::kit::joined_len(PARTS)] = $crate::kit::joined(PARTS);
        match std::str::from_utf8(&BYTES) {
            Ok(text) => text,
            Err(_) => panic!("joined texts are UTF-8"),
        }
    }};
}

/// Bytes in all `parts`.
pub const fn joined_len(parts: &[&str]) -> usize {
    let (mut len, mut i) = (0, 0);
    while i < parts.len() {
        len += parts[i].len();
        i += 1;
    }
    len
}

/// The bytes of `parts`, one after another.
pub const fn joined<const N: usize>(parts: &[&str]) -> [u8; N] {
    let mut bytes = [0; N];
    let (mut at, mut i) = (0, 0);
    while i < parts.len() {
        let mut j = 0;
        while j < parts[i].len() {
            bytes[at] = parts[i].as_bytes()[j];
            at += 1;
            j += 1;
        }
        i += 1;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_within_four_units_of_the_last_place() {
        for i in -870_000..=870_000 {
            let x = i as real * 1e-4;
            let exact = libm::exp(f64::from(x));
            let unit = f64::from(real::from_bits((exact as real).to_bits() + 1)) - f64::from(exact as real);
            assert!((f64::from(exp(x)) - exact).abs() <= 4.0 * unit, "exp({x}) is not {}", exp(x));
        }
    }
}
