//! The figures as text.

use super::Measured;
use super::clock::Cost;

pub(super) fn text(all: &[Measured]) -> String {
    all.iter().map(one).collect()
}

fn one(m: &Measured) -> String {
    let threads = if m.threads == 1 { "thread" } else { "threads" };
    let mut text =
        format!("{}: {} steps, {} samples, {} {threads}; ms of CPU time (of wall time)\n", m.network, m.steps, m.batch, m.threads);
    let rows = [("training step", m.training_step), ("  forwards", m.forward), ("  backwards", m.backward), ("  optimiser", m.optimizer)];
    rows.into_iter().for_each(|(name, cost)| text += &row(name, cost));
    m.layers.iter().for_each(|(name, cost)| text += &row(&format!("  forwards, {name}"), *cost));
    let trained = &m.evaluation;
    text += &row("evaluation of a batch", trained.batch);
    text += &format!("{:<26}{:>10.0} MB\n", "peak memory of training", m.peak_bytes as f64 * 1e-6);
    text += &format!("nodes fire in {} % of steps before training\n", percent(&m.densities));
    text += &format!("and in {} % after {} training steps on digits, ", percent(&trained.densities), trained.training_steps);
    text + &format!("of which {:.1} % of those for testing are told apart\n\n", 100.0 * trained.accuracy)
}

fn row(name: &str, cost: Cost) -> String {
    format!("{name:<26}{:>10.1} ({:.1})\n", cost.cpu_ms, cost.wall_ms)
}

fn percent(densities: &[f64]) -> String {
    densities.iter().map(|density| format!("{:.1}", 100.0 * density)).collect::<Vec<_>>().join(", ")
}
