//! The contract: a run with viewers has the spikes of a run without, waits for none of them, shows its page to nobody who does not
//! know the token, and gives the terminal back as it was, however it ends.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::{Folder, braincog_sim, run};

/// Two regions that keep each other busy.
const PAIR: &str = r#"
name = "pair"
[simulation]
duration = "300 ms"
seed = 5
[populations.E]
model = "iaf_psc_exp"
size = 80
[populations.I]
model = "iaf_psc_exp"
size = 20
[[projections]]
source = "E"
target = ["E", "I"]
rule = "fixed_indegree"
indegree = 10
weight = "20 pA"
delay = "1.5 ms"
[[stimuli]]
kind = "poisson_generator"
target = ["E", "I"]
rate = "8000 Hz"
weight = "40 pA"
"#;

fn started(folder: &Folder, out: &str, more: &[&str]) -> Child {
    let mut command = braincog_sim();
    command.arg(folder.path().join("pair.toml")).arg("--out").arg(folder.path().join(out)).args(more);
    command.stderr(Stdio::piped()).spawn().expect("the program starts")
}

/// The address that a run prints, as port and token, and what it says after that.
fn address(child: &mut Child) -> (u16, String, BufReader<std::process::ChildStderr>) {
    let mut said = BufReader::new(child.stderr.take().expect("stderr is piped"));
    let mut line = String::new();
    while said.read_line(&mut line).is_ok_and(|n| n > 0) {
        if let Some(at) = line.find("http://127.0.0.1:") {
            let mut parts = line[at + 17..].trim().split('/');
            let (port, token) = (parts.next().unwrap().parse().unwrap(), parts.next().unwrap().to_owned());
            return (port, token, said);
        }
        line.clear();
    }
    panic!("no address was printed");
}

fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the server listens");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n").unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

fn checksum(folder: &Folder, out: &str) -> Value {
    let report: Value = serde_json::from_slice(&fs::read(folder.path().join(out).join("report.json")).unwrap()).unwrap();
    report["spike_checksum"].clone()
}

#[test]
fn viewers_change_nothing_and_the_token_is_needed() {
    let folder = Folder::new("live");
    folder.file("pair.toml", PAIR);
    let mut plain = started(&folder, "plain", &["--no-report"]);
    assert_eq!(plain.wait().unwrap().code(), Some(0));
    let mut child = started(&folder, "watched", &["--live", "--threads", "2"]);
    let (port, token, mut said) = address(&mut child);
    // A viewer that asks for the page and never reads it, and one that never asks.
    let mut slow = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(slow, "GET /{token}/ HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let dead = TcpStream::connect(("127.0.0.1", port)).unwrap();
    assert!(get(port, "/").starts_with("HTTP/1.1 403"));
    let page = get(port, &format!("/{token}/"));
    assert!(
        page.starts_with("HTTP/1.1 200") && page.contains("BrainCog live view") && page.contains("\"pair\""),
        "{}",
        &page[..200.min(page.len())]
    );
    let state: Value = serde_json::from_str(get(port, &format!("/{token}/state")).split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(state["means"].as_array().unwrap().len(), 2, "a row per population: {state}");
    let ended = child.wait().unwrap();
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert_eq!(ended.code(), Some(0), "{rest}");
    assert!(!rest.contains(&token), "the address is printed once");
    assert_eq!(checksum(&folder, "plain"), checksum(&folder, "watched"));
    drop((slow, dead));
}

#[test]
fn a_port_in_use_and_a_quiet_view_are_refused() {
    let folder = Folder::new("live-refused");
    let pair = folder.file("pair.toml", PAIR);
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let out = folder.path().join("out");
    let said = run(braincog_sim().arg(&pair).args(["--live", &port, "--out"]).arg(&out));
    assert_eq!(said.code, 2, "{}", said.err);
    assert!(said.err.contains(&format!("cannot serve a page on 127.0.0.1, port {port}")), "{}", said.err);
    for view in ["--live", "--tui"] {
        let said = run(braincog_sim().arg(&pair).args([view, "--quiet"]));
        assert!(said.code == 2 && said.err.contains("cannot be used with"), "{}", said.err);
    }
    let said = run(braincog_sim().arg("--live").arg(&pair));
    assert!(said.code == 2 && said.err.contains("the scenario comes before --live"), "{}", said.err);
}

#[test]
fn without_a_terminal_progress_is_plain() {
    let folder = Folder::new("tui-none");
    let pair = folder.file("pair.toml", PAIR);
    let said = run(braincog_sim().arg(&pair).arg("--out").arg(folder.path().join("out")).arg("--tui"));
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(said.err.matches("no terminal to draw on").count(), 1, "{}", said.err);
    assert!(said.err.contains("simulate") && !said.err.contains('\u{1b}'), "{}", said.err);
}

/// A terminal in which a shell runs.
struct Tmux {
    socket: String,
}

impl Tmux {
    /// None where there is no tmux.
    fn open(name: &str) -> Option<Self> {
        let tmux = Tmux { socket: format!("braincog-{name}-{}", std::process::id()) };
        let started = tmux.command(&["-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40", "sh"]).status();
        if started.is_err() {
            println!("skipped: no tmux");
            return None;
        }
        Some(tmux)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command.args(["-L", &self.socket]).args(args).env_remove("TMUX").env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
        command
    }

    fn keys(&self, keys: &[&str]) {
        assert!(self.command(&[&["send-keys"], keys].concat()).status().unwrap().success());
    }

    fn screen(&self) -> String {
        String::from_utf8_lossy(&self.command(&["capture-pane", "-p"]).output().unwrap().stdout).into_owned()
    }

    fn wait_for(&self, what: &str, seen: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let screen = self.screen();
            if seen(&screen) {
                return screen;
            }
            assert!(Instant::now() < until, "{what} does not come:\n{screen}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = self.command(&["kill-server"]).status();
    }
}

#[test]
fn the_terminal_view_shows_the_run_and_gives_the_terminal_back() {
    let Some(tmux) = Tmux::open("tui") else { return };
    let folder = Folder::new("tui");
    let pair = folder.file("pair.toml", PAIR);
    let program = braincog_sim().get_program().to_string_lossy().into_owned();
    let line = |out: &str, more: &str| {
        let out = folder.path().join(out);
        format!(
            "clear; {program} {} --out {} --tui --threads 1 {more}; echo code=$?; stty -a | tr ' ' '\\n' | grep -x -e icanon -e echo | tr '\\n' '.'",
            pair.display(),
            out.display()
        )
    };
    let back = |screen: &str, code: i32| {
        screen.contains(&format!("code={code}\n")) && screen.contains("icanon.echo.") && !screen.contains("q  stop")
    };
    let running = |screen: &str| {
        ["pair", "simulate", " E ", " I ", "rate now", "messages", "q  stop", "deliver"].iter().all(|part| screen.contains(part))
    };

    // `q` stops as Ctrl-C does, and all lines are there afterwards.
    tmux.keys(&[&line("stopped", "--time '10000 s'"), "Enter"]);
    tmux.wait_for("the view", running);
    tmux.keys(&["q"]);
    let screen = tmux.wait_for("the terminal after q", |screen| back(screen, 130));
    assert!(screen.contains("build") && screen.contains("stopped  after"), "{screen}");

    // So does Ctrl-C itself.
    tmux.keys(&[&line("interrupted", "--time '10000 s'"), "Enter"]);
    tmux.wait_for("the view", running);
    tmux.keys(&["C-c"]);
    tmux.wait_for("the terminal after Ctrl-C", |screen| back(screen, 130));

    // The end of a run.
    tmux.keys(&[&line("done", ""), "Enter"]);
    tmux.wait_for("the terminal after the end", |screen| back(screen, 0));

    // Two signals, of which the second ends the process at once.
    tmux.keys(&[&line("terminated", "--time '10000 s'"), "Enter"]);
    tmux.wait_for("the view", running);
    let owner = fs::read_to_string(folder.path().join("terminated/.lock")).unwrap();
    for _ in 0..2 {
        // After the first the process may be gone already.
        let _ = Command::new("kill").args(["-TERM", owner.trim()]).stderr(Stdio::null()).status();
    }
    tmux.wait_for("the terminal after SIGTERM", |screen| back(screen, 143));
}
