//! Spikes as a function of the distance to threshold, and the slope that stands in for their derivative.
//!
//! A spike is a step, whose derivative is zero or infinite. Training uses the derivative of something smoother, the surrogate
//! (Neftci EO, Mostafa H, Zenke F (2019) doi:10.1109/MSP.2019.2931595). Names that end in `Grad` are BrainCog's.

use kernels::dispatch;
use models::kit::exp;

/// A surrogate with its parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Surrogate {
    /// Which function.
    pub kind: Kind,
    /// Its steepness; what it means differs from function to function.
    pub alpha: f32,
}

/// The slope at distance x from threshold, for parameter a.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// a s (1 - s) with s = 1 / (1 + e^(-a x)).
    Sigmoid,
    /// (a / 2) / (1 + (pi a x / 2)^2).
    Atan,
    /// 1 where |x| < 1 / a.
    Gate,
    /// a - a^2 |x| where that is positive.
    QGate,
    /// 1 between -1/2 and 9/2; fires ceil(x) spikes at once, at most five.
    Round,
    /// a above threshold.
    Relu,
    /// 1 everywhere.
    StraightThrough,
    /// 1 where there is a spike.
    Stdp,
    /// 1 where |x| < 1/2.
    BackEiGate,
    /// 1 where |x| < 1/2; fires the sign of x.
    Ei,
    /// 1 / (1 + a |x|)^2 (snnTorch).
    FastSigmoid,
    /// a / (1 + |x|)^2 (Zenke F, Ganguli S (2018) doi:10.1162/neco_a_01086).
    SuperSpike,
    /// (a / sqrt(pi)) e^(-(a x)^2).
    Erf,
    /// a (1 - |x|) where that is positive (Bellec G et al. (2018) arXiv:1803.09574).
    Triangle,
    /// a where |x| < 1 / (2 a).
    Rectangle,
    /// Fires s = 1 / (1 + e^(-a x)) of a spike, so that differences show the slope.
    #[cfg(test)]
    Soft,
}

/// Kind, name on the command line, usual parameter.
const TABLE: &[(Kind, &str, f32)] = &[
    (Kind::Sigmoid, "SigmoidGrad", 1.0),
    (Kind::Atan, "AtanGrad", 2.0),
    (Kind::Gate, "GateGrad", 2.0),
    (Kind::QGate, "QGateGrad", 2.0),
    (Kind::Round, "RoundGrad", 1.0),
    (Kind::Relu, "ReLUGrad", 2.0),
    (Kind::StraightThrough, "straight_through_estimator", 1.0),
    (Kind::Stdp, "STDPGrad", 1.0),
    (Kind::BackEiGate, "BackEIGateGrad", 1.0),
    (Kind::Ei, "EIGrad", 1.0),
    (Kind::FastSigmoid, "FastSigmoid", 25.0),
    (Kind::SuperSpike, "SuperSpike", 1.0),
    (Kind::Erf, "Erf", 2.0),
    (Kind::Triangle, "Triangle", 0.3),
    (Kind::Rectangle, "Rectangle", 1.0),
    #[cfg(test)]
    (Kind::Soft, "Soft", 2.0),
];

impl Surrogate {
    /// The surrogate of this kind with its usual parameter.
    pub fn new(kind: Kind) -> Self {
        let &(kind, _, alpha) = TABLE.iter().find(|row| row.0 == kind).expect("the table has every kind");
        Surrogate { kind, alpha }
    }

    /// The surrogate of this name.
    pub fn named(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == name).map(|&(kind, _, alpha)| Surrogate { kind, alpha })
    }

    /// All names.
    pub fn names() -> impl Iterator<Item = &'static str> {
        TABLE.iter().map(|row| row.1)
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        TABLE.iter().find(|row| row.0 == self.kind).expect("the table has every kind").1
    }

    /// Spikes at distance `x` from threshold.
    #[inline(always)]
    pub fn spike(&self, x: f32) -> f32 {
        match self.kind {
            Kind::Sigmoid | Kind::Relu | Kind::StraightThrough => f32::from(x >= 0.0),
            Kind::Round => x.clamp(-0.5, 4.5).ceil() + 0.0, // -0.0 becomes 0.0
            Kind::Ei => f32::from(x > 0.0) - f32::from(x < 0.0),
            #[cfg(test)]
            Kind::Soft => 1.0 / (1.0 + exp(-self.alpha * x)),
            _ => f32::from(x > 0.0),
        }
    }

    /// The slope at distance `x` from threshold.
    #[inline(always)]
    pub fn slope(&self, x: f32) -> f32 {
        let a = self.alpha;
        let square = |x: f32| x * x;
        match self.kind {
            Kind::Sigmoid => logistic(a, x),
            #[cfg(test)]
            Kind::Soft => logistic(a, x),
            Kind::Atan => 0.5 * a / (1.0 + square(std::f32::consts::FRAC_PI_2 * a * x)),
            Kind::Gate => f32::from(x.abs() * a < 1.0),
            Kind::QGate => (a - a * a * x.abs()).max(0.0),
            Kind::Round => f32::from(x > -0.5 && x < 4.5),
            Kind::Relu => a * f32::from(x > 0.0),
            Kind::StraightThrough => 1.0,
            Kind::Stdp => f32::from(x > 0.0),
            Kind::BackEiGate | Kind::Ei => f32::from(x.abs() < 0.5),
            Kind::FastSigmoid => 1.0 / square(1.0 + a * x.abs()),
            Kind::SuperSpike => a / square(1.0 + x.abs()),
            Kind::Erf => a * 0.564_189_6 * exp(-square(a * x)), // 1 / sqrt(pi)
            Kind::Triangle => a * (1.0 - x.abs()).max(0.0),
            Kind::Rectangle => a * f32::from(x.abs() * a < 0.5),
        }
    }

    /// How much the smooth function whose derivative is [`slope`](Self::slope) grows with its parameter, at distance `x`: the gradient
    /// of a parameter that is learned.
    #[inline(always)]
    pub fn by_alpha(&self, x: f32) -> f32 {
        let (a, away) = (self.alpha, x.abs());
        match self.kind {
            // Functions of a x alone.
            Kind::Sigmoid | Kind::Atan | Kind::Erf | Kind::Rectangle => x * self.slope(x) / a,
            #[cfg(test)]
            Kind::Soft => x * self.slope(x) / a,
            Kind::QGate => x * (1.0 - a * away).max(0.0),
            Kind::Relu => x.max(0.0),
            Kind::FastSigmoid => -x * away / ((1.0 + a * away) * (1.0 + a * away)),
            Kind::SuperSpike => x / (1.0 + away),
            Kind::Triangle => {
                let x = x.clamp(-1.0, 1.0);
                x - 0.5 * x * x.abs()
            }
            // 1 wherever they are not 0; how far that reaches is no matter of degree.
            Kind::Gate | Kind::Round | Kind::StraightThrough | Kind::Stdp | Kind::BackEiGate | Kind::Ei => 0.0,
        }
    }

    /// [`spike`](Self::spike) of many. Most kinds have the same spikes, which are computed on the spot.
    #[inline(always)]
    pub(crate) fn spikes(&self, x: &[f32], spikes: &mut [f32]) {
        match self.kind {
            Kind::Atan | Kind::Gate | Kind::QGate | Kind::FastSigmoid | Kind::SuperSpike | Kind::Erf | Kind::Triangle | Kind::Rectangle => {
                spikes.iter_mut().zip(x).for_each(|(spike, &x)| *spike = f32::from(x > 0.0));
            }
            _ => spikes_of(self, x, spikes),
        }
    }

    /// [`slope`](Self::slope) of many.
    #[inline]
    pub(crate) fn slopes(&self, x: &[f32], slopes: &mut [f32]) {
        slopes_of(self, x, slopes);
    }
}

/// The derivative of 1 / (1 + e^(-a x)).
#[inline(always)]
fn logistic(a: f32, x: f32) -> f32 {
    let s = 1.0 / (1.0 + exp(-a * x));
    a * s * (1.0 - s)
}

/// A loop per kind, so that the choice is made outside of it.
macro_rules! per_kind {
    ($surrogate:ident, $method:ident, $x:ident, $out:ident: $($kind:ident)*) => {
        match $surrogate.kind {
            $(Kind::$kind => {
                let one = Surrogate { kind: Kind::$kind, alpha: $surrogate.alpha };
                for (out, &x) in $out.iter_mut().zip($x) {
                    *out = one.$method(x);
                }
            })*
            #[cfg(test)]
            Kind::Soft => {
                for (out, &x) in $out.iter_mut().zip($x) {
                    *out = $surrogate.$method(x);
                }
            }
        }
    };
}

dispatch! { fn spikes_of(surrogate: &Surrogate, x: &[f32], spikes: &mut [f32]) = spikes_body }

#[inline(always)]
fn spikes_body(surrogate: &Surrogate, x: &[f32], spikes: &mut [f32]) {
    per_kind!(surrogate, spike, x, spikes: Sigmoid Atan Gate QGate Round Relu StraightThrough Stdp BackEiGate Ei
        FastSigmoid SuperSpike Erf Triangle Rectangle);
}

dispatch! { fn slopes_of(surrogate: &Surrogate, x: &[f32], slopes: &mut [f32]) = slopes_body }

#[inline(always)]
fn slopes_body(surrogate: &Surrogate, x: &[f32], slopes: &mut [f32]) {
    per_kind!(surrogate, slope, x, slopes: Sigmoid Atan Gate QGate Round Relu StraightThrough Stdp BackEiGate Ei
        FastSigmoid SuperSpike Erf Triangle Rectangle);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The smooth function whose derivative the slope is.
    fn primitive(surrogate: &Surrogate, x: f64) -> f64 {
        let a = f64::from(surrogate.alpha);
        match surrogate.kind {
            Kind::Sigmoid | Kind::Soft => 1.0 / (1.0 + libm::exp(-a * x)),
            Kind::Atan => libm::atan(std::f64::consts::FRAC_PI_2 * a * x) / std::f64::consts::PI,
            Kind::Gate => x.clamp(-1.0 / a, 1.0 / a),
            Kind::QGate => {
                let x = x.clamp(-1.0 / a, 1.0 / a);
                a * x - 0.5 * a * a * x * x.abs()
            }
            Kind::Round => x.clamp(-0.5, 4.5),
            Kind::Relu => a * x.max(0.0),
            Kind::StraightThrough => x,
            Kind::Stdp => x.max(0.0),
            Kind::BackEiGate | Kind::Ei => x.clamp(-0.5, 0.5),
            Kind::FastSigmoid => x / (1.0 + a * x.abs()),
            Kind::SuperSpike => a * x / (1.0 + x.abs()),
            Kind::Erf => 0.5 * libm::erf(a * x),
            Kind::Triangle => {
                let x = x.clamp(-1.0, 1.0);
                a * (x - 0.5 * x * x.abs())
            }
            Kind::Rectangle => (a * x).clamp(-0.5, 0.5),
        }
    }

    #[test]
    fn every_slope_is_the_derivative_of_its_primitive() {
        for name in Surrogate::names() {
            let surrogate = Surrogate::named(name).unwrap();
            // No point lies within h of a corner of any primitive.
            for x in (-60..60).map(|i| f64::from(i) * 0.1 + 0.037) {
                let h = 1e-5;
                let difference = (primitive(&surrogate, x + h) - primitive(&surrogate, x - h)) / (2.0 * h);
                let slope = f64::from(surrogate.slope(x as f32));
                assert!((slope - difference).abs() < 1e-4 * (1.0 + difference.abs()), "{name} at {x}: {slope} instead of {difference}");
            }
        }
    }

    #[test]
    fn every_gradient_of_the_parameter_is_the_derivative_of_the_primitive() {
        for name in Surrogate::names() {
            let surrogate = Surrogate::named(name).unwrap();
            if matches!(surrogate.kind, Kind::Gate | Kind::Round | Kind::StraightThrough | Kind::Stdp | Kind::BackEiGate | Kind::Ei) {
                assert_eq!(surrogate.by_alpha(0.3), 0.0, "{name}");
                continue;
            }
            for x in (-60..60).map(|i| f64::from(i) * 0.1 + 0.037) {
                let h = 1e-3;
                let at = |by: f32| primitive(&Surrogate { alpha: surrogate.alpha + by, ..surrogate }, x);
                let difference = (at(h) - at(-h)) / (2.0 * f64::from(h));
                let found = f64::from(surrogate.by_alpha(x as f32));
                assert!((found - difference).abs() < 2e-3 * (1.0 + difference.abs()), "{name} at {x}: {found} instead of {difference}");
            }
        }
    }

    #[test]
    fn many_at_once_give_the_same_bits_as_one_by_one() {
        let x: Vec<f32> = (-300..300).map(|i| i as f32 * 0.01).collect();
        for name in Surrogate::names() {
            let surrogate = Surrogate::named(name).unwrap();
            let (mut spikes, mut slopes) = (vec![0.0; x.len()], vec![0.0; x.len()]);
            surrogate.spikes(&x, &mut spikes);
            surrogate.slopes(&x, &mut slopes);
            assert!(x.iter().zip(&spikes).all(|(&x, &s)| s == surrogate.spike(x)), "{name}");
            assert!(x.iter().zip(&slopes).all(|(&x, &s)| s == surrogate.slope(x)), "{name}");
        }
    }

    #[test]
    fn the_sign_at_threshold_is_as_in_braincog() {
        let at_zero = |name| Surrogate::named(name).unwrap().spike(0.0);
        assert_eq!([at_zero("SigmoidGrad"), at_zero("ReLUGrad"), at_zero("straight_through_estimator")], [1.0; 3]);
        assert_eq!([at_zero("AtanGrad"), at_zero("QGateGrad"), at_zero("EIGrad"), at_zero("RoundGrad")], [0.0; 4]);
        let round = Surrogate::new(Kind::Round);
        assert_eq!([-3.0, 0.3, 1.2, 9.0].map(|x| round.spike(x)), [0.0, 1.0, 2.0, 5.0]);
    }
}
