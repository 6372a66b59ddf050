//! The values of one parameter as an axis of a figure.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use serde_json::Value;

/// The different values of a key.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Axis {
    key: String,
    /// What stands behind the numbers; empty where there is none.
    unit: String,
    /// The values as text, ascending where they are numbers, else in the order in which they come.
    labels: Vec<String>,
    /// The values as numbers, where all are numbers of one unit.
    numbers: Option<Vec<f64>>,
}

impl Axis {
    /// The axis of a key that has these values, and the place of each of them on it.
    pub(super) fn of<'a>(key: &str, values: impl Iterator<Item = &'a Value>) -> (Self, Vec<usize>) {
        let values: Vec<String> = values.map(|v| v.as_str().map_or_else(|| v.to_string(), String::from)).collect();
        let mut seen = HashSet::new();
        let mut labels: Vec<String> = values.iter().filter(|v| seen.insert(v.as_str())).cloned().collect();
        let parts: Option<Vec<(f64, &str)>> = labels.iter().map(|l| number_and_unit(l)).collect();
        let same = parts.filter(|parts| parts.iter().all(|(_, unit)| *unit == parts[0].1));
        let (unit, mut numbers) = match same {
            Some(parts) if !parts.is_empty() => (parts[0].1.to_string(), Some(parts.iter().map(|p| p.0).collect::<Vec<f64>>())),
            _ => (String::new(), None),
        };
        if let Some(numbers) = &mut numbers {
            let mut order: Vec<usize> = (0..labels.len()).collect();
            order.sort_by(|&a, &b| numbers[a].total_cmp(&numbers[b]));
            labels = order.iter().map(|&i| labels[i].clone()).collect();
            numbers.sort_by(f64::total_cmp);
        }
        let index: HashMap<&str, usize> = labels.iter().enumerate().map(|(i, label)| (label.as_str(), i)).collect();
        let places = values.iter().map(|v| index[v.as_str()]).collect();
        (Axis { key: key.to_string(), unit, labels, numbers }, places)
    }
}

/// The number at the beginning of a text and what follows it.
fn number_and_unit(text: &str) -> Option<(f64, &str)> {
    let ends = (1..=text.len()).rev().filter(|end| text.is_char_boundary(*end));
    let parsed = ends.filter_map(|end| Some((text[..end].parse::<f64>().ok()?, text[end..].trim()))).next();
    parsed.filter(|(number, _)| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_of_one_unit_ascend_and_words_keep_their_order() {
        let values = [json!("20 pA"), json!("-5 pA"), json!("1e2 pA"), json!("20 pA")];
        let (axis, places) = Axis::of("w", values.iter());
        assert_eq!((axis.unit.as_str(), axis.numbers), ("pA", Some(vec![-5.0, 20.0, 100.0])));
        assert_eq!(places, [1, 0, 2, 1]);
        for mixed in [[json!("20 pA"), json!("1 nA")], [json!("cut"), json!("all")], [json!(true), json!(false)]] {
            let (axis, places) = Axis::of("w", mixed.iter());
            assert_eq!((axis.numbers, places), (None, vec![0, 1]));
        }
    }
}
