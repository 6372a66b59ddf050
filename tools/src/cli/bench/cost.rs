//! What a case of a benchmark cost, and the figures that follow from it.

use std::fs;
use std::thread;

use serde::Serialize;

use crate::cli::summary::Summary;

/// What one case cost. Everything but the checksum is about the time after the warm-up.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Cost {
    /// Name of the benchmark.
    pub(crate) benchmark: &'static str,
    /// Name of the case.
    pub(crate) case: &'static str,
    /// `--scale`.
    pub(crate) scale: f64,
    /// The machine when the case began.
    pub(crate) machine: Machine,
    /// CPU time of building, all threads.
    pub(crate) build_cpu_seconds: f64,
    /// CPU time of simulating, all threads.
    pub(crate) simulate_cpu_seconds: f64,
    /// Steps that every neuron made.
    pub(crate) steps: u64,
    /// What follows from these.
    pub(crate) rates: Rates,
    /// The keys of `report.json`.
    #[serde(flatten)]
    pub(crate) summary: Summary,
}

/// How large and how busy the machine is: without it a wall time says nothing.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Machine {
    /// Runnable threads, mean of the last 1, 5 and 15 minutes; 0 where the system does not tell.
    pub(crate) load: [f64; 3],
    /// Processors that this process may use.
    pub(crate) processors: usize,
}

/// Figures for comparing networks and machines; 0 where nothing happened.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Rates {
    /// CPU time of all threads over biological time.
    pub(crate) cpu_seconds_per_biological_second: f64,
    /// Synapses built per CPU second.
    pub(crate) synapses_per_cpu_second: f64,
    /// Synaptic events per second of wall time.
    pub(crate) events_per_second: f64,
    /// Synaptic events per CPU second of simulating, everything included.
    pub(crate) events_per_core_second: f64,
    /// Wall time that a thread, or the device, spends delivering one synaptic event.
    pub(crate) ns_per_event: f64,
    /// Wall time that a thread, or the device, spends updating one neuron by one step, its stimuli included.
    pub(crate) ns_per_neuron_step: f64,
    /// Wall time of a step of the whole network.
    pub(crate) ms_per_step: f64,
    /// CPU time of simulating, everything included, per neuron and step.
    pub(crate) cpu_ns_per_neuron_step: f64,
}

impl Machine {
    /// As it is now.
    pub(crate) fn now() -> Self {
        let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let mut means = text.split_whitespace().map(|word| word.parse().unwrap_or(0.0));
        Machine {
            load: std::array::from_fn(|_| means.next().unwrap_or(0.0)),
            processors: thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

impl Rates {
    /// Computes all from what was counted.
    pub(crate) fn of(cost: &Cost) -> Self {
        let s = &cost.summary;
        let events = s.synaptic_events as f64;
        // A device is one that works, however many threads have built its network.
        let threads = if s.backend == "cuda" { 1.0 } else { s.threads as f64 };
        let neuron_steps = s.neurons as f64 * cost.steps as f64;
        Rates {
            cpu_seconds_per_biological_second: ratio(cost.simulate_cpu_seconds, s.biological_seconds),
            synapses_per_cpu_second: ratio(s.synapses as f64, cost.build_cpu_seconds),
            events_per_second: ratio(events, s.simulate_seconds),
            events_per_core_second: ratio(events, cost.simulate_cpu_seconds),
            ns_per_event: 1e9 * ratio(s.phases.deliver * threads, events),
            ns_per_neuron_step: 1e9 * ratio(s.phases.update * threads, neuron_steps),
            ms_per_step: 1e3 * ratio(s.simulate_seconds, cost.steps as f64),
            cpu_ns_per_neuron_step: 1e9 * ratio(cost.simulate_cpu_seconds, neuron_steps),
        }
    }
}

/// `a / b`, 0 where `b` is.
pub(crate) fn ratio(a: f64, b: f64) -> f64 {
    if b > 0.0 { a / b } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_follow_from_counts_and_nothing_is_divided_by_nothing() {
        let mut cost = Cost { build_cpu_seconds: 2.0, simulate_cpu_seconds: 4.0, steps: 1000, ..Cost::default() };
        cost.summary = Summary { neurons: 10, synapses: 100, synaptic_events: 8_000, threads: 2, ..Summary::default() };
        cost.summary.biological_seconds = 0.5;
        cost.summary.simulate_seconds = 1.0;
        cost.summary.phases.deliver = 0.25;
        cost.summary.phases.update = 0.5;
        let rates = Rates::of(&cost);
        assert_eq!((rates.cpu_seconds_per_biological_second, rates.synapses_per_cpu_second), (8.0, 50.0));
        assert_eq!((rates.events_per_second, rates.events_per_core_second), (8_000.0, 2_000.0));
        assert_eq!((rates.ns_per_event, rates.ns_per_neuron_step, rates.cpu_ns_per_neuron_step), (62_500.0, 100_000.0, 400_000.0));
        assert_eq!(rates.ms_per_step, 1.0);
        cost.summary.backend = "cuda".into();
        assert_eq!((Rates::of(&cost).ns_per_event, Rates::of(&cost).ns_per_neuron_step), (31_250.0, 50_000.0));
        assert_eq!(Rates::of(&Cost::default()).ns_per_event, 0.0);
    }
}
