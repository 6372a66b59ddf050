//! The reference page of all keys, made from the schema.

use std::fmt::Write;

use crate::schema::{
    ConnectomeSection, Output, PopulationSection, ProjectionSection, Record, Section, Simulation, Spec, StateSection, StimulusSection,
};

/// Every table of a scenario with all its keys, as Markdown: the middle part of `docs/scenario.md`.
pub fn reference() -> String {
    let mut page = String::new();
    table::<Spec>(&mut page, "The top of the file");
    table::<Simulation>(&mut page, "`[simulation]`");
    table::<ConnectomeSection>(&mut page, "`[connectome]`");
    table::<PopulationSection>(&mut page, "`[populations.NAME]`");
    table::<ProjectionSection>(&mut page, "`[[projections]]`");
    table::<StimulusSection>(&mut page, "`[[stimuli]]`");
    table::<Record>(&mut page, "`[record]`");
    table::<StateSection>(&mut page, "`[[record.states]]`");
    table::<Output>(&mut page, "`[output]`");
    page
}

fn table<S: Section>(page: &mut String, title: &str) {
    let about = S::ABOUT.trim();
    let _ = write!(page, "### {title}\n\n{about}\n\n| key | what | default | meaning |\n|---|---|---|---|\n");
    for key in S::keys() {
        let default = match key.default {
            None => "required".to_owned(),
            Some(text) if text.is_empty() => "-".to_owned(),
            Some(text) => format!("`{text}`"),
        };
        let _ = writeln!(page, "| `{}` | {} | {default} | {} |", key.name, key.kind, key.about);
    }
    page.push('\n');
}
