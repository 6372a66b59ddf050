//! Runs one neuron of any model under a written-down stimulus.

#![allow(dead_code, non_snake_case)] // every test file uses its part

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use models::kit::{Columns, real};
use models::{Model, Sign, Visitor};
use serde_json::Value;

/// A folder below `models/tests`.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// What a neuron is asked to do.
#[derive(Clone, Debug)]
pub(crate) struct Protocol {
    /// Name of the model.
    pub(crate) model: String,
    /// Resolution (ms).
    pub(crate) dt: f64,
    /// Number of steps.
    pub(crate) steps: usize,
    /// Parameters that differ from the defaults.
    pub(crate) params: BTreeMap<String, f64>,
    /// Initial values of state variables.
    pub(crate) init: BTreeMap<String, f64>,
    /// Summed weight that arrives in a step, per sign: (step, weight).
    pub(crate) arrivals: Vec<(usize, f64)>,
    /// Currents: (amplitude, first step, end step), as steps over which the current acts.
    pub(crate) currents: Vec<(f64, usize, usize)>,
    /// Substeps are this many times shorter than usual.
    pub(crate) refine: u32,
}

impl Protocol {
    /// No input, default parameters.
    pub(crate) fn quiet(model: &str, dt: f64, steps: usize) -> Protocol {
        let (params, init) = Default::default();
        Protocol { model: model.into(), dt, steps, params, init, arrivals: vec![], currents: vec![], refine: 1 }
    }

    /// One parameter.
    pub(crate) fn with(mut self, name: &str, value: f64) -> Protocol {
        self.params.insert(name.into(), value);
        self
    }

    /// A constant current that acts from the first step on, through the port for generators.
    pub(crate) fn stimulated(mut self, amplitude: f64) -> Protocol {
        self.currents.push((amplitude, 0, self.steps));
        self
    }
}

/// What a neuron did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    /// Steps, counted from 1, in which it fired.
    pub(crate) spikes: Vec<usize>,
    /// Every state variable after every step, in `f64`.
    pub(crate) states: BTreeMap<&'static str, Vec<f64>>,
}

/// Runs the protocol with the model that it names.
pub(crate) fn simulate(protocol: &Protocol) -> Record {
    models::visit(&protocol.model, Run(protocol)).unwrap_or_else(|| panic!("no model {}", protocol.model))
}

struct Run<'a>(&'a Protocol);

impl Visitor for Run<'_> {
    type Output = Record;

    fn visit<M: Model>(self) -> Record {
        let q = self.0;
        let params = M::params(&q.params).expect("parameters of a protocol are known");
        let substeps = M::substeps(q.dt) * q.refine;
        let p = M::propagators(&params, q.dt, q.dt / substeps.max(1) as f64).expect("parameters of a protocol are right");
        let mut s = state::<M>(&params, &q.init);
        let mut record = Record::default();
        for step in 0..q.steps {
            let input = input::<M>(q, step);
            for _ in 0..substeps {
                M::substep(&p, &mut s, &input);
            }
            if M::step(&p, &mut s, &input) {
                record.spikes.push(step + 1);
            }
            for (value, field) in values(s).iter().zip(M::State::FIELDS) {
                record.states.entry(field.name).or_default().push(*value as f64);
            }
        }
        record
    }
}

/// A struct of columns from its values.
pub(crate) fn from_values<C: Columns>(values: &[real]) -> C {
    let mut lanes = C::lanes();
    for (row, value) in lanes.as_mut().iter_mut().zip(values) {
        row[0] = *value;
    }
    C::load(&lanes, 0)
}

/// The values of a struct of columns.
pub(crate) fn values<C: Columns>(columns: C) -> Vec<real> {
    let mut lanes = C::lanes();
    columns.store(&mut lanes, 0);
    lanes.as_ref().iter().map(|row| row[0]).collect()
}

fn state<M: Model>(params: &M::Params, init: &BTreeMap<String, f64>) -> M::State {
    let mut all = values(M::initial(params));
    for (name, value) in init {
        let at = M::State::FIELDS.iter().position(|f| f.name == name);
        all[at.unwrap_or_else(|| panic!("{} has no state {name}", M::NAME))] = *value as real;
    }
    if let Some(at) = M::State::FIELDS.iter().position(|f| f.name == "V_old") {
        all[at] = all[0];
    }
    from_values(&all)
}

fn input<M: Model>(q: &Protocol, step: usize) -> M::Input {
    let mut all = vec![0.0; M::Input::FIELDS.len()];
    for (_, weight) in q.arrivals.iter().filter(|(at, _)| *at == step) {
        let port = M::RECEPTORS.iter().position(|r| match r.accepts {
            Sign::Positive => *weight >= 0.0,
            Sign::Negative => *weight < 0.0,
            _ => true,
        });
        all[port.expect("every weight has a port")] += *weight as real;
    }
    let I: f64 = q.currents.iter().filter(|(_, from, to)| (*from..*to).contains(&step)).map(|c| c.0).sum();
    if let Some(at) = M::Input::FIELDS.iter().position(|f| f.name == "I_stim") {
        all[at] = I as real;
    }
    from_values(&all)
}

/// A trace that NEST made.
pub(crate) struct Reference {
    /// File name.
    pub(crate) name: String,
    /// How it was made.
    pub(crate) protocol: Protocol,
    /// Steps, counted from 1, in which NEST's neuron fired.
    pub(crate) spikes: Vec<usize>,
    /// Steps, counted from 1, of the samples.
    pub(crate) at: Vec<usize>,
    /// Samples per recorded quantity.
    pub(crate) traces: BTreeMap<String, Vec<f64>>,
}

/// All traces whose file name starts with `prefix`.
pub(crate) fn references(prefix: &str) -> Vec<Reference> {
    let mut paths: Vec<_> = std::fs::read_dir(folder("reference")).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    let wanted = |p: &PathBuf| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with(prefix));
    paths.into_iter().filter(wanted).map(|p| read(&p)).collect()
}

/// What NEST sets on every neuron, on solvers we do not have, or on mechanisms that are off.
const FOREIGN: [&str; 9] = [
    "tau_minus",
    "tau_minus_triplet",
    "gsl_error_tol",
    "ignore_and_spike",
    "ignore_and_spike_interval",
    "ignore_and_spike_offset",
    "rho",
    "delta",
    "V_m",
];

fn read(path: &Path) -> Reference {
    let json: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let dt = json["dt"].as_f64().unwrap();
    let model = json["model"].as_str().unwrap().to_string();
    let at_step = |t: f64| (t / dt).round() as usize;
    let floats = |v: &Value| v.as_array().map(|a| a.iter().map(|x| x.as_f64().unwrap()).collect::<Vec<f64>>()).unwrap_or_default();
    let object = |v: &Value| v.as_object().unwrap().clone().into_iter();
    let number = |v: &Value| v.as_f64().or(v.as_bool().map(|b| b as u8 as f64));
    let known = models::description(&model).unwrap();
    let is_state = |n: &str| known.state.iter().any(|f| f.name == n);
    let is_param = |n: &str| known.params.iter().any(|f| f.name == n);

    let mut protocol = Protocol::quiet(&model, dt, at_step(json["T"].as_f64().unwrap()));
    for (name, value) in object(&json["params"]).filter(|(n, _)| !FOREIGN.contains(&n.as_str())) {
        let value = number(&value).unwrap();
        if is_param(&name) {
            protocol.params.insert(name, value);
        } else {
            assert!(is_state(&name), "{path:?}: {name}");
            protocol.init.insert(name, value);
        }
    }
    protocol.init.extend(object(&json["init"]).map(|(n, v)| (n, v.as_f64().unwrap())));
    let stimulus = &json["stimulus"];
    for train in ["exc", "inh"].map(|k| &stimulus[k]).into_iter().filter(|v| v.is_object()) {
        let (delay, weight) = (train["delay"].as_f64().unwrap(), train["weight"].as_f64().unwrap());
        protocol.arrivals.extend(floats(&train["times"]).iter().map(|t| (at_step(t + delay) - 1, weight)));
    }
    let dc = &stimulus["dc"];
    if dc.is_object() {
        let of = |k: &str| dc[k].as_f64().unwrap();
        // What arrives at the end of a step acts over the next one.
        let acts = |t: f64| at_step(t + of("delay"));
        protocol.currents.push((of("amplitude"), acts(of("start")), acts(of("stop"))));
    }
    Reference {
        name: path.file_name().unwrap().to_string_lossy().into(),
        spikes: floats(&json["spikes"]).into_iter().map(at_step).collect(),
        at: floats(&json["times"]).into_iter().map(at_step).collect(),
        traces: object(&json["traces"]).map(|(n, v)| (n, floats(&v))).collect(),
        protocol,
    }
}
