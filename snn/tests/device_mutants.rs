//! Contract: the comparison of device and processor notices mistakes. Each mutant is a shipped kernel of deep networks with one mistake: every
//! write to memory and every barrier is left out once, every atomic addition is made a plain one, every shuffle gets wrong lanes. If one
//! passes, the comparison or the host driver is blind to it.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use kernels::cuda::Device;
use kernels::cuda::tensors::{Count, Equation, Neuron, Tensors};
use snn::activity::Activity;
use snn::correlate::Correlation;
use snn::device::OnDevice;
use snn::encoder::Encoder;
use snn::layer::{AvgPool, BatchNorm, Conv2d, Dropout, Flatten, Init, Layer, Linear, MaxPool, Pass, Voting};
use snn::network::Network;
use snn::node::{NodeOptions, Place};
use snn::tensor::{Shape, Tensor};

const PASS: Pass = Pass { seed: 3, number: 7 };

/// A network that needs every kernel, with more products in each sum than a tile has at a time, and once as many columns as a tile has.
fn network() -> Network {
    let init = |layer| Init { seed: 5, layer };
    let conv = |kernel, stride, [inputs, outputs]: [usize; 2], bias, layer| {
        let correlation = Correlation { kernel, stride, padding: kernel / 2, inputs, outputs };
        Box::new(Conv2d::new(correlation, bias, init(layer))) as Box<dyn Layer>
    };
    let node = NodeOptions { name: "PLIFNode".into(), threshold: 0.1, ..NodeOptions::default() };
    let layers: Vec<Box<dyn Layer>> = vec![
        conv(1, 1, [2, 5], false, 0),
        conv(3, 2, [5, 16], true, 1),
        Box::new(BatchNorm::new(16)),
        Box::new(MaxPool::windows(3, 2, 1)),
        node.layer(Place { init: init(2), channels: 16, steps: 7 }).unwrap(),
        Box::new(AvgPool::new(2)),
        Box::new(Flatten::default()),
        Box::new(Dropout::new(0.3, 7)),
        Box::new(Linear::new(64, 20, init(3))),
        Box::new(Voting::new(5)),
    ];
    // As many steps as loops that the compiler unrolled need, and some that are left over.
    Network::new(Encoder::Direct, 7, [16, 16, 2], layers).unwrap()
}

fn images() -> Tensor {
    Tensor::from_fn(Shape::new(1, 9, [16, 16, 2]), |i| (i * 7919 % 101) as f32 * 0.02 - 1.0)
}

fn gradient(shape: Shape) -> Tensor {
    Tensor::from_fn(shape, |i| (i * 31 % 17) as f32 * 0.1 - 0.8)
}

/// Bits of logits, of all gradients, of what was counted and of an evaluation.
type Found = Vec<Vec<u32>>;

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

fn on_processor() -> Found {
    let mut network = network();
    let logits = network.forward(images(), PASS);
    network.backward(gradient(logits.shape()));
    let mut found = vec![bits(logits.values())];
    found.extend(network.parameters_mut().iter().map(|parameter| bits(&parameter.gradient)));
    found.push(bits(network.infer(images(), PASS).values()));
    found
}

/// The same on a device with one unit replaced, which chooses among legal orders by `seed`.
fn on_device(seed: u64, unit: &str, text: &str) -> Result<Found, snn::Error> {
    host_driver::reset(seed);
    let device = Device::open(0)?;
    device.replace(unit, text)?;
    let tensors = Tensors::new(device.clone())?;
    // Some zeros, some ones, the rest other, so irregular that it matters whose counts are added.
    let values: Vec<f32> = (0..600).map(|i| ((i * i / 7 + i / 5) % 3) as f32).collect();
    let many = |least: f32| values.iter().filter(|&&x| x >= least).count() as u64;
    if tensors.count(&tensors.upload(&values)?)? != (Count { something: many(1.0), other: many(2.0) }) {
        return Ok(Vec::new());
    }
    let mut network = network();
    let mut on_device = OnDevice::new(&network, device)?;
    let mut activity = Activity::new(network.summary());
    let logits = on_device.forward(&mut network, images(), PASS, (&mut activity, true))?;
    on_device.backward(&mut network, &gradient(logits.shape()))?;
    let mut found = vec![bits(logits.values())];
    found.extend(network.parameters_mut().iter().map(|parameter| bits(&parameter.gradient)));
    let loaded = on_device.load(&network)?;
    found.push(bits(on_device.infer(&network, &loaded, images(), PASS, (&mut activity, 1.0))?.values()));
    Ok(found)
}

/// All neurons with all surrogates: the compiler made loops of their own for some.
fn neurons(text: &str) -> Result<Found, snn::Error> {
    host_driver::reset(1);
    let device = Device::open(0)?;
    device.replace("snn/nodes", text)?;
    let tensors = Tensors::new(device)?;
    let (n, steps) = (40, 7);
    let values = |salt: usize| (0..n * steps).map(|i| ((i * 31 + salt) % 17) as f32 * 0.2 - 1.1).collect::<Vec<_>>();
    let input = tensors.upload(&values(0))?;
    let mut found = Vec::new();
    for equation in [Equation::If, Equation::Lif { tau: 2.5 }, Equation::Plif { rate: 0.4 }] {
        for surrogate in 0..15 {
            let neuron = Neuron { equation, threshold: 0.3, surrogate, alpha: 1.7 };
            let mut gradient = tensors.upload(&values(5))?;
            let sums = tensors.retreat(&neuron, &input, steps, &mut gradient)?;
            for values in [tensors.advance(&neuron, &input, steps)?, gradient] {
                let mut down = vec![0.0; n * steps];
                tensors.download(&values, &mut down)?;
                found.push(bits(&down));
            }
            found.push(sums.iter().flat_map(|sum| [sum.to_bits() as u32, (sum.to_bits() >> 32) as u32]).collect());
        }
    }
    Ok(found)
}

/// Arguments of an instruction, in order.
fn arguments(line: &str) -> Vec<&str> {
    line.trim().split_once(char::is_whitespace).map_or(Vec::new(), |(_, rest)| rest.trim().trim_end_matches(';').split(", ").collect())
}

/// The mistake that a line of its kind gets; behind a predicate too.
fn mistake(line: &str) -> Option<(&'static str, String)> {
    let line = line.trim();
    let (guard, instruction) = if line.starts_with('@') { line.split_once(char::is_whitespace)? } else { ("", line) };
    let opcode = instruction.trim().split_once(char::is_whitespace)?.0;
    if opcode == "bar.sync" {
        return Some(("no barrier", String::new()));
    }
    if opcode.starts_with("st.") {
        return Some(("not written", String::new()));
    }
    if opcode.starts_with("shfl.sync.") {
        let mut changed = arguments(instruction);
        changed[2] = "3";
        return Some(("from another lane", format!("{guard} {opcode} {};", changed.join(", "))));
    }
    if opcode == "atom.global.add.u64" {
        let [old, cell, value] = arguments(instruction)[..] else { return None };
        let plain = format!("ld.global.b64 {old}, {cell}; add.u64 %mutant0, {old}, {value}; st.global.b64 {cell}, %mutant0;");
        return Some(("plain addition", plain));
    }
    None
}

/// Every such mistake in a unit, once; the register that some need is declared in every kernel.
fn mutants(text: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let mutant = |n: usize| {
        let (name, changed) = mistake(lines[n])?;
        let line = |(i, line): (usize, &&str)| match line.trim() {
            _ if i == n => changed.clone(),
            "{" => "{ .reg .b64 %mutant<1>;".into(),
            _ => line.to_string(),
        };
        Some((format!("line {}: {name}", n + 1), lines.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")))
    };
    (0..lines.len()).filter_map(mutant).collect()
}

/// Fails for the mutants of a unit that nothing noticed.
fn all_are_noticed(unit: &str) {
    // A process has one device.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    host_driver::install();
    let expected = on_processor();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../kernels/cuda/ptx").join(format!("{unit}.ptx"));
    let text = std::fs::read_to_string(&path).unwrap();
    for seed in 0..2 {
        assert!(on_device(seed, unit, &text).unwrap() == expected, "{unit} as it is gives the processor's bits, blocks in any order");
    }
    let by_neurons = (unit == "snn/nodes").then(|| neurons(&text).unwrap());
    let mutants = mutants(&text);
    println!("{unit}: {} mutants", mutants.len());
    let passes = |text: &str| {
        let as_neurons = || by_neurons.as_ref().is_none_or(|expected| neurons(text).is_ok_and(|found| found == *expected));
        on_device(1, unit, text).is_ok_and(|found| found == expected) && as_neurons()
    };
    let missed: Vec<String> = mutants.into_iter().filter(|(_, text)| passes(text)).map(|(name, _)| name).collect();
    assert!(missed.is_empty(), "{unit}: nothing noticed {missed:#?}");
}

#[test]
fn every_mutant_of_correlations_is_noticed() {
    all_are_noticed("snn/correlate");
}

#[test]
fn every_mutant_of_neurons_is_noticed() {
    all_are_noticed("snn/nodes");
}

#[test]
fn every_mutant_of_normalisation_is_noticed() {
    all_are_noticed("snn/normalise");
}

#[test]
fn every_mutant_of_pools_is_noticed() {
    all_are_noticed("snn/pool");
}

#[test]
fn every_mutant_of_what_moves_and_counts_is_noticed() {
    all_are_noticed("snn/shape");
}
