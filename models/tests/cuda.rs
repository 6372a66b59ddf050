//! Contract: the CUDA text of a model computes the same bits as its Rust. The judge needs no GPU: the
//! host's C++ compiler builds the emitted text, and both programs advance the same random neurons.
//! A snapshot of each text shows in review what a change of a model or of the toolchain does to it;
//! run with `UPDATE_CUDA=1` to accept it.

mod support;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use models::kit::{CUDA_PRELUDE, Columns, real};
use models::{Model, Visitor};
use support::{folder, from_values, values};

/// Neurons, and steps of each: more than 100,000 random steps per model.
const NEURONS: usize = 2000;
const STEPS: usize = 60;
const DT: f64 = 0.1;

/// Reads `substeps`, `steps`, propagators, states and one input per neuron and step; writes after every
/// step whether each neuron fired (as a real), and at the end all states.
const DRIVER: &str = r#"
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#define __device__
#define __forceinline__ inline
static unsigned __float_as_uint(float x) { unsigned u; std::memcpy(&u, &x, 4); return u; }
static float __uint_as_float(unsigned u) { float x; std::memcpy(&x, &u, 4); return x; }
#include "model.cu"
#undef let
using namespace braincog::model;
template <class T> static T take() {
    T x;
    if (std::fread(&x, sizeof x, 1, stdin) != 1) std::exit(1);
    return x;
}
int main() {
    const int substeps = take<int>(), steps = take<int>(), n = take<int>();
    const Propagators p = take<Propagators>();
    State* s = static_cast<State*>(std::malloc(sizeof(State) * n));
    for (int i = 0; i < n; ++i) s[i] = take<State>();
    for (int t = 0; t < steps; ++t)
        for (int i = 0; i < n; ++i) {
            const Input input = take<Input>();
            for (int k = 0; k < substeps; ++k) substep(p, s[i], input);
            const float fired = step(p, s[i], input) ? 1.0f : 0.0f;
            std::fwrite(&fired, 4, 1, stdout);
        }
    std::fwrite(s, sizeof(State), n, stdout);
    std::free(s);
    return 0;
}
"#;

/// A small generator of uniform numbers (splitmix64), enough to scatter states.
struct Random(u64);

impl Random {
    fn uniform(&mut self, low: f64, high: f64) -> real {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (low + (high - low) * ((z >> 11) as f64 / (1u64 << 53) as f64)) as real
    }

    /// A value that a quantity with this name and unit may well take.
    fn plausible(&mut self, name: &str, unit: &str) -> real {
        match (name, unit) {
            ("ref_left", _) => self.uniform(-3.0, 4.0).floor().max(0.0),
            ("wait" | "spikes" | "n_spikes", _) => self.uniform(-2.0, 9.0).floor().max(0.0),
            ("V_low" | "U_low" | "w_low" | "h_low" | "n_low", _) => self.uniform(-1e-6, 1e-6),
            ("inh", _) if self.uniform(0.0, 1.0) < 0.2 => self.uniform(-90.0, 0.0),
            ("ex" | "delta" | "syn" | "pulse", _) if self.uniform(0.0, 1.0) < 0.2 => self.uniform(0.0, 90.0),
            ("ex" | "inh" | "delta" | "syn" | "pulse", _) => 0.0,
            ("Act_m" | "Inact_h" | "Act_n", _) => self.uniform(0.0, 1.0),
            ("noise" | "B", _) => self.uniform(-2.5, 2.5),
            ("I_stim", _) => self.uniform(-200.0, 1500.0),
            (_, "mV") => self.uniform(-90.0, -40.0),
            _ => self.uniform(0.0, 60.0),
        }
    }

    fn columns<C: Columns>(&mut self) -> C {
        from_values(&C::FIELDS.iter().map(|f| self.plausible(f.name, f.unit)).collect::<Vec<_>>())
    }
}

/// The whole text of a model, as a `.cu` file includes it.
fn text<M: Model>(namespace: &str) -> String {
    format!("{CUDA_PRELUDE}namespace braincog {{ namespace {namespace} {{\n{}}} }}\n", M::CUDA)
}

struct Judge<'a> {
    compiler: &'a str,
    folder: PathBuf,
}

impl Visitor for Judge<'_> {
    type Output = usize;

    fn visit<M: Model>(self) -> usize {
        let program = self.build::<M>();
        let p = M::propagators(&M::Params::default(), DT, DT / M::substeps(DT).max(1) as f64).expect("defaults are right");
        let mut random = Random(M::NAME.len() as u64 * 7919);
        let mut states: Vec<M::State> = (0..NEURONS).map(|_| random.columns()).collect();
        let inputs: Vec<M::Input> = (0..NEURONS * STEPS).map(|_| random.columns()).collect();

        let mut stdin: Vec<u8> = [M::substeps(DT), STEPS as u32, NEURONS as u32].iter().flat_map(|n| n.to_le_bytes()).collect();
        extend(&mut stdin, p);
        states.iter().for_each(|s| extend(&mut stdin, *s));
        inputs.iter().for_each(|i| extend(&mut stdin, *i));
        let theirs = run(&program, stdin);

        let mut ours = vec![];
        let mut fired = 0;
        for step_inputs in inputs.chunks(NEURONS) {
            for (s, input) in states.iter_mut().zip(step_inputs) {
                (0..M::substeps(DT)).for_each(|_| M::substep(&p, s, input));
                let spike = M::step(&p, s, input);
                fired += spike as usize;
                ours.extend((spike as u8 as real).to_le_bytes());
            }
        }
        states.iter().for_each(|s| extend(&mut ours, *s));
        assert_eq!(ours.len(), theirs.len(), "{}: sizes of output", M::NAME);
        let at = ours.chunks(4).zip(theirs.chunks(4)).position(|(a, b)| a != b);
        assert_eq!(at, None, "{} under {}: first different value of {}", M::NAME, self.compiler, ours.len() / 4);
        let all = ours.chunks(4).map(|b| real::from_le_bytes([b[0], b[1], b[2], b[3]]));
        assert!(all.into_iter().all(|x| x.is_finite()), "{}: a random neuron left the numbers", M::NAME);
        fired
    }
}

impl Judge<'_> {
    fn build<M: Model>(&self) -> PathBuf {
        let file = |name: &str| self.folder.join(format!("{}_{name}", M::NAME));
        std::fs::create_dir_all(&self.folder).unwrap();
        let source = DRIVER.replace("model.cu", &format!("{}_model.cu", M::NAME));
        std::fs::write(file("model.cu"), text::<M>("model")).unwrap();
        std::fs::write(file("main.cpp"), source).unwrap();
        let program = file("program");
        let done = Command::new(self.compiler)
            .args(["-std=c++14", "-O2", "-ffp-contract=off", "-o"])
            .args([&program, &file("main.cpp")])
            .output()
            .expect("the compiler was found");
        assert!(done.status.success(), "{}: {}", M::NAME, String::from_utf8_lossy(&done.stderr));
        program
    }
}

fn extend<C: Columns>(bytes: &mut Vec<u8>, columns: C) {
    values(columns).iter().for_each(|x| bytes.extend(x.to_le_bytes()));
}

fn run(program: &Path, stdin: Vec<u8>) -> Vec<u8> {
    let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || pipe.write_all(&stdin).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    output.stdout
}

#[test]
fn emitted_text_computes_the_same_bits_as_rust() {
    let works = |c: &&str| Command::new(c).arg("--version").output().is_ok_and(|o| o.status.success());
    let found: Vec<&str> = ["g++", "clang++"].into_iter().filter(works).collect();
    if found.is_empty() {
        println!("skipped: no c++ compiler");
    }
    for compiler in found {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(compiler);
        for model in models::descriptions() {
            let fired = models::visit(model.name, Judge { compiler, folder: folder.clone() }).expect("listed models exist");
            println!("{compiler} {}: equal over {} steps, {fired} spikes", model.name, NEURONS * STEPS);
            assert!(fired > 0, "{}: no random neuron fired, the test is blind to resets", model.name);
        }
    }
}

struct Text;

impl Visitor for Text {
    type Output = String;

    fn visit<M: Model>(self) -> String {
        text::<M>(M::NAME)
    }
}

#[test]
fn emitted_text_is_the_one_that_was_reviewed() {
    let accept = std::env::var_os("UPDATE_CUDA").is_some();
    for model in models::descriptions() {
        let path = folder("cuda").join(format!("{}.cu", model.name));
        let now = models::visit(model.name, Text).expect("listed models exist");
        if accept {
            std::fs::write(&path, &now).unwrap();
        }
        let reviewed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(reviewed == now, "{path:?} differs from the text of {}; UPDATE_CUDA=1 accepts it", model.name);
    }
}
