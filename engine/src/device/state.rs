//! From a device to what the host holds of its neurons, and back: for checkpoints.

use std::sync::PoisonError;

use kernels::cuda::State;

use super::slices;
use crate::procedural::Ahead;
use crate::shard::SliceState;
use crate::{Error, Simulation};

impl Simulation {
    /// Copies what neurons and processes keep from step to step to the host.
    pub(crate) fn pull_state(&mut self) -> Result<(), kernels::cuda::Error> {
        let Some(device) = &self.on_device else { return Ok(()) };
        let slices = self.shards.iter_mut().flat_map(|shard| &mut shard.blocks).flat_map(|block| &mut block.slices);
        for (index, slice) in slices.enumerate() {
            let state = device.resident.state(index)?;
            slice.cells.take_back(&state.tiles);
            state.processes.iter().for_each(|(drive, values)| slice.drives[*drive].remember(0, values));
        }
        Ok(())
    }

    /// Lets the device go on with what the host has read of neurons, processes and spikes under way.
    pub(crate) fn push_state(&mut self) -> Result<(), Error> {
        let (now, means) = (self.step, self.means.sums_of(self.step + 2));
        let [_, last] = &mut self.boards[0];
        let spikes = std::mem::take(&mut last.get_mut().unwrap_or_else(PoisonError::into_inner).spikes);
        let Some(device) = &mut self.on_device else { return Ok(()) };
        for (index, (_, slice)) in slices(&self.shards[0]).enumerate() {
            device.resident.set_state(index, &state(slice))?;
        }
        device.resident.set_means(now, &means)?;
        let elsewhere = spikes.iter().filter(|(_, id)| !self.wiring.layout.holds_neuron(*id));
        elsewhere.for_each(|spike| device.visitors.add(*spike));
        device.counted = device.resident.go_on(now, &spikes)?;
        let (events, counted) = (self.shards[0].events as i64, device.counted as i64);
        let ahead = self.made_ahead() as i64;
        if let Some(device) = &mut self.on_device {
            device.before = events + ahead - counted;
        }
        Ok(())
    }

    /// Synaptic events that have arrived, if all lives on a device.
    pub(crate) fn events_on_device(&self) -> Option<u64> {
        let device = self.on_device.as_ref()?;
        Some((device.counted as i64 + device.before - self.made_ahead() as i64) as u64)
    }

    /// Synaptic events that a device has counted and that are under way: of rows that it has made.
    fn made_ahead(&self) -> u64 {
        let (Some(device), Some(procedural)) = (&self.on_device, &self.procedural) else { return 0 };
        let mut ahead = Ahead::new(procedural, &self.wiring, self.step);
        self.recent.spikes().1.chain(device.visitors.spikes().1).for_each(|spike| ahead.add(spike));
        ahead.synapses()
    }
}

/// What a slice keeps from step to step.
fn state(slice: &SliceState) -> State {
    let memory = slice.drives.iter().enumerate().filter_map(|(index, drive)| Some((index, drive.memory()?.to_vec())));
    State { tiles: slice.cells.handover().tiles, processes: memory.collect() }
}
