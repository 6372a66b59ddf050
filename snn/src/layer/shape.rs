use super::{Kind, Layer, LayerState, Misfit, Pass, Seen, Watch, kept};
use crate::device::Plan;
use crate::tensor::{Shape, Tensor};

/// Pixels and channels become features, pixel by pixel. (PyTorch goes channel by channel; weights that come from there are
/// reordered on the way in.)
#[derive(Default)]
pub struct Flatten {
    input: Option<Shape>,
}

fn flat(input: Shape) -> Shape {
    Shape { height: 1, width: 1, channels: input.n_features(), ..input }
}

impl Layer for Flatten {
    fn name(&self) -> &'static str {
        "flatten"
    }

    fn kind(&self) -> Kind {
        Kind::Flatten
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        Ok(flat(input))
    }

    fn infer(&self, input: &Tensor, _: &mut LayerState) -> Tensor {
        input.clone().reshaped(flat(input.shape()))
    }

    fn forward(&mut self, input: Tensor, _: Pass) -> Tensor {
        let shape = input.shape();
        self.input = Some(shape);
        input.reshaped(flat(shape))
    }

    fn backward(&mut self, gradient: Tensor, wanted: bool) -> Option<Tensor> {
        let shape = kept(&mut self.input);
        wanted.then(|| gradient.reshaped(shape))
    }
}

/// Direct encoding: the same image in every step. Layers without memory before it compute one step instead of all.
pub struct Repeat {
    steps: usize,
}

impl Repeat {
    /// `steps` times.
    pub fn new(steps: usize) -> Self {
        Repeat { steps }
    }
}

impl Layer for Repeat {
    fn name(&self) -> &'static str {
        "repeat"
    }

    fn kind(&self) -> Kind {
        Kind::Identity
    }

    fn on_device(&self) -> Result<Plan, &'static str> {
        Ok(Plan::Repeat(self.steps))
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        if input.steps == 1 { Ok(Shape { steps: self.steps, ..input }) } else { Err(Misfit::Steps { found: input.steps }) }
    }

    fn infer(&self, input: &Tensor, _: &mut LayerState) -> Tensor {
        let mut output = Tensor::unspecified(Shape { steps: self.steps, ..input.shape() });
        for step in output.values_mut().chunks_exact_mut(input.values().len()) {
            step.copy_from_slice(input.values());
        }
        output
    }

    fn forward(&mut self, input: Tensor, _: Pass) -> Tensor {
        self.infer(&input, &mut LayerState::new())
    }

    fn forward_step(&mut self, input: Tensor, state: &mut LayerState, _: Pass, watch: Watch) -> Tensor {
        self.infer_step(&input, state, watch)
    }

    fn repeat(&mut self, steps: usize) {
        self.steps = steps;
    }

    /// One step is not repeated.
    fn infer_step(&self, input: &Tensor, _: &mut LayerState, watch: Watch) -> Tensor {
        watch(Seen::Output(input));
        input.clone()
    }

    fn backward(&mut self, gradient: Tensor, wanted: bool) -> Option<Tensor> {
        wanted.then(|| {
            let mut sum = gradient.frame(0);
            for step in 1..gradient.shape().steps {
                for (s, g) in sum.values_mut().iter_mut().zip(gradient.step(step)) {
                    *s += g;
                }
            }
            sum
        })
    }
}
