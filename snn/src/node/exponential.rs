use super::{Node, Real};

/// Adaptive exponential integrate and fire as BrainCog's brain models have it, in steps of Euler, v in mV and dt in ms. While
/// more than 5 ms have passed since the last spike: v <- v + dt / C (-g (v - V_r) + g Delta_T e^((v - V_th) / Delta_T) + alpha w + I) and
/// w <- w + dt / tau_w (-w + beta (v - V_r)) with the new v. A spike where v > V_th, then v <- V_r, w <- w + 30 (Brette R, Gerstner W (2005)
/// doi:10.1152/jn.00686.2005 has the equations).
///
/// | parameter | meaning | excitatory, cortex |
/// |---|---|---|
/// | `threshold` | V_th, mV | -50 |
/// | `v_r` | V_r, mV | -110 |
/// | `c_m` | C | 10 |
/// | `tau_w` | ms | 1 |
/// | `alpha`, `beta` | w to v, v to w | 0, 0 |
/// | `dt` | ms | 1 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AEif {
    /// V_th, mV.
    pub threshold: f32,
    /// V_r, mV.
    pub v_r: f32,
    /// C.
    pub c_m: f32,
    /// Time constant of w, ms.
    pub tau_w: f32,
    /// From w to v.
    pub alpha: f32,
    /// From v to w.
    pub beta: f32,
    /// Length of a step, ms.
    pub dt: f32,
}

const G: f32 = 0.1;
const DELTA_T: f32 = 0.5;
const REFRACTORY: f32 = 5.0;
const JUMP: f32 = 30.0;

impl AEif {
    /// An excitatory neuron of the cortex that fires above `threshold`.
    pub fn excitatory(threshold: f32) -> Self {
        AEif { threshold, v_r: threshold - 60.0, c_m: 10.0, tau_w: 1.0, alpha: 0.0, beta: 0.0, dt: 1.0 }
    }
}

impl Node<3> for AEif {
    const NAME: &'static str = "aEIF";

    fn rest(&self) -> [f32; 3] {
        // Ready: the last spike is long ago.
        [self.v_r, 0.0, REFRACTORY / self.dt + 1.0]
    }

    #[inline(never)] // its derivatives take many copies
    fn charge<R: Real>(&self, _: &[R; 0], [v, w, since]: &mut [R; 3], [input]: [R; 1]) -> R {
        let awake = if since.value() > REFRACTORY / self.dt { self.dt } else { 0.0 };
        let upstroke = ((*v - self.threshold) / DELTA_T).exp() * (G * DELTA_T);
        *v = *v + ((-*v + self.v_r) * G + upstroke + *w * self.alpha + input) * (awake / self.c_m);
        *w = *w + ((*v - self.v_r) * self.beta - *w) * (awake / self.tau_w);
        *v - self.threshold
    }

    #[inline(always)]
    fn reset<R: Real>(&self, _: &[R; 0], [v, w, since]: &mut [R; 3], spike: R) -> R {
        let was = spike.detached();
        *since = *since * was.one_minus() + 1.0;
        *w = *w + was * JUMP;
        *v = *v * was.one_minus() + was * self.v_r;
        spike
    }
}
