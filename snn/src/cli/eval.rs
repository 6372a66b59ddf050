//! `eval`: accuracy and density of a checkpoint.

use std::time::Instant;

use snn::convert::correct_by_step;
use snn::{Error, checkpoint, nir};

use super::args::{Backend, EvalArgs};
use super::table::table;

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
    println!("{:.0} images per second", sums.seen as f64 / took);
    Ok(())
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
