//! Watches a simulation: writes what is to be recorded, counts what the summary needs, shows how far it is.

use std::ops::ControlFlow;

use engine::record::{PopulationRow, SpikeWriter};
use engine::{Block, Checksum, Observer, Probe, Spike};
use scenarios::Plan;

use super::clock::Clock;
use super::error::Error;
use super::folder::{Folder, names};
use super::progress::{Advance, Progress};
use super::rates::RateRecorder;
use super::signals::{Signals, Stop};
use super::states::{StateRecorder, first_ids};
use crate::analysis::{Span, SpanIndex, SpikeStatistics};

/// Everything that listens while a simulation runs.
pub(crate) struct Recorder<'a> {
    clock: Clock,
    steps: u64,
    warmup: u64,
    neurons: f64,
    index: SpanIndex,
    /// Whether each population's spikes are written; no file where none are.
    written: Vec<bool>,
    file: Option<SpikeWriter>,
    rates: RateRecorder,
    states: StateRecorder,
    statistics: SpikeStatistics,
    checksum: Checksum,
    spikes: u64,
    progress: &'a Progress,
    signals: &'a Signals,
    /// Why the run ended before its time.
    stopped: Option<Stop>,
    error: Option<Error>,
    times: Vec<f64>,
    ids: Vec<u64>,
}

impl<'a> Recorder<'a> {
    /// Opens the files of a run.
    pub(crate) fn create(folder: &Folder, plan: &Plan, probes: &[Probe], show: (&'a Progress, &'a Signals)) -> Result<Self, Error> {
        let clock = Clock::new(plan.simulation.dt);
        let rows = population_rows(plan);
        let spans: Vec<Span> = rows.iter().map(|r| Span { first: r.first, size: r.size }).collect();
        let mut written = vec![false; rows.len()];
        plan.recording.spikes.iter().for_each(|&p| written[p] = true);
        let path = folder.path();
        let file = if plan.recording.spikes.is_empty() { None } else { Some(SpikeWriter::create(&path.join(names::SPIKES), &rows)?) };
        Ok(Recorder {
            clock,
            steps: plan.simulation.steps,
            warmup: plan.simulation.warmup_steps,
            neurons: plan.network.n_neurons() as f64,
            index: SpanIndex::new(&spans),
            written,
            file,
            rates: RateRecorder::create(&path.join(names::REGIONS), plan, clock)?,
            states: StateRecorder::create(path, plan, probes, clock)?,
            statistics: SpikeStatistics::new(&spans, plan.simulation.warmup),
            checksum: Checksum::default(),
            spikes: 0,
            progress: show.0,
            signals: show.1,
            stopped: None,
            error: None,
            times: Vec::new(),
            ids: Vec::new(),
        })
    }

    /// Puts the files in the place of an earlier run's. An error that a block met is returned here, and leaves those.
    pub(crate) fn finish(self, folder: &Folder) -> Result<Counted, Error> {
        if let Some(error) = self.error {
            return Err(error);
        }
        folder.remove_run()?;
        self.file.map_or(Ok(()), SpikeWriter::finish)?;
        self.rates.finish()?;
        self.states.finish()?;
        Ok(Counted { statistics: self.statistics, checksum: self.checksum, spikes: self.spikes, stopped: self.stopped })
    }

    fn take(&mut self, block: &Block) -> Result<(), Error> {
        self.checksum.add(block.spikes);
        self.spikes += block.spikes.len() as u64;
        self.count(block.spikes)?;
        self.rates.until(block.steps.end)?;
        self.write(block.spikes)?;
        self.states.add(block.samples)
    }

    /// What rates and statistics count: all populations, after the warm-up.
    fn count(&mut self, spikes: &[Spike]) -> Result<(), Error> {
        self.times.clear();
        self.ids.clear();
        for spike in spikes.iter().filter(|s| s.step > self.warmup) {
            self.times.push(self.clock.ms(spike.step));
            self.ids.push(u64::from(spike.id));
            if let Some((population, _)) = self.index.locate(u64::from(spike.id)) {
                self.rates.add(spike.step, population)?;
            }
        }
        self.statistics.add(&self.times, &self.ids);
        Ok(())
    }

    fn write(&mut self, spikes: &[Spike]) -> Result<(), Error> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let chosen = |s: &&Spike| self.index.locate(u64::from(s.id)).is_some_and(|(p, _)| self.written[p]);
        self.times.clear();
        self.ids.clear();
        for spike in spikes.iter().filter(chosen) {
            self.times.push(self.clock.ms(spike.step));
            self.ids.push(u64::from(spike.id));
        }
        Ok(file.append(&self.times, &self.ids)?)
    }
}

impl Observer for Recorder<'_> {
    fn block(&mut self, block: &Block) -> ControlFlow<()> {
        if self.error.is_some() {
            return ControlFlow::Break(());
        }
        if let Err(error) = self.take(block) {
            self.error = Some(error);
            return ControlFlow::Break(());
        }
        let seconds = self.clock.ms(block.steps.end) / 1000.0;
        let rate = self.spikes as f64 / (self.neurons * seconds);
        self.progress.simulated(Advance { fraction: block.steps.end as f64 / self.steps as f64, spikes: self.spikes, rate });
        if block.steps.end < self.steps {
            self.stopped = self.signals.received();
        }
        if self.stopped.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// What was counted while a simulation ran.
pub(crate) struct Counted {
    pub(crate) statistics: SpikeStatistics,
    pub(crate) checksum: Checksum,
    pub(crate) spikes: u64,
    pub(crate) stopped: Option<Stop>,
}

fn population_rows(plan: &Plan) -> Vec<PopulationRow> {
    let row = |(p, first): (&connectome::network::Population, u64)| PopulationRow {
        name: p.name.clone(),
        region: p.region.map(|r| plan.network.regions[r].clone()),
        model: p.model.clone(),
        first,
        size: u64::from(p.size),
    };
    plan.network.populations.iter().zip(first_ids(plan)).map(row).collect()
}
