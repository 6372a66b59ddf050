//! Networks of their own kind: few layers, special neurons.

use super::builder::Builder;
use crate::layer::{BackEi, Capsules, Join, Lengths, Spiking, Stepwise, TimeConv, Voting};
use crate::node::{Gate, RateComp, Relu};
use crate::surrogate::{Kind, Surrogate};

impl Builder<'_> {
    /// 784-800-800-800-10 with nodes behind every layer: the network of GLSNN, trained by gradients (Zhao D et al. (2020)
    /// doi:10.3389/fncom.2020.576841 train it by feedback).
    pub(super) fn glsnn(&mut self) {
        self.flatten();
        for outputs in [self.width(800), self.width(800), self.width(800), self.options.classes] {
            self.linear(outputs);
            self.node();
        }
    }

    /// BrainCog's BackEI nets (Zhao D et al. (2022) doi:10.1016/j.neunet.2022.06.025): stages of `(channels, kernel, padding)`, each followed by a
    /// pool, and two linear layers. Neurons of the stages hear `radius` pixels.
    pub(super) fn backei(&mut self, stages: &[(usize, usize, usize)], radius: usize, fc: usize, rate: f32) {
        for &(channels, kernel, padding) in stages {
            self.conv_padded(kernel, 1, padding, self.width(channels), true);
            self.push(Stepwise::from(BackEi::new(self.node.threshold, self.channels, radius, self.init())));
            self.maybe_dropout(rate);
            self.avg_pool();
        }
        self.flatten();
        self.linear(self.width(fc));
        self.push(Stepwise::from(BackEi::without(self.node.threshold)));
        self.maybe_dropout(rate);
        self.linear(self.options.classes);
        self.push(Stepwise::from(BackEi::without(self.node.threshold)));
    }

    /// Convolution of 256 9 x 9 - 32 capsules of 8 per pixel, 9 x 9 with stride 2 - a capsule of 16 per class, by three rounds of routing; the lengths are the
    /// evidence (Sabour S et al. (2017) arXiv:1710.09829), with neurons behind both convolutions. To be trained with `--loss-fn mse`.
    pub(super) fn capsnet(&mut self) {
        let capsules = self.width(32);
        self.conv_padded(9, 1, 0, self.width(256), true);
        self.node();
        self.conv_padded(9, 2, 0, 8 * capsules, true);
        self.node();
        let below = capsules * self.size[0] * self.size[1];
        self.push(Capsules::new([below, 8], [self.options.classes, 16], 3, self.init()));
        self.push(Lengths::new(16));
        (self.channels, self.size) = (self.options.classes, [1, 1]);
    }

    fn maybe_dropout(&mut self, rate: f32) {
        if rate > 0.0 {
            self.dropout(rate);
        }
    }

    /// 784-500-10 with a basal dendrite and a soma that sends its rate (Sun Y, Zeng Y, Zhang T (2021) doi:10.1016/j.isci.2021.102880).
    pub(super) fn qsnn(&mut self) {
        self.flatten();
        for outputs in [self.width(500), self.options.classes] {
            self.linear(outputs);
            self.push(Spiking::new(RateComp::default(), Surrogate::new(Kind::StraightThrough)));
        }
    }

    /// 700-128-128-100-20 with five voters per class, for spoken digits as spikes of 700 channels; in front a spatio-temporal synaptic connection
    /// (Yu C et al. (2022) doi:10.3389/fnins.2022.1079357).
    pub(super) fn shd_snn(&mut self) {
        self.flatten();
        self.synaptic_connection(5, 3);
        for outputs in [self.width(128), self.width(128), 5 * self.options.classes] {
            self.linear(outputs);
            self.node();
        }
        self.push(Voting::new(5));
        self.channels = self.options.classes;
    }

    /// A convolution over time of each feature, times a gate that sees all features at neighbouring steps.
    fn synaptic_connection(&mut self, conv_steps: usize, gate_steps: usize) {
        let features = self.channels;
        let through = Surrogate::new(Kind::StraightThrough);
        self.residual(
            Join::And,
            |builder| builder.push(TimeConv::by_itself(conv_steps, features, builder.init())),
            |builder| {
                builder.push(TimeConv::new(gate_steps, features, features, builder.init()));
                builder.push(Spiking::new(Relu, through));
                builder.linear(features);
                builder.push(Spiking::new(Gate, through));
            },
        );
    }
}
