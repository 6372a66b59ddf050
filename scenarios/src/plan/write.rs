//! `plan.toml`: a plan as a scenario that can be run again.

use std::path::Path;

use connectome::Connectome;
use toml::{Table, Value};

use super::Plan;
use crate::checksum::Fnv;
use crate::schema::Edges;

/// Projections that are listed one by one; of more only the totals are.
const LISTED: usize = 2000;

impl Plan {
    /// The plan as a complete scenario: every default is written out, paths are absolute, and
    /// `[resolved]`, which is not read back, says what came of it.
    pub fn to_toml(&self) -> String {
        let mut spec = self.scenario.clone();
        let folder = self.sources.first().and_then(|file| file.parent()).unwrap_or(Path::new(""));
        let absolute = |path: &Path| std::path::absolute(folder.join(path)).unwrap_or_else(|_| folder.join(path));
        if let Some(path) = spec.connectome.as_mut().and_then(|c| c.path.as_mut()) {
            *path = absolute(path);
        }
        for projection in &mut spec.projections {
            if let Some(Edges::File(file)) = &mut projection.edges {
                *file = absolute(Path::new(file)).display().to_string();
            }
        }
        spec.resolved = self.resolved();
        toml::to_string(&spec).expect("a plan has only values that TOML knows")
    }

    fn resolved(&self) -> Table {
        let network = &self.network;
        let mut resolved = Table::new();
        let whole = |n: u64| Value::Integer(i64::try_from(n).unwrap_or(i64::MAX));
        resolved.insert("neurons".to_owned(), whole(network.n_neurons()));
        resolved.insert("synapses".to_owned(), Value::Float(network.expected_synapses()));
        if let Some(variant) = &self.variant {
            resolved.insert("variant".to_owned(), Value::String(variant.clone()));
        }
        if let Some(connectome) = &self.connectome {
            resolved.insert("connectome".to_owned(), Value::Table(described(connectome)));
        }
        let sizes = network.populations.iter().map(|p| (p.name.clone(), whole(u64::from(p.size))));
        resolved.insert("populations".to_owned(), Value::Table(sizes.collect()));
        let projections = network.projections.iter().take(LISTED).map(|p| {
            let name = |i: usize| Value::String(network.populations[i].name.clone());
            let synapses = Value::Float(p.expected_synapses(network));
            Value::Table(
                [("source", name(p.source)), ("target", name(p.target)), ("synapses", synapses)]
                    .map(|(k, v)| (k.to_owned(), v))
                    .into_iter()
                    .collect(),
            )
        });
        resolved.insert("n_projections".to_owned(), whole(network.projections.len() as u64));
        if network.projections.len() <= LISTED {
            resolved.insert("projections".to_owned(), Value::Array(projections.collect()));
        }
        resolved
    }
}

fn described(connectome: &Connectome) -> Table {
    let mut table = Table::new();
    table.insert("name".to_owned(), Value::String(connectome.name.clone()));
    table.insert("regions".to_owned(), Value::Integer(connectome.n() as i64));
    table.insert("tracts".to_owned(), Value::Integer(connectome.n_tracts() as i64));
    table.insert("checksum".to_owned(), Value::String(format!("{:016x}", checksum(connectome))));
    table.insert("citation".to_owned(), Value::String(connectome.provenance.citation.clone()));
    table
}

/// Over labels, weights and lengths: tells whether two plans used the same wiring.
fn checksum(connectome: &Connectome) -> u64 {
    let mut sum = Fnv::default();
    for region in &connectome.regions {
        sum.add(region.label.as_bytes());
        sum.add(&[0]);
    }
    let numbers = [Some(&connectome.weights), connectome.lengths.as_ref(), connectome.sln.as_ref()];
    numbers.into_iter().flatten().flat_map(|m| m.values()).for_each(|v| sum.add(&v.to_bits().to_le_bytes()));
    sum.value()
}
