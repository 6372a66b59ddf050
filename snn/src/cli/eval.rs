//! `eval`: accuracy and density of a checkpoint.

use std::time::Instant;

use snn::activity::Activity;
use snn::convert::correct_by_step;
use snn::correlate::Path;
use snn::{Error, checkpoint, nir};

use super::args::{Backend, EvalArgs};

pub(crate) fn run(args: &EvalArgs) -> Result<(), Error> {
    if args.checkpoint.extension().is_some_and(|e| e == "nir") {
        return run_nir(args);
    }
    let mut training = checkpoint::load(&args.checkpoint)?;
    let dataset = args.data.load(training.model.steps)?;
    args.backend.take(&mut training)?;
    let start = Instant::now();
    training.swap_average();
    let (sums, activity) = training.examine(&dataset)?;
    let took = start.elapsed().as_secs_f64();
    println!("accuracy {:.2} % of {} images, loss {:.4}", 100.0 * sums.accuracy(), sums.seen, sums.mean_loss());
    print!("{}", table(&activity, args.backend));
    let (operations, energy) = (activity.operations(), activity.energy());
    let without = activity.energy_without_spikes();
    println!("{operations:.3e} synaptic operations per image, about {energy:.2} uJ; {without:.2} uJ without spikes (45 nm)");
    println!("{:.0} images per second", sums.seen as f64 / took);
    Ok(())
}

/// All layers: what comes out of them, how dense it is, what it takes, and how it is computed.
fn table(activity: &Activity, backend: Backend) -> String {
    let percent = |density: f64| format!("{:.1} %", 100.0 * density);
    let wide = activity.0.iter().map(|layer| layer.row.layer.len()).max().unwrap_or(0);
    let (head, columns) = ("layer", ["output", "parameters", "in", "out", "operations", "uJ"]);
    let [output, parameters, input, density, operations, energy] = columns;
    let mut text = format!("{head:<wide$} {output:>14} {parameters:>11} {input:>8} {density:>8} {operations:>11} {energy:>9}  path\n");
    for layer in &activity.0 {
        let [height, width, channels] = layer.row.output.image();
        let (output, parameters) = (format!("{height}x{width}x{channels}"), layer.row.parameters);
        let (name, out) = (&layer.row.layer, percent(layer.output_density));
        text += &format!("{name:<wide$} {output:>14} {parameters:>11} ");
        text += &match layer.path() {
            None => format!("{:>8} {out:>8}\n", ""),
            Some(path) => {
                let events = path == Path::Events && backend == Backend::Cpu;
                let (input, path) = (percent(layer.input_density), if events { "events" } else { "dense" });
                format!("{input:>8} {out:>8} {:>11.3e} {:>9.4}  {path}\n", layer.operations(), layer.energy() * 1e-6)
            }
        };
    }
    text
}

/// A network of another program: each image is repeated, as values of mean 0 and variance 1.
fn run_nir(args: &EvalArgs) -> Result<(), Error> {
    if args.backend != Backend::Cpu {
        return Err(Error::Value { what: "--backend", found: "cuda".into(), expected: "cpu for a file of NIR" });
    }
    let network = nir::read(&args.checkpoint, args.step)?;
    let dataset = args.data.load(args.step)?;
    if dataset.train.image != network.image() || dataset.classes != network.classes() {
        let (found, expected) = (dataset.train.image, network.image());
        let (found_classes, expected_classes) = (dataset.classes, network.classes());
        return Err(Error::Pairing { dataset: dataset.name, found, found_classes, expected, expected_classes });
    }
    let correct = correct_by_step(&network, &dataset, 128);
    let right = correct.last().copied().unwrap_or(0) as f64;
    println!("accuracy {:.2} % of {} images after {} steps", 100.0 * right / dataset.test.len() as f64, dataset.test.len(), args.step);
    Ok(())
}
