use rayon::prelude::*;

use super::{Chain, Layer, LayerState, Misfit, Part, Pass, Row, Seen, Watch, kept};
use crate::tensor::{Shape, Tensor};

/// What attention does with query, key and value, each `[pixel][channel]`, head by head.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    /// `scale` (Q K^T) V, without softmax because spikes are not negative (Zhou Z et al. (2023) arXiv:2209.15425).
    Product {
        /// Heads that share the channels evenly.
        heads: usize,
        /// Keeps the sums small.
        scale: f32,
    },
    /// The spikes of (the sum over pixels of Q K), which let V pass or not: needs no product of two images (Yao M et al. (2023)
    /// arXiv:2307.01694). The gate is whatever the last layer, `gate`, makes of the sums.
    Gate,
}

/// Spiking self-attention over the pixels of an image. Query, key and value are chains over the same input.
pub struct Attention {
    parts: [Chain; 3],
    /// Neurons on the sums of [`Form::Gate`].
    gate: Chain,
    form: Form,
    kept: Option<[Tensor; 4]>,
}

const NAMES: [&str; 4] = ["query", "key", "value", "gate"];

impl Attention {
    /// From what makes query, key and value.
    pub fn new(parts: [Chain; 3], heads: usize, scale: f32) -> Self {
        Attention { parts, gate: Chain::default(), form: Form::Product { heads, scale }, kept: None }
    }

    /// From what makes query, key and value, and the neurons that make gates of sums.
    pub fn gated(parts: [Chain; 3], gate: Chain) -> Self {
        Attention { parts, gate, form: Form::Gate, kept: None }
    }

    fn chains(&self) -> impl Iterator<Item = (&'static str, &Chain)> {
        NAMES.into_iter().zip(self.parts.iter().chain([&self.gate]))
    }

    /// The output from query, key, value and gates; the gates are empty unless the form has some.
    fn attend(&self, [q, k, v]: [&Tensor; 3], gates: &Tensor) -> Tensor {
        match self.form {
            Form::Product { heads, scale } => images([q, k, v], |[q, k, v], channels, output| {
                let weights = pairs(q, k, channels, heads);
                mix(&weights, v, channels, heads, scale, output);
            }),
            Form::Gate => images([v, gates, gates], |[v, gate, _], channels, output| {
                for (output, v) in output.chunks_exact_mut(channels).zip(v.chunks_exact(channels)) {
                    output.iter_mut().zip(v).zip(gate).for_each(|((o, v), g)| *o = v * g);
                }
            }),
        }
    }
}

/// Makes each image of the output from those of three inputs.
fn images(inputs: [&Tensor; 3], f: impl Fn([&[f32]; 3], usize, &mut [f32]) + Sync) -> Tensor {
    let shape = inputs[0].shape();
    let mut output = Tensor::zeros(shape);
    let [one, two, three] = inputs.map(|x| x.values().par_chunks(x.shape().n_features()));
    let all = output.values_mut().par_chunks_mut(shape.n_features()).zip(one.zip(two.zip(three)));
    all.for_each(|(output, (one, (two, three)))| f([one, two, three], shape.channels, output));
    output
}

/// `[head][pixel][pixel]`: the products of every two pixels, head by head.
fn pairs(q: &[f32], k: &[f32], channels: usize, heads: usize) -> Vec<f32> {
    let (pixels, per_head) = (q.len() / channels, channels / heads);
    let mut weights = vec![0.0; heads * pixels * pixels];
    for (row, weights) in weights.chunks_exact_mut(pixels).enumerate() {
        let (head, i) = (row / pixels, row % pixels);
        let q = &q[i * channels + head * per_head..][..per_head];
        for (j, weight) in weights.iter_mut().enumerate() {
            let k = &k[j * channels + head * per_head..][..per_head];
            *weight = q.iter().zip(k).fold(0.0, |sum, (q, k)| sum + q * k);
        }
    }
    weights
}

/// Adds `scale` times the weighted sum of the pixels of `v` to every pixel of `output`, head by head.
fn mix(weights: &[f32], v: &[f32], channels: usize, heads: usize, scale: f32, output: &mut [f32]) {
    let (pixels, per_head) = (v.len() / channels, channels / heads);
    for (row, weights) in weights.chunks_exact(pixels).enumerate() {
        let (head, i) = (row / pixels, row % pixels);
        let output = &mut output[i * channels + head * per_head..][..per_head];
        for (j, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight != 0.0) {
            let v = &v[j * channels + head * per_head..][..per_head];
            output.iter_mut().zip(v).for_each(|(o, v)| *o += scale * weight * v);
        }
    }
}

/// Rows as columns, head by head.
fn turned(weights: &[f32], pixels: usize) -> Vec<f32> {
    let square = pixels * pixels;
    (0..weights.len()).map(|i| weights[i / square * square + i % pixels * pixels + i % square / pixels]).collect()
}

/// The sum over pixels of q k, channel by channel: an image of one pixel.
fn sums(q: &Tensor, k: &Tensor) -> Tensor {
    let (shape, channels) = (q.shape(), q.shape().channels);
    let mut sums = Tensor::zeros(Shape { height: 1, width: 1, ..shape });
    let images = q.values().chunks_exact(shape.n_features()).zip(k.values().chunks_exact(shape.n_features()));
    for (sums, (q, k)) in sums.values_mut().chunks_exact_mut(channels).zip(images) {
        for (q, k) in q.chunks_exact(channels).zip(k.chunks_exact(channels)) {
            sums.iter_mut().zip(q.iter().zip(k)).for_each(|(s, (q, k))| *s += q * k);
        }
    }
    sums
}

impl Attention {
    /// Gradients of query, key and value.
    fn spread(&mut self, gradient: &Tensor, [q, k, v, gates]: &[Tensor; 4]) -> [Tensor; 3] {
        match self.form {
            Form::Product { heads, scale } => {
                // With A = Q K^T: dV = scale A^T dO, dA = scale dO V^T, dQ = dA K, dK = dA^T Q.
                let to_v = images([q, k, gradient], |[q, k, g], channels, output| {
                    let weights = pairs(k, q, channels, heads);
                    mix(&weights, g, channels, heads, scale, output);
                });
                let to_q = images([gradient, v, k], |[g, v, k], channels, output| {
                    mix(&pairs(g, v, channels, heads), k, channels, heads, scale, output);
                });
                let to_k = images([gradient, v, q], |[g, v, q], channels, output| {
                    let weights = pairs(g, v, channels, heads);
                    mix(&turned(&weights, q.len() / channels), q, channels, heads, scale, output);
                });
                [to_q, to_k, to_v]
            }
            Form::Gate => {
                let to_gate = sums(gradient, v);
                let to_sums = self.gate.backward(to_gate, true).expect("a gradient that is wanted");
                let spread = |sums: &Tensor, by: &Tensor| {
                    images([by, sums, sums], |[by, sums, _], channels, output| {
                        for (output, by) in output.chunks_exact_mut(channels).zip(by.chunks_exact(channels)) {
                            output.iter_mut().zip(by.iter().zip(sums)).for_each(|(o, (b, s))| *o = b * s);
                        }
                    })
                };
                [spread(&to_sums, k), spread(&to_sums, q), spread(gates, gradient)]
            }
        }
    }
}

impl Layer for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        let [q, k, v] = self.parts.each_ref().map(|part| part.shape(input));
        let (q, k, v) = (q?, k?, v?);
        if q != k || k != v {
            return Err(Misfit::Join { branch: q, shortcut: if q == k { v } else { k } });
        }
        match self.form {
            Form::Product { heads, .. } if v.channels % heads != 0 => Err(Misfit::Width {
                what: "channels (a multiple of the heads)",
                expected: v.channels.next_multiple_of(heads),
                found: v.channels,
            }),
            _ => Ok(v),
        }
    }

    fn describe(&self, label: &str, input: Shape, rows: &mut Vec<Row>) -> Result<Shape, Part> {
        for (name, part) in self.chains().take(3) {
            part.describe(&format!("{label}.{name}"), input, rows)?;
        }
        let output = self.shape(input).map_err(|misfit| Part { layer: label.into(), input, misfit })?;
        self.gate.describe(&format!("{label}.gate"), Shape { height: 1, width: 1, ..output }, rows)?;
        rows.push(Row { layer: label.into(), input, output, parameters: 0, spikes: false, products: 0 });
        Ok(output)
    }

    fn infer(&self, input: &Tensor, state: &mut LayerState) -> Tensor {
        self.infer_watched(input, state, &mut |_| ())
    }

    fn infer_watched(&self, input: &Tensor, state: &mut LayerState, watch: Watch) -> Tensor {
        state.parts.resize(4, LayerState::new());
        let mut part = |i: usize| self.parts[i].infer_watched(input, &mut state.parts[i], watch);
        let (q, k, v) = (part(0), part(1), part(2));
        let gates = match self.form {
            Form::Gate => self.gate.infer_watched(&sums(&q, &k), &mut state.parts[3], watch),
            Form::Product { .. } => Tensor::zeros(Shape { steps: 0, ..v.shape() }),
        };
        let output = self.attend([&q, &k, &v], &gates);
        watch(Seen::Output(&output));
        output
    }

    fn forward(&mut self, input: Tensor, pass: Pass) -> Tensor {
        self.forward_watched(input, pass, &mut |_| ())
    }

    fn forward_watched(&mut self, input: Tensor, pass: Pass, watch: Watch) -> Tensor {
        let [query, key, value] = &mut self.parts;
        let q = query.forward_watched(input.clone(), pass, watch);
        let k = key.forward_watched(input.clone(), pass, watch);
        let v = value.forward_watched(input, pass, watch);
        let gates = match self.form {
            Form::Gate => self.gate.forward_watched(sums(&q, &k), pass, watch),
            Form::Product { .. } => Tensor::zeros(Shape { steps: 0, ..v.shape() }),
        };
        let output = self.attend([&q, &k, &v], &gates);
        self.kept = Some([q, k, v, gates]);
        watch(Seen::Output(&output));
        output
    }

    fn backward(&mut self, gradient: Tensor, wanted: bool) -> Option<Tensor> {
        let kept = kept(&mut self.kept);
        let gradients = self.spread(&gradient, &kept);
        let parts: Vec<Option<Tensor>> =
            self.parts.iter_mut().zip(gradients).map(|(part, gradient)| part.backward(gradient, wanted)).collect();
        parts.into_iter().flatten().reduce(|sum, other| sum.plus(&other))
    }

    fn parts(&self) -> Vec<(String, &dyn Layer)> {
        self.chains().map(|(name, part)| (name.to_string(), part as &dyn Layer)).collect()
    }

    fn parts_mut(&mut self) -> Vec<&mut dyn Layer> {
        self.parts.iter_mut().chain([&mut self.gate]).map(|part| part as &mut dyn Layer).collect()
    }
}
