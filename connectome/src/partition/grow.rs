//! The first placement: ranks are filled one after the other with what belongs together.

use super::BALANCE;
use super::blocks::Wiring;
use super::polish;
use super::refine::{self, Pieces};

/// How many different first placements are tried where there are few items; the best one is kept.
const STARTS: usize = 8;
/// From so many items on one has to do.
const MANY: usize = 100;

/// A part of a block that has no rank yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Item {
    pub(super) block: usize,
    pub(super) fraction: f64,
}

/// What each of `ranks` ranks holds, as fractions of blocks. Every item costs less than `share`.
pub(super) fn placed(wiring: &Wiring, items: Vec<Item>, ranks: usize, share: f64) -> Vec<Vec<(usize, f64)>> {
    if ranks == 0 {
        assert!(items.is_empty(), "blocks that have ranks of their own leave nothing when no rank is left");
        return Vec::new();
    }
    let neighbours = wiring.neighbours();
    let starts = if items.len() < MANY { STARTS.min(items.len()).max(1) } else { 1 };
    let tried = (0..starts).map(|start| {
        let mut pieces = grown(wiring, &neighbours, &items, (ranks, share, start));
        refine::improve(wiring, &neighbours, &mut pieces, (ranks, share * BALANCE));
        polish::polish(wiring, &mut pieces, (ranks, share * BALANCE));
        let contents = contents(&pieces, ranks);
        let traffic: f64 = contents.iter().map(|content| wiring.received(content)).sum();
        (traffic, contents)
    });
    // The first of several equally good ones, so that the result is always the same.
    tried.min_by(|a, b| a.0.total_cmp(&b.0)).expect("at least one start").1
}

/// What each rank holds, pieces of one block taken together.
fn contents(pieces: &Pieces, ranks: usize) -> Vec<Vec<(usize, f64)>> {
    let mut contents = vec![Vec::new(); ranks];
    for &(item, rank) in pieces {
        let content: &mut Vec<(usize, f64)> = &mut contents[rank];
        match content.iter_mut().find(|(block, _)| *block == item.block) {
            Some((_, fraction)) => *fraction += item.fraction,
            None => content.push((item.block, item.fraction)),
        }
    }
    contents
}

/// Fills rank after rank.
fn grown(wiring: &Wiring, neighbours: &[Vec<usize>], items: &[Item], (ranks, share, start): (usize, f64, usize)) -> Pieces {
    let mut growth = Growth { wiring, neighbours, share, open: items.to_vec(), left: 0.0 };
    // Heaviest first; different starts begin with different items.
    growth.open.sort_by(|a, b| growth.wiring.cost(*b).total_cmp(&growth.wiring.cost(*a)).then(a.block.cmp(&b.block)));
    if let Some(first) = growth.open.len().checked_sub(1).map(|last| last.min(start)) {
        growth.open[..=first].rotate_right(1);
    }
    growth.left = growth.open.iter().map(|item| wiring.cost(*item)).sum();
    (0..ranks).flat_map(|rank| growth.fill(ranks - rank - 1).into_iter().map(move |item| (item, rank))).collect()
}

/// Items that still have to be placed.
struct Growth<'a> {
    wiring: &'a Wiring,
    neighbours: &'a [Vec<usize>],
    share: f64,
    open: Vec<Item>,
    /// What they cost.
    left: f64,
}

impl Growth<'_> {
    /// Takes what one rank holds: begins with the first item, goes on with the one that exchanges most spikes with what is
    /// there, relative to its cost, and splits an item where no whole one fits. `others` ranks come after this one.
    fn fill(&mut self, others: usize) -> Vec<Item> {
        let mut taken = Vec::new();
        let mut load = 0.0;
        // Never less than this unless the rest is light, or the last rank would get what all others have left.
        let enough = self.left / (others + 1) as f64;
        let mut pull = vec![0.0; self.wiring.blocks.len()];
        while !self.open.is_empty() && !self.is_enough(load, others) {
            let room = if others == 0 { f64::INFINITY } else { self.share * BALANCE - load };
            let item = if let Some(i) = self.strongest(&pull, room) {
                self.open.remove(i)
            } else if load < enough {
                let i = self.strongest(&pull, f64::INFINITY).expect("something is open");
                self.split(i, enough - load)
            } else {
                break;
            };
            load += self.wiring.cost(item);
            self.left -= self.wiring.cost(item);
            for &near in &self.neighbours[item.block] {
                pull[near] += self.wiring.between((near, 1.0), (item.block, item.fraction));
            }
            taken.push(item);
        }
        taken
    }

    /// A rank has enough when the ranks after it can carry the rest.
    fn is_enough(&self, load: f64, others: usize) -> bool {
        load >= self.share * (2.0 - BALANCE) && self.left <= others as f64 * self.share * (1.0 + 0.5 * (BALANCE - 1.0))
    }

    /// The open item that costs at most `room` and is pulled most for its cost; of equals the first, which is the heaviest.
    fn strongest(&self, pull: &[f64], room: f64) -> Option<usize> {
        let mut best: Option<(usize, f64)> = None;
        for (i, item) in self.open.iter().enumerate().filter(|(_, item)| self.wiring.cost(**item) <= room) {
            // The fraction cancels out: pull and cost both grow with it.
            let strength = pull[item.block] / self.wiring.blocks[item.block].cost.max(f64::MIN_POSITIVE);
            if best.is_none_or(|(_, strongest)| strength > strongest) {
                best = Some((i, strength));
            }
        }
        best.map(|(i, _)| i)
    }

    /// Takes what costs `cost` of an open item; the rest stays open.
    fn split(&mut self, i: usize, cost: f64) -> Item {
        let item = &mut self.open[i];
        let fraction = (cost / self.wiring.blocks[item.block].cost).min(item.fraction);
        item.fraction -= fraction;
        Item { block: item.block, fraction }
    }
}
