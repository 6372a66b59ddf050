//! Contract: layers on a device give the bits of the processor's, forwards and backwards; so do steps of training and evaluation. The device
//! is the host driver, which interprets the kernels that are shipped and stops at the first access that is not right.
//!
//! Convolutions here have few channels: with more, the processor may compute gradients with fewer products, which round differently.
#![cfg(target_os = "linux")]

use kernels::cuda::Device;
use snn::activity::Activity;
use snn::correlate::Correlation;
use snn::device::OnDevice;
use snn::encoder::Encoder;
use snn::layer::{AvgPool, BatchNorm, Conv2d, Dropout, Flatten, Init, Layer, Linear, MaxPool, Pass, Voting};
use snn::network::Network;
use snn::node::{NodeOptions, Place};
use snn::surrogate::Surrogate;
use snn::tensor::{Shape, Tensor};
use snn::training::{Next, Training, TrainingOptions};
use snn::zoo::ModelOptions;

type Layers = Vec<Box<dyn Layer>>;

fn device() -> Device {
    host_driver::install();
    Device::open(0).expect("the host driver has a device")
}

fn init(layer: usize) -> Init {
    Init { seed: 5, layer }
}

fn conv([kernel, stride, padding]: [usize; 3], [inputs, outputs]: [usize; 2], bias: bool) -> Box<dyn Layer> {
    Box::new(Conv2d::new(Correlation { kernel, stride, padding, inputs, outputs }, bias, init(inputs + outputs)))
}

fn linear(inputs: usize, outputs: usize) -> Box<dyn Layer> {
    Box::new(Linear::new(inputs, outputs, init(outputs)))
}

fn nodes(options: &NodeOptions) -> Box<dyn Layer> {
    options.layer(Place { init: init(0), channels: 1, steps: 1 }).expect("there is such a node")
}

fn node(name: &str) -> Box<dyn Layer> {
    // A low threshold, because neurons behind weights that nobody trained hardly fire.
    nodes(&NodeOptions { name: name.into(), threshold: 0.1, ..NodeOptions::default() })
}

/// Numbers around zero, a third of them zero.
fn scattered(shape: Shape, salt: usize) -> Tensor {
    Tensor::from_fn(shape, |i| {
        let word = kernels::random::philox([i as u32, salt as u32, 0, 0], [1, 2])[0];
        if word.is_multiple_of(3) { 0.0 } else { (word >> 8) as f32 / (1 << 23) as f32 - 1.0 }
    })
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

/// Two training passes and an evaluation on processor and device.
fn compare(what: &str, input: Shape, encoder: Encoder, steps: usize, layers: impl Fn() -> Layers) {
    let network = || Network::new(encoder, steps, input.image(), layers()).unwrap_or_else(|error| panic!("{what}: {error}"));
    let (mut host, mut other) = (network(), network());
    let mut on_device = OnDevice::new(&other, device()).unwrap_or_else(|error| panic!("{what}: {error}"));
    let (images, pass) = (scattered(input, 1), Pass { seed: 3, number: 7 });
    for round in 0..2 {
        let expected = host.forward(images.clone(), pass);
        let mut activity = Activity::new(other.summary());
        let logits =
            on_device.forward(&mut other, images.clone(), pass, (&mut activity, false)).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!((logits.shape(), bits(logits.values())), (expected.shape(), bits(expected.values())), "{what}: outputs of pass {round}");
        let gradient = scattered(expected.shape(), 2);
        host.backward(gradient.clone());
        on_device.backward(&mut other, &gradient).unwrap_or_else(|error| panic!("{what}: {error}"));
        for (number, (expected, found)) in host.parameters_mut().into_iter().zip(other.parameters_mut()).enumerate() {
            let name = expected.name;
            assert!(expected.gradient.iter().any(|&g| g != 0.0), "{what}: the gradient of parameter {number}, {name}, tells nothing");
            assert_eq!(bits(&found.gradient), bits(&expected.gradient), "{what}: gradient of parameter {number}, {name}, pass {round}");
            expected.zero();
            found.zero();
        }
        for ((name, expected), (_, found)) in host.tensors().into_iter().zip(other.tensors()) {
            assert_eq!(bits(found), bits(expected), "{what}: {name} after pass {round}");
        }
    }
    let (mut of_host, mut of_device) = (Activity::new(host.summary()), Activity::new(other.summary()));
    let expected = host.infer_watched(images.clone(), pass, |index, seen| of_host.note(index, seen, 1.0));
    let loaded = on_device.load(&other).expect("there is room");
    let logits = on_device.infer(&other, &loaded, images, pass, (&mut of_device, 1.0)).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(bits(logits.values()), bits(expected.values()), "{what}: evaluation");
    assert_eq!(of_device, of_host, "{what}");
}

#[test]
fn convolutions_and_linear_layers() {
    // 21 images of 64 pixels are two groups of those that are summed by themselves, 77 rows of features two or more.
    compare("3 x 3", Shape::new(7, 3, [8, 8, 3]), Encoder::Events, 7, || {
        vec![conv([3, 1, 1], [3, 5], true), conv([3, 1, 1], [5, 4], false)]
    });
    compare("strides that leave pixels over", Shape::new(2, 2, [8, 9, 2]), Encoder::Events, 2, || {
        vec![conv([1, 1, 0], [2, 9], false), conv([3, 2, 1], [9, 6], true), conv([2, 3, 0], [6, 3], true)]
    });
    compare("5 x 5 without padding", Shape::new(1, 3, [9, 7, 2]), Encoder::Events, 1, || {
        vec![conv([5, 1, 4], [2, 3], true), conv([5, 1, 0], [3, 4], true)]
    });
    compare("linear", Shape::new(7, 11, [2, 3, 5]), Encoder::Events, 7, || vec![linear(30, 70), linear(70, 9)]);
    compare("many rows", Shape::new(20, 67, [1, 1, 3]), Encoder::Events, 20, || vec![linear(3, 4), linear(4, 2)]);
}

#[test]
fn normalisation_and_pools() {
    compare("batch norm", Shape::new(7, 3, [8, 8, 3]), Encoder::Events, 7, || {
        vec![Box::new(BatchNorm::new(3)), conv([1, 1, 0], [3, 5], false), Box::new(BatchNorm::threshold_dependent(5, 0.7, 0.5))]
    });
    compare("mean pool", Shape::new(2, 3, [7, 8, 2]), Encoder::Events, 2, || {
        vec![conv([1, 1, 0], [2, 3], true), Box::new(AvgPool::new(2)), conv([1, 1, 0], [3, 3], true), Box::new(AvgPool::global())]
    });
    compare("maximum pool", Shape::new(2, 3, [7, 8, 2]), Encoder::Events, 2, || {
        vec![conv([1, 1, 0], [2, 3], true), Box::new(MaxPool::windows(3, 2, 1)), conv([1, 1, 0], [3, 3], true), Box::new(MaxPool::new(2))]
    });
}

#[test]
fn what_only_moves_and_scales() {
    compare("repeat, dropout, flatten, voting", Shape::new(1, 3, [2, 2, 2]), Encoder::Direct, 4, || {
        vec![
            conv([1, 1, 0], [2, 6], true),
            node("LIFNode"),
            Box::new(Dropout::new(0.5, 2)),
            Box::new(Flatten::default()),
            linear(24, 15),
            Box::new(Voting::new(5)),
        ]
    });
}

#[test]
fn neurons_with_every_surrogate() {
    for name in ["IFNode", "LIFNode", "PLIFNode"] {
        // More neurons than the processor sums in one go.
        compare(name, Shape::new(3, 11, [8, 8, 1]), Encoder::Events, 3, || {
            vec![conv([1, 1, 0], [1, 7], true), node(name), conv([1, 1, 0], [7, 1], true)]
        });
    }
    for name in Surrogate::names() {
        let surrogate = Surrogate::named(name);
        let options = NodeOptions { surrogate, threshold: 0.3, tau: 2.7, ..NodeOptions::default() };
        compare(name, Shape::new(4, 2, [1, 1, 8]), Encoder::Events, 4, || vec![linear(8, 80), nodes(&options), linear(80, 3)]);
    }
}

/// A run on digits that has made two steps.
fn trained(model: &ModelOptions, options: &TrainingOptions, on_device: bool) -> Training {
    let digits = snn::data::load("digits", ".".as_ref()).expect("it is built in");
    let mut training = Training::new(model.clone(), options.clone()).expect("there is such a model");
    if on_device {
        training.use_device(|| Ok(device())).expect("a device can compute it");
    }
    training.epoch(&digits, |report| if report.batch == 2 { Next::Stop } else { Next::Continue }).expect("nothing goes wrong");
    training
}

#[test]
fn two_steps_of_training_leave_the_same_weights_and_the_same_answers() {
    let nets = [("LIFNode", "mnist_convnet", "adamw", "ce"), ("PLIFNode", "SNN7_tiny", "sgd", "tet"), ("IFNode", "mlp", "adamw", "mse")];
    for (node_type, name, opt, loss_fn) in nets {
        let model = ModelOptions {
            model: name.into(),
            node_type: node_type.into(),
            image: [8, 8, 1],
            steps: 2,
            width: 0.02,
            ..ModelOptions::default()
        };
        let options = TrainingOptions {
            batch_size: 6,
            opt: opt.into(),
            loss_fn: loss_fn.into(),
            clip_grad: Some(1.0),
            model_ema: Some(0.9),
            ..TrainingOptions::default()
        };
        let (host, other) = (trained(&model, &options, false), trained(&model, &options, true));
        assert_eq!(other.progress, host.progress, "{name}");
        for ((tensor, expected), (_, found)) in host.network.tensors().into_iter().zip(other.network.tensors()) {
            assert_eq!(bits(found), bits(expected), "{name}: {tensor}");
        }
    }
}

#[test]
fn evaluation_gives_the_same_answers_and_the_same_table() {
    let digits = snn::data::load("digits", ".".as_ref()).expect("it is built in");
    let model = ModelOptions { image: [8, 8, 1], steps: 2, width: 0.03, threshold: 0.1, ..ModelOptions::default() };
    let mut training = Training::new(model, TrainingOptions::default()).expect("there is such a model");
    let expected = training.examine(&digits).expect("nothing goes wrong");
    training.use_device(|| Ok(device())).expect("a device can compute it");
    assert_eq!(training.examine(&digits).expect("nothing goes wrong"), expected);
}

#[test]
fn what_a_device_cannot_compute_is_refused_by_name_before_it_is_opened() {
    let refused = |options: ModelOptions| {
        let mut training =
            Training::new(ModelOptions { image: [32, 32, 3], steps: 2, width: 0.05, ..options }, TrainingOptions::default()).unwrap();
        let error = training.use_device(|| unreachable!("nobody opens a device for this")).unwrap_err();
        assert!(!error.is_fault_of_machine());
        error.to_string()
    };
    let begins = |message: String, beginning: &str| {
        let whole = format!("{beginning} cannot be computed on a device, but with --backend cpu: there are kernels for conv2d, ");
        assert!(message.starts_with(&whole) && message.ends_with("IFNode, LIFNode and PLIFNode"), "{message}");
    };
    let with = |model: &str| ModelOptions { model: model.into(), ..ModelOptions::default() };
    begins(refused(with("sew_resnet18")), "layer 5.add");
    begins(refused(ModelOptions { node_type: "ALIFNode".into(), ..with("mlp") }), "layer 3.ALIFNode");
    begins(refused(ModelOptions { learn_alpha: true, ..with("mlp") }), "layer 3.LIFNode");
    begins(refused(ModelOptions { norm: "tebn".into(), ..ModelOptions::default() }), "layer 3.step_scale");
}

#[test]
fn the_models_that_the_documentation_names_can_be_computed() {
    let text = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/snn.md")).unwrap();
    let names = text.split_once("with any surrogate; so `").expect("the sentence is there").1.split('`').next().unwrap();
    assert!(names.split(' ').count() >= 7, "{names}");
    for name in names.split(' ') {
        for norm in ["bn", "tdbn"] {
            let (model, norm) = (name.to_string(), norm.to_string());
            let options = ModelOptions { model, norm, image: [48, 48, 2], steps: 2, width: 0.02, ..ModelOptions::default() };
            OnDevice::check(&options.build().unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}
