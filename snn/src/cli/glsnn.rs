//! `glsnn`: learning by feedback from the output to every layer at once.

use std::time::Instant;

use snn::Error;
use snn::local::{FeedbackOptions, GlobalFeedback};

use super::args::GlsnnArgs;

pub(crate) fn run(args: &GlsnnArgs) -> Result<(), Error> {
    let dataset = args.data.load(1)?;
    if dataset.train.steps > 1 {
        return Err(Error::Frames { dataset: dataset.name, found: dataset.train.steps, expected: 1 });
    }
    let options = FeedbackOptions {
        hidden: args.hidden.clone(),
        steps: args.step,
        lr_target: args.lr_target,
        lr: args.lr,
        batch_size: args.batch_size,
        seed: args.seed,
    };
    let mut network = GlobalFeedback::new(dataset.train.image.iter().product(), dataset.classes, options)?;
    let start = Instant::now();
    for epoch in 0..args.epochs {
        let trained = network.epoch(&dataset, epoch)?;
        let tested = network.evaluate(&dataset)?;
        let (loss, accuracy) = (trained.loss / trained.seen.max(1) as f64, 100.0 * tested.accuracy());
        println!("epoch {}: accuracy {accuracy:.2} % of {} images, loss {loss:.4} while training", epoch + 1, tested.seen);
    }
    println!("{:.0} seconds", start.elapsed().as_secs_f64());
    Ok(())
}
