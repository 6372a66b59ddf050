//! Layers that hold layers.

use super::*;

fn conv(kernel: usize, inputs: usize, outputs: usize, layer: usize) -> Box<dyn Layer> {
    let correlation = Correlation { kernel, stride: 1, padding: kernel / 2, inputs, outputs };
    Box::new(Conv2d::new(correlation, true, Init { layer, ..INIT }))
}

const SHAPE: Shape = Shape { steps: 2, batch: 2, height: 3, width: 2, channels: 4 };

#[test]
fn a_chain_backwards_is_its_gradient_and_stops_at_the_first_layer_that_learns() {
    let mut chain = Chain::from(vec![Box::new(AvgPool::new(1)) as Box<dyn Layer>, conv(3, 4, 3, 0), conv(1, 3, 5, 1)]);
    assert_backward_is_the_gradient(&mut chain, SHAPE);
    let names: Vec<String> = chain.named().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["1.conv2d.weight", "1.conv2d.bias", "2.conv2d.weight", "2.conv2d.bias"]);
    let output = chain.forward(noise(SHAPE, 1), PASS);
    assert!(chain.backward(output, false).is_none());
    assert_eq!(Chain::default().infer(&noise(SHAPE, 1), &mut LayerState::new()).values(), noise(SHAPE, 1).values());
}

#[test]
fn residuals_backwards_are_their_gradients() {
    for (_, join) in Join::NAMES {
        let mut identity = Residual::new(vec![conv(3, 4, 4, 0)], Vec::new(), join);
        assert_backward_is_the_gradient(&mut identity, SHAPE);
        let mut both = Residual::new(vec![conv(3, 4, 5, 0)], vec![conv(1, 4, 5, 1)], join);
        assert_backward_is_the_gradient(&mut both, SHAPE);
    }
}

/// Three convolutions: the second takes the sum of the input and the first, the third all three before it.
fn graph() -> Graph {
    Graph::new(vec![conv(3, 4, 4, 0), conv(3, 4, 4, 1), conv(1, 4, 4, 2)], vec![vec![0], vec![0, 1], vec![0, 1, 2], vec![3, 0]])
}

#[test]
fn graphs_backwards_are_their_gradients() {
    assert_backward_is_the_gradient(&mut graph(), SHAPE);
    // The same as residuals in one another.
    let inner = Residual::new(vec![conv(3, 4, 4, 0)], Vec::new(), Join::Add);
    let middle = Residual::new(vec![conv(3, 4, 4, 1)], Vec::new(), Join::Add);
    let mut nested = Residual::new(vec![Box::new(inner) as Box<dyn Layer>, Box::new(middle), conv(1, 4, 4, 2)], Vec::new(), Join::Add);
    let mut flat = graph();
    let near = |a: &Tensor, b: &Tensor| a.values().iter().zip(b.values()).all(|(a, b)| (a - b).abs() < 1e-4);
    assert!(near(&flat.forward(noise(SHAPE, 1), PASS), &nested.forward(noise(SHAPE, 1), PASS)));
    assert!(near(&flat.backward(noise(SHAPE, 2), true).unwrap(), &nested.backward(noise(SHAPE, 2), true).unwrap()));
    assert!(
        flat.parameters().iter().zip(nested.parameters()).all(|(a, b)| a
            .gradient
            .iter()
            .zip(&b.gradient)
            .all(|(a, b)| (a - b).abs() < 1e-3))
    );
    flat.forward(noise(SHAPE, 1), PASS);
    assert!(flat.backward(noise(SHAPE, 2), false).is_none());
}

#[test]
fn a_part_of_a_graph_that_does_not_fit_is_named() {
    let graph = Graph::new(vec![conv(3, 4, 5, 0), conv(3, 4, 4, 1)], vec![vec![0], vec![0, 1], vec![2]]);
    let part = graph.describe("7.graph", SHAPE, &mut Vec::new()).unwrap_err();
    assert_eq!(part.layer, "7.graph.1.conv2d");
    assert!(part.misfit.to_string().starts_with("joins a branch that gives"), "{}", part.misfit);
}

#[test]
fn ways_that_do_not_come_together_are_refused() {
    let residual = Residual::new(vec![conv(3, 4, 5, 0)], Vec::new(), Join::Add);
    let message = residual.shape(SHAPE).unwrap_err().to_string();
    assert!(message.starts_with("joins a branch that gives 2 steps x 2 samples x 3 x 2 x 5 with a shortcut that gives"), "{message}");
    let chain = Chain::from(vec![Box::new(Residual::new(vec![conv(3, 7, 5, 0)], Vec::new(), Join::Add)) as Box<dyn Layer>]);
    let part = chain.describe("", SHAPE, &mut Vec::new()).unwrap_err();
    assert_eq!((part.layer.as_str(), part.misfit), ("0.add.branch.0.conv2d", Misfit::Width { what: "channels", expected: 7, found: 4 }));
}

#[test]
fn joins_of_spikes_are_logic() {
    let spikes = |branch, shortcut, join: Join| {
        let one = |x| Tensor::new(Shape::new(1, 1, [1, 1, 1]), vec![x]);
        Residual::new(Vec::new(), Vec::new(), join).joined(one(branch), &one(shortcut)).values()[0]
    };
    let table = |join| [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]].map(|[x, y]| spikes(x, y, join));
    assert_eq!([Join::Add, Join::And, Join::Iand].map(table), [[0.0, 1.0, 1.0, 2.0], [0.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.0]]);
}

#[test]
fn attention_backwards_is_its_gradient() {
    let parts = || [0, 1, 2].map(|i| Chain::from(vec![conv(1, 4, 4, i)]));
    assert_backward_is_the_gradient(&mut Attention::new(parts(), 2, 0.25), SHAPE);
    assert_backward_is_the_gradient(&mut Attention::gated(parts(), Chain::from(vec![conv(1, 4, 4, 3)])), SHAPE);
    assert!(Attention::new(parts(), 3, 0.25).shape(SHAPE).unwrap_err().to_string().contains("multiple of the heads"));
}

#[test]
fn attention_is_the_product_of_query_key_and_value() {
    // Identities of everything: out = scale (X X^T) X, by hand for two pixels and one head.
    let attention = Attention::new([(); 3].map(|()| Chain::default()), 1, 0.5);
    let input = Tensor::new(Shape::new(1, 1, [1, 2, 2]), vec![1.0, 0.0, 1.0, 1.0]);
    // X X^T = [[1, 1], [1, 2]].
    assert_eq!(attention.infer(&input, &mut LayerState::new()).values(), [1.0, 0.5, 1.5, 1.0]);
}

#[test]
fn what_is_watched_has_one_output_for_every_row() {
    let mut chain = Chain::from(vec![
        conv(3, 4, 4, 0),
        Box::new(Residual::new(vec![conv(3, 4, 4, 1)], Vec::new(), Join::Add)) as Box<dyn Layer>,
        Box::new(Attention::new([2, 3, 4].map(|i| Chain::from(vec![conv(1, 4, 4, i)])), 2, 0.25)),
    ]);
    let mut rows = Vec::new();
    chain.describe("", SHAPE, &mut rows).unwrap();
    let mut shapes = Vec::new();
    let mut see = |seen: Seen| {
        if let Seen::Output(x) = seen {
            shapes.push(x.shape());
        }
    };
    chain.infer_watched(&noise(SHAPE, 1), &mut LayerState::new(), &mut see);
    assert_eq!(shapes, rows.iter().map(|row| row.output).collect::<Vec<_>>());
    let once = std::mem::take(&mut shapes);
    chain.forward_watched(noise(SHAPE, 1), PASS, &mut |seen| {
        if let Seen::Output(x) = seen {
            shapes.push(x.shape());
        }
    });
    assert_eq!(shapes, once);
    assert_eq!(rows.iter().map(|row| row.products).sum::<u64>(), 2 * 2 * 6 * 4 * (36 + 36 + 12));
}

#[test]
fn voters_are_averaged() {
    assert_backward_is_the_gradient(&mut Voting::new(2), SHAPE);
    let input = Tensor::new(Shape::new(1, 1, [1, 1, 4]), vec![1.0, 0.0, 1.0, 1.0]);
    assert_eq!(Voting::new(2).infer(&input, &mut LayerState::new()).values(), [0.5, 1.0]);
}
