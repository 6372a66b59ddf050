//! `scale-model`: what a network would take on many ranks, and how that compares with runs that were made.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::args::ScaleArgs;
use super::error::Error;
use super::folder::write_whole;
use super::placement;
use super::resolve::{Resolved, resolve};
use super::summary::Summary;
use super::table::{Table, count, duration, short};
use crate::scale::{Clocks, Costs, Machine, Model, Prediction, plot};

/// Ranks that are predicted unless others are named.
const RANKS: [usize; 15] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 10_000];

/// The table, after the files that were asked for are written.
pub(crate) fn scale(args: &ScaleArgs) -> Result<String, Error> {
    let resolved = resolve(&args.scenario, 1)?;
    let from = args.from.as_deref().or(args.compare.first().map(PathBuf::as_path));
    let rates = placement::rates(&resolved.plan.network, from)?;
    let delays = delays(&resolved);
    let model = Model {
        network: &resolved.plan.network,
        rates: &rates,
        delays: &delays,
        tract_delay: args.tract_delay_ms.unwrap_or(0.0),
        dt: resolved.plan.simulation.dt,
        threads: args.scenario.threads.map_or(1, usize::from),
        costs: costs(args, from, &resolved)?,
        machine: machine(args),
    };
    if !args.compare.is_empty() {
        return compared(&model, &args.compare);
    }
    let mut ranks = if args.ranks.is_empty() { RANKS.to_vec() } else { args.ranks.clone() };
    ranks.sort_unstable();
    ranks.dedup();
    let [one, two] = [Clocks::One, Clocks::Two].map(|clocks| ranks.iter().map(|ranks| model.predict(*ranks, clocks)).collect::<Vec<_>>());
    if let Some(path) = &args.csv {
        write_whole(path, csv(&one, &two).as_bytes())?;
    }
    if let Some(path) = &args.svg {
        write_whole(path, plot::svg(&resolved.plan.name, &one, &two).as_bytes())?;
    }
    Ok(described(&resolved, &model, &one, &two))
}

/// Shortest delay of each projection in steps.
fn delays(resolved: &Resolved) -> Vec<u32> {
    let described = kernels::wiring::describe(&resolved.plan.network, resolved.settings.dt, resolved.settings.seed);
    described.iter().map(|projection| projection.delay_bounds().0).collect()
}

/// What was typed goes before what a run took, and that before what we measured elsewhere.
fn costs(args: &ScaleArgs, from: Option<&Path>, resolved: &Resolved) -> Result<Costs, Error> {
    let usual = Costs::default();
    let spike = args.spike_ns.unwrap_or(usual.spike);
    let known = match from {
        Some(run) => costs_of(&Summary::read(run)?, resolved.plan.simulation.dt, spike),
        None => usual,
    };
    Ok(Costs { neuron_step: args.neuron_ns.unwrap_or(known.neuron_step), event: args.event_ns.unwrap_or(known.event), spike })
}

/// What the parts of a run cost, if taking in a spike costs `spike` ns on each of its cores, which its delivery includes.
fn costs_of(run: &Summary, dt: f64, spike: f64) -> Costs {
    let cores = f64::from(run.ranks) * run.threads as f64;
    let steps = run.biological_seconds * 1000.0 / dt;
    let each = |ns: f64, n: f64, otherwise: f64| if n > 0.0 { ns.max(0.0) / n } else { otherwise };
    let delivering = cores * (1e9 * run.phases.deliver - spike * run.spikes as f64);
    let usual = Costs::default();
    Costs {
        neuron_step: each(1e9 * cores * run.phases.update, run.neurons as f64 * steps, usual.neuron_step),
        event: each(delivering, run.synaptic_events as f64, usual.event),
        spike,
    }
}

fn machine(args: &ScaleArgs) -> Machine {
    let usual = Machine::default();
    Machine {
        node_ranks: args.node_ranks.unwrap_or(usual.node_ranks),
        node_latency: args.node_latency_us.unwrap_or(usual.node_latency),
        node_bandwidth: args.node_bandwidth_gbs.unwrap_or(usual.node_bandwidth),
        latency: args.latency_us.unwrap_or(usual.latency),
        bandwidth: args.bandwidth_gbs.unwrap_or(usual.bandwidth),
    }
}

fn described(resolved: &Resolved, model: &Model, one: &[Prediction], two: &[Prediction]) -> String {
    let mut text = format!(
        "{}: {} neurons, steps of {} ms; a model, not a measurement\n",
        resolved.plan.name,
        count(resolved.estimate.neurons as f64),
        model.dt
    );
    let (costs, machine) = (model.costs, model.machine);
    let mut facts = Table::new(&["taken for granted", ">"]);
    facts.row(["ns per neuron and step", &short(costs.neuron_step)]);
    facts.row(["ns per synaptic event", &short(costs.event)]);
    facts.row(["ns per spike that a rank takes in", &short(costs.spike)]);
    if model.tract_delay > 0.0 {
        facts.row(["ms that a synapse between groups takes at least", &short(model.tract_delay)]);
    }
    facts.row(["threads of a rank", &model.threads.to_string()]);
    facts.row(["ranks of a node", &machine.node_ranks.to_string()]);
    facts.row(["latency inside a node, between nodes, us", &format!("{}, {}", short(machine.node_latency), short(machine.latency))]);
    facts.row([
        "bandwidth of a rank inside a node, of a node, GB/s",
        &format!("{}, {}", short(machine.node_bandwidth), short(machine.bandwidth)),
    ]);
    let mut table = Table::new(&[
        "ranks",
        ">one clock: step",
        ">waiting",
        ">efficiency",
        ">two clocks: step",
        ">waiting",
        ">efficiency",
        ">exchange every",
        ">x life",
    ]);
    for (one, two) in one.iter().zip(two) {
        let clock = |p: &Prediction| [duration_us(p.step()), percent(p.communicate / p.step()), percent(p.efficiency)];
        let interval = if two.interval.is_finite() { format!("{} ms", short(two.interval)) } else { "never".into() };
        let last = [interval, short(two.realtime_factor)];
        table.row([count(one.ranks as f64)].into_iter().chain(clock(one)).chain(clock(two)).chain(last));
    }
    // Writing to a string cannot fail.
    let _ = write!(text, "{facts}{table}");
    text
}

fn compared(model: &Model, runs: &[PathBuf]) -> Result<String, Error> {
    let mut table = Table::new(&[
        "run",
        ">ranks",
        ">threads",
        ">step: measured",
        ">one clock",
        ">two clocks",
        ">communication: measured",
        ">one clock",
        ">two clocks",
    ]);
    for run in runs {
        let summary = Summary::read(run)?;
        let steps = summary.biological_seconds * 1000.0 / model.dt;
        let of_run = Model { threads: summary.threads, ..*model };
        let [one, two] = [Clocks::One, Clocks::Two].map(|clocks| of_run.predict(summary.ranks as usize, clocks));
        let share = |part: f64, all: f64| percent(if all > 0.0 { part / all } else { 0.0 });
        table.row([
            run.display().to_string(),
            summary.ranks.to_string(),
            summary.threads.to_string(),
            duration_us(1e6 * summary.simulate_seconds / steps),
            duration_us(one.step()),
            duration_us(two.step()),
            share(summary.phases.communicate, summary.simulate_seconds),
            share(one.communicate, one.step()),
            share(two.communicate, two.step()),
        ]);
    }
    Ok(table.to_string())
}

fn csv(one: &[Prediction], two: &[Prediction]) -> String {
    let mut text = String::from("clocks,ranks,compute_us,communicate_us,step_us,efficiency,realtime_factor,interval_ms\n");
    for (clocks, predictions) in [("one", one), ("two", two)] {
        for p in predictions {
            let interval = if p.interval.is_finite() { p.interval.to_string() } else { String::new() };
            let _ = writeln!(
                text,
                "{clocks},{},{},{},{},{},{},{interval}",
                p.ranks,
                p.compute,
                p.communicate,
                p.step(),
                p.efficiency,
                p.realtime_factor
            );
        }
    }
    text
}

fn duration_us(us: f64) -> String {
    if us < 1e3 {
        format!("{} us", short(us))
    } else if us < 1e6 {
        format!("{} ms", short(us / 1e3))
    } else {
        duration(us / 1e6)
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::super::summary::Phases;
    use super::*;

    #[test]
    fn costs_of_a_run_are_core_time_over_work() {
        let phases = Phases { update: 2.0, deliver: 3.0, ..Phases::default() };
        let run = Summary {
            neurons: 1000,
            biological_seconds: 1.0,
            synaptic_events: 1_000_000_000,
            phases,
            ranks: 2,
            threads: 2,
            ..Summary::default()
        };
        let costs = costs_of(&run, 0.1, 250.0);
        assert_eq!((costs.neuron_step, costs.event), (800.0, 12.0));
        // A million spikes, taken in by four cores at 250 ns.
        assert_eq!(costs_of(&Summary { spikes: 1_000_000, ..run }, 0.1, 250.0).event, 11.0);
        assert_eq!(costs_of(&Summary::default(), 0.1, 250.0), Costs::default());
    }

    #[test]
    fn the_help_names_the_defaults() {
        use clap::CommandFactory;
        let mut command = super::super::args::Cli::command();
        let help = command.find_subcommand_mut("scale-model").unwrap().render_help().to_string();
        let (costs, machine) = (Costs::default(), Machine::default());
        let defaults = [
            ("neuron-ns", costs.neuron_step),
            ("event-ns", costs.event),
            ("spike-ns", costs.spike),
            ("node-ranks", machine.node_ranks as f64),
            ("node-latency-us", machine.node_latency),
            ("node-bandwidth-gbs", machine.node_bandwidth),
            (" --latency-us", machine.latency),
            (" --bandwidth-gbs", machine.bandwidth),
        ];
        for (flag, value) in defaults {
            let said = help.split_once(flag).unwrap().1.split_once("[default: ").unwrap().1;
            assert!(said.starts_with(&format!("{value}]")), "{flag} {value}: {said}");
        }
        assert!(help.contains("2, 4, ... 8192, 10000]") && RANKS.ends_with(&[8192, 10_000]));
    }

    #[test]
    fn a_table_for_programs_has_a_row_per_clock_and_number_of_ranks() {
        let p = Prediction { ranks: 8, compute: 1.5, communicate: 0.5, efficiency: 0.75, realtime_factor: 0.02, interval: f64::INFINITY };
        assert_eq!(csv(&[p], &[p]).lines().collect::<Vec<_>>()[1..], ["one,8,1.5,0.5,2,0.75,0.02,", "two,8,1.5,0.5,2,0.75,0.02,"]);
    }
}
