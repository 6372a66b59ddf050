//! From what was typed to a plan that fits into this machine.

use std::thread;

use engine::comm::Comm;
use engine::{Estimate, Settings};
use scenarios::{Plan, Scenario};

use super::args::ScenarioArgs;
use super::error::Error;
use super::table::bytes;
use super::weights;

/// A plan, and with what it will be built and stepped.
pub(crate) struct Resolved {
    pub(crate) plan: Plan,
    pub(crate) settings: Settings,
    pub(crate) estimate: Estimate,
}

/// Reads the scenario, lays the command line's changes over it, resolves it for one of `n_local` processes on this machine.
/// Allocates no neuron and no synapse.
pub(crate) fn resolve(args: &ScenarioArgs, n_local: usize) -> Result<Resolved, Error> {
    let mut scenario = Scenario::load(&args.scenario)?;
    if let Some(variant) = &args.variant {
        scenario.set(&format!("variant={variant}"))?;
    }
    for assignment in &args.set {
        scenario.set(assignment)?;
    }
    if let Some(time) = &args.time {
        scenario.set(&format!("simulation.duration={time}"))?;
    }
    let plan = scenario.plan()?;
    weights::check(&plan)?;
    Ok(Resolved::new(plan, args.threads, n_local))
}

impl Resolved {
    /// For this many threads, or an equal part of the processors for each of `n_local` processes.
    pub(crate) fn new(plan: Plan, threads: Option<u16>, n_local: usize) -> Self {
        let processors = || (thread::available_parallelism().map_or(1, usize::from) / n_local).max(1);
        Resolved::of(plan, threads.map_or_else(processors, usize::from))
    }

    /// For so many threads.
    pub(crate) fn of(plan: Plan, threads: usize) -> Self {
        let settings = Settings { dt: plan.simulation.dt, seed: plan.simulation.seed, threads };
        let estimate = engine::estimate(&plan.network, &settings);
        Resolved { plan, settings, estimate }
    }

    /// Refuses what needs more memory than this machine has for the ranks on it; passes where the system does not tell.
    pub(crate) fn fits(&self, comm: &dyn Comm) -> Result<(), Error> {
        let needed = self.estimate.bytes() * comm.n_local() as f64 / comm.size() as f64;
        match engine::process::available_bytes() {
            Some(available) if needed > available as f64 => Err(Error::DoesNotFit {
                what: self.plan.name.clone(),
                needed: bytes(needed),
                available: bytes(available as f64),
                largest: self.estimate.terms.first().map_or_else(String::new, |(what, n)| format!("{what} with {}", bytes(*n))),
            }),
            _ => Ok(()),
        }
    }
}
