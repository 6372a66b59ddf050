//! The last improvement of a small placement, by what counts in the end.
//!
//! [`super::refine`] adds up pairs of pieces, which is fast, but counts a spike once for every piece that it reaches. Here
//! it counts once per rank.

use super::blocks::Wiring;
use super::refine::Pieces;

/// Sweeps over all pieces at most.
const SWEEPS: usize = 10;
/// Sources and parts that one sweep looks at, at most: larger placements stay as they are.
const WORK: usize = 200_000_000;

/// Makes every move and swap that leaves fewer spikes between ranks and no rank above `most`, until there is none.
pub(super) fn polish(wiring: &Wiring, pieces: &mut Pieces, (ranks, most): (usize, f64)) {
    let n = pieces.len();
    if ranks < 2 || n * n * wiring.sizes.len() * (n / ranks + 1) > WORK {
        return;
    }
    let mut load = vec![0.0; ranks];
    pieces.iter().for_each(|(item, rank)| load[*rank] += wiring.cost(*item));
    for _ in 0..SWEEPS {
        let mut better = false;
        for i in 0..n {
            // A piece may go alone, or for one that comes back.
            let alone = (0..ranks).map(|to| (to, None));
            let swaps: Vec<(usize, Option<usize>)> = (i + 1..n).map(|j| (pieces[j].1, Some(j))).collect();
            for (to, back) in alone.chain(swaps) {
                // An earlier change may have moved either.
                better |= back.is_none_or(|j| pieces[j].1 == to) && changed(wiring, pieces, &mut load, (i, to, back, most));
            }
        }
        if !better {
            break;
        }
    }
}

/// Moves piece `i` to a rank and another back, if that is better; leaves all as it was if not.
fn changed(wiring: &Wiring, pieces: &mut Pieces, load: &mut [f64], (i, to, back, most): (usize, usize, Option<usize>, f64)) -> bool {
    let from = pieces[i].1;
    let more = wiring.cost(pieces[i].0) - back.map_or(0.0, |j| wiring.cost(pieces[j].0));
    if from == to || load[to] + more > most || load[from] - more > most {
        return false;
    }
    let received = |pieces: &Pieces| -> f64 {
        let of = |rank: usize| pieces.iter().filter(move |p| p.1 == rank).map(|(item, _)| (item.block, item.fraction)).collect::<Vec<_>>();
        wiring.received(&of(from)) + wiring.received(&of(to))
    };
    let place = |pieces: &mut Pieces, here: usize, there: usize| {
        pieces[i].1 = here;
        back.into_iter().for_each(|j| pieces[j].1 = there);
    };
    let before = received(pieces);
    place(pieces, to, from);
    // More than rounding, or sweeps would go round in circles.
    let better = received(pieces) < before * (1.0 - 1e-9);
    if better {
        load[from] -= more;
        load[to] += more;
    } else {
        place(pieces, from, to);
    }
    better
}
