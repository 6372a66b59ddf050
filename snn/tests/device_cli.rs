//! Contract of `braincog-snn --backend cuda` as a black box: the same checkpoints and answers as on the processor, and messages where there is
//! no device or a network that it cannot compute. The device is the host driver.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder in which the host driver has the name of a CUDA driver.
fn driver() -> PathBuf {
    let library = std::env::current_exe().unwrap().with_file_name("libhost_driver.so");
    let folder = std::env::temp_dir().join(format!("braincog-snn-driver-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    match std::os::unix::fs::symlink(&library, folder.join("libcuda.so")) {
        // Another test was here.
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => panic!("{error}"),
        _ => folder,
    }
}

fn run(arguments: &str, libraries: &Path) -> (Output, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_braincog-snn"));
    let output = command.args(arguments.split(' ')).env("LD_LIBRARY_PATH", libraries).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    (output, out, err)
}

#[test]
fn a_run_on_a_device_leaves_the_checkpoint_of_the_processor_and_eval_repeats_it() {
    let driver = driver();
    let folder = |backend: &str| std::env::temp_dir().join(format!("braincog-snn-device-{}-{backend}", std::process::id()));
    let small = "train --model mlp --dataset digits --width 0.0625 --step 2 --batch-size 200 --epochs 1 --quiet";
    let told = ["cpu", "cuda"].map(|backend| {
        let (output, out, err) = run(&format!("{small} --backend {backend} --output {}", folder(backend).display()), &driver);
        assert!(output.status.success(), "{err}");
        assert_eq!(err.contains("computing on host driver"), backend == "cuda", "{err}");
        out.lines().next().unwrap().to_string()
    });
    assert_eq!(told[0], told[1]);
    let bytes = |backend: &str| std::fs::read(folder(backend).join("last.safetensors")).unwrap();
    assert!(bytes("cpu") == bytes("cuda"));
    let answers = ["cpu", "cuda"].map(|backend| {
        let checkpoint = folder("cuda").join("last.safetensors");
        let (output, out, err) = run(&format!("eval {} --dataset digits --backend {backend}", checkpoint.display()), &driver);
        assert!(output.status.success(), "{err}");
        out.lines().next().unwrap().to_string()
    });
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn a_network_that_no_device_computes_ends_with_2_and_a_missing_device_with_3() {
    let nothing = std::env::temp_dir();
    let train =
        |more: &str| run(&format!("train --dataset digits --quiet --backend cuda --output {}/none {more}", nothing.display()), &nothing);
    let (output, _, err) = train("--model sew_resnet20 --width 0.1");
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.starts_with("error: layer ") && err.contains("cannot be computed on a device, but with --backend cpu"), "{err}");
    let (output, _, err) = train("--model mlp");
    // Where there is a device, all goes well.
    if output.status.code() != Some(0) {
        assert_eq!(output.status.code(), Some(3), "{err}");
        assert!(err.contains("found no CUDA driver; looked for "), "{err}");
    }
}
