//! Watches a simulation: writes what is to be recorded, counts what the summary needs, shows how far it is.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use engine::checkpoint::{PartReader, PartWriter};
use engine::record::{Closed, Pieces, PopulationRow, SpikeWriter};
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
    file: Option<Pieces<'a, SpikeWriter>>,
    rates: RateRecorder<'a>,
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
    /// Opens the files of a run. What was recorded before lies in pieces in the folders of `earlier` checkpoints.
    pub(crate) fn create(
        folder: &Folder,
        plan: &'a Plan,
        probes: &[Probe],
        earlier: &[PathBuf],
        show: (&'a Progress, &'a Signals),
    ) -> Result<Self, Error> {
        let clock = Clock::new(plan.simulation.dt);
        let rows = population_rows(plan);
        let spans: Vec<Span> = rows.iter().map(|r| Span { first: r.first, size: r.size }).collect();
        let mut written = vec![false; rows.len()];
        plan.recording.spikes.iter().for_each(|&p| written[p] = true);
        let pieces = |name: &str| (folder.path().join(name), earlier.iter().map(|folder| folder.join(name)).collect::<Vec<_>>());
        let spikes = || {
            let (path, earlier) = pieces(names::SPIKES);
            Pieces::begin(path, earlier, move |path, _| SpikeWriter::create(path, &rows))
        };
        let file = if plan.recording.spikes.is_empty() { None } else { Some(spikes()?) };
        let (path, pieces) = pieces(names::REGIONS);
        Ok(Recorder {
            clock,
            steps: plan.simulation.steps,
            warmup: plan.simulation.warmup_steps,
            neurons: plan.network.n_neurons() as f64,
            index: SpanIndex::new(&spans),
            written,
            file,
            rates: RateRecorder::create(path, pieces, plan, clock)?,
            states: StateRecorder::create((folder.path(), earlier), plan, probes)?,
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
        let mut closed: Vec<Closed> = self.file.map(Pieces::close).transpose()?.into_iter().collect();
        closed.push(self.rates.close()?);
        closed.extend(self.states.close()?);
        folder.remove_run()?;
        closed.into_iter().try_for_each(Closed::rename)?;
        Ok(Counted { statistics: self.statistics, checksum: self.checksum, spikes: self.spikes })
    }

    /// Ends a piece of each file in the folder `into` of a checkpoint, which will be called `lasting`.
    pub(crate) fn cut(&mut self, into: &Path, lasting: &Path) -> Result<(), Error> {
        self.file.as_mut().map_or(Ok(()), |file| file.cut(into, lasting))?;
        self.rates.cut(into, lasting)?;
        self.states.cut(into, lasting)
    }

    /// Writes what was counted so far.
    pub(crate) fn save(&self, out: &mut PartWriter) -> Result<(), engine::checkpoint::Error> {
        out.u64(self.checksum.value())?;
        out.u64(self.spikes)?;
        self.rates.save(out)?;
        self.statistics.save(out)
    }

    /// Goes on where another recorder was.
    pub(crate) fn restore(&mut self, input: &mut PartReader) -> Result<(), engine::checkpoint::Error> {
        self.checksum = Checksum::go_on(input.u64()?);
        self.spikes = input.u64()?;
        self.rates.restore(input)?;
        self.statistics.restore(input)
    }

    /// What has to be done where the simulation has paused.
    pub(crate) fn asks(&self) -> Asks {
        match self.stopped {
            _ if self.error.is_some() => Asks::End,
            Some(stop) => Asks::Stop(stop),
            None if self.signals.hear_of_checkpoint() => Asks::Checkpoint,
            None => Asks::Nothing,
        }
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
        Ok(file.current().append(&self.times, &self.ids)?)
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
        if self.stopped.is_some() || self.signals.ask_for_checkpoint() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Why a simulation has paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asks {
    /// It was to go so far and no further.
    Nothing,
    /// Someone wants a checkpoint.
    Checkpoint,
    /// Someone stops it.
    Stop(Stop),
    /// It cannot be recorded any more.
    End,
}

impl Asks {
    /// As ranks tell it each other.
    pub(crate) fn word(self) -> u64 {
        match self {
            Asks::Nothing => 0,
            Asks::Checkpoint => 1,
            Asks::End => 2,
            Asks::Stop(stop) => u64::from(stop.exit_code()),
        }
    }

    /// What a word of [`Asks::word`] says.
    pub(crate) fn from_word(word: u64) -> Self {
        match word {
            0 => Asks::Nothing,
            1 => Asks::Checkpoint,
            2 => Asks::End,
            code => Stop::from_exit_code(code as u8).map_or(Asks::End, Asks::Stop),
        }
    }
}

/// What was counted while a simulation ran.
pub(crate) struct Counted {
    pub(crate) statistics: SpikeStatistics,
    pub(crate) checksum: Checksum,
    pub(crate) spikes: u64,
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
