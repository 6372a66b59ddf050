//! What a network does while it is evaluated: how dense its values are, how many synaptic operations that makes, and what they would cost.

use crate::correlate;
use crate::layer::{Row, Seen};

/// One layer, averaged over samples.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerActivity {
    /// What the layer is.
    pub row: Row,
    /// The fraction of inputs that are not zero; known of layers with weights.
    pub input_density: f64,
    /// The fraction of outputs that are not zero.
    pub output_density: f64,
    /// Whether all inputs that are not zero are one, so that products are sums.
    pub binary: bool,
}

impl LayerActivity {
    /// Products of inputs that are not zero with weights, per sample.
    pub fn operations(&self) -> f64 {
        self.row.products as f64 * self.input_density
    }

    /// What [`operations`](Self::operations) take in picojoules.
    pub fn energy(&self) -> f64 {
        self.operations() * if self.binary { ADD } else { MULTIPLY_ADD }
    }

    /// How the layer is computed at this density.
    pub fn path(&self) -> Option<correlate::Path> {
        (self.row.products > 0).then(|| correlate::Path::at(self.row.input.channels, self.row.parameters, self.input_density))
    }
}

/// Picojoules of an addition, and of a multiplication with an addition, of 32-bit numbers in 45 nm (Horowitz M (2014)
/// doi:10.1109/ISSCC.2014.6757323).
const ADD: f64 = 0.9;
const MULTIPLY_ADD: f64 = 4.6;

/// All layers in the order of the network's rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity(pub Vec<LayerActivity>);

impl Activity {
    /// Of a network with these rows, before anything was seen.
    pub fn new(rows: &[Row]) -> Self {
        let silent = |row: &Row| LayerActivity { row: row.clone(), input_density: 0.0, output_density: 0.0, binary: true };
        Activity(rows.iter().map(silent).collect())
    }

    /// Adds what layer `index` got or gave in a batch that is `share` of all samples.
    pub fn note(&mut self, index: usize, seen: Seen, share: f64) {
        match seen {
            Seen::Input(x) if self.0[index].row.products > 0 => {
                let binary = self.0[index].binary && x.values().iter().all(|&x| x == 0.0 || x == 1.0);
                self.got(index, x.density(), binary, share);
            }
            Seen::Input(_) => {}
            Seen::Output(x) => self.gave(index, x.density(), share),
        }
    }

    /// Adds an input of layer `index`, which has weights: how dense it is, and whether all that is not zero is one.
    pub(crate) fn got(&mut self, index: usize, density: f64, binary: bool, share: f64) {
        let layer = &mut self.0[index];
        layer.input_density += share * density;
        layer.binary = layer.binary && binary;
    }

    /// Adds the density of an output of layer `index`.
    pub(crate) fn gave(&mut self, index: usize, density: f64, share: f64) {
        self.0[index].output_density += share * density;
    }

    /// Synaptic operations per sample.
    pub fn operations(&self) -> f64 {
        self.0.iter().map(LayerActivity::operations).sum()
    }

    /// Microjoules per sample.
    pub fn energy(&self) -> f64 {
        self.0.iter().map(LayerActivity::energy).sum::<f64>() * 1e-6
    }

    /// Microjoules per sample if every product were made once, as by the same network without spikes and without time.
    pub fn energy_without_spikes(&self) -> f64 {
        let once = |layer: &LayerActivity| layer.row.products as f64 / layer.row.input.steps.max(1) as f64;
        self.0.iter().map(once).sum::<f64>() * MULTIPLY_ADD * 1e-6
    }

    /// The densities behind layers of neurons, by the layer's name.
    pub fn densities(&self) -> Vec<(String, f64)> {
        let spiking = self.0.iter().filter(|layer| layer.row.spikes);
        spiking.map(|layer| (layer.row.layer.clone(), layer.output_density)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoder::Encoder;
    use crate::layer::{Init, Layer, Linear, Pass};
    use crate::network::Network;
    use crate::tensor::{Shape, Tensor};

    #[test]
    fn operations_are_products_with_what_is_not_zero() {
        let layer = |inputs, outputs, layer| Box::new(Linear::new(inputs, outputs, Init { seed: 1, layer })) as Box<dyn Layer>;
        let network = Network::new(Encoder::Rate, 4, [1, 1, 8], vec![layer(8, 6, 0), layer(6, 3, 1)]).unwrap();
        let mut activity = Activity::new(network.summary());
        // Values of 1 spike always, values of 0 never: half of the inputs.
        let images = Tensor::from_fn(Shape::new(1, 2, [1, 1, 8]), |i| (i % 2) as f32);
        network.infer_watched(images, Pass { seed: 1, number: 0 }, |index, seen| activity.note(index, seen, 1.0));
        let [first, second] = &activity.0[..] else { panic!("two layers") };
        assert_eq!((first.input_density, first.binary, first.operations()), (0.5, true, 0.5 * 4.0 * 48.0));
        assert_eq!((second.input_density, second.binary, second.operations()), (1.0, false, 4.0 * 18.0));
        assert!((activity.energy() - (96.0 * 0.9 + 72.0 * 4.6) * 1e-6).abs() < 1e-12);
        assert!((activity.energy_without_spikes() - 66.0 * 4.6e-6).abs() < 1e-12);
        assert_eq!(first.path(), Some(correlate::Path::Dense));
    }
}
