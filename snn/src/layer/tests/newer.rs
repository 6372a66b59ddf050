//! Groups, capsules, dropped paths, and steps that are learned from one by one.

use super::*;
use crate::node::{Lif, Node};

const SHAPE: Shape = Shape { steps: 2, batch: 2, height: 4, width: 4, channels: 6 };

#[test]
fn groups_are_a_convolution_without_weights_between_them() {
    for (kernel, stride, outputs) in [(3, 1, 9), (1, 1, 3), (3, 2, 6)] {
        let whole = Correlation { kernel, stride, padding: kernel / 2, inputs: 6, outputs };
        let mut grouped = GroupedConv::new(whole, 3, INIT);
        assert_backward_is_the_gradient(&mut grouped, SHAPE);
        let (taps, each) = (kernel * kernel, outputs / 3);
        let weights = &grouped.parameters()[0].values;
        assert_eq!(weights.len(), 6 * taps * each);
        let mut dense = vec![0.0; whole.n_weights()];
        for (i, &w) in weights.iter().enumerate() {
            let (output, rest) = (i % each, i / each);
            let (tap, rest) = (rest % taps, rest / taps);
            let (input, group) = (rest % 2, rest / 2);
            dense[((2 * group + input) * taps + tap) * outputs + group * each + output] = w;
        }
        let expected = Conv2d::with(whole, dense, vec![0.0; outputs]).infer(&noise(SHAPE, 4), &mut LayerState::new());
        let found = grouped.infer(&noise(SHAPE, 4), &mut LayerState::new());
        assert_eq!(found.shape(), expected.shape());
        assert!(found.values().iter().zip(expected.values()).all(|(a, b)| (a - b).abs() < 1e-5));
    }
    let narrow = GroupedConv::new(Correlation { kernel: 3, stride: 1, padding: 1, inputs: 6, outputs: 6 }, 3, INIT);
    assert!(matches!(narrow.shape(Shape { channels: 2, ..SHAPE }), Err(Misfit::Width { expected: 6, found: 2, .. })));
}

#[test]
fn capsules_backwards_are_their_gradients_through_all_rounds() {
    for rounds in 1..4 {
        let mut capsules = Capsules::new([6, 4], [3, 5], rounds, INIT);
        assert_backward_is_the_gradient(&mut capsules, Shape { steps: 2, batch: 2, height: 3, width: 1, channels: 8 });
    }
    assert_backward_is_the_gradient(&mut Lengths::new(3), Shape { steps: 1, batch: 2, height: 1, width: 1, channels: 6 });
    let capsules = Capsules::new([6, 4], [3, 5], 3, INIT);
    assert!(matches!(capsules.shape(SHAPE), Err(Misfit::Width { expected: 24, found: 96, .. })));
}

#[test]
fn capsules_that_agree_are_listened_to_and_lengths_stay_below_1() {
    // Two capsules above, of two values; the weights are identities, so that votes are what is below.
    let mut capsules = Capsules::new([3, 2], [2, 2], 3, INIT);
    capsules.parameters_mut()[0].values = [1.0, 0.0, 0.0, 1.0].repeat(6);
    let shape = Shape { steps: 1, batch: 1, height: 1, width: 1, channels: 6 };
    let length = |values: [f32; 6]| {
        let output = capsules.infer(&Tensor::new(shape, values.to_vec()), &mut LayerState::new());
        Lengths::new(2).infer(&output, &mut LayerState::new()).values().to_vec()
    };
    let (agreed, torn) = (length([3.0, 0.0, 3.0, 0.0, 3.0, 0.0]), length([3.0, 0.0, -1.5, 2.6, -1.5, -2.6]));
    // Couplings stay halves: s is 4.5 long, v is 20.25 / 21.25.
    assert!(agreed.iter().all(|x| (x - 20.25 / 21.25).abs() < 1e-4), "{agreed:?}");
    assert!(torn.iter().all(|&x| x < 0.1), "{torn:?}");
    assert!(length([1e3; 6]).iter().all(|&x| x < 1.0));
}

#[test]
fn dropped_paths_remove_whole_samples_in_all_steps_and_keep_the_mean() {
    assert_backward_is_the_gradient(&mut DropPath::new(0.5, INIT), SHAPE);
    let mut layer = DropPath::new(0.25, INIT);
    let shape = Shape { batch: 1000, height: 1, width: 1, ..SHAPE };
    let ones = Tensor::new(shape, vec![1.0; shape.len()]);
    let output = layer.forward(ones.clone(), PASS);
    assert_eq!(output.step(0), output.step(1));
    let samples: Vec<&[f32]> = output.step(0).chunks_exact(6).collect();
    assert!(samples.iter().all(|sample| **sample == [0.0; 6] || **sample == [1.0 / 0.75; 6]));
    let dropped = samples.iter().filter(|sample| sample[0] == 0.0).count();
    // A standard deviation of 13.7.
    assert!((190..310).contains(&dropped), "{dropped}");
    assert_ne!(layer.forward(ones.clone(), Pass { number: 1, ..PASS }).values(), output.values());
    assert_eq!(layer.infer(&ones, &mut LayerState::new()).values(), ones.values());
}

/// A network of two linear maps with neurons between.
fn network(seed: u64) -> Chain {
    let init = |layer| Init { seed, layer };
    let node = Spiking::new(Lif { threshold: 0.3, tau: 2.0 }, Surrogate::new(Kind::QGate));
    Chain::from(vec![Box::new(Linear::new(5, 7, init(0))) as Box<dyn Layer>, Box::new(node), Box::new(Linear::new(7, 2, init(1)))])
}

#[test]
fn a_step_by_itself_has_the_gradient_that_takes_the_past_as_it_is() {
    let shape = Shape { steps: 4, batch: 3, height: 1, width: 1, channels: 5 };
    let (input, weights) = (noise(shape, 3), noise(Shape { channels: 2, ..shape }, 5));
    let mut online = network(1);
    let mut state = LayerState::new();
    let mut outputs = Vec::new();
    for t in 0..4 {
        outputs.extend(online.forward_step(input.frame(t), &mut state, PASS, &mut |_| ()).values().to_vec());
        online.backward(weights.frame(t), false);
    }
    // The same outputs as all steps at once.
    assert_eq!(outputs, network(1).infer(&input, &mut LayerState::new()).values());
    // By hand: d loss of step t / d w = sum of g_t V f'(u_t - theta) / tau x_t, without the way through u_(t-1).
    let (node, surrogate, plain) = (Lif { threshold: 0.3, tau: 2.0 }, Surrogate::new(Kind::QGate), network(1));
    let [w, b, v, _] = plain.parameters()[..] else { panic!("two weights and two biases") };
    let (mut by_w, mut by_v) = (vec![0.0f64; 35], vec![0.0f64; 14]);
    let mut membranes = [[0.0f32]; 3 * 7];
    for t in 0..4 {
        for (sample, x) in input.step(t).chunks_exact(5).enumerate() {
            let g = &weights.step(t)[2 * sample..][..2];
            for h in 0..7 {
                let current: f32 = b.values[h] + (0..5).map(|i| x[i] * w.values[i * 7 + h]).sum::<f32>();
                let membrane = &mut membranes[7 * sample + h];
                let distance = node.charge(&[], membrane, [current]);
                let spike = node.reset(&[], membrane, surrogate.spike(distance));
                let back: f32 = (0..2).map(|o| g[o] * v.values[h * 2 + o]).sum::<f32>() * surrogate.slope(distance) / 2.0;
                (0..5).for_each(|i| by_w[i * 7 + h] += f64::from(back * x[i]));
                (0..2).for_each(|o| by_v[h * 2 + o] += f64::from(g[o] * spike));
            }
        }
    }
    let near = |found: &[f32], expected: &[f64]| found.iter().zip(expected).all(|(&a, b)| (f64::from(a) - b).abs() < 1e-4);
    assert!(near(&online.parameters()[0].gradient, &by_w), "{:?} {by_w:?}", online.parameters()[0].gradient);
    assert!(near(&online.parameters()[2].gradient, &by_v));
    // The past matters: all steps at once have another gradient.
    let mut whole = network(1);
    whole.forward(input, PASS);
    whole.backward(weights, false);
    assert!(!near(&whole.parameters()[0].gradient, &by_w) && near(&whole.parameters()[2].gradient, &by_v));
}

#[test]
fn a_single_step_is_learned_from_as_usual_by_all_layers_that_can_be_online() {
    let init = |layer| Init { seed: 2, layer };
    let conv = |layer| {
        let correlation = Correlation { kernel: 3, stride: 1, padding: 1, inputs: 2, outputs: 2 };
        Box::new(Conv2d::new(correlation, false, init(layer))) as Box<dyn Layer>
    };
    let node = |name: &str, layer| {
        let place = Place { init: init(layer), channels: 2, steps: 1 };
        NodeOptions { name: name.into(), threshold: 0.2, ..NodeOptions::default() }.layer(place).unwrap()
    };
    let make = || {
        let branch = vec![conv(2), node("PLIFNode", 3), Box::new(DropPath::new(0.5, init(9)))];
        let residual = Box::new(Residual::new(branch, Vec::new(), Join::Iand));
        let back_ei = Box::new(Stepwise::from(BackEi::new(0.3, 2, 1, init(5))));
        Chain::from(vec![conv(0), Box::new(BatchNorm::new(2)), node("LIFNode", 1), residual, conv(4), back_ei])
    };
    let shape = Shape { steps: 1, batch: 3, height: 4, width: 4, channels: 2 };
    let (mut online, mut usual) = (make(), make());
    assert!(online.online());
    let stepped = online.forward_step(noise(shape, 1), &mut LayerState::new(), PASS, &mut |_| ());
    assert_eq!(stepped.values(), usual.forward(noise(shape, 1), PASS).values());
    let [a, b] = [&mut online, &mut usual].map(|chain| chain.backward(noise(shape, 2), true).unwrap());
    assert_eq!(a.values(), b.values());
    for (a, b) in online.parameters().iter().zip(usual.parameters()) {
        assert_eq!(a.gradient, b.gradient);
    }
    // Steps without training are those of all at once.
    let film = noise(Shape { steps: 3, ..shape }, 7);
    let whole = usual.infer(&film, &mut LayerState::new());
    let mut state = LayerState::new();
    (0..3).for_each(|t| assert_eq!(usual.infer_step(&film.frame(t), &mut state, &mut |_| ()).values(), whole.step(t)));
    assert!(!Chain::from(vec![Box::new(StepScale::new(3)) as Box<dyn Layer>]).online());
}

#[test]
fn weights_that_follow_traces_have_the_gradient_by_all_steps_so_far() {
    let leak = 0.5;
    let init = |layer| Init { seed: 4, layer };
    let layers = vec![
        Box::new(Linear::new(5, 7, init(0))) as Box<dyn Layer>,
        neurons(),
        Box::new(Linear::new(7, 6, init(1))),
        neurons(),
        Box::new(Linear::new(6, 2, init(2))),
    ];
    let mut online = crate::network::Network::new(crate::encoder::Encoder::Events, 4, [1, 1, 5], layers).unwrap();
    online.follow_traces(leak).unwrap();
    let shape = Shape { steps: 4, batch: 3, height: 1, width: 1, channels: 5 };
    let (input, weights) = (noise(shape, 3), noise(Shape { channels: 2, ..shape }, 5));
    let mut state = crate::network::OnlineState::default();
    for t in 0..4 {
        online.forward_step(input.frame(t), &mut state, PASS, |_, _| ());
        online.backward(weights.frame(t));
    }
    // By hand, sample by sample, with all that came in kept: an input of k steps ago counts leak^k, spikes and resets of the past are as they were.
    let parameters: Vec<Parameter> = online.layers().iter().flat_map(|layer| layer.parameters()).cloned().collect();
    let sizes = [5, 7, 6, 2];
    let mut expected: Vec<Vec<f64>> = parameters.iter().map(|p| vec![0.0; p.values.len()]).collect();
    for sample in 0..3 {
        let mut membranes = [vec![0.0; 7], vec![0.0; 6]];
        // What came into each linear layer in every step so far.
        let mut inputs: [Vec<Vec<f32>>; 3] = Default::default();
        for t in 0..4 {
            let mut x = input.step(t)[5 * sample..][..5].to_vec();
            let mut slopes: Vec<Vec<f32>> = Vec::new();
            for (layer, membranes) in membranes.iter_mut().enumerate() {
                inputs[layer].push(x.clone());
                let currents = currents(&parameters[2 * layer..], &x);
                let fired: Vec<[f32; 2]> = membranes.iter_mut().zip(currents).map(|(v, current)| fire(v, current)).collect();
                x = fired.iter().map(|[spike, _]| *spike).collect();
                slopes.push(fired.iter().map(|[_, slope]| *slope).collect());
            }
            inputs[2].push(x);
            let mut gradient = weights.step(t)[2 * sample..][..2].to_vec();
            for layer in (0..3).rev() {
                // The readout remembers nothing.
                let leak: f64 = if layer == 2 { 0.0 } else { leak.into() };
                for (age, x) in inputs[layer].iter().rev().enumerate() {
                    let part = leak.powi(age as i32);
                    for (o, &g) in gradient.iter().enumerate() {
                        let n = sizes[layer + 1];
                        x.iter().enumerate().for_each(|(i, &x)| expected[2 * layer][i * n + o] += part * f64::from(g * x));
                        expected[2 * layer + 1][o] += part * f64::from(g);
                    }
                }
                if layer > 0 {
                    let w = &parameters[2 * layer].values;
                    let back = |i: usize| gradient.iter().enumerate().map(|(o, g)| g * w[i * gradient.len() + o]).sum::<f32>();
                    gradient = slopes[layer - 1].iter().enumerate().map(|(i, slope)| slope * back(i)).collect();
                }
            }
        }
    }
    for (parameter, expected) in parameters.iter().zip(&expected) {
        let near = parameter.gradient.iter().zip(expected).all(|(&a, b)| (f64::from(a) - b).abs() < 1e-4 * (1.0 + b.abs()));
        assert!(near, "{:?}\n{expected:?}", parameter.gradient);
        assert!(expected.iter().any(|g| *g != 0.0));
    }
}

/// W x + b.
fn currents(parameters: &[Parameter], x: &[f32]) -> Vec<f32> {
    let (w, b) = (&parameters[0].values, &parameters[1].values);
    (0..b.len()).map(|o| b[o] + x.iter().enumerate().map(|(i, x)| x * w[i * b.len() + o]).sum::<f32>()).collect()
}

/// A step of a neuron: its spike, and the derivative of that by the current.
fn fire(v: &mut f32, current: f32) -> [f32; 2] {
    let (lif, surrogate) = (Lif { threshold: 0.2, tau: 2.0 }, Surrogate::new(Kind::QGate));
    let mut state = [*v];
    let distance = lif.charge(&[], &mut state, [current]);
    let spike = lif.reset(&[], &mut state, surrogate.spike(distance));
    *v = state[0];
    [spike, surrogate.slope(distance) / 2.0]
}

#[test]
fn what_cannot_follow_traces_is_named() {
    let residual = vec![conv_of(4), Box::new(Residual::new(vec![conv_of(4)], Vec::new(), Join::Add)) as Box<dyn Layer>, neurons()];
    let mut network = crate::network::Network::new(crate::encoder::Encoder::Events, 2, [3, 3, 4], residual).unwrap();
    let message = network.follow_traces(0.5).unwrap_err().to_string();
    assert!(message.starts_with("layer 1.add cannot be trained with --online ottt"), "{message}");
}

fn neurons() -> Box<dyn Layer> {
    Box::new(Spiking::new(Lif { threshold: 0.2, tau: 2.0 }, Surrogate::new(Kind::QGate)))
}

fn conv_of(channels: usize) -> Box<dyn Layer> {
    let correlation = Correlation { kernel: 3, stride: 1, padding: 1, inputs: channels, outputs: channels };
    Box::new(Conv2d::new(correlation, true, INIT))
}
