//! Contract: `docs/scenario.md` names every key that the code reads and no other, and its examples run.

use std::fs;
use std::path::PathBuf;

use scenarios::Scenario;
use scenarios::schema::{ProjectionSection, Section, Spec};

const BEGIN: &str = "--test reference -->\n";
const END: &str = "<!-- end of keys -->";

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/scenario.md")
}

fn page() -> String {
    fs::read_to_string(path()).expect("the page is part of the project")
}

#[test]
fn the_reference_page_lists_exactly_the_keys_of_the_code() {
    let page = page();
    let (head, rest) = page.split_once(BEGIN).expect("a line where the keys begin");
    let (keys, tail) = rest.split_once(END).expect("a line where the keys end");
    let expected = format!("\n{}", scenarios::reference());
    if keys != expected && std::env::var_os("UPDATE").is_some() {
        fs::write(path(), format!("{head}{BEGIN}{expected}{END}{tail}")).expect("the page can be written");
        return;
    }
    assert!(keys == expected, "docs/scenario.md is out of date: UPDATE=1 cargo test -p scenarios --test reference\n{expected}");
}

#[test]
fn the_schema_says_of_each_key_what_it_is() {
    let keys = [Spec::keys(), ProjectionSection::keys()].concat();
    assert!(keys.iter().all(|k| !k.about.is_empty() && !k.kind.is_empty()));
    let rule = keys.iter().find(|k| k.name == "rule").expect("a key");
    assert_eq!(rule.default, None, "a rule has to be there");
    assert!(rule.kind.contains("pairwise_bernoulli"));
}

#[test]
fn every_example_of_the_page_becomes_a_plan() {
    let page = page();
    let examples: Vec<&str> = page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() >= 2);
    for example in examples {
        let mut scenario = Scenario::parse(example, "docs/scenario.md").unwrap_or_else(|e| panic!("{}", e.render()));
        for variant in scenario.variants() {
            scenario.set(&format!("variant={variant}")).unwrap_or_else(|e| panic!("{}", e.render()));
        }
        scenario.plan().unwrap_or_else(|e| panic!("{}", e.render()));
    }
}

#[test]
fn every_distribution_and_shape_is_explained() {
    let page = page();
    for word in ["normal", "lognormal", "uniform", "distance", "exponential", "gaussian", "linear", "cutoff", "grid", "random"] {
        assert!(page.contains(&format!("{{ {word} = ")), "{word}");
    }
}
