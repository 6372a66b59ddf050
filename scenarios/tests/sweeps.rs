//! Contract: every file in `tests/sweep/good` becomes points whose scenarios differ in what the file says; every file in
//! `tests/sweep/bad` is refused with the message that stands, after `#^ `, in the line below the faulty one, before
//! anything is run. A file that is wrong as a whole has it in its first line.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use scenarios::{Library, Sweep};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/sweep").join(name)
}

fn files(name: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder(name)).expect("the folder is part of the project");
    let mut files: Vec<PathBuf> = entries.map(|e| e.expect("readable").path()).collect();
    files.sort();
    files
}

fn checked(path: &Path) -> Result<Sweep, scenarios::Error> {
    let sweep = Sweep::load(path)?;
    sweep.check(&Library::default(), |_| ())?;
    Ok(sweep)
}

fn good(name: &str) -> Sweep {
    checked(&folder("good").join(name)).unwrap_or_else(|e| panic!("{}", e.render()))
}

/// The values of one key, point by point.
fn values(sweep: &Sweep, key: &str) -> Vec<String> {
    let points = (1..=sweep.n_points()).map(|n| sweep.point(n).expect("a number in range"));
    points.map(|p| p.parameters.iter().find(|p| p.key == key).expect("a key that changes").value.to_string()).collect()
}

#[test]
fn bad_sweeps_are_refused_at_the_faulty_line() {
    let files = files("bad");
    assert!(files.len() >= 30, "found {} bad sweeps", files.len());
    let mut faults = Vec::new();
    for path in &files {
        let text = fs::read_to_string(path).expect("UTF-8");
        let expected: Vec<(usize, &str)> =
            text.lines().enumerate().filter_map(|(i, line)| Some((i, line.trim_start().strip_prefix("#^ ")?))).collect();
        // Messages that name the missing file name it with its folder.
        let here = format!("{}/", path.parent().expect("a file").display());
        let found = checked(path).err().map(|e| (e.line().unwrap_or(0), e.message().replace(&here, "")));
        if expected.len() != 1 || found.as_ref().map(|(line, message)| (*line, message.as_str())) != Some(expected[0]) {
            faults.push(format!("{}:\n  expected {expected:?}\n  found    {found:?}", path.display()));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn every_good_sweep_has_points_that_become_different_plans() {
    for path in files("good") {
        let sweep = checked(&path).unwrap_or_else(|e| panic!("{}", e.render()));
        let library = Library::default();
        let mut seen = BTreeSet::new();
        for number in 1..=sweep.n_points() {
            let point = sweep.point(number).expect("a number in range");
            let scenario = sweep.scenario(&point).unwrap_or_else(|e| panic!("{point}: {}", e.render()));
            scenario.plan_with(&library).unwrap_or_else(|e| panic!("{point}: {}", e.render()));
            assert!(seen.insert(scenario.fingerprint(&library).expect("no files")), "{}: {point} is there twice", path.display());
        }
        assert!(sweep.point(0).is_none() && sweep.point(sweep.n_points() + 1).is_none());
    }
}

#[test]
fn a_grid_is_gone_through_in_the_order_of_the_file_and_seeds_change_fastest() {
    let sweep = good("grid.toml");
    assert_eq!(sweep.n_points(), 12);
    assert_eq!(sweep.keys(), ["projections.recurrent.weight", "populations.E.size", "simulation.seed"]);
    assert_eq!(values(&sweep, "simulation.seed")[..4], ["1", "2", "1", "2"]);
    assert_eq!(values(&sweep, "populations.E.size")[..7], ["40", "40", "50", "50", "60", "60", "40"]);
    let plan = sweep.scenario(&sweep.point(9).expect("12 points")).and_then(|s| s.plan()).expect("a good sweep");
    assert_eq!(plan.simulation.duration, 20.0, "what is set holds for all");
    assert_eq!(plan.network.populations.iter().map(|p| p.size).collect::<Vec<_>>(), [50, 20]);
    assert_eq!(
        sweep.point(9).expect("12 points").to_string(),
        "projections.recurrent.weight=\"20 pA\" populations.E.size=50 simulation.seed=1"
    );
}

#[test]
fn lists_go_side_by_side() {
    let sweep = good("lists.toml");
    assert_eq!(values(&sweep, "stimuli.drive.weight"), ["\"40 pA\"", "\"35 pA\"", "\"30 pA\""]);
    let last = sweep.scenario(&sweep.point(3).expect("3 points")).and_then(|s| s.plan()).expect("a good sweep");
    assert_eq!(last.variant.as_deref(), Some("silent"));
    assert_eq!(last.network.projections[0].weight, connectome::network::Value::Constant { value: 30.0 });
}

#[test]
fn more_draws_leave_the_first_ones_as_they_are() {
    let text = fs::read_to_string(folder("good/random.toml")).expect("UTF-8");
    let more = Sweep::parse(&text.replace("draws = 5", "draws = 9"), folder("good/more.toml"));
    let (few, more) = (good("random.toml"), more.expect("a good sweep"));
    assert_eq!((few.n_points(), more.n_points()), (5, 9));
    for key in few.keys() {
        assert_eq!(values(&few, &key), values(&more, &key)[..5], "{key}");
    }
    let sizes: Vec<i64> = values(&more, "populations.E.size").iter().map(|v| v.parse().expect("a whole number")).collect();
    assert!(sizes.iter().all(|s| (20..=40).contains(s)) && sizes.iter().collect::<BTreeSet<_>>().len() > 3, "{sizes:?}");
    assert!(values(&more, "stimuli.drive.rate").iter().all(|v| v.ends_with(" kHz\"")));
}

#[test]
fn a_fingerprint_follows_what_is_simulated_and_not_how_it_is_called() {
    let base = fs::read_to_string(folder("base.toml")).expect("UTF-8");
    let print = |text: &str| {
        let scenario = scenarios::Scenario::parse(text, "base.toml").unwrap_or_else(|e| panic!("{}", e.render()));
        scenario.fingerprint(&Library::default()).expect("no files")
    };
    let same = [base.replace("name = \"base\"", "name = \"other\""), base.replace("[simulation]", "[simulation]\nseed = 1 # the default")];
    assert!(same.iter().all(|text| print(text) == print(&base)));
    let different = [base.replace("indegree = 5", "indegree = 6"), base.replace("40 pA", "41 pA"), base.replace("50 ms", "51 ms")];
    assert!(different.iter().all(|text| print(text) != print(&base)));
}

#[test]
fn every_shipped_sweep_can_start() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sweeps");
    let paths = fs::read_dir(folder).expect("the folder is part of the project").map(|e| e.expect("readable").path());
    let checked = paths.map(|path| checked(&path).unwrap_or_else(|e| panic!("{}", e.render())));
    assert!(checked.filter(|sweep| sweep.n_points() > 1).count() >= 1);
}
