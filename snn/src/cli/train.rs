//! `train`: the loop over epochs, checkpoints and the log.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use snn::data::Dataset;
use snn::network::Network;
use snn::tensorboard::EventFile;
use snn::training::{Next, Sums, Training};
use snn::{Error, checkpoint, weights};

use super::Ending;
use super::args::TrainArgs;
use super::progress::{Epoch, Meter, Progress};
use super::screen::Screen;
use super::signals::Signals;
use super::table::table;

pub(crate) fn run(args: &TrainArgs) -> Result<Ending, Error> {
    let mut dataset = args.data.load(args.step)?;
    args.augment.apply(&mut dataset)?;
    let mut training = match &args.resume {
        Some(path) => checkpoint::load(path)?,
        None => Training::new(args.model(&dataset), args.training())?,
    };
    if let Some(path) = &args.weights {
        weights::assign(&mut training.network, &weights::load(path)?, path)?;
    }
    training.check(&dataset)?;
    args.backend.take(&mut training)?;
    fs::create_dir_all(&args.output).map_err(io(&args.output))?;
    if !args.quiet {
        eprint!("{}", summary(&training.network));
    }
    let picture = args.tui && is_possible();
    let signals = Signals::listen(picture);
    let n_epochs = training.options.epochs;
    let mut progress = if picture {
        let title = format!("{} on {}", training.model.model, dataset.name);
        Progress::Picture(Screen::open(title, n_epochs, signals.clone()).map_err(io("the terminal".as_ref()))?)
    } else {
        Progress::Plain(Meter::new(args.quiet, n_epochs))
    };
    let last = args.output.join("last.safetensors");
    let mut events = args.tensorboard_dir.as_deref().map(EventFile::create).transpose()?;
    let mut activity = None;
    while !training.is_over() {
        let trained = training.epoch(&dataset, |report| {
            progress.batch(report);
            if signals.came().is_some() { Next::Stop } else { Next::Continue }
        })?;
        let Some(trained) = trained else {
            checkpoint::save(&training, &last)?;
            drop(progress);
            eprintln!("stopped; go on with --resume {}", last.display());
            return Ok(Ending::Stopped(signals.came().unwrap_or_default()));
        };
        progress.test();
        let epoch = finish_epoch(&mut training, &dataset, &args.output, trained, events.as_mut())?;
        progress.epoch(&epoch);
        activity = Some(epoch.activity);
        if let Some(signal) = signals.came() {
            return Ok(Ending::Stopped(signal));
        }
    }
    drop(progress);
    if training.progress.epoch < training.options.epochs {
        println!("no better for {} epochs", training.progress.stale);
    }
    if let Some(activity) = activity.filter(|_| !args.quiet) {
        print!("{}", table(&activity, args.backend));
    }
    let best = training.progress.best as f64 / dataset.test.len() as f64;
    println!("best accuracy {:.2} %, in {}", 100.0 * best, args.output.join("best.safetensors").display());
    Ok(Ending::Done)
}

/// Whether the picture can be drawn; says so if not.
fn is_possible() -> bool {
    let possible = Screen::is_possible();
    if !possible {
        eprintln!("--tui: no terminal to draw on and take keys from; plain progress instead");
    }
    possible
}

/// Evaluates, writes the log and the checkpoints.
fn finish_epoch(
    training: &mut Training,
    dataset: &Dataset,
    output: &Path,
    trained: Sums,
    events: Option<&mut EventFile>,
) -> Result<Epoch, Error> {
    training.swap_average();
    let examined = training.examine(dataset);
    training.swap_average();
    let (tested, activity) = examined?;
    let better = training.judge(tested.correct);
    let epoch = Epoch { number: training.progress.epoch, trained, tested, activity, better };
    log(&output.join("log.csv"), &epoch)?;
    if let Some(events) = events {
        events.scalars(epoch.number, &scalars(&epoch))?;
    }
    checkpoint::save(training, &output.join("last.safetensors"))?;
    if better {
        checkpoint::save(training, &output.join("best.safetensors"))?;
    }
    Ok(epoch)
}

/// What there is to plot over epochs.
fn scalars(Epoch { trained, tested, activity, .. }: &Epoch) -> Vec<(String, f64)> {
    let mut scalars = Vec::new();
    for (name, sums) in [("train", trained), ("test", tested)] {
        scalars.extend([(format!("accuracy/{name}"), sums.accuracy()), (format!("loss/{name}"), sums.mean_loss())]);
    }
    scalars.extend([("synaptic operations".into(), activity.operations()), ("energy in microjoules".into(), activity.energy())]);
    scalars.extend(activity.densities().into_iter().map(|(layer, density)| (format!("density/{layer}"), density)));
    scalars
}

/// The columns of the log: what the run came to, then densities behind neurons and synaptic operations per image, layer by layer.
fn columns(Epoch { number, trained, tested, activity, .. }: &Epoch) -> Vec<(String, f64)> {
    let mut columns = vec![("epoch".to_string(), *number as f64)];
    for (name, sums) in [("train", trained), ("test", tested)] {
        columns.extend([(format!("{name}_accuracy"), sums.accuracy()), (format!("{name}_loss"), sums.mean_loss())]);
    }
    columns.extend([("operations".into(), activity.operations()), ("energy_uJ".into(), activity.energy())]);
    columns.extend(activity.densities().into_iter().map(|(layer, density)| (format!("density {layer}"), density)));
    let weighted = activity.0.iter().filter(|layer| layer.row.products > 0);
    columns.extend(weighted.map(|layer| (format!("operations {}", layer.row.layer), layer.operations())));
    columns
}

/// Adds a line to the log, which the first epoch of a run begins anew.
fn log(path: &Path, epoch: &Epoch) -> Result<(), Error> {
    let first = epoch.number == 1;
    let file = if first { File::create(path) } else { OpenOptions::new().create(true).append(true).open(path) };
    let (names, values): (Vec<_>, Vec<_>) = columns(epoch).into_iter().map(|(name, value)| (name, value.to_string())).unzip();
    let header = if first { names.join(",") + "\n" } else { String::new() };
    file.and_then(|mut file| writeln!(file, "{header}{}", values.join(","))).map_err(io(path))
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = PathBuf::from(path);
    move |source| Error::Io { path, source }
}

/// The layers as a table.
fn summary(network: &Network) -> String {
    let rows = network.summary();
    let wide = rows.iter().map(|row| row.layer.len()).max().unwrap_or(0).max(16);
    let mut text = format!("{:<wide$} {:>5}  {:<18} {:>12} {:>14}\n", "layer", "steps", "output", "parameters", "products");
    for row in rows {
        let [height, width, channels] = row.output.image();
        let (steps, output) = (row.output.steps, format!("{height} x {width} x {channels}"));
        text += &format!("{:<wide$} {steps:>5}  {output:<18} {:>12} {:>14}\n", row.layer, row.parameters, row.products);
    }
    text + &format!("{} parameters\n", network.n_parameters())
}
