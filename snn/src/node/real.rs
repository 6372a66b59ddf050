//! What a neuron computes with: numbers, or numbers that know how fast they move.
//!
//! A node is written once over [`Real`]. With `f32` it runs; with [`Dual`] the same text gives its derivatives (forward
//! differentiation; Wengert RE (1964) doi:10.1145/355586.364791), so that no node writes a way back.

use std::ops::{Add, Div, Mul, Neg, Sub};

use models::kit::{exp, ln};

/// A number in the equations of a node.
pub trait Real:
    Copy
    + From<f32>
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Add<f32, Output = Self>
    + Sub<f32, Output = Self>
    + Mul<f32, Output = Self>
    + Div<f32, Output = Self>
{
    /// The number itself, for comparisons.
    fn value(self) -> f32;

    /// The same number, through which no gradient passes.
    fn detached(self) -> Self;

    /// e^x.
    fn exp(self) -> Self;

    /// 1 - x.
    #[inline(always)]
    fn one_minus(self) -> Self {
        -self + 1.0
    }

    /// 1 / (1 + e^-x).
    #[inline(always)]
    fn sigmoid(self) -> Self {
        Self::from(1.0) / ((-self).exp() + 1.0)
    }

    /// The larger of two.
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        if self.value() > other.value() { self } else { other }
    }

    /// The smaller of two.
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        if self.value() < other.value() { self } else { other }
    }

    /// x where it is positive, else 0.
    #[inline(always)]
    fn relu(self) -> Self {
        self.max(Self::from(0.0))
    }

    /// The magnitude.
    #[inline(always)]
    fn abs(self) -> Self {
        self.max(-self)
    }
}

impl Real for f32 {
    #[inline(always)]
    fn value(self) -> f32 {
        self
    }

    #[inline(always)]
    fn detached(self) -> f32 {
        self
    }

    #[inline(always)]
    fn exp(self) -> f32 {
        exp(self)
    }
}

/// The logarithm of a parameter, taken once.
pub(super) fn log(x: f32) -> f32 {
    ln(x)
}

/// A number and its derivative along one direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dual {
    value: f32,
    rate: f32,
}

impl Dual {
    /// The variable of the derivative if `moves`, else a constant.
    #[inline(always)]
    pub fn new(value: f32, moves: bool) -> Self {
        Dual { value, rate: if moves { 1.0 } else { 0.0 } }
    }

    /// The derivative.
    #[inline(always)]
    pub fn rate(self) -> f32 {
        self.rate
    }
}

impl From<f32> for Dual {
    #[inline(always)]
    fn from(value: f32) -> Self {
        Dual { value, rate: 0.0 }
    }
}

impl Neg for Dual {
    type Output = Dual;
    #[inline(always)]
    fn neg(self) -> Dual {
        Dual { value: -self.value, rate: -self.rate }
    }
}

/// An operation of two duals, and of a dual with a constant.
macro_rules! operation {
    ($Trait:ident $method:ident: $x:ident, $y:ident => $value:expr, $rate:expr, $by_constant:expr) => {
        impl $Trait for Dual {
            type Output = Dual;
            #[inline(always)]
            fn $method(self, other: Dual) -> Dual {
                let ($x, $y) = (self, other);
                Dual { value: $value, rate: $rate }
            }
        }
        impl $Trait<f32> for Dual {
            type Output = Dual;
            #[inline(always)]
            fn $method(self, value: f32) -> Dual {
                let ($x, $y) = (self, Dual::from(value));
                Dual { value: $value, rate: $by_constant }
            }
        }
    };
}

operation!(Add add: x, y => x.value + y.value, x.rate + y.rate, x.rate);
operation!(Sub sub: x, y => x.value - y.value, x.rate - y.rate, x.rate);
operation!(Mul mul: x, y => x.value * y.value, x.rate * y.value + x.value * y.rate, x.rate * y.value);
operation!(Div div: x, y => x.value / y.value, (x.rate - x.value / y.value * y.rate) / y.value, x.rate / y.value);

impl Real for Dual {
    #[inline(always)]
    fn value(self) -> f32 {
        self.value
    }

    #[inline(always)]
    fn detached(self) -> Dual {
        Dual::from(self.value)
    }

    #[inline(always)]
    fn exp(self) -> Dual {
        let value = exp(self.value);
        Dual { value, rate: value * self.rate }
    }
}
