use super::real::log;
use super::{Lif, Node, Plif, Real};

/// A [`Lif`] with noise: V <- V + (I - V) / tau + V_th x with x drawn from Beta(a, b) in every step. Both ln a and ln b are learned:
/// the gradient moves the draw like the mean of its distribution and stretches it like the second moment.
///
/// The second input is x. At the start a is 2 and b is 6.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoiseLif(
    /// Threshold and time constant.
    pub Lif,
);

/// Names and first values of ln a and ln b.
fn shape() -> [(&'static str, f32); 2] {
    [("log_alpha", log(2.0)), ("log_beta", log(6.0))]
}

/// Mean and second moment of the distribution.
#[inline(always)]
fn moments<R: Real>([log_alpha, log_beta]: [R; 2]) -> [R; 2] {
    let (a, b) = (log_alpha.exp(), log_beta.exp());
    let sum = a + b;
    [a / sum, (a + 1.0) * a / ((sum + 1.0) * sum)]
}

/// A draw, times V_th, with the gradient of its distribution.
#[inline(always)]
fn drawn<R: Real>(mean: R, moment: R, draw: R, threshold: f32) -> R {
    draw.detached() * threshold * (moment / moment.detached()) + (mean - mean.detached())
}

impl Node<1, 2, 2> for NoiseLif {
    const NAME: &'static str = "NoiseLIFNode";

    fn learnable(&self) -> [(&'static str, f32); 2] {
        shape()
    }

    #[inline(always)]
    fn prepared<R: Real>(&self, learned: [R; 2]) -> [R; 2] {
        moments(learned)
    }

    #[inline(always)]
    fn charge<R: Real>(&self, &[mean, moment]: &[R; 2], state: &mut [R; 1], [input, draw]: [R; 2]) -> R {
        let noise = drawn(mean, moment, draw, self.0.threshold);
        let distance = self.0.charge(&[], state, [input]);
        state[0] = state[0] + noise;
        distance + noise
    }
}

/// A [`Plif`] with the noise of [`NoiseLif`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoisePlif(
    /// Threshold and time constant.
    pub Plif,
);

impl Node<1, 3, 2> for NoisePlif {
    const NAME: &'static str = "NoisePLIFNode";

    fn learnable(&self) -> [(&'static str, f32); 3] {
        let ([w], [a, b]) = (self.0.learnable(), shape());
        [w, a, b]
    }

    #[inline(always)]
    fn prepared<R: Real>(&self, [w, a, b]: [R; 3]) -> [R; 3] {
        let ([rate], [mean, moment]) = (self.0.prepared([w]), moments([a, b]));
        [rate, mean, moment]
    }

    #[inline(always)]
    fn charge<R: Real>(&self, &[rate, mean, moment]: &[R; 3], state: &mut [R; 1], [input, draw]: [R; 2]) -> R {
        let noise = drawn(mean, moment, draw, self.0.threshold);
        let distance = self.0.charge(&[rate], state, [input]);
        state[0] = state[0] + noise;
        distance + noise
    }
}
