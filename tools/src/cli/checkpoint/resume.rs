//! Choosing a checkpoint to go on from, and refusing what does not fit.

use std::fs;
use std::path::{Path, PathBuf};

use models::units::Millis;
use scenarios::{Difference, Plan, differences};

use super::super::error::Error;
use super::super::folder;
use super::manifest::{Manifest, digits};
use super::{Fault, names};

/// The folder of checkpoints in the folder of a run.
pub(super) const FOLDER: &str = "checkpoints";

/// The run to go on with, and the checkpoint: the one that was given, or the last of the run that was given.
pub(crate) fn run_folder(given: &Path) -> Result<(PathBuf, PathBuf), Error> {
    let none = || Error::NoCheckpoint { folder: given.to_path_buf() };
    if given.join(names::MANIFEST).exists() {
        let run = given.ancestors().nth(2).filter(|run| given.strip_prefix(run).is_ok_and(|rest| rest.starts_with(FOLDER)));
        return run.map(|run| (run.to_path_buf(), given.to_path_buf())).ok_or_else(none);
    }
    let last = all(given).pop().ok_or_else(none)?;
    Ok((given.to_path_buf(), last))
}

/// All checkpoints of a run, ascending.
pub(super) fn all(run: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(run.join(FOLDER)).into_iter().flatten().flatten();
    let is_step = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().parse::<u64>().is_ok());
    let mut found: Vec<PathBuf> = entries.map(|e| e.path()).filter(is_step).filter(|p| p.join(names::MANIFEST).exists()).collect();
    found.sort();
    found
}

/// What a checkpoint is compared with.
pub(super) struct Wanted<'a> {
    pub(super) plan: &'a Plan,
    pub(super) fingerprint: u64,
}

impl Wanted<'_> {
    /// The manifest of a checkpoint that this run can go on from.
    ///
    /// # Errors
    /// Says what is wrong with it, and which earlier one would do.
    pub(super) fn load(&self, checkpoint: &Path) -> Result<Manifest, Error> {
        self.fitting(checkpoint).map_err(|fault| {
            let earlier = if fault.is_of_this_one_alone() { self.earlier(checkpoint) } else { None };
            Error::Checkpoint { checkpoint: checkpoint.to_path_buf(), fault: Box::new(fault), earlier }
        })
    }

    /// The last checkpoint before this one that would do, and its time.
    fn earlier(&self, checkpoint: &Path) -> Option<(PathBuf, String)> {
        let run = checkpoint.ancestors().nth(2)?;
        let before = all(run).into_iter().rev().skip_while(|c| c.file_name() >= checkpoint.file_name());
        before.filter_map(|c| self.fitting(&c).ok().map(|manifest| (c, manifest.time))).next()
    }

    fn fitting(&self, checkpoint: &Path) -> Result<Manifest, Fault> {
        let manifest = Manifest::read(checkpoint)?;
        let plan = fs::read_to_string(checkpoint.join(folder::names::PLAN)).unwrap_or_default();
        let different = differences(&plan, &self.plan.to_toml());
        if manifest.fingerprint != digits(self.fingerprint) {
            let difference = first(&different, |key| !is_of_recording(key) && !is_only_a_name(key));
            return Err(Fault::OtherRun { scenario: manifest.scenario, difference });
        }
        manifest.verify(checkpoint)?;
        if different.iter().any(|d| is_of_recording(&d.key)) {
            return Err(Fault::OtherRecording { difference: first(&different, is_of_recording) });
        }
        if manifest.step >= self.plan.simulation.steps {
            let end = Millis(self.plan.simulation.duration).to_string();
            return Err(Fault::AfterTheEnd { time: manifest.time, end });
        }
        Ok(manifest)
    }
}

/// What is written to disk, and from when on.
fn is_of_recording(key: &str) -> bool {
    key.split('.').next() == Some("record") || key == "simulation.warmup"
}

/// What does not change the spikes up to the end.
fn is_only_a_name(key: &str) -> bool {
    ["name", "description", "output"].contains(&key.split('.').next().unwrap_or_default())
        || key == "simulation.duration"
        || key.ends_with(".storage")
}

fn first(differences: &[Difference], counts: impl Fn(&str) -> bool) -> String {
    let found = differences.iter().find(|d| counts(&d.key));
    found.map_or_else(String::new, |Difference { key, was, is }| format!(": `{key}` was {was} and is {is}"))
}
