//! Whatever comes over the wire: the right token and host get the page, all else an answer or a closed connection, in bounded time.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::super::board::{Activity, Board, End, Subject};
use super::{Content, MOST_CONNECTIONS, Patience, Server};
use crate::report::Rows;

fn board() -> Arc<Board> {
    let rows = Rows { labels: vec!["V1".into(), "V2".into()], neurons: vec![10, 20], of_population: vec![Some(0), Some(1)] };
    let board = Board::new(Subject { name: "x".into(), neurons: 30, duration_ms: 1000.0, dt: 0.1, rows });
    let mut activity = Activity::clone(&board.activity());
    for step in 1..=1000 {
        activity.recent.add(step, 0);
        activity.whole.add(step, 1);
    }
    activity.recent.until(1000);
    activity.whole.until(1000);
    board.leave(activity);
    Arc::new(board)
}

fn server(report: &Path) -> (Server, Arc<Board>) {
    let board = board();
    let content = Content { page: "the page".into(), board: board.clone(), report: report.into() };
    let patience = Patience {
        request: Duration::from_millis(400),
        answer: Duration::from_millis(800),
        presence: Duration::from_millis(300),
        farewell: Duration::from_secs(5),
    };
    (Server::open(None, content, patience).unwrap(), board)
}

/// Sends bytes as they are and returns all that comes back, whatever becomes of the connection.
fn send(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    // The server may have seen enough before all is sent.
    let _ = stream.write_all(bytes);
    let mut back = Vec::new();
    let _ = stream.read_to_end(&mut back);
    String::from_utf8_lossy(&back).into_owned()
}

fn ask(server: &Server, method: &str, path: &str, host: &str) -> String {
    send(server, format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes())
}

fn get(server: &Server, rest: &str) -> String {
    ask(server, "GET", &format!("/{}/{rest}", server.token), "127.0.0.1")
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

#[test]
fn the_token_and_the_host_open_the_page_and_nothing_else_does() {
    let (server, _) = server(Path::new("/nowhere"));
    let page = get(&server, "");
    assert!(status(&page) == "200" && page.ends_with("\r\n\r\nthe page"), "{page}");
    assert!(page.contains("Content-Security-Policy: default-src 'none'") && page.contains("Cache-Control: no-store"));
    let token = &server.token;
    assert_eq!(token.len(), 32);
    let almost = format!("{}{}", &token[..31], if token.ends_with('0') { '1' } else { '0' });
    for path in [
        "/",
        "/state",
        "//",
        "/report.html",
        &format!("/{almost}/"),
        &format!("/{}/", &token[..31]),
        &format!("/x/{token}/"),
        &format!("/{token}"),
    ] {
        let expected = if path.ends_with(token.as_str()) { "404" } else { "403" };
        assert_eq!(status(&ask(&server, "GET", path, "127.0.0.1")), expected, "{path}");
    }
    for host in ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""] {
        assert_eq!(status(&ask(&server, "GET", &format!("/{token}/"), host)), "403", "{host}");
    }
    assert_eq!(status(&ask(&server, "GET", &format!("/{token}/"), "localhost:9999")), "200", "through a tunnel");
}

#[test]
fn two_servers_have_different_tokens() {
    assert_ne!(server(Path::new("/nowhere")).0.token, server(Path::new("/nowhere")).0.token);
}

#[test]
fn it_can_only_be_read() {
    let (server, _) = server(Path::new("/nowhere"));
    let path = format!("/{}/", server.token);
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"] {
        assert_eq!(status(&ask(&server, method, &path, "localhost")), "405", "{method}");
    }
    let head = ask(&server, "HEAD", &path, "localhost");
    assert!(status(&head) == "200" && head.contains("Content-Length: 8") && head.ends_with("\r\n\r\n"), "{head}");
    assert_eq!(status(&get(&server, "nothing")), "404");
    assert_eq!(status(&get(&server, "../../etc/passwd")), "404");
}

#[test]
fn a_page_gets_only_the_bins_that_it_does_not_have() {
    let (server, _) = server(Path::new("/nowhere"));
    let state =
        |query: &str| -> Value { serde_json::from_str(get(&server, &format!("state{query}")).split_once("\r\n\r\n").unwrap().1).unwrap() };
    let all = state("");
    assert_eq!((&all["recent"]["bins"], &all["recent"]["bin_ms"], &all["whole"]["bins"]), (&20.into(), &5.0.into(), &40.into()));
    // A spike per step in ten neurons.
    assert_eq!(all["recent"]["values"]["highest"], 1000.0);
    let rest = state("?whole=39&recent=20");
    assert_eq!((&rest["whole"]["first"], &rest["whole"]["bins"], &rest["recent"]["bins"]), (&39.into(), &1.into(), &0.into()));
    let ahead = state("?whole=18446744073709551615&recent=x");
    assert_eq!((&ahead["whole"]["bins"], &ahead["recent"]["bins"]), (&0.into(), &20.into()));
}

#[test]
fn the_report_is_there_after_the_end() {
    let folder = std::env::temp_dir().join(format!("braincog-live-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let report = folder.join("report.html");
    std::fs::write(&report, "of an earlier run").unwrap();
    let (server, board) = server(&report);
    assert_eq!(status(&get(&server, "report.html")), "404");
    std::fs::write(&report, "of this run").unwrap();
    board.end(End::Done);
    assert!(get(&server, "report.html").ends_with("of this run"));
    assert!(get(&server, "state").contains(r#""end":{"how":"done","report":true}"#));
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(status(&get(&server, "report.html")), "404");
}

#[test]
fn garbage_gets_an_answer_or_nothing_and_the_next_viewer_the_page() {
    let (server, _) = server(Path::new("/nowhere"));
    // A linear congruential generator (Knuth's MMIX constants).
    let mut state = 7u64;
    let mut byte = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 56) as u8
    };
    for round in 0..60 {
        let mut bytes: Vec<u8> = (0..round * 10).map(|_| byte()).collect();
        if round % 2 == 0 {
            bytes.extend_from_slice(b"\r\n\r\n");
        }
        let answer = send(&server, &bytes);
        assert!(["400", "408", "none"].contains(&status(&answer)), "{answer}");
    }
    for bad in ["GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "\r\n\r\n", "GET\r\n\r\n", "\u{16}\u{3}\u{1} tls hello\r\n\r\n"] {
        assert_eq!(status(&send(&server, bad.as_bytes())), "400", "{bad}");
    }
    assert_eq!(status(&get(&server, "")), "200");
}

#[test]
fn huge_heads_are_refused() {
    let (server, _) = server(Path::new("/nowhere"));
    let line = format!("GET /{}/ HTTP/1.1\r\nHost: localhost\r\n", server.token);
    for head in [format!("{line}X: {}\r\n\r\n", "y".repeat(1 << 20)), format!("{line}{}", "X: y\r\n".repeat(100_000)), "G".repeat(1 << 20)]
    {
        let answer = send(&server, head.as_bytes());
        // Where more was sent than is read, the system may drop the answer.
        assert!(["431", "none"].contains(&status(&answer)), "{answer}");
    }
    assert_eq!(status(&send(&server, format!("{line}X: {}\r\n\r\n", "y".repeat(8000)).as_bytes())), "200");
}

#[test]
fn who_sends_a_byte_now_and_then_is_cut_off_and_holds_up_nobody() {
    let (server, _) = server(Path::new("/nowhere"));
    let started = Instant::now();
    let mut slow = TcpStream::connect(server.address).unwrap();
    for byte in b"GET / HT" {
        slow.write_all(&[*byte]).unwrap();
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(status(&get(&server, "")), "200", "others are served meanwhile");
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert_eq!(status(&answer), "408");
    assert!(started.elapsed() >= Duration::from_millis(400));
}

#[test]
fn connections_that_say_nothing_are_limited_and_end() {
    let (server, _) = server(Path::new("/nowhere"));
    let idle: Vec<TcpStream> = (0..4 * MOST_CONNECTIONS).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    let until = Instant::now() + Duration::from_secs(20);
    while status(&get(&server, "")) != "200" {
        assert!(Instant::now() < until, "the page comes back when idle connections have been cut off");
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(idle);
}

#[test]
fn a_viewer_that_never_reads_is_given_up() {
    let page = "x".repeat(64 << 20);
    let content = Content { page, board: board(), report: "/nowhere".into() };
    let server = Server::open(None, content, Patience { answer: Duration::from_millis(300), ..Patience::default() }).unwrap();
    let mut stream = TcpStream::connect(server.address).unwrap();
    write!(stream, "GET /{}/ HTTP/1.1\r\nHost: localhost\r\n\r\n", server.token).unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    std::thread::sleep(Duration::from_millis(100));
    while server.shared.open.load(super::Ordering::Acquire) > 0 {
        assert!(Instant::now() < until, "the connection is closed though nobody reads");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_end_waits_for_viewers_that_are_there_and_for_nobody_else() {
    let (server, _) = server(Path::new("/nowhere"));
    let time = |server: &Server| {
        let started = Instant::now();
        server.farewell();
        started.elapsed()
    };
    assert!(time(&server) < Duration::from_millis(200), "nobody ever came");
    get(&server, "state");
    let waited = time(&server);
    assert!(waited >= Duration::from_millis(150) && waited < Duration::from_secs(4), "{waited:?}");
    assert!(time(&server) < Duration::from_millis(200), "the viewer is gone");
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let (server, board) = server(Path::new("/nowhere"));
    let content = Content { page: String::new(), board, report: "/nowhere".into() };
    assert!(Server::open(Some(server.address.port()), content, Patience::default()).is_err());
}
