//! What a browser asks for, as far as we answer it. Whatever bytes come, this ends in a request or in a reason.

use std::io::{self, Read};
use std::net::TcpStream;
use std::time::Instant;

/// Bytes of a request's head; browsers send one to two thousand.
pub(super) const MOST_BYTES: usize = 16 * 1024;

/// The head of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    /// The path without what follows a question mark.
    pub(super) path: String,
    /// What follows the question mark.
    pub(super) query: String,
    /// The host that the browser believes to speak to.
    pub(super) host: String,
}

/// Why there is no request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Not HTTP.
    Malformed,
    /// The head is too large.
    TooLarge,
    /// The head did not come in time.
    TooSlow,
    /// The other end is gone.
    Gone,
}

/// Reads the head of a request, until `deadline` however slowly it drips in.
pub(super) fn read(stream: &mut TcpStream, deadline: Instant) -> Result<Request, Fault> {
    let mut head = Vec::new();
    let mut piece = [0; 2048];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        // The system refuses a time-out of zero.
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return Err(Fault::TooSlow);
        }
        match stream.read(&mut piece) {
            Ok(0) => return Err(Fault::Gone),
            Ok(n) => head.extend_from_slice(&piece[..n]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => return Err(Fault::TooSlow),
            Err(_) => return Err(Fault::Gone),
        }
        if let Some(end) = end_of_head(&head) {
            return parse(&head[..end]);
        }
        if head.len() > MOST_BYTES {
            return Err(Fault::TooLarge);
        }
    }
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|w| w == b"\r\n\r\n").filter(|end| *end <= MOST_BYTES)
}

/// The request that a head states (RFC 9112, as far as a browser uses it).
fn parse(head: &[u8]) -> Result<Request, Fault> {
    let text = std::str::from_utf8(head).map_err(|_| Fault::Malformed)?;
    let mut lines = text.split("\r\n");
    let words: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
    let [method, target, version] = words[..] else { return Err(Fault::Malformed) };
    let is_method = !method.is_empty() && method.len() < 20 && method.bytes().all(|b| b.is_ascii_uppercase());
    if !is_method || !version.starts_with("HTTP/1.") || !target.starts_with('/') {
        return Err(Fault::Malformed);
    }
    let mut hosts = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(':').ok_or(Fault::Malformed)?;
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(Fault::Malformed);
        }
        if name.eq_ignore_ascii_case("host") {
            hosts.push(value.trim());
        }
    }
    // Two hosts are an attempt to be taken for both.
    let [host] = hosts[..] else { return Err(Fault::Malformed) };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Ok(Request { method: method.into(), path: path.into(), query: query.into(), host: host.into() })
}

impl Request {
    /// Whether the host is this machine by its own name. A page from elsewhere whose name was made to lead here (DNS rebinding)
    /// sends its own name; the port may be another one, as through a tunnel.
    pub(super) fn is_for_this_machine(&self) -> bool {
        let name = match self.host.rsplit_once(':') {
            Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => &self.host,
        };
        ["127.0.0.1", "localhost", "[::1]"].iter().any(|known| name.eq_ignore_ascii_case(known))
    }

    /// A number of the query.
    pub(super) fn number(&self, key: &str) -> Option<u64> {
        self.query.split('&').filter_map(|pair| pair.split_once('=')).find(|(k, _)| *k == key)?.1.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(text: &str) -> Result<Request, Fault> {
        parse(text.as_bytes())
    }

    #[test]
    fn a_browsers_request_is_understood() {
        let found = request("GET /abc/state?whole=12&recent=7 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: */*").unwrap();
        assert_eq!((found.method.as_str(), found.path.as_str()), ("GET", "/abc/state"));
        assert_eq!((found.number("whole"), found.number("recent"), found.number("else")), (Some(12), Some(7), None));
        assert!(found.is_for_this_machine());
    }

    #[test]
    fn numbers_that_are_none_are_no_numbers() {
        let query = |q: &str| Request { method: String::new(), path: String::new(), query: q.into(), host: String::new() }.number("n");
        assert_eq!(["n=-1", "n=1e9", "n=99999999999999999999", "n=", "n", "m=1", ""].map(query), [None; 7]);
        assert_eq!(query("n=18446744073709551615"), Some(u64::MAX));
    }

    #[test]
    fn only_names_of_this_machine_are_this_machine() {
        let of = |host: &str| {
            Request { method: String::new(), path: String::new(), query: String::new(), host: host.into() }.is_for_this_machine()
        };
        assert!(["127.0.0.1", "127.0.0.1:1", "LOCALHOST:9000", "localhost", "[::1]:80", "[::1]"].into_iter().all(of));
        assert!(
            !["", "evil.example", "127.0.0.1.evil.example:80", "localhost.evil.example", "evil:127.0.0.1", "127.0.0.1:", "0.0.0.0:80"]
                .into_iter()
                .any(of)
        );
    }

    #[test]
    fn what_is_not_http_is_refused() {
        let bad = [
            "",
            "GET",
            "GET /",
            "GET / HTTP/2",
            "get / HTTP/1.1\r\nHost: localhost",
            "GET x HTTP/1.1\r\nHost: localhost",
            "GET  / HTTP/1.1\r\nHost: a",
            "GET / HTTP/1.1",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: b",
            "GET / HTTP/1.1\r\nHost : a",
            "GET / HTTP/1.1\r\nnonsense",
            "GET / HTTP/1.1\r\n: x\r\nHost: a",
        ];
        assert!(bad.iter().all(|text| request(text) == Err(Fault::Malformed)));
        assert_eq!(parse(b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost"), Err(Fault::Malformed));
    }
}
