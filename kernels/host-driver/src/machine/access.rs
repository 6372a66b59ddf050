//! Loads, stores and atomic changes of a warp.

use super::arithmetic::{self, Lanes};
use super::block::Block;
use super::warp::{Warp, lanes};
use crate::fault::{Cause, Fault};
use crate::memory::Violation;
use crate::ptx::instruction::{Address, Operand, Operation, Register, Space};
use crate::ptx::types::Type;

impl Warp {
    fn addresses(&self, block: &Block, address: &Address) -> Lanes {
        self.values(block, &address.base).map(|base| base.wrapping_add_signed(address.offset))
    }

    /// Reads values that lie side by side into as many registers.
    pub(super) fn load(
        &mut self,
        block: &mut Block,
        (space, ty): (Space, Type),
        to: &[Register],
        address: &Address,
        (active, place): (u32, u32),
    ) -> Result<(), Fault> {
        let addresses = self.addresses(block, address);
        self.check_alignment(block, &addresses, (to.len(), ty), active, place)?;
        for (i, register) in to.iter().enumerate() {
            let mut values = [0; 32];
            for lane in lanes(active) {
                let at = addresses[lane] + (i * usize::from(ty.size)) as u64;
                let value = self.load_one(block, (space, ty), at, lane).map_err(|cause| block.fault(place, self.thread(lane), cause))?;
                // A register wider than the type holds the value with its sign.
                values[lane] = if ty.is_signed() { ty.signed(value) as u64 } else { value };
            }
            self.write(*register, active, &values);
        }
        let size = to.len() * usize::from(ty.size);
        let counters = &mut block.machine.counters;
        match space {
            Space::Parameters => {}
            Space::Shared => counters.shared_bytes += u64::from(active.count_ones()) * size as u64,
            Space::Global | Space::ReadOnly => counters.loads.add(&mut of_lanes(&addresses, active), size),
        }
        Ok(())
    }

    fn load_one(&self, block: &mut Block, (space, ty): (Space, Type), address: u64, lane: usize) -> Result<u64, Cause> {
        let visitor = block.visitor(self.thread(lane), self.syncs);
        let size = usize::from(ty.size);
        match space {
            Space::Parameters => parameter(&block.launch.parameters, address, size),
            Space::Shared => Ok(block.shared.load(address, size, &visitor, false)?),
            Space::Global | Space::ReadOnly => {
                let (memory, offset) = block.machine.global.find(address)?;
                Ok(memory.load(offset, size, &visitor, space == Space::ReadOnly)?)
            }
        }
    }

    /// Writes values side by side.
    pub(super) fn store(
        &mut self,
        block: &mut Block,
        (space, ty): (Space, Type),
        from: &[Operand],
        address: &Address,
        (active, place): (u32, u32),
    ) -> Result<(), Fault> {
        let addresses = self.addresses(block, address);
        self.check_alignment(block, &addresses, (from.len(), ty), active, place)?;
        for (i, operand) in from.iter().enumerate() {
            let values = self.values(block, operand);
            for lane in lanes(active) {
                let at = addresses[lane] + (i * usize::from(ty.size)) as u64;
                self.store_one(block, (space, ty), at, values[lane], lane).map_err(|cause| block.fault(place, self.thread(lane), cause))?;
            }
        }
        let size = from.len() * usize::from(ty.size);
        let counters = &mut block.machine.counters;
        match space {
            Space::Shared => counters.shared_bytes += u64::from(active.count_ones()) * size as u64,
            _ => counters.stores.add(&mut of_lanes(&addresses, active), size),
        }
        Ok(())
    }

    fn store_one(&self, block: &mut Block, (space, ty): (Space, Type), address: u64, value: u64, lane: usize) -> Result<(), Violation> {
        let visitor = block.visitor(self.thread(lane), self.syncs);
        let size = usize::from(ty.size);
        if space == Space::Shared {
            return block.shared.store(address, size, value, &visitor);
        }
        let (memory, offset) = block.machine.global.find(address)?;
        memory.store(offset, size, value, &visitor)
    }

    /// An atomic operation; lanes take turns.
    pub(super) fn change(&mut self, block: &mut Block, operation: &Operation, active: u32, place: u32) -> Result<(), Fault> {
        let Operation::Atomic { space, ty, atomic, to, address, operands } = operation else {
            unreachable!("called for atomic operations")
        };
        let addresses = self.addresses(block, address);
        let [a, b] = [&operands[0], &operands[1]].map(|operand| self.values(block, operand));
        let size = usize::from(ty.size);
        let mut old = [0; 32];
        for lane in lanes(active) {
            let visitor = block.visitor(self.thread(lane), self.syncs);
            let change = |old| arithmetic::atomic(*atomic, *ty, old, [a[lane], b[lane]]);
            let changed = if *space == Space::Shared {
                block.shared.change(addresses[lane], size, &visitor, change)
            } else {
                let found = block.machine.global.find(addresses[lane]);
                found.and_then(|(memory, offset)| memory.change(offset, size, &visitor, change))
            };
            old[lane] = changed.map_err(|cause| block.fault(place, self.thread(lane), cause))?;
        }
        if let Some(to) = to {
            self.write(*to, active, &old);
        }
        let counters = &mut block.machine.counters;
        match space {
            Space::Shared => counters.shared_bytes += u64::from(active.count_ones()) * size as u64,
            _ => counters.atomics.add(&mut of_lanes(&addresses, active), size),
        }
        Ok(())
    }

    /// A vector has to be aligned as a whole.
    fn check_alignment(&self, block: &Block, addresses: &Lanes, (count, ty): (usize, Type), active: u32, place: u32) -> Result<(), Fault> {
        let size = (count * usize::from(ty.size)) as u64;
        match lanes(active).find(|lane| !addresses[*lane].is_multiple_of(size)) {
            None => Ok(()),
            Some(lane) => {
                let cause = Violation::Misaligned { address: addresses[lane], size };
                Err(block.fault(place, self.thread(lane), cause))
            }
        }
    }
}

fn of_lanes(values: &Lanes, active: u32) -> Vec<u64> {
    lanes(active).map(|lane| values[lane]).collect()
}

fn parameter(parameters: &[u8], offset: u64, size: usize) -> Result<u64, Cause> {
    let missing = Cause::NoParameter { offset, length: parameters.len() as u64 };
    let bytes = parameters.get(offset as usize..offset as usize + size).ok_or(missing)?;
    let mut value = [0; 8];
    value[..size].copy_from_slice(bytes);
    Ok(u64::from_le_bytes(value))
}
