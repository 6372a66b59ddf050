//! The contract: layers that are computed together give the bits that they give one after another, and leave the same state.

use super::super::fused::Block;
use super::*;

fn conv(stride: usize, inputs: usize, outputs: usize, layer: usize) -> Box<dyn Layer> {
    let correlation = Correlation { kernel: 3, stride, padding: 1, inputs, outputs };
    Box::new(Conv2d::new(correlation, layer.is_multiple_of(2), Init { seed: 11, layer }))
}

/// Batch normalisation that has seen something.
fn norm(channels: usize) -> Box<dyn Layer> {
    let mut layer = BatchNorm::new(channels);
    layer.forward(noise(Shape::new(2, 2, [3, 3, channels]), 12), PASS);
    layer.parameters_mut()[0].values = (0..channels).map(|c| 1.0 + 0.1 * c as f32).collect();
    layer.parameters_mut()[1].values = vec![0.2; channels];
    Box::new(layer)
}

fn nodes(name: &str, channels: usize) -> Box<dyn Layer> {
    let options = NodeOptions { name: name.into(), threshold: 0.3, ..NodeOptions::default() };
    options.layer(Place { init: INIT, channels, steps: 4 }).unwrap()
}

fn pool(side: usize) -> Box<dyn Layer> {
    Box::new(AvgPool::new(side))
}

/// Layers, what they get, and how many of them belong to the first block.
type Case = (Vec<Box<dyn Layer>>, Shape, usize);

fn cases() -> Vec<Case> {
    let shape = |steps, image| Shape::new(steps, 3, image);
    vec![
        (vec![conv(1, 3, 20, 0), norm(20), nodes("LIFNode", 20), pool(2)], shape(4, [12, 10, 3]), 4),
        // Images that do not fit into one band, and rows that the pool leaves out.
        (vec![conv(1, 2, 64, 1), nodes("PLIFNode", 64), pool(2)], shape(2, [41, 37, 2]), 3),
        (vec![conv(1, 9, 64, 2), norm(64), nodes("ALIFNode", 64), pool(3)], shape(2, [31, 47, 9]), 4),
        (vec![conv(2, 16, 33, 3), norm(33), nodes("IFNode", 33)], shape(3, [9, 14, 16]), 3),
        (vec![conv(1, 3, 24, 4), norm(24), Box::new(Repeat::new(5)), nodes("LIFNode", 24), pool(2)], shape(1, [8, 8, 3]), 5),
        (vec![conv(1, 3, 24, 5), nodes("BurstLIFNode", 24), Box::new(AvgPool::global())], shape(4, [6, 8, 3]), 3),
        // Squares that are higher than a band.
        (vec![conv(1, 1, 128, 6), nodes("LIFNode", 128), Box::new(AvgPool::global())], shape(2, [64, 64, 1]), 2),
        // Nodes that draw do not go by themselves.
        (vec![conv(1, 3, 8, 7), nodes("NoiseLIFNode", 8)], shape(2, [5, 5, 3]), 0),
    ]
}

/// One after another.
fn plain(layers: &[Box<dyn Layer>], input: &Tensor, states: &mut [LayerState]) -> Tensor {
    layers.iter().zip(states).fold(input.clone(), |x, (layer, state)| layer.infer(&x, state))
}

#[test]
fn layers_that_are_computed_together_give_the_bits_of_layers_one_after_another() {
    for (case, (layers, shape, expected)) in cases().into_iter().enumerate() {
        assert_eq!(Block::first_of(&layers, shape).map_or(0, |block| block.len()), expected, "layers in the block of case {case}");
        let chain = Chain::from(layers);
        let (mut together, mut apart) = (LayerState::new(), vec![LayerState::new(); chain.layers().len()]);
        // Twice, so that the second time begins where the first ended; the first input is so sparse that its events are visited.
        for (round, spikes) in [noise(shape, 20), noise(shape, 21)].into_iter().enumerate() {
            let least = if round == 0 { 1.0 } else { -0.5 };
            let input = Tensor::from_fn(shape, |i| f32::from(spikes.values()[i] > least));
            let expected = plain(chain.layers(), &input, &mut apart);
            let found = chain.infer(&input, &mut together);
            assert_eq!(found.shape(), expected.shape(), "case {case}");
            assert!(found.values() == expected.values(), "case {case}, round {round}");
            assert!(expected.density() > 0.01, "case {case} is silent");
        }
        let variables = |state: &LayerState| state.carried.first().map(|values| values.values().to_vec());
        for (layer, (a, b)) in together.parts.iter().zip(&apart).enumerate() {
            assert!(variables(a) == variables(b) && a.step == b.step, "state of layer {layer} of case {case}");
        }
    }
}

#[test]
fn a_block_does_not_depend_on_the_number_of_threads() {
    let (layers, shape, _) = cases().swap_remove(2);
    let (chain, input) = (Chain::from(layers), noise(shape, 22));
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| chain.infer(&input, &mut LayerState::new()).values().to_vec())
    };
    assert!(with(1) == with(3));
}
