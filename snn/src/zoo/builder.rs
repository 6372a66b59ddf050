use super::ModelOptions;
use crate::correlate::Correlation;
use crate::layer::{
    AvgPool, BatchNorm, Chain, Conv2d, DropPath, Dropout, Flatten, GroupedConv, Init, Join, Layer, Linear, MaxPool, PerStep, Residual,
    StepScale, Voting,
};
use crate::node::{NodeOptions, Place};

/// How batch normalisation goes over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Norm {
    Plain,
    ThresholdDependent,
    /// A factor per step behind it.
    TemporalEffective,
    /// One per step.
    ThroughTime,
}

/// Names of ways to normalise on the command line.
pub(super) const NORMS: [(&str, Norm); 4] =
    [("bn", Norm::Plain), ("tdbn", Norm::ThresholdDependent), ("tebn", Norm::TemporalEffective), ("bntt", Norm::ThroughTime)];

/// A network while it grows.
pub(super) struct Builder<'a> {
    pub(super) options: &'a ModelOptions,
    pub(super) node: NodeOptions,
    pub(super) norm: Norm,
    pub(super) join: Join,
    pub(super) layers: Vec<Box<dyn Layer>>,
    /// Layers that were made, also those inside of others: every one has random numbers of its own.
    made: usize,
    /// Channels or features that come out of the last layer.
    pub(super) channels: usize,
    /// Height and width of images there.
    pub(super) size: [usize; 2],
    /// Residuals that were made, of how many there will be, of those whose branches may be dropped.
    pub(super) paths: [usize; 2],
}

impl<'a> Builder<'a> {
    pub(super) fn new(options: &'a ModelOptions, node: NodeOptions, norm: Norm, join: Join, channels: usize) -> Self {
        let [height, width, _] = options.image;
        Builder { options, node, norm, join, layers: Vec::new(), made: 0, channels, size: [height, width], paths: [0; 2] }
    }

    pub(super) fn init(&self) -> Init {
        Init { seed: self.options.seed, layer: self.made }
    }

    pub(super) fn push(&mut self, layer: impl Layer + 'static) {
        self.push_boxed(Box::new(layer));
    }

    fn push_boxed(&mut self, layer: Box<dyn Layer>) {
        self.layers.push(layer);
        self.made += 1;
    }

    /// Channels as the width of the model has them.
    pub(super) fn width(&self, channels: usize) -> usize {
        ((channels as f64 * self.options.width).round() as usize).max(1)
    }

    pub(super) fn node(&mut self) {
        self.node_at(self.node.threshold);
    }

    /// Nodes with another threshold.
    pub(super) fn node_at(&mut self, threshold: f32) {
        let place = Place { init: self.init(), channels: self.channels, steps: self.options.steps };
        let node = NodeOptions { threshold, ..self.node.clone() };
        let layer = node.layer(place).expect("the name was checked before the first layer");
        self.push_boxed(layer);
    }

    /// Convolution of a square kernel, padded to keep the size but for its stride.
    pub(super) fn conv(&mut self, kernel: usize, stride: usize, outputs: usize, bias: bool) {
        self.conv_padded(kernel, stride, kernel / 2, outputs, bias);
    }

    pub(super) fn conv_padded(&mut self, kernel: usize, stride: usize, padding: usize, outputs: usize, bias: bool) {
        let correlation = Correlation { kernel, stride, padding, inputs: self.channels, outputs };
        self.push(Conv2d::new(correlation, bias, self.init()));
        self.channels = outputs;
        // An image that is too small is found when the network is put together.
        self.size = self.size.map(|n| (n + 2 * padding).saturating_sub(kernel) / stride + 1);
    }

    /// [`conv`](Self::conv) without bias in so many groups.
    pub(super) fn conv_in_groups(&mut self, kernel: usize, stride: usize, outputs: usize, groups: usize) {
        if groups == 1 {
            return self.conv(kernel, stride, outputs, false);
        }
        let padding = kernel / 2;
        let correlation = Correlation { kernel, stride, padding, inputs: self.channels, outputs };
        self.push(GroupedConv::new(correlation, groups, self.init()));
        self.channels = outputs;
        self.size = self.size.map(|n| (n + 2 * padding).saturating_sub(kernel) / stride + 1);
    }

    pub(super) fn norm(&mut self) {
        self.norm_scaled(1.0);
    }

    /// Normalisation whose scales start at `alpha` V_th where they depend on the threshold.
    pub(super) fn norm_scaled(&mut self, alpha: f32) {
        let (channels, steps) = (self.channels, self.options.steps);
        match self.norm {
            Norm::Plain => self.push(BatchNorm::new(channels)),
            Norm::ThresholdDependent => self.push(BatchNorm::threshold_dependent(channels, alpha, self.node.threshold)),
            Norm::TemporalEffective => {
                self.push(BatchNorm::new(channels));
                self.push(StepScale::new(steps));
            }
            Norm::ThroughTime => self.push(PerStep::bntt(channels, steps)),
        }
    }

    /// Convolution without bias, normalisation, nodes.
    pub(super) fn conv_norm_node(&mut self, kernel: usize, stride: usize, outputs: usize) {
        self.conv(kernel, stride, outputs, false);
        self.norm();
        self.node();
    }

    pub(super) fn avg_pool(&mut self) {
        self.push(AvgPool::new(2));
        self.size = self.size.map(|n| n / 2);
    }

    pub(super) fn max_pool(&mut self) {
        self.push(MaxPool::new(2));
        self.size = self.size.map(|n| n / 2);
    }

    /// Squares of three pixels, two apart.
    pub(super) fn overlapping_pool(&mut self) {
        self.push(MaxPool::windows(3, 2, 1));
        self.size = self.size.map(|n| n.div_ceil(2));
    }

    pub(super) fn global_pool(&mut self) {
        self.push(AvgPool::global());
        self.size = [1, 1];
        self.flatten();
    }

    pub(super) fn flatten(&mut self) {
        self.push(Flatten::default());
        self.channels *= self.size[0] * self.size[1];
        self.size = [1, 1];
    }

    pub(super) fn linear(&mut self, outputs: usize) {
        self.push(Linear::new(self.channels, outputs, self.init()));
        self.channels = outputs;
    }

    pub(super) fn dropout(&mut self, rate: f32) {
        self.push(Dropout::new(rate, self.made));
    }

    /// Logits: a linear layer, or ten neurons per class that vote.
    pub(super) fn readout(&mut self) {
        let classes = self.options.classes;
        if self.options.spike_output {
            self.linear(10 * classes);
            self.node();
            self.push(Voting::new(10));
            self.channels = classes;
        } else {
            self.linear(classes);
        }
    }

    /// What `make` builds, as a chain that starts here; the builder stands at its end.
    pub(super) fn part(&mut self, make: impl FnOnce(&mut Self)) -> Chain {
        let before = std::mem::take(&mut self.layers);
        make(self);
        Chain::from(std::mem::replace(&mut self.layers, before))
    }

    /// A branch and a shortcut from here to where they join.
    pub(super) fn residual(&mut self, join: Join, branch: impl FnOnce(&mut Self), shortcut: impl FnOnce(&mut Self)) {
        let start = (self.channels, self.size);
        let rate = if join == Join::Add { self.next_drop() } else { 0.0 };
        let init = Init { seed: self.options.seed, layer: self.paths[0] };
        let branch = self.part(|builder| {
            branch(builder);
            if rate > 0.0 {
                // Not counted: other layers begin with the same weights without it.
                builder.layers.push(Box::new(DropPath::new(rate, init)));
            }
        });
        let end = (self.channels, self.size);
        (self.channels, self.size) = start;
        let shortcut = self.part(shortcut);
        (self.channels, self.size) = end;
        self.push(Residual::new(branch, shortcut, join));
    }

    /// How often the next branch is dropped: later ones more often, the last one as often as the model says.
    fn next_drop(&mut self) -> f32 {
        let [done, total] = &mut self.paths;
        *done += 1;
        self.options.drop_path * (*done - 1) as f32 / total.saturating_sub(1).max(*done - 1).max(1) as f32
    }

    /// A branch past which the input goes as it is.
    pub(super) fn skip(&mut self, branch: impl FnOnce(&mut Self)) {
        self.residual(Join::Add, branch, |_| ());
    }
}
