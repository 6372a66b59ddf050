//! A projection as the device makes its rows: the same functions of the source, without what needs double precision.

use super::{Pattern, Prepared};
use crate::device::{Draw, Grid, Way};
use crate::permutation::Permutation;
use crate::quantile::Sampler;

/// Why the device cannot make the rows of a projection; it can store them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// No source knows its synapses alone.
    #[error("its synapses exist only as a list")]
    Listed,
    /// A source has more synapses than 32 bits number.
    #[error("a source has {count} synapses, but 32 bits have to number them")]
    TooMany {
        /// How many one source has.
        count: u64,
    },
}

/// What a device knows of a rule besides how many synapses each source has.
struct Targets {
    rule: u32,
    /// Synapses of each source, where all have as many.
    count: Option<u32>,
    grid: Grid,
    keys: [u32; 12],
}

impl Prepared {
    /// How a device makes rows of this projection, with the coding, the places and the number of synapses left open.
    /// The second value is true if each source has its own number of them.
    pub(crate) fn on_device(&self) -> Result<(Way, bool), Reason> {
        let Targets { rule, count, grid, keys } = self.device_targets()?;
        let key = |stream| crate::device::Key::from(stream);
        let (decay, reach) = match &self.rule {
            Pattern::Bernoulli { thinning: Some(thinning), .. } => thinning.on_device(),
            _ => (0, 0.0),
        };
        let way = Way {
            kinds: [crate::device::Kind { encoding: 0, receptor: 0, shift: 0, weight: 0 }; 2],
            units: [0.0; 2],
            rule,
            count: count.unwrap_or(0),
            before: u64::MAX,
            turns: 0,
            n_turns: 0,
            choices: self.choices() as u32,
            skip_self: u32::from(self.skip_self),
            places: 0,
            n_places: 0,
            from: 0,
            to: 0,
            targets: key(&self.streams.targets),
            weights: key(&self.streams.weights),
            delays: key(&self.streams.delays),
            thinning: key(&self.streams.thinning),
            decay,
            reach,
            grid,
            keys,
            weight: draw(&self.weight),
            delay: draw(&self.delay),
        };
        Ok((way, count.is_none()))
    }

    fn device_targets(&self) -> Result<Targets, Reason> {
        // Of a source's own permutation only the keys depend on the source.
        let distinct = |count| {
            let (grid, keys) = Permutation::new(self.choices().max(1), 0).on_device();
            Targets { rule: 3, count, grid, keys }
        };
        let simple = |rule, count| Targets { rule, count, grid: Grid::default(), keys: [0; 12] };
        Ok(match &self.rule {
            Pattern::Undrawn => unreachable!("rows are made of prepared projections"),
            Pattern::Listed(_) => return Err(Reason::Listed),
            Pattern::OneToOne => simple(0, Some(1)),
            Pattern::AllToAll => simple(1, Some(self.choices() as u32)),
            Pattern::Slots { slots, .. } => {
                let (grid, keys) = slots.on_device();
                Targets { rule: 2, count: None, grid, keys }
            }
            Pattern::Bernoulli { .. } => distinct(None),
            Pattern::Outdegree(n) if !self.allow_multapses => distinct(Some(*n as u32)),
            Pattern::Total(_) if !self.allow_multapses => distinct(None),
            Pattern::Outdegree(n) => simple(4, Some(*n as u32)),
            Pattern::Total(_) | Pattern::Poisson(_) => simple(4, None),
        })
    }

    /// Positions of sources and of targets in mm, if a weight, a delay or the rule needs them.
    pub(crate) fn positions(&self) -> Option<[&[[f32; 3]]; 2]> {
        self.positions.as_ref().map(|(from, to)| [&**from, &**to])
    }

    /// Sources.
    pub(crate) fn n_source(&self) -> u32 {
        self.n_source as u32
    }
}

/// How a device draws what this draws.
fn draw(sampler: &Sampler) -> Draw {
    match sampler {
        Sampler::Constant(value) => Draw { a: *value, ..Default::default() },
        Sampler::Uniform { min, width } => Draw { kind: 1, a: *min, b: *width, ..Default::default() },
        Sampler::Normal(normal) => normal.on_device(),
        Sampler::Distance { offset, slope } => Draw { kind: 4, a: *offset, b: *slope, ..Default::default() },
    }
}
