//! What online training is for: its memory does not grow with the number of steps. A test of its own, because it looks at its process.

use snn::data;
use snn::training::{Next, Training, TrainingOptions};
use snn::zoo::ModelOptions;

/// The most memory that this process ever had, in MB.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kb| kb / 1024.0)
}

/// Two batches of a network over so many steps.
fn learn(steps: usize, online: bool, traces: bool) {
    let digits = data::load("digits", ".".as_ref()).unwrap();
    let model = ModelOptions { image: [8, 8, 1], steps, width: 0.25, ..ModelOptions::default() };
    let options = TrainingOptions { epochs: 1, batch_size: 128, online, traces, ..TrainingOptions::default() };
    let mut training = Training::new(model, options).unwrap();
    let mut batches = 0;
    let stop = |batches: usize| if batches == 2 { Next::Stop } else { Next::Continue };
    training
        .epoch(&digits, |_| {
            batches += 1;
            stop(batches)
        })
        .unwrap();
    snn::tensor::release_memory();
}

#[test]
fn memory_of_online_training_does_not_grow_with_steps_and_that_of_the_usual_way_does() {
    let Some(before) = peak() else {
        println!("skipped: no /proc/self/status");
        return;
    };
    learn(4, true, false);
    let few = peak().unwrap();
    learn(64, true, false);
    let many = peak().unwrap();
    learn(4, true, true);
    let few_traces = peak().unwrap();
    learn(64, true, true);
    let many_traces = peak().unwrap();
    learn(64, false, false);
    let usual = peak().unwrap();
    println!("{before:.0} MB before; 4 steps {few:.0} MB, 64 steps {many:.0} MB, 64 steps at once {usual:.0} MB");
    println!("with traces: 4 steps {few_traces:.0} MB, 64 steps {many_traces:.0} MB");
    // Images of 8 x 8 x 32 floats for 128 samples are a megabyte; at once there are 64 of them for each of several layers.
    assert!(many - few < 4.0, "{few} MB for 4 steps, {many} MB for 64");
    assert!(many_traces - few_traces < 4.0, "{few_traces} MB for 4 steps with traces, {many_traces} MB for 64");
    assert!(usual - many_traces > 50.0, "{many_traces} MB one by one, {usual} MB at once");
}
