//! `stdp`: neurons that compete, learning without labels.

use std::io::{IsTerminal, Write, stderr};
use std::time::Instant;

use snn::Error;
use snn::local::{Competition, CompetitionOptions};

use super::args::StdpArgs;

pub(crate) fn run(args: &StdpArgs) -> Result<(), Error> {
    let dataset = args.data.load(1)?;
    dataset.in_memory()?;
    if dataset.train.steps > 1 {
        return Err(Error::Frames { dataset: dataset.name, found: dataset.train.steps, expected: 1 });
    }
    let options = CompetitionOptions {
        neurons: args.neurons,
        steps: args.step,
        homeostasis: args.homeostasis,
        seed: args.seed,
        ..CompetitionOptions::default()
    };
    let [height, width, channels] = dataset.train.image;
    let mut competition = Competition::new(height * width * channels, options)?;
    let start = Instant::now();
    for epoch in 0..args.epochs {
        competition.learn(&dataset.train, dataset.largest, epoch, |done| {
            if stderr().is_terminal() && done % 500 == 0 {
                eprint!("\r\x1b[Kepoch {}/{} image {done}/{}", epoch + 1, args.epochs, dataset.train.len());
                let _ = stderr().flush(); // a terminal that is gone is no reason to stop
            }
        });
    }
    if stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
    let labels = competition.label(&dataset.train, dataset.largest, dataset.classes);
    let predicted = competition.predict(&dataset.test, dataset.largest, &labels);
    let right = predicted.iter().zip(&dataset.test.labels).filter(|(p, l)| p == l).count();
    let (n, idle) = (dataset.test.len(), competition.idle());
    println!("accuracy {:.2} % of {n} images; {idle} of {} neurons never fired", 100.0 * right as f64 / n as f64, args.neurons);
    println!("{:.0} seconds", start.elapsed().as_secs_f64());
    Ok(())
}
