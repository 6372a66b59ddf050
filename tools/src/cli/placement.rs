//! `check --ranks`: how a network would lie on many processes.

use std::fmt::Write;
use std::path::Path;

use connectome::network::Network;
use connectome::partition::{ASSUMED_RATE, Costs, Group, Load, Partition, partition};

use super::error::Error;
use super::resolve::Resolved;
use super::summary::Summary;
use super::table::{Table, bytes, count, short};

/// Rows of ranks that are listed.
const LISTED: usize = 24;
/// Regions that are named in a row.
const NAMED: usize = 4;

/// Placement, memory and traffic per rank, and how uneven they are.
pub(super) fn describe(resolved: &Resolved, ranks: usize, rates: Option<&Path>) -> Result<String, Error> {
    let network = &resolved.plan.network;
    let rates = self::rates(network, rates)?;
    let partition = partition(network, &rates, ranks, &Costs::at(resolved.plan.simulation.dt));
    let mut text = String::new();
    let mut table = Table::new(&["rank", "holds", ">neurons", ">synapses", ">memory, about", ">cost", ">spikes in, 1/s"]);
    let mean = partition.groups().iter().zip(partition.loads()).map(|(g, l)| g.count as f64 * l.cost).sum::<f64>() / ranks as f64;
    let rows = partition.groups().iter().zip(partition.loads());
    for (group, load) in rows.clone().take(LISTED) {
        table.row([
            numbers(group),
            contents(resolved, &partition, group),
            count(load.neurons),
            count(load.synapses),
            bytes(memory(resolved, load)),
            short(load.cost / mean),
            short(load.received),
        ]);
    }
    // Writing to a string cannot fail.
    let _ = write!(text, "{table}");
    let listed: usize = partition.groups().iter().take(LISTED).map(|g| g.count).sum();
    if listed < ranks {
        let _ = writeln!(text, "  and {} more ranks", count((ranks - listed) as f64));
    }
    let most = |figure: &dyn Fn(&Load) -> f64| rows.clone().map(|(_, load)| figure(load)).fold(0.0, f64::max);
    let mut facts = Table::new(&["", ">"]);
    facts.row(["ranks", &count(ranks as f64)]);
    facts.row(["imbalance of cost, largest over mean", &short(partition.imbalance())]);
    facts.row(["most memory of a rank, about", &bytes(most(&|load| memory(resolved, load)))]);
    facts.row(["most spikes into a rank, 1/s", &short(most(&|load| load.received))]);
    facts.row(["spikes between ranks in all, 1/s", &short(partition.traffic())]);
    facts.row(["the same, neurons dealt out one by one", &short(partition.round_robin_traffic())]);
    let _ = write!(text, "{facts}");
    Ok(text)
}

/// The expected rate of each population in 1/s: that of a run, where there is one.
pub(super) fn rates(network: &Network, run: Option<&Path>) -> Result<Vec<f64>, Error> {
    let known = run.map(Summary::read).transpose()?.unwrap_or_default().populations;
    Ok(network.populations.iter().map(|p| known.get(&p.name).map_or(ASSUMED_RATE, |s| s.rate)).collect())
}

/// Memory goes with synapses, or with neurons where there are none.
fn memory(resolved: &Resolved, load: &Load) -> f64 {
    let estimate = &resolved.estimate;
    let part = if estimate.synapses > 0.0 { load.synapses / estimate.synapses } else { load.neurons / estimate.neurons as f64 };
    estimate.bytes() * part
}

fn numbers(group: &Group) -> String {
    if group.count == 1 { group.first.to_string() } else { format!("{}-{}", group.first, group.first + group.count - 1) }
}

/// The regions on a rank, the largest parts first: `V1, V2 30 %`.
fn contents(resolved: &Resolved, partition: &Partition, group: &Group) -> String {
    let network = &resolved.plan.network;
    let mut content = group.content.clone();
    content.sort_by(|a, b| b.1.total_cmp(&a.1));
    let name = |&(block, fraction): &(usize, f64)| {
        let (region, populations) = partition.region_of_block(block);
        let name = region.map_or_else(|| &network.populations[populations[0]].name, |r| &network.regions[r]);
        if fraction > 1.0 - 1e-9 { name.clone() } else { format!("{name} {} %", short(100.0 * fraction)) }
    };
    let mut names: Vec<String> = content.iter().take(NAMED).map(name).collect();
    if content.len() > NAMED {
        names.push(format!("{} more", content.len() - NAMED));
    }
    names.join(", ")
}
