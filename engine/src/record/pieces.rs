//! Recordings that are cut where a checkpoint is made, so that a run can go on from there without a gap or a double.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Closed, Error};

/// A file that is recorded while a simulation runs.
pub trait Recording: Sized {
    /// Completes the file.
    fn close(self) -> Result<Closed, Error>;
    /// Appends all that a complete file of the same kind holds.
    fn append_file(&mut self, path: &Path) -> Result<(), Error>;
}

/// Creates a file; the second argument says whether it is one of several pieces, which need not hold what never changes.
type Create<'a, W> = Box<dyn Fn(&Path, bool) -> Result<W, Error> + 'a>;

/// A recording and its earlier pieces.
pub struct Pieces<'a, W> {
    path: PathBuf,
    create: Create<'a, W>,
    earlier: Vec<PathBuf>,
    /// `None` only after an error.
    current: Option<W>,
}

impl<'a, W: Recording> Pieces<'a, W> {
    /// Begins to record what will be the file `path`, after these pieces of it.
    pub fn begin(path: PathBuf, earlier: Vec<PathBuf>, create: impl Fn(&Path, bool) -> Result<W, Error> + 'a) -> Result<Self, Error> {
        let current = Some(create(&path, !earlier.is_empty())?);
        Ok(Pieces { path, create: Box::new(create), earlier, current })
    }

    /// The piece that is being recorded.
    pub fn current(&mut self) -> &mut W {
        self.current.as_mut().expect("nothing is recorded after an error")
    }

    /// Ends a piece: completes it in the folder `into`, which will be called `lasting`, and begins the next.
    pub fn cut(&mut self, into: &Path, lasting: &Path) -> Result<(), Error> {
        let name = self.path.file_name().expect("a recording has a file's name");
        if let Some(current) = self.current.take() {
            current.close()?.rename_to(&into.join(name))?;
        }
        self.earlier.push(lasting.join(name));
        self.current = Some((self.create)(&self.path, true)?);
        Ok(())
    }

    /// Puts all pieces together and completes the file. The pieces stay.
    pub fn close(mut self) -> Result<Closed, Error> {
        let current = self.current.take().expect("nothing is recorded after an error");
        if self.earlier.is_empty() {
            return current.close();
        }
        let mut last = self.path.clone().into_os_string();
        last.push(".last.partial");
        let last = PathBuf::from(last);
        current.close()?.rename_to(&last)?;
        let mut whole = (self.create)(&self.path, false)?;
        self.earlier.iter().chain([&last]).try_for_each(|piece| whole.append_file(piece))?;
        let whole = whole.close()?;
        fs::remove_file(&last).map_err(|source| Error::write(&last, source))?;
        Ok(whole)
    }
}
