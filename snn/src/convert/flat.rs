//! Pieces without pieces in them: every layer once, and where its input comes from.

use super::{Folded, Piece};
use crate::layer::{Join, Layer};
use crate::tensor::Shape;

/// What a stage does with the values that it takes.
pub(crate) enum What {
    /// One value.
    Layer(Folded),
    /// Two values or more, of which the first is the branch.
    Join(Join),
}

/// One layer, or a point where ways come together.
pub(crate) struct Stage {
    pub(crate) name: String,
    pub(crate) what: What,
    /// Value 0 is the input of the network, value k + 1 the output of stage k.
    pub(crate) from: Vec<usize>,
}

/// Stages, each after all that it takes values from.
pub(crate) struct Flat {
    pub(crate) stages: Vec<Stage>,
    /// The value that the network gives.
    pub(crate) output: usize,
}

/// The stages of `pieces`.
pub(crate) fn flatten(pieces: Vec<Piece>) -> Flat {
    let mut flat = Flat { stages: Vec::new(), output: 0 };
    flat.output = flat.chain(pieces, 0);
    flat
}

impl Flat {
    fn push(&mut self, name: String, what: What, from: Vec<usize>) -> usize {
        self.stages.push(Stage { name, what, from });
        self.stages.len()
    }

    /// Pieces one after another from value `at` on; the result is the last value.
    fn chain(&mut self, pieces: Vec<Piece>, at: usize) -> usize {
        pieces.into_iter().fold(at, |at, piece| match piece {
            Piece::Layer { name, what } => self.push(name, What::Layer(what), vec![at]),
            Piece::Residual { name, branch, shortcut, join } => {
                let from = vec![self.chain(branch, at), self.chain(shortcut, at)];
                self.push(name, What::Join(join), from)
            }
            Piece::Graph { parts, sources } => self.graph(parts, &sources, at),
        })
    }

    fn graph(&mut self, parts: Vec<Vec<Piece>>, sources: &[Vec<usize>], at: usize) -> usize {
        let mut values = vec![at];
        for (part, sources) in parts.into_iter().zip(sources) {
            let input = self.sum(&values, sources);
            values.push(self.chain(part, input));
        }
        self.sum(&values, &sources[sources.len() - 1])
    }

    fn sum(&mut self, values: &[usize], sources: &[usize]) -> usize {
        let from: Vec<usize> = sources.iter().map(|&source| values[source]).collect();
        if let [one] = from[..] { one } else { self.push("sum".into(), What::Join(Join::Add), from) }
    }

    /// The shape of every value, given that of the input; `nodes` are those of the network.
    pub(crate) fn shapes(&self, input: Shape, nodes: &[&dyn Layer]) -> Vec<Shape> {
        let mut shapes = vec![input];
        for stage in &self.stages {
            let input = shapes[stage.from[0]];
            shapes.push(
                match &stage.what {
                    What::Layer(Folded::Nodes { index }) => nodes[*index].shape(input),
                    What::Layer(other) => other.layer().expect("all but nodes are layers").shape(input),
                    What::Join(_) => Ok(input),
                }
                .expect("checked when the network was made"),
            );
        }
        shapes
    }
}
