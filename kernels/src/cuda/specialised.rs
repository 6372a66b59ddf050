//! Kernels compiled for one run, where the machine has NVRTC, NVIDIA's compiler as a library.
//!
//! What all neurons or synapses of a run have in common is then known to the compiler: instructions that would find it out, and the
//! registers for them, are gone. The bits are those of the kernels that are shipped: the same text, the same flags, and nothing that is
//! told may change a result. Whatever goes wrong here (no library, too old a one, a driver that refuses what it makes), the run
//! takes the shipped kernels.

use cudarc::nvrtc::{CompileOptions, Ptx, compile_ptx_with_opts};
use models::kit::CUDA_PRELUDE;
use models::{Model, Visitor};

/// Names and texts of what the two kernels of a step are made of.
const SOURCES: [(&str, &str); 10] = [
    ("deliver.cu", include_str!("../../cuda/deliver.cu")),
    ("device.cuh", include_str!("../../cuda/device.cuh")),
    ("drives.cuh", include_str!("../../cuda/drives.cuh")),
    ("made.cuh", include_str!("../../cuda/made.cuh")),
    ("noise.cuh", include_str!("../../cuda/noise.cuh")),
    ("permutation.cuh", include_str!("../../cuda/permutation.cuh")),
    ("random.cuh", include_str!("../../cuda/random.cuh")),
    ("spikes.cuh", include_str!("../../cuda/spikes.cuh")),
    ("stored.cuh", include_str!("../../cuda/stored.cuh")),
    ("update.cu", include_str!("../../cuda/update.cu")),
];

/// What is known of a run when it begins. The macros are described in `kernels/cuda/device.cuh`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Known(Vec<String>);

impl Known {
    /// This macro has this value, if it `holds`.
    pub(super) fn and(mut self, holds: bool, name: &str, value: u32) -> Self {
        if holds {
            self.0.push(format!("-D{name}={value}"));
        }
        self
    }

    /// True if there is nothing to compile for.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// PTX of a unit for a run of which this is known; `None` where it cannot be had.
pub(super) fn compile(unit: &str, known: &Known) -> Option<Ptx> {
    // SAFETY: loading the library runs only its own initialisation.
    if known.is_empty() || !unsafe { cudarc::nvrtc::sys::is_culib_present() } {
        return None;
    }
    let (text, model) = text(unit)?;
    let mut options = vec!["--std=c++20".to_string(), "--gpu-architecture=compute_75".to_string()];
    options.extend(model.map(|model| format!("-DMODEL={model}")));
    options.extend_from_slice(&known.0);
    // Every product and sum is rounded by itself, as `tools/cuda.sh` has it.
    let options = CompileOptions { fmad: Some(false), options, ..Default::default() };
    let made = compile_ptx_with_opts(text, options).ok()?;
    Some(Ptx::from_src(lowered(&made.to_src())))
}

/// All that a unit is made of in one text, and the name of its model if it has one.
fn text(unit: &str) -> Option<(String, Option<&str>)> {
    let model = unit.strip_prefix("update/");
    let (mut text, source) = match model {
        Some(model) => (models::visit(model, Text)?, "update.cu"),
        None => (CUDA_PRELUDE.to_string(), "deliver.cu"),
    };
    append(source, &mut text, &mut Vec::new());
    Some((text, model))
}

/// The text of a model with what it needs before it.
struct Text;

impl Visitor for Text {
    type Output = String;

    fn visit<M: Model>(self) -> String {
        format!("{CUDA_PRELUDE}namespace braincog {{ namespace {} {{\n{}}} }}\n", M::NAME, M::CUDA)
    }
}

/// Appends a source with what it includes in its place, each once.
fn append(name: &str, text: &mut String, seen: &mut Vec<String>) {
    if seen.iter().any(|other| other == name) {
        return;
    }
    seen.push(name.to_string());
    let (_, source) = SOURCES.iter().find(|(other, _)| *other == name).expect("every source is listed");
    for line in source.lines().filter(|line| *line != "#pragma once") {
        match line.strip_prefix("#include \"").and_then(|rest| rest.strip_suffix('"')) {
            Some(included) => append(included, text, seen),
            None => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
}

/// The lowest header that drivers of today take, as the shipped kernels have it, and without constants of the source, which the compiler lists
/// though the code has their values.
fn lowered(ptx: &str) -> String {
    let mut text = String::with_capacity(ptx.len());
    for line in ptx.lines() {
        let line = match line.split_whitespace().next() {
            Some(".version") => ".version 6.3",
            Some(".target") => ".target sm_75",
            Some(".global") => continue,
            Some(".pragma") if line.contains("used_bytes_mask") => continue,
            _ => line,
        };
        text.push_str(line);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_one_text_that_includes_nothing() {
        for unit in ["deliver", "update/iaf_psc_exp"] {
            let (text, model) = text(unit).expect("it is shipped");
            assert!(!text.contains("#include") && text.matches("struct Ring {").count() == 1, "{unit}");
            assert_eq!(model, unit.strip_prefix("update/"));
        }
        assert!(super::text("update/no_model").is_none());
    }

    #[test]
    fn macros_that_tell_what_is_known_are_read_by_a_kernel() {
        for name in ["WHOLE_STATE", "ONE_SLOT", "ONLY_POISSON", "WHOLE_DRIVES", "N_DRIVES", "ONLY_STORED", "ONLY_MADE"] {
            let uses = SOURCES.iter().map(|(_, text)| text.matches(name).count()).sum::<usize>();
            // Asked for, given a value, described, and used.
            assert!(uses >= 4, "{name}: {uses}");
        }
    }

    #[test]
    fn what_is_made_has_the_header_of_what_is_shipped() {
        let made = ".version 9.3\n.target sm_75\n.global .align 4 .u32 A = 10;\n.visible .entry f(\n\t.pragma \"used_bytes_mask 1\";\n";
        assert_eq!(lowered(made), ".version 6.3\n.target sm_75\n.visible .entry f(\n");
    }
}
