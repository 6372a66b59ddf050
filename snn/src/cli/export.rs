//! `export`: a trained network as a scenario of `braincog-sim`.

use snn::data::{Loader, Order};
use snn::encoder::Encoder;
use snn::export::{DT, Export};
use snn::layer::Pass;
use snn::loss::predictions;
use snn::training::Training;
use snn::{Error, checkpoint, nir, weights};

use super::args::ExportArgs;

pub(crate) fn run(args: &ExportArgs) -> Result<(), Error> {
    let training = checkpoint::load(&args.checkpoint)?;
    if let Some(path) = &args.nir {
        return nir::write(&training, path);
    }
    if let Some(path) = &args.safetensors {
        let save = if args.half { weights::save_half } else { weights::save };
        return save(&training.network, path);
    }
    let dataset = args.data.load(training.model.steps)?;
    dataset.in_memory()?;
    training.check(&dataset)?;
    if args.images == 0 || args.images > dataset.test.len() {
        return Err(Error::Value {
            what: "the number of images",
            found: args.images.to_string(),
            expected: "from 1 to those of the test set",
        });
    }
    let direct = training.network.encoder() == Encoder::Direct;
    let batch = Loader::new(&dataset, args.images, Order::AsStored, 0, direct).next().expect("there is at least one image");
    let export = Export::new(&training, batch.images.clone())?;
    let pass = Pass { seed: training.options.seed, number: 0 };
    let predicted = predictions(&training.network.infer(batch.images, pass));
    let answers: Vec<[u32; 2]> = batch.labels.iter().zip(&predicted).map(|(&label, &predicted)| [label, predicted]).collect();
    let right = answers.iter().filter(|[label, predicted]| label == predicted).count();
    let comment = comment(args, &training, &export, dataset.name, right);
    export.write(&args.output, &args.name, &comment, &answers)?;
    println!(
        "{}: {} neurons, {} synapses, {} images; the network has {right} right",
        args.output.join(format!("{}.toml", args.name)).display(),
        export.network.n_neurons(),
        export.network.expected_synapses(),
        args.images
    );
    Ok(())
}

fn comment(args: &ExportArgs, training: &Training, export: &Export, dataset: &str, right: usize) -> String {
    let (steps, period) = (training.network.steps() as f64 * DT, export.period as f64 * DT);
    let (model, node, encode, name) = (&training.model.model, &training.model.node_type, &training.model.encode, &args.name);
    let (neurons, synapses, images) = (export.network.n_neurons(), export.network.expected_synapses(), args.images);
    format!(
        "{images} images of {dataset}, shown one after another to a spiking network that was trained by `braincog-snn train`\n\
         (model {model}, {node}, {encode} encoding) and written by `braincog-snn export`.\n\n\
         Image i, counted from 0, is on for {steps} ms from {period} i ms on; then the neurons forget it. Those of `readout` never fire: they add up\n\
         the evidence for their class. The answer is the neuron whose V_m rises most between {period} i and {period} (i + 1) ms, as\n\
         recorded in states-V_m.h5. {name}/answers.csv has the labels and the answers of the network before its export.\n\n\
         Expect: the answers of answers.csv, {right} of {images} of which are right. `input` repeats the spikes of the image, `bias` fires in\n\
         every step of one.\n\
         {neurons} neurons, {synapses} synapses; below a second."
    )
}
