//! Contract: the comparison of device and host notices mistakes. Each mutant is a shipped kernel with one mistake that
//! a programmer makes; if one passes, the comparison or the host driver is blind to it.
//!
//! Some mistakes are made everywhere: every barrier and every write to memory is left out once, every atomic addition is
//! made a plain one, every vote and shuffle gets wrong lanes. Others are listed by hand.

mod support;

use support::network::{Course, mixed};
use support::population::{Compare, Difference, RING};
use support::{device, shipped};

/// What a mutant is called, and its text.
type Mutant = (String, String);

/// The lines of kernel `entry`: first, and the one after the last.
fn lines_of(text: &str, entry: &str) -> (usize, usize) {
    let begins = |line: &str| line.starts_with(".visible .entry ");
    let first = text.lines().position(|line| begins(line) && line.contains(&format!("{entry}("))).expect("the text has this kernel");
    let length = text.lines().skip(first + 1).position(begins);
    (first, length.map_or(text.lines().count(), |n| first + 1 + n))
}

/// Arguments of a line with this opcode, in order; those in brackets count as one.
fn arguments(line: &str) -> Vec<&str> {
    let (_, arguments) = line.trim().split_once(char::is_whitespace).expect("an instruction has arguments");
    arguments.trim().trim_end_matches(';').split(", ").collect()
}

/// The mistakes that every line of its kind gets.
fn mistake(line: &str) -> Option<(&'static str, String)> {
    let opcode = line.trim().split_once(char::is_whitespace)?.0;
    let change = |place: usize, to: &str| {
        let mut changed: Vec<_> = arguments(line);
        changed[place] = to;
        format!("{opcode} {};", changed.join(", "))
    };
    match opcode {
        "bar.sync" | "bar.warp.sync" => Some(("no barrier", String::new())),
        _ if opcode.starts_with("st.") => Some(("not written", String::new())),
        "atom.global.add.u32" | "atom.global.add.u64" => {
            let [old, cell, value] = arguments(line)[..] else { panic!("an atomic addition has three arguments: {line}") };
            let (bits, register) = if opcode.ends_with("64") { ("64", "%wide_mutant0") } else { ("32", "%mutant0") };
            let plain =
                format!("ld.global.b{bits} {old}, {cell}; add.u{bits} {register}, {old}, {value}; st.global.b{bits} {cell}, {register};");
            Some(("plain addition", plain))
        }
        "vote.sync.ballot.b32" => Some(("half a warp votes", change(2, "65535"))),
        _ if opcode.starts_with("shfl.sync.") => Some(("from another lane", change(2, "3"))),
        _ => None,
    }
}

/// Every such mistake in a kernel, once.
fn mistakes(text: &str, entry: &str) -> Vec<Mutant> {
    let (first, end) = lines_of(text, entry);
    let lines: Vec<&str> = text.lines().collect();
    let registers = first + lines[first..end].iter().position(|line| line.contains(".reg")).expect("a kernel has registers");
    let mutant = |n: usize| {
        let (name, changed) = mistake(lines[n])?;
        let mut lines = lines.clone();
        lines[n] = &changed;
        lines.insert(registers, ".reg .b32 %mutant<1>; .reg .b64 %wide_mutant<1>;");
        Some((format!("{entry}, line {}: {name}", n + 1), lines.join("\n")))
    };
    (first..end).filter_map(mutant).collect()
}

/// `text` with `from` replaced by `to` in the `n`-th line that holds `marker`.
fn edit(text: &str, (marker, n): (&str, usize), from: &str, to: &str) -> String {
    let line = text.lines().enumerate().filter(|(_, line)| line.contains(marker)).nth(n);
    let (number, line) = line.unwrap_or_else(|| panic!("no {n}-th line has `{marker}`"));
    let changed = line.replace(from, to);
    assert_ne!(line, changed, "the mutant differs");
    let lines: Vec<_> = text.lines().enumerate().map(|(i, line)| if i == number { changed.as_str() } else { line }).collect();
    lines.join("\n")
}

/// Tells of every mutant by what it was noticed, and fails for those that were not.
fn all_are_noticed(mutants: Vec<Mutant>, compare: impl Fn(&str) -> Result<(), Difference>) {
    let mut missed = Vec::new();
    for (name, text) in mutants {
        let compared = compare(&text);
        println!("{name}: {compared:?}");
        if compared.is_ok() {
            missed.push(name);
        }
    }
    assert!(missed.is_empty(), "nothing noticed: {missed:#?}");
}

/// Runs a kernel of a model with room for all spikes, with room for none and, if the model has it, with compact state.
fn compare_model(model: &str, text: &str) -> Result<(), Difference> {
    let has_compact = models::descriptions().iter().any(|d| d.name == model && d.compact);
    let runs = [(RING as u32, false), (0, false), (RING as u32, true)].into_iter().take(if has_compact { 3 } else { 2 });
    runs.into_iter().try_for_each(|(room, compact)| {
        let (_turn, context) = device(1);
        let compare = Compare { context: &context, text, steps: 60, room, compact };
        models::visit(model, compare).expect("the model is in the list").map(|_| ())
    })
}

#[test]
fn every_mutant_of_the_update_kernel_is_noticed() {
    // It has noise of its own, and compact state.
    const MODEL: &str = "aeif_braincog";
    let text = shipped(&format!("update/{MODEL}"));
    let mut mutants = mistakes(&text, "update");
    let by_hand = [
        ("one neuron too many", edit(&text, ("setp.ge.u32", 0), "setp.ge.u32", "setp.gt.u32")),
        ("slots counted from the wrong side", edit(&text, ("not.b32", 0), "not.b32", "mov.b32")),
        ("one column read in place of another", edit(&text, ("+64]", 0), "+64]", "+128]")),
        ("sums through the read-only cache", edit(&text, ("ld.global.u32", 0), "ld.global", "ld.global.nc")),
        ("two neurons in one lane of a tile", edit(&text, (", 15;", 0), "15", "7")),
    ];
    mutants.extend(by_hand.map(|(name, text)| (name.to_string(), text)));
    all_are_noticed(mutants, |text| compare_model(MODEL, text));
}

#[test]
fn every_mutant_of_the_mean_is_noticed() {
    const MODEL: &str = "adth";
    let text = shipped(&format!("update/{MODEL}"));
    let mut mutants = mistakes(&text, "update");
    // Nothing writes state in 16 bits: this model has none.
    mutants.retain(|(_, mutant)| mutant.matches("st.global.u16").count() == text.matches("st.global.u16").count());
    all_are_noticed(mutants, |text| compare_model(MODEL, text));
}

#[test]
fn every_mutant_of_delivery_is_noticed() {
    let text = shipped("deliver");
    let (network, procedural) = mixed();
    let course = Course::new(&network, 14);
    assert!(course.events > 10_000);
    let mut mutants = mistakes(&text, "deliver");
    mutants.extend(mistakes(&text, "enter"));
    let by_hand = [
        ("one population too many is cleared", edit(&text, ("setp.ge.u32", 0), "setp.ge.u32", "setp.gt.u32")),
        ("one spike too many", edit(&text, ("setp.ge.u32", 1), "setp.ge.u32", "setp.gt.u32")),
        ("a head too late", edit(&text, ("setp.ge.u32", 2), "setp.ge.u32", "setp.gt.u32")),
        ("a quad too many", edit(&text, ("setp.ge.u32", 3), "setp.ge.u32", "setp.gt.u32")),
        ("quads that are passed over", edit(&text, (", 32;", 1), "32;", "33;")),
        ("time that goes on where it stands still", edit(&text, ("setp.ne.s32", 2), "setp.ne.s32", "setp.eq.s32")),
        ("all targets in the first block", edit(&text, (", -65536;", 0), "-65536", "0")),
        ("weights without their sign", edit(&text, ("shr.s32", 0), "shr.s32", "shr.u32")),
        ("probabilities cut off at a half", edit(&text, ("cvt.rzi.u32.f32", 0), "cvt.rzi.u32.f32", "cvt.rzi.s32.f32")),
        ("candidates of planes that overlap", edit(&text, (", 64;", 7), "64;", "63;")),
        ("a plane that is added before it is full", edit(&text, (", 64;", 2), "64;", "63;")),
        ("synapses whose words are those of others", edit(&text, (", 64;", 4), "64;", "60;")),
        ("one synapse of a plane too few", edit(&text, (", 64;", 8), "64;", "63;")),
        ("planes that overlap", edit(&text, (", 64;", 9), "64;", "63;")),
    ];
    mutants.extend(by_hand.map(|(name, text)| (name.to_string(), text)));
    let compare = |text: &str| {
        let (_turn, context) = device(1);
        course.compare(&context, text, &procedural)
    };
    compare(&text).expect("the kernel as it is gives the host's sums");
    all_are_noticed(mutants, compare);
}
