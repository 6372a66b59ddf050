//! Moves and swaps that make the cut smaller and keep the balance.

use super::blocks::Wiring;
use super::grow::Item;

/// Items and the rank of each.
pub(super) type Pieces = Vec<(Item, usize)>;

/// Passes at most; the last one is that which finds nothing.
const PASSES: usize = 12;
/// Pairs that one pass looks at, at most; with many pieces it makes fewer steps.
const PAIRS_PER_PASS: usize = 30_000_000;
/// Numbers in the table of pulls, at most: more pieces and ranks stay as they were placed.
const TABLE: usize = 1 << 26;

/// A change of one or two pieces, and how much smaller it makes the cut.
#[derive(Clone, Copy, Debug)]
struct Change {
    gain: f64,
    piece: usize,
    /// Rank that the piece goes to.
    to: usize,
    /// Piece that comes back from there.
    back: Option<usize>,
}

/// Makes the spikes between pieces on different ranks fewer, in a placement in which no rank costs more than `most`.
pub(super) fn improve(wiring: &Wiring, neighbours: &[Vec<usize>], pieces: &mut Pieces, (ranks, most): (usize, f64)) {
    if pieces.len() < 2 || ranks < 2 || pieces.len() * ranks > TABLE {
        return;
    }
    let edges = edges(wiring, neighbours, pieces);
    let mut state = State::new(wiring, pieces, &edges, (ranks, most));
    for _ in 0..PASSES {
        if !state.pass() {
            break;
        }
    }
    let places = state.rank;
    pieces.iter_mut().zip(places).for_each(|(piece, rank)| piece.1 = rank);
}

/// The pieces that each piece exchanges spikes with, ascending, and how many per second.
type Edges = Vec<Vec<(usize, f64)>>;

fn edges(wiring: &Wiring, neighbours: &[Vec<usize>], pieces: &Pieces) -> Edges {
    let mut of_block = vec![Vec::new(); neighbours.len()];
    for (i, (item, _)) in pieces.iter().enumerate() {
        of_block[item.block].push(i);
    }
    let of = |i: usize| {
        let item = pieces[i].0;
        let near = neighbours[item.block].iter().flat_map(|b| &of_block[*b]).filter(|j| **j != i);
        let weight = |j: &usize| (*j, wiring.between((item.block, item.fraction), (pieces[*j].0.block, pieces[*j].0.fraction)));
        let mut all: Vec<(usize, f64)> = near.map(weight).collect();
        all.sort_by_key(|(j, _)| *j);
        all
    };
    (0..pieces.len()).map(of).collect()
}

/// A placement and what follows from it.
struct State<'a> {
    edges: &'a Edges,
    costs: Vec<f64>,
    rank: Vec<usize>,
    load: Vec<f64>,
    /// The most that a rank may cost.
    most: f64,
    /// How much each piece exchanges with what each rank holds, piece by piece.
    pull: Vec<f64>,
}

impl<'a> State<'a> {
    fn new(wiring: &Wiring, pieces: &Pieces, edges: &'a Edges, (ranks, most): (usize, f64)) -> Self {
        let costs: Vec<f64> = pieces.iter().map(|(item, _)| wiring.cost(*item)).collect();
        let rank: Vec<usize> = pieces.iter().map(|piece| piece.1).collect();
        let mut load = vec![0.0; ranks];
        rank.iter().zip(&costs).for_each(|(rank, cost)| load[*rank] += cost);
        let mut pull = vec![0.0; pieces.len() * ranks];
        for (i, near) in edges.iter().enumerate() {
            near.iter().for_each(|(j, weight)| pull[i * ranks + rank[*j]] += weight);
        }
        State { edges, costs, rank, load, most, pull }
    }

    /// Changes pieces one after the other, each at most once and the best change first even if it makes things worse for
    /// now, and then takes back what came after the best placement on the way. True if that is better than before.
    fn pass(&mut self) -> bool {
        let n = self.costs.len();
        let steps = (PAIRS_PER_PASS / (n * n).max(1)).clamp(1, n);
        let mut locked = vec![false; n];
        let mut done: Vec<Change> = Vec::new();
        let (mut gained, mut best, mut kept) = (0.0, 0.0, 0);
        for _ in 0..steps {
            let Some(change) = self.best_change(&locked) else { break };
            locked[change.piece] = true;
            change.back.into_iter().for_each(|j| locked[j] = true);
            let from = self.rank[change.piece];
            self.apply(change);
            // Undoing goes the other way.
            done.push(Change { to: from, ..change });
            gained += change.gain;
            // More than rounding, or passes would never end.
            if gained > best + 1e-9 * gained.abs() {
                (best, kept) = (gained, done.len());
            }
        }
        for change in done.drain(kept..).rev() {
            self.apply(change);
        }
        kept > 0
    }

    fn best_change(&self, locked: &[bool]) -> Option<Change> {
        let mut best: Option<Change> = None;
        let mut consider = |change: Change| {
            if best.is_none_or(|b| change.gain > b.gain) {
                best = Some(change);
            }
        };
        let free = |i: &usize| !locked[*i];
        for i in (0..self.costs.len()).filter(free) {
            for to in (0..self.load.len()).filter(|to| *to != self.rank[i] && self.load[*to] + self.costs[i] <= self.most) {
                consider(Change { gain: self.gain(i, to), piece: i, to, back: None });
            }
            for j in (i + 1..self.costs.len()).filter(free).filter(|j| self.rank[*j] != self.rank[i]) {
                let (from, to, more) = (self.rank[i], self.rank[j], self.costs[i] - self.costs[j]);
                let heavier = if more > 0.0 { self.load[to] + more } else { self.load[from] - more };
                if heavier <= self.most {
                    let gain = self.gain(i, to) + self.gain(j, from) - 2.0 * self.weight(i, j);
                    consider(Change { gain, piece: i, to, back: Some(j) });
                }
            }
        }
        best
    }

    /// How much smaller the cut is with piece `i` on rank `to`.
    fn gain(&self, i: usize, to: usize) -> f64 {
        let ranks = self.load.len();
        self.pull[i * ranks + to] - self.pull[i * ranks + self.rank[i]]
    }

    fn weight(&self, i: usize, j: usize) -> f64 {
        self.edges[i].binary_search_by_key(&j, |(k, _)| *k).map_or(0.0, |at| self.edges[i][at].1)
    }

    fn apply(&mut self, Change { piece, to, back, .. }: Change) {
        let from = self.rank[piece];
        self.shift(piece, to);
        back.into_iter().for_each(|j| self.shift(j, from));
    }

    fn shift(&mut self, i: usize, to: usize) {
        let (from, ranks) = (std::mem::replace(&mut self.rank[i], to), self.load.len());
        self.load[from] -= self.costs[i];
        self.load[to] += self.costs[i];
        for (j, weight) in &self.edges[i] {
            self.pull[j * ranks + from] -= weight;
            self.pull[j * ranks + to] += weight;
        }
    }
}
