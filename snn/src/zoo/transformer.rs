//! Transformers whose tokens are the pixels of small images and whose sums are of spikes.

use super::builder::Builder;
use crate::layer::{Attention, Stepwise, Tim};

/// Sizes of a transformer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// Channels of a token.
    pub(super) width: usize,
    pub(super) heads: usize,
    pub(super) depth: usize,
    /// Whether each of the four convolutions that make tokens is followed by a pool.
    pub(super) pools: [bool; 4],
}

/// What a hidden layer has more channels by.
const EXPANSION: usize = 4;

/// Of the sums that attention gives.
const SCALE: f32 = 0.125;

impl Builder<'_> {
    /// Channels that the heads share evenly.
    fn token_width(&self, sizes: Sizes) -> usize {
        self.width(sizes.width).next_multiple_of(8 * sizes.heads)
    }

    /// A linear map of every token, normalised; nodes behind it.
    fn map(&mut self, outputs: usize) {
        self.conv(1, 1, outputs, true);
        self.norm();
        self.node();
    }

    /// Spikformer (Zhou Z et al. (2023) arXiv:2209.15425), with the temporal interaction of its queries (Shen S et al. (2024) arXiv:2401.11687)
    /// if `tim`.
    pub(super) fn spikformer(&mut self, sizes: Sizes, tim: bool) {
        let width = self.token_width(sizes);
        for (stage, pool) in sizes.pools.into_iter().enumerate() {
            self.conv_norm_node(3, 1, width >> (3 - stage));
            if pool {
                self.overlapping_pool();
            }
        }
        self.skip(|builder| builder.conv_norm_node(3, 1, width));
        self.paths = [0, 2 * sizes.depth];
        for _ in 0..sizes.depth {
            self.skip(|builder| {
                builder.attention(sizes.heads, tim);
                builder.node_at(0.5);
                builder.map(width);
            });
            self.skip(|builder| {
                builder.map(EXPANSION * width);
                builder.map(width);
            });
        }
        self.global_pool();
        self.linear(self.options.classes);
    }

    fn attention(&mut self, heads: usize, tim: bool) {
        let (width, pixels) = (self.channels, self.size[0] * self.size[1]);
        let query = self.part(|builder| {
            builder.map(width);
            if tim {
                builder.push(Stepwise::from(Tim::new(pixels, heads, builder.node.tau, builder.init())));
            }
        });
        let [key, value] = [(); 2].map(|()| self.part(|builder| builder.map(width)));
        self.push(Attention::new([query, key, value], heads, SCALE));
    }

    /// Spike-driven transformer: membranes are what residuals add, so that every product is with spikes (Yao M et al. (2023)
    /// arXiv:2307.01694).
    pub(super) fn spike_driven_transformer(&mut self, sizes: Sizes) {
        let width = self.token_width(sizes);
        for (stage, pool) in sizes.pools.into_iter().enumerate() {
            self.conv(3, 1, width >> (3 - stage), false);
            self.norm();
            if stage < 3 {
                self.node();
            }
            if pool {
                self.overlapping_pool();
            }
        }
        self.skip(|builder| {
            builder.node();
            builder.conv(3, 1, width, false);
            builder.norm();
        });
        self.paths = [0, 2 * sizes.depth];
        for _ in 0..sizes.depth {
            self.skip(|builder| {
                builder.node();
                builder.gated_attention();
                builder.conv(1, 1, width, true);
                builder.norm();
            });
            self.skip(|builder| {
                for outputs in [EXPANSION * width, width] {
                    builder.node();
                    builder.conv(1, 1, outputs, true);
                    builder.norm();
                }
            });
        }
        self.global_pool();
        self.node();
        self.linear(self.options.classes);
    }

    fn gated_attention(&mut self) {
        let width = self.channels;
        let parts = [(); 3].map(|()| self.part(|builder| builder.conv_norm_node(1, 1, width)));
        let gate = self.part(|builder| builder.node_at(0.5));
        self.push(Attention::gated(parts, gate));
    }
}
