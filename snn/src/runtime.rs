//! A trained network that runs step by step and visits only what changed: for robots, streams of events, and other programs.
//!
//! Batch normalisation is part of the weights, dropout and repetition are gone. A step walks through the values that are not zero and adds
//! their weights where they lead. Sums are in another order than in [`Network::infer`](crate::network::Network::infer), so results agree within rounding.
//!
//! ```
//! use snn::{runtime::Runtime, zoo::ModelOptions};
//! let network = ModelOptions { image: [8, 8, 1], width: 0.05, ..ModelOptions::default() }.build()?;
//! let mut runtime = Runtime::new(network)?;
//! let frame = vec![0.5; 64];
//! for _ in 0..4 {
//!     assert_eq!(runtime.step(&frame)?.len(), 10); // logits of this step
//! }
//! assert!(runtime.prediction().is_some());
//! runtime.reset(); // the next image begins at rest
//! # Ok::<(), snn::Error>(())
//! ```

use crate::bytes::{finite_half, to_half};
use crate::convert::{Flat, Folded, What, assemble, flatten, fold, into_nodes};
use crate::correlate::Correlation;
use crate::error::Error;
use crate::layer::{Join, Layer, LayerState};
use crate::loss::first_largest;
use crate::network::Network;
use crate::tensor::{Shape, Tensor};

/// A compiled network and its state.
pub struct Runtime {
    /// Values of the last step: the frame, then what each stage made.
    values: Vec<Vec<f32>>,
    stages: Vec<Stage>,
    n_inputs: usize,
    /// The value that holds the logits.
    output: usize,
    sums: Vec<f32>,
    work: Work,
}

struct Stage {
    what: Compiled,
    from: Vec<usize>,
    input: Shape,
    output: Shape,
    /// Whether nothing before it remembers: what it makes of a still image is computed once.
    still: bool,
}

/// What a stage does.
enum Compiled {
    Conv {
        correlation: Correlation,
        weight: Weights,
        bias: Vec<f32>,
    },
    Linear {
        weight: Weights,
        bias: Vec<f32>,
    },
    Scale {
        factor: Vec<f32>,
        summand: Vec<f32>,
    },
    /// Without weights or memory.
    Plain(Box<dyn Layer>),
    Nodes {
        layer: Box<dyn Layer>,
        state: LayerState,
    },
    Join(Join),
}

enum Weights {
    Whole(Vec<f32>),
    Half(Vec<u16>),
}

/// What was done since the last [`Runtime::reset`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Steps.
    pub steps: u64,
    /// Values that neurons sent and that were not zero.
    pub spikes: u64,
    /// Weights that were added.
    pub operations: u64,
}

impl Runtime {
    /// Compiles `network`, which may be trained or [converted](crate::convert): layers one after another, residuals, graphs.
    pub fn new(network: Network) -> Result<Runtime, Error> {
        let Flat { stages, output } = flatten(fold(&network)?);
        let input = Shape { steps: 1, ..network.encoded(Shape::new(1, 1, network.image())) };
        let sums = vec![0.0; network.classes()];
        let mut nodes: Vec<Option<Box<dyn Layer>>> = into_nodes(network).into_iter().map(Some).collect();
        let (mut compiled, mut shapes, mut still): (Vec<Stage>, _, _) = (Vec::new(), vec![input], vec![true]);
        for stage in stages {
            let what = Compiled::new(stage.what, &mut nodes);
            let input = shapes[stage.from[0]];
            let output = what.shape(input);
            shapes.push(output);
            let is_still = !matches!(what, Compiled::Nodes { .. }) && stage.from.iter().all(|&value| still[value]);
            still.push(is_still);
            compiled.push(Stage { what, from: stage.from, input, output, still: is_still });
        }
        Ok(Runtime {
            values: vec![Vec::new(); compiled.len() + 1],
            n_inputs: input.n_features(),
            stages: compiled,
            output,
            sums,
            work: Work::default(),
        })
    }

    /// The same with weights in half precision, which take half the memory; each is off by at most one part in 2048, or by 2^-25. An error if a weight is
    /// too large for that.
    pub fn with_half_weights(network: Network) -> Result<Runtime, Error> {
        let mut runtime = Runtime::new(network)?;
        for stage in &mut runtime.stages {
            if let Compiled::Conv { weight, .. } | Compiled::Linear { weight, .. } = &mut stage.what {
                weight.halve()?;
            }
        }
        Ok(runtime)
    }

    /// Bytes that weights take.
    pub fn weight_bytes(&self) -> usize {
        let bytes = |what: &Compiled| match what {
            Compiled::Conv { weight, .. } | Compiled::Linear { weight, .. } => weight.bytes(),
            _ => 0,
        };
        self.stages.iter().map(|stage| bytes(&stage.what)).sum()
    }

    /// Values that a step takes: rows, columns, channels of an encoded frame.
    pub fn n_inputs(&self) -> usize {
        self.n_inputs
    }

    /// One step; the result are its logits. `frame` is what the first layer takes: an image, or spikes.
    pub fn step(&mut self, frame: &[f32]) -> Result<Vec<f32>, Error> {
        if frame.len() != self.n_inputs() {
            let found = format!("{} values", frame.len());
            return Err(Error::Value { what: "a frame", found, expected: "as many values as the network's images have" });
        }
        let same = self.values[0] == frame;
        if !same {
            self.values[0] = frame.to_vec();
        }
        for (index, stage) in self.stages.iter_mut().enumerate().filter(|(_, stage)| !(same && stage.still)) {
            self.values[index + 1] = stage.run(&self.values, &mut self.work);
        }
        self.work.steps += 1;
        let logits = self.values[self.output].clone();
        self.sums.iter_mut().zip(&logits).for_each(|(sum, x)| *sum += x);
        Ok(logits)
    }

    /// The class with the largest logits so far; `None` before the first step.
    pub fn prediction(&self) -> Option<u32> {
        (self.work.steps > 0).then(|| first_largest(&self.sums))
    }

    /// What was done since the last reset.
    pub fn work(&self) -> Work {
        self.work
    }

    /// Puts all neurons to rest.
    pub fn reset(&mut self) {
        for stage in &mut self.stages {
            if let Compiled::Nodes { state, .. } = &mut stage.what {
                *state = LayerState::new();
            }
        }
        self.sums.fill(0.0);
        self.work = Work::default();
    }
}

/// `network`, done learning, with batch normalisation in its weights and without dropout: the same answers within rounding, sooner.
pub fn folded(network: Network) -> Result<Network, Error> {
    let pieces = fold(&network)?;
    let (encoder, steps, image) = (network.encoder(), network.steps(), network.image());
    let mut nodes = into_nodes(network).into_iter();
    let layers = assemble(pieces, &mut |_, what| match what {
        // Both go through the network in the same order.
        Folded::Nodes { .. } => Ok(nodes.next().expect("every layer comes once")),
        other => Ok(other.layer().expect("all but nodes are layers")),
    })?;
    Network::new(encoder, steps, image, layers)
}

impl Compiled {
    fn new(what: What, nodes: &mut [Option<Box<dyn Layer>>]) -> Compiled {
        match what {
            What::Join(join) => Compiled::Join(join),
            What::Layer(Folded::Conv { correlation, weight, bias }) => Compiled::Conv { correlation, weight: Weights::Whole(weight), bias },
            What::Layer(Folded::Linear { weight, bias }) => Compiled::Linear { weight: Weights::Whole(weight), bias },
            What::Layer(Folded::Scale { factor, summand }) => Compiled::Scale { factor, summand },
            What::Layer(Folded::Nodes { index }) => {
                Compiled::Nodes { layer: nodes[index].take().expect("every layer comes once"), state: LayerState::new() }
            }
            What::Layer(other) => Compiled::Plain(other.layer().expect("all but nodes are layers")),
        }
    }

    /// What comes out for an input of this shape.
    fn shape(&self, input: Shape) -> Shape {
        let shape = match self {
            Compiled::Conv { correlation, .. } => return correlation.shape(input).expect(CHECKED),
            Compiled::Linear { bias, .. } => return Shape { height: 1, width: 1, channels: bias.len(), ..input },
            Compiled::Scale { .. } | Compiled::Join(_) => return input,
            Compiled::Plain(layer) | Compiled::Nodes { layer, .. } => layer.shape(input),
        };
        shape.expect(CHECKED)
    }
}

const CHECKED: &str = "checked when the network was made";

impl Weights {
    fn halve(&mut self) -> Result<(), Error> {
        let Weights::Whole(whole) = self else { return Ok(()) };
        if let Some(w) = whole.iter().find(|w| w.abs() >= 65_520.0 || w.is_nan()) {
            return Err(Error::Value { what: "a weight", found: w.to_string(), expected: "less than 65520, for half precision" });
        }
        *self = Weights::Half(std::mem::take(whole).into_iter().map(to_half).collect());
        Ok(())
    }

    fn bytes(&self) -> usize {
        match self {
            Weights::Whole(weights) => 4 * weights.len(),
            Weights::Half(weights) => 2 * weights.len(),
        }
    }

    /// Adds x times the weights from place `at` on.
    fn add(&self, y: &mut [f32], at: usize, x: f32) {
        match self {
            Weights::Whole(weights) => y.iter_mut().zip(&weights[at..]).for_each(|(y, w)| *y += w * x),
            Weights::Half(weights) => y.iter_mut().zip(&weights[at..]).for_each(|(y, &w)| *y += finite_half(w) * x),
        }
    }
}

impl Stage {
    fn run(&mut self, values: &[Vec<f32>], work: &mut Work) -> Vec<f32> {
        let x = &values[self.from[0]];
        match &mut self.what {
            Compiled::Conv { correlation, weight, bias } => spread(correlation, [self.input, self.output], weight, bias, x, work),
            Compiled::Linear { weight, bias } => {
                let mut y = bias.clone();
                let n = y.len();
                for (i, &x) in x.iter().enumerate().filter(|(_, x)| **x != 0.0) {
                    weight.add(&mut y, i * n, x);
                    work.operations += n as u64;
                }
                y
            }
            Compiled::Scale { factor, summand } => {
                work.operations += x.len() as u64;
                let channels = factor.iter().zip(summand.iter()).cycle();
                x.iter().zip(channels).map(|(x, (factor, summand))| factor * x + summand).collect()
            }
            Compiled::Plain(layer) => layer.infer(&Tensor::new(self.input, x.clone()), &mut LayerState::new()).values().to_vec(),
            Compiled::Nodes { layer, state } => {
                let y = layer.infer(&Tensor::new(self.input, x.clone()), state).values().to_vec();
                work.spikes += y.iter().filter(|y| **y != 0.0).count() as u64;
                y
            }
            Compiled::Join(join) => self.from[1..].iter().fold(x.clone(), |mut x, &other| {
                x.iter_mut().zip(&values[other]).for_each(|(x, &y)| *x = join.of(*x, y));
                x
            }),
        }
    }
}

/// Adds each value that is not zero to all outputs that it reaches.
fn spread(c: &Correlation, [from, to]: [Shape; 2], weight: &Weights, bias: &[f32], x: &[f32], work: &mut Work) -> Vec<f32> {
    let mut y = bias.repeat(to.height * to.width);
    let row_of_taps = c.n_taps() * c.outputs;
    for (i, &value) in x.iter().enumerate().filter(|(_, x)| **x != 0.0) {
        let (pixel, channel) = (i / c.inputs, i % c.inputs);
        let (row, column) = (pixel / from.width, pixel % from.width);
        for tap in 0..c.n_taps() {
            let place = reached(c, row, tap / c.kernel, to.height).zip(reached(c, column, tap % c.kernel, to.width));
            let Some((row, column)) = place else { continue };
            let y = &mut y[(row * to.width + column) * c.outputs..][..c.outputs];
            weight.add(y, channel * row_of_taps + tap * c.outputs, value);
            work.operations += c.outputs as u64;
        }
    }
    y
}

/// The output whose kernel has its tap `tap` on input `at`, along one axis.
fn reached(c: &Correlation, at: usize, tap: usize, outputs: usize) -> Option<usize> {
    let start = (at + c.padding).checked_sub(tap)?;
    (start.is_multiple_of(c.stride) && start / c.stride < outputs).then_some(start / c.stride)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{self, Loader, Order};
    use crate::layer::Pass;
    use crate::training::{Next, Training, TrainingOptions};
    use crate::zoo::ModelOptions;

    #[test]
    fn a_stream_gives_the_logits_of_the_network_within_rounding() {
        let digits = data::load("digits", ".".as_ref()).unwrap();
        let model = ModelOptions { image: [8, 8, 1], steps: 4, width: 0.06, ..ModelOptions::default() };
        let mut training = Training::new(model, TrainingOptions { epochs: 1, batch_size: 64, ..TrainingOptions::default() }).unwrap();
        training.epoch(&digits, |_| Next::Continue).unwrap();
        let batch = Loader::new(&digits, 60, Order::AsStored, 0, true).next().unwrap();
        let logits = training.network.infer(batch.images.clone(), Pass { seed: 0, number: 0 });
        let mut runtime = Runtime::new(training.network).unwrap();
        let mut close = 0;
        for (sample, image) in batch.images.values().chunks(64).enumerate() {
            runtime.reset();
            for step in 0..4 {
                let found = runtime.step(image).unwrap();
                let expected = &logits.step(step)[sample * 10..][..10];
                close += usize::from(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-3));
            }
            assert_eq!(runtime.work().steps, 4);
            assert!(runtime.work().spikes > 0 && runtime.work().operations > runtime.work().spikes);
        }
        // A membrane that is at its threshold but for rounding may fire here and not there.
        assert!(close >= 236, "{close} of 240 steps agree");
    }

    #[test]
    fn half_weights_take_half_the_memory_and_classify_as_whole_ones() {
        let digits = data::load("digits", ".".as_ref()).unwrap();
        let model = ModelOptions { image: [8, 8, 1], steps: 4, width: 0.06, ..ModelOptions::default() };
        let options = TrainingOptions { epochs: 3, batch_size: 64, ..TrainingOptions::default() };
        let mut training = Training::new(model, options).unwrap();
        for _ in 0..3 {
            training.epoch(&digits, |_| Next::Continue).unwrap();
        }
        let path = std::env::temp_dir().join(format!("braincog-snn-half-{}.safetensors", std::process::id()));
        crate::weights::save_half(&training.network, &path).unwrap();
        let network = |weights: &std::path::Path| {
            let mut network = training.model.build().unwrap();
            crate::weights::assign(&mut network, &crate::weights::load(weights).unwrap(), weights).unwrap();
            network
        };
        let mut half = Runtime::with_half_weights(network(&path)).unwrap();
        let batch = Loader::new(&digits, digits.test.len(), Order::AsStored, 0, true).next().unwrap();
        let mut whole = Runtime::new(training.network).unwrap();
        assert_eq!(whole.weight_bytes(), 2 * half.weight_bytes());
        let (mut same, mut right) = (0, [0, 0]);
        for (image, &label) in batch.images.values().chunks(64).zip(&batch.labels) {
            let found = [&mut whole, &mut half].map(|runtime| {
                runtime.reset();
                (0..4).for_each(|_| drop(runtime.step(image).unwrap()));
                runtime.prediction()
            });
            same += usize::from(found[0] == found[1]);
            (0..2).for_each(|i| right[i] += i32::from(found[i] == Some(label)));
        }
        // A membrane that is at its threshold but for rounding decides otherwise now and then.
        let n = digits.test.len();
        assert!(same * 100 >= n * 98 && (right[0] - right[1]).abs() * 100 <= n as i32, "{same} of {n} alike, {right:?} right");
    }

    #[test]
    fn strides_and_paddings_reach_the_outputs_that_a_correlation_has() {
        use crate::encoder::Encoder;
        use crate::layer::{Conv2d, Init};
        for (kernel, stride, padding) in [(3, 1, 1), (3, 2, 1), (2, 2, 0), (5, 3, 2)] {
            let correlation = Correlation { kernel, stride, padding, inputs: 2, outputs: 3 };
            let conv = || -> Box<dyn Layer> { Box::new(Conv2d::new(correlation, true, Init { seed: 1, layer: 0 })) };
            let network = || Network::new(Encoder::Events, 1, [7, 8, 2], vec![conv()]).unwrap();
            let frame: Vec<f32> = (0..112).map(|i| if i % 3 == 0 { i as f32 * 0.1 } else { 0.0 }).collect();
            let image = Tensor::new(Shape::new(1, 1, [7, 8, 2]), frame.clone());
            let expected = network().infer(image, Pass { seed: 0, number: 0 });
            let found = Runtime::new(network()).unwrap().step(&frame).unwrap();
            assert!(found.iter().zip(expected.values()).all(|(a, b)| (a - b).abs() < 1e-4), "{correlation:?}");
        }
    }

    #[test]
    fn a_folded_network_gives_the_same_logits_within_rounding() {
        let digits = data::load("digits", ".".as_ref()).unwrap();
        let model = ModelOptions { image: [8, 8, 1], steps: 4, width: 0.06, ..ModelOptions::default() };
        let mut training = Training::new(model, TrainingOptions { epochs: 1, batch_size: 64, ..TrainingOptions::default() }).unwrap();
        training.epoch(&digits, |_| Next::Continue).unwrap();
        let batch = Loader::new(&digits, 60, Order::AsStored, 0, true).next().unwrap();
        let pass = Pass { seed: 0, number: 0 };
        let expected = training.network.infer(batch.images.clone(), pass);
        let network = folded(training.network).unwrap();
        assert!(network.layers().iter().all(|layer| layer.name() != "batch_norm"));
        let found = network.infer(batch.images, pass);
        let rows = found.values().chunks(10).zip(expected.values().chunks(10));
        // A membrane that is at its threshold but for rounding may fire here and not there.
        let close = rows.filter(|(a, b)| a.iter().zip(*b).all(|(a, b)| (a - b).abs() < 1e-3)).count();
        assert!(close >= 236, "{close} of 240 rows agree");
    }

    #[test]
    fn a_frame_of_another_size_is_refused() {
        let network = ModelOptions { image: [8, 8, 1], width: 0.05, ..ModelOptions::default() }.build().unwrap();
        let mut runtime = Runtime::new(network).unwrap();
        assert!(runtime.step(&[0.0; 63]).is_err());
        assert_eq!(runtime.prediction(), None);
    }
}
