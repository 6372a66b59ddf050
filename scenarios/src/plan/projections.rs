//! Projections, resolved: names to populations, keys of a rule to a rule, text to weights.

use connectome::network::{Decay, Projection, Rule, Value};
use models::Sign;

use super::Builder;
use super::values::{Bounds, range, text};
use crate::error::{Cause, Error};
use crate::key::KeyPath;
use crate::schema::{Count, DecayShape, Distribution, ProjectionSection, RuleName, Spec};

/// Most projections of a network.
const MAX_PROJECTIONS: u64 = 1 << 22;

impl Builder<'_> {
    /// Resolves all projections, one for each pair of populations.
    pub(super) fn projections(&mut self, spec: &Spec) -> Result<(), Error> {
        for (i, section) in spec.projections.iter().enumerate() {
            let table = KeyPath::of("projections").index(i);
            let sources = self.named(self.required(&section.source, &table, "source")?, &table.key("source"))?;
            let targets = self.named(self.required(&section.target, &table, "target")?, &table.key("target"))?;
            let found = (self.network.projections.len() + sources.len() * targets.len()) as u64;
            if found > MAX_PROJECTIONS {
                return Err(self.document.error(&table, Cause::TooManyProjections { found, most: MAX_PROJECTIONS }));
            }
            for &source in &sources {
                for &target in &targets {
                    let projection = self.projection(section, &table, source, target)?;
                    self.network.projections.push(projection);
                    self.keys.projections.push(table.clone());
                }
            }
        }
        Ok(())
    }

    fn projection(&mut self, section: &ProjectionSection, table: &KeyPath, source: usize, target: usize) -> Result<Projection, Error> {
        let rule = self.rule(section, table, target)?;
        let own = matches!(&rule, Rule::Edges { edges } if section.weight.is_none() && !edges.is_empty());
        let (weight, delay) = if own {
            (Value::default(), Value::constant(self.timing.dt))
        } else {
            (self.weight(section, table, target)?, self.delay(section, table)?)
        };
        let mut projection = Projection::new(source, target, rule, weight, delay);
        projection.allow_autapses = section.allow_autapses;
        projection.allow_multapses = section.allow_multapses;
        projection.storage = section.storage.into();
        Ok(projection)
    }

    fn weight(&self, section: &ProjectionSection, table: &KeyPath, target: usize) -> Result<Value, Error> {
        let given = section.weight.as_ref().ok_or_else(|| self.document.error(table, Cause::missing("weight", "")))?;
        let key = table.key("weight");
        let weight = self.value(given, &key, self.weight_unit(target), Bounds::SameSign)?;
        let (least, greatest) = range(&weight);
        self.check_sign(&key, target, least, greatest)?;
        Ok(weight)
    }

    fn delay(&self, section: &ProjectionSection, table: &KeyPath) -> Result<Value, Error> {
        let given = section.delay.as_ref().ok_or_else(|| self.document.error(table, Cause::missing("delay", "")))?;
        let bounds = Bounds::Fixed(self.timing.dt, f64::INFINITY);
        self.value(given, &table.key("delay"), "ms", bounds)
    }

    /// The unit of weights onto this population. All receptors of a model share it.
    pub(super) fn weight_unit(&self, target: usize) -> &'static str {
        let model = self.network.populations[target].model.as_str();
        self.models[model].receptors.first().map_or("", |r| r.unit)
    }

    /// Refuses weights of a sign that no receptor of the target takes.
    pub(super) fn check_sign(&self, key: &KeyPath, target: usize, least: f64, greatest: f64) -> Result<(), Error> {
        let model = &self.models[self.network.populations[target].model.as_str()];
        for (present, sign, name) in [(greatest > 0.0, Sign::Positive, "positive"), (least < 0.0, Sign::Negative, "negative")] {
            let taken = |accepts: Sign| accepts == sign || matches!(accepts, Sign::Both | Sign::Count);
            if present && !model.receptors.iter().any(|r| taken(r.accepts)) {
                let unit = self.weight_unit(target);
                let found = if least == greatest { text(least, unit) } else { format!("{least} to {greatest} {unit}") };
                let cause = Cause::NoReceptor { model: model.name.to_owned(), sign: name, found: found.trim_end().to_owned() };
                return Err(self.document.error(key, cause));
            }
        }
        if least.abs().max(greatest.abs()) > f64::from(f32::MAX) && least == greatest {
            let cause = Cause::unexpected(text(greatest, self.weight_unit(target)), "a weight that single precision can hold");
            return Err(self.document.error(key, cause));
        }
        Ok(())
    }

    fn rule(&mut self, section: &ProjectionSection, table: &KeyPath, target: usize) -> Result<Rule, Error> {
        let name = *self.required(&section.rule, table, "rule")?;
        self.check_rule_keys(section, table, name)?;
        let count = |given: &Option<Count>| given.map_or(0, |c| c.0);
        let small = |given: &Option<Count>, key: &str| {
            u32::try_from(count(given)).map_err(|_| {
                let cause = Cause::unexpected(count(given), format!("a number up to {}", u32::MAX));
                self.document.error(&table.key(key), cause)
            })
        };
        Ok(match name {
            RuleName::OneToOne => Rule::OneToOne,
            RuleName::AllToAll => Rule::AllToAll,
            RuleName::FixedIndegree => Rule::FixedIndegree { indegree: small(&section.indegree, "indegree")? },
            RuleName::FixedOutdegree => Rule::FixedOutdegree { outdegree: small(&section.outdegree, "outdegree")? },
            RuleName::FixedTotalNumber => Rule::FixedTotalNumber { number: count(&section.number) },
            RuleName::PairwiseBernoulli => {
                let decay = section.decay.map(|decay| self.decay(decay, table)).transpose()?;
                Rule::PairwiseBernoulli { p: section.p.unwrap_or(0.0), decay }
            }
            RuleName::PairwisePoisson => Rule::PairwisePoisson { mean: section.mean.unwrap_or(0.0) },
            RuleName::Edges => Rule::Edges { edges: self.edges(section, table, target)? },
        })
    }

    /// Every rule has its own key, and no other rule's.
    fn check_rule_keys(&self, section: &ProjectionSection, table: &KeyPath, rule: RuleName) -> Result<(), Error> {
        let keys = [
            ("indegree", section.indegree.is_some(), RuleName::FixedIndegree, true),
            ("outdegree", section.outdegree.is_some(), RuleName::FixedOutdegree, true),
            ("number", section.number.is_some(), RuleName::FixedTotalNumber, true),
            ("p", section.p.is_some(), RuleName::PairwiseBernoulli, true),
            ("decay", section.decay.is_some(), RuleName::PairwiseBernoulli, false),
            ("mean", section.mean.is_some(), RuleName::PairwisePoisson, true),
            ("edges", section.edges.is_some(), RuleName::Edges, true),
        ];
        for (name, present, owner, needed) in keys {
            if present && owner != rule {
                let why = format!("it belongs to rule = \"{}\"", owner.as_str());
                let cause = Cause::Conflict { key: name.to_owned(), other: format!("rule = \"{}\"", rule.as_str()), why };
                return Err(self.document.error(&table.key(name), cause));
            }
            if needed && !present && owner == rule {
                let cause = Cause::missing(name, format!("rule = \"{}\" needs it", rule.as_str()));
                return Err(self.document.error(table, cause));
            }
        }
        Ok(())
    }

    fn decay(&self, decay: DecayShape, table: &KeyPath) -> Result<Decay, Error> {
        let (name, length, decay) = match decay {
            DecayShape::Exponential(l) => ("exponential", l, Decay::Exponential { length: l.0 }),
            DecayShape::Gaussian(l) => ("gaussian", l, Decay::Gaussian { sigma: l.0 }),
            DecayShape::Linear(l) => ("linear", l, Decay::Linear { range: l.0 }),
            DecayShape::Cutoff(l) => ("cutoff", l, Decay::Cutoff { range: l.0 }),
        };
        if length.0 > 0.0 {
            return Ok(decay);
        }
        Err(self.document.error(&table.key("decay").key(name), Cause::unexpected(length, "a length above 0 mm")))
    }
}

/// True if a distribution is the same for all.
pub(super) fn is_constant(distribution: &Distribution) -> bool {
    matches!(distribution, Distribution::Constant(_))
}
