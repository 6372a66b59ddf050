//! `run`: from a scenario to a folder of results.

use std::ops::ControlFlow;

use engine::{Account, Block, Estimate, Phases, Simulation};
use scenarios::Plan;

use super::Ending;
use super::args::RunArgs;
use super::clock::Clock;
use super::error::Error;
use super::folder::{Folder, names};
use super::progress::Progress;
use super::ranks::Ranks;
use super::rates::region_sizes;
use super::recorder::{Counted, Recorder};
use super::resolve::{Resolved, resolve};
use super::signals::Signals;
use super::summary::{self, PopulationSummary, RankSummary, RegionSummary, Summary};
use super::table::{bytes, count, short};
use super::{page, states};
use crate::analysis::PopulationStatistics;

/// Runs a scenario.
pub(crate) fn run(args: &RunArgs) -> Result<Ending, Error> {
    let ranks = Ranks::join()?;
    ranks.end(on_ranks(args, &ranks))
}

fn on_ranks(args: &RunArgs, ranks: &Ranks) -> Result<Ending, Error> {
    let progress = Progress::new(args.quiet || !ranks.leads());
    progress.begin("load");
    let resolved = ranks.together(fitting(args, ranks))?;
    progress.end(&loaded(&resolved.plan, &resolved.estimate));

    let signals = Signals::listen();
    let folder = ranks.on_first(|| Folder::lock(args.out.as_ref().unwrap_or(&resolved.plan.output)))?;
    if let Some(folder) = folder.as_ref().filter(|folder| folder.holds_a_run()) {
        progress.line(&format!("          replaces the run in {}", folder.path().display()));
    }
    let ending = into_folder(&resolved, ranks, folder.as_ref(), &progress, &signals)?;
    if let (Some(folder), false) = (folder, args.quiet || args.no_report) {
        progress.begin("report");
        page::write(folder.path(), &folder.path().join(names::PAGE))?;
        progress.end(&folder.path().join(names::PAGE).display().to_string());
    }
    Ok(ending)
}

/// What was asked for, if the ranks on this machine have room for it.
fn fitting(args: &RunArgs, ranks: &Ranks) -> Result<Resolved, Error> {
    let resolved = resolve(&args.scenario, ranks.comm().n_local())?;
    resolved.fits(&**ranks.comm())?;
    Ok(resolved)
}

/// Runs a plan into the folder of rank 0. After an error what lay there is as it was.
pub(super) fn into_folder(
    resolved: &Resolved,
    ranks: &Ranks,
    folder: Option<&Folder>,
    progress: &Progress,
    signals: &Signals,
) -> Result<Ending, Error> {
    let ending = simulate(resolved, ranks, folder, (progress, signals));
    if let (Err(_), Some(folder)) = (&ending, folder) {
        // The error that matters is the first one.
        let _ = folder.remove_partial();
    }
    ending
}

/// Builds, steps, records, sums up.
fn simulate(resolved: &Resolved, ranks: &Ranks, folder: Option<&Folder>, show: (&Progress, &Signals)) -> Result<Ending, Error> {
    let (progress, signals) = show;
    let plan = &resolved.plan;
    engine::process::restart_peak_rss();
    let cpu_seconds = engine::process::cpu_seconds();
    let probes = states::probes(plan, Clock::new(plan.simulation.dt));
    progress.begin("build");
    let mut simulation = ranks.together(resolved.build(ranks.comm(), &probes, &|fraction| progress.at(fraction)))?;
    let build_seconds = progress.end(&built(&account(&simulation, ranks, 0.0)?));
    if let Some(stop) = ranks.stopped(signals.received())? {
        return Ok(Ending::Stopped(stop));
    }

    progress.begin("simulate");
    let recorder = ranks.together(folder.map(|folder| Recorder::create(folder, plan, &probes, show)).transpose())?;
    let (folder, mut recorder) = match (folder, recorder) {
        (Some(folder), Some(recorder)) => (folder, recorder),
        _ => return follow(&mut simulation, plan, ranks, cpu_seconds),
    };
    simulation.run(plan.simulation.steps, &mut recorder)?;
    let simulate_seconds = progress.seconds();
    let accounts = account(&simulation, ranks, cpu_seconds)?;
    let counted = ranks.together(recorder.finish(folder))?;
    let summary = summarise(resolved, &simulation, &accounts, &counted, [build_seconds, simulate_seconds]);
    progress.end(&simulated(&summary));
    if ranks.size() > 1 {
        let every = short(simulation.min_delay_between_ranks() as f64 * plan.simulation.dt);
        progress.line(&format!("   ranks  {}, every {every} ms{}", accounts.len(), balance(&accounts)));
    }
    folder.write(names::PLAN, plan.to_toml().as_bytes())?;
    folder.write(names::REPORT, summary.to_json().as_bytes())?;
    if let Some(stop) = counted.stopped {
        let (done, asked) = (simulation.time(), plan.simulation.duration);
        progress.line(&format!(" stopped  after {done} of {asked} ms; what was recorded is in {}", folder.path().display()));
        return Ok(Ending::Stopped(stop));
    }
    Ok(Ending::Done)
}

/// The part of a rank that is not the first: it steps, and rank 0 sees and writes what happens.
fn follow(simulation: &mut Simulation, plan: &Plan, ranks: &Ranks, cpu_seconds: f64) -> Result<Ending, Error> {
    simulation.run(plan.simulation.steps, &mut |_: &Block| ControlFlow::Continue(()))?;
    account(simulation, ranks, cpu_seconds)?;
    ranks.together(Ok(Ending::Done))
}

fn built(accounts: &[Account]) -> String {
    let total = |figure: fn(&Account) -> u64| accounts.iter().map(figure).sum::<u64>() as f64;
    format!("{} synapses, {}", count(total(|a| a.synapses)), bytes(total(|a| a.bytes)))
}

/// What every rank has spent since it had spent `cpu_seconds`: a process may make several runs.
fn account(simulation: &Simulation, ranks: &Ranks, cpu_seconds: f64) -> Result<Vec<Account>, Error> {
    let mut account = Account::of(simulation);
    account.cpu_seconds -= cpu_seconds;
    Ok(account.gather(&**ranks.comm())?)
}

/// How much of their time ranks wait, and for whom: the one that waits least is the one they wait for.
fn balance(accounts: &[Account]) -> String {
    let waits = |account: &Account| account.phases.communicate;
    let works = |account: &Account| account.phases.update + account.phases.deliver;
    let total: f64 = accounts.iter().map(|a| waits(a) + works(a) + a.phases.record).sum();
    let mean = accounts.iter().map(works).sum::<f64>() / accounts.len() as f64;
    let slowest = accounts.iter().enumerate().max_by(|a, b| works(a.1).total_cmp(&works(b.1)));
    let (rank, most) = slowest.map_or((0, 0.0), |(rank, account)| (rank, works(account)));
    format!(
        ": {} % of the time exchanging and waiting; rank {rank} has most to do, {} times the mean",
        short(100.0 * accounts.iter().map(waits).sum::<f64>() / total),
        short(most / mean),
    )
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
pub(super) fn summarise(
    resolved: &Resolved,
    simulation: &Simulation,
    accounts: &[Account],
    counted: &Counted,
    seconds: [f64; 2],
) -> Summary {
    let Resolved { plan, settings, .. } = resolved;
    let total = |figure: fn(&Account) -> u64| accounts.iter().map(figure).sum::<u64>();
    let mean = |figure: fn(&Account) -> f64| accounts.iter().map(figure).sum::<f64>() / accounts.len() as f64;
    let statistics = counted.statistics.finish(simulation.time());
    let biological_seconds = simulation.time() / 1000.0;
    let per = |total: u64, n: u64| if n > 0 { total as f64 / n as f64 } else { 0.0 };
    let (n_neurons, n_synapses, synapse_bytes) = (simulation.n_neurons(), total(|a| a.synapses), total(|a| a.synapse_bytes));
    Summary {
        neurons: n_neurons,
        synapses: n_synapses,
        bytes_per_synapse: per(synapse_bytes, n_synapses),
        bytes_per_neuron: per(total(|a| a.bytes).saturating_sub(synapse_bytes), n_neurons),
        build_seconds: seconds[0],
        simulate_seconds: seconds[1],
        biological_seconds,
        realtime_factor: seconds[1] / biological_seconds,
        phases: phases(Phases {
            update: mean(|a| a.phases.update),
            deliver: mean(|a| a.phases.deliver),
            communicate: mean(|a| a.phases.communicate),
            record: mean(|a| a.phases.record),
        }),
        cpu_seconds: accounts.iter().map(|a| a.cpu_seconds).sum(),
        synaptic_events: total(|a| a.synaptic_events),
        spikes: counted.spikes,
        peak_rss_bytes: total(|a| a.peak_rss_bytes),
        spike_checksum: counted.checksum.to_string(),
        ranks: accounts.len() as u32,
        per_rank: accounts.iter().map(rank).collect(),
        threads: settings.threads,
        backend: if resolved.device.is_some() { "cuda" } else { "cpu" }.into(),
        seed: settings.seed,
        populations: plan.network.populations.iter().zip(&statistics).map(|(p, s)| (p.name.clone(), population(s))).collect(),
        regions: regions(plan, &statistics),
    }
}

fn phases(Phases { update, deliver, communicate, record }: Phases) -> summary::Phases {
    summary::Phases { update, deliver, communicate, record }
}

fn rank(account: &Account) -> RankSummary {
    RankSummary { phases: phases(account.phases), cpu_seconds: account.cpu_seconds, peak_rss_bytes: account.peak_rss_bytes }
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
