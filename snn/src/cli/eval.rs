//! `eval`: accuracy and density of a checkpoint.

use std::time::Instant;

use snn::{Error, checkpoint, data};

use super::args::EvalArgs;
use super::progress::densities;

pub(crate) fn run(args: &EvalArgs) -> Result<(), Error> {
    let training = checkpoint::load(&args.checkpoint)?;
    let dataset = data::load(&args.data.dataset, &args.data.data_dir)?;
    let start = Instant::now();
    let (sums, found) = training.evaluate(&dataset)?;
    println!("accuracy {:.2} % of {} images, loss {:.4}", 100.0 * sums.accuracy(), sums.seen, sums.mean_loss());
    println!("density  {}", densities(&found));
    println!("{:.0} images per second", sums.seen as f64 / start.elapsed().as_secs_f64());
    Ok(())
}
