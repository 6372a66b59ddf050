use kernels::cuda::Error;
use kernels::cuda::tensors::{Equation, Neuron};

use super::part::{Image, Part, Site, kept};
use super::plan::Nodes;
use crate::layer::{Layer, Pass};
use crate::node::Node;
use crate::surrogate::Surrogate;

/// A layer of neurons, which keeps its input only.
pub(super) struct Neurons {
    nodes: Nodes,
    surrogate: Surrogate,
    input: Option<Image>,
}

/// Groups of neurons that the processor sums in one go.
const TASK: usize = 64;

impl Neurons {
    pub(super) fn new(nodes: Nodes, surrogate: Surrogate) -> Self {
        Neurons { nodes, surrogate, input: None }
    }

    /// With what was learned so far.
    fn neuron(&self, host: &dyn Layer) -> Neuron {
        let (threshold, equation) = match self.nodes {
            Nodes::If(node) => (node.threshold, Equation::If),
            Nodes::Lif(node) => (node.threshold, Equation::Lif { tau: node.tau }),
            Nodes::Plif(node) => {
                let [rate] = node.prepared([host.parameters()[0].values[0]]);
                (node.threshold, Equation::Plif { rate })
            }
        };
        Neuron { equation, threshold, surrogate: self.surrogate.kind as u32, alpha: self.surrogate.alpha }
    }
}

impl Part for Neurons {
    fn infer(&self, site: &Site, host: &dyn Layer, input: Image) -> Result<Image, Error> {
        let values = site.tensors.advance(&self.neuron(host), &input.values, input.shape.steps)?;
        Ok(Image { values, ..input })
    }

    fn forward(&mut self, site: &Site, host: &mut dyn Layer, input: Image, _: Pass) -> Result<Image, Error> {
        let values = site.tensors.advance(&self.neuron(host), &input.values, input.shape.steps)?;
        let shape = input.shape;
        self.input = Some(input);
        Ok(Image { shape, values })
    }

    fn backward(&mut self, site: &Site, host: &mut dyn Layer, mut gradient: Image, wanted: bool) -> Result<Option<Image>, Error> {
        let input = kept(&mut self.input);
        let sums = site.tensors.retreat(&self.neuron(host), &input.values, input.shape.steps, &mut gradient.values)?;
        if let Nodes::Plif(node) = self.nodes {
            let total = sums.chunks(TASK).map(|task| task.iter().sum::<f64>()).sum::<f64>();
            let mut parameters = host.parameters_mut();
            let [by_rate] = node.unprepared([parameters[0].values[0]], [total as f32]);
            parameters[0].gradient[0] += by_rate;
        }
        Ok(wanted.then_some(gradient))
    }
}
