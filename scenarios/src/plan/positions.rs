//! Where neurons lie.

use models::units::Millimetres;

use super::Builder;
use crate::error::{Cause, Error};
use crate::key::KeyPath;
use crate::schema::Positions;

/// Most neurons of a population with positions: they are kept in memory, 12 bytes each.
const MAX_POSITIONS: u32 = 1 << 26;

impl Builder<'_> {
    /// Positions of `size` neurons in mm.
    pub(super) fn positions(&self, given: &Positions, size: u32, key: &KeyPath) -> Result<Vec<[f32; 3]>, Error> {
        if size > MAX_POSITIONS {
            let expected = format!("at most {MAX_POSITIONS} neurons in a population with positions");
            return Err(self.document.error(key, Cause::unexpected(format!("{size} neurons"), expected)));
        }
        match given {
            Positions::Grid { shape, extent, center } => {
                let key = key.key("grid");
                let (sides, center) = self.sides(extent, center, &key)?;
                let cells = shape.iter().try_fold(1u32, |n, side| n.checked_mul(*side));
                if shape.len() != extent.len() || cells != Some(size) {
                    let found = shape.iter().map(u32::to_string).collect::<Vec<_>>().join(" x ");
                    let expected = format!("{} numbers whose product is the population's {size} neurons", extent.len());
                    return Err(self.document.error(&key.key("shape"), Cause::unexpected(found, expected)));
                }
                let shape = [0, 1, 2].map(|axis| shape.get(axis).copied().unwrap_or(1));
                Ok((0..size).map(|i| grid_point(i, shape, sides, center)).collect())
            }
            Positions::Random { extent, center } => {
                let (sides, center) = self.sides(extent, center, &key.key("random"))?;
                let stream = mix(self.timing.seed ^ mix(self.network.populations.len() as u64));
                let coordinate = |i: u32, axis: usize| {
                    let uniform = (mix(stream ^ mix(3 * u64::from(i) + axis as u64)) >> 11) as f64 / (1u64 << 53) as f64;
                    (center[axis] + (uniform - 0.5) * sides[axis]) as f32
                };
                Ok((0..size).map(|i| [0, 1, 2].map(|axis| coordinate(i, axis))).collect())
            }
        }
    }

    /// Sides and centre of a box, in mm; sides that are not given are 0.
    fn sides(&self, extent: &[Millimetres], center: &[Millimetres], key: &KeyPath) -> Result<([f64; 3], [f64; 3]), Error> {
        for (name, lengths, least) in [("extent", extent, 1), ("center", center, 0)] {
            if lengths.len() < least || lengths.len() > 3 {
                let cause = Cause::unexpected(format!("{} lengths", lengths.len()), format!("{least} to 3"));
                return Err(self.document.error(&key.key(name), cause));
            }
        }
        if let Some((i, side)) = extent.iter().enumerate().find(|(_, side)| side.0 < 0.0) {
            return Err(self.document.error(&key.key("extent").index(i), Cause::unexpected(side, "a length that is not negative")));
        }
        let padded = |lengths: &[Millimetres]| [0, 1, 2].map(|axis| lengths.get(axis).map_or(0.0, |l| l.0));
        Ok((padded(extent), padded(center)))
    }
}

/// The centre of cell `i` of a grid, x fastest.
fn grid_point(i: u32, shape: [u32; 3], sides: [f64; 3], center: [f64; 3]) -> [f32; 3] {
    let cell = [i % shape[0], i / shape[0] % shape[1], i / shape[0] / shape[1]];
    [0, 1, 2].map(|axis| {
        let fraction = (f64::from(cell[axis]) + 0.5) / f64::from(shape[axis]) - 0.5;
        (center[axis] + fraction * sides[axis]) as f32
    })
}

/// SplitMix64's finaliser (Steele, Lea & Flood 2014, OOPSLA, "Fast splittable pseudorandom number
/// generators"): a counter in, well-mixed bits out.
fn mix(counter: u64) -> u64 {
    let mut z = counter.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
