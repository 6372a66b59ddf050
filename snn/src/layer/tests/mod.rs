//! Every layer backwards against finite differences of itself forwards; every node one step at a time against all steps at once.

mod fused;
mod newer;
mod over_time;
mod structure;

use super::*;
use crate::correlate::Correlation;
use crate::node::{Moment, NodeOptions, Place, names};
use crate::random::Random;
use crate::surrogate::{Kind, Surrogate};

const PASS: Pass = Pass { seed: 5, number: 0 };
const INIT: Init = Init { seed: 11, layer: 3 };

fn noise(shape: Shape, object: u64) -> Tensor {
    let mut random = Random::new(9, object);
    Tensor::from_fn(shape, |_| random.normal() as f32)
}

/// The sum of the output weighted by `weights`, and the gradients that the layer reports for it.
fn loss(layer: &mut dyn Layer, input: &Tensor, weights: &Tensor) -> f64 {
    let output = layer.forward(input.clone(), PASS);
    output.values().iter().zip(weights.values()).map(|(&y, &w)| f64::from(y) * f64::from(w)).sum()
}

/// Moves inputs and parameters one at a time. Layers here are smooth between the points that are compared.
fn assert_backward_is_the_gradient(layer: &mut dyn Layer, shape: Shape) {
    let input = noise(shape, 1);
    let weights = noise(layer.shape(shape).unwrap(), 2);
    layer.parameters_mut().into_iter().for_each(Parameter::zero);
    loss(layer, &input, &weights);
    let found = layer.backward(weights.clone(), true).unwrap();
    let gradients: Vec<Vec<f32>> = layer.parameters().iter().map(|p| p.gradient.clone()).collect();
    let name = layer.name();
    let compare = |found: f32, plus: f64, minus: f64, h: f32, what: &str| {
        let difference = (plus - minus) / (2.0 * f64::from(h));
        assert!((f64::from(found) - difference).abs() < 0.01 * (1.0 + difference.abs()), "{name} {what}: {found} instead of {difference}");
    };
    let h = 4e-3;
    for i in (0..shape.len()).step_by(1.max(shape.len() / 40)) {
        let mut at = |by: f32| {
            let mut moved = input.clone();
            moved.values_mut()[i] += by;
            loss(layer, &moved, &weights)
        };
        compare(found.values()[i], at(h), at(-h), h, &format!("input {i}"));
    }
    for (p, gradient) in gradients.iter().enumerate() {
        for i in (0..gradient.len()).step_by(1.max(gradient.len() / 30)) {
            let mut at = |by: f32| {
                let was = layer.parameters()[p].values[i];
                layer.parameters_mut()[p].values[i] = was + by;
                let loss = loss(layer, &input, &weights);
                layer.parameters_mut()[p].values[i] = was;
                loss
            };
            compare(gradient[i], at(h), at(-h), h, &format!("parameter {p} value {i}"));
        }
    }
}

#[test]
fn convolution_backwards_is_its_gradient() {
    let plain = Correlation { kernel: 3, stride: 1, padding: 1, inputs: 3, outputs: 5 };
    assert_backward_is_the_gradient(&mut Conv2d::new(plain, true, INIT), Shape::new(2, 2, [5, 6, 3]));
    let mut standardised = Conv2d::standardised(plain, true, INIT);
    standardised.parameters_mut()[1].values = vec![1.0, 0.5, -2.0, 1.5, 1.0];
    assert_backward_is_the_gradient(&mut standardised, Shape::new(2, 2, [4, 4, 3]));
    let strided = Correlation { stride: 2, ..plain };
    assert_backward_is_the_gradient(&mut Conv2d::new(strided, false, INIT), Shape::new(1, 2, [7, 7, 3]));
}

#[test]
fn linear_backwards_is_its_gradient() {
    assert_backward_is_the_gradient(&mut Linear::new(12, 7, INIT), Shape::new(3, 5, [2, 2, 3]));
}

#[test]
fn batch_normalisation_backwards_is_its_gradient() {
    let mut layer = BatchNorm::new(4);
    layer.parameters_mut()[0].values = vec![0.5, 1.0, -2.0, 1.5];
    assert_backward_is_the_gradient(&mut layer, Shape::new(2, 3, [2, 3, 4]));
    assert_backward_is_the_gradient(&mut BatchNorm::threshold_dependent(4, 1.0, 0.5), Shape::new(2, 3, [2, 3, 4]));
}

#[test]
fn pools_backwards_are_their_gradients() {
    assert_backward_is_the_gradient(&mut AvgPool::new(2), Shape::new(1, 2, [5, 4, 3]));
    assert_backward_is_the_gradient(&mut AvgPool::global(), Shape::new(1, 2, [4, 4, 3]));
    assert_backward_is_the_gradient(&mut MaxPool::new(2), Shape::new(1, 2, [4, 5, 3]));
    assert_backward_is_the_gradient(&mut MaxPool::windows(3, 2, 1), Shape::new(1, 2, [6, 5, 3]));
}

#[test]
fn dropout_flatten_and_repeat_backwards_are_their_gradients() {
    assert_backward_is_the_gradient(&mut Dropout::new(0.5, 0), Shape::new(2, 2, [2, 2, 3]));
    assert_backward_is_the_gradient(&mut Flatten::default(), Shape::new(2, 2, [2, 2, 3]));
    assert_backward_is_the_gradient(&mut Repeat::new(3), Shape::new(1, 2, [2, 2, 3]));
}

#[test]
fn dropout_removes_the_same_values_in_every_step_and_others_in_the_next_pass() {
    let mut layer = Dropout::new(0.25, 7);
    let ones = Tensor::new(Shape::new(2, 4, [8, 8, 8]), vec![1.0; 4096]);
    let first = layer.forward(ones.clone(), PASS);
    assert_eq!(first.step(0), first.step(1));
    let removed = first.values().iter().filter(|&&x| x == 0.0).count() as f64 / 4096.0;
    // 2048 independent draws: a standard error of 0.0096.
    assert!((removed - 0.25).abs() < 0.04, "{removed}");
    let second = layer.forward(ones, Pass { number: 1, ..PASS });
    assert_ne!(first.values(), second.values());
}

#[test]
fn batch_normalisation_gives_mean_0_and_variance_1_and_remembers_the_moments() {
    let mut layer = BatchNorm::new(1);
    let input = Tensor::from_fn(Shape::new(4, 16, [4, 4, 1]), |i| 300.0 + (i % 5) as f32);
    let output = layer.forward(input.clone(), PASS);
    let mean: f32 = output.values().iter().sum::<f32>() / 1024.0;
    let variance: f32 = output.values().iter().map(|y| y * y).sum::<f32>() / 1024.0;
    assert!(mean.abs() < 1e-3 && (variance - 1.0).abs() < 1e-3, "{mean} {variance}");
    for _ in 0..200 {
        layer.forward(input.clone(), PASS);
    }
    let evaluated = layer.infer(&input, &mut LayerState::new());
    assert!(evaluated.values().iter().zip(output.values()).all(|(a, b)| (a - b).abs() < 0.01));
}

#[test]
fn every_node_gives_the_same_spikes_in_single_steps_and_all_at_once() {
    for name in names() {
        let input = noise(Shape::new(6, 3, [5, 5, 62]), 4);
        let place = Place { init: INIT, channels: 62, steps: 6 };
        let layer = NodeOptions { name: name.into(), ..NodeOptions::default() }.layer(place).unwrap();
        let whole = layer.infer(&input, &mut LayerState::new());
        // LIAF sends something in every step; those in millivolts are far from this input.
        let quiet = ["LIAFNode", "CTIzhNode", "HHNode", "SimHHNode", "aEIF", "IzhNode"].contains(&name);
        assert!(quiet || (whole.density() > 0.01 && whole.density() < 0.6), "{name} sends in {} of all steps", whole.density());
        if !layer.causal() {
            continue;
        }
        let mut state = LayerState::new();
        for step in 0..6 {
            assert_eq!(layer.infer(&input.frame(step), &mut state).values(), whole.step(step), "{name} step {step}");
        }
    }
}

#[test]
fn a_layer_of_neurons_runs_each_as_its_definition_says() {
    use crate::node::{Alif, Lif, Node};
    let node = Alif { lif: Lif { threshold: 0.5, tau: 2.0 }, tau_adaptation: 20.0, beta: 1.8 };
    let surrogate = Surrogate::new(Kind::QGate);
    let input = noise(Shape::new(5, 1, [1, 1, 4200]), 6);
    let output = Spiking::new(node, surrogate).infer(&input, &mut LayerState::new());
    for neuron in [0, 63, 64, 4095, 4096, 4199] {
        let mut state = [0.0; 2];
        for step in 0..5 {
            assert_eq!(output.step(step)[neuron], node.step(&[], &mut state, [input.step(step)[neuron]], &surrogate));
        }
    }
}

#[test]
fn a_layer_of_neurons_backwards_runs_each_backwards_as_its_definition_says() {
    use crate::node::{Node, Plif};
    let node = Plif { threshold: 0.5, tau: 3.0 };
    // 1 / tau, prepared from its logit.
    let w = node.prepared([-models::kit::ln(2.0)]);
    let surrogate = Surrogate::new(Kind::Atan);
    let input = noise(Shape::new(4, 1, [1, 1, 70]), 7);
    let sent = noise(input.shape(), 8);
    let mut layer = Spiking::new(node, surrogate);
    layer.forward(input.clone(), PASS);
    let found = layer.backward(sent.clone(), true).unwrap();
    let mut learnable = 0.0;
    for neuron in 0..70 {
        let (mut state, mut moments) = ([0.0], Vec::new());
        for step in 0..4 {
            let (before, x) = (state, input.step(step)[neuron]);
            let distance = node.charge(&w, &mut state, [x]);
            let (spike, slope) = (surrogate.spike(distance), surrogate.slope(distance));
            node.reset(&w, &mut state, spike);
            moments.push(Moment { before, input: [x], spike, slope, sent: sent.step(step)[neuron] });
        }
        let mut adjoint = [0.0];
        for step in (0..4).rev() {
            let gradients = node.reverse(&w, &moments[step], &mut adjoint);
            learnable += gradients.learned[0];
            assert_eq!([found.step(step)[neuron]], gradients.input);
        }
    }
    let [learnable] = node.unprepared([-models::kit::ln(2.0)], [learnable]);
    assert!((layer.parameters()[0].gradient[0] - learnable).abs() < 1e-4 * (1.0 + learnable.abs()));
}

#[test]
fn gradients_do_not_depend_on_the_number_of_threads() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let geometry = Correlation { kernel: 3, stride: 1, padding: 1, inputs: 16, outputs: 24 };
            let mut layers: Vec<Box<dyn Layer>> = vec![
                Box::new(Conv2d::new(geometry, true, INIT)),
                Box::new(BatchNorm::new(24)),
                NodeOptions { name: "PLIFNode".into(), ..NodeOptions::default() }
                    .layer(Place { init: INIT, channels: 24, steps: 3 })
                    .unwrap(),
                Box::new(MaxPool::new(2)),
                Box::new(Dropout::new(0.5, 4)),
                Box::new(Linear::new(24 * 25, 10, INIT)),
            ];
            let mut x = noise(Shape::new(3, 4, [10, 10, 16]), 12);
            for layer in &mut layers {
                x = layer.forward(x, PASS);
            }
            for layer in layers.iter_mut().rev() {
                x = layer.backward(x, true).unwrap();
            }
            let gradients = layers.iter().flat_map(|l| l.parameters().into_iter().flat_map(|p| p.gradient.clone()).collect::<Vec<_>>());
            x.values().iter().copied().chain(gradients).map(f32::to_bits).collect::<Vec<u32>>()
        })
    };
    let alone = run(1);
    assert!(run(2) == alone && run(5) == alone);
}
