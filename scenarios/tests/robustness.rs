//! Contract: whatever stands in a file, the answer is a plan or an error with a place, never a panic.

use std::fs;
use std::path::Path;

use scenarios::Scenario;

/// Values that fit nowhere, or nearly.
const ODD: [&str; 16] = [
    "0",
    "-1",
    "1e300",
    "nan",
    "inf",
    "true",
    "\"\"",
    "\"x\"",
    "\"1e308 ms\"",
    "\"µ\"",
    "[]",
    "{}",
    "[[]]",
    "[[[0, 1], \"1 ms\"]]",
    "9223372036854775807",
    "1979-05-27",
];

#[test]
fn every_line_of_every_good_scenario_may_be_spoilt() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scenario/good");
    let mut tried = 0;
    for file in fs::read_dir(&folder).expect("the folder is part of the project") {
        let path = file.expect("readable").path();
        let Some(text) = fs::read_to_string(&path).ok().filter(|_| path.extension().is_some_and(|e| e == "toml")) else { continue };
        let lines: Vec<&str> = text.lines().collect();
        for i in 0..lines.len() {
            let key = lines[i].split_once(" = ").map(|(key, _)| key);
            let spoilt = ODD.iter().filter_map(|odd| key.map(|key| format!("{key} = {odd}")));
            for line in spoilt.chain(["".to_owned(), lines[i].replace('"', ""), lines[i].repeat(2), lines[i].chars().rev().collect()]) {
                let changed: Vec<&str> = lines.iter().enumerate().map(|(j, old)| if i == j { line.as_str() } else { *old }).collect();
                if let Err(error) = Scenario::parse(&changed.join("\n"), &path).and_then(|s| s.plan()) {
                    assert!(!error.render().is_empty() && !error.message().contains('\n'), "{}", error.render());
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 2000, "tried {tried}");
}
