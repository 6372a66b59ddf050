//! `run`: from a scenario to a folder of results.

use engine::{Account, Estimate, Phases, Simulation};
use models::units::Millis;
use scenarios::Plan;

use super::Ending;
use super::args::RunArgs;
use super::checkpoint::{Keeper, run_folder};
use super::clock::Clock;
use super::error::Error;
use super::folder::{Folder, names};
use super::live::Views;
use super::progress::Progress;
use super::ranks::Ranks;
use super::rates::region_sizes;
use super::recorder::{Counted, Recorder};
use super::resolve::{Resolved, resolve};
use super::running::Running;
use super::signals::{Signals, Stop};
use super::summary::{self, PopulationSummary, RankSummary, RegionSummary, Summary};
use super::table::{bytes, count, short};
use super::{device, page, states};
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
    if let Some(device) = &resolved.device {
        let numbers = ranks.comm().gather(&[device.number() as u64])?.concat();
        progress.line(&format!("  device  {}", device::describe(device, &numbers)));
    }

    let signals = Signals::listen();
    let (run, checkpoint) = match &args.resume {
        Some(given) => ranks.together(run_folder(given)).map(|(run, checkpoint)| (run, Some(checkpoint)))?,
        None => (args.out.as_ref().unwrap_or(&resolved.plan.output).clone(), None),
    };
    let folder = ranks.on_first(|| Folder::lock(&run))?;
    let described = (&resolved.plan, &resolved.settings);
    let mut keeper = Keeper::open(described, ranks, &run, checkpoint.as_deref(), args.checkpoint_every)?;
    if let Some(time) = keeper.from() {
        progress.line(&format!("          goes on from {time} in {}", run.display()));
    } else if folder.as_ref().is_some_and(Folder::holds_a_run) {
        progress.line(&format!("          replaces the run in {}", run.display()));
    }
    let views = folder.as_ref().map(|folder| Views::open(args, &resolved, folder.path(), (&progress, &signals))).transpose();
    let views = ranks.together(views)?;
    let ending = with_page(args, (&resolved, ranks), folder.as_ref(), &mut keeper, (&progress, &signals));
    if let Some(views) = views {
        views.close(&ending);
    }
    ending
}

/// Runs a plan, and writes the page of the run where one is wanted.
fn with_page(
    args: &RunArgs,
    (resolved, ranks): (&Resolved, &Ranks),
    folder: Option<&Folder>,
    keeper: &mut Keeper,
    (progress, signals): (&Progress, &Signals),
) -> Result<Ending, Error> {
    let ending = into_folder(resolved, ranks, folder, Some(keeper), (progress, signals))?;
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

/// Runs a plan into the folder of rank 0, with checkpoints where there is a keeper. After an error what lay there is as it was.
pub(super) fn into_folder(
    resolved: &Resolved,
    ranks: &Ranks,
    folder: Option<&Folder>,
    mut keeper: Option<&mut Keeper>,
    show: (&Progress, &Signals),
) -> Result<Ending, Error> {
    let ending = simulate(resolved, ranks, folder, keeper.as_deref_mut(), show);
    if let (Err(_), Some(folder)) = (&ending, folder) {
        // The error that matters is the first one.
        let _ = folder.remove_partial();
        if let Some(run) = keeper.and_then(|keeper| keeper.to_go_on()) {
            show.0.line(&format!("    kept  the last checkpoint: --resume {} goes on from there", run.display()));
        }
    }
    ending
}

/// Builds, steps, records, sums up.
fn simulate(
    resolved: &Resolved,
    ranks: &Ranks,
    folder: Option<&Folder>,
    mut keeper: Option<&mut Keeper>,
    show: (&Progress, &Signals),
) -> Result<Ending, Error> {
    let (progress, signals) = show;
    let plan = &resolved.plan;
    engine::process::restart_peak_rss();
    let cpu_seconds = engine::process::cpu_seconds();
    let probes = states::probes(plan, Clock::new(plan.simulation.dt));
    progress.begin("build");
    let simulation = ranks.together(resolved.build(ranks.comm(), &probes, &|fraction| progress.at(fraction)))?;
    let build_seconds = progress.end(&built(&account(&simulation, ranks, 0.0)?));
    if let Some(stop) = ranks.stopped(signals.received())? {
        return Ok(Ending::Stopped(stop));
    }

    progress.begin("simulate");
    let earlier = keeper.as_ref().map_or_else(Vec::new, |keeper| keeper.pieces());
    let recorder = ranks.together(folder.map(|folder| Recorder::create(folder, plan, &probes, &earlier, show)).transpose())?;
    let mut running = Running { simulation, plan, recorder, ranks, progress, cpu_seconds };
    if let Some(keeper) = keeper.as_deref_mut() {
        keeper.restore(&mut running.simulation, running.recorder.as_mut())?;
    }
    let stop = running.advance(plan.simulation.steps, keeper.as_deref_mut())?;
    let Running { simulation, recorder, .. } = running;
    let simulate_seconds = progress.seconds();
    let accounts = account(&simulation, ranks, cpu_seconds)?;
    let counted = ranks.together(recorder.zip(folder).map(|(recorder, folder)| recorder.finish(folder)).transpose())?;
    if let (Some(counted), Some(folder)) = (counted, folder) {
        let mut summary = summarise(resolved, &simulation, &accounts, &counted, [build_seconds, simulate_seconds]);
        keeper.as_ref().inspect(|keeper| keeper.before().add_to(&mut summary));
        progress.end(&simulated(&summary));
        if ranks.size() > 1 {
            let every = short(simulation.min_delay_between_ranks() as f64 * plan.simulation.dt);
            progress.line(&format!("   ranks  {}, every {every} ms{}", accounts.len(), balance(&accounts)));
        }
        folder.write(names::PLAN, plan.to_toml().as_bytes())?;
        folder.write(names::REPORT, summary.to_json().as_bytes())?;
    }
    let ending = stop.map_or(Ending::Done, Ending::Stopped);
    let keeper = keeper.as_deref();
    ranks.on_first(|| match &ending {
        Ending::Stopped(stop) => {
            progress.line(&stopped(&simulation, plan, folder, keeper.filter(|_| *stop == Stop::Terminate)));
            Ok(())
        }
        _ => keeper.map_or(Ok(()), Keeper::remove),
    })?;
    Ok(ending)
}

fn stopped(simulation: &Simulation, plan: &Plan, folder: Option<&Folder>, keeper: Option<&Keeper>) -> String {
    let (done, asked) = (Millis(simulation.time()), Millis(plan.simulation.duration));
    let recorded = folder.map_or_else(String::new, |folder| format!("; what was recorded is in {}", folder.path().display()));
    let on = keeper.and_then(Keeper::to_go_on).map_or_else(String::new, |run| format!(", and --resume {} goes on", run.display()));
    format!(" stopped  after {done} of {asked}{recorded}{on}")
}

fn built(accounts: &[Account]) -> String {
    let total = |figure: fn(&Account) -> u64| accounts.iter().map(figure).sum::<u64>() as f64;
    format!("{} synapses, {}", count(total(|a| a.synapses)), bytes(total(|a| a.bytes)))
}

/// What every rank has spent since it had spent `cpu_seconds`: a process may make several runs.
pub(super) fn account(simulation: &Simulation, ranks: &Ranks, cpu_seconds: f64) -> Result<Vec<Account>, Error> {
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
        phases: phases(mean_phases(accounts)),
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

pub(super) fn mean_phases(accounts: &[Account]) -> Phases {
    let mean = |figure: fn(&Account) -> f64| accounts.iter().map(figure).sum::<f64>() / accounts.len().max(1) as f64;
    Phases {
        update: mean(|a| a.phases.update),
        deliver: mean(|a| a.phases.deliver),
        communicate: mean(|a| a.phases.communicate),
        record: mean(|a| a.phases.record),
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
