//! Scripts that run the points of a sweep as a job array of a batch system.

use std::fmt::Write;
use std::path::Path;

/// A batch system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// SLURM: `sbatch`.
    Slurm,
    /// OpenPBS and PBS Professional: `qsub`.
    Pbs,
}

/// What a script has to say.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// Name of the sweep.
    pub name: &'a str,
    /// The program, and the folder that it is started in.
    pub program: &'a Path,
    /// Where relative paths start.
    pub folder: &'a Path,
    /// The sweep file.
    pub sweep: &'a Path,
    /// The folder of the results.
    pub out: &'a Path,
    /// Folder for the output of the tasks, which has to exist.
    pub logs: &'a Path,
    /// Points of the sweep.
    pub points: usize,
    /// Tasks of the array, at most as many as points.
    pub tasks: usize,
    /// Threads, and so processors, of each task.
    pub threads: usize,
    /// Memory that the largest point needs.
    pub bytes: f64,
}

/// Room beside the network: the program, buffers of files, the batch system's own idea of counting.
const EXTRA_BYTES: f64 = 256e6;

/// The script: bash, with the batch system's directives as comments.
pub fn script(system: System, job: &Job) -> String {
    let command = format!("{} sweep {} --out {}", quoted(job.program), quoted(job.sweep), quoted(job.out));
    let submit = if system == System::Slurm { "sbatch" } else { "qsub" };
    let mut text = format!(
        "#!/usr/bin/env bash\n\
         # Runs the {} points of the sweep {} in {} tasks. Submit it from any folder with {submit}.\n\
         #\n\
         # Submitted again it runs what is unfinished, and with `--retry-failed` in the last line also what failed.\n\
         # When all tasks have ended, this makes the tables and the comparison page, and says what failed:\n\
         #\n\
         #   cd {} && {command} --collect\n\
         #\n\
         # Time is a guess and yours to set; memory is what the largest point that was looked at needs, and some room.\n",
        job.points,
        job.name.replace(['\n', '\r'], " "),
        job.tasks,
        quoted(job.folder),
    );
    // Writing to a string cannot fail.
    let _ = write!(text, "{}", if system == System::Slurm { slurm(job) } else { pbs(job) });
    let (task, threads) = match system {
        System::Slurm => ("SLURM_ARRAY_TASK_ID", "SLURM_CPUS_PER_TASK"),
        System::Pbs => ("PBS_ARRAY_INDEX", "NCPUS"),
    };
    let _ = write!(
        text,
        "set -euo pipefail\ncd {}\n\
         # In the shell's place, so that the batch system's SIGTERM reaches the program, which then writes what it has.\n\
         exec {command} --chunk \"${{{task}:-1}}/{}\" --threads \"${{{threads}:-{}}}\"\n",
        quoted(job.folder),
        job.tasks,
        job.threads
    );
    text
}

fn slurm(job: &Job) -> String {
    format!(
        "#SBATCH --job-name={}\n#SBATCH --array=1-{}\n#SBATCH --ntasks=1\n#SBATCH --cpus-per-task={}\n#SBATCH --mem={}M\n\
         #SBATCH --time=01:00:00\n#SBATCH --signal=B:TERM@60\n#SBATCH --output=\"{}/%A_%a.log\"\n",
        word(job.name),
        job.tasks,
        job.threads,
        megabytes(job),
        job.logs.display()
    )
}

fn pbs(job: &Job) -> String {
    // PBS refuses an array of one task.
    let array = if job.tasks > 1 { format!("#PBS -J 1-{}\n", job.tasks) } else { String::new() };
    format!(
        "#PBS -N {}\n{array}#PBS -l select=1:ncpus={}:mem={}mb\n#PBS -l walltime=01:00:00\n#PBS -j oe\n#PBS -o {}/\n",
        word(job.name),
        job.threads,
        megabytes(job),
        job.logs.display()
    )
}

fn megabytes(job: &Job) -> u64 {
    ((job.bytes * 1.2 + EXTRA_BYTES) / f64::from(1 << 20)).ceil() as u64
}

/// A name as every batch system takes it: a letter, then at most 14 letters, digits, dashes and underscores.
fn word(name: &str) -> String {
    let plain = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' });
    let from_letter: String = plain.skip_while(|c| !c.is_ascii_alphabetic()).take(15).collect();
    if from_letter.is_empty() { "sweep".into() } else { from_letter }
}

/// A path as one word of a shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(tasks: usize) -> Job<'static> {
        Job {
            name: "7 coupling of regions",
            program: Path::new("/opt/braincog-sim"),
            folder: Path::new("/home/it's mine"),
            sweep: Path::new("sweeps/coupling.toml"),
            out: Path::new("out/coupling"),
            logs: Path::new("/home/logs"),
            points: 24,
            tasks,
            threads: 4,
            bytes: 1e9,
        }
    }

    #[test]
    fn both_systems_get_an_array_with_what_a_task_needs() {
        let slurm = script(System::Slurm, &job(12));
        for line in ["--job-name=coupling_of_reg", "--array=1-12", "--cpus-per-task=4", "--mem=1389M", "--output=\"/home/logs/%A_%a.log\""]
        {
            assert!(slurm.contains(&format!("#SBATCH {line}\n")), "{line} in {slurm}");
        }
        assert!(slurm.contains("cd '/home/it'\\''s mine'\n"));
        assert!(slurm.contains("--chunk \"${SLURM_ARRAY_TASK_ID:-1}/12\" --threads \"${SLURM_CPUS_PER_TASK:-4}\"\n"));
        let pbs = script(System::Pbs, &job(12));
        for line in ["-N coupling_of_reg", "-J 1-12", "-l select=1:ncpus=4:mem=1389mb"] {
            assert!(pbs.contains(&format!("#PBS {line}\n")), "{line} in {pbs}");
        }
        assert!(!script(System::Pbs, &job(1)).contains("#PBS -J"));
    }
}
