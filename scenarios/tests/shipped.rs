//! Contract: every scenario that comes with the project becomes a plan, in all its variants, and the plan
//! of a plan describes the same network.

use std::fs;
use std::path::Path;

use scenarios::Scenario;

#[test]
fn every_shipped_scenario_and_variant_becomes_a_plan() {
    let mut planned = 0;
    for file in fs::read_dir(env!("CARGO_MANIFEST_DIR")).expect("the folder is part of the project") {
        let path = file.expect("readable").path();
        if path.extension().is_none_or(|e| e != "toml") || path.file_name().is_some_and(|n| n == "Cargo.toml") {
            continue;
        }
        let base = Scenario::load(&path).unwrap_or_else(|e| panic!("{}", e.render()));
        let plan = base.plan().unwrap_or_else(|e| panic!("{}", e.render()));
        let again = Scenario::parse(&plan.to_toml(), Path::new("plan.toml")).and_then(|s| s.plan());
        let again = again.unwrap_or_else(|e| panic!("{}: {}", path.display(), e.render()));
        assert_eq!(again.network.projections, plan.network.projections, "{}", path.display());
        assert_eq!(again.network.stimuli, plan.network.stimuli, "{}", path.display());
        for variant in base.variants() {
            let mut scenario = base.clone();
            scenario.set(&format!("variant={variant}")).unwrap_or_else(|e| panic!("{}", e.render()));
            scenario.plan().unwrap_or_else(|e| panic!("{}: {variant}: {}", path.display(), e.render()));
        }
        planned += 1;
    }
    assert!(planned >= 9, "found {planned} scenarios");
}

#[test]
fn cutting_the_tracts_takes_projections_away_and_leaves_the_regions() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("macaque.toml");
    let mut scenario = Scenario::load(path).unwrap_or_else(|e| panic!("{}", e.render()));
    let whole = scenario.plan().expect("a good plan").network;
    scenario.set("connectome.tracts=false").expect("a key");
    let cut = scenario.plan().expect("a good plan").network;
    let region = |i: usize| whole.populations[i].region;
    let local: Vec<_> = whole.projections.iter().filter(|p| region(p.source) == region(p.target)).collect();
    assert!(local.len() < whole.projections.len(), "there are tracts to cut");
    assert_eq!(cut.populations.len(), whole.populations.len());
    assert_eq!(cut.projections.iter().collect::<Vec<_>>(), local);
}
