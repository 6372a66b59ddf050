//! `import`: any connectome format to ours.

use connectome::io::{self, Direction, LoadOptions};

use super::args::{ImportArgs, ReadingArgs, Rows};
use super::error::Error;
use super::table::count;

/// Reads, writes, and says in a sentence what came over.
pub(crate) fn import(args: &ImportArgs) -> Result<String, Error> {
    let output = &args.output;
    if output.exists() && !args.force {
        return Err(Error::Exists { path: output.clone() });
    }
    let connectome = io::load(&args.source.file, &load_options(&args.source.reading))?;
    io::native::write(&connectome, output).map_err(|error| match error {
        connectome::Error::Io { path, source } => Error::Write { path, source },
        other => other.into(),
    })?;
    let (regions, tracts) = (count(connectome.n() as f64), count(connectome.n_tracts() as f64));
    Ok(format!("{}: {regions} regions, {tracts} tracts; see `braincog-sim inspect {}`\n", output.display(), output.display()))
}

/// What the user said about a file, as the loaders take it.
pub(crate) fn load_options(args: &ReadingArgs) -> LoadOptions {
    let direction = match args.rows {
        Some(Rows::Source) => Direction::RowsAreSources,
        Some(Rows::Target) | None => Direction::RowsAreTargets,
    };
    LoadOptions {
        direction,
        directed: args.undirected.then_some(false),
        variable: args.variable.clone(),
        lengths_variable: args.lengths_variable.clone(),
        lengths: args.lengths.clone(),
        labels: args.labels.clone(),
        centres: args.centres.clone(),
        ..LoadOptions::default()
    }
}
