//! Statistics in a checkpoint: what was counted so far, each bit of it.

use engine::checkpoint::{Error, PartReader, PartWriter};

use super::{Intervals, PopulationState, SpikeStatistics};

impl SpikeStatistics {
    /// Writes what was counted so far.
    pub fn save(&self, out: &mut PartWriter) -> Result<(), Error> {
        out.u64(self.states.len() as u64)?;
        self.states.iter().try_for_each(|state| state.save(out))
    }

    /// Goes on where statistics of the same populations were when they were saved.
    pub fn restore(&mut self, input: &mut PartReader) -> Result<(), Error> {
        input.expect("populations of the statistics", self.states.len() as u64)?;
        self.states.iter_mut().try_for_each(|state| state.restore(input))
    }
}

impl PopulationState {
    fn save(&self, out: &mut PartWriter) -> Result<(), Error> {
        let isi = &self.isi;
        [self.spikes, isi.below, isi.above].iter().chain(&isi.counts).try_for_each(|n| out.u64(*n))?;
        out.u64(self.followed.len() as u64)?;
        for Intervals { last_ms, mean, squares, spikes } in &self.followed {
            out.u32(*spikes)?;
            // Most neurons of a large brain have not fired.
            if *spikes > 0 {
                [last_ms, mean, squares].iter().try_for_each(|x| out.f64(**x))?;
            }
        }
        Ok(())
    }

    fn restore(&mut self, input: &mut PartReader) -> Result<(), Error> {
        let isi = &mut self.isi;
        for n in [&mut self.spikes, &mut isi.below, &mut isi.above].into_iter().chain(&mut isi.counts) {
            *n = input.u64()?;
        }
        input.expect("neurons that are followed", self.followed.len() as u64)?;
        for neuron in &mut self.followed {
            *neuron = Intervals { spikes: input.u32()?, ..Intervals::default() };
            if neuron.spikes > 0 {
                for x in [&mut neuron.last_ms, &mut neuron.mean, &mut neuron.squares] {
                    *x = input.f64()?;
                }
            }
        }
        Ok(())
    }
}
