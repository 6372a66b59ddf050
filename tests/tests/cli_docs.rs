//! The contract: what the README says of verbs, keys, models, atlases and scenarios is what the program has, in both languages.

use std::fs;
use std::process::Command;

use tests::{Folder, braincog_sim, root, run};

fn readmes() -> [String; 2] {
    ["README.md", "README.zh-CN.md"].map(|name| fs::read_to_string(root().join(name)).expect("the README is there"))
}

#[test]
fn every_verb_of_the_help_is_in_the_readme() {
    let help = run(braincog_sim().arg("--help")).out;
    let commands = help.split("Commands:").nth(1).and_then(|h| h.split("Options:").next()).expect("the help lists commands");
    let verbs: Vec<&str> = commands.lines().filter_map(|l| l.split_whitespace().next()).filter(|v| *v != "help").collect();
    assert!(verbs.len() >= 9, "{help}");
    for readme in readmes() {
        for verb in &verbs {
            assert!(readme.contains(&format!("`{verb}")), "{verb}");
        }
    }
}

#[test]
fn every_model_atlas_and_scenario_is_in_the_readme() {
    let mut names: Vec<String> = models::descriptions().iter().map(|d| d.name.to_string()).collect();
    names.extend(connectome::atlas::names().map(String::from));
    let files = fs::read_dir(root().join("scenarios")).expect("the scenarios are there").flatten().map(|e| e.file_name());
    names.extend(files.map(|f| f.to_string_lossy().into_owned()).filter(|f| f.ends_with(".toml") && f != "Cargo.toml"));
    for readme in readmes() {
        for name in &names {
            let found = |c: &str| readme.split(|x: char| !x.is_alphanumeric() && !"_-.".contains(x)).any(|word| word == c);
            assert!(found(name), "{name}");
        }
    }
}

#[test]
fn both_languages_give_the_same_commands_and_figures() {
    let [english, chinese] = readmes();
    let code = |text: &str| {
        let blocks = text.split("```sh").skip(1).filter_map(|b| b.split("```").next());
        let commands = blocks.flat_map(str::lines).map(|l| l.split('#').next().unwrap_or_default().trim().to_string());
        commands.filter(|l| !l.is_empty()).collect::<Vec<_>>()
    };
    assert_eq!(code(&english), code(&chinese));
    assert_eq!(code(&english)[..2], ["cargo run --release -- scenarios/macaque.toml", "./tools/test.sh"]);
    let sections = |text: &str| text.lines().filter(|l| l.starts_with("## ")).count();
    assert_eq!(sections(&english), sections(&chinese));
    for figure in ["223,822", "298,880,968", "77,169"] {
        assert!(english.contains(figure) && chinese.contains(figure), "{figure}");
    }
}

#[test]
fn batch_scripts_in_the_documentation_are_sound() {
    if Command::new("shellcheck").arg("--version").output().is_err() {
        println!("skipped: no shellcheck");
        return;
    }
    let text = fs::read_to_string(root().join("docs/hpc.md")).expect("the page is there");
    let blocks = text.split("```sh\n").skip(1).filter_map(|b| b.split("```").next());
    let scripts: Vec<&str> = blocks.filter(|b| b.starts_with("#!")).collect();
    assert!(!scripts.is_empty(), "the page has a batch script");
    let folder = Folder::new("docs");
    for script in scripts {
        let said = run(Command::new("shellcheck").arg(folder.file("job.sh", script)));
        assert_eq!(said.code, 0, "{}", said.out);
    }
}
