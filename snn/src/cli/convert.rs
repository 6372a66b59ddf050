//! `convert`: accuracy of a network of activations as one of spikes, step by step.

use std::fs;

use snn::convert::{Adaptive, Firing, Method, chart, convert, correct_by_step, ticks};
use snn::{Error, checkpoint};

use super::args::ConvertArgs;

pub(crate) fn run(args: &ConvertArgs) -> Result<(), Error> {
    let training = checkpoint::load(&args.checkpoint)?;
    let dataset = args.data.load(1)?;
    dataset.in_memory()?;
    let method = Method::named(&args.method, args.p)?;
    if args.burst == 0 {
        return Err(Error::Value { what: "burst", found: "0".into(), expected: "at least 1 spike" });
    }
    let adaptive = args.msat.then(Adaptive::default);
    let firing = Firing { burst: args.burst, start: args.start, calibration: args.spicalib, adaptive };
    let network = convert(&training, &dataset, method, firing, args.batches, args.step.into())?;
    let before = training.evaluate(&dataset)?.0.accuracy();
    let n = dataset.test.len() as f64;
    let accuracies: Vec<f64> =
        correct_by_step(&network, &dataset, args.batch_size.into()).into_iter().map(|right| right as f64 / n).collect();
    println!("before conversion: {:.2} % of {n} images", 100.0 * before);
    println!("steps  accuracy  gap");
    for t in ticks(args.step.into()) {
        let accuracy = accuracies[t - 1];
        println!("{t:>5}  {:>6.2} %  {:>5.2} %", 100.0 * accuracy, 100.0 * (before - accuracy));
    }
    if let Some(path) = &args.plot {
        let title = format!("{} on {}, {}", training.model.model, dataset.name, args.method);
        fs::write(path, chart(&title, &accuracies, before)).map_err(|source| Error::Io { path: path.clone(), source })?;
        println!("plot in {}", path.display());
    }
    Ok(())
}
