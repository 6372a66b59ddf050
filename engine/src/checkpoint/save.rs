//! From a simulation to a part.

use super::{CELLS, DRIVE, END, Error, PartWriter};
use crate::Simulation;
use crate::shard::SliceState;

impl Simulation {
    /// Writes all that this process knows of the present step; what lives on a device is copied to the host first.
    ///
    /// # Errors
    /// If the file cannot be written; the simulation is as it was.
    pub fn save(&mut self, out: &mut PartWriter) -> Result<(), Error> {
        self.pull_state()?;
        out.u64(self.step)?;
        out.u64(self.synaptic_events())?;
        let (n, spikes) = self.recent.spikes();
        out.u64(n as u64)?;
        for (step, id) in spikes {
            out.u32((self.step - step) as u32)?;
            out.u32(id)?;
        }
        let mut columns = Vec::new();
        for slice in self.shards.iter().flat_map(|shard| &shard.blocks).flat_map(|block| &block.slices) {
            let first = slice.first_id - self.wiring.layout.first_id[slice.population];
            cells(out, slice, first, &mut columns)?;
            drives(out, slice)?;
        }
        out.u32(END)
    }
}

/// State of a slice, column by column.
fn cells(out: &mut PartWriter, slice: &SliceState, first: u32, columns: &mut Vec<u8>) -> Result<(), Error> {
    let n_fields = slice.cells.fields().len();
    columns.clear();
    (0..n_fields).for_each(|field| slice.cells.column(field, columns));
    let head = [slice.population, first as usize, slice.cells.len(), n_fields, slice.cells.bytes_per_value()];
    out.u32(CELLS)?;
    head.iter().try_for_each(|number| out.u32(*number as u32))?;
    out.bytes(columns)
}

/// What drives of a slice carry from step to step.
fn drives(out: &mut PartWriter, slice: &SliceState) -> Result<(), Error> {
    for drive in &slice.drives {
        let Some(values) = drive.memory() else { continue };
        let neurons = drive.neurons();
        out.u32(DRIVE)?;
        [drive.stimulus() as u32, slice.population as u32, neurons.start, neurons.len() as u32].iter().try_for_each(|n| out.u32(*n))?;
        values.iter().try_for_each(|value| out.bytes(&value.to_le_bytes()))?;
    }
    Ok(())
}
