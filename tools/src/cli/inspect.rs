//! `inspect`: tables of a connectome, an atlas or a run.

use std::path::Path;

use connectome::atlas;

use super::args::InspectArgs;
use super::brain;
use super::error::Error;
use super::import::load_options;
use super::summary::Summary;
use super::table::{Table, bytes, count, duration, short};

/// Tells what lies there.
pub(crate) fn inspect(args: &InspectArgs) -> Result<String, Error> {
    let what = &args.what;
    if what.is_dir() {
        return Ok(run(what, &Summary::read(what)?));
    }
    if what.exists() {
        return Ok(brain::describe(&connectome::io::load(what, &load_options(&args.reading))?));
    }
    match what.to_str().filter(|name| atlas::names().any(|known| known == *name)) {
        Some(name) => Ok(brain::describe(&atlas::load(name)?)),
        None => Err(Error::NothingToInspect { what: what.display().to_string(), atlases: atlas::names().collect::<Vec<_>>().join(", ") }),
    }
}

fn run(folder: &Path, s: &Summary) -> String {
    let mut facts = Table::new(&["run", ">"]);
    facts.row(["neurons", &count(s.neurons as f64)]);
    facts.row(["synapses", &count(s.synapses as f64)]);
    facts.row(["spikes", &count(s.spikes as f64)]);
    facts.row(["biological time", &duration(s.biological_seconds)]);
    facts.row(["build", &duration(s.build_seconds)]);
    facts.row(["simulate", &duration(s.simulate_seconds)]);
    facts.row(["real-time factor", &short(s.realtime_factor)]);
    facts.row(["synaptic events", &count(s.synaptic_events as f64)]);
    facts.row(["memory", &bytes(s.peak_rss_bytes as f64)]);
    facts.row(["bytes per synapse", &short(s.bytes_per_synapse)]);
    facts.row(["threads", &s.threads.to_string()]);
    facts.row(["seed", &s.seed.to_string()]);
    facts.row(["spike checksum", &s.spike_checksum]);
    let mut populations = Table::new(&["population", ">neurons", ">rate in 1/s", ">cv_isi"]);
    for (name, p) in &s.populations {
        populations.row([name.as_str(), &count(p.neurons as f64), &short(p.rate), &p.cv_isi.map_or_else(|| "-".into(), short)]);
    }
    let mut regions = Table::new(&["region", ">rate in 1/s"]);
    for (label, r) in &s.regions {
        regions.row([label.as_str(), &short(r.rate)]);
    }
    let regions = if s.regions.is_empty() { String::new() } else { format!("\n{regions}") };
    format!("{}\n{facts}\n{populations}{regions}", folder.display())
}
