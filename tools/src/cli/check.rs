//! `check`: what a scenario needs, before any of it is taken.

use std::fmt::Write;

use super::resolve::Resolved;
use super::table::{Table, bytes, count, duration, short};

/// Neurons, synapses, memory and the largest terms of it.
pub(crate) fn describe(resolved: &Resolved) -> String {
    let Resolved { plan, settings, estimate, device } = resolved;
    let network = &plan.network;
    let mut text = format!("{}{}\n", plan.name, plan.variant.as_ref().map_or_else(String::new, |v| format!(", variant {v}")));
    let mut facts = Table::new(&["", ">"]);
    let brain =
        plan.connectome.as_ref().map(|c| format!("{} ({} regions, {} tracts)", c.name, count(c.n() as f64), count(c.n_tracts() as f64)));
    facts.row(["connectome", brain.as_deref().unwrap_or("none")]);
    facts.row(["populations", &count(network.populations.len() as f64)]);
    facts.row(["projections", &count(network.projections.len() as f64)]);
    facts.row(["neurons", &count(estimate.neurons as f64)]);
    facts.row(["synapses", &count(estimate.synapses)]);
    for (class, n) in estimate.classes.iter().filter(|(_, n)| **n > 0.0) {
        let bytes = short(class.bytes_per_synapse());
        facts.row([&format!("  {} ({bytes} B each)", class.name()), &count(*n)]);
    }
    facts.row(["steps", &format!("{} of {} ms", count(plan.simulation.steps as f64), plan.simulation.dt)]);
    facts.row(["biological time", &duration(plan.simulation.duration / 1000.0)]);
    facts.row(["threads", &settings.threads.to_string()]);
    if let Some(device) = device {
        facts.row(["device", &device.name()]);
    }
    // Writing to a string cannot fail.
    let _ = write!(text, "{facts}{}", memory("memory", &estimate.terms, engine::process::available_bytes()));
    if device.is_some() {
        let _ = write!(text, "{}", memory("device memory", &estimate.device_terms, settings.device));
    }
    text
}

/// What memory goes to.
fn memory(title: &str, terms: &[(String, f64)], available: Option<u64>) -> Table {
    let mut table = Table::new(&[title, ">"]);
    for (what, size) in terms {
        table.row([what.as_str(), &bytes(*size)]);
    }
    table.row(["in all", &bytes(terms.iter().map(|term| term.1).sum())]);
    if let Some(available) = available {
        table.row(["available here", &bytes(available as f64)]);
    }
    table
}
