//! Files as PyTorch and safetensors write them.

use super::*;
use crate::layer::Pass;
use crate::tensor::Tensor;
use crate::zoo::ModelOptions;

fn network(seed: u64) -> Network {
    ModelOptions { image: [8, 8, 1], width: 0.05, steps: 2, threshold: 0.1, seed, ..ModelOptions::default() }.build().unwrap()
}

#[test]
fn weights_go_out_in_pytorchs_axes_and_come_back_the_same() {
    let (from, mut to) = (network(1), network(2));
    let tensors = export(&from).unwrap();
    assert_eq!(tensors[0].shape, [6, 1, 3, 3]);
    assert_ne!(from.tensors()[5].1, to.tensors()[5].1);
    assign(&mut to, &tensors, Path::new("x")).unwrap();
    assert!(from.tensors().iter().zip(to.tensors()).all(|(a, b)| a.1 == b.1));
    // A file has them by the alphabet.
    let path = std::env::temp_dir().join(format!("braincog-snn-{}-weights.safetensors", std::process::id()));
    save(&from, &path).unwrap();
    let mut other = network(3);
    assign(&mut other, &load(&path).unwrap(), &path).unwrap();
    assert!(from.tensors().iter().zip(other.tensors()).all(|(a, b)| a.1 == b.1));
}

#[test]
fn axes_are_those_of_pytorch() {
    // Output 2 of a convolution of 1 x 1 sees channel 1 of the input; a linear layer sees pixel (1, 0) of channel 2.
    use crate::correlate::Correlation;
    use crate::encoder::Encoder;
    use crate::layer::{Conv2d, Flatten, Init, Layer, Linear};
    let correlation = Correlation { kernel: 1, stride: 1, padding: 0, inputs: 2, outputs: 3 };
    let layers: Vec<Box<dyn Layer>> = vec![
        Box::new(Conv2d::new(correlation, false, Init { seed: 1, layer: 0 })),
        Box::new(Flatten::default()),
        Box::new(Linear::new(12, 1, Init { seed: 1, layer: 2 })),
    ];
    let mut network = Network::new(Encoder::Events, 1, [2, 2, 2], layers).unwrap();
    let mut conv = vec![0.0; 6];
    conv[2 * 2 + 1] = 5.0;
    let mut linear = vec![0.0; 12];
    linear[2 * 4 + 2] = 3.0;
    let named = |name: &str, shape: &[usize], values: Vec<f32>| NamedTensor { name: name.into(), shape: shape.to_vec(), values };
    let tensors = [named("a.weight", &[3, 2, 1, 1], conv), named("b.weight", &[1, 12], linear), named("b.bias", &[1], vec![0.5])];
    assign(&mut network, &tensors, Path::new("x")).unwrap();
    let image = Tensor::from_fn(Shape::new(1, 1, [2, 2, 2]), |i| (i + 1) as f32);
    // Pixel (1, 0) is number 2, its channel 1 has the value 6.
    assert_eq!(network.infer(image, Pass { seed: 0, number: 0 }).values(), [5.0 * 6.0 * 3.0 + 0.5]);
}

#[test]
fn tensors_that_do_not_fit_are_named_with_both_shapes() {
    let mut tensors = export(&network(1)).unwrap();
    tensors[0].shape = vec![6, 1, 5, 5];
    tensors[0].name = "feature.0.conv.weight".into();
    let message = |tensors: &[NamedTensor]| assign(&mut network(1), tensors, Path::new("x.pt")).unwrap_err().to_string();
    let expected = "x.pt: feature.0.conv.weight of shape [6, 1, 5, 5] comes where 0.conv2d.weight of shape [6, 1, 3, 3] is expected";
    assert_eq!(message(&tensors), expected);
    let whole = export(&network(1)).unwrap();
    assert!(message(&whole[..3]).starts_with("x.pt: ends before "));
    let more = NamedTensor { name: "extra.weight".into(), shape: vec![1], values: vec![1.0] };
    assert_eq!(message(&[whole, vec![more]].concat()), "x.pt: extra.weight is left over: the network has no such layer");
}

#[test]
fn safetensors_come_in_the_order_of_their_data() {
    let bytes: Vec<u8> = [1.0f32, 2.0, 3.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    let view = |range: std::ops::Range<usize>| TensorView::new(Dtype::F32, vec![range.len() / 4], &bytes[range]).unwrap();
    let file = safetensors::serialize([("z", view(0..4)), ("a", view(4..12))], None).unwrap();
    let tensors = parse(Path::new("x"), &file).unwrap();
    assert_eq!(tensors.iter().map(|t| t.values.len()).sum::<usize>(), 3);
    assert!(tensors.iter().any(|t| t.name == "z" && t.values == [1.0]));
    assert!(parse(Path::new("x"), &file[..20]).is_err() && parse(Path::new("x"), b"PK\x03\x04").is_err());
}

/// What `torch.save(OrderedDict(w=tensor([[0, 1, 2], [3, 4, 5]])))` writes, put together by hand.
fn saved(kind: &str, storage: &[u8]) -> Vec<u8> {
    let mut list =
        b"\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01X\x01\x00\x00\x00wq\x02ctorch._utils\n_rebuild_tensor_v2\nq\x03((".to_vec();
    list.extend(b"X\x07\x00\x00\x00storageq\x04ctorch\n");
    list.extend(kind.as_bytes());
    list.extend(b"\nq\x05X\x01\x00\x00\x000q\x06X\x03\x00\x00\x00cpuq\x07K\x06tq\x08QK\x00K\x02K\x03\x86q\x09K\x03K\x01\x86q\x0a\x89h\x00)Rq\x0btq\x0cRq\x0ds.");
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in [("archive/data.pkl", &list[..]), ("archive/data/0", storage)] {
        zip.start_file(name, options).unwrap();
        std::io::Write::write_all(&mut zip, bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn state_dictionaries_of_pytorch_are_read() {
    let floats: Vec<u8> = (0..6).flat_map(|i| (i as f32).to_le_bytes()).collect();
    let tensors = parse(Path::new("x.pt"), &saved("FloatStorage", &floats)).unwrap();
    let expected = NamedTensor { name: "w".into(), shape: vec![2, 3], values: vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0] };
    assert_eq!(tensors, [expected]);
    let message = parse(Path::new("x.pt"), &saved("FloatStorage", &floats[..20])).unwrap_err().to_string();
    assert_eq!(message, "x.pt: w: its storage of 20 bytes is too small");
    let message = parse(Path::new("x.pt"), &saved("SecretStorage", &floats)).unwrap_err().to_string();
    assert!(message.contains("\"torch.SecretStorage\""), "{message}");
    let whole = saved("FloatStorage", &floats);
    for i in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[i] ^= 0xff;
        let _ = parse(Path::new("x.pt"), &bytes);
    }
}
