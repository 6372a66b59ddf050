//! Operations for which the lanes of a mask wait for one another: votes, shuffles, matches, warp barriers.

use super::arithmetic::Lanes;
use super::block::Block;
use super::warp::{LANES, Warp, lanes};
use crate::fault::{Cause, Fault};
use crate::ptx::instruction::{Collective, Operand, Operation, Shuffle, Vote};

impl Warp {
    /// Lanes come to a collective operation and wait for those that their masks name.
    pub(super) fn arrive(&mut self, block: &Block, members: Operand, active: u32, place: u32) -> Result<(), Fault> {
        let masks = self.values(block, &members);
        for lane in lanes(active) {
            let mask = masks[lane] as u32;
            if mask >> lane & 1 == 0 {
                return Err(block.fault(place, self.thread(lane), Cause::NotInMask { mask, lane: lane as u32 }));
            }
            self.members[lane] = mask;
        }
        self.at_collective |= active;
        Ok(())
    }

    /// Does one collective operation whose lanes are all there. Called when no lane can run: if none is
    /// complete, none will ever be.
    pub(super) fn complete_collective(&mut self, block: &mut Block) -> Result<(), Fault> {
        for lane in lanes(self.at_collective) {
            let here = self.company(lane);
            // A lane that has ended is not waited for.
            if here == self.members[lane] & self.alive {
                let place = self.place(lane);
                self.do_collective(block, here, place)?;
                self.at_collective &= !here;
                self.move_to(here, place + 1);
                return Ok(());
            }
        }
        let lane = self.at_collective.trailing_zeros() as usize;
        let missing = self.members[lane] & self.alive & !self.company(lane);
        Err(block.fault(self.place(lane), self.thread(lane), Cause::Deadlock { missing }))
    }

    /// The lanes that wait at the same operation for the same lanes as `lane`.
    fn company(&self, lane: usize) -> u32 {
        let here = self.standing_at(self.place(lane), self.at_collective);
        let same = lanes(here).filter(|other| self.members[*other] == self.members[lane]);
        same.fold(0, |found, lane| found | 1 << lane)
    }

    fn do_collective(&mut self, block: &mut Block, here: u32, place: u32) -> Result<(), Fault> {
        let launch = block.launch;
        let Operation::Collective { collective, .. } = &launch.kernel.instructions[place as usize].operation else {
            unreachable!("lanes wait at collective operations")
        };
        match collective {
            Collective::Vote { vote, to, predicate, negated } => {
                let holds = self.values(block, predicate).map(|holds| (holds != 0) != *negated);
                let result = count_votes(*vote, &holds, here);
                self.write(*to, here, &[u64::from(result); LANES as usize]);
            }
            Collective::Shuffle { mode, to, inside, value, lane, clamp } => {
                let (value, lane, clamp) = (self.values(block, value), self.values(block, lane), self.values(block, clamp));
                let (mut taken, mut was_inside) = ([0; 32], [0; 32]);
                for me in lanes(here) {
                    let source = source_lane(*mode, me as u32, lane[me] as u32, clamp[me] as u32);
                    let from = source.unwrap_or(me as u32);
                    if here >> from & 1 == 0 {
                        return Err(block.fault(place, self.thread(me), Cause::ShuffleOutOfMask { lane: from, mask: here }));
                    }
                    taken[me] = value[from as usize];
                    was_inside[me] = u64::from(source.is_some());
                }
                self.write(*to, here, &taken);
                if let Some(inside) = inside {
                    self.write(*inside, here, &was_inside);
                }
            }
            Collective::MatchAny { ty, to, value } => {
                let values = self.values(block, value).map(|value| ty.cut(value));
                self.write(*to, here, &matches(&values, here));
            }
            // Lanes that are not in the mask stay unordered, so only a barrier of all of them counts.
            Collective::Barrier if here == self.alive => self.syncs = self.syncs.wrapping_add(1),
            Collective::Barrier => {}
        }
        Ok(())
    }
}

fn count_votes(vote: Vote, holds: &[bool; 32], here: u32) -> u32 {
    let ballot = lanes(here).filter(|lane| holds[*lane]).fold(0, |found, lane| found | 1 << lane);
    match vote {
        Vote::Ballot => ballot,
        Vote::Any => u32::from(ballot != 0),
        Vote::All => u32::from(ballot == here),
        Vote::Uniform => u32::from(ballot == here || ballot == 0),
    }
}

fn matches(values: &Lanes, here: u32) -> Lanes {
    std::array::from_fn(|me| {
        let equal = lanes(here).filter(|other| values[*other] == values[me]);
        equal.fold(0, |found, lane| found | 1 << lane)
    })
}

/// The lane that lane `me` takes its value from; `None` if that is outside its segment, and it keeps its
/// own. The clamp holds the last lane in bits 0 to 4 and the mask of segments in bits 8 to 12.
fn source_lane(mode: Shuffle, me: u32, lane: u32, clamp: u32) -> Option<u32> {
    let (lane, segment, clamp) = (lane & 31, clamp >> 8 & 31, clamp & 31);
    let last = me & segment | clamp & !segment;
    let first = me & segment;
    let (source, is_inside) = match mode {
        Shuffle::Up => (me.wrapping_sub(lane), i64::from(me) - i64::from(lane) >= i64::from(last)),
        Shuffle::Down => (me + lane, me + lane <= last),
        Shuffle::Butterfly => (me ^ lane, me ^ lane <= last),
        Shuffle::Index => (first | lane & !segment, (first | lane & !segment) <= last),
    };
    is_inside.then_some(source)
}
