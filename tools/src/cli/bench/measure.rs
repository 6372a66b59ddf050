//! Building and stepping one case with the clock running.

use engine::comm::Alone;
use engine::{Account, Phases, Simulation};

use super::cases::Case;
use super::cost::{Cost, Machine, Rates, ratio};
use crate::cli::error::Error;
use crate::cli::folder::Folder;
use crate::cli::progress::Progress;
use crate::cli::recorder::{Counted, Recorder};
use crate::cli::resolve::Resolved;
use crate::cli::run::summarise;
use crate::cli::signals::Signals;
use crate::cli::summary;

/// What had been spent when the warm-up was over.
struct Spent {
    phases: Phases,
    synaptic_events: u64,
    steps: u64,
    cpu_seconds: f64,
}

impl Spent {
    fn so_far(simulation: &Simulation) -> Self {
        // First, since events that a device has counted too early are made anew to be taken off.
        let cpu_seconds = engine::process::cpu_seconds();
        let (phases, synaptic_events, steps) = (simulation.phases(), simulation.synaptic_events(), simulation.step());
        Spent { phases, synaptic_events, steps, cpu_seconds }
    }
}

/// Builds `case`, runs its warm-up, then measures the rest. Records into `folder` what a run records.
pub(crate) fn measure(case: &Case, resolved: &Resolved, folder: &Folder, show: (&Progress, &Signals)) -> Result<Cost, Error> {
    let plan = &resolved.plan;
    let (progress, signals) = show;
    let machine = Machine::now();
    let before_build = engine::process::cpu_seconds();
    progress.begin("build");
    let mut simulation = resolved.build(&Alone::comm(), &[], &|fraction| progress.at(fraction))?;
    let build_seconds = progress.end("");
    let build_cpu_seconds = engine::process::cpu_seconds() - before_build;

    let mut recorder = Recorder::create(folder, plan, &[], &[], show)?;
    let (warmup, steps) = if case.only_builds() { (0, 0) } else { (plan.simulation.warmup_steps, plan.simulation.steps) };
    if warmup > 0 {
        progress.begin("warm up");
        simulation.run(warmup, &mut recorder)?;
        progress.end("");
    }
    let spent = Spent::so_far(&simulation);
    progress.begin("simulate");
    if steps > warmup && signals.received().is_none() {
        simulation.run(steps - warmup, &mut recorder)?;
    }
    let simulate_seconds = progress.end("");
    let counted = recorder.finish(folder)?;
    let mut cost = Cost { case: case.name, machine, build_cpu_seconds, ..Cost::default() };
    cost.summary = summarise(resolved, &simulation, &[Account::of(&simulation)], &counted, [build_seconds, simulate_seconds]);
    take_off_warmup(&mut cost, &spent, &simulation, &counted);
    cost.rates = Rates::of(&cost);
    Ok(cost)
}

/// Leaves in `cost` what was spent and counted after the warm-up.
fn take_off_warmup(cost: &mut Cost, spent: &Spent, simulation: &Simulation, counted: &Counted) {
    let total = Spent::so_far(simulation);
    cost.steps = total.steps - spent.steps;
    cost.simulate_cpu_seconds = total.cpu_seconds - spent.cpu_seconds;
    let dt_seconds = ratio(simulation.time() / 1000.0, simulation.step() as f64);
    let summary = &mut cost.summary;
    summary.biological_seconds = cost.steps as f64 * dt_seconds;
    summary.realtime_factor = ratio(summary.simulate_seconds, summary.biological_seconds);
    summary.synaptic_events = total.synaptic_events - spent.synaptic_events;
    summary.spikes = counted.statistics.spikes().iter().sum();
    summary.phases = summary::Phases {
        update: total.phases.update - spent.phases.update,
        deliver: total.phases.deliver - spent.phases.deliver,
        communicate: total.phases.communicate - spent.phases.communicate,
        record: total.phases.record - spent.phases.record,
    };
    if cost.steps == 0 {
        summary.simulate_seconds = 0.0;
        // A rate over no time is no number, and JSON has none of those.
        summary.populations.values_mut().for_each(|p| p.rate = 0.0);
        summary.regions.values_mut().for_each(|r| r.rate = 0.0);
    }
}
