use super::{Node, Real};

/// Izhikevich's neuron in steps of Euler, v in mV and dt in ms: v <- v + dt (0.04 v^2 + 5 v + 140 - u + I), u <- u + dt a (b v - u) with
/// the new v; a spike where v > V_th, then v <- c and u <- u + d (Izhikevich EM (2003) doi:10.1109/TNN.2003.820440).
///
/// | parameter | meaning | regular spiking | BrainCog's class |
/// |---|---|---|---|
/// | `threshold` | V_th, mV | 30 | 1 |
/// | `a`, `b` | rate and sensitivity of u | 0.02, 0.2 | 0.02, 0.2 |
/// | `c`, `d` | v after, rise of u by a spike | -65, 8 | -55, -2 |
/// | `dt` | ms | 1 | 1 |
/// | `start` | v and u before the first step | -70, 0 | 0, 0 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Izh {
    /// V_th, mV.
    pub threshold: f32,
    /// Rate of u.
    pub a: f32,
    /// Sensitivity of u.
    pub b: f32,
    /// v after a spike, mV.
    pub c: f32,
    /// Rise of u by a spike.
    pub d: f32,
    /// Length of a step, ms.
    pub dt: f32,
    /// v and u before the first step.
    pub start: [f32; 2],
}

impl Izh {
    /// Regular spiking, from rest.
    pub fn regular(threshold: f32) -> Self {
        Izh { threshold, a: 0.02, b: 0.2, c: -65.0, d: 8.0, dt: 1.0, start: [-70.0, 0.0] }
    }
}

impl Node<2> for Izh {
    const NAME: &'static str = "IzhNode";

    fn rest(&self) -> [f32; 2] {
        self.start
    }

    #[inline(always)]
    fn charge<R: Real>(&self, _: &[R; 0], [v, u]: &mut [R; 2], [input]: [R; 1]) -> R {
        *v = *v + (*v * *v * 0.04 + *v * 5.0 - *u + 140.0 + input) * self.dt;
        *u = *u + (*v * (self.a * self.b) - *u * self.a) * self.dt;
        *v - self.threshold
    }

    #[inline(always)]
    fn reset<R: Real>(&self, _: &[R; 0], [v, u]: &mut [R; 2], spike: R) -> R {
        let was = spike.detached();
        *v = *v * was.one_minus() + was * self.c;
        *u = *u + was * self.d;
        spike
    }
}

/// The same with a capacitance, as the thalamocortical model has it: v <- v + dt (k (v - v_r) (v - v_t) - u + I) / C, u <- u + dt a (b
/// (v - v_r) - u); a spike where v >= V_peak (Izhikevich EM, Edelman GM (2008) doi:10.1073/pnas.0712231105).
///
/// | parameter | meaning | layer 2/3 pyramidal |
/// |---|---|---|
/// | `c_m` | C, pF | 100 |
/// | `k` | nS/mV | 3 |
/// | `v_r`, `v_t` | rest and instantaneous threshold, mV | -60, -50 |
/// | `spike` | V_peak, a, b, c, d, dt, start | 50, 0.01, 5, -60, 400, 1, (-65, -13) |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CtIzh {
    /// Capacitance, pF.
    pub c_m: f32,
    /// nS/mV.
    pub k: f32,
    /// Rest, mV.
    pub v_r: f32,
    /// Instantaneous threshold, mV.
    pub v_t: f32,
    /// Peak, recovery and reset.
    pub spike: Izh,
}

impl CtIzh {
    /// A pyramidal cell of layer 2/3 that fires above `threshold`.
    pub fn pyramidal(threshold: f32) -> Self {
        let spike = Izh { threshold, a: 0.01, b: 5.0, c: -60.0, d: 400.0, dt: 1.0, start: [-65.0, -13.0] };
        CtIzh { c_m: 100.0, k: 3.0, v_r: -60.0, v_t: -50.0, spike }
    }
}

impl Node<2> for CtIzh {
    const NAME: &'static str = "CTIzhNode";

    fn rest(&self) -> [f32; 2] {
        self.spike.start
    }

    #[inline(always)]
    fn charge<R: Real>(&self, _: &[R; 0], [v, u]: &mut [R; 2], [input]: [R; 1]) -> R {
        let Izh { threshold, a, b, dt, .. } = self.spike;
        *v = *v + ((*v - self.v_r) * (*v - self.v_t) * self.k - *u + input) * (dt / self.c_m);
        *u = *u + ((*v - self.v_r) * b - *u) * (dt * a);
        *v - threshold
    }

    #[inline(always)]
    fn reset<R: Real>(&self, learned: &[R; 0], state: &mut [R; 2], spike: R) -> R {
        self.spike.reset(learned, state, spike)
    }
}
