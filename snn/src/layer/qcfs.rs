use rayon::prelude::*;

use super::{Layer, LayerState, Misfit, Parameter, Pass, kept};
use crate::tensor::{Shape, Tensor};

/// Values of a task.
const TASK: usize = 4096;

fn map(input: &Tensor, f: impl Fn(f32) -> f32 + Sync) -> Tensor {
    let mut output = Tensor::unspecified(input.shape());
    let tasks = output.values_mut().par_chunks_mut(TASK).zip(input.values().par_chunks(TASK));
    tasks.for_each(|(output, input)| output.iter_mut().zip(input).for_each(|(y, &x)| *y = f(x)));
    output
}

/// Quantisation, clip, floor, shift: a clipped ReLU of `levels` steps whose upper end is learned. Neurons that start half a threshold up and fire
/// for `levels` steps have this very mean (Bu T et al. (2022) arXiv:2303.04347).
pub struct Qcfs {
    levels: f32,
    top: Parameter,
    input: Option<Tensor>,
}

impl Qcfs {
    /// The name of the node.
    pub const NAME: &'static str = "QCFSNode";

    /// `levels` steps between 0 and `top`.
    pub fn new(levels: usize, top: f32) -> Self {
        assert!(levels > 0 && top > 0.0, "{levels} levels up to {top}");
        Qcfs { levels: levels as f32, top: Parameter::new("top", vec![top], false), input: None }
    }

    /// The upper end, kept above zero.
    fn top(&self) -> f32 {
        self.top.values[0].max(1e-3)
    }
}

/// The step on which `x` / top lies, as a fraction of 1.
fn quantised(x: f32, levels: f32) -> f32 {
    (x * levels + 0.5).floor().clamp(0.0, levels) / levels
}

impl Layer for Qcfs {
    fn name(&self) -> &'static str {
        Qcfs::NAME
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        Ok(input)
    }

    fn infer(&self, input: &Tensor, _: &mut LayerState) -> Tensor {
        let (top, levels) = (self.top(), self.levels);
        map(input, |x| top * quantised(x / top, levels))
    }

    fn forward(&mut self, input: Tensor, _: Pass) -> Tensor {
        let output = self.infer(&input, &mut LayerState::new());
        self.input = Some(input);
        output
    }

    /// Steps count as the line through them.
    fn backward(&mut self, mut gradient: Tensor, wanted: bool) -> Option<Tensor> {
        let input = kept(&mut self.input);
        let (top, levels) = (self.top(), self.levels);
        let tasks = gradient.values_mut().par_chunks_mut(TASK).zip(input.values().par_chunks(TASK));
        let sums: Vec<f64> = tasks
            .map(|(gradient, input)| {
                let mut sum = 0.0;
                for (g, &x) in gradient.iter_mut().zip(input) {
                    let x = x / top;
                    let inside = x > 0.0 && x < 1.0;
                    let to_top = if inside { quantised(x, levels) - x } else { f32::from(x >= 1.0) };
                    sum += f64::from(*g * to_top);
                    *g = if inside { *g } else { 0.0 };
                }
                sum
            })
            .collect();
        self.top.gradient[0] += sums.iter().sum::<f64>() as f32;
        wanted.then_some(gradient)
    }

    fn parameters(&self) -> Vec<&Parameter> {
        vec![&self.top]
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        vec![&mut self.top]
    }

    fn spikes(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASS: Pass = Pass { seed: 0, number: 0 };

    fn row(values: &[f32]) -> Tensor {
        Tensor::new(Shape::new(1, 1, [1, 1, values.len()]), values.to_vec())
    }

    #[test]
    fn qcfs_is_a_staircase_between_zero_and_its_learned_top() {
        let mut qcfs = Qcfs::new(4, 2.0);
        let x = [-1.0, 0.2, 0.3, 1.0, 1.74, 1.76, 9.0];
        assert_eq!(qcfs.forward(row(&x), PASS).values(), [0.0, 0.0, 0.5, 1.0, 1.5, 2.0, 2.0]);
        let back = qcfs.backward(row(&[1.0; 7]), true).unwrap();
        assert_eq!(back.values(), [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0]);
        // Inside: (y - x) / top; above: 1.
        let expected = (-0.1 + 0.1 + 0.0 - 0.12 + 0.12) + 1.0;
        assert!((qcfs.top.gradient[0] - expected).abs() < 1e-5, "{}", qcfs.top.gradient[0]);
    }

    #[test]
    fn neurons_half_a_threshold_up_have_the_mean_of_qcfs() {
        // V starts at top / 2; top is subtracted with every spike.
        for i in 0..40 {
            let x = i as f32 * 0.0611 - 0.2;
            let (mut v, mut sum) = (1.0, 0.0);
            for _ in 0..8 {
                v += x;
                if v >= 2.0 {
                    v -= 2.0;
                    sum += 2.0;
                }
            }
            let y = Qcfs::new(8, 2.0).infer(&row(&[x]), &mut LayerState::new()).values()[0];
            assert!((sum / 8.0 - y).abs() < 1e-4, "{x}: {} and {y}", sum / 8.0);
        }
    }
}
