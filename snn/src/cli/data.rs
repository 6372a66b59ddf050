//! `data`: what is there, or what to download.

use snn::Error;

use super::args::DataArgs;

pub(crate) fn run(args: &DataArgs) -> Result<(), Error> {
    let dataset = args.data.load(args.step)?;
    let [height, width, channels] = dataset.train.image;
    let frames = if dataset.train.steps > 1 { format!(", {} frames", dataset.train.steps) } else { String::new() };
    println!("{}: {} classes, images of {height} x {width} x {channels}{frames}", dataset.name, dataset.classes);
    for (name, images) in [("train", &dataset.train), ("test", &dataset.test)] {
        let counts = (0..dataset.classes as u32).map(|class| images.labels.iter().filter(|&&label| label == class).count());
        let counts: Vec<String> = counts.map(|n| n.to_string()).collect();
        println!("{name}: {} images; per class {}", images.len(), counts.join(" "));
    }
    Ok(())
}
