//! Time of one training step of two small networks, to compare with other frameworks: S (8 steps, 32 samples, 28 x 28; conv32 and conv64
//! with pools) and M (4 steps, 16 samples, 32 x 32 x 3; twice conv128, pool, twice conv256, pool), LIF nodes, AdamW.
//!
//!     cargo run --release -p snn --example training_step [THREADS]

use std::time::Instant;

use snn::correlate::Correlation;
use snn::encoder::Encoder;
use snn::layer::{AvgPool, BatchNorm, Conv2d, Flatten, Init, Layer, Linear, Pass, Seen};
use snn::loss::Loss;
use snn::network::Network;
use snn::node::{NodeOptions, Place};
use snn::optimizer::{Optimizer, Rule};
use snn::random::Random;
use snn::tensor::{Shape, Tensor};

/// Convolutions, each with batch normalisation and nodes, pools where there is a 0, and a linear readout.
fn network(steps: usize, image: [usize; 3], channels: &[usize]) -> Network {
    let mut layers: Vec<Box<dyn Layer>> = Vec::new();
    let mut inputs = image[2];
    for &outputs in channels {
        let init = Init { seed: 1, layer: layers.len() };
        if outputs == 0 {
            layers.push(Box::new(AvgPool::new(2)));
            continue;
        }
        layers.push(Box::new(Conv2d::new(Correlation { kernel: 3, stride: 1, padding: 1, inputs, outputs }, false, init)));
        layers.push(Box::new(BatchNorm::new(outputs)));
        layers.push(NodeOptions::default().layer(Place { init, channels: outputs, steps }).expect("the usual node exists"));
        inputs = outputs;
    }
    layers.push(Box::new(AvgPool::global()));
    layers.push(Box::new(Flatten::default()));
    layers.push(Box::new(Linear::new(inputs, 10, Init { seed: 1, layer: layers.len() })));
    // Spikes come in, so that the first layer has as much to do as in the networks that this is compared with.
    Network::new(Encoder::Rate, steps, image, layers).expect("the layers fit")
}

fn time(name: &str, mut network: Network, batch: usize) {
    let mut random = Random::new(2, 1);
    let images = Tensor::from_fn(Shape::new(1, batch, network.image()), |_| 0.6 * random.uniform() as f32);
    let labels: Vec<u32> = (0..batch as u32).map(|i| i % 10).collect();
    let mut optimizer = Optimizer::new(Rule::Sgd { momentum: 0.9, weight_decay: 0.0 });
    let [mut forward, mut whole] = [f64::MAX; 2];
    let mut densities = Vec::new();
    for number in 0..8 {
        densities.clear();
        let start = Instant::now();
        let logits = network.forward_watched(images.clone(), Pass { seed: 1, number }, |_, seen| {
            if let Seen::Output(x) = seen {
                densities.push(x.density());
            }
        });
        forward = forward.min(start.elapsed().as_secs_f64());
        let (_, gradient) = Loss::CrossEntropy { smoothing: 0.0 }.of(&logits, &labels);
        network.backward(gradient);
        optimizer.step(0.01, network.parameters_mut());
        whole = whole.min(start.elapsed().as_secs_f64());
    }
    let densities: Vec<f64> = network.spiking().into_iter().map(|index| (densities[index] * 1000.0).round() / 10.0).collect();
    println!("{name}: {:.0} ms per step, {:.0} ms of it forwards; nodes fire in {densities:?} % of steps", 1e3 * whole, 1e3 * forward);
}

fn main() {
    let threads = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(1);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started");
    pool.install(|| {
        time("S", network(8, [28, 28, 1], &[32, 0, 64, 0]), 32);
        time("M", network(4, [32, 32, 3], &[128, 128, 0, 256, 256]), 16);
    });
}
