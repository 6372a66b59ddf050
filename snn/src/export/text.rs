//! The export as files: a scenario and, in a folder of its name, a CSV file per projection and the answers.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use connectome::network::{Population, Projection, Rule, Stimulus, StimulusKind};

use super::{DT, Export};
use crate::bytes;
use crate::error::Error;

impl Export {
    /// Writes `NAME.toml` and `NAME/` into `folder`. `answers` are label and prediction of each image.
    pub fn write(&self, folder: &Path, name: &str, comment: &str, answers: &[[u32; 2]]) -> Result<(), Error> {
        let parts = folder.join(name);
        fs::create_dir_all(&parts).map_err(Error::io(&parts))?;
        for projection in &self.network.projections {
            bytes::write(&parts.join(self.file(projection)), edges(projection).as_bytes())?;
        }
        let rows: String = answers.iter().enumerate().map(|(i, [label, predicted])| format!("{i},{label},{predicted}\n")).collect();
        bytes::write(&parts.join("answers.csv"), format!("image,label,prediction\n{rows}").as_bytes())?;
        bytes::write(&folder.join(format!("{name}.toml")), self.scenario(name, comment).as_bytes())
    }

    fn label(&self, population: usize) -> &str {
        &self.network.populations[population].name
    }

    fn file(&self, projection: &Projection) -> String {
        format!("{}-to-{}.csv", self.label(projection.source), self.label(projection.target))
    }

    fn scenario(&self, name: &str, comment: &str) -> String {
        let mut text: String = comment.lines().map(|line| if line.is_empty() { "#\n".into() } else { format!("# {line}\n") }).collect();
        let duration = self.steps() as f64 * DT;
        let period = self.period as f64 * DT;
        let _ = write!(text, "\nname = {name:?}\n\n[simulation]\ndt = \"{DT} ms\"\nduration = \"{duration} ms\"\n");
        for population in &self.network.populations {
            text += &section(population);
        }
        for projection in &self.network.projections {
            let [source, target] = [projection.source, projection.target].map(|end| self.label(end));
            let file = format!("{name}/{}", self.file(projection));
            let _ = write!(text, "\n[[projections]]\nsource = {source:?}\ntarget = {target:?}\nrule = \"edges\"\nedges = {file:?}\n");
        }
        for stimulus in &self.network.stimuli {
            text += &self.stimulus(stimulus);
        }
        let _ = write!(text, "\n[record]\nrate_bin = \"{period} ms\"\n\n[[record.states]]\npopulation = \"readout\"\n");
        let _ = writeln!(text, "variables = [\"V_m\"]\ninterval = \"{period} ms\"");
        text
    }

    fn stimulus(&self, stimulus: &Stimulus) -> String {
        let target = self.label(stimulus.target);
        let (first, count) = stimulus.range.expect("every stimulus of an export drives one neuron");
        let what = match &stimulus.kind {
            StimulusKind::SpikeGenerator { times, weight } => {
                let times: Vec<String> = times.iter().map(|t| format!("\"{t} ms\"")).collect();
                format!("kind = \"spike_generator\"\nweight = {weight}\ntimes = [{}]\n", times.join(", "))
            }
            StimulusKind::CurrentSteps { amplitude } => {
                let steps: Vec<String> = amplitude.0.iter().map(|(t, x)| format!("[\"{t} ms\", \"{x} pA\"]")).collect();
                format!("kind = \"step_current_generator\"\namplitude = [{}]\n", steps.join(", "))
            }
            other => unreachable!("no export has {other:?}"),
        };
        format!("\n[[stimuli]]\ntarget = {target:?}\nneurons = [{first}, {count}]\ndelay = \"{DT} ms\"\n{what}")
    }
}

fn section(population: &Population) -> String {
    let Population { name, model, size, .. } = population;
    let mut text = format!("\n[populations.{name}]\nmodel = {model:?}\nsize = {size}\n");
    if !population.params.is_empty() {
        let unit = |name: &str| match name {
            "C_m" => "pF",
            "tau_m" | "t_ref" => "ms",
            _ => "mV",
        };
        let params: Vec<String> = population.params.iter().map(|(name, x)| format!("{name} = \"{x} {}\"", unit(name))).collect();
        let _ = writeln!(text, "params = {{ {} }}", params.join(", "));
    }
    text
}

fn edges(projection: &Projection) -> String {
    let Rule::Edges { edges } = &projection.rule else { unreachable!("an export has explicit synapses only") };
    // Weights were single precision; more digits would say nothing.
    let rows: String = edges.iter().map(|e| format!("{},{},{},{}\n", e.source, e.target, e.weight as f32, e.delay)).collect();
    format!("source,target,weight,delay\n{rows}")
}
