//! What all stimuli do in the steps to come, for a device.

use std::collections::BTreeMap;
use std::ops::Range;

use connectome::network::Stimulus;

use super::poisson::PoissonTable;
use super::schedule::{Act, Schedule};
use crate::device::{self, Moment};

/// The schedules of all stimuli of a network.
pub struct Agenda {
    schedules: Vec<Schedule>,
    /// Whether the process of a stimulus has begun.
    started: Vec<bool>,
    moments: Vec<Moment>,
    tables: Vec<device::PoissonTable>,
}

impl Agenda {
    /// Of these stimuli, in steps of `dt` ms.
    pub fn new(stimuli: &[Stimulus], dt: f64) -> Self {
        let schedules = stimuli.iter().map(|stimulus| Schedule::new(stimulus, dt)).collect();
        Agenda { schedules, started: vec![false; stimuli.len()], moments: Vec::new(), tables: Vec::new() }
    }

    /// Stimuli: moments of a step.
    pub fn n_stimuli(&self) -> usize {
        self.schedules.len()
    }

    /// Makes the process of a stimulus one that has begun: its state was put back after a restart.
    pub fn start(&mut self, stimulus: usize) {
        self.started[stimulus] = true;
    }

    /// True if the process of a stimulus has begun.
    pub fn has_started(&self, stimulus: usize) -> bool {
        self.started[stimulus]
    }

    /// What acts in the steps of a range, `[step][stimulus]`, and the tables that the moments name. Processes begin as steps are
    /// asked for, so every step is to be asked for once, in order.
    pub fn steps(&mut self, steps: Range<u64>) -> (&[Moment], &[device::PoissonTable]) {
        self.moments.clear();
        self.tables.clear();
        let mut by_mean: BTreeMap<u64, u32> = BTreeMap::new();
        for step in steps {
            for (schedule, started) in self.schedules.iter().zip(&mut self.started) {
                self.moments.push(match schedule.act(step) {
                    None => Moment::default(),
                    Some(Act::Poisson(mean, number)) => {
                        let table = *by_mean.entry(mean.to_bits()).or_insert_with(|| {
                            self.tables.push(PoissonTable::new(mean).on_device());
                            self.tables.len() as u32
                        });
                        Moment { number, word: table, value: 0.0 }
                    }
                    Some(Act::Spikes(n)) => Moment { number: 0, word: n, value: 0.0 },
                    Some(Act::Uniform(value)) => Moment { number: 0, word: 1, value },
                    Some(Act::Noise(number)) => Moment { number, word: 1, value: 0.0 },
                    Some(Act::Ou(number)) => {
                        let word = if std::mem::replace(started, true) { 2 } else { 1 };
                        Moment { number, word, value: 0.0 }
                    }
                });
            }
        }
        (&self.moments, &self.tables)
    }
}
