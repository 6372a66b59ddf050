//! Contract: every file in `tests/scenario/good` becomes a plan that survives a round trip through
//! `plan.toml`; every file in `tests/scenario/bad` is refused with the message that stands, after
//! `#^ `, in the line below the faulty one. A file that is wrong as a whole has it in its first line.

use std::fs;
use std::path::{Path, PathBuf};

use scenarios::{Error, Plan, Scenario};

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scenario").join(folder);
    let mut files: Vec<PathBuf> =
        fs::read_dir(&folder).expect("the folder is part of the project").map(|e| e.expect("readable").path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "toml"));
    files.sort();
    files
}

fn plan(path: &Path) -> Result<Plan, Error> {
    Scenario::load(path)?.plan()
}

#[test]
fn bad_scenarios_are_refused_at_the_faulty_line() {
    let files = files("bad");
    assert!(files.len() >= 40, "found {} bad scenarios", files.len());
    let mut faults = Vec::new();
    for path in &files {
        let text = fs::read_to_string(path).expect("UTF-8");
        let expected: Vec<(usize, &str)> =
            text.lines().enumerate().filter_map(|(i, line)| Some((i, line.trim_start().strip_prefix("#^ ")?))).collect();
        assert_eq!(expected.len(), 1, "{}: one message per file", path.display());
        let found = plan(path).err().map(|e| (e.line().unwrap_or(0), e.message()));
        if found.as_ref().map(|(line, message)| (*line, message.as_str())) != Some(expected[0]) {
            faults.push(format!("{}:\n  expected {:?}\n  found    {found:?}", path.display(), expected[0]));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn good_scenarios_become_plans_that_can_be_run_again() {
    let files = files("good");
    assert!(files.len() >= 12, "found {} good scenarios", files.len());
    for path in &files {
        let plan = plan(path).unwrap_or_else(|e| panic!("{}", e.render()));
        let written = plan.to_toml();
        let again = Scenario::parse(&written, "/elsewhere/plan.toml").and_then(|s| s.plan());
        let again = again.unwrap_or_else(|e| panic!("{}: {}\n{written}", path.display(), e.render()));
        assert_eq!(again.network.populations.len(), plan.network.populations.len());
        for (population, before) in again.network.populations.iter().zip(&plan.network.populations) {
            // All parameters are written out, also those that were left at their defaults.
            assert!(before.params.iter().all(|(name, value)| population.params.get(name) == Some(value)), "{}", path.display());
            assert_eq!((&population.name, population.size, &population.initial), (&before.name, before.size, &before.initial));
            assert_eq!(population.positions, before.positions);
        }
        assert_eq!(again.network.projections, plan.network.projections, "{}", path.display());
        assert_eq!(again.network.stimuli, plan.network.stimuli, "{}", path.display());
        assert_eq!((again.simulation, &again.recording), (plan.simulation, &plan.recording));
        // What was typed is the same; only the plan of the scenario itself knows which variant that was.
        let typed = |text: &str| text.split("[resolved]").next().map(str::to_owned);
        assert_eq!(typed(&again.to_toml()), typed(&written), "{}: plan.toml of plan.toml", path.display());
    }
}

#[test]
fn rendered_errors_show_the_line_with_a_caret() {
    let text = "name = \"x\"\n[simulation]\ndt = 0.1\n";
    let error = Scenario::parse(text, "x.toml").expect_err("no unit");
    assert_eq!(
        error.render(),
        "x.toml:3: simulation.dt: found \"0.1\", expected a time with a unit such as \"0.1 ms\"\n  |\n3 | dt = 0.1\n  |      ^^^"
    );
}
