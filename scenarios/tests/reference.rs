//! Contract: `docs/scenario.md` and `docs/sweep.md` name every key that the code reads and no other, and their examples run.

use std::fs;
use std::path::PathBuf;

use scenarios::schema::{ProjectionSection, Section, Spec};
use scenarios::{Library, Scenario, Sweep};

const BEGIN: &str = "--test reference -->\n";
const END: &str = "<!-- end of keys -->";

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)
}

fn page(name: &str) -> String {
    fs::read_to_string(path(name)).expect("the page is part of the project")
}

fn examples(page: &str) -> Vec<&str> {
    page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn the_reference_pages_list_exactly_the_keys_of_the_code() {
    for (name, reference) in [("scenario.md", scenarios::reference()), ("sweep.md", scenarios::sweep_reference())] {
        let page = page(name);
        let (head, rest) = page.split_once(BEGIN).expect("a line where the keys begin");
        let (keys, tail) = rest.split_once(END).expect("a line where the keys end");
        let expected = format!("\n{reference}");
        if keys != expected && std::env::var_os("UPDATE").is_some() {
            fs::write(path(name), format!("{head}{BEGIN}{expected}{END}{tail}")).expect("the page can be written");
        } else {
            assert!(keys == expected, "docs/{name} is out of date: UPDATE=1 cargo test -p scenarios --test reference\n{expected}");
        }
    }
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
    let page = page("scenario.md");
    assert!(examples(&page).len() >= 2);
    for example in examples(&page) {
        let mut scenario = Scenario::parse(example, "docs/scenario.md").unwrap_or_else(|e| panic!("{}", e.render()));
        for variant in scenario.variants() {
            scenario.set(&format!("variant={variant}")).unwrap_or_else(|e| panic!("{}", e.render()));
        }
        scenario.plan().unwrap_or_else(|e| panic!("{}", e.render()));
    }
}

#[test]
fn every_example_of_the_page_of_sweeps_can_start() {
    let page = page("sweep.md");
    assert!(examples(&page).len() >= 3);
    for example in examples(&page) {
        let sweep = Sweep::parse(example, path("sweep.md")).unwrap_or_else(|e| panic!("{}", e.render()));
        sweep.check(&Library::default(), |_| ()).unwrap_or_else(|e| panic!("{}", e.render()));
    }
    for word in ["uniform", "log_uniform", "normal", "lognormal", "choice"] {
        assert!(page.contains(&format!("{{ {word} = ")), "{word}");
    }
}

#[test]
fn every_distribution_and_shape_is_explained() {
    let page = page("scenario.md");
    for word in ["normal", "lognormal", "uniform", "distance", "exponential", "gaussian", "linear", "cutoff", "grid", "random"] {
        assert!(page.contains(&format!("{{ {word} = ")), "{word}");
    }
}
