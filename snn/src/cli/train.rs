//! `train`: the loop over epochs, checkpoints and the log.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use snn::activity::Activity;
use snn::data::Dataset;
use snn::network::Network;
use snn::tensorboard::EventFile;
use snn::training::{Next, Sums, Training};
use snn::{Error, checkpoint, weights};

use super::Ending;
use super::args::TrainArgs;
use super::progress::{Meter, densities};

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
    let signal = signals();
    let mut meter = Meter::new(args.quiet, training.options.epochs);
    let last = args.output.join("last.safetensors");
    let mut events = args.tensorboard_dir.as_deref().map(EventFile::create).transpose()?;
    while !training.is_over() {
        let stop = || signal.load(Ordering::Relaxed) != 0;
        let trained = training.epoch(&dataset, |report| {
            meter.show(report);
            if stop() { Next::Stop } else { Next::Continue }
        })?;
        meter.clear();
        let Some(trained) = trained else {
            checkpoint::save(&training, &last)?;
            eprintln!("stopped; go on with --resume {}", last.display());
            return Ok(Ending::Stopped(signal.load(Ordering::Relaxed) as i32));
        };
        finish_epoch(&mut training, &dataset, &args.output, trained, events.as_mut())?;
        if stop() {
            return Ok(Ending::Stopped(signal.load(Ordering::Relaxed) as i32));
        }
    }
    if training.progress.epoch < training.options.epochs {
        println!("no better for {} epochs", training.progress.stale);
    }
    let best = training.progress.best as f64 / dataset.test.len() as f64;
    println!("best accuracy {:.2} %, in {}", 100.0 * best, args.output.join("best.safetensors").display());
    Ok(Ending::Done)
}

/// Evaluates, writes the log and the checkpoints.
fn finish_epoch(
    training: &mut Training,
    dataset: &Dataset,
    output: &Path,
    trained: Sums,
    events: Option<&mut EventFile>,
) -> Result<(), Error> {
    training.swap_average();
    let examined = training.examine(dataset);
    training.swap_average();
    let (tested, activity) = examined?;
    let epoch = training.progress.epoch;
    let better = training.judge(tested.correct);
    let found = densities(&activity.densities());
    println!("epoch {epoch}: accuracy {:.2} %, loss {:.4}, density {found}", 100.0 * tested.accuracy(), tested.mean_loss());
    let row = [trained, tested].map(|sums| format!("{},{}", sums.accuracy(), sums.mean_loss())).join(",");
    log(&output.join("log.csv"), &format!("{epoch},{row}"), epoch == 1)?;
    if let Some(events) = events {
        events.scalars(epoch, &scalars(trained, tested, &activity))?;
    }
    checkpoint::save(training, &output.join("last.safetensors"))?;
    if better {
        checkpoint::save(training, &output.join("best.safetensors"))?;
    }
    Ok(())
}

/// What there is to plot over epochs.
fn scalars(trained: Sums, tested: Sums, activity: &Activity) -> Vec<(String, f64)> {
    let mut scalars = Vec::new();
    for (name, sums) in [("train", trained), ("test", tested)] {
        scalars.extend([(format!("accuracy/{name}"), sums.accuracy()), (format!("loss/{name}"), sums.mean_loss())]);
    }
    scalars.extend([("synaptic operations".into(), activity.operations()), ("energy in microjoules".into(), activity.energy())]);
    scalars.extend(activity.densities().into_iter().map(|(layer, density)| (format!("density/{layer}"), density)));
    scalars
}

/// Adds a line to the log, which the first epoch of a run begins anew.
fn log(path: &Path, line: &str, first: bool) -> Result<(), Error> {
    let file = if first { File::create(path) } else { OpenOptions::new().create(true).append(true).open(path) };
    let header = if first { "epoch,train_accuracy,train_loss,test_accuracy,test_loss\n" } else { "" };
    file.and_then(|mut file| writeln!(file, "{header}{line}")).map_err(io(path))
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = PathBuf::from(path);
    move |source| Error::Io { path, source }
}

/// Becomes the number of the signal that asked to stop. A second one ends the program at once.
fn signals() -> Arc<AtomicUsize> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let asked = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let signal = Arc::new(AtomicUsize::new(0));
    for number in [SIGINT, SIGTERM] {
        // In this order: the shutdown looks at what the first signal set.
        let _ = signal_hook::flag::register_conditional_shutdown(number, 128 + number, asked.clone());
        let _ = signal_hook::flag::register(number, asked.clone());
        let _ = signal_hook::flag::register_usize(number, signal.clone(), number as usize);
    }
    signal
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
