//! The contract: every verb answers on stdout, every error is one message on stderr with the promised exit code.

use std::fs;

use tests::{Folder, braincog_sim, run};

#[test]
fn help_is_enough_to_start() {
    let said = run(braincog_sim().arg("--help"));
    assert_eq!(said.code, 0);
    let words = [
        "run",
        "check",
        "import",
        "inspect",
        "report",
        "compare",
        "models",
        "atlases",
        "completions",
        "scenarios/macaque.toml",
        "Exit codes",
    ];
    for word in words {
        assert!(said.out.contains(word), "{word} in {}", said.out);
    }
    let nothing = run(&mut braincog_sim());
    assert_eq!(nothing.code, 2);
    assert!(nothing.err.contains("Usage"), "{}", nothing.err);
}

#[test]
fn wrong_arguments_end_with_2() {
    for (args, message) in [
        (vec!["inspct", "x"], "'inspect'"),
        (vec!["run"], "SCENARIO.toml"),
        (vec!["x.toml", "--threads", "0"], "1..=1024"),
        (vec!["x.toml", "--backend", "tpu"], "cpu, cuda"),
        (vec!["no-such-file.toml"], "no-such-file.toml: cannot read"),
        (vec!["models", "iaf_psc_ex"], "did you mean `iaf_psc_exp`"),
        (vec!["inspect", "macaque-92"], "atlases are macaque-29, human-84, mouse-232"),
        (vec!["compare", "docs", "docs"], "found no spikes.h5"),
        (vec!["report", "docs"], "found no report.json"),
    ] {
        let said = run(braincog_sim().args(&args));
        assert_eq!(said.code, 2, "{args:?}: {}", said.err);
        assert!(said.err.contains(message), "{args:?}: {}", said.err);
        assert_eq!(said.err.matches("error:").count(), 1, "{args:?}: {}", said.err);
        assert!(said.out.is_empty(), "{args:?}: {}", said.out);
    }
}

#[test]
fn models_lists_all_and_describes_one() {
    let said = run(braincog_sim().arg("models"));
    assert_eq!(said.code, 0);
    for d in models::descriptions() {
        assert!(said.out.lines().any(|l| l.split_whitespace().next() == Some(d.name)), "{} in {}", d.name, said.out);
    }
    let said = run(braincog_sim().args(["models", "iaf_psc_exp"]));
    assert!(said.out.contains("tau_syn_ex") && said.out.contains("-70") && said.out.contains("pF"), "{}", said.out);
}

#[test]
fn atlases_come_with_their_citation() {
    let said = run(braincog_sim().arg("atlases"));
    assert_eq!(said.code, 0);
    for text in ["macaque-29", "human-84", "mouse-232", "Markov", "10.1093/cercor/bhs270", "Human Connectome Project", "Wang"] {
        assert!(said.out.contains(text), "{text} in {}", said.out);
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    use std::process::Stdio;
    let mut child = braincog_sim().args(["inspect", "human-84"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn an_imported_connectome_is_inspected_with_the_same_counts_and_sums() {
    let folder = Folder::new("import");
    let csv = folder.file("brain.csv", "region,A,B,C\nA,0,2,0\nB,0.5,0,1\nC,0,0,0\n");
    let h5 = folder.path().join("brain.h5");
    let said = run(braincog_sim().arg("import").arg(&csv).arg("-o").arg(&h5));
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("3 regions, 3 tracts"), "{}", said.out);
    let fact = |out: &str, key: &str| {
        out.lines().find(|l| l.trim_start().starts_with(key)).map(|l| l.split_whitespace().last().unwrap().to_string())
    };
    for file in [&csv, &h5] {
        let said = run(braincog_sim().arg("inspect").arg(file));
        assert_eq!(said.code, 0, "{}", said.err);
        assert_eq!(
            (fact(&said.out, "tracts"), fact(&said.out, "sum of weights")),
            (Some("3".into()), Some("3.50000".into())),
            "{}",
            said.out
        );
    }
    let again = run(braincog_sim().arg("import").arg(&csv).arg("-o").arg(&h5));
    assert_eq!(again.code, 2);
    assert!(again.err.contains("exists; name another file or add --force"), "{}", again.err);
    assert_eq!(run(braincog_sim().arg("import").arg(&csv).arg("-o").arg(&h5).arg("--force")).code, 0);
}

#[test]
fn rows_as_sources_turn_the_matrix() {
    let folder = Folder::new("rows");
    let csv = folder.file("brain.csv", "region,A,B\nA,0,7\nB,0,0\n");
    for (rows, from, to) in [("target", "B", "A"), ("source", "A", "B")] {
        let said = run(braincog_sim().arg("inspect").arg(&csv).args(["--rows", rows]));
        let tract = said.out.lines().skip_while(|l| !l.contains("strongest tracts")).nth(1).unwrap_or_default();
        assert_eq!(tract.split_whitespace().take(3).collect::<Vec<_>>(), [from, to, "7.000"], "{}", said.out);
    }
}

#[test]
fn a_bad_connectome_is_named_with_its_line_and_nothing_is_written() {
    let folder = Folder::new("bad");
    let csv = folder.file("brain.csv", "region,A,B\nA,0,x\nB,0,0\n");
    let h5 = folder.path().join("brain.h5");
    let said = run(braincog_sim().arg("import").arg(&csv).arg("-o").arg(&h5));
    assert_eq!(said.code, 2);
    assert!(said.err.starts_with("error: ") && said.err.contains("brain.csv: line 2") && said.err.contains("`x`"), "{}", said.err);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let said =
        run(braincog_sim().arg("import").arg(folder.file("good.csv", "0,1\n1,0\n")).arg("-o").arg(folder.path().join("no/such/folder.h5")));
    assert_eq!(said.code, 3, "{}", said.err);
}

#[test]
fn completions_know_the_verbs() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let said = run(braincog_sim().args(["completions", shell]));
        assert_eq!(said.code, 0, "{}", said.err);
        assert!(said.out.contains("inspect") && said.out.contains("braincog-sim"), "{shell}");
    }
}

#[test]
fn check_shows_how_a_network_would_lie_on_many_ranks() {
    for (ranks, shown) in [("4", "V1"), ("100000", "0-")] {
        let said = run(braincog_sim().args(["check", "scenarios/macaque.toml", "--ranks", ranks]));
        assert_eq!(said.code, 0, "{}", said.err);
        assert!(said.out.contains(shown), "{}", said.out);
        let figure = |words: &str| {
            let line = said.out.lines().find(|l| l.trim_start().starts_with(words)).unwrap_or_else(|| panic!("{words} in {}", said.out));
            line.split_whitespace().last().and_then(|n| n.parse::<f64>().ok()).unwrap_or_else(|| panic!("{line}"))
        };
        assert!((1.0..=1.05).contains(&figure("imbalance of cost")));
        assert!(figure("spikes between ranks in all") <= figure("the same, neurons dealt out"));
    }
    assert_eq!(run(braincog_sim().args(["check", "scenarios/macaque.toml", "--ranks", "0"])).code, 2);
}
