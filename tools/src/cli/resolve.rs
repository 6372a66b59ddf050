//! From what was typed to a plan that fits into this machine.

use std::rc::Rc;
use std::thread;

use engine::comm::Comm;
use engine::{Device, Estimate, Probe, Settings, Simulation};
use scenarios::{Plan, Scenario};

use super::args::{Backend, ScenarioArgs};
use super::device;
use super::error::Error;
use super::table::bytes;
use super::weights;

/// A plan, and with what it will be built and stepped.
pub(crate) struct Resolved {
    pub(crate) plan: Plan,
    pub(crate) settings: Settings,
    pub(crate) estimate: Estimate,
    /// Where it will run, if not on the processor.
    pub(crate) device: Option<Device>,
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
    Resolved::new(plan, args.threads, n_local).on(args.backend, n_local)
}

impl Resolved {
    /// For this many threads, or an equal part of the processors for each of `n_local` processes.
    pub(crate) fn new(plan: Plan, threads: Option<u16>, n_local: usize) -> Self {
        let processors = || (thread::available_parallelism().map_or(1, usize::from) / n_local).max(1);
        Resolved::of(plan, threads.map_or_else(processors, usize::from))
    }

    /// For so many threads.
    pub(crate) fn of(plan: Plan, threads: usize) -> Self {
        let settings = Settings { dt: plan.simulation.dt, seed: plan.simulation.seed, threads, device: None };
        let estimate = engine::estimate(&plan.network, &settings);
        Resolved { plan, settings, estimate, device: None }
    }

    /// The same where it is asked for, as one of `n_local` processes on this machine.
    pub(crate) fn on(self, backend: Backend, n_local: usize) -> Result<Self, Error> {
        let Some((device, free)) = device::open(backend, n_local)? else { return Ok(self) };
        let settings = Settings { device: Some(free), ..self.settings };
        Ok(Resolved { estimate: engine::estimate(&self.plan.network, &settings), settings, device: Some(device), ..self })
    }

    /// Builds this process's part of the network where it will run.
    pub(crate) fn build(&self, comm: &Rc<dyn Comm>, probes: &[Probe], progress: &(dyn Fn(f64) + Sync)) -> Result<Simulation, Error> {
        let (network, settings) = (&self.plan.network, &self.settings);
        Ok(match &self.device {
            Some(device) => Simulation::build_on_device(device, comm, network, settings, probes, progress)?,
            None => Simulation::build_on(comm, network, settings, probes, progress)?,
        })
    }

    /// Refuses what needs more memory than this machine has for the ranks on it; passes where the system does not tell.
    pub(crate) fn fits(&self, comm: &dyn Comm) -> Result<(), Error> {
        let fits = |terms: &[(String, f64)], parts: usize, memory: &'static str, available: Option<u64>| {
            let needed = terms.iter().map(|term| term.1).sum::<f64>() * parts as f64 / comm.size() as f64;
            match available {
                Some(available) if needed > available as f64 => Err(Error::DoesNotFit {
                    what: self.plan.name.clone(),
                    memory,
                    needed: bytes(needed),
                    available: bytes(available as f64),
                    largest: terms.first().map_or_else(String::new, |(what, n)| format!("{what} with {}", bytes(*n))),
                }),
                _ => Ok(()),
            }
        };
        fits(&self.estimate.device_terms, 1, "device memory", self.settings.device)?;
        fits(&self.estimate.terms, comm.n_local(), "memory", engine::process::available_bytes())
    }
}
