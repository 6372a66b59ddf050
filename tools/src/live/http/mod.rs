//! A web server for the page of one run: on this machine only, for whoever knows the token, read-only.
//!
//! Every connection has a thread of its own for one request, and an end: a limit on threads, on the size of a request and on the
//! time for it and for the answer. So neither garbage nor a viewer that sends or reads a byte a second holds anything up for long, and
//! the run never knows.

mod request;
mod response;

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::board::Board;
use super::state;
use request::{Fault, Request};
use response::Response;

/// Connections at the same time; a browser opens at most six.
const MOST_CONNECTIONS: usize = 16;
const HTML: &str = "text/html; charset=utf-8";

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// A request, from the first byte to the last.
    pub(crate) request: Duration,
    /// An answer, until it is read.
    pub(crate) answer: Duration,
    /// Viewers count as present for this long after their last request.
    pub(crate) presence: Duration,
    /// At the end of the run its viewers get this long to fetch what is left.
    pub(crate) farewell: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Patience { request: seconds(5), answer: seconds(20), presence: seconds(3), farewell: seconds(10) }
    }
}

/// What is served.
pub(crate) struct Content {
    /// The page.
    pub(crate) page: String,
    /// What it asks for again and again.
    pub(crate) board: Arc<Board>,
    /// The report, which is there when the run has ended.
    pub(crate) report: PathBuf,
}

/// A server that runs until it is closed.
pub(crate) struct Server {
    address: SocketAddr,
    token: String,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

struct Shared {
    content: Content,
    token: String,
    patience: Patience,
    open: AtomicUsize,
    closing: AtomicBool,
    /// When somebody with the token last asked for something.
    asked: Mutex<Option<Instant>>,
}

impl Server {
    /// Listens on 127.0.0.1 at this port, or at any that is free.
    pub(crate) fn open(port: Option<u16>, content: Content, patience: Patience) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(0)))?;
        let address = listener.local_addr()?;
        let token = token()?;
        let shared = Shared {
            content,
            token: token.clone(),
            patience,
            open: AtomicUsize::new(0),
            closing: AtomicBool::new(false),
            asked: Mutex::new(None),
        };
        let shared = Arc::new(shared);
        let world = shared.clone();
        let listening = thread::Builder::new().name("live".into()).spawn(move || listen(&listener, &world))?;
        Ok(Server { address, token, shared, listening: Some(listening) })
    }

    /// Where the page is.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/{}/", self.address, self.token)
    }

    /// Lets viewers that are there see the end: waits until they have gone quiet, and no longer than they are given.
    pub(crate) fn farewell(&self) {
        let Patience { presence, farewell, .. } = self.shared.patience;
        let end = Instant::now() + farewell;
        let present = || self.shared.asked().is_some_and(|last| last.elapsed() < presence);
        while Instant::now() < end && (present() || (self.shared.asked().is_some() && self.shared.open.load(Ordering::Acquire) > 0)) {
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::Release);
        // Wakes the thread that waits for connections.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

impl Shared {
    fn asked(&self) -> Option<Instant> {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 128 bits that nobody can guess, from the operating system.
fn token() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

/// Takes connections until the server is closed.
fn listen(listener: &TcpListener, shared: &Arc<Shared>) {
    while !shared.closing.load(Ordering::Acquire) {
        match listener.accept() {
            Ok((stream, _)) if !shared.closing.load(Ordering::Acquire) => take(stream, shared),
            Ok(_) => break,
            // Such as no more file descriptors: others may close theirs.
            Err(_) => thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// Counts an open connection.
struct Open(Arc<Shared>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::AcqRel);
    }
}

fn take(stream: TcpStream, shared: &Arc<Shared>) {
    shared.open.fetch_add(1, Ordering::AcqRel);
    let open = Open(shared.clone());
    if shared.open.load(Ordering::Acquire) > MOST_CONNECTIONS {
        // Dropped without a word: who holds all others open does not deserve a thread for the answer.
        return;
    }
    // Where there is no thread to be had the connection is dropped.
    let _ = thread::Builder::new().name("live viewer".into()).stack_size(256 * 1024).spawn(move || serve(stream, &open.0));
}

/// One request, one answer.
fn serve(mut stream: TcpStream, shared: &Shared) {
    let request = request::read(&mut stream, Instant::now() + shared.patience.request);
    let with_body = !matches!(&request, Ok(r) if r.method == "HEAD");
    let response = match request {
        Ok(request) => answer(&request, shared),
        Err(Fault::Malformed) => Response::refused("400 Bad Request"),
        Err(Fault::TooLarge) => Response::refused("431 Request Header Fields Too Large"),
        Err(Fault::TooSlow) => Response::refused("408 Request Timeout"),
        Err(Fault::Gone) => return,
    };
    // A viewer that went away is no fault of ours.
    let _ = response.send(&mut stream, (with_body, Instant::now() + shared.patience.answer));
}

fn answer(request: &Request, shared: &Shared) -> Response {
    let (token, rest) = request.path[1..].split_once('/').unwrap_or((&request.path[1..], "?"));
    if !request.is_for_this_machine() || !same(token, &shared.token) {
        return Response::refused("403 Forbidden");
    }
    if !["GET", "HEAD"].contains(&request.method.as_str()) {
        return Response::refused("405 Method Not Allowed");
    }
    *shared.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    let Content { page, board, report } = &shared.content;
    match rest {
        "" => Response::of(HTML, page.clone().into_bytes()),
        "state" => {
            let since = |key| request.number(key).unwrap_or(0);
            Response::of("application/json", state::state(board, [since("whole"), since("recent")], report.exists()))
        }
        // Before the end it may be the one of an earlier run.
        "report.html" if board.stage().end().is_some() => {
            fs::read(report).map_or_else(|_| Response::refused("404 Not Found"), |page| Response::of(HTML, page))
        }
        _ => Response::refused("404 Not Found"),
    }
}

/// Whether two texts are the same, in a time that does not tell how much of them is.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |difference, (x, y)| difference | (x ^ y)) == 0
}

#[cfg(test)]
mod tests;
