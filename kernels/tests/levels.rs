//! Contract: the bits of a neuron do not depend on the vector instructions that advance it.
//!
//! Every model is driven hard, by spikes, currents and its own noise, with each instruction set that this
//! processor has, in a slice that begins inside a plane of random words and ends inside a tile.

use std::collections::BTreeMap;

use connectome::network::{Signal, Stimulus, StimulusKind};
use kernels::cells::{Cells, CellsSpec, StepInput, cells};
use kernels::delivery::sums;
use kernels::simd::Level;
use kernels::stimuli::{Drive, SliceInfo};

const FIRST: u32 = 192;
const N: usize = 203;
const STEPS: u64 = 200;

/// What came out of a run: (step, neuron) of all spikes, and the bits of all state variables.
#[derive(PartialEq)]
struct Outcome {
    spikes: Vec<(u64, u32)>,
    states: Vec<u32>,
}

/// Spikes for the model's receptors and a noisy current.
fn drives(receptors: &[models::Receptor]) -> Vec<Drive> {
    let info = SliceInfo { neurons: FIRST..FIRST + N as u32, offset: 48 };
    let make = |kind, fixed| {
        let stimulus = Stimulus { target: 0, range: None, kind, start: 0.0, stop: f64::INFINITY, delay: 0.1 };
        Drive::new(&stimulus, fixed as usize, &info, (fixed as usize, if fixed == 0 { 40 } else { -25 }), 0.1, 7)
            .expect("it drives the slice")
    };
    let poisson = |rate| StimulusKind::PoissonGenerator { rate: Signal::constant(rate), weight: 1.0 };
    let mut drives: Vec<Drive> = (0..receptors.len() as u32).map(|receptor| make(poisson(6000.0), receptor)).collect();
    drives.push(make(StimulusKind::OuCurrent { mean: 900.0, std: 600.0, tau: 5.0 }, 0));
    drives.push(make(StimulusKind::NoiseGenerator { mean: 100.0, std: 400.0, interval: 0.3 }, 0));
    drives
}

fn run(model: &str, level: Level) -> Outcome {
    let known = models::description(model).expect("a listed model");
    let mut params = BTreeMap::new();
    if known.params.iter().any(|p| p.name == "rate") {
        params.insert("rate".to_string(), 200.0);
    }
    let spec = CellsSpec { params: &params, dt: 0.1, first: FIRST, n: N, offset: 48, scales: &[16.0; 2], seed: 3, population: 1 };
    let mut neurons: Box<dyn Cells> = cells(model, &spec).expect("a listed model").expect("defaults are right");
    let mut drives = drives(&known.receptors);
    let mut sums = [sums(), sums()];
    let mut outcome = Outcome { spikes: Vec::new(), states: Vec::new() };
    let mut currents = vec![0.0; N.next_multiple_of(models::kit::LANES)];
    let mut fired = Vec::new();
    for step in 0..STEPS {
        currents.fill(0.0);
        for drive in &mut drives {
            if drive.is_current() {
                drive.current(step, &mut currents);
            } else {
                drive.spikes_at(level, step, &mut sums);
            }
        }
        fired.clear();
        neurons.advance_at(level, &mut StepInput { sums: &mut sums, currents: &currents, mean: -60.0, step }, &mut fired);
        outcome.spikes.extend(fired.iter().map(|i| (step, *i)));
    }
    assert!(sums.iter().all(|s| s.iter().all(|x| *x == 0)), "{model}: sums are taken");
    outcome.states = (0..neurons.fields().len() * N).map(|i| neurons.value(i / N, i % N).to_bits()).collect();
    outcome
}

#[test]
fn all_instruction_sets_advance_every_model_to_the_same_bits() {
    let mut silent = Vec::new();
    for model in models::descriptions() {
        let baseline = run(model.name, Level::BASELINE);
        for level in Level::available() {
            assert!(run(model.name, level) == baseline, "{} at {level:?}", model.name);
        }
        assert!(baseline.spikes.iter().all(|(_, neuron)| (*neuron as usize) < N));
        if baseline.spikes.is_empty() {
            silent.push(model.name);
        }
    }
    println!("equal at {:?}", Level::available());
    assert!(silent.is_empty(), "never fired, so the test is blind to their resets: {silent:?}");
}

#[test]
fn a_slice_advances_as_its_part_of_the_population() {
    // Noise is named by the neuron's index in the population, wherever a slice begins.
    let params = BTreeMap::new();
    let part = |first: u32, n: usize| {
        let spec = CellsSpec { params: &params, dt: 1.0, first, n, offset: 0, scales: &[16.0], seed: 3, population: 1 };
        let mut neurons = cells("aeif_braincog", &spec).expect("a listed model").expect("defaults are right");
        let mut sums = [sums()];
        for step in 0..50 {
            neurons.advance(&mut StepInput { sums: &mut sums, currents: &[], mean: 0.0, step }, &mut Vec::new());
        }
        (0..n).map(|i| neurons.value(0, i).to_bits()).collect::<Vec<_>>()
    };
    let whole = part(0, 500);
    assert_ne!(whole[0], whole[64]);
    for cut in [64, 128, 192, 448] {
        assert_eq!(whole, [part(0, cut), part(cut as u32, 500 - cut)].concat(), "cut at {cut}");
    }
}
