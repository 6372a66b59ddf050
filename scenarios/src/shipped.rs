//! Scenarios that travel inside the program, so that its benchmarks run wherever it does.

use crate::scenario::Scenario;

/// Name and text of each.
const SHIPPED: [(&str, &str); 3] = [
    ("braincog-macaque", include_str!("../braincog-macaque.toml")),
    ("brunel", include_str!("../brunel.toml")),
    ("microcircuit", include_str!("../microcircuit.toml")),
];

impl Scenario {
    /// The shipped scenario of this name, if it is one of those that the program carries.
    pub fn shipped(name: &str) -> Option<Self> {
        let (_, text) = SHIPPED.iter().find(|(known, _)| *known == name)?;
        Some(Scenario::parse(text, format!("scenarios/{name}.toml")).expect("tests read every shipped scenario"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_inside_the_program_is_the_file_of_its_name() {
        for (name, _) in SHIPPED {
            let inside = Scenario::shipped(name).expect("it is in the list").plan().expect("it is valid");
            let file = Scenario::load(format!("{}/{name}.toml", env!("CARGO_MANIFEST_DIR"))).and_then(|s| s.plan()).expect("it is valid");
            assert_eq!((inside.name.as_str(), inside.network), (name, file.network));
        }
        assert!(Scenario::shipped("no-such-scenario").is_none());
    }
}
