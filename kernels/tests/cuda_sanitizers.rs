//! Contract: the device kernels, compiled as C++ of the host with their threads on fibers, give the host's sums, and neither
//! the thread sanitizer nor the address sanitizer has anything to say: a second opinion beside the host driver's, on the
//! source rather than on what the compiler made of it. See `tests/sanitizers`.
#![allow(unsafe_code)] // as in `support`

mod support;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use kernels::quantile::standard_normal;
use models::kit::CUDA_PRELUDE;
use support::network::{CAPACITY, Course, START, Tables, mixed};
use support::population::Record;
use support::{bytes, put};

/// What looks on.
struct Sanitizer {
    name: &'static str,
    /// What the compiler wants for it, and for the fibers.
    arguments: &'static [&'static str],
    fibers: &'static [&'static str],
    /// What it says to every program of ours.
    noise: &'static str,
}

const THREAD: Sanitizer = Sanitizer { name: "thread", arguments: &["-fsanitize=thread"], fibers: &["-DWITH_TSAN"], noise: "" };
const ADDRESS: Sanitizer = Sanitizer {
    name: "address",
    arguments: &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
    fibers: &[],
    noise: "WARNING: ASan doesn't fully support makecontext/swapcontext",
};

/// Makes programs in a folder of its own, which also has a copy of the kernels.
struct Workshop<'a> {
    folder: PathBuf,
    sanitizer: &'a Sanitizer,
}

impl Workshop<'_> {
    /// `None` where there is no compiler that has the sanitizer.
    fn new<'a>(name: &str, sanitizer: &'a Sanitizer) -> Option<Workshop<'a>> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", sanitizer.name));
        std::fs::create_dir_all(&folder).expect("it can be made");
        let workshop = Workshop { folder, sanitizer };
        for (name, text) in kernels() {
            workshop.write(&name, &text);
        }
        workshop.write("kit.cuh", CUDA_PRELUDE);
        let probe = workshop.write("probe.cpp", "int main() { return 0; }");
        let program = workshop.folder.join("probe");
        let made = workshop.compile(sanitizer.arguments, &[&probe], &program).is_some_and(|out| out.status.success());
        if made && Command::new(&program).status().is_ok_and(|status| status.success()) {
            return Some(workshop);
        }
        println!("skipped: no g++ with -fsanitize={}", sanitizer.name);
        None
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.join(name);
        std::fs::write(&path, text).expect("the folder can be written");
        path
    }

    fn compile(&self, arguments: &[&str], files: &[&Path], to: &Path) -> Option<Output> {
        let mut command = Command::new("g++");
        command.args(["-std=c++20", "-O1", "-g", "-ffp-contract=off", "-Wno-unknown-pragmas"]).args(arguments).args(files);
        command.arg("-o").arg(to).arg("-I").arg(&self.folder).arg("-I").arg(sources());
        command.output().ok()
    }

    /// The program that is made of `source`.
    fn build(&self, source: &str, defines: &[&str]) -> PathBuf {
        // What runs the fibers is no part of what is looked at.
        let (fibers, program) = (self.folder.join("fibers.o"), self.folder.join(source));
        let cpp = |name: &str| sources().join(format!("{name}.cpp"));
        for (arguments, files, to) in [
            ([self.sanitizer.fibers, &["-c"]].concat(), vec![cpp("fibers")], &fibers),
            ([self.sanitizer.arguments, defines].concat(), vec![cpp(source), fibers.clone()], &program),
        ] {
            let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
            let out = self.compile(&arguments, &files, to).expect("the compiler was there");
            assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        }
        program
    }

    /// What a program writes when it reads `input`, if it ends well and the sanitizer has nothing to say; else what it says.
    fn run(&self, program: &Path, input: &[u8]) -> Result<Vec<u8>, String> {
        let piped = || Stdio::piped();
        // A kernel that went wrong may never end.
        let mut command = Command::new(program);
        command.env("TSAN_OPTIONS", "halt_on_error=1").stdin(piped()).stdout(piped()).stderr(piped());
        let mut child = command.spawn().expect("the program was made");
        let mut stdin = child.stdin.take().expect("it is piped");
        let out = std::thread::scope(|scope| {
            scope.spawn(move || stdin.write_all(input).ok());
            child.wait_with_output().expect("it ends")
        });
        let said = String::from_utf8_lossy(&out.stderr);
        let is_noise = |line: &&str| !self.sanitizer.noise.is_empty() && line.contains(self.sanitizer.noise);
        let said: Vec<_> = said.lines().filter(|line| !line.is_empty() && !is_noise(line)).collect();
        if out.status.success() && said.is_empty() { Ok(out.stdout) } else { Err(format!("{}\n{}", out.status, said.join("\n"))) }
    }
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sanitizers")
}

/// Names and texts of the kernels.
fn kernels() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cuda");
    let files = std::fs::read_dir(folder).expect("it is there").map(|file| file.expect("it is there").path());
    let kernels = files.filter(|path| path.extension().is_some_and(|ending| ending == "cu" || ending == "cuh"));
    kernels
        .map(|path| (path.file_name().expect("it has one").to_string_lossy().into(), std::fs::read_to_string(&path).expect("it is text")))
        .collect()
}

/// Input of `deliver` for the first `n` steps of a course.
fn delivery(course: &Course, tables: &Tables, n: usize) -> Vec<u8> {
    let mut input = Vec::new();
    for number in [tables.span(), 2, n as u32, CAPACITY as u32, START] {
        input.extend(number.to_le_bytes());
    }
    input.extend(bytes(&[tables.sums()]));
    put(&mut input, &tables.image.rows);
    put(&mut input, &tables.image.heads);
    put(&mut input, tables.image.words.as_chunks::<4>().0);
    put(&mut input, &tables.image.kinds);
    put(&mut input, &tables.recipes.leads);
    put(&mut input, &tables.recipes.ways);
    put(&mut input, &tables.recipes.spans);
    put(&mut input, &tables.recipes.first_ids);
    put(&mut input, &tables.recipes.places);
    put(&mut input, &tables.recipes.before);
    put(&mut input, &tables.recipes.turns);
    put(&mut input, tables.recipes.positions.as_flattened());
    put(&mut input, standard_normal().rows());
    course.fired.iter().for_each(|fired| put(&mut input, fired));
    input
}

#[test]
fn delivery_gives_the_hosts_sums_under_sanitizers() {
    let (network, procedural) = mixed();
    let course = Course::new(&network, 4);
    let input = delivery(&course, &Tables::new(&network, &procedural), course.fired.len());
    let expected = course.sums.concat();
    for sanitizer in [THREAD, ADDRESS] {
        let Some(workshop) = Workshop::new("deliver", &sanitizer) else { continue };
        let written = workshop.run(&workshop.build("deliver", &[]), &input).unwrap_or_else(|said| panic!("{}: {said}", sanitizer.name));
        let (sums, tally) = written.split_at(size_of_val(&*expected));
        assert!(sums == bytes(&expected), "{}: other sums", sanitizer.name);
        assert_eq!(tally[..8], course.events.to_le_bytes(), "{}: other events", sanitizer.name);
    }
}

#[test]
fn updates_give_the_hosts_neurons_under_sanitizers() {
    for model in ["iaf_psc_exp", "adth", "aeif_braincog"] {
        let recording = models::visit(model, Record(25)).expect("the model is in the list");
        let text = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../models/tests/cuda/{model}.cu"));
        let text = std::fs::read_to_string(text).expect("every model has its text");
        for sanitizer in [THREAD, ADDRESS] {
            let Some(workshop) = Workshop::new(model, &sanitizer) else { continue };
            workshop.write("model.cu", &text);
            let program = workshop.build("update", &[&format!("-DMODEL={model}")]);
            let written = workshop.run(&program, &recording.input).unwrap_or_else(|said| panic!("{model}, {}: {said}", sanitizer.name));
            let (words, _) = written.as_chunks::<4>();
            let mut words = words.iter().map(|word| u32::from_le_bytes(*word));
            for (step, expected) in recording.fired.iter().enumerate() {
                let n = words.next().expect("every step tells who fired") as usize;
                let mut fired: Vec<_> = words.by_ref().take(n).collect();
                fired.sort_unstable();
                assert_eq!(fired, *expected, "{model}, {}: step {step}", sanitizer.name);
            }
            let tiles: Vec<u32> = recording.tiles.iter().map(|x| x.to_bits()).collect();
            assert!(words.collect::<Vec<_>>() == tiles, "{model}, {}: other state", sanitizer.name);
        }
        println!("{model}: equal over {} spikes", recording.fired.iter().map(Vec::len).sum::<usize>());
    }
}

#[test]
fn sanitizers_notice_mistakes_of_delivery() {
    let (network, procedural) = mixed();
    let course = Course::new(&network, 3);
    // As many steps as it takes until what was stored is due.
    let input = delivery(&course, &Tables::new(&network, &procedural), 10);
    let mutants = [
        (&THREAD, "stored.cuh", "{ atomicAdd(cells + target, weight); }", "{ cells[target] += weight; }"),
        (&THREAD, "stored.cuh", "        __syncwarp();\n", ""),
        (
            &THREAD,
            "made.cuh",
            "        __syncwarp();\n        if (lane < BLOCKS) spread(way.thinning",
            "        if (lane < BLOCKS) spread(way.thinning",
        ),
        (&THREAD, "made.cuh", "        __syncwarp();\n        make_targets", "        make_targets"),
        (&ADDRESS, "deliver.cu", "p < means.n_populations", "p <= means.n_populations"),
        (&ADDRESS, "made.cuh", "c < made.n_classes", "c <= made.n_classes"),
    ];
    for (sanitizer, file, from, to) in mutants {
        let Some(workshop) = Workshop::new("mutant", sanitizer) else { continue };
        let (_, text) = kernels().into_iter().find(|(name, _)| name == file).expect("it is there");
        assert!(text.contains(from), "{file} has `{from}`");
        workshop.write(file, &text.replacen(from, to, 1));
        let Err(said) = workshop.run(&workshop.build("deliver", &[]), &input) else {
            panic!("nothing noticed: {file} with `{to}` for `{from}`");
        };
        println!(
            "{file} with `{to}` for `{from}`: {}",
            said.lines().find(|line| line.contains("WARNING") || line.contains("ERROR")).unwrap_or(&said)
        );
    }
}
