//! The contract: `scale-model` predicts for any shipped scenario and any number of ranks in seconds, its files say what its table says, and runs
//! stand beside what is predicted for them.

use std::fs;

use tests::{Folder, braincog_sim, run};

/// Rows of a CSV file after its head.
fn rows(text: &str) -> Vec<Vec<String>> {
    text.lines().skip(1).map(|line| line.split(',').map(String::from).collect()).collect()
}

#[test]
fn ten_thousand_ranks_are_predicted_with_one_clock_and_with_two() {
    let folder = Folder::new("scale");
    let [csv, svg] = ["m.csv", "m.svg"].map(|name| folder.path().join(name));
    let said = run(braincog_sim()
        // Delays that spread are cut off at one step, so that no tract would be slow.
        .args(["scale-model", "scenarios/macaque.toml", "--set", "regions.tracts.delay_std=0", "--ranks", "1,29,10000", "--csv"])
        .arg(&csv)
        .arg("--svg")
        .arg(&svg));
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("10,000") && said.out.contains("a model, not a measurement"), "{}", said.out);
    let rows = rows(&fs::read_to_string(csv).unwrap());
    let number = |row: usize, column: usize| rows[row][column].parse::<f64>().unwrap();
    let order: Vec<&str> = rows.iter().map(|r| r[0].as_str()).collect();
    assert_eq!(order, ["one", "one", "one", "two", "two", "two"]);
    // Alone nobody waits, and both say the same.
    assert_eq!((number(0, 3), number(0, 5), number(0, 4)), (0.0, 1.0, number(3, 4)));
    // With one clock ranks meet every 0.1 ms; with two, a rank per area, as often as the shortest tract asks for.
    assert_eq!(number(1, 7), 0.1);
    assert!(number(4, 7) > 0.1 && number(4, 3) < number(1, 3), "{rows:?}");
    // More ranks take less time each, and are used less well.
    assert!(number(2, 4) < number(1, 4) && number(2, 5) < number(1, 5) && number(1, 5) < 1.0, "{rows:?}");
    let picture = fs::read_to_string(svg).unwrap();
    assert!(picture.starts_with("<svg") && picture.trim_end().ends_with("</svg>") && picture.contains("macaque"));
}

#[test]
fn runs_stand_beside_what_is_predicted_for_them() {
    let folder = Folder::new("scale-compare");
    let out = folder.path().join("run");
    let small =
        ["scenarios/macaque.toml", "--set", "regions.size={scale=0.004}", "--set", "regions.indegree_scale=0.05", "--time", "300 ms"];
    let made = run(braincog_sim().args(small).args(["--threads", "1", "--quiet", "--out"]).arg(&out));
    assert_eq!(made.code, 0, "{}", made.err);
    let said = run(braincog_sim().arg("scale-model").args(small).arg("--compare").arg(&out));
    assert_eq!(said.code, 0, "{}", said.err);
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(lines.len() == 2 && lines[0].contains("measured") && lines[0].contains("two clocks"), "{}", said.out);
    // Costs are those of this very run, so that what is predicted is what its update and delivery took.
    let cells: Vec<&str> = lines[1].split("  ").map(str::trim).filter(|c| !c.is_empty()).collect();
    let step = |cell: &str| {
        let (number, unit) = cell.split_once(' ').unwrap();
        number.parse::<f64>().unwrap() * if unit == "ms" { 1000.0 } else { 1.0 }
    };
    let (measured, predicted) = (step(cells[3]), step(cells[4]));
    assert!(predicted > 0.2 * measured && predicted < 1.5 * measured, "{}", said.out);
    let said = run(braincog_sim().arg("scale-model").args(small).arg("--from").arg(folder.path()));
    assert!(said.code == 2 && said.err.contains("found no report.json"), "{}", said.err);
}
