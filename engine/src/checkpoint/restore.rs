//! From parts to a simulation.

use std::ops::Range;
use std::sync::PoisonError;

use kernels::layout::BLOCK;

use super::{CELLS, DRIVE, END, Error, PartReader};
use crate::Simulation;
use crate::procedural::Waiting;
use crate::shard::{Fired, SliceState};

/// No model has more state variables.
const MOST_FIELDS: usize = 64;

impl Simulation {
    /// Goes on where the simulation was that wrote these parts, all of one checkpoint. This one has been built from the
    /// same description and has not made a step; threads, ranks and storage may differ. All ranks do so together, each
    /// with all parts.
    ///
    /// # Errors
    /// If a part is not as it was written, or parts are missing; [`crate::Error::Lost`] on the other ranks. The simulation is
    /// of no use then.
    pub fn restore(&mut self, parts: &mut [PartReader]) -> Result<(), crate::Error> {
        assert_eq!(self.step, 0, "only a simulation that has not begun can go on from a checkpoint");
        let read = self.read_parts(parts).map_err(crate::Error::from);
        crate::agreed(&*self.comm, read)?;
        self.start_means()?;
        if self.on_device.is_none() {
            return Ok(());
        }
        let pushed = self.push_state();
        crate::agreed(&*self.comm, pushed)
    }

    fn read_parts(&mut self, parts: &mut [PartReader]) -> Result<(), Error> {
        let mut events = 0;
        let mut spikes = Vec::new();
        let mut covered = Covered::new(self.wiring.layout.first_id.windows(2).map(|w| w[1] - w[0]).collect());
        for (number, part) in parts.iter_mut().enumerate() {
            let step = part.u64()?;
            if number > 0 && step != self.step {
                return Err(part.damaged(format!("found step {step}, expected {} as in the first part", self.step)));
            }
            self.step = step;
            events += part.u64()?;
            self.read_spikes(part, &mut spikes)?;
            Slices::of(self).read(part, &mut covered)?;
        }
        covered.whole().map_err(|reason| parts[0].damaged(reason))?;
        spikes.sort_unstable();
        // Events are summed over ranks.
        self.shards[0].events = if self.comm.rank() == 0 { events } else { 0 };
        self.under_way(spikes);
        Ok(())
    }

    fn read_spikes(&self, part: &mut PartReader, spikes: &mut Vec<Fired>) -> Result<(), Error> {
        for _ in 0..part.u64()? {
            let (age, id) = (u64::from(part.u32()?), part.u32()?);
            if age == 0 || age > self.step - self.recent.first(self.step) || u64::from(id) >= self.n_neurons {
                let (steps, n) = (self.step - self.recent.first(self.step), self.n_neurons);
                return Err(part.damaged(format!("a spike of neuron {id}, {age} steps ago; expected ids below {n} and 1 to {steps} steps")));
            }
            spikes.push((self.step - age, id));
        }
        Ok(())
    }

    /// Publishes spikes as if all had fired in the last epoch: what was due before is left out when they are entered.
    fn under_way(&mut self, spikes: Vec<Fired>) {
        let first = self.recent.first(self.step);
        let own = spikes.iter().filter(|(_, id)| self.wiring.layout.holds_neuron(*id));
        own.for_each(|spike| self.recent.add(*spike));
        if let Some(courier) = &mut self.courier {
            courier.start_at(self.step);
        }
        if let Some(procedural) = &self.procedural {
            self.shards.iter_mut().for_each(|shard| shard.waiting = Waiting::new(procedural, first));
        }
        let [_, last] = &mut self.boards[0];
        last.get_mut().unwrap_or_else(PoisonError::into_inner).spikes = spikes;
    }
}

/// The slices of each population, with their first neuron in it.
struct Slices<'a>(Vec<Vec<(u32, &'a mut SliceState)>>);

impl<'a> Slices<'a> {
    fn of(simulation: &'a mut Simulation) -> Self {
        let first_id = &simulation.wiring.layout.first_id;
        let mut slices: Vec<Vec<_>> = (1..first_id.len()).map(|_| Vec::new()).collect();
        for slice in simulation.shards.iter_mut().flat_map(|s| &mut s.blocks).flat_map(|b| &mut b.slices) {
            slices[slice.population].push((slice.first_id - first_id[slice.population], slice));
        }
        Slices(slices)
    }

    /// Reads all sections of a part.
    fn read(&mut self, part: &mut PartReader, covered: &mut Covered) -> Result<(), Error> {
        loop {
            match part.u32()? {
                END => return Ok(()),
                CELLS => self.cells(part, covered)?,
                DRIVE => self.drive(part, covered)?,
                other => return Err(part.damaged(format!("found a section of kind {other}, expected {END} to {DRIVE}"))),
            }
        }
    }

    fn cells(&mut self, part: &mut PartReader, covered: &mut Covered) -> Result<(), Error> {
        let (population, neurons) = covered.range(part)?;
        let [n_fields, width] = [part.u32()? as usize, part.u32()? as usize];
        if let Some((_, slice)) = self.0[population].first()
            && (n_fields, width) != (slice.cells.fields().len(), slice.cells.bytes_per_value())
        {
            let expected = format!("{} of {} bytes", slice.cells.fields().len(), slice.cells.bytes_per_value());
            return Err(part.damaged(format!("found {n_fields} state variables of {width} bytes, expected {expected}")));
        }
        covered.ranges[population].push(neurons.clone());
        if n_fields > MOST_FIELDS || width > size_of::<f32>() {
            return Err(part.damaged(format!("found {n_fields} state variables of {width} bytes")));
        }
        let mut columns = vec![0; n_fields * neurons.len() * width];
        part.bytes(&mut columns)?;
        for (first, slice) in &mut self.0[population] {
            let Some((here, there)) = overlap(&neurons, *first..*first + slice.cells.len() as u32) else { continue };
            for (field, column) in columns.chunks(neurons.len() * width).enumerate() {
                slice.cells.set_column(field, there, &column[here.start * width..here.end * width]);
            }
        }
        Ok(())
    }

    fn drive(&mut self, part: &mut PartReader, covered: &Covered) -> Result<(), Error> {
        let stimulus = part.u32()? as usize;
        let (population, neurons) = covered.range(part)?;
        let mut bytes = vec![0; neurons.len() * size_of::<f32>()];
        part.bytes(&mut bytes)?;
        let values: Vec<f32> = bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
        let slices = self.0[population].iter_mut().flat_map(|(_, slice)| &mut slice.drives);
        for drive in slices.filter(|drive| drive.stimulus() == stimulus) {
            if let Some((here, there)) = overlap(&neurons, drive.neurons()) {
                drive.remember(there, &values[here]);
            }
        }
        Ok(())
    }
}

/// What two ranges share: as places in the first, and where it begins in the second.
fn overlap(a: &Range<u32>, b: Range<u32>) -> Option<(Range<usize>, usize)> {
    let both = a.start.max(b.start)..a.end.min(b.end);
    (!both.is_empty()).then(|| ((both.start - a.start) as usize..(both.end - a.start) as usize, (both.start - b.start) as usize))
}

/// Which neurons have their state back.
struct Covered {
    sizes: Vec<u32>,
    ranges: Vec<Vec<Range<u32>>>,
}

impl Covered {
    fn new(sizes: Vec<u32>) -> Self {
        Covered { ranges: vec![Vec::new(); sizes.len()], sizes }
    }

    /// A population and some of its neurons, no more than fit into a block.
    fn range(&self, part: &mut PartReader) -> Result<(usize, Range<u32>), Error> {
        let [population, first, n] = [part.u32()?, part.u32()?, part.u32()?];
        let size = self.sizes.get(population as usize).copied().unwrap_or(0);
        match first.checked_add(n) {
            Some(end) if n > 0 && n as usize <= BLOCK && end <= size => Ok((population as usize, first..end)),
            _ => Err(part.damaged(format!("{n} neurons from {first} on of population {population}, which has {size}"))),
        }
    }

    /// Refuses parts that leave a neuron out or have one twice.
    fn whole(&mut self) -> Result<(), String> {
        for (population, (ranges, size)) in self.ranges.iter_mut().zip(&self.sizes).enumerate() {
            ranges.sort_unstable_by_key(|r| r.start);
            let end = ranges.iter().try_fold(0, |end, range| (range.start == end).then_some(range.end));
            if end != Some(*size) {
                return Err(format!("found {} parts of population {population}, expected each of its {size} neurons once", ranges.len()));
            }
        }
        Ok(())
    }
}
