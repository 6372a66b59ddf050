//! Contract: the built-in atlases hold the published numbers, and the graph measures agree with networkx on them.
//!
//! Figures marked nx were computed once with networkx 3.6.1 from `data/macaque29-edges.csv` and the human weights.

use connectome::graph::{self, Cost, Weighting};
use connectome::{Connectome, Hemisphere, atlas};

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs(), "found {found}, expected {expected}");
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn load(name: &str) -> Connectome {
    atlas::load(name).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn the_macaque_has_536_tracts_with_sln_lengths_hierarchy_and_positions() {
    let c = load("macaque-29");
    assert_eq!((c.n(), c.n_tracts()), (29, 536));
    close(graph::density(&c.weights), 536.0 / (29.0 * 28.0));
    assert_eq!(c.weight_kind, "FLN");
    assert!(c.directed);
    let (v1, v4) = (c.region("V1").expect("there"), c.region("V4").expect("there"));
    assert_eq!(c.weights.at(v1, v4), 0.1277);
    assert_eq!(c.sln.as_ref().expect("sln").at(v1, v4), 0.297);
    let lengths = c.lengths.as_ref().expect("lengths");
    assert!(lengths.is_symmetric() && c.weights.entries().all(|(t, s, _)| lengths.at(t, s) > 0.0));
    assert!(c.regions.iter().all(|r| r.position.is_some() && r.hierarchy.is_some()));
    assert!(c.provenance.notes.iter().any(|n| n.contains("TEpd")));
}

#[test]
fn the_human_has_the_sums_of_its_source() {
    let c = load("human-84");
    assert_eq!(c.n(), 84);
    close(c.weights.sum(), 27035910.480763197);
    close(c.lengths.as_ref().expect("lengths").sum(), 866005.4562757774);
    let fc = c.functional.as_ref().expect("FC");
    let off_diagonal: Vec<f64> = (0..84 * 84).filter(|i| i / 84 != i % 84).map(|i| fc.values()[i]).collect();
    close(mean(&off_diagonal), 0.23433536513664857);
    let left = c.regions.iter().filter(|r| r.hemisphere == Some(Hemisphere::Left));
    assert!(left.clone().all(|r| r.position.expect("there")[0] < 0.0));
    assert_eq!(left.count(), 42);
    assert!(!c.directed && c.weights.is_symmetric());
}

#[test]
fn the_mouse_has_232_regions_with_volumes_in_two_hemispheres() {
    let c = load("mouse-232");
    assert_eq!(c.n(), 232);
    assert!(c.weights.is_symmetric() && c.lengths.is_none());
    assert!(c.regions.iter().all(|r| r.volume.is_some_and(|v| v > 0.0) && r.position.is_some()));
    assert_eq!(c.regions.iter().filter(|r| r.hemisphere == Some(Hemisphere::Left)).count(), 116);
    assert!(c.provenance.notes.iter().any(|n| n.contains("schematic")));
}

#[test]
fn every_atlas_says_how_to_cite_it() {
    for (name, words) in [("macaque-29", "bhs270"), ("human-84", "1U54MH091657"), ("mouse-232", "117274")] {
        let p = load(name).provenance;
        assert!(p.citation.contains(words) && !p.licence.is_empty() && !p.source.is_empty(), "{name}: {p:?}");
    }
    assert_eq!(atlas::names().count(), atlas::atlases().len());
}

#[test]
fn graph_measures_of_the_macaque_agree_with_networkx() {
    let c = load("macaque-29");
    close(graph::density(&c.weights), 0.6600985221674877); // nx
    close(graph::reciprocity(&c.weights), 0.7985074626865671); // nx
    close(mean(&graph::clustering(&c.weights, Weighting::Binary)), 0.7570671475478324); // nx
    close(mean(&graph::clustering(&c.weights, Weighting::Weighted)), 0.006917695246066215); // nx
    let path = |cost| graph::path_lengths(&c, cost).expect("weights and lengths are there").characteristic;
    close(path(Cost::Hops), 1.3399014778325122); // nx
    close(path(Cost::InverseWeight), 70.96379925423723); // nx
    close(path(Cost::Length), 34.19014778325119); // nx
    assert_eq!(graph::strong_components(&c.weights).len(), 1); // nx
    let hops = graph::betweenness(&c, Cost::Hops).expect("hops");
    let strong = graph::betweenness(&c, Cost::InverseWeight).expect("weights");
    let figures = [("V1", 0.0006067051701972337, 0.031746031746031744), ("46d", 0.0223433345902509, 0.2222222222222222)]; // nx
    for (area, by_hops, by_weight) in figures {
        let i = c.region(area).expect("there");
        close(hops[i], by_hops);
        close(strong[i], by_weight);
    }
    let degree = graph::degrees(&c.weights)[c.region("V1").expect("there")];
    assert_eq!((degree.incoming, degree.outgoing), (10, 8)); // nx
}

#[test]
fn communities_are_as_good_as_those_of_networkx() {
    // nx: best of 20 seeds of louvain_communities, 5 communities each.
    for (name, best) in [("macaque-29", 0.6344627299321084), ("human-84", 0.488207870416481)] {
        let found = graph::communities(&load(name).weights, 1.0);
        assert!(found.modularity > best - 0.01, "{name}: {found:?}");
        assert_eq!(found, graph::communities(&load(name).weights, 1.0));
    }
    close(mean(&graph::clustering(&load("human-84").weights, Weighting::Weighted)), 0.004990570074294445); // nx
}
