//! `models` and `atlases`: tables made from the code.

use std::fmt::Write;

use models::{Description, Sign};

use super::error::Error;
use super::table::{Table, short};

/// All neuron models, or everything about one.
pub(crate) fn models(name: Option<&str>) -> Result<String, Error> {
    match name {
        Some(name) => {
            let known = models::descriptions();
            let found = known.iter().find(|d| d.name == name);
            found.map(model).ok_or_else(|| Error::UnknownModel { name: name.into(), nearest: nearest(name, known.iter().map(|d| d.name)) })
        }
        None => {
            let mut table = Table::new(&["model", "what it is", "receptors"]);
            for d in models::descriptions() {
                table.row([d.name, d.summary, &receptors(&d)]);
            }
            Ok(format!("{table}\nbraincog-sim models NAME shows parameters and state variables.\n"))
        }
    }
}

/// All built-in connectomes and how to cite them.
pub(crate) fn atlases() -> Result<String, Error> {
    let mut table = Table::new(&["atlas", ">regions", ">tracts", "weights are", "what it is"]);
    let mut citations = String::new();
    for atlas in connectome::atlas::atlases() {
        let c = connectome::atlas::load(atlas.name)?;
        table.row([atlas.name, &c.n().to_string(), &c.n_tracts().to_string(), &c.weight_kind, atlas.description]);
        // Writing to a string cannot fail.
        let _ = write!(citations, "\n{}\n  citation: {}\n  licence: {}\n", c.name, c.provenance.citation, c.provenance.licence);
    }
    Ok(format!("{table}{citations}"))
}

/// The name most like `name`.
pub(crate) fn nearest(name: &str, known: impl Iterator<Item = &'static str>) -> &'static str {
    known.max_by_key(|k| (strsim::jaro_winkler(&name.to_lowercase(), k) * 1e6) as u32).unwrap_or("")
}

fn receptors(d: &Description) -> String {
    d.receptors.iter().map(|r| format!("{} ({})", r.name, if r.unit.is_empty() { "spikes" } else { r.unit })).collect::<Vec<_>>().join(", ")
}

fn model(d: &Description) -> String {
    let mut text = format!("{}: {}\n\n", d.name, d.summary);
    let mut table = Table::new(&["parameter", ">default", "unit", ""]);
    for p in &d.params {
        table.row([p.name, &number(p.default), p.unit, p.doc.trim()]);
    }
    let mut state = Table::new(&["state", "unit", ""]);
    for field in &d.state {
        state.row([field.name, field.unit, field.doc.trim()]);
    }
    let mut ports = Table::new(&["receptor", "weight in", "takes"]);
    for r in &d.receptors {
        ports.row([r.name, r.unit, accepts(r.accepts)]);
    }
    let inputs = [(d.takes_current, "a current"), (d.takes_noise, "noise"), (d.takes_mean, "the mean V_m of its population")];
    let inputs: Vec<&str> = inputs.iter().filter(|(takes, _)| *takes).map(|(_, what)| *what).collect();
    // Writing to a string cannot fail.
    let _ = write!(text, "{table}\n{state}\n{ports}");
    if !inputs.is_empty() {
        let _ = writeln!(text, "\nAlso takes {}.", inputs.join(", "));
    }
    text
}

fn accepts(sign: Sign) -> &'static str {
    match sign {
        Sign::Positive => "positive weights",
        Sign::Negative => "negative weights",
        Sign::Both => "any weight",
        Sign::Count => "spikes; the weight does not matter",
    }
}

/// A default as one would type it: `250`, `-70.6`, `0.001`.
fn number(x: f64) -> String {
    let plain = format!("{x}");
    if plain.len() <= 10 { plain } else { short(x) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_is_listed_and_can_be_described_with_every_parameter() {
        let list = models(None).unwrap();
        for d in ::models::descriptions() {
            assert!(list.contains(d.name) && list.contains(d.summary), "{}", d.name);
            let text = models(Some(d.name)).unwrap();
            for p in &d.params {
                assert!(text.contains(p.name), "{} {}", d.name, p.name);
            }
        }
    }

    #[test]
    fn an_unknown_model_suggests_the_nearest() {
        let error = models(Some("iaf_pscexp")).unwrap_err();
        assert!(error.to_string().contains("did you mean `iaf_psc_exp`"), "{error}");
        assert_eq!(error.exit_code(), 2);
    }
}
