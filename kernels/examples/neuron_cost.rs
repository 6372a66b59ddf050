//! What a neuron costs per step: Poisson input and update, in nanoseconds and cycles.
//!
//! `cargo run --release -p kernels --example neuron_cost [MODEL ...]`
//!
//! One slice that fits the second-level cache is driven by a Poisson train per neuron and stepped, once with
//! the update and once without; the difference is the update. Each figure is the least of many short runs,
//! because a shared machine only ever adds time. A chain of dependent multiplications, three cycles each,
//! measured just before, tells how fast the clock runs.

use std::collections::BTreeMap;
use std::time::Instant;

use connectome::network::{Signal, Stimulus, StimulusKind};
use kernels::cells::{Cells, CellsSpec, StepInput, cells};
use kernels::delivery::{Sums, sums};
use kernels::simd::Level;
use kernels::stimuli::{Drive, SliceInfo};

const N: usize = 4096;
const STEPS: u64 = 20;
/// Seconds for each figure.
const PATIENCE: f64 = 0.7;

/// Model, step (ms), parameters that differ, Poisson spikes per step, weight in integer units of 1/256.
type Case = (&'static str, f64, &'static [(&'static str, f64)], f64, i32);

const CASES: [Case; 6] = [
    ("iaf_psc_exp", 0.1, &[("tau_syn_ex", 0.5), ("tau_syn_in", 0.5), ("I_e", -180.0)], 1.28, 87 * 256),
    ("iaf_psc_delta", 0.1, &[], 0.001, 256 / 8),
    ("aeif_cond_exp", 0.1, &[("tau_syn_ex", 2.0)], 0.5, 512),
    ("aeif_psc_exp", 0.1, &[("tau_syn_ex", 2.0)], 0.5, 25 * 256),
    ("aeif_braincog", 1.0, &[], 0.01, 256),
    ("izhikevich", 0.1, &[], 0.01, 256),
];

fn slice(case: &Case) -> (Box<dyn Cells>, Drive, Vec<Sums>) {
    let (model, dt, params, mean, weight) = *case;
    let params: BTreeMap<String, f64> = params.iter().map(|(name, value)| ((*name).to_string(), *value)).collect();
    let spec = CellsSpec { params: &params, dt, first: 0, n: N, offset: 0, scales: &[256.0; 2], seed: 1, population: 0 };
    let neurons = cells(model, &spec).expect("a listed model").expect("parameters in range");
    let kind = StimulusKind::PoissonGenerator { rate: Signal::constant(mean / dt * 1e3), weight: 1.0 };
    let stimulus = Stimulus { target: 0, range: None, kind, start: 0.0, stop: f64::INFINITY, delay: dt };
    let info = SliceInfo { neurons: 0..N as u32, offset: 0 };
    let drive = Drive::new(&stimulus, 0, &info, (0, weight), dt, 1).expect("it drives the slice");
    (neurons, drive, vec![sums(), sums()])
}

/// Seconds of the fastest run of `work`, which takes the number of the run.
fn fastest(mut work: impl FnMut(u64)) -> f64 {
    let begin = Instant::now();
    let mut fastest = f64::INFINITY;
    for run in 0.. {
        let start = Instant::now();
        work(run);
        fastest = fastest.min(start.elapsed().as_secs_f64());
        if begin.elapsed().as_secs_f64() > PATIENCE {
            break;
        }
    }
    fastest
}

/// Seconds per clock cycle.
fn cycle() -> f64 {
    const N: u64 = 1_000_000;
    let mut x = std::hint::black_box(3u64);
    let time = fastest(|_| {
        for _ in 0..N {
            x = x.wrapping_mul(x);
        }
        x = std::hint::black_box(x);
    });
    time / (3 * N) as f64
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    for level in Level::available() {
        measure(level, &wanted);
    }
}

fn measure(level: Level, wanted: &[String]) {
    let cycle = cycle();
    println!("{level:?} at {:.2} GHz; per neuron and step: ns (cycles)", 1e-9 / cycle);
    println!("{:>14} {:>8} {:>18} {:>18} {:>9}", "model", "spikes", "Poisson", "update", "rate 1/s");
    for case in CASES.iter().filter(|c| wanted.is_empty() || wanted.iter().any(|w| w == c.0)) {
        let (mut neurons, mut drive, mut sums) = slice(case);
        let poisson = fastest(|run| (run * STEPS + 1..=(run + 1) * STEPS).for_each(|step| drive.spikes_at(level, step, &mut sums)));
        let mut fired = Vec::with_capacity(N);
        let (mut spikes, mut steps) = (0, 0);
        sums.iter_mut().for_each(|s| s.fill(0));
        let both = fastest(|run| {
            for step in run * STEPS + 1..=(run + 1) * STEPS {
                drive.spikes_at(level, step, &mut sums);
                fired.clear();
                neurons.advance(&mut StepInput { sums: &mut sums, currents: &[], mean: 0.0, step }, &mut fired);
                spikes += fired.len();
            }
            steps += STEPS;
        });
        let per = |seconds: f64| {
            let each = seconds / (STEPS * N as u64) as f64;
            format!("{:.3} ({:.2})", each * 1e9, each / cycle)
        };
        let rate = spikes as f64 / (N as f64 * steps as f64 * case.1 * 1e-3);
        println!("{:>14} {:>8} {:>18} {:>18} {rate:>9.2}", case.0, case.3, per(poisson), per(both - poisson));
    }
}
