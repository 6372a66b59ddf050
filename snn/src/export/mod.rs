//! A trained network for the simulator: populations of `iaf_psc_delta` neurons and explicit synapses.
//!
//! A step of the network is 1 ms. What lies between two layers of neurons is one projection; biases are
//! spikes of a population of one, in every step of an image. Each projection takes a step, so population k answers k
//! steps later than in the network, and does in them what its layer does, but for the order of sums; where ways of different length come together,
//! as in residual networks, the delay of the shorter ones is longer. Images come
//! one after another, with pauses in which the neurons forget. The last population never fires; its neurons add up the logits:
//! the answer to image i is the largest rise of `V_m` in [period i, period (i + 1)).

mod circuit;
mod text;

use connectome::network::{Edge, Network, Population, Projection, Rule, Signal, Stimulus, StimulusKind, Value};

use self::circuit::{Circuit, Synapses};
use crate::encoder::Encoder;
use crate::error::Error;
use crate::layer::{Layer, Pass, threshold_shift};
use crate::loss::first_largest;
use crate::node::{self, Node};
use crate::tensor::Tensor;
use crate::training::Training;

/// Length of a step, ms.
pub const DT: f64 = 1.0;

/// What is left of a membrane after a pause.
const FORGOTTEN: f64 = 1e-7;

/// Time constant of the neurons that add up logits, ms: longer than anything.
const NEVER: f64 = 1e12;

/// A network that the engine can build, and how to read its answers.
#[derive(Clone, Debug)]
pub struct Export {
    /// Populations in the order of the layers; before them `bias` and, for encoders that make spikes, `input`.
    pub network: Network,
    /// Steps from one image to the next.
    pub period: u64,
    /// Images that are shown.
    pub images: usize,
    /// The population that adds up logits, the last one.
    pub readout: usize,
}

/// What a population is like.
struct Membrane {
    tau_m: f64,
    threshold: f64,
}

impl Export {
    /// `training`'s network and the images that it is shown, a tensor of one step as the network takes them.
    pub fn new(training: &Training, images: Tensor) -> Result<Export, Error> {
        let network = &training.network;
        let (batch, direct) = (images.shape().batch, network.encoder() == Encoder::Direct);
        let circuit = Circuit::new(network)?;
        let Some((first, _)) = circuit.nodes.first() else {
            return Err(Error::NotExportable { layer: network.name_of(0), why: "no neurons follow" });
        };
        let mut membranes = circuit.nodes.iter().map(|(name, layer)| membrane(training, name, *layer)).collect::<Result<Vec<_>, _>>()?;
        let slowest = membranes.iter().map(|m| m.tau_m).fold(0.0, f64::max);
        if slowest == NEVER && batch > 1 {
            return Err(Error::NotExportable { layer: first.clone(), why: "its neurons never forget an image: export one" });
        }
        membranes.push(Membrane { tau_m: NEVER, threshold: 1e30 });
        let pause = if batch > 1 { (-slowest * FORGOTTEN.ln()).ceil() as u64 } else { 0 };
        let steps = network.steps() as u64;
        let n_populations = membranes.len() + usize::from(!direct);
        let period = steps + n_populations as u64 + 1 + pause;
        let mut export = Export { network: Network::default(), period, images: batch, readout: 0 };
        export.add_bias(steps);
        let input = network.encode(images, Pass { seed: training.options.seed, number: 0 });
        if !direct {
            export.add_input(&input)?;
        }
        export.add_layers(&circuit, &membranes, direct.then_some(&input), steps)?;
        export.readout = export.network.populations.len() - 1;
        Ok(export)
    }

    /// Adds the neurons and what leads to them. `image` is what is the same in every step.
    fn add_layers(&mut self, circuit: &Circuit, membranes: &[Membrane], image: Option<&Tensor>, steps: u64) -> Result<(), Error> {
        let (sent, taken) = (circuit.sent(), circuit.taken());
        // Value, population and delay behind the image, in steps, of all that sends spikes.
        let mut senders: Vec<(usize, usize, u64)> =
            if image.is_some() { Vec::new() } else { vec![(0, self.network.populations.len() - 1, 0)] };
        // Per layer of neurons, the population and its synapses.
        let mut arriving: Vec<Vec<(usize, u64, Synapses)>> = taken.iter().map(|_| Vec::new()).collect();
        let currents = image.map(|image| circuit.at_rest(image));
        let biases = circuit.at_rest(&Tensor::zeros(circuit.input()));
        let reached = circuit.reached_by_input();
        let names = circuit.nodes.iter().map(|(name, _)| name.replace('.', "-")).chain(["readout".to_string()]);
        for (layer, ((name, membrane), &value)) in names.zip(membranes).zip(&taken).enumerate() {
            if let Some(&(value, population, lag)) = senders.last() {
                for (synapses, arriving) in circuit.synapses(value)?.into_iter().zip(&mut arriving) {
                    arriving.extend(synapses.map(|synapses| (population, lag, synapses)));
                }
            }
            self.add_layer(&name, membrane, circuit.features(value));
            // What comes a longer way comes later; the shorter ways wait for it.
            let driven = image.is_some() && reached[value];
            let lag = arriving[layer].iter().map(|(_, lag, _)| lag + 1).max().unwrap_or(u64::from(!driven));
            for (population, before, synapses) in std::mem::take(&mut arriving[layer]) {
                self.connect(population, &synapses, membrane.gain(), lag - before);
            }
            match &currents {
                Some(currents) if driven => self.add_currents(&currents[value], membrane, steps, lag),
                _ => self.connect_bias(biases[value].values(), membrane.gain(), lag),
            }
            if let Some(&value) = sent.get(layer) {
                senders.push((value, self.network.populations.len() - 1, lag));
            }
        }
        Ok(())
    }

    /// Adds a population; the result is its index.
    fn add(&mut self, name: &str, model: &str, size: usize, params: &[(&str, f64)]) -> usize {
        self.network.populations.push(Population {
            name: name.to_string(),
            size: size as u32,
            model: model.to_string(),
            params: params.iter().map(|&(name, value)| (name.to_string(), value)).collect(),
            ..Population::default()
        });
        self.network.populations.len() - 1
    }

    fn add_layer(&mut self, name: &str, membrane: &Membrane, size: usize) {
        let params =
            [("C_m", CAPACITANCE), ("tau_m", membrane.tau_m), ("E_L", 0.0), ("V_th", membrane.threshold), ("V_reset", 0.0), ("t_ref", 0.0)];
        self.add(name, "iaf_psc_delta", size, &params);
    }

    /// The step in which image `image` begins; a spike or current of that time acts in that step.
    fn begin(&self, image: usize) -> u64 {
        1 + image as u64 * self.period
    }

    /// Spikes of a generator that make neuron `neuron` of population `target`, a parrot, fire in these steps.
    fn drive(&mut self, target: usize, neuron: u32, steps: impl Iterator<Item = u64>) {
        let times = steps.map(|step| step as f64 * DT).collect::<Vec<_>>();
        if !times.is_empty() {
            let kind = StimulusKind::SpikeGenerator { times, weight: 1.0 };
            self.stimulate(target, neuron, kind);
        }
    }

    fn stimulate(&mut self, target: usize, neuron: u32, kind: StimulusKind) {
        self.network.stimuli.push(Stimulus { target, range: Some((neuron, 1)), kind, start: 0.0, stop: f64::INFINITY, delay: DT });
    }

    fn add_bias(&mut self, steps: u64) {
        let bias = self.add("bias", PARROT, 1, &[]);
        let times: Vec<u64> =
            (0..self.images).flat_map(|image| (0..steps).map(move |step| (image, step))).map(|(i, s)| self.begin(i) + s).collect();
        self.drive(bias, 0, times.into_iter());
    }

    fn add_input(&mut self, input: &Tensor) -> Result<(), Error> {
        let shape = input.shape();
        if input.values().iter().any(|&x| x != 0.0 && x != 1.0) {
            let why = "its encoder sends more than single spikes; direct, rate, burst, population_time and population_voltage will do";
            return Err(Error::NotExportable { layer: "the input".into(), why });
        }
        let population = self.add("input", PARROT, shape.n_features(), &[]);
        for neuron in 0..shape.n_features() {
            let at = |image: usize, step: usize| input.step(step)[image * shape.n_features() + neuron];
            let fired =
                (0..shape.batch).flat_map(|image| (0..shape.steps).map(move |step| (image, step))).filter(|&(i, s)| at(i, s) == 1.0);
            let steps: Vec<u64> = fired.map(|(image, step)| self.begin(image) + step as u64).collect();
            self.drive(population, neuron as u32, steps.into_iter());
        }
        Ok(())
    }

    /// What an image adds to the last population in every step, one image after another, `lag` steps after it.
    fn add_currents(&mut self, inputs: &Tensor, membrane: &Membrane, steps: u64, lag: u64) {
        let target = self.network.populations.len() - 1;
        let features = inputs.shape().n_features();
        // The generator acts a step after its time.
        let time = |step: u64| (step + lag - 1) as f64 * DT;
        for neuron in 0..features {
            let mut amplitude = Vec::new();
            for image in 0..self.images {
                let value = f64::from(inputs.values()[image * features + neuron]) * membrane.gain() / membrane.per_current();
                amplitude.extend([(time(self.begin(image)), value), (time(self.begin(image) + steps), 0.0)]);
            }
            self.stimulate(target, neuron as u32, StimulusKind::CurrentSteps { amplitude: Signal(amplitude) });
        }
    }

    /// A projection to the last population, whose spikes take `delay` steps.
    fn connect(&mut self, source: usize, synapses: &Synapses, gain: f64, delay: u64) {
        let delay = delay as f64 * DT;
        let edge = |&(source, target, weight): &(u32, u32, f32)| Edge { source, target, weight: f64::from(weight) * gain, delay };
        self.project(source, synapses.iter().map(edge).collect());
    }

    /// Biases of the last population. A bias is sent in every step of an image and counts in the step of this population that is `lag` later.
    fn connect_bias(&mut self, bias: &[f32], gain: f64, lag: u64) {
        let biases = bias.iter().enumerate().filter(|(_, b)| **b != 0.0);
        let synapses: Synapses = biases.map(|(target, &b)| (0, target as u32, b)).collect();
        if !synapses.is_empty() {
            self.connect(0, &synapses, gain, lag);
        }
    }

    fn project(&mut self, source: usize, edges: Vec<Edge>) {
        let target = self.network.populations.len() - 1;
        let (weight, delay) = (Value::default(), Value::constant(DT));
        self.network.projections.push(Projection::new(source, target, Rule::Edges { edges }, weight, delay));
    }

    /// Steps that show all images.
    pub fn steps(&self) -> u64 {
        self.images as u64 * self.period
    }

    /// The class of each image, from `V_m` of all neurons of the readout at times 0, period, 2 period ...
    pub fn predictions(&self, readout: &[Vec<f32>]) -> Vec<u32> {
        let rise = |pair: &[Vec<f32>]| pair[1].iter().zip(&pair[0]).map(|(after, before)| after - before).collect::<Vec<_>>();
        readout.windows(2).map(|pair| first_largest(&rise(pair))).collect()
    }
}

const PARROT: &str = "parrot_neuron";

/// pF; any would do.
const CAPACITANCE: f64 = 250.0;

impl Membrane {
    /// What remains of V after a step, minus 1.
    fn decay_m1(&self) -> f64 {
        libm::expm1(-DT / self.tau_m)
    }

    /// What input 1 adds to V.
    fn gain(&self) -> f64 {
        if self.tau_m == NEVER { 1.0 } else { -self.decay_m1() }
    }

    /// What a current of 1 pA adds to V in a step, mV.
    fn per_current(&self) -> f64 {
        -self.decay_m1() * self.tau_m / CAPACITANCE
    }
}

/// The neuron of the simulator that does what this layer's nodes do.
fn membrane(training: &Training, name: &str, layer: &dyn Layer) -> Result<Membrane, Error> {
    let tau = match layer.name() {
        node::If::NAME => f64::INFINITY,
        node::Lif::NAME => f64::from(training.model.tau),
        // 1 / tau is the logistic function of w.
        node::Plif::NAME => 1.0 + libm::exp(-f64::from(layer.parameters()[0].values[0])),
        _ => {
            let why = "the simulator has no such neuron; IFNode, LIFNode and PLIFNode it has";
            return Err(Error::NotExportable { layer: name.into(), why });
        }
    };
    // V decays to (1 - 1 / tau) V in a step.
    let tau_m = if tau.is_infinite() { NEVER } else { -DT / libm::log1p(-1.0 / tau) };
    // The simulator's neuron fires at V >= V_th, the node at V > threshold.
    Ok(Membrane { tau_m, threshold: f64::from(threshold(training, layer).next_up()) })
}

/// V_th of a layer, with what it has learned.
pub(crate) fn threshold(training: &Training, layer: &dyn Layer) -> f32 {
    training.model.threshold + threshold_shift(layer)
}

#[cfg(test)]
mod tests;
