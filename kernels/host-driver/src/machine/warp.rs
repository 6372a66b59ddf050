//! Thirty-two threads in lockstep. Each lane has its own place in the code; lanes at the same place run
//! together, and those furthest behind run first, so that lanes that parted at a branch meet again where
//! its arms join.

use super::arithmetic::{self, Lanes};
use super::block::Block;
use crate::fault::{Cause, Fault};
use crate::ptx::Kernel;
use crate::ptx::instruction::{Instruction, Operand, Operation, Register, Special};
use crate::ptx::types::{Kind, Type};

pub(super) const LANES: u32 = 32;

/// A warp of a block.
pub(super) struct Warp {
    registers: Vec<Lanes>,
    /// Index of each lane's next instruction.
    places: [u32; LANES as usize],
    /// Masks of lanes: those that exist, that have not ended, that wait for the block, and for other lanes.
    pub(super) born: u32,
    pub(super) alive: u32,
    at_barrier: u32,
    pub(super) at_collective: u32,
    /// Which lanes each waiting lane waits for.
    pub(super) members: [u32; LANES as usize],
    /// Index of the first thread in the block.
    first: u32,
    /// Synchronisations of all lanes so far.
    pub(super) syncs: u16,
    instructions: u64,
}

/// The lanes of a mask, ascending.
pub(super) fn lanes(mut mask: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lane = mask.trailing_zeros();
        mask &= mask.wrapping_sub(1);
        (lane < LANES).then_some(lane as usize)
    })
}

impl Warp {
    /// The warps of a block of `threads`.
    pub(super) fn of_block(kernel: &Kernel, threads: u32) -> Vec<Warp> {
        let warp = |first: u32| {
            let born = u32::MAX >> (LANES - (threads - first).min(LANES));
            Warp {
                registers: vec![[0; LANES as usize]; kernel.n_registers],
                places: [0; LANES as usize],
                born,
                alive: born,
                at_barrier: 0,
                at_collective: 0,
                members: [0; LANES as usize],
                first,
                syncs: 0,
                instructions: 0,
            }
        };
        (0..threads).step_by(LANES as usize).map(warp).collect()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.alive == 0
    }

    pub(super) fn thread(&self, lane: usize) -> u32 {
        self.first + lane as u32
    }

    pub(super) fn place(&self, lane: usize) -> u32 {
        self.places[lane]
    }

    pub(super) fn move_to(&mut self, mask: u32, place: u32) {
        lanes(mask).for_each(|lane| self.places[lane] = place);
    }

    /// Runs until every lane has ended or waits at the block's barrier.
    pub(super) fn run(&mut self, block: &mut Block) -> Result<(), Fault> {
        loop {
            let runnable = self.alive & !self.at_barrier & !self.at_collective;
            if let Some(place) = lanes(runnable).map(|lane| self.places[lane]).min() {
                let together = self.standing_at(place, runnable);
                let meeting = lanes(runnable & !together).map(|lane| self.places[lane]).min();
                self.run_together(block, together, place, meeting.unwrap_or(u32::MAX))?;
            } else if self.at_collective != 0 {
                self.complete_collective(block)?;
            } else {
                return Ok(());
            }
        }
    }

    /// The lanes of `mask` whose next instruction is `place`.
    pub(super) fn standing_at(&self, place: u32, mask: u32) -> u32 {
        lanes(mask).filter(|lane| self.places[*lane] == place).fold(0, |found, lane| found | 1 << lane)
    }

    /// Runs lanes that stand at the same place until they part, wait, end, or come to where others are.
    fn run_together(&mut self, block: &mut Block, mask: u32, mut place: u32, meeting: u32) -> Result<(), Fault> {
        let launch = block.launch;
        while place < meeting {
            let instruction = &launch.kernel.instructions[place as usize];
            let active = self.count(block, instruction, place, mask)?;
            match &instruction.operation {
                _ if active == 0 => {}
                Operation::Branch { target } if active == mask => {
                    place = *target;
                    continue;
                }
                Operation::Branch { target } => {
                    self.part(active, mask, place);
                    self.move_to(active, *target);
                    return Ok(());
                }
                Operation::Return => {
                    self.part(active, mask, place);
                    self.alive &= !active;
                    return Ok(());
                }
                Operation::Barrier => {
                    self.part(active, mask, place);
                    self.at_barrier |= active;
                    return Ok(());
                }
                Operation::Collective { members, .. } => {
                    self.part(active, mask, place);
                    return self.arrive(block, *members, active, place);
                }
                operation => self.execute(block, operation, active, place)?,
            }
            place += 1;
        }
        self.move_to(mask, place);
        Ok(())
    }

    /// Leaves the lanes of `active` at `place`, and moves the others of `mask` on.
    fn part(&mut self, active: u32, mask: u32, place: u32) {
        self.move_to(active, place);
        self.move_to(mask & !active, place + 1);
    }

    /// Counts an instruction; returns the lanes that it is for.
    fn count(&mut self, block: &mut Block, instruction: &Instruction, place: u32, mask: u32) -> Result<u32, Fault> {
        let active = match instruction.guard {
            None => mask,
            Some((predicate, negated)) => {
                let holds = &self.registers[predicate.number as usize];
                lanes(mask).filter(|lane| (holds[*lane] != 0) != negated).fold(0, |found, lane| found | 1 << lane)
            }
        };
        block.machine.counters.warp_instructions += 1;
        block.machine.counters.thread_instructions += u64::from(mask.count_ones());
        self.instructions += 1;
        let most = block.machine.most_instructions;
        if self.instructions > most {
            let thread = self.thread(mask.trailing_zeros() as usize);
            return Err(block.fault(place, thread, Cause::Runaway { instructions: most }));
        }
        Ok(active)
    }

    /// Lets the lanes go that wait at the block's barrier; all lanes of the warp have to be there.
    pub(super) fn pass_barrier(&mut self, block: &Block) -> Result<(), Fault> {
        if self.has_ended() {
            return Ok(());
        }
        let lane = self.at_barrier.trailing_zeros() as usize;
        let place = self.places[lane];
        let here = self.standing_at(place, self.at_barrier);
        if here != self.born {
            return Err(block.fault(place, self.thread(lane), Cause::DivergentBarrier { missing: self.born & !here }));
        }
        self.at_barrier = 0;
        self.move_to(here, place + 1);
        Ok(())
    }

    /// Does an operation that moves no lane, for the lanes of `active`.
    fn execute(&mut self, block: &mut Block, operation: &Operation, active: u32, place: u32) -> Result<(), Fault> {
        let value = |operand: &Operand| self.values(block, operand);
        let (to, result) = match operation {
            Operation::Load { space, ty, to, address } => return self.load(block, (*space, *ty), to, address, (active, place)),
            Operation::Store { space, ty, from, address } => return self.store(block, (*space, *ty), from, address, (active, place)),
            Operation::Atomic { .. } => return self.change(block, operation, active, place),
            Operation::Unpack { to, from, size } => {
                let from = value(from);
                for (i, register) in to.iter().enumerate() {
                    self.write(*register, active, &from.map(|bits| bits >> (u32::from(*size) * 8 * i as u32)));
                }
                return Ok(());
            }
            Operation::Fence => return Ok(()),
            Operation::Unary { ty, unary, to, a } => (to, arithmetic::unary(*unary, *ty, &value(a))),
            Operation::Binary { ty, binary, to, a, b } => (to, arithmetic::binary(*binary, *ty, &value(a), &value(b))),
            Operation::Ternary { ty, ternary, to, a, b, c } => (to, arithmetic::ternary(*ternary, *ty, &value(a), &value(b), &value(c))),
            Operation::InsertBits { ty, to, a, b, position, length } => {
                let (a, b, position, length) = (value(a), value(b), value(position), value(length));
                (to, std::array::from_fn(|l| arithmetic::insert_bits(*ty, a[l], b[l], position[l], length[l])))
            }
            Operation::Pack { to, from, size } => (to, pack(&from.iter().map(value).collect::<Vec<_>>(), *size)),
            Operation::Compare { ty, comparison, true_for_nan, to, opposite, a, b } => {
                let holds = arithmetic::compare(*comparison, *ty, *true_for_nan, &value(a), &value(b));
                if let Some(opposite) = opposite {
                    self.write(*opposite, active, &holds.map(|holds| holds ^ 1));
                }
                (to, holds)
            }
            Operation::Select { to, a, b, predicate, .. } => (to, arithmetic::select(&value(predicate), &value(a), &value(b))),
            Operation::Convert { into, from, rounding, to, a } => {
                let converted = arithmetic::convert(*into, *from, *rounding, &value(a));
                // A register wider than the result holds it with its sign.
                (to, if into.is_signed() { converted.map(|bits| into.signed(bits) as u64) } else { converted })
            }
            Operation::ActiveMask { to } => (to, [u64::from(active); LANES as usize]),
            Operation::Branch { .. } | Operation::Barrier | Operation::Collective { .. } | Operation::Return => {
                unreachable!("these move lanes")
            }
        };
        self.write(*to, active, &result);
        Ok(())
    }

    /// What an operand holds in each lane.
    pub(super) fn values(&self, block: &Block, operand: &Operand) -> Lanes {
        match operand {
            Operand::Register(register) => self.registers[register.number as usize],
            Operand::Constant(value) => [*value; LANES as usize],
            Operand::Special(special) => std::array::from_fn(|lane| u64::from(self.special(block, *special, lane as u32))),
        }
    }

    fn special(&self, block: &Block, special: Special, lane: u32) -> u32 {
        let size = block.launch.block;
        let thread = self.first + lane;
        match special {
            Special::Thread(axis) => [thread % size[0], thread / size[0] % size[1], thread / (size[0] * size[1])][axis],
            Special::BlockSize(axis) => size[axis],
            Special::Block(axis) => block.index[axis],
            Special::GridSize(axis) => block.launch.grid[axis],
            Special::Lane => lane,
            Special::Warp => self.first / LANES,
            Special::LanesBelow => (1 << lane) - 1,
            Special::LanesUpTo => u32::MAX >> (LANES - 1 - lane),
        }
    }

    /// Puts values into a register, cut to its width, for the lanes of `active`.
    pub(super) fn write(&mut self, to: Register, active: u32, values: &Lanes) {
        let register = &mut self.registers[to.number as usize];
        let ty = Type { kind: Kind::Bits, size: to.size };
        if active == u32::MAX {
            *register = values.map(|value| ty.cut(value));
        } else {
            lanes(active).for_each(|lane| register[lane] = ty.cut(values[lane]));
        }
    }
}

/// Values side by side, the first lowest.
fn pack(parts: &[Lanes], size: u8) -> Lanes {
    std::array::from_fn(|lane| parts.iter().rev().fold(0, |packed, part| packed << (u32::from(size) * 8) | part[lane]))
}
