//! Tables of a connectome.

use std::fmt::Write;

use connectome::{Connectome, Matrix, graph};

use super::table::{Table, count, short};

/// Tracts and regions that are listed.
const LISTED: usize = 12;
/// Measures that look at all paths are computed up to this many regions; beyond they take minutes.
const MOST_FOR_PATHS: usize = 1000;

/// Everything worth knowing at a glance.
pub(crate) fn describe(c: &Connectome) -> String {
    let mut text = format!("{}\n\n{}", c.name, facts(c));
    // Writing to a string cannot fail.
    let _ = write!(text, "\n{}\n{}\n{}", measures(c), strongest_tracts(c), strongest_regions(c));
    let p = &c.provenance;
    let lines = [("source", &p.source), ("citation", &p.citation), ("licence", &p.licence)];
    let said = lines.into_iter().filter(|(_, said)| !said.is_empty());
    let notes = p.notes.iter().map(|note| ("note", note));
    for (what, said) in said.chain(notes) {
        let _ = write!(text, "\n  {what}: {said}");
    }
    text.push('\n');
    text
}

fn facts(c: &Connectome) -> Table {
    let n = c.n();
    let yes = |known: bool| if known { "yes" } else { "no" };
    let without_length = |lengths: &Matrix| c.weights.entries().filter(|&(t, s, _)| t != s && lengths.at(t, s) == 0.0).count();
    let mut facts = Table::new(&["connectome", ">"]);
    facts.row(["species", c.species.as_deref().unwrap_or("not said")]);
    facts.row(["weights are", if c.weight_kind.is_empty() { "not said" } else { &c.weight_kind }]);
    facts.row(["directed", yes(c.directed)]);
    facts.row(["symmetric", yes(c.weights.is_symmetric())]);
    facts.row(["regions", &count(n as f64)]);
    facts.row(["tracts", &count(c.n_tracts() as f64)]);
    facts.row(["non-zero weights", &count(c.weights.entries().count() as f64)]);
    facts.row(["density", &short(graph::density(&c.weights))]);
    facts.row(["sum of weights", &exact(c.weights.sum())]);
    facts.row(["sum of lengths", &c.lengths.as_ref().map_or_else(|| "no lengths".into(), |l| exact(l.sum()))]);
    if let Some(lengths) = &c.lengths {
        facts.row(["tracts of length 0", &count(without_length(lengths) as f64)]);
    }
    let known = |has: fn(&connectome::Region) -> bool| format!("{} of {n}", c.regions.iter().filter(|r| has(r)).count());
    facts.row(["with position", &known(|r| r.position.is_some())]);
    facts.row(["with volume", &known(|r| r.volume.is_some())]);
    facts.row(["with neuron count", &known(|r| r.neurons.is_some())]);
    facts.row(["SLN", yes(c.sln.is_some())]);
    facts.row(["empirical FC", yes(c.functional.is_some())]);
    facts
}

fn measures(c: &Connectome) -> Table {
    let w = &c.weights;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let communities = graph::communities(w, 1.0);
    let mut table = Table::new(&["graph measure", ">"]);
    table.row(["reciprocity", &short(graph::reciprocity(w))]);
    table.row(["mean clustering", &short(mean(&graph::clustering(w, graph::Weighting::Binary)))]);
    table.row(["communities", &communities.count.to_string()]);
    table.row(["modularity", &short(communities.modularity)]);
    table.row(["weak components", &graph::weak_components(w).to_string()]);
    if c.n() <= MOST_FOR_PATHS
        && let Ok(paths) = graph::path_lengths(c, graph::Cost::Hops)
    {
        table.row(["mean path in tracts", &short(paths.characteristic)]);
        table.row(["global efficiency", &short(paths.efficiency)]);
    }
    table
}

fn strongest_tracts(c: &Connectome) -> Table {
    let mut tracts: Vec<_> = c.weights.entries().filter(|(t, s, _)| t != s).collect();
    // Equal weights stay in matrix order: the table does not depend on the sort.
    tracts.sort_by(|a, b| b.2.total_cmp(&a.2));
    let mut table = Table::new(&["strongest tracts", "to", ">weight", ">length in mm"]);
    for (target, source, weight) in tracts.into_iter().take(LISTED) {
        let length = c.lengths.as_ref().map_or_else(|| "-".into(), |l| short(l.at(target, source)));
        table.row([c.regions[source].label.as_str(), &c.regions[target].label, &short(weight), &length]);
    }
    table
}

fn strongest_regions(c: &Connectome) -> Table {
    let (degrees, strengths) = (graph::degrees(&c.weights), graph::strengths(&c.weights));
    let communities = graph::communities(&c.weights, 1.0);
    let mut order: Vec<usize> = (0..c.n()).collect();
    let total = |i: usize| strengths[i].incoming + strengths[i].outgoing;
    order.sort_by(|a, b| total(*b).total_cmp(&total(*a)));
    let mut table = Table::new(&["strongest regions", ">tracts in", ">tracts out", ">weight in", ">weight out", ">community", ">neurons"]);
    for i in order.into_iter().take(LISTED) {
        let (degree, strength, region) = (&degrees[i], &strengths[i], &c.regions[i]);
        table.row([
            region.label.clone(),
            degree.incoming.to_string(),
            degree.outgoing.to_string(),
            short(strength.incoming),
            short(strength.outgoing),
            communities.of[i].to_string(),
            region.neurons.map_or_else(|| "-".into(), count),
        ]);
    }
    table
}

/// A sum with enough digits to compare it with a published one.
fn exact(x: f64) -> String {
    if x != 0.0 && !(1e-4..1e12).contains(&x.abs()) { format!("{x:.8e}") } else { format!("{x:.5}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connectome_is_described_with_its_counts_sums_and_citation() {
        let text = describe(&connectome::atlas::load("macaque-29").unwrap());
        let line = |key: &str| text.lines().find(|l| l.trim_start().starts_with(key)).unwrap_or_default().split_whitespace().last();
        assert_eq!((line("regions"), line("tracts  "), line("density")), (Some("29"), Some("536"), Some("0.6601")));
        assert!(text.contains("citation: Markov"), "{text}");
        assert!(text.contains("V2 ") && text.contains("strongest tracts"), "{text}");
    }
}
