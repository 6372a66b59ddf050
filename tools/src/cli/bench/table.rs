//! What a benchmark prints: a table with a column per case, or JSON.

use std::fmt::Write;

use serde::Serialize;

use super::cases::Benchmark;
use super::cost::{Cost, ratio};
use crate::cli::summary::Summary;
use crate::cli::table::{Table, bytes, count, short};

/// More populations than this are summed up in one line.
const MOST_LISTED: usize = 16;
/// More cases than this do not fit beside each other on a screen.
const MOST_BESIDE: usize = 4;

/// A JSON list with an object per case.
pub(crate) fn json(cases: &[impl Serialize]) -> String {
    let mut text = serde_json::to_string_pretty(cases).expect("numbers, strings and maps of them make JSON");
    text.push('\n');
    text
}

/// Tables for people. Rows are named after the keys of the JSON.
pub(crate) fn text(benchmark: &Benchmark, costs: &[Cost]) -> String {
    let mut text = format!("{}: {}\n", benchmark.name, benchmark.summary);
    if let Some(Cost { machine, .. }) = costs.first() {
        let [one, five, fifteen] = machine.load;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "load of the machine before: {one} {five} {fifteen} on {} processors", machine.processors);
    }
    for beside in costs.chunks(MOST_BESIDE) {
        let columns: Vec<String> = std::iter::once(String::new()).chain(beside.iter().map(|c| format!(">{}", c.case))).collect();
        let mut table = Table::new(&columns.iter().map(String::as_str).collect::<Vec<_>>());
        for (name, cell) in ROWS {
            table.row(std::iter::once((*name).to_owned()).chain(beside.iter().map(cell)));
        }
        let _ = write!(text, "\n{table}");
    }
    let mut activity = Table::new(&["case", "population", ">neurons", ">rate in 1/s", ">cv_isi"]);
    costs.iter().for_each(|cost| add_activity(&mut activity, cost));
    text + "\n" + &activity.to_string()
}

type Cell = fn(&Cost) -> String;

const ROWS: &[(&str, Cell)] = &[
    ("neurons", |c| count(c.summary.neurons as f64)),
    ("synapses", |c| count(c.summary.synapses as f64)),
    ("bytes_per_synapse", |c| short(c.summary.bytes_per_synapse)),
    ("bytes_per_neuron", |c| short(c.summary.bytes_per_neuron)),
    ("peak_rss_bytes", |c| bytes(c.summary.peak_rss_bytes as f64)),
    ("backend", |c| c.summary.backend.clone()),
    ("ranks", |c| c.summary.ranks.to_string()),
    ("threads", |c| c.summary.threads.to_string()),
    ("seed", |c| c.summary.seed.to_string()),
    ("build_seconds", |c| short(c.summary.build_seconds)),
    ("build_cpu_seconds", |c| short(c.build_cpu_seconds)),
    ("synapses_per_cpu_second", |c| short(c.rates.synapses_per_cpu_second)),
    ("biological_seconds", |c| short(c.summary.biological_seconds)),
    ("simulate_seconds", |c| short(c.summary.simulate_seconds)),
    ("realtime_factor", |c| short(c.summary.realtime_factor)),
    ("phases: update", |c| short(c.summary.phases.update)),
    ("phases: deliver", |c| short(c.summary.phases.deliver)),
    ("phases: communicate", |c| short(c.summary.phases.communicate)),
    ("phases: record", |c| short(c.summary.phases.record)),
    ("per biological second: update", |c| per_second(c, c.summary.phases.update)),
    ("per biological second: deliver", |c| per_second(c, c.summary.phases.deliver)),
    ("per biological second: communicate", |c| per_second(c, c.summary.phases.communicate)),
    ("per biological second: record", |c| per_second(c, c.summary.phases.record)),
    ("cpu_seconds", |c| short(c.summary.cpu_seconds)),
    ("simulate_cpu_seconds", |c| short(c.simulate_cpu_seconds)),
    ("cpu_seconds_per_biological_second", |c| short(c.rates.cpu_seconds_per_biological_second)),
    ("spikes", |c| count(c.summary.spikes as f64)),
    ("synaptic_events", |c| count(c.summary.synaptic_events as f64)),
    ("events_per_second", |c| short(c.rates.events_per_second)),
    ("events_per_core_second", |c| short(c.rates.events_per_core_second)),
    ("ns_per_event", |c| short(c.rates.ns_per_event)),
    ("ns_per_neuron_step", |c| short(c.rates.ns_per_neuron_step)),
    ("ms_per_step", |c| short(c.rates.ms_per_step)),
    ("cpu_ns_per_neuron_step", |c| short(c.rates.cpu_ns_per_neuron_step)),
    ("spike_checksum", |c| c.summary.spike_checksum.clone()),
];

fn per_second(cost: &Cost, seconds: f64) -> String {
    short(ratio(seconds, cost.summary.biological_seconds))
}

/// Rates of populations and regions: whether the network did what it should.
fn add_activity(table: &mut Table, cost: &Cost) {
    let Summary { populations, regions, neurons, .. } = &cost.summary;
    let range = |rates: &mut dyn Iterator<Item = f64>| {
        let (least, most) = rates.fold((f64::INFINITY, 0.0), |(lo, hi), rate| (rate.min(lo), rate.max(hi)));
        format!("{} to {}", short(least), short(most))
    };
    if populations.len() > MOST_LISTED {
        let rates = range(&mut populations.values().map(|p| p.rate));
        table.row([cost.case.into(), format!("{} populations", populations.len()), count(*neurons as f64), rates, "-".into()]);
    } else {
        for (name, p) in populations {
            let cv_isi = p.cv_isi.map_or_else(|| "-".into(), short);
            table.row([cost.case.into(), name.clone(), count(p.neurons as f64), short(p.rate), cv_isi]);
        }
    }
    if regions.len() > 1 {
        let rates = range(&mut regions.values().map(|r| r.rate));
        table.row([cost.case.into(), format!("{} regions", regions.len()), count(*neurons as f64), rates, "-".into()]);
    }
}
