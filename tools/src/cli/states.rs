//! Recorded state variables: from the engine's samples to one file per variable and interval.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use engine::record::{Closed, Pieces, StateWriter, Variable, states_path};
use engine::{Probe, Sample};
use scenarios::Plan;

use super::clock::Clock;
use super::error::Error;

/// What the engine is asked to sample: one probe per recording and variable, in the plan's order.
pub(crate) fn probes(plan: &Plan, clock: Clock) -> Vec<Probe> {
    let probe = |s: &scenarios::StateRecording, variable: &String| Probe {
        population: s.population,
        neurons: s.first..s.first + s.count,
        variable: variable.clone(),
        interval: clock.steps(s.interval).max(1),
    };
    plan.recording.states.iter().flat_map(|s| s.variables.iter().map(move |v| probe(s, v))).collect()
}

/// Writes samples.
pub(crate) struct StateRecorder {
    files: Vec<StateFile>,
    /// For each probe its file and the column of its first neuron there; the others follow.
    places: Vec<(usize, usize)>,
}

struct StateFile {
    writer: Pieces<'static, StateWriter>,
    columns: usize,
    /// Frames of the block at hand, by step.
    frames: BTreeMap<u64, Vec<f32>>,
}

impl StateRecorder {
    /// Creates one file for each variable, or for each of its intervals where it has several, after the pieces in folders
    /// of earlier checkpoints.
    pub(crate) fn create((folder, earlier): (&Path, &[PathBuf]), plan: &Plan, probes: &[Probe]) -> Result<Self, Error> {
        let clock = Clock::new(plan.simulation.dt);
        let mut groups: BTreeMap<(&str, u64), Vec<usize>> = BTreeMap::new();
        for (i, probe) in probes.iter().enumerate() {
            groups.entry((probe.variable.as_str(), probe.interval)).or_default().push(i);
        }
        let firsts = first_ids(plan);
        let nodes = |p: &Probe| -> Range<u64> {
            let first = firsts[p.population];
            first + u64::from(p.neurons.start)..first + u64::from(p.neurons.end)
        };
        let mut recorder = StateRecorder { files: Vec::new(), places: vec![(0, 0); probes.len()] };
        for (&(variable, interval), members) in &groups {
            let mut ids: Vec<u64> = members.iter().flat_map(|&i| nodes(&probes[i])).collect();
            ids.sort_unstable();
            // Two recordings may ask for the same neuron.
            ids.dedup();
            let interval_ms = clock.ms(interval);
            let several = groups.keys().filter(|(v, _)| *v == variable).count() > 1;
            let name = if several { format!("{variable}-{interval_ms}ms") } else { variable.to_string() };
            let described = Variable { name: variable.into(), units: unit(plan, &probes[members[0]]), start_ms: interval_ms, interval_ms };
            let columns = ids.len();
            for &i in members {
                let column = ids.partition_point(|id| *id < nodes(&probes[i]).start);
                recorder.places[i] = (recorder.files.len(), column);
            }
            let earlier = earlier.iter().map(|folder| states_path(folder, &name)).collect();
            let writer = Pieces::begin(states_path(folder, &name), earlier, move |path, _| StateWriter::create(path, &described, &ids))?;
            recorder.files.push(StateFile { writer, columns, frames: BTreeMap::new() });
        }
        Ok(recorder)
    }

    /// Takes all samples of a block and writes its frames.
    pub(crate) fn add(&mut self, samples: &[Sample]) -> Result<(), Error> {
        for sample in samples {
            let (file, first) = self.places[sample.probe as usize];
            let file = &mut self.files[file];
            let frame = file.frames.entry(sample.step).or_insert_with(|| vec![f32::NAN; file.columns]);
            frame[first + sample.position as usize] = sample.value;
        }
        for file in &mut self.files {
            for frame in std::mem::take(&mut file.frames).into_values() {
                file.writer.current().append(&frame)?;
            }
        }
        Ok(())
    }

    /// Completes the files.
    pub(crate) fn close(self) -> Result<Vec<Closed>, Error> {
        self.files.into_iter().map(|file| Ok(file.writer.close()?)).collect()
    }

    /// Ends a piece of each file at a checkpoint.
    pub(crate) fn cut(&mut self, into: &Path, lasting: &Path) -> Result<(), Error> {
        self.files.iter_mut().try_for_each(|file| Ok(file.writer.cut(into, lasting)?))
    }
}

/// Id of each population's first neuron.
pub(crate) fn first_ids(plan: &Plan) -> Vec<u64> {
    let sizes = plan.network.populations.iter().map(|p| u64::from(p.size));
    sizes.scan(0, |next, size| Some(std::mem::replace(next, *next + size))).collect()
}

fn unit(plan: &Plan, probe: &Probe) -> String {
    let model = models::description(&plan.network.populations[probe.population].model);
    let field = model.and_then(|m| m.state.into_iter().find(|f| f.name == probe.variable));
    field.map_or_else(String::new, |f| f.unit.to_string())
}
