//! One self-contained HTML page that compares the points of a sweep.

use std::collections::HashMap;

use serde::Serialize;

use super::axis::Axis;
use super::results::{Outcome, Results};
use crate::frame;

const MAIN: &str = include_str!("page/page.html");
const SCRIPT: &str =
    concat!(include_str!("page/points.js"), include_str!("page/figure.js"), include_str!("page/rates.js"), include_str!("page/main.js"));

/// Figures that can be compared: name in the table, what it is, unit.
const FIGURES: [(&str, &str, &str); 14] = [
    ("rate", "mean rate", "spikes/s"),
    ("cv_isi", "CV of interspike intervals", ""),
    ("fc_fit", "fit of functional connectivity", "r"),
    ("realtime_factor", "real-time factor", ""),
    ("spikes", "spikes", ""),
    ("synaptic_events", "synaptic events", ""),
    ("neurons", "neurons", ""),
    ("synapses", "synapses", ""),
    ("build_seconds", "wall time to build", "s"),
    ("simulate_seconds", "wall time to simulate", "s"),
    ("cpu_seconds", "CPU time", "s"),
    ("peak_rss_bytes", "peak memory", "bytes"),
    ("bytes_per_synapse", "memory per synapse", "bytes"),
    ("bytes_per_neuron", "memory per neuron", "bytes"),
];

/// All that the page shows. `row`, `regions` and `kinds` are what the scripts of all pages expect.
#[derive(Serialize)]
struct Page<'a> {
    title: &'a str,
    description: &'a str,
    row: &'static str,
    regions: Vec<Row<'a>>,
    kinds: [&'static str; 0],
    axes: Vec<Axis>,
    figures: Vec<Figure>,
    points: Vec<Dot<'a>>,
}

/// A region, or a population where the network has none.
#[derive(Serialize)]
struct Row<'a> {
    label: &'a str,
}

#[derive(Serialize)]
struct Figure {
    name: &'static str,
    title: &'static str,
    unit: &'static str,
}

#[derive(Serialize)]
struct Dot<'a> {
    number: usize,
    state: &'static str,
    reason: Option<&'a str>,
    /// Its place on each axis.
    at: Vec<usize>,
    /// The value of each figure.
    figures: Vec<Option<f64>>,
    /// The rate of each row, as far as the point has it.
    rates: Vec<Option<f64>>,
}

/// The page of a sweep.
pub fn render(results: &Results) -> String {
    frame::Page { kind: "sweep", title: &results.name, main: MAIN, script: SCRIPT }.filled(&Page::of(results))
}

impl<'a> Page<'a> {
    fn of(results: &'a Results) -> Self {
        let axis = |(i, key): (usize, &String)| Axis::of(key, results.points.iter().map(|p| &p.parameters[i]));
        let (axes, places): (Vec<Axis>, Vec<Vec<usize>>) = results.keys.iter().enumerate().map(axis).unzip();
        let known = |name: &str| results.points.iter().any(|p| p.figure(name).is_some());
        let figures: Vec<Figure> = FIGURES.iter().filter(|f| known(f.0)).map(|&(name, title, unit)| Figure { name, title, unit }).collect();
        // Points may differ in their regions; the first that has run says which are shown.
        let labels: Vec<&str> =
            results.points.iter().map(|p| p.rates()).find(|r| !r.is_empty()).unwrap_or_default().iter().map(|r| r.0).collect();
        let points = results.points.iter().enumerate().map(|(i, point)| {
            let rates: HashMap<&str, f64> = point.rates().into_iter().collect();
            let rate = |label: &&str| rates.get(label).copied();
            Dot {
                number: point.number,
                state: point.outcome.word(),
                reason: if let Outcome::Failed { reason } = &point.outcome { Some(reason) } else { None },
                at: places.iter().map(|p| p[i]).collect(),
                figures: figures.iter().map(|f| point.figure(f.name)).collect(),
                rates: if rates.is_empty() { Vec::new() } else { labels.iter().map(rate).collect() },
            }
        });
        let points = points.collect();
        let by_region = |p: &super::PointResult| matches!(&p.outcome, Outcome::Done { report, .. } if report["regions"].as_object().is_some_and(|r| !r.is_empty()));
        Page {
            title: &results.name,
            description: &results.description,
            row: if results.points.iter().any(by_region) { "region" } else { "population" },
            regions: labels.into_iter().map(|label| Row { label }).collect(),
            kinds: [],
            axes,
            figures,
            points,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::results::tests::grid;
    use super::*;

    #[test]
    fn every_place_is_filled_nothing_is_fetched_and_no_text_leaves_its_place() {
        let mut results = grid();
        results.name = "</script><script>alert(1)</script>{{data}}".into();
        let page = render(&results);
        assert!(!page.contains("<script>alert") && page.contains("</html>"));
        for outside in ["http://", "https://", "@import", "src=", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert!(!render(&grid()).contains("{{"));
    }

    #[test]
    fn points_know_their_places_and_only_figures_that_someone_has_are_offered() {
        let results = grid();
        let page = Page::of(&results);
        assert_eq!(page.points[9].at, [1, 1, 1]);
        assert_eq!(
            page.figures.iter().map(|f| f.name).collect::<Vec<_>>(),
            ["rate", "cv_isi", "fc_fit", "realtime_factor", "spikes", "neurons"]
        );
        assert_eq!((page.points[4].state, page.points[4].reason), ("failed", Some("too \"large\"")));
        assert_eq!((page.row, page.points[6].rates.as_slice()), ("region", [Some(7.0)].as_slice()));
        assert!(page.points[11].rates.is_empty());
    }

    #[test]
    fn a_sweep_of_which_nothing_has_run_still_has_a_page() {
        let mut results = grid();
        results.points.iter_mut().for_each(|p| p.outcome = Outcome::Left);
        assert!(render(&results).contains("</html>"));
    }
}
