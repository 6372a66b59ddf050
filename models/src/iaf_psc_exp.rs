//! Leaky integrate-and-fire neuron with exponential post-synaptic currents.
//!
//! ```text
//! dV_m/dt      = -(V_m - E_L) / tau_m + (I_syn_ex + I_syn_in + I_e + I_stim) / C_m
//! dI_syn_X/dt  = -I_syn_X / tau_syn_X        I_syn_X += weight at each spike
//! ```
//!
//! Order inside a step: integrate exactly with the currents of the last step; decay them and add the
//! spikes that arrive; compare with the threshold; then reset and hold for `t_ref`.
//!
//! References: Rotter S, Diesmann M (1999) Biol Cybern 81:381-402; Tsodyks M et al. (2000) J Neurosci
//! 20:RC50.

use crate::kit::*;
use crate::model::{Error, Model, Receptor, Sign, positive};
use crate::{columns, params, step};

params! {
    /// What the user sets.
    pub struct Params {
        /// Capacitance of the membrane.
        pub C_m: "pF" = 250.0,
        /// Membrane time constant.
        pub tau_m: "ms" = 10.0,
        /// Resting potential.
        pub E_L: "mV" = -70.0,
        /// Threshold.
        pub V_th: "mV" = -55.0,
        /// Potential after a spike.
        pub V_reset: "mV" = -70.0,
        /// Absolute refractory time.
        pub t_ref: "ms" = 2.0,
        /// Time constant of the excitatory current.
        pub tau_syn_ex: "ms" = 2.0,
        /// Time constant of the inhibitory current.
        pub tau_syn_in: "ms" = 2.0,
        /// Constant input current.
        pub I_e: "pA" = 0.0,
    }
}

columns! {
    /// Derived once per run.
    pub struct Propagators {
        /// Decay of the excitatory current over a step.
        pub P11_ex: "",
        /// Decay of the inhibitory current over a step.
        pub P11_in: "",
        /// From the excitatory current to the potential.
        pub P21_ex: "mV/pA",
        /// From the inhibitory current to the potential.
        pub P21_in: "mV/pA",
        /// Decay of the potential over a step.
        pub P22: "",
        /// From a current that is constant over the step to the potential.
        pub P20: "mV/pA",
        /// What rest and the constant current add in a step.
        pub V_drift: "mV",
        /// Threshold.
        pub V_th: "mV",
        /// Potential after a spike.
        pub V_reset: "mV",
        /// Refractory time in steps.
        pub ref_steps: "steps",
    }
}

columns! {
    /// What evolves.
    pub struct State {
        /// Membrane potential.
        pub V_m: "mV",
        /// Excitatory synaptic current.
        pub I_syn_ex: "pA",
        /// Inhibitory synaptic current.
        pub I_syn_in: "pA",
        /// Current from generators, used in the next step.
        pub I_stim: "pA",
        /// Refractory steps left.
        pub ref_left: "steps",
    }
}

columns! {
    /// What arrives in a step.
    pub struct Input {
        /// Summed positive weights.
        pub ex: "pA",
        /// Summed negative weights.
        pub inh: "pA",
        /// Current from generators.
        pub I_stim: "pA",
    }
}

step!(|p: &Propagators, s: &mut State, input: &Input| {
    let awake = s.ref_left <= real(0.0);

    // Exact integration over one step; V_m is clamped while refractory.
    let V_next = p.P22 * s.V_m + p.P21_ex * s.I_syn_ex + p.P21_in * s.I_syn_in + p.P20 * s.I_stim + p.V_drift;
    s.V_m = select(awake, V_next, s.V_m);
    s.ref_left = select(awake, s.ref_left, s.ref_left - real(1.0));

    // Currents decay, then the spikes of this step arrive.
    s.I_syn_ex = p.P11_ex * s.I_syn_ex + input.ex;
    s.I_syn_in = p.P11_in * s.I_syn_in + input.inh;

    let fired = awake && s.V_m >= p.V_th;
    s.V_m = select(fired, p.V_reset, s.V_m);
    s.ref_left = select(fired, p.ref_steps, s.ref_left);
    s.I_stim = input.I_stim;
    return fired;
});

/// The model.
pub struct Neuron;

impl Model for Neuron {
    type Params = Params;
    type Propagators = Propagators;
    type State = State;
    type Input = Input;

    const NAME: &'static str = "iaf_psc_exp";
    const SUMMARY: &'static str = "leaky integrate-and-fire, exponential currents";
    const RECEPTORS: &'static [Receptor] = &[
        Receptor { name: "ex", accepts: Sign::Positive, unit: "pA" },
        Receptor { name: "inh", accepts: Sign::Negative, unit: "pA" },
    ];
    const CUDA: &'static str = STEP_CUDA;

    fn propagators(q: &Params, dt: f64, _h: f64) -> Result<Propagators, Error> {
        positive(Self::NAME, "C_m", q.C_m)?;
        positive(Self::NAME, "tau_m", q.tau_m)?;
        Ok(Propagators { P22: (-dt / q.tau_m).exp() as real, ..Default::default() })
    }

    fn initial(q: &Params) -> State {
        State { V_m: q.E_L as real, ..Default::default() }
    }

    fn step(p: &Propagators, s: &mut State, input: &Input) -> bool {
        step(p, s, input)
    }
}
