//! What the black-box and cross-crate tests share: the program itself and folders to run it in.
//!
//! The tests lie in `tests/tests`, one file per contract, each opened by a paragraph that states the contract.

mod shipped;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs};

pub use shipped::{shipped, shrink};

/// The root of the workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in a folder of the workspace")
}

/// `braincog-sim`, built in the profile of the tests, with the root of the workspace as its current folder.
pub fn braincog_sim() -> Command {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    command(PROGRAM.get_or_init(|| build_program(&[])))
}

/// `braincog-sim` built with MPI, on as many ranks as are asked for; `None`, and says so, where there is no MPI.
pub fn mpirun(ranks: usize) -> Option<Command> {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = |program: &str| Command::new(program).arg("--version").output().is_ok_and(|o| o.status.success());
    let program = PROGRAM.get_or_init(|| {
        let missing = ["mpicc", "mpirun"].into_iter().find(|program| !found(program));
        if let Some(missing) = missing {
            println!("skipped: no {missing}");
            return None;
        }
        // The other tests want theirs in the same place.
        let built = build_program(&["--features", "mpi"]);
        let own = built.with_file_name("braincog-sim-mpi");
        fs::copy(built, &own).expect("the program can be copied beside itself");
        Some(own)
    });
    let mut command = command(Path::new("mpirun"));
    command.args(["--oversubscribe", "-n", &ranks.to_string()]).arg(program.as_ref()?);
    // Containers run tests as root, and give them no way to read other processes' memory.
    command.envs([
        ("OMPI_ALLOW_RUN_AS_ROOT", "1"),
        ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
        ("OMPI_MCA_btl_vader_single_copy_mechanism", "none"),
    ]);
    Some(command)
}

fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).stdin(std::process::Stdio::null());
    // A test may itself run under a launcher or a batch system; the program must not see that.
    for name in ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MPI_LOCALNRANKS", "SLURM_NTASKS", "SLURM_PROCID"] {
        command.env_remove(name);
    }
    command
}

fn build_program(more: &[&str]) -> PathBuf {
    build(&[&["--package", "braincog-sim", "--bin", "braincog-sim"], more].concat(), "/braincog-sim")
}

/// Lets a program find the host driver as its CUDA driver: a device that interprets kernels, slowly and with every check.
#[cfg(target_os = "linux")]
pub fn with_host_driver(command: &mut Command) -> &mut Command {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    command.env("LD_LIBRARY_PATH", FOLDER.get_or_init(host_driver))
}

/// Where a driver is looked for is decided when a process starts: so a test that is to have the host driver in its own process runs once more in
/// one that finds it. True there; false in the process that has waited for it, where nothing is left to do.
#[cfg(target_os = "linux")]
pub fn on_host_driver(test: &str) -> bool {
    const MARK: &str = "BRAINCOG_TEST_ON_HOST_DRIVER";
    if env::var_os(MARK).is_some() {
        return true;
    }
    let program = env::current_exe().expect("a test program has a path");
    let mut command = Command::new(program);
    command.args(["--exact", test, "--nocapture"]).env(MARK, "1");
    let said = run(with_host_driver(&mut command));
    println!("{}", said.out);
    assert_eq!(said.code, 0, "{test} on the host driver: {}", said.err);
    // A name that no test has would run nothing.
    assert!(said.out.contains("test result: ok. 1 passed"), "{test}: {}", said.out);
    false
}

/// A folder in which the host driver has the name of a CUDA driver.
#[cfg(target_os = "linux")]
fn host_driver() -> PathBuf {
    let library = build(&["--package", "host-driver", "--lib"], "/libhost_driver.so");
    let folder = library.with_file_name("host-driver-as-cuda");
    fs::create_dir_all(&folder).expect("a folder can be made beside what cargo builds");
    match std::os::unix::fs::symlink(&library, folder.join("libcuda.so")) {
        // It is there from an earlier test.
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => panic!("{folder:?}: {error}"),
        _ => folder,
    }
}

/// Cargo builds a binary for tests of its own package only, so it is asked here: the path of what ends in `name`.
fn build(what: &[&str], name: &str) -> PathBuf {
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--quiet", "--profile", profile, "--message-format=json"])
        .args(what)
        .current_dir(root())
        .output()
        .expect("cargo is there: it runs this test");
    let messages = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{what:?} does not build:\n{}", String::from_utf8_lossy(&output.stderr));
    PathBuf::from(messages.split('"').find(|text| text.ends_with(name)).expect("cargo names what it has built"))
}

/// An empty folder that is removed when this is dropped.
pub struct Folder(PathBuf);

impl Folder {
    /// A new folder; `name` helps to recognise it.
    pub fn new(name: &str) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("braincog-{name}-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).expect("the system's folder for temporary files can be written");
        Folder(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file into it and returns its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).expect("a file can be written into a new folder");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A test that failed has said why; what it leaves is in the way of nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a program said and how it ended.
#[derive(Debug)]
pub struct Said {
    /// Exit code; -1 where a signal ended it.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Said {
    let Output { status, stdout, stderr } = command.output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Said { code: status.code().unwrap_or(-1), out: text(stdout), err: text(stderr) }
}
