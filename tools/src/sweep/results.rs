//! The points of a sweep and what came of them.

use serde_json::Value;

/// All points of a sweep.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    /// Name of the sweep.
    pub name: String,
    /// What it asks.
    pub description: String,
    /// The keys that change from point to point.
    pub keys: Vec<String>,
    /// The points, by number.
    pub points: Vec<PointResult>,
}

/// One point.
#[derive(Clone, Debug, PartialEq)]
pub struct PointResult {
    /// Its number, from 1 on.
    pub number: usize,
    /// The value of each of the [keys](Results::keys).
    pub parameters: Vec<Value>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a point.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It has run.
    Done {
        /// Its `report.json`.
        report: Value,
        /// Correlation of its functional connectivity with the empirical one, where there is one.
        fc_fit: Option<f64>,
    },
    /// It could not be run.
    Failed {
        /// Why not.
        reason: String,
    },
    /// It has not been run yet.
    Left,
}

impl Outcome {
    /// In one word.
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Done { .. } => "done",
            Outcome::Failed { .. } => "failed",
            Outcome::Left => "left",
        }
    }
}

impl PointResult {
    /// A number of the point's report, or one that follows from it: `rate` and `cv_isi` are means over all neurons,
    /// `fc_fit` compares with empirical data.
    pub fn figure(&self, name: &str) -> Option<f64> {
        let Outcome::Done { report, fc_fit } = &self.outcome else { return None };
        match name {
            "fc_fit" => *fc_fit,
            "rate" | "cv_isi" => over_neurons(report, name),
            _ => report[name].as_f64(),
        }
    }

    /// Mean rates by region, or by population where the network has no regions.
    pub fn rates(&self) -> Vec<(&str, f64)> {
        let Outcome::Done { report, .. } = &self.outcome else { return Vec::new() };
        let regions = report["regions"].as_object().filter(|r| !r.is_empty()).or(report["populations"].as_object());
        let rates = regions.into_iter().flatten().filter_map(|(name, entry)| Some((name.as_str(), entry["rate"].as_f64()?)));
        rates.collect()
    }
}

/// The mean of a figure of the populations, weighted by their neurons; populations without one are left out.
fn over_neurons(report: &Value, name: &str) -> Option<f64> {
    let populations = report["populations"].as_object()?.values();
    let known = populations.filter_map(|p| Some((p["neurons"].as_f64()?, p[name].as_f64()?)));
    let (neurons, sum) = known.fold((0.0, 0.0), |(n, sum), (neurons, figure)| (n + neurons, sum + neurons * figure));
    (neurons > 0.0).then(|| sum / neurons)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::json;

    /// A grid of 2 x 3 with two seeds; one point failed and the last one is left.
    pub(in crate::sweep) fn grid() -> Results {
        let mut points = Vec::new();
        for weight in ["10 pA", "20 pA"] {
            for fraction in [0.1, 0.2, 0.3] {
                for seed in [1, 2] {
                    let number = points.len() + 1;
                    let rate = number as f64;
                    let report = json!({ "neurons": 40, "spikes": 7, "realtime_factor": 0.5, "spike_checksum": "ab,c",
                        "populations": { "A.E": { "neurons": 30, "rate": rate, "cv_isi": 0.5 }, "A.I": { "neurons": 10, "rate": 5.0, "cv_isi": null } },
                        "regions": { "A": { "rate": rate } } });
                    let outcome = match number {
                        5 => Outcome::Failed { reason: "too \"large\"".into() },
                        12 => Outcome::Left,
                        _ => Outcome::Done { report, fc_fit: Some(0.25) },
                    };
                    points.push(PointResult { number, parameters: vec![json!(weight), json!(fraction), json!(seed)], outcome });
                }
            }
        }
        let keys = ["projections.x.weight", "regions.tracts.fraction", "simulation.seed"].map(String::from).into();
        Results { name: "grid".into(), description: "<what>".into(), keys, points }
    }

    #[test]
    fn means_are_over_neurons_that_have_the_figure() {
        let point = &grid().points[0];
        assert_eq!(point.figure("rate"), Some((30.0 + 50.0) / 40.0));
        assert_eq!(point.figure("cv_isi"), Some(0.5));
        assert_eq!((point.figure("fc_fit"), point.figure("spikes")), (Some(0.25), Some(7.0)));
        assert_eq!(grid().points[4].figure("rate"), None);
    }

    #[test]
    fn a_network_without_regions_shows_its_populations() {
        let mut point = grid().points[0].clone();
        assert_eq!(point.rates(), [("A", 1.0)]);
        let Outcome::Done { report, .. } = &mut point.outcome else { panic!("done") };
        report["regions"] = json!({});
        assert_eq!(point.rates(), [("A.E", 1.0), ("A.I", 5.0)]);
    }
}
