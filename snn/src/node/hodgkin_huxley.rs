use super::{Node, Real};

/// Membrane and channels of a neuron of Hodgkin and Huxley.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Channels {
    g_na: f32,
    g_k: f32,
    g_l: f32,
    v_na: f32,
    v_k: f32,
    v_l: f32,
    c_m: f32,
    dt: f32,
}

impl Channels {
    #[inline(always)]
    fn charge<R: Real>(&self, [v, m, n, h]: [R; 4], input: R) -> R {
        let (n2, sodium) = (n * n, m * m * m * h * self.g_na * (v - self.v_na));
        let potassium = n2 * n2 * self.g_k * (v - self.v_k);
        v + (input - sodium - potassium - (v - self.v_l) * self.g_l) * (self.dt / self.c_m)
    }

    /// A gate that opens with rate `alpha` and closes with rate `beta`.
    #[inline(always)]
    fn gate<R: Real>(&self, open: R, alpha: R, beta: R) -> R {
        open + (alpha * open.one_minus() - beta * open) * self.dt
    }
}

/// x / (e^x - 1), which is 1 - x / 2 next to 0.
#[inline(always)]
fn ratio<R: Real>(x: R) -> R {
    if x.value().abs() < 1e-3 { (x * 0.5).one_minus() } else { x / (x.exp() - 1.0) }
}

/// Hodgkin's and Huxley's neuron in steps of Euler, v in mV above rest, time in ms; a spike where v rises over V_th, and no reset
/// (Hodgkin AL, Huxley AF (1952) doi:10.1113/jphysiol.1952.sp004764).
///
/// | | value |
/// |---|---|
/// | g_Na, g_K, g_L (mS/cm2) | 120, 36, 0.3 |
/// | E_Na, E_K, E_L (mV) | 115, -12, 10.6 |
/// | C (uF/cm2) | 1 |
/// | m, n, h at the start | 0.05, 0.31, 0.59 |
/// | V_th, dt | 50 mV, 0.01 ms |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hh {
    /// V_th, mV above rest.
    pub threshold: f32,
    /// Length of a step, ms.
    pub dt: f32,
}

impl Node<5> for Hh {
    const NAME: &'static str = "HHNode";

    fn rest(&self) -> [f32; 5] {
        [0.0, 0.05, 0.31, 0.59, 0.0]
    }

    #[inline(never)] // its derivatives take many copies
    fn charge<R: Real>(&self, _: &[R; 0], [v, m, n, h, before]: &mut [R; 5], [input]: [R; 1]) -> R {
        let channels = Channels { g_na: 120.0, g_k: 36.0, g_l: 0.3, v_na: 115.0, v_k: -12.0, v_l: 10.6, c_m: 1.0, dt: self.dt };
        *before = *v;
        *v = channels.charge([*v, *m, *n, *h], input);
        let (to_m, to_n) = (*v * -0.1 + 2.5, *v * -0.1 + 1.0);
        *m = channels.gate(*m, ratio(to_m), (*v / -18.0).exp() * 4.0);
        *n = channels.gate(*n, ratio(to_n) * 0.1, (*v / -80.0).exp() * 0.125);
        *h = channels.gate(*h, (*v / -20.0).exp() * 0.07, (*v * 0.1 - 3.0).sigmoid());
        // Above now and below before.
        (*v - self.threshold).min(-*before + self.threshold)
    }

    #[inline(always)]
    fn reset<R: Real>(&self, _: &[R; 0], _: &mut [R; 5], spike: R) -> R {
        spike
    }
}

/// BrainCog's `SimHHNode`: the same form with constants that its comments call a choice (g_K 120, E_Na 120, E_K -120, C 0.02, all gates
/// closed at the start), rates that do not fit a rest at 0, and v <- 0 after a spike. Its basal ganglia use it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimHh {
    /// V_th, mV.
    pub threshold: f32,
    /// Length of a step, ms.
    pub dt: f32,
}

impl Node<4> for SimHh {
    const NAME: &'static str = "SimHHNode";

    #[inline(never)] // its derivatives take many copies
    fn charge<R: Real>(&self, _: &[R; 0], [v, m, n, h]: &mut [R; 4], [input]: [R; 1]) -> R {
        let channels = Channels { g_na: 120.0, g_k: 120.0, g_l: 0.3, v_na: 120.0, v_k: -120.0, v_l: 10.6, c_m: 0.02, dt: self.dt };
        *v = channels.charge([*v, *m, *n, *h], input);
        let (to_m, to_n) = ((*v + 25.0) / -10.0, (*v + 10.0) / -10.0);
        *n = channels.gate(*n, ratio(to_n) * 0.1, (*v / -80.0).exp() * 0.125);
        *m = channels.gate(*m, ratio(to_m), (*v / -18.0).exp() * 4.0);
        *h = channels.gate(*h, (*v / -20.0).exp() * 0.07, ((*v + 30.0) / 10.0).sigmoid());
        *v - self.threshold
    }
}
