//! What a device keeps from step to step, copied and put back; and spikes that it is given.
//!
//! All of this happens between steps: what was launched has been taken.

use std::ops::Range;

use cudarc::driver::PushKernelArg;
use models::kit::real;

use super::error::{Error, doing};
use super::memory::Array;
use super::over;
use super::resident::Resident;
use super::spikes::Fired;
use crate::device::{Means, Store};

/// What a slice of neurons keeps from step to step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// The neurons, as in [`Handover`](crate::cells::Handover).
    pub tiles: Vec<u32>,
    /// Processes that have begun: the index of the drive, and a value for each neuron that it drives.
    pub processes: Vec<(usize, Vec<real>)>,
}

impl Resident {
    /// Copies what slice `slice` keeps.
    pub fn state(&self, slice: usize) -> Result<State, Error> {
        let place = &self.neurons.places[slice];
        let mut state = State { tiles: vec![0; place.tiles.len()], processes: Vec::new() };
        self.neurons.tiles.read(&self.device, place.tiles.start, &mut state.tiles)?;
        for process in place.processes.iter().filter(|process| self.agenda.has_started(process.stimulus)) {
            let mut values = vec![0.0; process.values.len()];
            self.neurons.processes.read(&self.device, process.values.start, &mut values)?;
            state.processes.push((process.drive, values));
        }
        Ok(state)
    }

    /// Puts back what [`Resident::state`] gave, or a processor in its place.
    pub fn set_state(&mut self, slice: usize, state: &State) -> Result<(), Error> {
        let place = &self.neurons.places[slice];
        self.neurons.tiles.write(&self.device, place.tiles.start, &state.tiles)?;
        for (drive, values) in &state.processes {
            let process = place.processes.iter().find(|process| process.drive == *drive).expect("a drive with a state is a process");
            self.neurons.processes.write(&self.device, process.values.start, values)?;
            self.agenda.start(process.stimulus);
        }
        Ok(())
    }

    /// What this device's neurons add to the sums of `V_m` that step `step` reads; empty if no model takes a mean.
    pub fn means(&self, step: u64) -> Result<Vec<i64>, Error> {
        let mut sums = vec![0; self.means.n_populations as usize];
        self.potentials.read(&self.device, self.place_of_means(step), &mut sums)?;
        Ok(sums)
    }

    /// Sets the sums of `V_m` that step `step` reads.
    pub fn set_means(&mut self, step: u64, sums: &[i64]) -> Result<(), Error> {
        let first = self.place_of_means(step);
        self.potentials.write(&self.device, first, sums)
    }

    /// A step reads what the one before it has left.
    fn place_of_means(&self, step: u64) -> usize {
        (step as usize + 1) % 2 * self.means.n_populations as usize
    }

    /// Puts spikes, sorted by step, in the place of those of the last `steps`: these and others from elsewhere. What of them was due
    /// before the end of `steps` is over.
    ///
    /// Rows that are made when they are due have to have been made for all that was due then.
    pub fn put(&mut self, steps: Range<u64>, fired: &[Fired]) -> Result<(), Error> {
        let now = steps.end;
        let first = self.spikes.put(&self.device, steps, fired)?;
        self.enter(first, fired, now)
    }

    /// Goes on at step `now` with these spikes under way, sorted by step: all of the longest delay. Nothing was launched before. Gives
    /// the number of synaptic events that were counted for rows of which a part is over.
    ///
    /// Of a row that is not stored the part that is over cannot be left out when it is made: so all of these steps
    /// happen once more, but for the neurons.
    pub fn go_on(&mut self, now: u64, fired: &[Fired]) -> Result<u64, Error> {
        let start = fired.first().map_or(now, |spike| spike.0);
        let makes_rows = self.synapses.made(&self.device).n_classes > 0;
        let slot = self.sums.n_receptors as usize * self.sums.n_places as usize;
        for step in start..now {
            if makes_rows {
                self.launch_deliver(step, &Store::default(), &Means::default())?;
                self.cells.clear(&self.device, (step as usize & self.sums.slot_mask as usize) * slot, slot)?;
            }
            self.spikes.put(&self.device, step..step + 1, of_step(fired, step))?;
        }
        let own = &fired[fired.partition_point(|spike| spike.0 + u64::from(self.span) < now)..];
        let first = self.spikes.end().wrapping_sub(own.len() as u32);
        self.enter(first, own, now)?;
        self.spikes.pull(&self.device)?;
        self.spikes.take(&self.device, now..now, &mut Vec::new())
    }

    /// Finds what is due from `now` on of spikes that lie in the ring, by the number of the first.
    fn enter(&mut self, first: u32, fired: &[Fired], now: u64) -> Result<(), Error> {
        let device = &self.device;
        let steps: Vec<u32> = fired.iter().map(|spike| spike.0 as u32).collect();
        let (ring, store, n) = (self.spikes.ring(device), self.synapses.store(device), fired.len() as u32);
        let steps = Array::copy(device, &steps)?;
        let mut launch = device.stream.launch_builder(&self.enter);
        launch.arg(&ring).arg(&store).arg(&steps.0).arg(&first).arg(&n).arg(&now);
        // SAFETY: these are the kernel's arguments; it reads `n` steps and writes as many spikes, which lie in the ring.
        unsafe { launch.launch(over(n)) }.map(|_| ()).map_err(doing("launching `enter`"))
    }
}

/// The spikes of one step among some that are sorted.
fn of_step(fired: &[Fired], step: u64) -> &[Fired] {
    &fired[fired.partition_point(|spike| spike.0 < step)..fired.partition_point(|spike| spike.0 <= step)]
}
