//! The prediction as a picture: time of a step and efficiency over ranks.

use std::fmt::Write;

use super::model::Prediction;

/// Size of the picture, and the frames of its two panels: left, right, top, bottom.
const SIZE: (f64, f64) = (860.0, 360.0);
const STEP: [f64; 4] = [74.0, 424.0, 62.0, 306.0];
const EFFICIENCY: [f64; 4] = [516.0, 800.0, 62.0, 306.0];

/// Colours after Okabe and Ito (2008), lifted for dark ground.
const STYLE: &str = "text{font:12px system-ui,sans-serif;fill:#56626f}.t{font-weight:600;font-size:14px;fill:#16202b}.g{stroke:#dde2e8}\
.one{stroke:#d55e00}.two{stroke:#0072b2}.ideal{stroke:#56626f;stroke-dasharray:5 4}.l{fill:none;stroke-width:2}.k{font-size:12px}\
rect{fill:#fff}@media(prefers-color-scheme:dark){rect{fill:#151b22}text{fill:#9aa7b5}.t{fill:#e5eaf0}.g{stroke:#29323c}.one{stroke:#ff8a3d}\
.two{stroke:#4ea6e6}.ideal{stroke:#9aa7b5}}";

/// A scale from values to pixels, by logarithm or linear.
struct Scale {
    from: (f64, f64),
    to: (f64, f64),
    log: bool,
}

impl Scale {
    fn at(&self, value: f64) -> f64 {
        let f = |v: f64| if self.log { v.max(f64::MIN_POSITIVE).log10() } else { v };
        let (lo, hi) = (f(self.from.0), f(self.from.1));
        self.to.0 + (f(value) - lo) / (hi - lo).max(1e-12) * (self.to.1 - self.to.0)
    }

    /// Powers of ten within.
    fn decades(&self) -> impl Iterator<Item = f64> {
        let (lo, hi) = self.from;
        (lo.log10().ceil() as i32..=hi.log10().floor() as i32).map(|e| 10f64.powi(e))
    }
}

/// An SVG picture of predictions with one clock and with two, for the same numbers of ranks in ascending order.
pub fn svg(title: &str, one: &[Prediction], two: &[Prediction]) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"Predicted time of a step and efficiency of {} over ranks\">\
         <style>{STYLE}</style><rect width=\"100%\" height=\"100%\" rx=\"8\"/>",
        SIZE.0,
        SIZE.1,
        escaped(title)
    );
    let _ = write!(svg, "<text class=\"t\" x=\"20\" y=\"28\">{}</text>", escaped(title));
    let ranks = (1.0, one.last().map_or(10.0, |p| p.ranks as f64).max(10.0));
    step_panel(&mut svg, ranks, one, two);
    efficiency_panel(&mut svg, ranks, one, two);
    svg.push_str("</svg>\n");
    svg
}

fn step_panel(svg: &mut String, ranks: (f64, f64), one: &[Prediction], two: &[Prediction]) {
    let times = || one.iter().chain(two).flat_map(|p| [p.step(), p.compute]).filter(|t| *t > 0.0);
    let decade = |t: f64, round: fn(f64) -> f64| 10f64.powf(round(t.log10()));
    let (lo, hi) = times().fold((f64::INFINITY, 0.0f64), |(lo, hi), t| (lo.min(t), hi.max(t)));
    let range = if hi > 0.0 { (decade(lo, f64::floor), decade(hi * 1.0001, f64::ceil)) } else { (1.0, 10.0) };
    let (x, y) = frame(svg, STEP, ranks, range, true);
    for t in y.decades() {
        row(svg, STEP, y.at(t), &time(t));
    }
    heading(svg, STEP, "time of a step");
    path(svg, "ideal", two, (&x, &y), |p| p.compute);
    path(svg, "one", one, (&x, &y), Prediction::step);
    path(svg, "two", two, (&x, &y), Prediction::step);
}

fn efficiency_panel(svg: &mut String, ranks: (f64, f64), one: &[Prediction], two: &[Prediction]) {
    let (x, y) = frame(svg, EFFICIENCY, ranks, (0.0, 1.05), false);
    for percent in [0, 25, 50, 75, 100] {
        row(svg, EFFICIENCY, y.at(f64::from(percent) / 100.0), &format!("{percent} %"));
    }
    heading(svg, EFFICIENCY, "efficiency");
    path(svg, "one", one, (&x, &y), |p| p.efficiency);
    path(svg, "two", two, (&x, &y), |p| p.efficiency);
    for (i, (class, text)) in [("one", "one clock"), ("two", "two clocks"), ("ideal", "computing alone")].into_iter().enumerate() {
        let left = 490.0 + 118.0 * i as f64;
        let _ =
            write!(svg, "<path class=\"l {class}\" d=\"M{left} 24h18\"/><text class=\"k\" x=\"{}\" y=\"28\">{text}</text>", left + 23.0);
    }
}

/// The vertical lines of a panel with the ranks below, and its scales.
fn frame(svg: &mut String, [left, right, top, bottom]: [f64; 4], ranks: (f64, f64), range: (f64, f64), log: bool) -> (Scale, Scale) {
    let x = Scale { from: ranks, to: (left, right), log: true };
    for n in x.decades() {
        let at = x.at(n);
        let _ = write!(
            svg,
            "<path class=\"g\" d=\"M{at:.1} {top}V{bottom}\"/><text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{n}</text>",
            bottom + 18.0
        );
    }
    let _ = write!(svg, "<text x=\"{right}\" y=\"{}\" text-anchor=\"end\">ranks</text>", bottom + 38.0);
    (x, Scale { from: range, to: (bottom, top), log })
}

fn row(svg: &mut String, [left, right, ..]: [f64; 4], y: f64, label: &str) {
    let _ = write!(
        svg,
        "<path class=\"g\" d=\"M{left} {y:.1}H{right}\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
        left - 8.0,
        y + 4.0
    );
}

fn heading(svg: &mut String, [left, _, top, _]: [f64; 4], text: &str) {
    let _ = write!(svg, "<text x=\"{left}\" y=\"{}\">{text}</text>", top - 10.0);
}

fn path(svg: &mut String, class: &str, points: &[Prediction], (x, y): (&Scale, &Scale), value: impl Fn(&Prediction) -> f64) {
    let place =
        |(i, p): (usize, &Prediction)| format!("{}{:.1} {:.1}", if i == 0 { 'M' } else { 'L' }, x.at(p.ranks as f64), y.at(value(p)));
    let d: String = points.iter().enumerate().map(place).collect();
    let _ = write!(svg, "<path class=\"l {class}\" d=\"{d}\"/>");
}

fn time(us: f64) -> String {
    match us {
        t if t < 1.0 => format!("{} ns", t * 1e3),
        t if t < 1e3 => format!("{t} µs"),
        t if t < 1e6 => format!("{} ms", t / 1e3),
        t => format!("{} s", t / 1e6),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predictions(step: f64) -> Vec<Prediction> {
        let one = |ranks: usize| Prediction {
            ranks,
            compute: step / ranks as f64,
            communicate: 1.0,
            efficiency: 1.0 / ranks as f64,
            realtime_factor: 1.0,
            interval: 0.1,
        };
        [1, 10, 1000].map(one).into()
    }

    #[test]
    fn a_picture_has_its_lines_inside_their_frames_and_no_text_leaves_its_place() {
        let svg = svg("a <b> & \"c\"", &predictions(1e4), &predictions(2e4));
        assert!(svg.contains("a &lt;b> &amp; &quot;c&quot;") && !svg.contains("<b>"));
        let paths: Vec<&str> = svg.split("class=\"l ").skip(1).filter(|p| p.contains('L')).collect();
        assert_eq!(paths.len(), 5);
        for path in &paths {
            let d = path.split("d=\"").nth(1).unwrap().split('"').next().unwrap();
            let numbers: Vec<f64> = d.split(['M', 'L', ' ']).filter(|n| !n.is_empty()).map(|n| n.parse().unwrap()).collect();
            let within = |frame: [f64; 4]| {
                numbers
                    .chunks(2)
                    .all(|p| p[0] >= frame[0] - 0.1 && p[0] <= frame[1] + 0.1 && p[1] >= frame[2] - 0.1 && p[1] <= frame[3] + 0.1)
            };
            assert!(within(STEP) || within(EFFICIENCY), "{d}");
        }
        assert!(svg.contains(">10 ms<") && svg.contains(">1000<") && svg.contains(">100 %<"), "{svg}");
    }

    #[test]
    fn nothing_to_draw_is_drawn_too() {
        assert!(svg("x", &[], &[]).ends_with("</svg>\n"));
        let zero = Prediction { ranks: 1, compute: 0.0, communicate: 0.0, efficiency: 1.0, realtime_factor: 0.0, interval: f64::INFINITY };
        assert!(!svg("x", &[zero], &[zero]).contains("NaN"));
    }
}
