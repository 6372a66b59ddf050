//! Text in, a plan or an error that points somewhere out; never a panic, never much memory. How to run it: CONTRIBUTING.md.
#![no_main]

use scenarios::Scenario;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Err(error) = Scenario::parse(text, "no/such/folder/fuzz.toml").and_then(|scenario| scenario.plan()) {
        assert!(!error.render().is_empty());
    }
});
