use super::stepwise::Cell;
use super::{Init, Misfit, Parameter};
use crate::correlate::Correlation;
use crate::surrogate::{Kind, Surrogate};
use crate::tensor::{Shape, Tensor};

/// BrainCog's `BackEINode`: neurons that scale their input by what they sent before, some excitatory and some inhibitory (Zhao D et al.
/// (2022) doi:10.1016/j.neunet.2022.06.025). V <- decay V + s(back * S\[t - 1\]) X with s the logistic function; R = 1 where V > V_th; S =
/// sign(ei * V) R; then V <- V (1 - R), through which gradients pass. `back` and `ei` are convolutions; without them the factor and the
/// sign are 1.
pub struct BackEi {
    threshold: f32,
    decay: f32,
    correlation: Correlation,
    /// Weight and bias each; empty without.
    back: Vec<Parameter>,
    ei: Vec<Parameter>,
    fire: Surrogate,
    sign: Surrogate,
}

/// What a step was.
pub struct BackEiMemo {
    input: Tensor,
    heard: Tensor,
    factor: Tensor,
    membrane: Tensor,
    raw: Tensor,
    balance: Tensor,
}

impl BackEi {
    /// Neurons that hear their pixel's neighbourhood up to `radius` pixels away.
    pub fn new(threshold: f32, channels: usize, radius: usize, init: Init) -> Self {
        let kernel = 2 * radius + 1;
        let correlation = Correlation { kernel, stride: 1, padding: radius, inputs: channels, outputs: channels };
        let pair = |names: [&'static str; 2], layer: usize| {
            let (n, fan_in) = (correlation.n_weights(), correlation.fan_in());
            let init = Init { layer, ..init };
            vec![Parameter::uniform(names[0], n, fan_in, init), Parameter::uniform(names[1], channels, fan_in, init)]
        };
        // The second convolution draws as a layer beyond any network's.
        let (back, ei) = (pair(["back_weight", "back_bias"], init.layer), pair(["ei_weight", "ei_bias"], init.layer + 0x8000));
        BackEi { back, ei, ..BackEi::plain(threshold, correlation) }
    }

    /// Neurons without convolutions, as behind linear layers.
    pub fn without(threshold: f32) -> Self {
        BackEi::plain(threshold, Correlation { kernel: 1, stride: 1, padding: 0, inputs: 0, outputs: 0 })
    }

    fn plain(threshold: f32, correlation: Correlation) -> Self {
        let (fire, sign) = (Surrogate::new(Kind::BackEiGate), Surrogate::new(Kind::Ei));
        BackEi { threshold, decay: 0.2, correlation, back: Vec::new(), ei: Vec::new(), fire, sign }
    }

    /// Fires and signs by `surrogate`, for differences.
    #[cfg(test)]
    pub(super) fn fire_softly(&mut self, surrogate: Surrogate) {
        (self.fire, self.sign) = (surrogate, surrogate);
    }

    /// The convolution of `x` with weight and bias, if there are any.
    fn convolved(&self, parameters: &[Parameter], x: &Tensor) -> Option<Tensor> {
        let [weight, bias] = parameters else { return None };
        Some(self.correlation.forward(x, &weight.values, &bias.values))
    }
}

/// `f` of the values of two tensors.
fn zipped(mut x: Tensor, y: &Tensor, f: impl Fn(f32, f32) -> f32) -> Tensor {
    x.values_mut().iter_mut().zip(y.values()).for_each(|(x, &y)| *x = f(*x, y));
    x
}

/// Adds the gradients of weight and bias; the result is the gradient of the input.
fn convolved_back(correlation: &Correlation, parameters: &mut [Parameter], x: &Tensor, gradient: &Tensor) -> Tensor {
    let [weight, bias] = parameters else { return Tensor::zeros(x.shape()) };
    correlation.weight_gradient(x, gradient, &mut weight.gradient);
    super::conv::add_rows(gradient, 1.0, &mut bias.gradient);
    correlation.input_gradient(gradient, x.shape(), &weight.values)
}

impl Cell for BackEi {
    type Memo = BackEiMemo;

    fn name(&self) -> &'static str {
        "BackEINode"
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        let (expected, found) = (self.correlation.inputs, input.channels);
        if self.back.is_empty() || expected == found { Ok(input) } else { Err(Misfit::Width { what: "channels", expected, found }) }
    }

    fn rest(&self, input: Shape) -> Vec<Tensor> {
        vec![Tensor::zeros(input), Tensor::zeros(input)] // V, S
    }

    fn step(&self, _: usize, input: Tensor, carried: &mut [Tensor]) -> (Tensor, BackEiMemo) {
        let [v, heard] = carried else { unreachable!("two are carried") };
        let ones = || Tensor::new(input.shape(), vec![1.0; input.shape().len()]);
        let logistic = |x: f32| 1.0 / (1.0 + models::kit::exp(-x));
        let factor = self.convolved(&self.back, heard).map(|x| zipped(x, &input, |x, _| logistic(x))).unwrap_or_else(ones);
        let charge = zipped(factor.clone(), &input, |f, x| f * x);
        let membrane = zipped(charge, v, |i, v| self.decay * v + i);
        let raw = zipped(membrane.clone(), &input, |v, _| self.fire.spike(v - self.threshold));
        // Far from zero where there is no convolution, so that its sign is 1 and nothing depends on it.
        let balance = self.convolved(&self.ei, &membrane).unwrap_or_else(ones);
        let sent = zipped(balance.clone(), &raw, |e, r| self.sign.spike(e) * r);
        *v = zipped(membrane.clone(), &raw, |v, r| v * (1.0 - r));
        let heard = std::mem::replace(heard, sent.clone());
        (sent, BackEiMemo { input, heard, factor, membrane, raw, balance })
    }

    fn back(&mut self, memo: BackEiMemo, gradient: Tensor, adjoint: &mut [Tensor]) -> Tensor {
        let BackEiMemo { input, heard, factor, membrane, raw, balance } = memo;
        let [to_v, to_heard] = adjoint else { unreachable!("two are carried") };
        let to_sent = zipped(gradient, to_heard, |g, h| g + h);
        let to_sign = zipped(to_sent.clone(), &raw, |g, r| g * r);
        let to_balance = zipped(to_sign, &balance, |g, e| g * self.sign.slope(e));
        let through_ei = convolved_back(&self.correlation, &mut self.ei, &membrane, &to_balance);
        let to_raw = zipped(to_sent, &balance, |g, e| g * self.sign.spike(e));
        let to_raw = zipped(to_raw, &zipped(to_v.clone(), &membrane, |a, v| a * v), |g, reset| g - reset);
        let by_fire = zipped(to_raw, &membrane, |g, v| g * self.fire.slope(v - self.threshold));
        let kept = zipped(to_v.clone(), &raw, |a, r| a * (1.0 - r));
        let to_membrane = zipped(zipped(kept, &by_fire, |a, g| a + g), &through_ei, |a, g| a + g);
        *to_v = zipped(to_membrane.clone(), &input, |g, _| self.decay * g);
        let to_factor = zipped(to_membrane.clone(), &input, |g, x| g * x);
        let to_back = zipped(to_factor, &factor, |g, f| g * f * (1.0 - f));
        *to_heard = convolved_back(&self.correlation, &mut self.back, &heard, &to_back);
        zipped(to_membrane, &factor, |g, f| g * f)
    }

    fn parameters(&self) -> Vec<&Parameter> {
        self.back.iter().chain(&self.ei).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        self.back.iter_mut().chain(&mut self.ei).collect()
    }

    fn products(&self, input: Shape) -> u64 {
        2 * input.len() as u64 * self.correlation.fan_in() as u64
    }
}
