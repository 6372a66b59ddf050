//! Makes the checkpoints of a run, and keeps the last two.

use std::cell::OnceCell;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use engine::checkpoint::{FORMAT, FileSum, PartReader, PartWriter, fingerprint};
use engine::{Settings, Simulation};
use models::units::Millis;
use scenarios::Plan;

use super::super::clock::Clock;
use super::super::error::Error;
use super::super::folder::{self, write_whole};
use super::super::ranks::Ranks;
use super::super::recorder::Recorder;
use super::manifest::{Entry, Manifest, Piece, digits};
use super::resume::{FOLDER, Wanted, all};
use super::{Spent, names};

/// How many checkpoints there are after one was made.
const KEPT: usize = 2;

/// The checkpoints of a run.
pub(crate) struct Keeper<'a> {
    plan: &'a Plan,
    ranks: &'a Ranks,
    run: PathBuf,
    /// Steps between checkpoints that nobody has to ask for.
    every: Option<u64>,
    settings: Settings,
    /// Made when it is first asked for: a network may have millions of edges.
    fingerprint: OnceCell<u64>,
    /// The one that the run goes on from.
    from: Option<(PathBuf, Manifest)>,
    /// What was recorded up to the last one.
    recorded: Vec<Piece>,
    /// What the run had cost when it went on.
    before: Spent,
}

impl<'a> Keeper<'a> {
    /// For the run in the folder `run`, which goes on from a checkpoint or begins.
    ///
    /// # Errors
    /// If the checkpoint is damaged or does not fit, or if a run would begin where another left checkpoints.
    pub(crate) fn open(
        (plan, settings): (&'a Plan, &Settings),
        ranks: &'a Ranks,
        run: &Path,
        checkpoint: Option<&Path>,
        every: Option<Millis>,
    ) -> Result<Self, Error> {
        let every = every.map(|every| Clock::new(plan.simulation.dt).steps(every.0).max(1));
        ranks.on_first(|| match checkpoint {
            Some(checkpoint) => Wanted { plan, fingerprint: fingerprint(&plan.network, settings) }.load(checkpoint).map(drop),
            None if all(run).is_empty() => Ok(()),
            None => Err(Error::Unfinished { folder: run.to_path_buf() }),
        })?;
        let read = |folder: &Path| Manifest::read(folder).map(|manifest| (folder.to_path_buf(), manifest));
        let from = checkpoint.map(read).transpose();
        let from = from.map_err(|fault| Error::Checkpoint {
            checkpoint: checkpoint.unwrap_or(run).to_path_buf(),
            fault: Box::new(fault),
            earlier: None,
        });
        let from = ranks.together(from)?;
        let recorded = from.as_ref().map_or_else(Vec::new, |(_, manifest)| manifest.recorded.clone());
        let keeper = Keeper {
            plan,
            ranks,
            run: run.to_path_buf(),
            every,
            settings: *settings,
            fingerprint: OnceCell::new(),
            from,
            recorded,
            before: Spent::default(),
        };
        ranks.on_first(|| keeper.remove_what_is_not_stood_on())?;
        Ok(keeper)
    }

    fn fingerprint(&self) -> u64 {
        *self.fingerprint.get_or_init(|| fingerprint(&self.plan.network, &self.settings))
    }

    /// The time that the run goes on from, for people.
    pub(crate) fn from(&self) -> Option<&str> {
        self.from.as_ref().map(|(_, manifest)| manifest.time.as_str())
    }

    /// Folders with what was recorded up to there.
    pub(crate) fn pieces(&self) -> Vec<PathBuf> {
        self.from.as_ref().map_or_else(Vec::new, |(folder, manifest)| manifest.pieces(folder))
    }

    /// What the run had cost up to there.
    pub(crate) fn before(&self) -> &Spent {
        &self.before
    }

    /// The step at which the next checkpoint is due, after `step`.
    pub(crate) fn next(&self, step: u64) -> u64 {
        self.every.map_or(u64::MAX, |every| (step / every + 1).saturating_mul(every))
    }

    /// True if a checkpoint is due at `step`.
    pub(crate) fn is_due(&self, step: u64) -> bool {
        self.every.is_some_and(|every| step.is_multiple_of(every))
    }

    /// The folder of the run, if it has a checkpoint to go on from.
    pub(crate) fn to_go_on(&self) -> Option<&Path> {
        (!all(&self.run).is_empty()).then_some(self.run.as_path())
    }

    /// Brings a simulation that was just built, and on rank 0 its recorder, to where the run goes on.
    pub(crate) fn restore(&mut self, simulation: &mut Simulation, recorder: Option<&mut Recorder>) -> Result<(), Error> {
        let Some((folder, manifest)) = &self.from else { return Ok(()) };
        let open = |name: String| PartReader::open(&folder.join(name), self.fingerprint()).map_err(engine::Error::from);
        let parts = (0..manifest.ranks()).map(|rank| open(names::neurons(rank))).collect::<Result<Vec<_>, _>>();
        let mut parts = self.ranks.together(parts.map_err(Error::from))?;
        self.ranks.together(simulation.restore(&mut parts).map_err(Error::from))?;
        let counted = |recorder: &mut Recorder| -> Result<Spent, engine::Error> {
            let mut input = open(names::COUNTED.to_string())?;
            let before = Spent::read(&mut input)?;
            recorder.restore(&mut input)?;
            Ok(before)
        };
        let before = recorder.map(counted).transpose().map_err(Error::from);
        self.before = self.ranks.together(before)?.unwrap_or_default();
        Ok(())
    }

    /// Makes a checkpoint of the present step; `spent` is what the run has cost since it went on. Where there is no room for
    /// what it would hold nothing has happened, and the reason is returned.
    ///
    /// # Errors
    /// If what was recorded cannot be kept: then the run cannot go on, and the checkpoint before is the last.
    pub(crate) fn make(
        &mut self,
        simulation: &mut Simulation,
        recorder: Option<&mut Recorder>,
        mut spent: Spent,
    ) -> Result<Result<(), String>, Error> {
        let lasting = self.run.join(FOLDER).join(format!("{:012}", simulation.step()));
        let partial = lasting.with_extension(PARTIAL);
        let made = self.ranks.on_first(|| Ok(fresh(&partial)))?.unwrap_or(Ok(()));
        spent += self.before;
        let files = made.and_then(|()| self.state(simulation, recorder.as_deref(), &partial, spent));
        let files = match self.agree(files)? {
            Ok(files) => files,
            Err(reason) => {
                // What is left of it is removed when the next one is made.
                let _ = fs::remove_dir_all(&partial);
                return Ok(Err(reason));
            }
        };
        let ranks = self.ranks;
        ranks.on_first(|| recorder.map_or(Ok(()), |recorder| self.complete(recorder, (&partial, &lasting), files)))?;
        Ok(Ok(()))
    }

    /// Removes all checkpoints: the run has ended.
    pub(crate) fn remove(&self) -> Result<(), Error> {
        let path = self.run.join(FOLDER);
        // Under another name first: a process that is killed here leaves no checkpoint of which a part is missing.
        let over = path.with_extension(OVER);
        remove_folder(&over)?;
        if path.exists() {
            fs::rename(&path, &over).map_err(Error::write(&path))?;
        }
        remove_folder(&over)
    }

    /// Writes what this rank holds; rank 0 writes what there is once, too.
    fn state(&self, simulation: &mut Simulation, recorder: Option<&Recorder>, folder: &Path, spent: Spent) -> Result<Vec<Entry>, Error> {
        let write = |name: String, save: &mut dyn FnMut(&mut PartWriter) -> Result<(), engine::checkpoint::Error>| {
            let mut out = PartWriter::create(&folder.join(&name), self.fingerprint())?;
            save(&mut out)?;
            let FileSum { bytes, crc32 } = out.finish()?;
            Ok(Entry { name, bytes, crc32 })
        };
        let part = write(names::neurons(self.ranks.comm().rank()), &mut |out| simulation.save(out));
        let mut entries = vec![part.map_err(engine::Error::Checkpoint)?];
        if let Some(recorder) = recorder {
            let counted = write(names::COUNTED.into(), &mut |out| spent.save(out).and_then(|()| recorder.save(out)));
            entries.push(counted.map_err(engine::Error::Checkpoint)?);
            let plan = folder.join(folder::names::PLAN);
            write_whole(&plan, self.plan.to_toml().as_bytes())?;
            entries.push(Entry::of(&plan)?);
        }
        Ok(entries)
    }

    /// The files of all ranks at rank 0, if all could write theirs; or why not.
    fn agree(&self, files: Result<Vec<Entry>, Error>) -> Result<Result<Vec<Entry>, String>, Error> {
        let words = files.as_ref().map_or_else(|_| Vec::new(), |files| vec![files[0].bytes, u64::from(files[0].crc32)]);
        let all = self.ranks.comm().all_gather(&words)?;
        let failed = all.iter().position(Vec::is_empty);
        Ok(match (files, failed) {
            (Err(error), _) => Err(error.in_one_line()),
            (Ok(_), Some(rank)) => Err(format!("rank {rank} could not write its part")),
            (Ok(files), None) => {
                let parts = all.iter().enumerate();
                let parts = parts.map(|(rank, sum)| Entry { name: names::neurons(rank), bytes: sum[0], crc32: sum[1] as u32 });
                Ok(parts.chain(files.into_iter().skip(1)).collect())
            }
        })
    }

    /// Adds what was recorded, and the manifest; gives the checkpoint its name.
    fn complete(&mut self, recorder: &mut Recorder, (partial, lasting): (&Path, &Path), files: Vec<Entry>) -> Result<(), Error> {
        recorder.cut(partial, lasting)?;
        let recorded = entries(partial)?.into_iter().filter(|path| path.extension().is_some_and(|e| e == RECORDED));
        let recorded = recorded.map(|path| Entry::of(&path)).collect::<Result<_, _>>()?;
        let folder = lasting.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let step = folder.parse().expect("a checkpoint is called by its step");
        self.recorded.push(Piece { folder, files: recorded });
        let manifest = Manifest {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").into(),
            scenario: self.plan.name.clone(),
            fingerprint: digits(self.fingerprint()),
            step,
            time: Millis(Clock::new(self.plan.simulation.dt).ms(step)).to_string(),
            files,
            recorded: self.recorded.clone(),
            crc32: 0,
        };
        manifest.write(partial)?;
        fs::rename(partial, lasting).map_err(Error::write(lasting))?;
        let root = self.run.join(FOLDER);
        File::open(&root).and_then(|folder| folder.sync_all()).map_err(Error::write(&root))?;
        self.remove_old()
    }

    /// Leaves of older checkpoints only what was recorded. The manifest goes first: where it is, the checkpoint is whole.
    fn remove_old(&self) -> Result<(), Error> {
        let made = all(&self.run);
        for old in &made[..made.len().saturating_sub(KEPT)] {
            let manifest = old.join(names::MANIFEST);
            fs::remove_file(&manifest).map_err(Error::write(&manifest))?;
            for path in entries(old)?.iter().filter(|path| path.extension().is_none_or(|e| e != RECORDED)) {
                fs::remove_file(path).map_err(Error::write(path))?;
            }
        }
        Ok(())
    }

    /// Removes what was left half-written, and what is later than the checkpoint that the run goes on from.
    fn remove_what_is_not_stood_on(&self) -> Result<(), Error> {
        let root = self.run.join(FOLDER);
        if !root.exists() {
            return Ok(());
        }
        let stood_on = |path: &Path| self.recorded.iter().any(|piece| path.ends_with(&piece.folder));
        entries(&root)?.iter().filter(|path| !stood_on(path)).try_for_each(|path| fs::remove_dir_all(path).map_err(Error::write(path)))
    }
}

/// Ending of a folder that is not complete.
const PARTIAL: &str = "partial";
/// Ending of the folder of all checkpoints when they are not needed any more.
const OVER: &str = "over";
/// Ending of what was recorded.
const RECORDED: &str = "h5";

/// Removes a folder with all that is in it, if there is one.
fn remove_folder(path: &Path) -> Result<(), Error> {
    if path.exists() { fs::remove_dir_all(path).map_err(Error::write(path)) } else { Ok(()) }
}

/// An empty folder.
fn fresh(path: &Path) -> Result<(), Error> {
    remove_folder(path)?;
    fs::create_dir_all(path).map_err(Error::write(path))
}

/// What lies in a folder, in the order of names.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).map_err(Error::write(folder))?.flatten().map(|e| e.path()).collect();
    paths.sort();
    Ok(paths)
}
