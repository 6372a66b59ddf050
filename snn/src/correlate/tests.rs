//! Both paths against the definition, and against each other bit by bit.

use super::*;
use crate::random::Random;

fn values(shape: Shape, density: f64, object: u64) -> Tensor {
    let mut random = Random::new(7, object);
    Tensor::from_fn(shape, |_| if random.uniform() < density { random.normal() as f32 } else { 0.0 })
}

/// Every product of one correlation: (output, input, weight), by the definition.
fn products(c: &Correlation, input: Shape, mut visit: impl FnMut(usize, usize, usize)) {
    let output = c.shape(input).unwrap();
    for image in 0..input.n_images() {
        for (y, x) in (0..output.height).flat_map(|y| (0..output.width).map(move |x| (y, x))) {
            for tap in 0..c.n_taps() {
                let (iy, ix) = (y * c.stride + tap / c.kernel, x * c.stride + tap % c.kernel);
                let (Some(iy), Some(ix)) = (iy.checked_sub(c.padding), ix.checked_sub(c.padding)) else { continue };
                if iy >= input.height || ix >= input.width {
                    continue;
                }
                for (i, o) in (0..c.inputs).flat_map(|i| (0..c.outputs).map(move |o| (i, o))) {
                    visit(
                        ((image * output.height + y) * output.width + x) * c.outputs + o,
                        ((image * input.height + iy) * input.width + ix) * c.inputs + i,
                        (i * c.n_taps() + tap) * c.outputs + o,
                    );
                }
            }
        }
    }
}

fn cases() -> Vec<(Correlation, Shape)> {
    let of = |kernel, stride, padding, inputs, outputs| Correlation { kernel, stride, padding, inputs, outputs };
    vec![
        (of(3, 1, 1, 9, 20), Shape::new(2, 2, [7, 5, 9])),
        (of(5, 1, 2, 1, 33), Shape::new(1, 2, [9, 9, 1])),
        (of(3, 2, 1, 16, 64), Shape::new(1, 3, [8, 8, 16])),
        (of(2, 3, 0, 10, 7), Shape::new(1, 2, [9, 9, 10])),
        // The kernel reaches the far end of one side only.
        (of(3, 2, 1, 5, 9), Shape::new(1, 2, [5, 4, 5])),
        (of(3, 2, 1, 5, 9), Shape::new(1, 2, [6, 7, 5])),
        (of(1, 1, 0, 24, 130), Shape::new(1, 5, [1, 13, 24])),
    ]
}

fn assert_close(found: &[f32], expected: &[f64], what: &str) {
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((f64::from(*a) - b).abs() <= 2e-5 * (1.0 + b.abs()), "{what} {i}: {a} instead of {b}");
    }
}

#[test]
fn forward_and_both_gradients_follow_the_definition() {
    for (c, shape) in cases() {
        let input = values(shape, 0.4, 1);
        let weights = values(Shape::new(1, 1, [1, 1, c.n_weights()]), 1.0, 2);
        let gradient = values(c.shape(shape).unwrap(), 1.0, 3);
        let (x, w, g) = (input.values(), weights.values(), gradient.values());
        let mut output = vec![0.0; g.len()];
        let mut to_input = vec![0.0; x.len()];
        let mut to_weights = vec![0.0; w.len()];
        products(&c, shape, |o, i, k| {
            output[o] += f64::from(x[i]) * f64::from(w[k]);
            to_input[i] += f64::from(g[o]) * f64::from(w[k]);
            to_weights[k] += f64::from(g[o]) * f64::from(x[i]);
        });
        let mut sum = vec![0.0; w.len()];
        c.weight_gradient_by(Path::Dense, &input, &gradient, &mut sum);
        assert_close(c.forward_by(Path::Dense.into(), &input, w, &[]).values(), &output, "output");
        assert_close(c.input_gradient_by(Path::Dense, &gradient, shape, w).values(), &to_input, "input gradient");
        assert_close(&sum, &to_weights, "weight gradient");
    }
}

#[test]
fn events_give_the_same_bits_as_all_products() {
    // So wide that rows of its kernel are taken one after the other.
    let wide = (Correlation { kernel: 3, stride: 1, padding: 1, inputs: 256, outputs: 120 }, Shape::new(1, 1, [4, 5, 256]));
    for (c, shape) in cases().into_iter().chain([wide]) {
        let input = values(shape, 0.2, 4);
        let weights = values(Shape::new(1, 1, [1, 1, c.n_weights()]), 1.0, 5);
        let bias = vec![0.25; c.outputs];
        let gradient = values(c.shape(shape).unwrap(), 0.3, 6);
        let w = weights.values();
        let by = |path| {
            let mut sum = vec![0.0; w.len()];
            c.weight_gradient_by(path, &input, &gradient, &mut sum);
            let output = c.forward_by(path.into(), &input, w, &bias);
            (output.values().to_vec(), c.input_gradient_by(path, &gradient, shape, w).values().to_vec(), sum)
        };
        assert!(by(Path::Dense) == by(Path::Events), "{c:?}");
    }
}

#[test]
fn blocks_of_all_widths_give_the_same_bits() {
    let c = Correlation { kernel: 3, stride: 2, padding: 1, inputs: 9, outputs: 130 };
    let input = values(Shape::new(1, 2, [7, 6, 9]), 0.3, 8);
    let weights = values(Shape::new(1, 1, [1, 1, c.n_weights()]), 1.0, 9);
    let expected = c.forward_by(Path::Dense.into(), &input, weights.values(), &[]);
    for lanes in [16, 32, 64, 128] {
        let at = |tap, i, o| weights.values()[(i * c.n_taps() + tap) * c.outputs + o];
        let packed = Packed::in_blocks(Path::Events.into(), lanes, [9, 9, 130], at);
        let placement = Placement { border: 1, spacing: 1, slack: 0 };
        let found = Slide { kernel: 3, stride: 2, packed: &packed, bias: &[], columns: expected.shape().width }.over(
            &input,
            placement,
            expected.shape(),
        );
        assert!(found.values() == expected.values(), "{lanes} outputs side by side");
    }
}

#[test]
fn the_bias_is_added_once_per_pixel() {
    let c = Correlation { kernel: 3, stride: 1, padding: 1, inputs: 2, outputs: 3 };
    let input = Tensor::zeros(Shape::new(1, 1, [4, 4, 2]));
    let output = c.forward(&input, &vec![1.0; c.n_weights()], &[1.0, 2.0, 3.0]);
    assert!(output.values().chunks(3).all(|pixel| pixel == [1.0, 2.0, 3.0]));
}

#[test]
fn the_gradient_by_fewer_products_follows_the_definition() {
    let of = |padding, inputs, outputs| Correlation { kernel: 3, stride: 1, padding, inputs, outputs };
    let cases = [
        (of(1, 16, 16), Shape::new(1, 2, [4, 4, 16])),
        (of(1, 20, 37), Shape::new(2, 1, [9, 6, 20])),
        (of(0, 33, 16), Shape::new(1, 3, [8, 7, 33])),
        (of(2, 18, 50), Shape::new(1, 2, [5, 8, 18])),
        (of(1, 24, 20), Shape::new(1, 3, [32, 30, 24])),
    ];
    for (c, shape) in cases {
        assert!(winograd::pays(&c, shape), "{c:?}");
        let weights = values(Shape::new(1, 1, [1, 1, c.n_weights()]), 1.0, 2);
        let gradient = values(c.shape(shape).unwrap(), 1.0, 3);
        let (w, g) = (weights.values(), gradient.values());
        let mut to_input = vec![0.0; shape.len()];
        products(&c, shape, |o, i, k| to_input[i] += f64::from(g[o]) * f64::from(w[k]));
        assert_close(winograd::input_gradient(&c, &gradient, shape, w).values(), &to_input, "input gradient");
    }
}

#[test]
fn steps_that_are_computed_together_give_the_bits_of_steps_by_themselves() {
    // Weights are far; as many outputs as fill blocks of 64 and of 128, and some more.
    for (outputs, steps) in [(130, 4), (64, 7), (128, 3), (40, 2)] {
        let c = Correlation { kernel: 3, stride: 1, padding: 1, inputs: 100, outputs };
        let shape = Shape::new(steps, 2, [5, 4, 100]);
        let weights = values(Shape::new(1, 1, [1, 1, c.n_weights()]), 1.0, 11);
        let some = values(shape, 0.2, 10);
        let spikes = Tensor::from_fn(shape, |i| f32::from(some.values()[i] != 0.0));
        let bias = vec![-0.5; outputs];
        for input in [some, spikes] {
            let expected = c.forward_by(Path::Dense.into(), &input, weights.values(), &bias);
            let way = c.way(&input);
            assert_eq!((way.path, way.at_once > 1), (Path::Events, product::eight_rows_fit()));
            let found = c.forward_by(way, &input, weights.values(), &bias);
            assert!(found.values() == expected.values(), "{outputs} outputs, {steps} steps, {} at once", way.at_once);
        }
    }
}
