//! What goes on in every layer, as text.

use snn::activity::Activity;
use snn::correlate::Path;

use super::args::Backend;

/// All layers: what comes out of them, how dense it is, what it takes, and how it is computed; then the sums.
pub(crate) fn table(activity: &Activity, backend: Backend) -> String {
    let percent = |density: f64| format!("{:.1} %", 100.0 * density);
    let wide = activity.0.iter().map(|layer| layer.row.layer.len()).max().unwrap_or(0);
    let (head, columns) = ("layer", ["output", "parameters", "in", "out", "operations", "uJ"]);
    let [output, parameters, input, density, operations, energy] = columns;
    let mut text = format!("{head:<wide$} {output:>14} {parameters:>11} {input:>8} {density:>8} {operations:>11} {energy:>9}  path\n");
    for layer in &activity.0 {
        let [height, width, channels] = layer.row.output.image();
        let (output, parameters) = (format!("{height}x{width}x{channels}"), layer.row.parameters);
        let (name, out) = (&layer.row.layer, percent(layer.output_density));
        text += &format!("{name:<wide$} {output:>14} {parameters:>11} ");
        text += &match layer.path() {
            None => format!("{:>8} {out:>8}\n", ""),
            Some(path) => {
                // A device has no loops over events.
                let events = path == Path::Events && backend == Backend::Cpu;
                let (input, path) = (percent(layer.input_density), if events { "events" } else { "dense" });
                format!("{input:>8} {out:>8} {:>11.3e} {:>9.4}  {path}\n", layer.operations(), layer.energy() * 1e-6)
            }
        };
    }
    text + &sums(activity) + "\n"
}

/// What the whole network takes.
pub(crate) fn sums(activity: &Activity) -> String {
    let (operations, energy, without) = (activity.operations(), activity.energy(), activity.energy_without_spikes());
    format!("{operations:.3e} synaptic operations per image, about {energy:.2} uJ; {without:.2} uJ without spikes (45 nm)")
}
