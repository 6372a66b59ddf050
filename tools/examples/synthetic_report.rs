//! Writes a report page of made-up activity: `cargo run --example synthetic_report -- FOLDER`.
//!
//! The browser test looks at these pages, so that it needs no simulation: `macaque.html` has the size
//! of the macaque scenario (29 regions of eight populations, about 60,000 neurons), `bare.html` is a
//! run that recorded nothing, `flat.html` one without regions or positions.

use std::f64::consts::TAU;
use std::path::PathBuf;

use connectome::{Hemisphere, Matrix, Provenance, Region};
use tools::analysis::{RateBins, Span};
use tools::report::{Population, Rates, RunData, SpikeData, write};

const REGIONS: usize = 29;
/// Name, neurons and rate (1/s) after Potjans and Diesmann (2014), a fortieth in size.
const KINDS: [(&str, u64, f64); 8] = [
    ("L23E", 517, 0.9),
    ("L23I", 146, 3.0),
    ("L4E", 548, 4.4),
    ("L4I", 137, 5.9),
    ("L5E", 121, 7.6),
    ("L5I", 27, 8.6),
    ("L6E", 360, 1.1),
    ("L6I", 74, 7.8),
];
const END_MS: f64 = 1000.0;

/// A linear congruential generator (Knuth's MMIX constants): the same pages on every machine.
struct Draws(u64);

impl Draws {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }
}

/// Regions on half an ellipsoid of a macaque's size, in mm.
fn regions() -> Vec<Region> {
    let region = |i: usize| {
        let golden = i as f64 * 2.399963;
        let height = 1.0 - 2.0 * (i as f64 + 0.5) / REGIONS as f64;
        let round = (1.0 - height * height).sqrt();
        let position = [6.0 + 20.0 * (round * golden.sin()).abs(), 33.0 * height, 7.0 + 18.0 * round * golden.cos()];
        Region {
            label: if i == 0 { "V1".into() } else { format!("A{i}") },
            hemisphere: Some(Hemisphere::Right),
            // One region of the atlas has no position, as in the real one.
            position: (i != 18).then_some(position),
            ..Region::default()
        }
    };
    (0..REGIONS).map(region).collect()
}

/// Weights that fall off with distance over five decades, with a third of the pairs left out.
fn weights(regions: &[Region], draws: &mut Draws) -> Matrix {
    let mut matrix = Matrix::zeros(regions.len());
    for target in 0..regions.len() {
        for source in 0..regions.len() {
            let (Some(a), Some(b)) = (regions[target].position, regions[source].position) else { continue };
            let distance = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
            if target != source && draws.uniform() > 0.33 {
                *matrix.at_mut(target, source) = (-distance / 6.0 - 3.0 * draws.uniform()).exp();
            }
        }
    }
    matrix
}

/// A slow signal per region that its neighbours share, by step of 1 ms.
fn signals(weights: &Matrix, draws: &mut Draws) -> Vec<Vec<f64>> {
    let n = weights.n();
    let mut state = vec![0.0; n];
    let mut out = vec![Vec::new(); n];
    for _ in 0..END_MS as usize {
        let noise: Vec<f64> = (0..n).map(|_| (-2.0 * draws.uniform().ln()).sqrt() * (TAU * draws.uniform()).cos()).collect();
        let before = state.clone();
        for i in 0..n {
            let input: f64 = (0..n).map(|j| weights.at(i, j).powf(0.3) * before[j]).sum::<f64>() / 4.0;
            state[i] = 0.96 * before[i] + 0.04 * input.clamp(-3.0, 3.0) + 0.22 * noise[i];
            out[i].push(state[i]);
        }
    }
    out
}

fn populations() -> Vec<Population> {
    let mut first = 0;
    let mut out = Vec::new();
    for region in 0..REGIONS {
        for (kind, size, _) in KINDS {
            let label = if region == 0 { "V1".to_owned() } else { format!("A{region}") };
            out.push(Population { name: format!("{label}.{kind}"), region: Some(region), model: "iaf_psc_exp".into(), first, size });
            first += size;
        }
    }
    out
}

/// Spikes (time, id) in the order of time: gamma-like trains whose rate follows the region's signal.
fn spikes(populations: &[Population], signals: &[Vec<f64>], draws: &mut Draws) -> Vec<(f64, u64)> {
    let mut out = Vec::new();
    for (p, (_, _, rate)) in populations.iter().zip(KINDS.iter().cycle()) {
        let signal = &signals[p.region.unwrap_or(0)];
        for neuron in 0..p.size {
            // Rates differ between neurons by about a factor of two.
            let own = rate * 0.9 * (0.7 * (draws.uniform() + draws.uniform() + draws.uniform() - 1.5) * 2.0).exp();
            let mut gate = 0;
            for (ms, s) in signal.iter().enumerate() {
                let fast = 1.0 + 0.5 * (TAU * 0.055 * ms as f64 + p.region.unwrap_or(0) as f64).sin();
                let probability = own * (0.9 * s).exp() * fast / 1000.0 * 1.6;
                if draws.uniform() < probability {
                    gate += 1;
                    // Every second event of a train is dropped now and then: more regular than Poisson.
                    if gate % 2 == 0 || draws.uniform() < 0.3 {
                        out.push((ms as f64 + (draws.uniform() * 10.0).floor() / 10.0, p.first + neuron));
                    }
                }
            }
        }
    }
    out.sort_by(|a, b| a.0.total_cmp(&b.0));
    out
}

fn macaque() -> RunData {
    let mut draws = Draws(1);
    let regions = regions();
    let weights = weights(&regions, &mut draws);
    let signals = signals(&weights, &mut draws);
    let populations = populations();
    let (times, ids): (Vec<f64>, Vec<u64>) = spikes(&populations, &signals, &mut draws).into_iter().unzip();
    let spans: Vec<Span> = populations.iter().map(|p| Span { first: p.first, size: p.size }).collect();
    let region_spans: Vec<Span> =
        spans.chunks(KINDS.len()).map(|c| Span { first: c[0].first, size: c.iter().map(|s| s.size).sum() }).collect();
    let rates_of = |spans: &[Span]| {
        let mut bins = RateBins::new(spans, 0.0, 1.0, END_MS as usize);
        bins.add(&times, &ids);
        bins.rates()
    };
    let mut functional = tools::analysis::correlation_matrix(&signals);
    functional.values_mut().iter_mut().for_each(|r| *r = (*r + 0.25 * (draws.uniform() - 0.5)).clamp(-1.0, 1.0));
    let mut run = RunData {
        title: "macaque (made up)".into(),
        plan: "# Made-up activity for the browser test.\nseed = 1\ntime = \"1000 ms\"\n\n[recipe]\nname = \"microcircuit\"\n".repeat(8),
        report: report(times.len(), spans.iter().map(|s| s.size).sum()),
        weight_kind: "FLN".into(),
        functional: Some(functional),
        provenance: Provenance {
            source: "synthetic_report".into(),
            citation: "Made-up tracts between made-up regions; any likeness to a real brain is a matter of size.".into(),
            licence: "Apache-2.0".into(),
            notes: vec!["Positions lie on half an ellipsoid.".into(), "One region has no position.".into()],
        },
        end_ms: END_MS,
        rates: Rates { bin_ms: 1.0, regions: rates_of(&region_spans), populations: rates_of(&spans) },
        populations,
        regions,
        weights: Some(weights),
        ..RunData::default()
    };
    let mut data = SpikeData::new(&run.spans(), 0.0);
    data.add(&times, &ids);
    run.spikes = Some(data);
    run
}

fn report(spikes: usize, neurons: u64) -> serde_json::Value {
    serde_json::json!({
        "neurons": neurons, "synapses": 187_432_110u64, "bytes_per_synapse": 4.1, "bytes_per_neuron": 96.0,
        "build_seconds": 9.43, "simulate_seconds": 18.61, "biological_seconds": END_MS / 1000.0, "realtime_factor": 18.61,
        "phases": {
            "update": {"wall": 4.02, "cpu": 7.71}, "deliver": {"wall": 12.88, "cpu": 24.9},
            "communicate": {"wall": 0.61, "cpu": 0.9}, "record": {"wall": 0.92, "cpu": 1.0}
        },
        "cpu_seconds": 52.3, "synaptic_events": 812_334_051u64, "spikes": spikes, "peak_rss_bytes": 1_611_450_112u64,
        "spike_checksum": "8f3c1a20d77b94e1", "ranks": 1, "threads": 2, "backend": "cpu", "seed": 1
    })
}

/// One population without a region, in a network of no connectome.
fn flat() -> RunData {
    let mut draws = Draws(2);
    let populations = vec![
        Population { name: "excitatory".into(), region: None, model: "iaf_psc_delta".into(), first: 0, size: 400 },
        Population { name: "inhibitory".into(), region: None, model: "iaf_psc_delta".into(), first: 400, size: 100 },
    ];
    let mut run = RunData { title: "brunel (made up)".into(), populations, end_ms: 500.0, ..RunData::default() };
    let mut all: Vec<(f64, u64)> =
        (0..9000).map(|_| ((draws.uniform() * 5000.0).floor() / 10.0, (draws.uniform() * 500.0) as u64)).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (times, ids): (Vec<f64>, Vec<u64>) = all.into_iter().unzip();
    let mut bins = RateBins::new(&[Span { first: 0, size: 400 }, Span { first: 400, size: 100 }], 0.0, 1.0, 500);
    bins.add(&times, &ids);
    run.rates = Rates { bin_ms: 1.0, regions: Vec::new(), populations: bins.rates() };
    let mut data = SpikeData::new(&run.spans(), 0.0);
    data.add(&times, &ids);
    run.spikes = Some(data);
    run
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("usage: synthetic_report FOLDER")?);
    std::fs::create_dir_all(&folder)?;
    for (name, run) in [("macaque", macaque()), ("flat", flat()), ("bare", RunData { title: "bare".into(), ..RunData::default() })] {
        let path = folder.join(name).with_extension("html");
        write(&run, &path)?;
        println!("{} {} bytes", path.display(), std::fs::metadata(&path)?.len());
    }
    Ok(())
}
