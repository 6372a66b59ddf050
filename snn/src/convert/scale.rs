//! How large activations are.

use super::{Method, nodes};
use crate::data::{Dataset, Loader, Order};
use crate::error::Error;
use crate::layer::{Layer, Pass, Seen};
use crate::tensor::Tensor;
use crate::training::Training;

/// The smallest threshold, for layers that are silent.
const LEAST: f32 = 1e-10;

/// The thresholds of each layer of nodes, one per layer or per channel: the largest of those of single batches.
pub(super) fn scales(training: &Training, dataset: &Dataset, method: Method, batches: usize) -> Result<Vec<Vec<f32>>, Error> {
    let network = &training.network;
    if method == Method::Qcfs {
        let top = |layer: &dyn Layer| layer.parameters().first().map_or(vec![1.0], |top| vec![top.values[0].max(1e-3)]);
        return Ok(nodes(network).into_iter().map(|(_, layer)| top(layer)).collect());
    }
    let nodes = network.spiking();
    if batches == 0 {
        return Err(Error::Value { what: "the number of batches", found: "0".into(), expected: "at least 1" });
    }
    let mut scales = vec![vec![LEAST]; nodes.len()];
    let order = Order::Shuffled { seed: training.options.seed, epoch: 0 };
    let unchanged = Dataset { shift: 0, mirrors: false, ..dataset.clone() };
    for batch in Loader::new(&unchanged, training.options.batch_size, order, 0, true).take(batches) {
        network.infer_watched(batch.images, Pass { seed: 0, number: 0 }, |index, seen| {
            let Seen::Output(x) = seen else { return };
            let Some(layer) = nodes.iter().position(|&node| node == index) else { return };
            let found = quantiles(x, method);
            scales[layer].resize(found.len(), LEAST);
            scales[layer].iter_mut().zip(found).for_each(|(scale, x)| *scale = scale.max(x));
        });
    }
    Ok(scales)
}

fn quantiles(x: &Tensor, method: Method) -> Vec<f32> {
    let channels = x.shape().channels;
    match method {
        Method::Channel(p) => {
            let channel = |c| x.values().iter().skip(c).step_by(channels).copied().collect();
            (0..channels).map(|c| quantile(channel(c), p)).collect()
        }
        Method::Percentile(p) => vec![quantile(x.values().to_vec(), p)],
        Method::Max | Method::Qcfs => vec![quantile(x.values().to_vec(), 1.0)],
    }
}

/// The value below which a fraction `p` lies, as one of the values.
fn quantile(mut values: Vec<f32>, p: f64) -> f32 {
    let place = ((values.len() as f64 * p).ceil() as usize).clamp(1, values.len()) - 1;
    *values.select_nth_unstable_by(place, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_one_of_the_values() {
        let values = || (0..1000).map(|i| ((i * 7919) % 1000) as f32).collect::<Vec<_>>();
        assert_eq!((quantile(values(), 0.5), quantile(values(), 0.999), quantile(values(), 1.0)), (499.0, 998.0, 999.0));
        assert_eq!(quantile(vec![3.0], 0.1), 3.0);
    }
}
