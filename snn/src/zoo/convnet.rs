//! Networks of convolutions one after another.

use super::builder::Builder;

impl Builder<'_> {
    /// conv128 - pool - conv128 - pool - node - dropout - fc2048 - dropout - fc.
    pub(super) fn mnist_convnet(&mut self) {
        self.conv_norm_node(3, 1, self.width(128));
        self.avg_pool();
        self.conv_norm_node(3, 1, self.width(128));
        self.avg_pool();
        self.node();
        self.flatten();
        self.dropout(0.5);
        self.linear(self.width(2048));
        self.node();
        self.dropout(0.5);
        self.readout();
    }

    /// fc256 - node - fc.
    pub(super) fn mlp(&mut self) {
        self.flatten();
        self.linear(self.width(256));
        self.node();
        self.readout();
    }

    /// Stages of convolutions, each `(channels, how many)`, with pools between, the mean over the image, fc.
    pub(super) fn stages(&mut self, stages: &[(usize, usize)]) {
        for (stage, &(channels, depth)) in stages.iter().enumerate() {
            if stage > 0 {
                self.avg_pool();
            }
            (0..depth).for_each(|_| self.conv_norm_node(3, 1, self.width(channels)));
        }
        self.global_pool();
        self.readout();
    }

    /// conv16 - conv64 - pool - conv128 - conv128 - pool - conv256 - conv256 - pool - conv512 - fc, with maxima.
    pub(super) fn snn7_tiny(&mut self) {
        for (channels, pool) in [(16, false), (64, true), (128, false), (128, true), (256, false), (256, true), (512, false)] {
            self.conv_norm_node(3, 1, self.width(channels));
            if pool {
                self.max_pool();
            }
        }
        self.flatten();
        self.linear(self.options.classes);
    }

    /// conv16 - 5 x 5 conv64 - pool - 5 x 5 conv128 - pool - conv256 - pool - conv512 - pool - fc.
    pub(super) fn snn5(&mut self) {
        for (kernel, channels) in [(3, 16), (5, 64), (5, 128), (3, 256), (3, 512)] {
            self.conv_norm_node(kernel, 1, self.width(channels));
            if channels > 16 {
                self.avg_pool();
            }
        }
        self.flatten();
        self.linear(self.options.classes);
    }

    /// conv64 - conv128 - pool - twice conv256 - pool - twice conv512 - pool - twice conv512 - pool - fc.
    pub(super) fn vgg_snn(&mut self) {
        for channels in [[64, 128], [256, 256], [512, 512], [512, 512]] {
            channels.into_iter().for_each(|channels| self.conv_norm_node(3, 1, self.width(channels)));
            self.avg_pool();
        }
        self.flatten();
        self.linear(self.options.classes);
    }
}
