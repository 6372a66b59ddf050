//! What all our HTML pages have in common: head, style, theme, and the script that draws axes and figures.
//!
//! A page is one file that asks nothing of a network or a library. Who makes one gives the inside of its `<main>`, its data and
//! the script that draws them.

use serde::Serialize;

const FRAME: &str = include_str!("frame.html");
const STYLE: &str = include_str!("style.css");
/// Numbers, colours, canvases, axes and the switch of the theme, before every page's own script.
const SCRIPT: &str = concat!(include_str!("data.js"), include_str!("colour.js"), include_str!("plot.js"), include_str!("theme.js"));

/// What makes one page different from the others.
pub(crate) struct Page<'a> {
    /// What kind of page it is: `run report`.
    pub(crate) kind: &'static str,
    /// What it is about: the name of the run.
    pub(crate) title: &'a str,
    /// The inside of its `<main>`.
    pub(crate) main: &'static str,
    /// Its own script.
    pub(crate) script: &'a str,
}

impl Page<'_> {
    /// The whole page. Its script finds the data as `RUN`, which has at least `row`, `regions` and `kinds`.
    pub(crate) fn filled(&self, data: &impl Serialize) -> String {
        let data = as_json(data);
        let parts = [
            ("{{title}}", &*escaped(self.title)),
            ("{{kind}}", self.kind),
            ("{{style}}", STYLE),
            ("{{main}}", self.main),
            ("{{data}}", &data),
            ("{{common}}", SCRIPT),
            ("{{script}}", self.script),
        ];
        let mut page = String::with_capacity(parts.iter().map(|(_, text)| text.len()).sum::<usize>() + FRAME.len());
        let mut rest = FRAME;
        // One pass over the frame, so that nothing inside a part is taken for a place.
        while let Some((at, place, text)) = parts.iter().filter_map(|(p, t)| rest.find(p).map(|at| (at, p, t))).min_by_key(|f| f.0) {
            page.push_str(&rest[..at]);
            page.push_str(text);
            rest = &rest[at + place.len()..];
        }
        page.push_str(rest);
        page
    }
}

/// Data as they may stand inside a script element, where only `<` could end it.
fn as_json(data: &impl Serialize) -> String {
    serde_json::to_string(data).expect("strings, numbers and lists make JSON").replace('<', "\\u003c")
}

/// Text as it may stand between tags and in quoted attributes.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
