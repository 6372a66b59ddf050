//! `run`: from a scenario to a folder of results.

use engine::{Estimate, Phases, Simulation};
use scenarios::Plan;

use super::Ending;
use super::args::{Backend, RunArgs};
use super::clock::Clock;
use super::error::Error;
use super::folder::{Folder, names};
use super::progress::Progress;
use super::rates::region_sizes;
use super::recorder::{Counted, Recorder};
use super::resolve::{Resolved, resolve};
use super::signals::Signals;
use super::summary::{self, PopulationSummary, RegionSummary, Summary};
use super::table::{bytes, count, short};
use super::{launcher, page, states};
use crate::analysis::PopulationStatistics;

/// Runs a scenario.
pub(crate) fn run(args: &RunArgs) -> Result<Ending, Error> {
    launcher::refuse_many_processes(|name| std::env::var(name).ok())?;
    if args.backend == Backend::Cuda {
        return Err(Error::NoCuda);
    }
    let progress = Progress::new(args.quiet);
    progress.begin("load");
    let resolved = resolve(&args.scenario)?;
    resolved.fits()?;
    progress.end(&loaded(&resolved.plan, &resolved.estimate));

    let signals = Signals::listen();
    let folder = Folder::lock(args.out.as_ref().unwrap_or(&resolved.plan.output))?;
    if folder.holds_a_run() {
        progress.line(&format!("          replaces the run in {}", folder.path().display()));
    }
    let ending = into_folder(&resolved, &folder, &progress, &signals)?;
    if !(args.quiet || args.no_report) {
        progress.begin("report");
        page::write(folder.path(), &folder.path().join(names::PAGE))?;
        progress.end(&folder.path().join(names::PAGE).display().to_string());
    }
    Ok(ending)
}

/// Runs a plan into a folder. After an error what lay there is as it was.
pub(super) fn into_folder(resolved: &Resolved, folder: &Folder, progress: &Progress, signals: &Signals) -> Result<Ending, Error> {
    let ending = simulate(resolved, folder, progress, signals);
    if ending.is_err() {
        // The error that matters is the first one.
        let _ = folder.remove_partial();
    }
    ending
}

/// Builds, steps, records, sums up.
fn simulate(resolved: &Resolved, folder: &Folder, progress: &Progress, signals: &Signals) -> Result<Ending, Error> {
    let Resolved { plan, settings, .. } = resolved;
    engine::process::restart_peak_rss();
    let cpu_seconds = engine::process::cpu_seconds();
    let probes = states::probes(plan, Clock::new(plan.simulation.dt));
    progress.begin("build");
    let mut simulation = Simulation::build(&plan.network, settings, &probes, &|fraction| progress.at(fraction))?;
    let built = format!("{} synapses, {}", count(simulation.n_synapses() as f64), bytes(simulation.bytes() as f64));
    let build_seconds = progress.end(&built);
    if let Some(stop) = signals.received() {
        return Ok(Ending::Stopped(stop));
    }

    progress.begin("simulate");
    let mut recorder = Recorder::create(folder, plan, &probes, (progress, signals))?;
    simulation.run(plan.simulation.steps, &mut recorder)?;
    let simulate_seconds = progress.seconds();
    let counted = recorder.finish(folder)?;
    let mut summary = summarise(resolved, &simulation, &counted, [build_seconds, simulate_seconds]);
    // Only what this run took: a process may make several.
    summary.cpu_seconds -= cpu_seconds;
    progress.end(&simulated(&summary));
    folder.write(names::PLAN, plan.to_toml().as_bytes())?;
    folder.write(names::REPORT, summary.to_json().as_bytes())?;
    if let Some(stop) = counted.stopped {
        let (done, asked) = (simulation.time(), plan.simulation.duration);
        progress.line(&format!(" stopped  after {done} of {asked} ms; what was recorded is in {}", folder.path().display()));
        return Ok(Ending::Stopped(stop));
    }
    Ok(Ending::Done)
}

fn loaded(plan: &Plan, estimate: &Estimate) -> String {
    let brain = plan.connectome.as_ref().map_or_else(String::new, |c| format!("{}, ", c.name));
    let (neurons, synapses) = (count(estimate.neurons as f64), count(estimate.synapses));
    format!("{}: {brain}{neurons} neurons, about {synapses} synapses, {}", plan.name, bytes(estimate.bytes()))
}

fn simulated(summary: &Summary) -> String {
    let rate = summary.spikes as f64 / (summary.neurons as f64 * summary.biological_seconds);
    let (spikes, factor) = (count(summary.spikes as f64), short(summary.realtime_factor));
    format!("{} s of biological time, real-time factor {factor}, {spikes} spikes, mean rate {}/s", summary.biological_seconds, short(rate))
}

/// What `report.json` says of a simulation that is over; `seconds` are those of building and of simulating.
pub(super) fn summarise(resolved: &Resolved, simulation: &Simulation, counted: &Counted, seconds: [f64; 2]) -> Summary {
    let Resolved { plan, settings, .. } = resolved;
    let Phases { update, deliver, communicate, record } = simulation.phases();
    let statistics = counted.statistics.finish(simulation.time());
    let biological_seconds = simulation.time() / 1000.0;
    let per = |total: u64, n: u64| if n > 0 { total as f64 / n as f64 } else { 0.0 };
    let (n_neurons, n_synapses, synapse_bytes) = (simulation.n_neurons(), simulation.n_synapses(), simulation.synapse_bytes());
    Summary {
        neurons: n_neurons,
        synapses: n_synapses,
        bytes_per_synapse: per(synapse_bytes, n_synapses),
        bytes_per_neuron: per(simulation.bytes().saturating_sub(synapse_bytes), n_neurons),
        build_seconds: seconds[0],
        simulate_seconds: seconds[1],
        biological_seconds,
        realtime_factor: seconds[1] / biological_seconds,
        phases: summary::Phases { update, deliver, communicate, record },
        cpu_seconds: engine::process::cpu_seconds(),
        synaptic_events: simulation.synaptic_events(),
        spikes: counted.spikes,
        peak_rss_bytes: engine::process::peak_rss_bytes(),
        spike_checksum: counted.checksum.to_string(),
        ranks: 1,
        threads: settings.threads,
        backend: "cpu".into(),
        seed: settings.seed,
        populations: plan.network.populations.iter().zip(&statistics).map(|(p, s)| (p.name.clone(), population(s))).collect(),
        regions: regions(plan, &statistics),
    }
}

fn population(s: &PopulationStatistics) -> PopulationSummary {
    PopulationSummary { neurons: s.neurons, rate: s.rate, cv_isi: s.cv_isi }
}

/// Mean rates of the neurons of each region that has any.
fn regions(plan: &Plan, statistics: &[PopulationStatistics]) -> std::collections::BTreeMap<String, RegionSummary> {
    let sizes = region_sizes(&plan.network);
    let mut rates = vec![0.0; sizes.len()];
    for (population, s) in plan.network.populations.iter().zip(statistics) {
        if let Some(region) = population.region {
            rates[region] += s.rate * s.neurons as f64 / sizes[region].max(1) as f64;
        }
    }
    let named = plan.network.regions.iter().zip(rates).zip(&sizes).filter(|(_, size)| **size > 0);
    named.map(|((label, rate), _)| (label.clone(), RegionSummary { rate })).collect()
}
