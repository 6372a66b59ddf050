use super::LayerState;
use crate::tensor::Tensor;

/// What a layer of weights remembers of its input in online training through time (OTTT; Xiao M et al. (2022) arXiv:2210.04195):
/// a(t) = leak a(t - 1) + x(t), which is by how much the membranes behind it would have moved by now had its weights been larger all along. The gradient of a
/// step's loss for the weights takes the trace where it otherwise takes x(t).
pub(super) struct Trace {
    /// `None` where nothing is remembered: the trace is the input then.
    leak: Option<f32>,
    /// The trace of the input of biases, which is 1 in every step.
    ones: f32,
}

impl Default for Trace {
    fn default() -> Self {
        Trace { leak: None, ones: 1.0 }
    }
}

impl Trace {
    pub(super) fn new(leak: f32) -> Self {
        Trace { leak: Some(leak), ones: 1.0 }
    }

    /// Puts the trace after this step in the place of its input. `state` is the layer's own.
    pub(super) fn follow(&mut self, input: &mut Option<Tensor>, state: &mut LayerState) {
        let Some(leak) = self.leak else { return };
        let Some(x) = input.take() else { return };
        let trace = match state.carried.pop() {
            Some(mut trace) => {
                trace.values_mut().iter_mut().zip(x.values()).for_each(|(a, x)| *a = leak * *a + x);
                trace
            }
            None => x,
        };
        self.ones = leak * state.values.first().copied().unwrap_or(0.0) + 1.0;
        state.values = vec![self.ones];
        state.carried.push(trace.clone());
        *input = Some(trace);
    }

    /// What the gradient of biases is multiplied by.
    pub(super) fn of_biases(&self) -> f32 {
        self.ones
    }
}
