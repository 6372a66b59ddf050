//! Spike counts that BrainCog gives, the steps written out by hand, and the step backwards against finite differences.

use std::array::from_fn;
use std::ops::{Add, Div, Mul, Neg, Sub};

use super::*;
use crate::layer::Init;
use crate::surrogate::Kind;

const LIF: Lif = Lif { threshold: 0.5, tau: 2.0 };
const PLIF: Plif = Plif { threshold: 0.5, tau: 2.0 };

fn first_values<T: Node<N, P, M>, const N: usize, const P: usize, const M: usize>(node: &T) -> [f32; P] {
    node.learnable().map(|(_, value)| value)
}

/// Spikes of `node` for a constant input.
fn count<T: Node<N, P>, const N: usize, const P: usize>(node: T, kind: Kind, input: f32, n_steps: usize) -> f32 {
    let (mut state, learned) = (node.rest(), node.prepared(first_values(&node)));
    (0..n_steps).map(|_| node.step(&learned, &mut state, [input], &Surrogate::new(kind))).sum()
}

#[test]
fn lif_fires_as_often_as_braincogs() {
    assert_eq!(count(LIF, Kind::QGate, 0.6, 100), 33.0);
    assert_eq!(count(LIF, Kind::QGate, 1.0, 100), 50.0);
}

#[test]
fn plif_of_the_same_time_constant_fires_like_lif() {
    assert_eq!(count(PLIF, Kind::Atan, 0.6, 100), 33.0);
    assert_eq!(count(PLIF, Kind::Atan, 1.0, 100), 50.0);
}

#[test]
fn izhikevich_fires_as_often_as_braincogs() {
    let counts = [5.0, 10.0, 15.0, 20.0].map(|input| count(Izh::regular(30.0), Kind::Atan, input, 1000));
    assert_eq!(counts, [9.0, 20.0, 29.0, 39.0]);
}

#[test]
fn the_neuron_of_hodgkin_and_huxley_fires_as_often_as_braincogs() {
    let node = Hh { threshold: 50.0, dt: 0.01 };
    // A second of 100,000 steps; with 5 uA/cm2 one spike, then silence.
    let counts = [5.0, 7.0, 10.0, 20.0].map(|input| count(node, Kind::Atan, input, 100_000));
    assert_eq!(counts, [1.0, 59.0, 69.0, 87.0]);
    let (mut state, surrogate) = (node.rest(), Surrogate::new(Kind::Atan));
    let first = (0..).find(|_| node.step(&[], &mut state, [10.0], &surrogate) > 0.0).unwrap();
    assert_eq!(first, 177, "hundredths of a millisecond");
}

#[test]
fn exponential_neurons_fire_as_often_as_braincogs() {
    let cortex = AEif::excitatory(-50.0);
    for (node, expected) in [
        (cortex, [10.0, 17.0, 24.0, 35.0]),
        (AEif { threshold: -44.0, tau_w: 2.0, alpha: -0.2, beta: 0.45, ..cortex }, [0.0, 10.0, 17.0, 29.0]),
        (AEif { threshold: -45.0, v_r: -66.0, c_m: 8.5, tau_w: 2.0, alpha: -0.2, beta: 0.45, ..cortex }, [34.0, 50.0, 62.0, 83.0]),
        (AEif { v_r: -60.0, c_m: 20.0, ..cortex }, [37.0, 52.0, 62.0, 83.0]),
        (AEif { v_r: -60.0, c_m: 2.0, tau_w: 2.0, alpha: -0.2, beta: 0.45, ..cortex }, [111.0, 125.0, 143.0, 152.0]),
        (AEif { threshold: -45.0, v_r: -65.0, c_m: 4.0, tau_w: 2.0, alpha: -0.2, beta: 0.45, ..cortex }, [59.0, 83.0, 91.0, 111.0]),
    ] {
        let counts = [10.0, 15.0, 20.0, 30.0].map(|input| count(node, Kind::Atan, input, 1000));
        assert_eq!(counts, expected, "{node:?}");
    }
}

#[test]
fn if_counts_inputs_up_to_its_threshold() {
    // 0.25, 0.5 (not above threshold), 0.75: a spike in every third step.
    assert_eq!(count(If { threshold: 0.5 }, Kind::Atan, 0.25, 99), 33.0);
}

#[test]
fn a_bias_makes_a_neuron_fire_without_input() {
    // V tends to 0.2, which is above a threshold of 0.15.
    let lif = Lif { threshold: 0.15, tau: 2.0 };
    assert_eq!(count(lif, Kind::Atan, 0.0, 100), 0.0);
    assert_eq!(count(BiasLif { lif, bias: 0.1 }, Kind::Atan, 0.0, 100), 33.0);
    assert_eq!(count(BiasPlif { plif: Plif { threshold: 0.15, tau: 2.0 }, bias: 0.1 }, Kind::Atan, 0.0, 100), 33.0);
}

#[test]
fn a_burst_counts_more_and_leaves_the_membrane_below_zero() {
    let node = BurstLif { lif: LIF, burst_factor: 1.5 };
    let mut state = [0.0];
    // V = 2.4 lies 1.9 above threshold: two spikes, sent as 3.
    assert_eq!(node.step(&[], &mut state, [4.8], &Surrogate::new(Kind::Round)), 3.0);
    assert_eq!(state, [-2.4]);
}

#[test]
fn a_double_sided_neuron_fires_with_the_sign_of_its_membrane() {
    let node = DoubleSidePlif(PLIF);
    let (mut state, learned) = ([0.0], node.prepared(first_values(&node)));
    let sent = [1.2, -0.4, -1.0, 0.2].map(|input| node.step(&learned, &mut state, [input], &Surrogate::new(Kind::Atan)));
    assert_eq!(sent, [1.0, 0.0, -1.0, 0.0]);
}

#[test]
fn a_synaptic_current_outlives_its_input() {
    let node = CubaLif { threshold: 10.0, tau: 2.0, tau_syn: 4.0 };
    let mut state = [0.0; 2];
    let mut trace = Vec::new();
    for input in [8.0, 0.0, 0.0] {
        node.step(&[], &mut state, [input], &Surrogate::new(Kind::QGate));
        trace.push(state);
    }
    assert_eq!(trace, [[1.0, 2.0], [1.25, 1.5], [1.1875, 1.125]]);
}

#[test]
fn an_adapting_neuron_slows_down() {
    let node = Alif { lif: LIF, tau_adaptation: 20.0, beta: 1.8 };
    let mut state = [0.0; 2];
    let spikes: Vec<f32> = (0..200).map(|_| node.step(&[], &mut state, [1.2], &Surrogate::new(Kind::QGate))).collect();
    let (early, late) = (spikes[..20].iter().sum::<f32>(), spikes[180..].iter().sum::<f32>());
    assert!(early > late && late > 0.0, "{early} then {late}");
}

#[test]
fn dendrites_fill_the_soma_and_fall_with_it() {
    let node = ThreeComp { threshold: 1.0, tau: 2.0, tau_basal: 2.0, tau_apical: 2.0 };
    let (mut state, surrogate) = ([0.0; 3], Surrogate::new(Kind::Atan));
    assert_eq!(node.step(&[], &mut state, [1.0, 2.0], &surrogate), 0.0);
    assert_eq!(state, [0.75, 0.5, 1.0]);
    assert_eq!(node.step(&[], &mut state, [1.0, 2.0], &surrogate), 1.0);
    assert_eq!(state, [0.0; 3]);
}

#[test]
fn analogue_nodes_send_what_their_membranes_hold() {
    let surrogate = Surrogate::new(Kind::StraightThrough);
    let mut state = [0.0];
    assert_eq!([0.4, 2.0].map(|x| DgLif(LIF).step(&[], &mut state, [x], &surrogate)), [0.0, 1.1]);
    state = [0.0];
    assert_eq!([0.25, 0.5].map(|x| HtDgLif(If { threshold: 0.5 }).step(&[], &mut state, [x], &surrogate)), [0.0, 0.75]);
    assert_eq!([-1.0, 2.0].map(|x| Relu.step(&[], &mut [0.0], [x], &surrogate)), [0.0, 2.0]);
    assert_eq!([-1.0, 2.0].map(|x| BiasRelu.step(&[], &mut [0.0], [x], &surrogate)), [0.0, 2.1]);
    // selu(0.75 - 0.5) and selu(-0.5).
    let sent = [1.5, 0.0].map(|x| Liaf(LIF).step(&[], &mut [0.0], [x], &Surrogate::new(Kind::BackEiGate)));
    assert!((sent[0] - 0.262_675).abs() < 1e-5 && (sent[1] + 0.691_758).abs() < 1e-5, "{sent:?}");
}

/// A number and what it was before something moved, so that a difference can leave out what is detached.
#[derive(Clone, Copy, Debug)]
struct Moved {
    now: f64,
    was: f64,
}

impl From<f32> for Moved {
    fn from(x: f32) -> Self {
        Moved { now: x.into(), was: x.into() }
    }
}

impl Neg for Moved {
    type Output = Moved;
    fn neg(self) -> Moved {
        Moved { now: -self.now, was: -self.was }
    }
}

macro_rules! both {
    ($($Trait:ident $method:ident)*) => {$(
        impl $Trait for Moved {
            type Output = Moved;
            fn $method(self, other: Moved) -> Moved {
                Moved { now: self.now.$method(other.now), was: self.was.$method(other.was) }
            }
        }
        impl $Trait<f32> for Moved {
            type Output = Moved;
            fn $method(self, other: f32) -> Moved {
                self.$method(Moved::from(other))
            }
        }
    )*};
}

both!(Add add Sub sub Mul mul Div div);

impl Real for Moved {
    fn value(self) -> f32 {
        self.now as f32
    }

    fn detached(self) -> Moved {
        Moved { now: self.was, was: self.was }
    }

    fn exp(self) -> Moved {
        Moved { now: libm::exp(self.now), was: libm::exp(self.was) }
    }
}

const SENT: [f32; 7] = [0.3, -0.7, 0.5, 1.0, -0.2, 0.4, 0.9];

/// Which number a difference moves.
#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    Input { step: usize, which: usize },
    Parameter(usize),
}

/// The change of the sum of what is sent, weighted by [`SENT`], when `what` moves by `by` and each spike along the slope of its surrogate.
fn change<T: Node<N, P, M>, const N: usize, const P: usize, const M: usize>(node: &T, was: &[Moment<N, M>], what: What, by: f64) -> f64 {
    let moved = |x: f32, here: What| Moved { now: f64::from(x) + if here == what { by } else { 0.0 }, was: x.into() };
    let first = first_values(node);
    let learned: [Moved; P] = node.prepared(from_fn(|p| moved(first[p], What::Parameter(p))));
    let mut state = node.rest().map(Moved::from);
    let mut change = 0.0;
    for (step, was) in was.iter().enumerate() {
        let input = from_fn(|which| moved(was.input[which], What::Input { step, which }));
        let distance = node.charge(&learned, &mut state, input);
        let spike = f64::from(was.spike);
        let spike = Moved { now: spike + f64::from(was.slope) * (distance.now - distance.was), was: spike };
        let sent = node.reset(&learned, &mut state, spike);
        change += (sent.now - sent.was) * f64::from(was.sent);
    }
    change
}

fn run<T: Node<N, P, M>, const N: usize, const P: usize, const M: usize>(
    node: &T,
    surrogate: Surrogate,
    inputs: [[f32; M]; 7],
) -> Vec<Moment<N, M>> {
    let (mut state, learned) = (node.rest(), node.prepared(first_values(node)));
    let step = |(input, sent): ([f32; M], f32)| {
        let before = state;
        let distance = node.charge(&learned, &mut state, input);
        let spike = surrogate.spike(distance);
        node.reset(&learned, &mut state, spike);
        Moment { before, input, spike, slope: surrogate.slope(distance), sent }
    };
    inputs.into_iter().zip(SENT).map(step).collect()
}

fn assert_reverse_is_the_gradient<T: Node<N, P, M>, const N: usize, const P: usize, const M: usize>(
    node: T,
    surrogate: Surrogate,
    inputs: [[f32; M]; 7],
) {
    let was = run(&node, surrogate, inputs);
    assert!(was.iter().any(|m| m.spike != 0.0) && was.iter().any(|m| m.spike == 0.0), "{}: a test of nothing", T::NAME);
    let learned = node.prepared(first_values(&node));
    let compare = |found: f32, what: What| {
        let h = 1e-5;
        let difference = (change(&node, &was, what, h) - change(&node, &was, what, -h)) / (2.0 * h);
        assert!(
            (f64::from(found) - difference).abs() < 1e-3 * (1.0 + difference.abs()),
            "{} {what:?}: {found} instead of {difference}",
            T::NAME
        );
    };
    let (mut adjoint, mut sums) = ([0.0; N], [0.0; P]);
    for step in (0..7).rev() {
        let gradients = node.reverse(&learned, &was[step], &mut adjoint);
        sums = from_fn(|p| sums[p] + gradients.learned[p]);
        for which in 0..M {
            compare(gradients.input[which], What::Input { step, which });
        }
    }
    for (p, gradient) in node.unprepared(first_values(&node), sums).into_iter().enumerate() {
        compare(gradient, What::Parameter(p));
    }
}

const INPUTS: [f32; 7] = [0.9, 0.2, 1.4, -0.3, 0.8, 1.2, 0.1];

#[test]
fn the_step_backwards_is_the_gradient_of_the_step() {
    let (atan, smooth) = (Surrogate::new(Kind::Atan), Surrogate::new(Kind::Sigmoid));
    let inputs = INPUTS.map(|x| [x]);
    assert_reverse_is_the_gradient(If { threshold: 0.5 }, atan, inputs);
    assert_reverse_is_the_gradient(LIF, Surrogate::new(Kind::QGate), inputs);
    assert_reverse_is_the_gradient(BiasLif { lif: LIF, bias: 0.1 }, atan, inputs);
    assert_reverse_is_the_gradient(LifStdp { threshold: 0.5, decay: 0.9 }, atan, inputs);
    assert_reverse_is_the_gradient(OnlineLif(LIF), atan, inputs);
    assert_reverse_is_the_gradient(Plif { tau: 3.0, ..PLIF }, atan, inputs);
    assert_reverse_is_the_gradient(BiasPlif { plif: PLIF, bias: 0.1 }, atan, inputs);
    assert_reverse_is_the_gradient(DoubleSidePlif(PLIF), atan, [0.9, 0.2, -1.8, -0.3, 0.8, 1.2, -2.1].map(|x| [x]));
    assert_reverse_is_the_gradient(CubaLif { threshold: 0.5, tau: 2.0, tau_syn: 1.5 }, smooth, inputs);
    assert_reverse_is_the_gradient(Alif { lif: LIF, tau_adaptation: 5.0, beta: 1.8 }, smooth, inputs);
    assert_reverse_is_the_gradient(Klif { threshold: 0.5, tau: 2.0 }, atan, inputs);
    assert_reverse_is_the_gradient(GatedLif { threshold: 0.5, tau: 2.0 }, atan, inputs);
    // Two spikes or none: next to one spike the weight of a burst jumps.
    let bursts = [4.8, 0.2, 7.0, 6.0, 0.3, 5.2, 0.1].map(|x| [x]);
    assert_reverse_is_the_gradient(BurstLif { lif: LIF, burst_factor: 1.5 }, Surrogate::new(Kind::Round), bursts);
}

#[test]
fn analogue_nodes_step_backwards_along_their_gradients() {
    let through = Surrogate::new(Kind::StraightThrough);
    let inputs = INPUTS.map(|x| [x]);
    assert_reverse_is_the_gradient(DgLif(LIF), through, inputs);
    assert_reverse_is_the_gradient(HtDgLif(If { threshold: 0.5 }), through, inputs);
    assert_reverse_is_the_gradient(Liaf(LIF), Surrogate::new(Kind::BackEiGate), inputs);
    // Those that nothing but their input matters to never rest or never fire by the surrogate.
    assert_reverse_is_the_gradient(Gate, through, inputs);
    assert_reverse_is_the_gradient(RateComp::default(), through, INPUTS.map(|x| [x - 0.5]));
    assert_reverse_is_the_gradient(Relu, through, inputs);
    assert_reverse_is_the_gradient(BiasRelu, through, inputs);
}

#[test]
fn nodes_with_two_inputs_step_backwards_along_their_gradients() {
    let inputs = from_fn(|step| [INPUTS[step], 0.2 + 0.1 * step as f32]);
    let atan = Surrogate::new(Kind::Atan);
    assert_reverse_is_the_gradient(ThreeComp { threshold: 0.5, tau: 2.0, tau_basal: 2.0, tau_apical: 1.5 }, atan, inputs);
    // The draw of a noise is no input that a gradient goes to.
    assert_reverse_is_the_gradient(NoiseLif(LIF), atan, inputs);
    assert_reverse_is_the_gradient(NoisePlif(PLIF), atan, inputs);
}

#[test]
fn biophysical_nodes_step_backwards_along_their_gradients() {
    // In millivolts a surrogate must be wide.
    let wide = Surrogate { kind: Kind::Atan, alpha: 0.1 };
    let drives = [600.0, 300.0, 900.0, 200.0, 400.0, 500.0, 100.0].map(|x| [x]);
    assert_reverse_is_the_gradient(Izh { d: 2.0, ..Izh::regular(30.0) }, wide, [60.0, 90.0, 90.0, 10.0, 60.0, 80.0, 5.0].map(|x| [x]));
    assert_reverse_is_the_gradient(CtIzh { c_m: 20.0, ..CtIzh::pyramidal(10.0) }, wide, drives);
    assert_reverse_is_the_gradient(SimHh { threshold: 50.0, dt: 0.01 }, wide, [80.0, 40.0, 30.0, 20.0, 90.0, 10.0, 60.0].map(|x| [x]));
    assert_reverse_is_the_gradient(Hh { threshold: 5.0, dt: 0.01 }, wide, drives);
    assert_reverse_is_the_gradient(
        AEif { c_m: 2.0, ..AEif::excitatory(-50.0) },
        wide,
        [150.0, 30.0, 40.0, 60.0, 50.0, 90.0, 100.0].map(|x| [x]),
    );
}

#[test]
fn every_name_is_that_of_one_layer() {
    let place = Place { init: Init { seed: 0, layer: 0 }, channels: 4, steps: 4 };
    for name in names() {
        let options = NodeOptions { name: name.into(), ..NodeOptions::default() };
        assert_eq!(options.layer(place).unwrap().name(), name);
    }
    assert!(NodeOptions { name: "LIF".into(), ..NodeOptions::default() }.layer(place).is_none());
}
