//! Accuracy against time as a picture.

use std::fmt::Write as _;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 360.0;
/// Room for the numbers on the left and below.
const MARGIN: f64 = 56.0;

/// An SVG of accuracies (0..1) after 1, 2, ... steps, with that of the network before conversion as a line.
pub fn chart(title: &str, accuracies: &[f64], before: f64) -> String {
    let least = accuracies.iter().copied().fold(before, f64::min);
    // Whole tens of percent below the lowest point.
    let bottom = (least * 10.0).floor() / 10.0;
    let x = |step: usize| MARGIN + (WIDTH - MARGIN - 16.0) * step as f64 / accuracies.len().max(2).saturating_sub(1) as f64;
    let y = |accuracy: f64| 40.0 + (HEIGHT - 40.0 - MARGIN) * (1.0 - accuracy) / (1.0 - bottom).max(1e-9);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n<text x=\"{MARGIN}\" y=\"22\" font-size=\"14\">{}</text>\n",
        escaped(title)
    );
    let right = x(accuracies.len().max(2) - 1);
    for i in 0..=5 {
        let accuracy = bottom + (1.0 - bottom) * f64::from(i) / 5.0;
        let _ = write!(
            svg,
            "<line x1=\"{MARGIN}\" x2=\"{right:.1}\" y1=\"{0:.1}\" y2=\"{0:.1}\" stroke=\"#ddd\"/>\n<text x=\"{1}\" y=\"{2:.1}\" text-anchor=\"end\">{3:.0} %</text>\n",
            y(accuracy),
            MARGIN - 6.0,
            y(accuracy) + 4.0,
            100.0 * accuracy
        );
    }
    for step in ticks(accuracies.len()) {
        let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{step}</text>", x(step - 1), HEIGHT - MARGIN + 20.0);
    }
    let points: Vec<String> = accuracies.iter().enumerate().map(|(i, &a)| format!("{:.1},{:.1}", x(i), y(a))).collect();
    let _ = write!(
        svg,
        "<line x1=\"{MARGIN}\" x2=\"{right:.1}\" y1=\"{0:.1}\" y2=\"{0:.1}\" stroke=\"#b33\" stroke-dasharray=\"6 4\"/>\n\
         <polyline points=\"{1}\" fill=\"none\" stroke=\"#247\" stroke-width=\"2\"/>\n\
         <text x=\"{2:.1}\" y=\"{3}\" text-anchor=\"middle\">steps (dashed: before conversion, {4:.2} %)</text>\n</svg>\n",
        y(before),
        points.join(" "),
        (MARGIN + right) / 2.0,
        HEIGHT - 14.0,
        100.0 * before
    );
    svg
}

/// Steps worth a number: powers of two and the last.
pub fn ticks(n: usize) -> Vec<usize> {
    let powers = (0..).map(|i| 1 << i).take_while(|&t: &usize| t < n);
    powers.chain([n]).filter(|&t| t > 0).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_has_a_point_per_step_inside_of_its_frame() {
        let svg = chart("a < b", &[0.31, 0.8, 0.9], 0.95);
        assert!(svg.contains("a &lt; b") && svg.contains("95.00 %"));
        let points = svg.split("points=\"").nth(1).and_then(|s| s.split('"').next()).unwrap();
        let points: Vec<(f64, f64)> =
            points.split(' ').map(|p| p.split_once(',').unwrap()).map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap())).collect();
        assert_eq!(points.len(), 3);
        assert!(points.iter().all(|&(x, y)| (0.0..WIDTH).contains(&x) && (0.0..HEIGHT - MARGIN + 1.0).contains(&y)), "{points:?}");
        assert!(points[0].1 > points[1].1 && points[1].1 > points[2].1, "better is higher");
        assert_eq!(ticks(32), [1, 2, 4, 8, 16, 32]);
        assert_eq!(ticks(20), [1, 2, 4, 8, 16, 20]);
    }
}
