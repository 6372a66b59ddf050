//! Names that users type: the nearest one that exists, and patterns.

/// The candidate most like `name`, if one is near enough to be what was meant.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let lower = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| {
            let length = candidate.chars().count().max(lower.chars().count());
            *distance <= 1 + length / 4 && *distance < length
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate.to_owned())
}

/// True if `text` fits `pattern`, in which `*` stands for any text and `?` for one character.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where to go back to: after the last star, one character further in the text each time.
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&'*') {
            retry = Some((p + 1, t));
            p += 1;
        } else if pattern.get(p).is_some_and(|c| *c == '?' || *c == text[t]) {
            p += 1;
            t += 1;
        } else if let Some((star, from)) = retry {
            retry = Some((star, from + 1));
            p = star;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// True if `text` is a pattern rather than a name.
pub(crate) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_like_in_a_shell() {
        for (pattern, text, fit) in [
            ("V1.*", "V1.L23E", true),
            ("V1.*", "V2.L23E", false),
            ("*.E", "V1.E", true),
            ("*", "", true),
            ("?", "", false),
            ("V?.*E", "V4.L5E", true),
            ("a*b*c", "aXbXbc", true),
            ("a*b*c", "aXbXb", false),
        ] {
            assert_eq!(fits(pattern, text), fit, "{pattern} {text}");
        }
    }

    #[test]
    fn only_a_near_name_is_suggested() {
        let names = ["duration", "warmup", "dt"];
        assert_eq!(nearest("duratoin", names).as_deref(), Some("duration"));
        assert_eq!(nearest("DT", names).as_deref(), Some("dt"));
        assert_eq!(nearest("threads", names), None);
        assert_eq!(nearest("I", ["E"]), None);
    }
}
