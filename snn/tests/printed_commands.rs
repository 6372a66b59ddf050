//! The contract: the two commands that BrainCog prints run from end to end on folders that look as their authors hand them out, and say what is missing
//! where there is nothing. The samples are made here, so nothing is learned from them but that every step is taken.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const STILL: &str = "train --model cifar_convnet --dataset cifar10 --node-type LIFNode --step 8";
const EVENTS: &str = "train --model dvs_convnet --node-type LIFNode --dataset dvsc10 --step 10 --batch-size 128 --act-fun QGateGrad";
/// One pass, and few channels: this is about the way, not the result.
const SHORT: &str = "--epochs 1 --width 0.02";

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("braincog-snn-printed-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn braincog_snn(arguments: &str, data: &Path, output: &Path) -> (Output, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_braincog-snn"));
    command.args(arguments.split(' ')).arg("--data-dir").arg(data).arg("--output").arg(output);
    let output = command.output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    (output, err)
}

/// Runs a command whose samples are in `data`, and looks at what it leaves and at what `eval` makes of that.
fn assert_it_trains(command: &str, dataset: &str, data: &Path, first_layer: &str) {
    let output = data.join("output");
    let (ended, err) = braincog_snn(&format!("{command} {SHORT}"), data, &output);
    assert!(ended.status.success(), "{err}");
    assert!(err.contains(first_layer), "{err}");
    let out = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(out.contains("epoch 1: accuracy ") && out.contains("synaptic operations per image"), "{out}");
    let log = fs::read_to_string(output.join("log.csv")).unwrap();
    assert_eq!(log.lines().count(), 2, "{log}");
    let mut eval = Command::new(env!("CARGO_BIN_EXE_braincog-snn"));
    eval.arg("eval").arg(output.join("last.safetensors")).args(["--dataset", dataset, "--data-dir"]).arg(data);
    let evaluated = eval.output().unwrap();
    let text = String::from_utf8_lossy(&evaluated.stdout).into_owned();
    let accuracy = out.split("epoch 1: accuracy ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    assert!(evaluated.status.success() && text.starts_with(&format!("accuracy {accuracy} % of 10 images")), "{text} after {out}");
}

/// Records of a class and 3072 bytes, channel by channel.
fn cifar_batch(first: usize, n: usize) -> Vec<u8> {
    let record = |i: usize| {
        let class = (first + i) % 10;
        let pixel = move |p: usize| if p % 1024 / 32 % 10 == class { 220 } else { (p * 31 + i * 7) as u8 % 60 };
        [class as u8].into_iter().chain((0..3072).map(pixel))
    };
    (0..n).flat_map(record).collect()
}

#[test]
fn the_command_for_cifar10_runs_on_its_binary_version() {
    let data = folder("cifar10");
    for batch in 1..=5 {
        fs::write(data.join(format!("data_batch_{batch}.bin")), cifar_batch(batch * 4, 4)).unwrap();
    }
    fs::write(data.join("test_batch.bin"), cifar_batch(0, 10)).unwrap();
    assert_it_trains(STILL, "cifar10", &data, "0.conv2d");
    fs::remove_dir_all(data).unwrap();
}

const CLASSES: [&str; 10] = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// A recording of a DVS128: text, then addresses and microseconds, most significant bytes first.
fn aedat2(class: usize, sample: usize) -> Vec<u8> {
    let mut bytes = b"#!AER-DAT2.0\r\n# This is a raw AE data file - do not edit\r\n# Timestamps tick is 1 us\r\n".to_vec();
    for event in 0..600u32 {
        let (x, y) = ((class as u32 * 12 + event % 9) % 128, (event * 13 + sample as u32) % 128);
        let address = (y << 8) | (x << 1) | (event % 2);
        bytes.extend(address.to_be_bytes());
        bytes.extend((1000 + event * 2000).to_be_bytes());
    }
    bytes
}

#[test]
fn the_command_for_cifar10_dvs_runs_on_its_folders() {
    let data = folder("dvsc10");
    for (class, name) in CLASSES.iter().enumerate() {
        let folder = data.join("CIFAR10DVS").join(name);
        fs::create_dir_all(&folder).unwrap();
        // Nine tenths are for training.
        for sample in 0..10 {
            fs::write(folder.join(format!("cifar10_{name}_{sample}.aedat")), aedat2(class, sample)).unwrap();
        }
    }
    assert_it_trains(EVENTS, "dvsc10", &data, "0.conv2d");
    fs::remove_dir_all(data).unwrap();
}

#[test]
fn without_samples_both_say_what_to_fetch_and_how_its_folder_must_look() {
    let data = folder("nothing");
    let message = |command: &str| {
        let (ended, err) = braincog_snn(command, &data, &data.join("output"));
        assert_eq!(ended.status.code(), Some(2), "{err}");
        assert_eq!(err.matches("error: ").count(), 1, "one message: {err}");
        err
    };
    let err = message(STILL);
    assert!(
        err.contains("cifar10 is not in ") && err.contains("data_batch_1.bin is missing") && err.contains("cifar-10-binary.tar.gz"),
        "{err}"
    );
    let err = message(EVENTS);
    assert!(
        err.contains("dvsc10 is not in ") && err.contains("CIFAR10DVS") && err.contains("a folder per class with files .aedat"),
        "{err}"
    );
    assert!(!data.join("output").exists(), "nothing is left behind");
    fs::remove_dir_all(data).unwrap();
}
