//! Residual networks, by blocks of two or three convolutions.

use super::builder::{Builder, Norm};
use crate::layer::Join;

/// Blocks of a residual network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// Two convolutions of 3 x 3 pixels.
    Basic,
    /// 1 x 1, 3 x 3, 1 x 1 pixels to four times the channels; those between are widened by the factor.
    Bottleneck(usize),
    /// A bottleneck whose convolution of 3 x 3 pixels has so many groups of so many channels for every 64 planes.
    Groups(usize, usize),
}

impl Block {
    fn outputs(self, planes: usize) -> usize {
        if self == Block::Basic { planes } else { 4 * planes }
    }

    /// Kernel, stride, channels and groups of its convolutions.
    fn convolutions(self, planes: usize, stride: usize) -> Vec<[usize; 4]> {
        let bottleneck = |inner: usize, groups| vec![[1, 1, inner, 1], [3, stride, inner, groups], [1, 1, 4 * planes, 1]];
        match self {
            Block::Basic => vec![[3, stride, planes, 1], [3, 1, planes, 1]],
            Block::Bottleneck(wide) => bottleneck(wide * planes, 1),
            // Narrow ones still have a channel in every group.
            Block::Groups(groups, each) => bottleneck((planes * each * groups / 64).next_multiple_of(groups), groups),
        }
    }
}

/// A side from which an image is first made smaller.
const LARGE: usize = 96;

/// What stands between the stem and the classes.
type Blocks = (Block, &'static [usize]);

impl Builder<'_> {
    /// Blocks in stages, the first of each but the first stage with stride 2.
    fn residual_stages(&mut self, blocks: &[usize], first_planes: usize, mut block: impl FnMut(&mut Self, usize, usize)) {
        self.paths = [0, blocks.iter().sum()];
        for (stage, &n) in blocks.iter().enumerate() {
            let planes = self.width(first_planes) << stage;
            for number in 0..n {
                block(self, planes, if stage > 0 && number == 0 { 2 } else { 1 });
            }
        }
    }

    /// BrainCog's `resnet`: normalisation and nodes before each convolution, so that the sums stay as they are. `planes` is 64, or
    /// 32 for its half.
    pub(super) fn resnet(&mut self, (block, blocks): Blocks, planes: usize) {
        let large = self.size[0] > LARGE;
        self.conv(if large { 7 } else { 3 }, if large { 2 } else { 1 }, self.width(planes), false);
        self.residual_stages(blocks, planes, |builder, planes, stride| {
            let keeps = stride == 1 && builder.channels == block.outputs(planes);
            let branch = |builder: &mut Self| {
                for [kernel, stride, outputs, groups] in block.convolutions(planes, stride) {
                    builder.norm();
                    builder.node();
                    builder.conv_in_groups(kernel, stride, outputs, groups);
                }
            };
            builder.residual(Join::Add, branch, |builder| {
                if !keeps {
                    builder.norm();
                    builder.node();
                    builder.conv(1, stride, block.outputs(planes), false);
                }
            });
        });
        self.norm();
        self.global_pool();
        self.readout();
    }

    /// The spike-element-wise residual network: nodes behind every convolution, joined by `--sew-cnf` (Fang W et al. (2021)
    /// arXiv:2102.04159). Its stem halves the image twice.
    pub(super) fn sew_resnet(&mut self, blocks: Blocks) {
        self.conv(7, 2, self.width(64), false);
        self.norm();
        self.node();
        self.overlapping_pool();
        self.sew_blocks(blocks, 64);
        self.global_pool();
        self.linear(self.options.classes);
    }

    /// The same in three stages of 128, 256 and 512 channels, with a stem that keeps the size (`sew_resnet20` to `56`), and, for
    /// `sew_resnet19`, two linear layers.
    pub(super) fn sew_resnet_small(&mut self, blocks: &'static [usize], fc: bool) {
        self.conv_norm_node(3, 1, self.width(64));
        self.sew_blocks((Block::Basic, blocks), 128);
        self.global_pool();
        if fc {
            self.linear(self.width(256));
            self.node();
        }
        self.linear(self.options.classes);
    }

    fn sew_blocks(&mut self, (block, blocks): Blocks, planes: usize) {
        let join = self.join;
        self.residual_stages(blocks, planes, |builder, planes, stride| {
            let keeps = stride == 1 && builder.channels == block.outputs(planes);
            let branch = |builder: &mut Self| {
                for [kernel, stride, outputs, groups] in block.convolutions(planes, stride) {
                    builder.conv_in_groups(kernel, stride, outputs, groups);
                    builder.norm();
                    builder.node();
                }
            };
            builder.residual(join, branch, |builder| {
                if !keeps {
                    builder.conv_norm_node(1, stride, block.outputs(planes));
                }
            });
        });
    }

    /// ResNet-19 with threshold-dependent normalisation: nodes behind the sums (Zheng H et al. (2021) arXiv:2011.05280).
    pub(super) fn resnet19(&mut self) {
        self.norm = Norm::ThresholdDependent;
        let half = std::f32::consts::FRAC_1_SQRT_2;
        self.conv(3, 1, self.width(128), false);
        self.norm_scaled(half);
        self.node();
        self.residual_stages(&[3, 3, 2], 128, |builder, planes, stride| {
            let keeps = stride == 1 && builder.channels == planes;
            let branch = |builder: &mut Self| {
                builder.conv(3, stride, planes, false);
                builder.norm_scaled(1.0);
                builder.node();
                builder.conv(3, 1, planes, false);
                builder.norm_scaled(half);
            };
            // The first block of a stage normalises its shortcut even where that keeps its size.
            let first = stride == 2 || builder.is_first_block();
            builder.residual(Join::Add, branch, |builder| {
                if !keeps {
                    builder.conv(1, stride, planes, false);
                }
                if first {
                    builder.norm_scaled(half);
                }
            });
            builder.node();
        });
        self.global_pool();
        self.linear(self.width(256));
        self.node();
        self.linear(self.options.classes);
    }

    /// Whether only a stem was built: convolution, normalisation, nodes.
    fn is_first_block(&self) -> bool {
        self.layers.len() == 3
    }
}
