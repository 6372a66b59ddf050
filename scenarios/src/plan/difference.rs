//! In which keys two plans differ, for messages.

use toml::{Table, Value};

/// A key that two plans do not share.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The key, such as `simulation.seed`.
    pub key: String,
    /// Its value in the first plan; `nothing` where it is missing.
    pub was: String,
    /// Its value in the second.
    pub is: String,
}

/// The keys in which two texts of [`Plan::to_toml`](super::Plan::to_toml) differ, in the order of the alphabet. `[resolved]`
/// follows from the others and is left out. A text that is no plan differs in nothing.
pub fn differences(was: &str, is: &str) -> Vec<Difference> {
    let (Ok(was), Ok(mut is)) = (was.parse::<Table>(), is.parse::<Table>()) else { return Vec::new() };
    let mut found = Vec::new();
    for (key, value) in was {
        compare(&key, Some(&value), is.remove(&key).as_ref(), &mut found);
    }
    is.iter().for_each(|(key, value)| compare(key, None, Some(value), &mut found));
    found.retain(|d| d.key.split('.').next() != Some("resolved"));
    found.sort_by(|a, b| a.key.cmp(&b.key));
    found
}

fn compare(key: &str, was: Option<&Value>, is: Option<&Value>, found: &mut Vec<Difference>) {
    match (was, is) {
        (Some(Value::Table(was)), Some(Value::Table(is))) => {
            let more = is.keys().filter(|name| !was.contains_key(*name));
            for name in was.keys().chain(more) {
                compare(&format!("{key}.{name}"), was.get(name), is.get(name), found);
            }
        }
        (Some(Value::Array(was)), Some(Value::Array(is))) if was.len() == is.len() => {
            was.iter().zip(is).enumerate().for_each(|(i, (was, is))| compare(&format!("{key}.{i}"), Some(was), Some(is), found));
        }
        _ if was == is => {}
        _ => {
            let shown = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), ToString::to_string);
            found.push(Difference { key: key.to_owned(), was: shown(was), is: shown(is) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_that_differs_is_named_with_both_values() {
        let was = "name = \"a\"\nlist = [{x = 1}, {x = 2}]\n[simulation]\nseed = 5\n[resolved]\nn = 1\n[old]\n";
        let is = "name = \"a\"\nlist = [{x = 1}, {x = 3}]\n[simulation]\nseed = 6\ndt = \"1 ms\"\n[resolved]\nn = 2\n";
        let found: Vec<_> = differences(was, is).into_iter().map(|d| [d.key, d.was, d.is].join(" ")).collect();
        assert_eq!(found, ["list.1.x 2 3", "old {} nothing", "simulation.dt nothing \"1 ms\"", "simulation.seed 5 6"]);
        assert!(differences(was, was).is_empty());
    }
}
