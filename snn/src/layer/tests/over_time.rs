//! Layers whose steps depend on one another. Neurons fire softly here (`Soft`) and pass gradients through their resets, so that differences
//! show exactly what the way back computes.

use super::*;
use crate::node::{DgLif, Liaf, Lif, NodeOptions, Place};

const SOFT: Surrogate = Surrogate { kind: Kind::Soft, alpha: 2.0 };
const LIF: Lif = Lif { threshold: 0.5, tau: 2.0 };
const SMALL: Shape = Shape { steps: 4, batch: 2, height: 3, width: 2, channels: 4 };

/// All steps at once, and one by one with the state handed on.
fn assert_steps_give_the_same(layer: &dyn Layer, shape: Shape) {
    let input = noise(shape, 21);
    let whole = layer.infer(&input, &mut LayerState::new());
    let mut state = LayerState::new();
    for step in 0..shape.steps {
        assert_eq!(layer.infer(&input.frame(step), &mut state).values(), whole.step(step), "{} step {step}", layer.name());
    }
}

#[test]
fn neurons_backwards_are_their_gradients_with_all_that_may_be_learned() {
    let mut layer = Spiking::new(Liaf(LIF), SOFT).learning(true, true);
    assert_backward_is_the_gradient(&mut layer, SMALL);
    assert_eq!(layer.parameters().iter().map(|p| p.name).collect::<Vec<_>>(), ["alpha", "threshold_shift"]);
}

#[test]
fn neurons_with_two_inputs_take_the_halves_of_the_channels() {
    let options = NodeOptions { name: "ThreeCompNode".into(), ..NodeOptions::default() };
    let mut layer = options.layer(Place { init: INIT, channels: 4, steps: 4 }).unwrap();
    assert_eq!(layer.shape(SMALL).unwrap().channels, 2);
    assert!(layer.shape(Shape { channels: 5, ..SMALL }).unwrap_err().to_string().contains("two per neuron"));
    let input = noise(SMALL, 1);
    let output = layer.forward(input.clone(), PASS);
    let gradient = layer.backward(noise(output.shape(), 2), true).unwrap();
    assert_eq!(gradient.shape(), SMALL);
    // Basal and apical dendrites are alike here, so to exchange the halves changes nothing.
    let swapped = Tensor::from_fn(SMALL, |i| input.values()[i / 4 * 4 + (i + 2) % 4]);
    assert_eq!(layer.forward(swapped, PASS).values(), output.values());
}

#[test]
fn noise_has_the_mean_of_its_distribution_and_differs_between_passes() {
    let options = NodeOptions { name: "NoiseLIFNode".into(), threshold: 1e9, ..NodeOptions::default() };
    let mut layer = options.layer(Place { init: INIT, channels: 1, steps: 1 }).unwrap();
    let draw =
        |number| noise::beta(Shape::new(2, 50, [10, 10, 1]), [std::f32::consts::LN_2, 1.791_759_5], INIT, Pass { number, ..PASS }, 0);
    let (first, second) = (draw(0), draw(1));
    let mean = first.values().iter().map(|&x| f64::from(x)).sum::<f64>() / 1e4;
    // Beta(2, 6): mean 1/4, variance 1/48.
    assert!((mean - 0.25).abs() < 4.0 * f64::sqrt(1.0 / 48.0 / 1e4), "{mean}");
    assert!(first.values() != second.values() && first.values() == draw(0).values());
    assert_eq!(layer.forward(Tensor::zeros(SMALL), PASS).values().iter().sum::<f32>(), 0.0);
}

#[test]
fn recurrent_neurons_backwards_are_their_gradients() {
    let cell = |kernel| Stepwise::from(Recurrent::new(Liaf(LIF), SOFT, kernel, 4, INIT));
    assert_backward_is_the_gradient(&mut cell(1), Shape { height: 1, width: 1, ..SMALL });
    assert_backward_is_the_gradient(&mut cell(3), SMALL);
    assert_steps_give_the_same(&cell(3), SMALL);
}

#[test]
fn inhibited_neurons_backwards_are_their_gradients() {
    for inhibition in [Inhibition::Constant(0.3), Inhibition::Threshold(0.6)] {
        let mut layer = Stepwise::from(LateralInhibition::new(Liaf(LIF), SOFT, 0.5, inhibition));
        assert_backward_is_the_gradient(&mut layer, SMALL);
        assert_steps_give_the_same(&layer, SMALL);
    }
}

#[test]
fn the_strongest_neuron_silences_its_neighbours() {
    // Two neurons of one pixel: the first fires in every step and takes 1 from the second, which would fire in every second.
    let input = Tensor::from_fn(Shape::new(6, 1, [1, 1, 2]), |i| if i % 2 == 0 { 2.0 } else { 0.7 });
    let spikes = |inhibition| {
        let layer = Stepwise::from(LateralInhibition::new(LIF, Surrogate::new(Kind::QGate), 0.5, inhibition));
        let output = layer.infer(&input, &mut LayerState::new());
        (0..2).map(|neuron| output.values().iter().skip(neuron).step_by(2).sum::<f32>()).collect::<Vec<_>>()
    };
    assert_eq!(spikes(Inhibition::Constant(0.0)), [6.0, 3.0]);
    assert_eq!(spikes(Inhibition::Constant(1.0)), [6.0, 0.0]);
    assert_eq!(spikes(Inhibition::Max(0.5)), [6.0, 0.0]);
}

#[test]
fn neurons_that_scale_their_input_by_what_they_sent_have_its_gradients() {
    let mut cell = BackEi::new(0.3, 4, 1, INIT);
    cell.fire_softly(SOFT);
    assert_backward_is_the_gradient(&mut Stepwise::from(cell), SMALL);
    let mut plain = BackEi::without(0.3);
    plain.fire_softly(SOFT);
    assert_backward_is_the_gradient(&mut Stepwise::from(plain), SMALL);
    assert_steps_give_the_same(&Stepwise::from(BackEi::new(0.3, 4, 1, INIT)), SMALL);
}

#[test]
fn temporal_interaction_backwards_is_its_gradient() {
    let neurons = |threshold| stepwise::Neurons::new(Liaf(Lif { threshold, tau: 2.0 }), SOFT);
    let mut layer = Stepwise::from(Tim::of(6, 2, [neurons(0.3), neurons(0.5)], INIT));
    assert_backward_is_the_gradient(&mut layer, SMALL);
    assert_steps_give_the_same(&Stepwise::from(Tim::new(6, 2, 2.0, INIT)), SMALL);
}

#[test]
fn maxima_of_trains_backwards_are_their_gradients() {
    let shape = Shape { height: 4, ..SMALL };
    assert_backward_is_the_gradient(&mut Stepwise::from(LiPool { side: 2 }), shape);
    assert_steps_give_the_same(&Stepwise::from(LiPool { side: 2 }), shape);
    assert_steps_give_the_same(&Stepwise::from(SMaxPool { side: 2 }), shape);
}

#[test]
fn maxima_of_trains_send_as_much_as_the_busiest_pixel() {
    // Four pixels that spike in 1, 2, 3 and 4 of every 5 steps.
    let input = Tensor::from_fn(Shape::new(100, 1, [2, 2, 1]), |i| f32::from(i / 4 % 5 <= i % 4));
    for layer in [&Stepwise::from(LiPool { side: 2 }) as &dyn Layer, &Stepwise::from(SMaxPool { side: 2 })] {
        let sent: f32 = layer.infer(&input, &mut LayerState::new()).values().iter().sum();
        assert_eq!(sent, 80.0, "{}", layer.name());
    }
}

#[test]
fn the_gradient_of_a_maximum_of_trains_goes_to_the_pixel_that_was_passed() {
    let mut layer = Stepwise::from(SMaxPool { side: 2 });
    let input = Tensor::from_fn(Shape::new(3, 1, [2, 2, 1]), |i| if i % 4 == 2 { 1.0 } else { 0.25 });
    layer.forward(input, PASS);
    let gradient = layer.backward(Tensor::new(Shape::new(3, 1, [1, 1, 1]), vec![1.0, 2.0, 3.0]), true).unwrap();
    assert_eq!(gradient.values(), [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 3.0, 0.0]);
}

#[test]
fn parallel_neurons_backwards_are_their_gradients() {
    for (name, mixing) in parallel::PARALLEL.into_iter().filter(|row| row.0 != "SPSN") {
        let mut layer = Parallel::new(mixing, [0.5, 2.0], 4, Some(SOFT), INIT);
        assert_backward_is_the_gradient(&mut layer, SMALL);
        assert_eq!(layer.name(), name);
        if layer.causal() {
            assert_steps_give_the_same(&layer, SMALL);
        }
    }
}

#[test]
fn parallel_neurons_without_resets_are_leaky_integrators_up_to_their_first_spike() {
    // Membranes below threshold: the estimate of resets is what differs.
    let input = noise(SMALL, 3);
    let node = DgLif(Lif { threshold: 0.0, tau: 2.0 });
    let layer = Parallel::new(Mixing::MaskedPsn, [0.0, 2.0], 4, None, INIT);
    let spikes = layer.infer(&input, &mut LayerState::new());
    for neuron in 0..SMALL.per_step() {
        let mut v = 0.0;
        for step in 0..4 {
            v += (input.step(step)[neuron] - v) / node.0.tau;
            assert_eq!(spikes.step(step)[neuron], f32::from(v > 0.0));
        }
    }
}

#[test]
fn random_parallel_neurons_fire_with_the_probability_of_their_membrane() {
    let mut layer = Parallel::new(Mixing::Spsn, [0.5, 2.0], 1, None, INIT);
    let shape = Shape::new(1, 1, [100, 100, 1]);
    let spikes = layer.forward(Tensor::new(shape, vec![1.0; 10_000]), PASS);
    // H = 1 / 2: s(1 / 2) = 0.62246.
    let rate = spikes.values().iter().map(|&s| f64::from(s)).sum::<f64>() / 1e4;
    assert!((rate - 0.62246).abs() < 4.0 * f64::sqrt(0.62246 * 0.37754 / 1e4), "{rate}");
    let gradient = layer.backward(Tensor::new(shape, vec![1.0; 10_000]), true).unwrap();
    assert!((gradient.values()[7] - 0.5 * 0.62246 * 0.37754).abs() < 1e-4, "{}", gradient.values()[7]);
}

#[test]
fn layers_that_treat_steps_differently_backwards_are_their_gradients() {
    let mut scale = StepScale::new(4);
    scale.parameters_mut()[0].values = vec![1.0, 0.5, -2.0, 1.5];
    assert_backward_is_the_gradient(&mut scale, SMALL);
    assert_steps_give_the_same(&scale, SMALL);
    assert_backward_is_the_gradient(&mut TimeConv::new(3, 4, 3, INIT), SMALL);
    assert_backward_is_the_gradient(&mut TimeConv::by_itself(5, 4, INIT), SMALL);
    let mut map = TimeMap::new(4);
    map.parameters_mut()[0].values.iter_mut().enumerate().for_each(|(i, w)| *w += 0.1 * i as f32);
    assert_backward_is_the_gradient(&mut map, SMALL);
    assert_steps_give_the_same(&map, SMALL);
    let mut normalised = PerStep::bntt(4, 4);
    assert_backward_is_the_gradient(&mut normalised, Shape { batch: 5, ..SMALL });
    assert_steps_give_the_same(&normalised, SMALL);
    let names: Vec<String> = normalised.tensors().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names[..5], ["0.weight", "0.bias", "0.running_mean", "0.running_var", "1.weight"]);
}

#[test]
fn of_each_pixel_as_many_channels_win_as_are_asked_for() {
    let mut layer = Wta::new(2, INIT);
    let input = Tensor::from_fn(SMALL, |i| 1.0 + i as f32);
    let output = layer.forward(input.clone(), PASS);
    for (pixel, from) in output.values().chunks_exact(4).zip(input.values().chunks_exact(4)) {
        assert_eq!(pixel.iter().filter(|&&x| x != 0.0).count(), 2);
        assert!(pixel.iter().zip(from).all(|(&x, &y)| x == 0.0 || x == y));
    }
    let gradient = layer.backward(input.clone(), true).unwrap();
    assert_eq!(gradient.values(), output.values());
    assert_steps_give_the_same(&layer, SMALL);
}
