//! Counts of parameters, and that every model runs and learns.

use super::*;
use crate::layer::Pass;
use crate::loss::Loss;
use crate::optimizer::{Optimizer, Rule};
use crate::random::Random;
use crate::tensor::Shape;

#[test]
fn mnist_convnet_has_the_parameters_of_its_layers() {
    let network = ModelOptions::default().build().unwrap();
    // conv without bias, batch normalisation, twice; two linear layers.
    let expected = 9 * 128 + 256 + 128 * 9 * 128 + 256 + (6272 + 1) * 2048 + (2048 + 1) * 10;
    assert_eq!((network.n_parameters(), expected), (13_016_714, 13_016_714));
    assert_eq!(network.classes(), 10);
}

fn model(name: &str, image: [usize; 3], classes: usize) -> ModelOptions {
    ModelOptions { model: name.into(), image, classes, steps: 2, ..ModelOptions::default() }
}

#[test]
fn models_have_the_parameters_of_their_layers() {
    for (name, image, classes, expected) in [
        ("cifar_convnet", [32, 32, 3], 10, 19_489_546),
        // 2 x 128 and 128 x 128, 128 x 256, twice 256 x 256, 256 x 512, twice 512 x 512 times 9, normalisation, 512 x 10 + 10.
        ("dvs_convnet", [48, 48, 2], 10, 9 * 835_840 + 2 * 2560 + 5130),
        ("SNN7_tiny", [32, 32, 3], 10, 9 * (48 + 1024 + 8192 + 16_384 + 32_768 + 65_536 + 131_072) + 2 * 1360 + 81_930),
        ("SNN5", [48, 48, 2], 10, 9 * (32 + 32_768 + 131_072) + 25 * (1024 + 8192) + 2 * 976 + 46_090),
        ("VGG_SNN", [48, 48, 2], 10, 9 * (128 + 8192 + 32_768 + 65_536 + 131_072 + 3 * 262_144) + 2 * 2752 + 46_090),
        // As torchvision's networks of these names, whose layers they share.
        ("sew_resnet18", [224, 224, 3], 1000, 11_689_512),
        ("sew_resnet34", [224, 224, 3], 1000, 21_797_672),
        ("sew_resnet50", [224, 224, 3], 1000, 25_557_032),
        ("sew_resnext50_32x4d", [224, 224, 3], 1000, 25_028_904),
        // Convolutions with biases, and 16 x 8 weights for each of 1152 x 10 pairs of capsules.
        ("capsnet", [28, 28, 1], 10, 82 * 256 + (81 * 256 + 1) * 256 + 1152 * 10 * 128),
        // 9.32 million are in the paper.
        ("spikformer", [32, 32, 3], 10, 9_324_730),
        ("glsnn", [28, 28, 1], 10, 785 * 800 + 2 * 801 * 800 + 8010),
        ("backei_mnist", [28, 28, 1], 10, 25 * (15 + 600 + 2 * 225 + 2 * 1600) + 3 * 15 + 3 * 40 + 641 * 300 + 3010),
        ("qsnn", [28, 28, 1], 10, 785 * 500 + 5010),
        ("SHD_SNN", [1, 1, 700], 20, 5 * 700 + 3 * 490_000 + 700 + 701 * 700 + 701 * 128 + 129 * 128 + 129 * 100),
    ] {
        let network = model(name, image, classes).build().unwrap();
        assert_eq!((network.n_parameters(), network.classes()), (expected, classes), "{name}");
    }
}

#[test]
fn every_model_can_be_made_and_gives_a_logit_per_class_and_step() {
    for name in names() {
        let channels = if name.contains("dvs") || name.contains("tim") { 2 } else { 3 };
        let options = ModelOptions { width: 1.0 / 32.0, ..model(name, [32, 32, channels], 5) };
        let network = options.build().unwrap_or_else(|error| panic!("{name}: {error}"));
        let images = crate::tensor::Tensor::from_fn(Shape::new(1, 1, [32, 32, channels]), |i| (i % 7) as f32 * 0.3);
        let logits = network.infer(images, Pass { seed: 1, number: 0 });
        assert_eq!(logits.shape(), Shape::new(2, 1, [1, 1, 5]), "{name}");
        assert!(logits.values().iter().all(|x| x.is_finite()), "{name}");
    }
}

#[test]
fn every_kind_of_model_learns_a_batch_by_heart() {
    for (name, norm, image) in [
        ("resnet9", "tebn", [8, 8, 3]),
        ("resnet19", "bn", [8, 8, 3]),
        ("sew_resnet20", "bntt", [8, 8, 3]),
        ("spikformer", "bn", [8, 8, 3]),
        ("spikformer_tim", "bn", [16, 16, 2]),
        ("spike_driven_transformer", "bn", [8, 8, 3]),
        ("backei_fashion", "bn", [8, 8, 1]),
        ("resnext50_32x4d", "bn", [8, 8, 3]),
        ("capsnet", "bn", [20, 20, 1]),
    ] {
        let options = ModelOptions { width: 1.0 / 16.0, norm: norm.into(), threshold: 0.3, ..model(name, image, 4) };
        let mut network = options.build().unwrap();
        let mut random = Random::new(4, 4);
        let images = crate::tensor::Tensor::from_fn(Shape::new(1, 8, image), |_| random.normal() as f32);
        let labels = [0, 1, 2, 3, 0, 1, 2, 3];
        let mut optimizer = Optimizer::new(Rule::AdamW { weight_decay: 0.0 });
        let mut losses = Vec::new();
        for number in 0..50 {
            let logits = network.forward(images.clone(), Pass { seed: 1, number });
            let (loss, gradient) = Loss::CrossEntropy { smoothing: 0.0 }.of(&logits, &labels);
            network.backward(gradient);
            optimizer.step(5e-3, network.parameters_mut());
            losses.push(loss);
        }
        let (first, last) = (losses[0], losses[49]);
        assert!(last < 0.75 * first, "{name}: loss {first} to {last}");
    }
}

#[test]
fn the_summary_shows_where_the_image_starts_to_be_repeated() {
    let network = ModelOptions::default().build().unwrap();
    let rows = network.summary();
    let layers: Vec<&str> = rows.iter().map(|row| row.layer.as_str()).collect();
    assert_eq!(layers[..5], ["0.conv2d", "1.batch_norm", "2.repeat", "3.LIFNode", "4.avg_pool"]);
    assert_eq!((rows[1].output.steps, rows[2].output.steps, rows[3].output.image()), (1, 8, [28, 28, 128]));
}

#[test]
fn names_that_do_not_exist_are_refused_with_those_that_do() {
    let message = |options: ModelOptions| options.build().err().unwrap().to_string();
    let unknown = message(ModelOptions { model: "lenet".into(), ..ModelOptions::default() });
    assert!(unknown.starts_with("no model is called \"lenet\"; there are mnist_convnet, mlp, cifar_convnet, dvs_convnet"), "{unknown}");
    let node = message(ModelOptions { node_type: "LIF".into(), ..ModelOptions::default() });
    assert!(node.starts_with("no node is called \"LIF\"; there are IFNode, LIFNode"), "{node}");
    let surrogate = message(ModelOptions { act_fun: Some("QGateGradGrad".into()), ..ModelOptions::default() });
    assert!(surrogate.contains("SigmoidGrad, AtanGrad"), "{surrogate}");
    let small = message(ModelOptions { image: [3, 3, 1], ..ModelOptions::default() });
    assert!(small.contains("avg_pool"), "{small}");
}

#[test]
fn a_seed_gives_its_weights_and_another_seed_others() {
    let weights = |seed| {
        let network = ModelOptions { seed, width: 0.1, ..ModelOptions::default() }.build().unwrap();
        network.tensors().into_iter().map(|(_, values)| values.clone()).collect::<Vec<_>>()
    };
    assert!(weights(1) == weights(1) && weights(1) != weights(2));
}

#[test]
fn later_branches_are_dropped_more_often_and_evaluation_drops_none() {
    let options = ModelOptions { drop_path: 0.4, width: 0.125, threshold: 0.1, ..model("resnet18", [8, 8, 3], 4) };
    let mut network = options.build().unwrap();
    let dropped = network.summary().iter().filter(|row| row.layer.ends_with(".drop_path")).count();
    // The first of eight never.
    assert_eq!(dropped, 7);
    let images = crate::tensor::Tensor::from_fn(Shape::new(1, 4, [8, 8, 3]), |i| (i % 13) as f32 * 0.1);
    let evaluated = |network: &Network| network.infer(images.clone(), Pass::EVALUATION).values().to_vec();
    assert_eq!(evaluated(&network), evaluated(&ModelOptions { drop_path: 0.0, ..options.clone() }.build().unwrap()));
    let mut trained = |number| network.forward(images.clone(), Pass { seed: 1, number }).values().to_vec();
    assert!(trained(0) != trained(1));
    let message = ModelOptions { drop_path: 1.0, ..options }.build().err().unwrap().to_string();
    assert_eq!(message, "drop-path is 1; expected at least 0 and less than 1");
}
