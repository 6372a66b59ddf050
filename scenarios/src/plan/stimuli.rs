//! Stimuli, resolved.

use connectome::network::{Signal, Stimulus, StimulusKind};
use models::units::{Degrees, Millis, Picoamps};

use super::Builder;
use super::values::show;
use crate::error::{Cause, Error};
use crate::key::KeyPath;
use crate::schema::{Spec, Steps, StimulusName, StimulusSection};

/// Keys that a kind needs, and keys that it may have besides.
fn keys(kind: StimulusName) -> (&'static [&'static str], &'static [&'static str]) {
    match kind {
        StimulusName::PoissonGenerator => (&["rate", "weight"], &[]),
        StimulusName::SpikeGenerator => (&["times", "weight"], &[]),
        StimulusName::DcGenerator | StimulusName::StepCurrentGenerator => (&["amplitude"], &[]),
        StimulusName::AcGenerator => (&["amplitude", "frequency"], &["offset", "phase"]),
        StimulusName::NoiseGenerator => (&["std"], &["mean", "interval"]),
        StimulusName::OuCurrent => (&["std", "tau"], &["mean"]),
    }
}

/// Writes a default where a kind has this key and the user left it out.
fn fill<T>(value: &mut Option<T>, keys: &[&str], name: &str, default: T) {
    if keys.contains(&name) {
        value.get_or_insert(default);
    }
}

impl Builder<'_> {
    /// Resolves all stimuli, and writes their defaults into their tables.
    pub(super) fn stimuli(&mut self, spec: &mut Spec) -> Result<(), Error> {
        for (i, section) in spec.stimuli.iter_mut().enumerate() {
            let table = KeyPath::of("stimuli").index(i);
            let name = *self.required(&section.kind, &table, "kind")?;
            self.check_stimulus_keys(section, &table, name)?;
            section.delay.get_or_insert(Millis(self.timing.dt));
            let optional = keys(name).1;
            fill(&mut section.offset, optional, "offset", Picoamps(0.0));
            fill(&mut section.phase, optional, "phase", Degrees(0.0));
            fill(&mut section.mean, optional, "mean", Picoamps(0.0));
            fill(&mut section.interval, optional, "interval", Millis(1.0));
            for target in self.named(self.required(&section.target, &table, "target")?, &table.key("target"))? {
                let stimulus = self.stimulus(section, &table, name, target)?;
                self.network.stimuli.push(stimulus);
                self.keys.stimuli.push(table.clone());
            }
        }
        Ok(())
    }

    fn check_stimulus_keys(&self, section: &StimulusSection, table: &KeyPath, kind: StimulusName) -> Result<(), Error> {
        let present = [
            ("rate", section.rate.is_some()),
            ("weight", section.weight.is_some()),
            ("times", section.times.is_some()),
            ("amplitude", section.amplitude.is_some()),
            ("offset", section.offset.is_some()),
            ("frequency", section.frequency.is_some()),
            ("phase", section.phase.is_some()),
            ("mean", section.mean.is_some()),
            ("std", section.std.is_some()),
            ("interval", section.interval.is_some()),
            ("tau", section.tau.is_some()),
        ];
        let (needed, allowed) = keys(kind);
        for (name, present) in present {
            if present && !needed.contains(&name) && !allowed.contains(&name) {
                let why = format!("it takes {}", [needed, allowed].concat().join(", "));
                let cause = Cause::Conflict { key: name.to_owned(), other: format!("kind = \"{}\"", kind.as_str()), why };
                return Err(self.document.error(&table.key(name), cause));
            }
            if !present && needed.contains(&name) {
                return Err(self.document.error(table, Cause::missing(name, format!("kind = \"{}\" needs it", kind.as_str()))));
            }
        }
        Ok(())
    }

    fn stimulus(&self, section: &StimulusSection, table: &KeyPath, name: StimulusName, target: usize) -> Result<Stimulus, Error> {
        let population = &self.network.populations[target];
        let range = section.neurons.map(|range| self.neurons(range, population.size, &table.key("neurons"))).transpose()?;
        let current = !matches!(name, StimulusName::PoissonGenerator | StimulusName::SpikeGenerator);
        let model = &self.models[population.model.as_str()];
        if current && !model.takes_current {
            let why = format!("`{}` neurons take no current", model.name);
            let cause = Cause::Conflict { key: "kind".to_owned(), other: format!("target `{}`", population.name), why };
            return Err(self.document.error(&table.key("kind"), cause));
        }
        Ok(Stimulus {
            target,
            range,
            kind: self.stimulus_kind(section, table, name, target)?,
            start: section.start.0,
            stop: section.stop.map_or(f64::INFINITY, |t| t.0),
            delay: section.delay.map_or(self.timing.dt, |t| t.0),
        })
    }

    fn stimulus_kind(&self, section: &StimulusSection, table: &KeyPath, name: StimulusName, target: usize) -> Result<StimulusKind, Error> {
        let amount = |given: Option<Picoamps>| given.map_or(0.0, |a| a.0);
        Ok(match name {
            StimulusName::PoissonGenerator => StimulusKind::PoissonGenerator {
                rate: self.steps(&section.rate, table, "rate", "1/s")?,
                weight: self.stimulus_weight(section, table, target)?,
            },
            StimulusName::SpikeGenerator => StimulusKind::SpikeGenerator {
                times: section.times.iter().flatten().map(|t| t.0).collect(),
                weight: self.stimulus_weight(section, table, target)?,
            },
            StimulusName::DcGenerator if matches!(section.amplitude, Some(Steps::Steps(_))) => {
                let why = "use kind = \"step_current_generator\"".to_owned();
                let cause = Cause::Conflict { key: "steps".to_owned(), other: "kind = \"dc_generator\"".to_owned(), why };
                return Err(self.document.error(&table.key("amplitude"), cause));
            }
            StimulusName::DcGenerator | StimulusName::StepCurrentGenerator => {
                StimulusKind::CurrentSteps { amplitude: self.steps(&section.amplitude, table, "amplitude", "pA")? }
            }
            StimulusName::AcGenerator => StimulusKind::AcGenerator {
                amplitude: self.constant(&section.amplitude, table)?,
                offset: amount(section.offset),
                frequency: section.frequency.unwrap_or_default().0,
                phase: section.phase.unwrap_or_default().0,
            },
            StimulusName::NoiseGenerator => StimulusKind::NoiseGenerator {
                mean: amount(section.mean),
                std: amount(section.std),
                interval: section.interval.unwrap_or_default().0,
            },
            StimulusName::OuCurrent => {
                StimulusKind::OuCurrent { mean: amount(section.mean), std: amount(section.std), tau: section.tau.unwrap_or_default().0 }
            }
        })
    }

    fn steps(&self, given: &Option<Steps>, table: &KeyPath, name: &str, unit: &str) -> Result<Signal, Error> {
        given.as_ref().map_or(Ok(Signal::default()), |steps| self.signal(steps, &table.key(name), unit))
    }

    /// The amplitude of a sine, which cannot have steps.
    fn constant(&self, given: &Option<Steps>, table: &KeyPath) -> Result<f64, Error> {
        match given {
            Some(Steps::Constant(quantity)) => self.quantity(quantity, &table.key("amplitude"), "pA"),
            _ => Err(self.document.error(&table.key("amplitude"), Cause::unexpected("steps", "one current such as \"100 pA\""))),
        }
    }

    fn stimulus_weight(&self, section: &StimulusSection, table: &KeyPath, target: usize) -> Result<f64, Error> {
        let key = table.key("weight");
        let Some(given) = &section.weight else { return Ok(0.0) };
        let weight = self.quantity(given, &key, self.weight_unit(target))?;
        self.check_sign(&key, target, weight, weight)?;
        if weight == 0.0 {
            return Err(self.document.error(&key, Cause::unexpected(show(given), "a weight other than 0")));
        }
        Ok(weight)
    }

    /// A range of neurons that lies in a population of `size`.
    pub(super) fn neurons(&self, [first, count]: [u32; 2], size: u32, key: &KeyPath) -> Result<(u32, u32), Error> {
        if count > 0 && first.checked_add(count).is_some_and(|end| end <= size) {
            return Ok((first, count));
        }
        let found = format!("{count} neurons from neuron {first} on");
        Err(self.document.error(key, Cause::unexpected(found, format!("[first, count] within the population's {size} neurons"))))
    }
}
