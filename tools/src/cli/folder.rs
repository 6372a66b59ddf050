//! The folder of a run: locked while a run writes to it, and changed one whole file at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::error::Error;

/// The names of what a run writes.
pub(crate) mod names {
    /// Everything that was resolved, enough to repeat the run.
    pub(crate) const PLAN: &str = "plan.toml";
    /// Counts, costs and rates.
    pub(crate) const REPORT: &str = "report.json";
    /// All spikes, in SONATA's format.
    pub(crate) const SPIKES: &str = "spikes.h5";
    /// Rates over time.
    pub(crate) const REGIONS: &str = "regions.h5";
    /// State variables over time, where asked for: `states-V_m.h5`, ...
    pub(super) const STATES: &str = "states-";
    /// The page.
    pub(crate) const PAGE: &str = "report.html";
    /// Held by the process that writes.
    pub(super) const LOCK: &str = ".lock";
    /// Ending of a file that is not complete.
    pub(super) const PARTIAL: &str = ".partial";
}

/// A run's folder that belongs to this process until it is dropped.
///
/// The lock is the operating system's, so it ends with the process however that ends: there are no stale locks.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    lock: File,
}

impl Folder {
    /// Creates the folder if need be and locks it.
    pub(crate) fn lock(path: &Path) -> Result<Self, Error> {
        fs::create_dir_all(path).map_err(Error::write(path))?;
        let at = path.join(names::LOCK);
        let mut lock = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&at).map_err(Error::write(&at))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut owner = String::new();
                // Only for the message: a lock file that cannot be read is locked all the same.
                let _ = lock.read_to_string(&mut owner);
                return Err(Error::Locked { folder: path.to_path_buf(), owner: owner.trim().to_string() });
            }
            // Some network file systems cannot lock. Two runs at a time are rarer than those.
            Err(TryLockError::Error(e)) if e.kind() == io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(source)) => return Err(Error::Write { path: at, source }),
        }
        let claim = lock.set_len(0).and_then(|()| lock.rewind()).and_then(|()| writeln!(lock, "{}", std::process::id()));
        claim.map_err(Error::write(&at))?;
        Ok(Folder { path: path.to_path_buf(), lock })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// True if a finished run lies here.
    pub(crate) fn holds_a_run(&self) -> bool {
        self.path.join(names::REPORT).exists()
    }

    /// Writes a whole file.
    pub(crate) fn write(&self, name: &str, content: &[u8]) -> Result<(), Error> {
        write_whole(&self.path.join(name), content)
    }

    /// Removes what an earlier run left. The summary goes first: where it is, the folder holds a whole run.
    pub(crate) fn remove_run(&self) -> Result<(), Error> {
        let written = |name: &str| [names::REPORT, names::PLAN, names::SPIKES, names::REGIONS, names::PAGE].contains(&name);
        let states = |name: &str| name.starts_with(names::STATES) && name.ends_with(".h5");
        self.remove(|name| name == names::REPORT)?;
        self.remove(|name| written(name) || states(name))
    }

    /// Removes files that were not completed.
    pub(crate) fn remove_partial(&self) -> Result<(), Error> {
        self.remove(|name| name.ends_with(names::PARTIAL))
    }

    fn remove(&self, which: impl Fn(&str) -> bool) -> Result<(), Error> {
        for entry in fs::read_dir(&self.path).map_err(Error::write(&self.path))?.flatten() {
            if entry.file_name().to_str().is_some_and(&which) {
                fs::remove_file(entry.path()).map_err(Error::write(&entry.path()))?;
            }
        }
        Ok(())
    }
}

/// Writes a file whole or not at all: beside its place first, then over an earlier one.
pub(crate) fn write_whole(path: &Path, content: &[u8]) -> Result<(), Error> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(names::PARTIAL);
    fs::write(&partial, content).and_then(|()| fs::rename(&partial, path)).map_err(Error::write(path))
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The file stays: removing it would let a third process lock a new one beside a second's.
        let _ = self.lock.set_len(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn temporary(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("braincog-sim-folder-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        path
    }

    #[test]
    fn a_folder_has_one_writer_at_a_time() {
        let path = temporary("lock");
        let first = Folder::lock(&path).unwrap();
        let second = Folder::lock(&path).unwrap_err();
        assert!(second.to_string().contains(&format!("process {}", std::process::id())), "{second}");
        assert_eq!(second.exit_code(), 2);
        drop(first);
        Folder::lock(&path).unwrap();
        fs::remove_dir_all(&path).unwrap();
    }

    #[test]
    fn a_lock_file_that_a_dead_process_left_does_not_lock() {
        let path = temporary("stale");
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join(names::LOCK), "4194304\n").unwrap();
        Folder::lock(&path).unwrap();
        fs::remove_dir_all(&path).unwrap();
    }

    #[test]
    fn a_run_is_removed_whole_and_nothing_else_is() {
        let path = temporary("remove");
        let folder = Folder::lock(&path).unwrap();
        for name in [names::REPORT, names::PLAN, names::SPIKES, names::REGIONS, names::PAGE, "states-V_m.h5", "notes.txt"] {
            folder.write(name, b"old").unwrap();
        }
        assert!(folder.holds_a_run());
        fs::write(path.join("spikes.h5.partial"), b"half").unwrap();
        folder.remove_run().unwrap();
        folder.remove_partial().unwrap();
        let mut left: Vec<_> = fs::read_dir(&path).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        assert_eq!(left, [names::LOCK, "notes.txt"]);
        fs::remove_dir_all(&path).unwrap();
    }
}
