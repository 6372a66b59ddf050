//! Contract: every parameter is listed, settable and validated; nothing a user types makes a model panic.

mod support;

use std::collections::BTreeMap;

use models::{Error, Model, Parameters, Visitor};

/// Gives parameters to a model and derives propagators for a step of 0.1 ms.
struct Try<'a>(&'a [(&'a str, f64)]);

impl Visitor for Try<'_> {
    type Output = Result<(), Error>;

    fn visit<M: Model>(self) -> Self::Output {
        let given: BTreeMap<String, f64> = self.0.iter().map(|(n, v)| (n.to_string(), *v)).collect();
        let params = M::params(&given)?;
        let substeps = M::substeps(0.1).max(1);
        M::propagators(&params, 0.1, 0.1 / substeps as f64).map(|_| ())
    }
}

fn attempt(model: &str, given: &[(&str, f64)]) -> Result<(), Error> {
    models::visit(model, Try(given)).expect("the model exists")
}

/// Model, values that NEST refuses too or that cannot work, and what the error must name.
type Bad = (&'static str, &'static [(&'static str, f64)], &'static str);

const BAD: [Bad; 44] = [
    ("iaf_psc_delta", &[("C_m", 0.0)], "C_m"),
    ("iaf_psc_delta", &[("tau_m", -1.0)], "tau_m"),
    ("iaf_psc_delta", &[("V_reset", -55.0)], "V_reset"),
    ("iaf_psc_delta", &[("t_ref", -0.1)], "t_ref"),
    ("iaf_psc_delta", &[("V_min", -50.0)], "V_min"),
    ("iaf_psc_delta", &[("V_min", f64::NAN)], "V_min"),
    ("iaf_psc_delta", &[("V_min", f64::INFINITY)], "V_min"),
    ("iaf_psc_delta", &[("refractory_input", 0.5)], "refractory_input"),
    ("iaf_psc_exp", &[("tau_syn_ex", 0.0)], "tau_syn_ex"),
    ("iaf_psc_exp", &[("tau_syn_in", -2.0)], "tau_syn_in"),
    ("iaf_psc_exp", &[("V_th", -75.0)], "V_reset"),
    ("iaf_psc_exp", &[("I_e", 1e300)], "I_e"),
    ("iaf_psc_alpha", &[("tau_m", 0.0)], "tau_m"),
    ("iaf_psc_alpha", &[("V_min", -40.0)], "V_min"),
    ("iaf_cond_exp", &[("tau_syn_ex", 0.0)], "tau_syn_ex"),
    ("iaf_cond_exp", &[("V_reset", -50.0)], "V_reset"),
    ("iaf_cond_exp", &[("g_L", -1.0)], "g_L"),
    ("iaf_cond_alpha", &[("C_m", -250.0)], "C_m"),
    ("aeif_psc_exp", &[("V_reset", 5.0)], "V_reset"),
    ("aeif_psc_exp", &[("V_peak", -55.0)], "V_peak"),
    ("aeif_psc_exp", &[("Delta_T", -2.0)], "Delta_T"),
    ("aeif_cond_exp", &[("Delta_T", 0.07)], "Delta_T"),
    ("aeif_cond_exp", &[("tau_w", 0.0)], "tau_w"),
    ("aeif_cond_exp", &[("t_ref", -1.0)], "t_ref"),
    ("aeif_cond_alpha", &[("tau_syn_in", 0.0)], "tau_syn_in"),
    ("aeif_cond_alpha", &[("g_L", -30.0)], "g_L"),
    ("izhikevich", &[("consistent_integration", 2.0)], "consistent_integration"),
    ("izhikevich", &[("a", f64::NAN)], "a"),
    ("hh_psc_alpha", &[("g_K", -1.0)], "g_K"),
    ("hh_psc_alpha", &[("t_ref", -2.0)], "t_ref"),
    ("hh_cond_exp_traub", &[("C_m", 0.0)], "C_m"),
    ("hh_cond_exp_traub", &[("tau_syn_ex", 0.0)], "tau_syn_ex"),
    ("mat2_psc_exp", &[("t_ref", 0.0)], "t_ref"),
    ("mat2_psc_exp", &[("tau_2", 0.0)], "tau_2"),
    ("ignore_and_fire", &[("rate", 0.0)], "rate"),
    ("ignore_and_fire", &[("rate", 1e-9)], "rate"),
    ("ignore_and_fire", &[("phase", 1.5)], "phase"),
    ("aeif_braincog", &[("tau_I", 0.0)], "tau_I"),
    ("aeif_braincog", &[("sigma", -1.0)], "sigma"),
    ("aeif_braincog", &[("V_reset", -40.0)], "V_reset"),
    ("hh_braincog", &[("C_m", 0.0)], "C_m"),
    ("ctizh", &[("c", 60.0)], "c"),
    ("adth", &[("tau_ad", 0.0)], "tau_ad"),
    ("adth", &[("reset", 3.0)], "reset"),
];

#[test]
fn bad_values_are_refused_by_name() {
    for (model, given, culprit) in BAD {
        match attempt(model, given) {
            Err(Error::BadValue { model: at, name, .. }) => assert_eq!((at, name), (model, culprit), "{given:?}"),
            other => panic!("{model} {given:?}: {other:?}"),
        }
    }
}

#[test]
fn no_parameter_may_be_infinite_or_not_a_number() {
    for model in models::descriptions() {
        for param in &model.params {
            for bad in [f64::NAN, f64::INFINITY] {
                let refused = matches!(attempt(model.name, &[(param.name, bad)]), Err(Error::BadValue { .. }));
                assert!(refused, "{}: {} = {bad}", model.name, param.name);
            }
        }
    }
}

#[test]
fn unknown_parameters_are_refused() {
    for model in models::descriptions() {
        let error = attempt(model.name, &[("tau_n", 1.0)]).expect_err("no model has tau_n");
        assert_eq!(error.to_string(), format!("{} has no parameter `tau_n`", model.name));
    }
}

struct Listed;

impl Visitor for Listed {
    type Output = ();

    fn visit<M: Model>(self) {
        let mut params = M::Params::default();
        for info in M::Params::info() {
            assert_eq!(params.value(info.name), Some(info.default), "{} {}", M::NAME, info.name);
            assert!(params.set(info.name, 0.625), "{} {}", M::NAME, info.name);
            assert_eq!(params.value(info.name), Some(0.625));
            assert!(!info.doc.trim().is_empty());
        }
        // Debug prints every field: as many as are listed.
        let fields = format!("{params:?}").matches(": 0.625").count();
        assert_eq!(fields, M::Params::info().len(), "{}: {params:?}", M::NAME);
    }
}

#[test]
fn every_parameter_is_listed_and_settable_under_its_name() {
    for model in models::descriptions() {
        models::visit(model.name, Listed);
    }
}

#[test]
fn descriptions_agree_with_the_inputs_that_models_take() {
    let of = |name: &str| models::description(name).expect("listed");
    assert!(of("iaf_psc_exp").takes_current && !of("iaf_psc_exp").takes_noise);
    assert!(of("adth").takes_noise && of("adth").takes_mean);
    assert!(of("aeif_braincog").takes_noise && !of("aeif_braincog").takes_mean);
    assert!(!of("parrot_neuron").takes_current);
    assert_eq!(models::descriptions().len(), 18);
    assert!(models::description("iaf_psc_ex").is_none());
}
