//! Contract: the comparison of device and host notices mistakes. Each mutant is the shipped update kernel with one
//! mistake that a programmer makes; if one passes, the comparison or the host driver is blind to it.

mod support;

use support::population::{Compare, Difference};
use support::{device, shipped};

const MODEL: &str = "iaf_psc_exp";
const STEPS: u64 = 100;

/// `text` with `from` replaced by `to` in the first line that holds `marker`.
fn edit(text: &str, marker: &str, from: &str, to: &str) -> String {
    let line = text.lines().find(|line| line.contains(marker)).unwrap_or_else(|| panic!("no line has `{marker}`"));
    let changed = line.replace(from, to);
    assert_ne!(line, changed, "the mutant differs");
    text.replacen(line, &changed, 1)
}

/// `text` without the first line that holds `marker`.
fn without(text: &str, marker: &str) -> String {
    let line = text.lines().find(|line| line.contains(marker)).unwrap_or_else(|| panic!("no line has `{marker}`"));
    text.replacen(line, "", 1)
}

/// Arguments in the first line that holds `opcode`.
fn arguments<'a>(text: &'a str, opcode: &str) -> Vec<&'a str> {
    let line = text.lines().find(|line| line.contains(opcode)).unwrap_or_else(|| panic!("no line has `{opcode}`"));
    let (_, after) = line.split_once(opcode).expect("the line holds it");
    after.trim().trim_end_matches(';').split(", ").collect()
}

/// The counter of spikes is read, increased and written, not changed at once.
fn plain_addition(text: &str) -> String {
    let opcode = "atom.global.add.u32";
    let [old, counter, n] = arguments(text, opcode)[..] else { panic!("an atomic addition has three arguments") };
    let line = text.lines().find(|line| line.contains(opcode)).expect("it was found above");
    text.replacen(line, &format!("ld.global.u32 {old}, {counter}; add.s32 {n}, {n}, {old}; st.global.u32 {counter}, {n};"), 1)
}

/// Lanes learn their first slot from a lane that does not know it.
fn wrong_lane(text: &str) -> String {
    let opcode = "shfl.sync.idx.b32";
    let given = arguments(text, opcode);
    let mut changed = given.clone();
    changed[2] = "1";
    edit(text, opcode, &given.join(", "), &changed.join(", "))
}

/// A name, and what it does to the text.
type Mutant = (&'static str, fn(&str) -> String);

const MUTANTS: [Mutant; 10] = [
    ("one neuron too many", |text| edit(text, "setp.ge.u32", "setp.ge.u32", "setp.gt.u32")),
    ("plain addition to the counter of spikes", plain_addition),
    ("half a warp in the mask of the vote", |text| edit(text, ", -1;", "-1", "65535")),
    ("first slot from the wrong lane", wrong_lane),
    ("slots counted from the wrong side", |text| edit(text, "not.b32", "not.b32", "mov.b32")),
    ("sums not reset", |text| without(text, "st.global.u32")),
    ("one column read in place of another", |text| edit(text, "+64]", "+64]", "+128]")),
    ("one column not written", |text| without(text, "st.global.f32")),
    ("sums through the read-only cache", |text| edit(text, "ld.global.u32", "ld.global", "ld.global.nc")),
    ("two neurons in one lane of a tile", |text| edit(text, ", 15;", "15", "7")),
];

#[test]
fn every_mutant_of_the_update_kernel_is_noticed() {
    let text = shipped(&format!("update/{MODEL}"));
    for (name, mutate) in MUTANTS {
        let (_turn, context) = device(1);
        let compared = models::visit(MODEL, Compare { context: &context, text: &mutate(&text), steps: STEPS });
        let compared: Result<usize, Difference> = compared.expect("the model is in the list");
        println!("{name}: {compared:?}");
        assert!(compared.is_err(), "nothing noticed: {name}");
    }
}
