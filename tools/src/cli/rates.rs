//! Rates of populations and regions, bin by bin, straight into `regions.h5`.

use std::path::{Path, PathBuf};

use connectome::network::Network;
use engine::checkpoint::{PartReader, PartWriter};
use engine::record::{Closed, Pieces, RateLayout, RegionWriter};
use scenarios::Plan;

use super::clock::Clock;
use super::error::Error;

/// Counts spikes in the bin that is open and writes bins that are full. A rest that fills no bin is left out.
pub(crate) struct RateRecorder<'a> {
    file: Pieces<'a, RegionWriter>,
    /// Step after which the open bin begins, and how many steps it has.
    begin: u64,
    width: u64,
    seconds: f64,
    counts: Vec<u64>,
    sizes: Vec<u64>,
    /// The region of each population, where it has one.
    region: Vec<Option<usize>>,
    region_sizes: Vec<u64>,
}

impl<'a> RateRecorder<'a> {
    /// Creates the file, after these pieces of it. Rates begin after the warm-up.
    pub(crate) fn create(path: PathBuf, earlier: Vec<PathBuf>, plan: &'a Plan, clock: Clock) -> Result<Self, Error> {
        let network = &plan.network;
        let layout = RateLayout {
            populations: network.populations.iter().map(|p| p.name.clone()).collect(),
            regions: network.regions.clone(),
            bin_ms: plan.recording.rate_bin,
            start_ms: plan.simulation.warmup,
        };
        let create = move |path: &Path, piece: bool| RegionWriter::create(path, &layout, plan.connectome.as_ref().filter(|_| !piece));
        let file = Pieces::begin(path, earlier, create)?;
        let region: Vec<Option<usize>> = network.populations.iter().map(|p| p.region).collect();
        Ok(RateRecorder {
            file,
            begin: plan.simulation.warmup_steps,
            width: clock.steps(plan.recording.rate_bin).max(1),
            seconds: plan.recording.rate_bin / 1000.0,
            counts: vec![0; network.populations.len()],
            sizes: network.populations.iter().map(|p| u64::from(p.size)).collect(),
            region_sizes: region_sizes(network),
            region,
        })
    }

    /// One spike of a population; steps never decrease.
    pub(crate) fn add(&mut self, step: u64, population: usize) -> Result<(), Error> {
        if step > self.begin {
            self.until(step - 1)?;
            self.counts[population] += 1;
        }
        Ok(())
    }

    /// Nothing will come any more at `step` or before: writes the bins that end there.
    pub(crate) fn until(&mut self, step: u64) -> Result<(), Error> {
        while self.begin + self.width <= step {
            self.write_bin()?;
            self.begin += self.width;
        }
        Ok(())
    }

    /// Completes the file.
    pub(crate) fn close(self) -> Result<Closed, Error> {
        Ok(self.file.close()?)
    }

    /// Ends a piece of the file at a checkpoint.
    pub(crate) fn cut(&mut self, into: &Path, lasting: &Path) -> Result<(), Error> {
        Ok(self.file.cut(into, lasting)?)
    }

    /// Writes what was counted in the open bin.
    pub(crate) fn save(&self, out: &mut PartWriter) -> Result<(), engine::checkpoint::Error> {
        [self.begin, self.counts.len() as u64].iter().chain(&self.counts).try_for_each(|n| out.u64(*n))
    }

    /// Goes on with the bin that was open.
    pub(crate) fn restore(&mut self, input: &mut PartReader) -> Result<(), engine::checkpoint::Error> {
        self.begin = input.u64()?;
        input.expect("populations with rates", self.counts.len() as u64)?;
        self.counts.iter_mut().try_for_each(|count| input.u64().map(|n| *count = n))
    }

    fn write_bin(&mut self) -> Result<(), Error> {
        let mut regions = vec![0; self.region_sizes.len()];
        for (count, region) in self.counts.iter().zip(&self.region) {
            if let Some(region) = region {
                regions[*region] += count;
            }
        }
        let rate = |(count, size): (&u64, &u64)| (*count as f64 / (self.seconds * (*size).max(1) as f64)) as f32;
        let populations: Vec<f32> = self.counts.iter().zip(&self.sizes).map(rate).collect();
        let regions: Vec<f32> = regions.iter().zip(&self.region_sizes).map(rate).collect();
        self.counts.fill(0);
        Ok(self.file.current().append(&populations, &regions)?)
    }
}

/// Neurons of each region.
pub(crate) fn region_sizes(network: &Network) -> Vec<u64> {
    let mut sizes = vec![0; network.regions.len()];
    for population in &network.populations {
        if let Some(region) = population.region {
            sizes[region] += u64::from(population.size);
        }
    }
    sizes
}
