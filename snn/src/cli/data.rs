//! `data`: what is there, or what to download.

use snn::{Error, data};

use super::args::DataArgs;

pub(crate) fn run(args: &DataArgs) -> Result<(), Error> {
    let dataset = data::load(&args.data.dataset, &args.data.data_dir)?;
    let [height, width, channels] = dataset.train.image;
    println!("{}: {} classes, images of {height} x {width} x {channels}", dataset.name, dataset.classes);
    for (name, images) in [("train", &dataset.train), ("test", &dataset.test)] {
        let counts = (0..dataset.classes as u32).map(|class| images.labels.iter().filter(|&&label| label == class).count());
        let counts: Vec<String> = counts.map(|n| n.to_string()).collect();
        println!("{name}: {} images; per class {}", images.len(), counts.join(" "));
    }
    Ok(())
}
