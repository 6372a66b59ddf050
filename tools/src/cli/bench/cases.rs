//! Which benchmarks there are, and the networks that they run.

use connectome::network::{Network, Rule, StimulusKind, Value};
use scenarios::{Plan, Scenario};

use crate::cli::error::Error;

/// A benchmark: cases that are measured one after another and shown side by side.
pub(crate) struct Benchmark {
    pub(crate) name: &'static str,
    pub(crate) summary: &'static str,
    /// The smallest first: the peak of memory is that of the process so far.
    pub(crate) cases: &'static [Case],
}

/// One network, and what is done with it.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    source: Source,
    changes: &'static [&'static str],
    /// Size at `--scale 1`, relative to the scenario's own.
    size: f64,
    time: Time,
}

/// Where the network comes from, which decides how it is scaled.
#[derive(Clone, Copy)]
enum Source {
    /// The shipped scenario `microcircuit`: neurons and in-degrees scaled, rates kept by the recipe's own correction.
    Microcircuit,
    /// The shipped scenario `brunel`: neurons and in-degrees scaled, weights inversely, so that mean input stays.
    Brunel,
    /// The shipped scenario `braincog-macaque`: neurons scaled, synapses per neuron kept.
    Braincog,
    /// Neurons without synapses: their number scaled.
    Update,
}

/// How long a case is simulated unless `--time` says otherwise, its scenario's warm-up not counted.
#[derive(Clone, Copy)]
enum Time {
    /// Not at all: it is built.
    Build,
    /// A time with a unit.
    Fixed(&'static str),
    /// Until neurons have made about this many steps in all.
    NeuronSteps(f64),
}

/// Neurons whose state stays in the second-level cache of a core.
const IN_CACHE: Case = Case { name: "", source: Source::Update, changes: &[], size: 1.0, time: Time::NeuronSteps(4e8) };
/// Neurons, 4.2 million of them, whose state no cache holds.
const OUT_OF_CACHE: Case = Case { size: 512.0, ..IN_CACHE };

/// All benchmarks.
pub(crate) const BENCHMARKS: &[Benchmark] = &[
    Benchmark {
        name: "pd14",
        summary: "the full cortical microcircuit of Potjans & Diesmann (2014): 77,169 neurons, 0.3 billion synapses",
        cases: &[Case { name: "pd14", source: Source::Microcircuit, changes: &[], size: 1.0, time: Time::Fixed("1 s") }],
    },
    Benchmark {
        name: "brunel",
        summary: "the random network of Brunel (2000), asynchronous irregular: 12,500 neurons, 15.6 million synapses of constant weight",
        cases: &[Case { name: "brunel", source: Source::Brunel, changes: &[], size: 1.0, time: Time::Fixed("1 s") }],
    },
    Benchmark {
        name: "braincog-200k",
        summary: "BrainCog's macaque brain as sparse as BrainCog had it: 200,000 neurons, 2.78 million synapses (BrainCog: 727 ms per step)",
        cases: &[Case {
            name: "braincog-200k",
            source: Source::Braincog,
            changes: &["variant=original-density"],
            size: 1.0,
            time: Time::Fixed("1 s"),
        }],
    },
    Benchmark {
        name: "construction",
        summary: "building alone: synapses of constant weight (2 bytes), and of normal weights and delays (4 bytes)",
        cases: &[
            Case { name: "constant", source: Source::Brunel, changes: &[], size: 2.0, time: Time::Build },
            Case { name: "normal", source: Source::Microcircuit, changes: &[], size: 0.5, time: Time::Build },
        ],
    },
    Benchmark {
        name: "procedural",
        summary: "the network of `brunel` with synapses made anew whenever a source fires, beside the stored one",
        cases: &[
            Case {
                name: "procedural",
                source: Source::Brunel,
                changes: &["projections.excitatory.storage=procedural", "projections.inhibitory.storage=procedural"],
                size: 1.0,
                time: Time::Fixed("500 ms"),
            },
            Case {
                name: "stored",
                source: Source::Brunel,
                changes: &["projections.excitatory.storage=stored", "projections.inhibitory.storage=stored"],
                size: 1.0,
                time: Time::Fixed("500 ms"),
            },
        ],
    },
    Benchmark {
        name: "update",
        summary: "neurons without synapses, in and out of the caches: nanoseconds per neuron and step of each model",
        cases: &[
            Case { name: "iaf_psc_exp", changes: &["variant=iaf_psc_exp"], ..IN_CACHE },
            Case { name: "with Poisson", changes: &["variant=iaf_psc_exp-poisson"], ..IN_CACHE },
            Case { name: "aeif_cond_exp", changes: &["variant=aeif_cond_exp"], time: Time::NeuronSteps(6e7), ..IN_CACHE },
            Case { name: "aeif_braincog", changes: &["variant=aeif_braincog"], ..IN_CACHE },
            Case { name: "large iaf_psc_exp", changes: &["variant=iaf_psc_exp"], ..OUT_OF_CACHE },
            Case { name: "large with Poisson", changes: &["variant=iaf_psc_exp-poisson"], ..OUT_OF_CACHE },
            Case { name: "large aeif_cond_exp", changes: &["variant=aeif_cond_exp"], time: Time::NeuronSteps(6e7), ..OUT_OF_CACHE },
            Case { name: "large aeif_braincog", changes: &["variant=aeif_braincog"], ..OUT_OF_CACHE },
        ],
    },
];

impl Case {
    /// True if the network is built and not simulated.
    pub(crate) fn only_builds(&self) -> bool {
        matches!(self.time, Time::Build)
    }

    /// What will run, at `scale` times its size, for `time` after the warm-up.
    pub(crate) fn plan(&self, scale: f64, time: Option<&str>) -> Result<Plan, Error> {
        let mut scenario = self.scenario();
        for change in self.changes {
            scenario.set(change)?;
        }
        let size = scale * self.size;
        match self.source {
            Source::Microcircuit => {
                scenario.set(&format!("regions.size.scale={size:?}"))?;
                scenario.set(&format!("regions.indegree_scale={size:?}"))?;
            }
            Source::Braincog => scenario.set(&format!("regions.size.scale={size:?}"))?,
            Source::Update => {
                let neurons = (scenario.plan()?.network.n_neurons() as f64 * size).ceil();
                scenario.set(&format!("populations.cells.size={neurons}"))?;
            }
            Source::Brunel => {}
        }
        self.last(&mut scenario, time)?;
        let mut plan = scenario.plan()?;
        if matches!(self.source, Source::Brunel) {
            scale_random(&mut plan.network, size);
        }
        Ok(plan)
    }

    fn scenario(&self) -> Scenario {
        let shipped = |name| Scenario::shipped(name).expect("benchmarks run scenarios that the program carries");
        match self.source {
            Source::Microcircuit => shipped("microcircuit"),
            Source::Brunel => shipped("brunel"),
            Source::Braincog => shipped("braincog-macaque"),
            Source::Update => Scenario::parse(include_str!("update.toml"), "update.toml").expect("a test plans every case"),
        }
    }

    /// Makes it last for its warm-up and then for `time`.
    fn last(&self, scenario: &mut Scenario, time: Option<&str>) -> Result<(), Error> {
        let simulation = scenario.spec()?.simulation;
        let default = match self.time {
            // A plan has at least one step; it is not simulated.
            Time::Build => format!("{}", simulation.dt),
            Time::Fixed(time) => time.to_owned(),
            Time::NeuronSteps(n) => {
                let steps = (n / scenario.plan()?.network.n_neurons() as f64).ceil();
                format!("{} ms", steps * simulation.dt.0)
            }
        };
        scenario.set(&format!("simulation.duration={}", time.unwrap_or(&default)))?;
        let measured = scenario.spec()?.simulation.duration.0;
        Ok(scenario.set(&format!("simulation.duration={} ms", simulation.warmup.0 + measured))?)
    }
}

/// Scales a network of fixed in-degrees: neurons and in-degrees by `factor`, and weights inversely, the outer input's as well, so that the
/// mean input of a neuron stays what it was.
fn scale_random(network: &mut Network, factor: f64) {
    let scaled = |n: u32| (f64::from(n) * factor).round().max(1.0) as u32;
    for population in &mut network.populations {
        population.size = scaled(population.size);
    }
    for projection in &mut network.projections {
        if let (Rule::FixedIndegree { indegree }, Value::Constant { value }) = (&mut projection.rule, &mut projection.weight) {
            let before = *indegree;
            *indegree = scaled(before);
            *value *= f64::from(before) / f64::from(*indegree);
        }
    }
    for stimulus in &mut network.stimuli {
        if let StimulusKind::PoissonGenerator { rate, weight } = &mut stimulus.kind {
            rate.0.iter_mut().for_each(|(_, rate)| *rate *= factor);
            *weight /= factor;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(benchmark: &str, name: &str) -> &'static Case {
        let benchmark = BENCHMARKS.iter().find(|b| b.name == benchmark).expect("it exists");
        benchmark.cases.iter().find(|c| c.name == name).expect("it exists")
    }

    #[test]
    fn every_case_has_a_plan_at_every_scale_and_only_the_warm_up_is_added_to_its_time() {
        for case in BENCHMARKS.iter().flat_map(|b| b.cases) {
            for scale in [0.01, 0.1] {
                let plan = case.plan(scale, Some("7 ms")).unwrap_or_else(|e| panic!("{}: {e}", case.name));
                assert!((plan.simulation.duration - plan.simulation.warmup - 7.0).abs() < 1e-9, "{}", case.name);
            }
        }
    }

    #[test]
    fn at_scale_one_the_networks_are_the_published_ones() {
        let size = |benchmark, name| {
            let network = case(benchmark, name).plan(1.0, None).expect("it is valid").network;
            (network.n_neurons(), network.expected_synapses())
        };
        assert_eq!(size("pd14", "pd14"), (77_169, 298_880_968.0));
        assert_eq!(size("brunel", "brunel"), (12_500, 15_625_000.0));
        let (neurons, synapses) = size("braincog-200k", "braincog-200k");
        assert_eq!(neurons, 200_000);
        assert!((synapses / 2.78e6 - 1.0).abs() < 0.001, "{synapses}");
    }

    #[test]
    fn a_scaled_random_network_is_the_reference_variant_of_its_scenario() {
        let mut scaled = case("brunel", "brunel").plan(0.4, None).expect("it is valid").network;
        let mut reference = Scenario::shipped("brunel").expect("it is carried");
        reference.set("variant=reference-AI").expect("it has this variant");
        let reference = reference.plan().expect("it is valid").network;
        // 0.1 mV / 0.4 is 0.25 mV but for the last bit.
        for (a, b) in scaled.projections.iter_mut().zip(&reference.projections) {
            let (Some(x), Some(y)) = (a.weight.as_constant(), b.weight.as_constant()) else { panic!("weights are constant") };
            assert!((x / y - 1.0).abs() < 1e-12);
            a.weight = b.weight;
        }
        assert_eq!(scaled.projections, reference.projections);
        assert_eq!(scaled.populations, reference.populations);
    }
}
