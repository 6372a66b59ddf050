//! There and back, what others write, and what cannot be read.

use super::*;
use crate::layer::Pass;
use crate::tensor::{Shape, Tensor};
use crate::training::TrainingOptions;
use crate::zoo::ModelOptions;

/// A small model for digits.
fn small() -> ModelOptions {
    ModelOptions { image: [8, 8, 1], width: 0.05, steps: 5, threshold: 0.1, encode: "rate".into(), ..ModelOptions::default() }
}

fn training(node: &str) -> Training {
    Training::new(ModelOptions { node_type: node.into(), ..small() }, TrainingOptions::default()).unwrap()
}

/// What was read says what the network says, but for `most` of its logits.
fn assert_same_answers(network: &Network, back: &Network, most: usize, name: &str) {
    let pass = Pass { seed: 1, number: 0 };
    let images = Tensor::from_fn(Shape::new(1, 4, [8, 8, 1]), |i| (i % 11) as f32 / 11.0);
    let spikes = network.encode(images.clone(), pass);
    let (expected, found) = (network.infer(images, pass), back.infer(spikes, pass));
    let off = expected.values().iter().zip(found.values()).filter(|(a, b)| (**a - **b).abs() > 1e-3).count();
    assert!(off <= most, "{name}: {off} of 200 logits differ");
    assert!(expected.values().iter().any(|x| *x != expected.values()[0]), "{name} says something");
}

#[test]
fn a_network_comes_back_with_the_same_answers() {
    let folder = std::env::temp_dir().join(format!("braincog-snn-nir-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for node in ["IFNode", "LIFNode", "PLIFNode", "CUBALIFNode"] {
        let training = training(node);
        let path = folder.join(format!("{node}.nir"));
        write(&training, &path).unwrap();
        let back = read(&path, 5).unwrap();
        assert_same_answers(&training.network, &back, 2, node);
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn residual_networks_come_back_with_the_same_answers() {
    for name in ["resnet9", "resnet19", "sew_resnet20"] {
        let model = ModelOptions { model: name.into(), ..small() };
        let mut training = Training::new(model, TrainingOptions { batch_size: 100, ..TrainingOptions::default() }).unwrap();
        let digits = crate::data::load("digits", ".".as_ref()).unwrap();
        training.epoch(&digits, |_| crate::training::Next::Continue).unwrap();
        let path = std::env::temp_dir().join(format!("braincog-snn-nir-{}-{name}.nir", std::process::id()));
        write(&training, &path).unwrap();
        let back = read(&path, 5).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_same_answers(&training.network, &back, 10, name);
        // What was read can be streamed like what was made here.
        assert!(crate::runtime::Runtime::new(back).is_ok());
    }
    let and =
        ModelOptions { model: "sew_resnet20".into(), sew_cnf: "IAND".into(), image: [8, 8, 1], width: 0.05, ..ModelOptions::default() };
    let message = to::graph(&Training::new(and, TrainingOptions::default()).unwrap()).err().unwrap().to_string();
    assert!(message.starts_with("layer 4.iand cannot be converted: NIR adds"), "{message}");
}

fn message(graph: Graph) -> String {
    from::network(&graph, 3).err().unwrap()
}

#[test]
fn what_is_no_chain_of_known_nodes_is_refused_by_name() {
    let whole = to::graph(&training("LIFNode")).unwrap();
    let changed = |change: &dyn Fn(&mut Graph)| {
        let mut graph = whole.clone();
        change(&mut graph);
        message(graph)
    };
    assert!(changed(&|g| g.edges.push(["input".into(), "3".into()])).starts_with("node 3 adds values of "));
    assert_eq!(
        changed(&|g| g.nodes.push(Node { name: "lonely".into(), kind: "LIF".into(), parameters: Vec::new() })),
        "node lonely does not lie between input and output; only such nodes are read"
    );
    assert_eq!(changed(&|g| g.edges.push(["1".into(), "away".into()])), "an edge leads to or from away, which is no node");
    assert_eq!(changed(&|g| g.nodes[2].kind = "Hodgkin".into()), "node 2 is of kind Hodgkin, which is not read");
    assert_eq!(changed(&|g| g.nodes.retain(|n| n.kind != "Input")), "has no Input node");
    let threshold = changed(&|g| {
        let Some((_, Parameter::Numbers(array))) = g.nodes[2].parameters.iter_mut().find(|p| p.0 == "v_threshold") else { panic!() };
        array.values[3] = 2.0;
    });
    assert_eq!(threshold, "node 2 has neurons of different v_threshold; expected alike ones");
    assert!(changed(&|g| g.edges.push(["3".into(), "2".into()])).contains("circle"));
}

#[test]
fn damaged_files_are_refused() {
    let path = std::env::temp_dir().join(format!("braincog-snn-nir-damaged-{}.nir", std::process::id()));
    write(&training("LIFNode"), &path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(parse(&path, b"nothing".to_vec(), 3).err().unwrap().to_string().contains("not an HDF5 file"));
    for cut in [9, bytes.len() / 3, bytes.len() - 1] {
        let _ = parse(&path, bytes[..cut].to_vec(), 3);
    }
    assert!(parse(&path, bytes[..bytes.len() / 3].to_vec(), 3).is_err());
}
