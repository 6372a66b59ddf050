//! Spike counts that BrainCog gives, the steps written out by hand, and the step backwards against its definition.

use super::*;

/// Spikes of `node` for a constant input.
fn count<N: Node>(node: N, kind: Kind, input: f32, n_steps: usize) -> f32 {
    let mut state = N::State::default();
    (0..n_steps).map(|_| node.step(&mut state, input, &Surrogate::new(kind))).sum()
}

#[test]
fn lif_fires_as_often_as_braincogs() {
    let node = Lif { threshold: 0.5, tau: 2.0 };
    assert_eq!(count(node, Kind::QGate, 0.6, 100), 33.0);
    assert_eq!(count(node, Kind::QGate, 1.0, 100), 50.0);
}

#[test]
fn plif_of_the_same_time_constant_fires_like_lif() {
    assert_eq!(count(Plif::new(0.5, 2.0), Kind::Atan, 0.6, 100), 33.0);
    assert_eq!(count(Plif::new(0.5, 2.0), Kind::Atan, 1.0, 100), 50.0);
}

#[test]
fn if_counts_inputs_up_to_its_threshold() {
    // 0.25, 0.5 (not above threshold), 0.75: a spike in every third step.
    assert_eq!(count(If { threshold: 0.5 }, Kind::Atan, 0.25, 99), 33.0);
}

#[test]
fn a_burst_counts_more_and_leaves_the_membrane_below_zero() {
    let node = BurstLif { lif: Lif { threshold: 0.5, tau: 2.0 }, burst_factor: 1.5 };
    let mut state = [0.0];
    // V = 2.4 lies 1.9 above threshold: two spikes, sent as 3.
    assert_eq!(node.step(&mut state, 4.8, &Surrogate::new(Kind::Round)), 3.0);
    assert_eq!(state, [-2.4]);
}

#[test]
fn a_synaptic_current_outlives_its_input() {
    let node = CubaLif { threshold: 10.0, tau: 2.0, tau_syn: 4.0 };
    let mut state = [0.0; 2];
    let mut trace = Vec::new();
    for input in [8.0, 0.0, 0.0] {
        node.step(&mut state, input, &Surrogate::new(Kind::QGate));
        trace.push(state);
    }
    assert_eq!(trace, [[1.0, 2.0], [1.25, 1.5], [1.1875, 1.125]]);
}

#[test]
fn an_adapting_neuron_slows_down() {
    let node = Alif { lif: Lif { threshold: 0.5, tau: 2.0 }, tau_adaptation: 20.0, beta: 1.8 };
    let mut state = [0.0; 2];
    let spikes: Vec<f32> = (0..200).map(|_| node.step(&mut state, 1.2, &Surrogate::new(Kind::QGate))).collect();
    let (early, late) = (spikes[..20].iter().sum::<f32>(), spikes[180..].iter().sum::<f32>());
    assert!(early > late && late > 0.0, "{early} then {late}");
}

/// What the gradient is taken of: the sum of what is sent, weighted by [`SENT`], where each spike moves along the slope of its
/// surrogate instead of jumping and the membrane (variable 0) is reset by the spikes as they were.
fn loss<N: Node>(node: &N, inputs: &[f32], was: &[Moment<N::State>], distances: &[f32]) -> f64 {
    let mut state = N::State::default();
    let mut loss = 0.0;
    for ((&input, was), distance) in inputs.iter().zip(was).zip(distances) {
        let moved = was.spike + was.slope * (node.charge(&mut state, input) - distance);
        let mut reset = state;
        node.reset(&mut reset, was.spike);
        loss += f64::from(node.reset(&mut state, moved)) * f64::from(was.sent);
        state = N::State::from_fn(|k| if k == 0 { reset.as_slice()[0] } else { state.as_slice()[k] });
    }
    loss
}

const SENT: [f32; 7] = [0.3, -0.7, 0.5, 1.0, -0.2, 0.4, 0.9];

fn assert_reverse_is_the_gradient<N: Node>(node: N, kind: Kind, inputs: [f32; 7]) {
    let surrogate = Surrogate::new(kind);
    let mut state = N::State::default();
    let mut distances = Vec::new();
    let mut was = Vec::new();
    for (&input, &sent) in inputs.iter().zip(&SENT) {
        let before = state;
        let distance = node.charge(&mut state, input);
        let spike = surrogate.spike(distance);
        node.reset(&mut state, spike);
        distances.push(distance);
        was.push(Moment { before, input, spike, slope: surrogate.slope(distance), sent });
    }
    assert!(was.iter().any(|m| m.spike > 0.0 && m.slope > 0.0) && was.iter().any(|m| m.spike == 0.0), "{}: a test of nothing", N::NAME);
    let (mut adjoint, mut learnable, h) = (N::State::default(), 0.0, 1e-2);
    for t in (0..inputs.len()).rev() {
        let gradients = node.reverse(&was[t], &mut adjoint);
        learnable += gradients.learnable;
        let shifted = |by: f32| {
            let mut inputs = inputs;
            inputs[t] += by;
            loss(&node, &inputs, &was, &distances)
        };
        let difference = (shifted(h) - shifted(-h)) / (2.0 * f64::from(h));
        assert!(
            (f64::from(gradients.input) - difference).abs() < 1e-3,
            "{} step {t}: {} instead of {difference}",
            N::NAME,
            gradients.input
        );
    }
    if let Some(value) = node.learnable() {
        let at = |value| {
            let mut node = node;
            node.learn(value);
            loss(&node, &inputs, &was, &distances)
        };
        let difference = (at(value + h) - at(value - h)) / (2.0 * f64::from(h));
        assert!((f64::from(learnable) - difference).abs() < 1e-3, "{}: {learnable} instead of {difference}", N::NAME);
    }
}

#[test]
fn the_step_backwards_is_the_gradient_of_the_step() {
    let lif = Lif { threshold: 0.5, tau: 2.0 };
    let inputs = [0.9, 0.2, 1.4, -0.3, 0.8, 1.2, 0.1];
    assert_reverse_is_the_gradient(If { threshold: 0.5 }, Kind::Atan, inputs);
    assert_reverse_is_the_gradient(lif, Kind::QGate, inputs);
    assert_reverse_is_the_gradient(Plif::new(0.5, 3.0), Kind::Atan, inputs);
    assert_reverse_is_the_gradient(CubaLif { threshold: 0.5, tau: 2.0, tau_syn: 1.5 }, Kind::Sigmoid, inputs);
    assert_reverse_is_the_gradient(Alif { lif, tau_adaptation: 5.0, beta: 1.8 }, Kind::Sigmoid, inputs);
    // Two spikes or none: next to one spike the weight of a burst jumps.
    let bursts = [4.8, 0.2, 7.0, 6.0, 0.3, 5.2, 0.1];
    assert_reverse_is_the_gradient(BurstLif { lif, burst_factor: 1.5 }, Kind::Round, bursts);
}

#[test]
fn every_name_makes_a_layer() {
    for name in NAMES {
        let options = NodeOptions { name: name.into(), ..NodeOptions::default() };
        assert!(options.layer().is_some(), "{name}");
    }
    assert!(NodeOptions { name: "LIF".into(), ..NodeOptions::default() }.layer().is_none());
}
