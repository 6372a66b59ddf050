//! Networks that several contracts are held to.

use connectome::network::{Decay, Network, Population, Projection, Rule, Signal, Stimulus, StimulusKind, Storage, Value};

/// Two populations with every rule, kind of weight, kind of delay and kind of stimulus.
pub(crate) fn network() -> Network {
    let mut network = Network::default();
    for (name, size, model) in [("E", 700u32, "iaf_psc_exp"), ("I", 300, "iaf_psc_delta"), ("C", 40, "iaf_cond_exp")] {
        let positions = (0..size).map(|i| [0.001 * i as f32, 0.0, 0.0]).collect();
        network.populations.push(Population { name: name.into(), size, model: model.into(), positions, ..Default::default() });
    }
    network.populations[0].initial.insert("V_m".into(), Value::normal(-62.0, 5.0));
    let lognormal = Value::Lognormal { mu: 2.0, sigma: 1.0, scale: 3.0, max: f64::INFINITY };
    let normal_delay = Value::Normal { mean: 1.5, std: 0.75, min: 0.1, max: f64::INFINITY };
    let mut connect = |source, target, rule, weight, delay| network.projections.push(Projection::new(source, target, rule, weight, delay));
    connect(0, 0, Rule::FixedIndegree { indegree: 40 }, Value::normal_same_sign(20.0, 4.0), normal_delay);
    connect(0, 1, Rule::FixedTotalNumber { number: 9000 }, Value::constant(0.2), Value::constant(1.0));
    connect(1, 0, Rule::PairwiseBernoulli { p: 0.1, decay: None }, Value::normal(-90.0, 30.0), Value::Uniform { min: 0.3, max: 5.0 });
    connect(1, 1, Rule::FixedOutdegree { outdegree: 20 }, Value::constant(-0.3), Value::Distance { offset: 0.5, slope: 3.0 });
    connect(0, 0, Rule::PairwisePoisson { mean: 0.01 }, lognormal, Value::constant(2.0));
    connect(
        0,
        1,
        Rule::PairwiseBernoulli { p: 0.3, decay: Some(Decay::Gaussian { sigma: 0.1 }) },
        Value::Uniform { min: 0.0, max: 0.1 },
        normal_delay,
    );
    connect(0, 2, Rule::FixedOutdegree { outdegree: 3 }, Value::constant(2.0), Value::constant(0.7));
    connect(2, 2, Rule::AllToAll, Value::constant(-3.0), Value::constant(0.9));
    // Thin enough to be drawn together.
    connect(0, 1, Rule::PairwisePoisson { mean: 0.001 }, Value::constant(0.3), Value::constant(1.2));
    connect(0, 2, Rule::PairwisePoisson { mean: 0.01 }, Value::constant(1.0), Value::constant(1.2));
    network.projections[0].allow_autapses = false;
    network.projections[0].allow_multapses = false;
    let mut drive =
        |target, kind| network.stimuli.push(Stimulus { target, range: None, kind, start: 0.0, stop: f64::INFINITY, delay: 1.0 });
    drive(0, StimulusKind::PoissonGenerator { rate: Signal(vec![(0.0, 6000.0), (50.0, 9000.0)]), weight: 40.0 });
    drive(0, StimulusKind::NoiseGenerator { mean: 50.0, std: 100.0, interval: 1.0 });
    drive(1, StimulusKind::PoissonGenerator { rate: Signal::constant(3000.0), weight: 0.6 });
    drive(1, StimulusKind::OuCurrent { mean: 20.0, std: 50.0, tau: 5.0 });
    drive(2, StimulusKind::PoissonGenerator { rate: Signal::constant(9000.0), weight: 3.0 });
    drive(2, StimulusKind::AcGenerator { amplitude: 100.0, offset: 10.0, frequency: 20.0, phase: 30.0 });
    network
}

/// The same network with projections kept as `storage` says.
pub(crate) fn kept(network: &Network, storage: impl Fn(usize) -> Storage) -> Network {
    let mut network = network.clone();
    for (index, projection) in network.projections.iter_mut().enumerate() {
        projection.storage = storage(index);
    }
    network
}
