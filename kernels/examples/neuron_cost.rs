//! What a neuron costs per step: Poisson input and update, in nanoseconds and cycles.
//!
//! `cargo run --release -p kernels --example neuron_cost [MODEL ...]`
//!
//! One slice is driven by a Poisson train per neuron and stepped: a small one whose state stays in the
//! first-level cache and one that stays in the second. Each figure is the least of many short runs, because a
//! shared machine only ever adds time. A chain of dependent multiplications, three cycles each, tells how fast
//! the clock runs.

use std::collections::BTreeMap;
use std::time::Instant;

use connectome::network::{Signal, Stimulus, StimulusKind};
use kernels::cells::{Cells, CellsSpec, StepInput, cells};
use kernels::delivery::{Sums, sums};
use kernels::simd::Level;
use kernels::stimuli::{Drive, SliceInfo};

/// Neurons in a slice.
const SIZES: [usize; 2] = [512, 8192];
/// Steps between two looks at the clock: few, to fit between two interruptions.
const STEPS: u64 = 8;
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

fn slice(case: &Case, n: usize) -> (Box<dyn Cells>, Drive, Vec<Sums>) {
    let (model, dt, params, mean, weight) = *case;
    let params: BTreeMap<String, f64> = params.iter().map(|(name, value)| ((*name).to_string(), *value)).collect();
    let spec = CellsSpec { params: &params, dt, first: 0, n, offset: 0, scales: &[256.0; 2], seed: 1, population: 0 };
    let neurons = cells(model, &spec).expect("a listed model").expect("parameters in range");
    let kind = StimulusKind::PoissonGenerator { rate: Signal::constant(mean / dt * 1e3), weight: 1.0 };
    let stimulus = Stimulus { target: 0, range: None, kind, start: 0.0, stop: f64::INFINITY, delay: dt };
    let info = SliceInfo { neurons: 0..n as u32, offset: 0 };
    let drive = Drive::new(&stimulus, 0, &info, (0, weight), dt, 1).expect("it drives the slice");
    (neurons, drive, vec![sums(), sums()])
}

/// Least seconds that `work` takes; `prepare` is not counted. Both get the number of the run.
fn fastest<T>(state: &mut T, mut prepare: impl FnMut(&mut T, u64), mut work: impl FnMut(&mut T, u64)) -> f64 {
    let begin = Instant::now();
    let mut fastest = f64::INFINITY;
    for run in 0.. {
        prepare(state, run);
        let start = Instant::now();
        work(state, run);
        fastest = fastest.min(start.elapsed().as_secs_f64());
        if begin.elapsed().as_secs_f64() > PATIENCE {
            break;
        }
    }
    fastest
}

/// Seconds per clock cycle.
fn cycle() -> f64 {
    const N: u64 = 10_000;
    let multiply = |x: &mut u64, _| {
        for _ in 0..N {
            *x = x.wrapping_mul(*x);
        }
        *x = std::hint::black_box(*x);
    };
    fastest(&mut 3, |_, _| {}, multiply) / (3 * N) as f64
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let cycle = cycle();
    println!("{:.2} GHz; per neuron and step: ns (cycles)", 1e-9 / cycle);
    println!("{:>20} {:>15} {:>8} {:>8} {:>16} {:>16}", "", "model", "neurons", "spikes", "Poisson", "update");
    for level in Level::available() {
        for case in CASES.iter().filter(|c| wanted.is_empty() || wanted.iter().any(|w| w == c.0)) {
            for n in SIZES {
                let (poisson, update) = measure(level, case, n);
                let per = |seconds: f64| {
                    let each = seconds / (STEPS * n as u64) as f64;
                    format!("{:.3} ({:.2})", each * 1e9, each / cycle)
                };
                let name = format!("{level:?}");
                println!("{name:>20} {:>15} {n:>8} {:>8} {:>16} {:>16}", case.0, case.3, per(poisson), per(update));
            }
        }
    }
}

/// Least seconds of [`STEPS`] steps of Poisson input and of as many of the update.
fn measure(level: Level, case: &Case, n: usize) -> (f64, f64) {
    let (neurons, drive, sums) = slice(case, n);
    let mut slice = (neurons, drive, sums, Vec::with_capacity(n));
    let poisson = fastest(
        &mut slice,
        |_, _| {},
        |(_, drive, sums, _), run| (1..=STEPS).for_each(|step| drive.spikes_at(level, run * STEPS + step, sums)),
    );
    slice.2.iter_mut().for_each(|s| s.fill(0));
    // The first of the steps gets input, which keeps all neurons busy; what they do does not depend on it.
    let update = fastest(
        &mut slice,
        |(_, drive, sums, fired), run| {
            fired.clear();
            (0..4).for_each(|step| drive.spikes_at(level, run * STEPS + step + 1, sums));
        },
        |(neurons, _, sums, fired), run| {
            for step in 1..=STEPS {
                fired.clear();
                neurons.advance_at(level, &mut StepInput { sums, currents: &[], mean: 0.0, step: run * STEPS + step }, fired);
            }
        },
    );
    (poisson, update)
}
