//! What we answer.

use std::borrow::Cow;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// Nothing may be loaded from elsewhere, nothing sent elsewhere, and no other page may show ours.
const GUARDS: &str = "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\n\
Content-Security-Policy: default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:; \
base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n";

/// Bytes that are written before the clock is looked at.
const PIECE: usize = 64 * 1024;

/// One answer.
#[derive(Debug)]
pub(super) struct Response {
    status: &'static str,
    kind: &'static str,
    body: Cow<'static, [u8]>,
}

impl Response {
    /// What was asked for.
    pub(super) fn of(kind: &'static str, body: Vec<u8>) -> Self {
        Response { status: "200 OK", kind, body: body.into() }
    }

    /// Why not, such as `403 Forbidden`.
    pub(super) fn refused(status: &'static str) -> Self {
        Response { status, kind: "text/plain; charset=utf-8", body: status.as_bytes().into() }
    }

    /// Sends it and closes, all before `deadline`, however slowly the other end reads.
    pub(super) fn send(&self, stream: &mut TcpStream, (with_body, deadline): (bool, Instant)) -> io::Result<()> {
        let allow = if self.status.starts_with("405") { "Allow: GET, HEAD\r\n" } else { "" };
        let (status, kind, length) = (self.status, self.kind, self.body.len());
        let head =
            format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n{allow}{GUARDS}\r\n");
        write(stream, head.as_bytes(), deadline)?;
        if with_body {
            write(stream, &self.body, deadline)?;
        }
        close(stream)
    }
}

fn write(stream: &mut TcpStream, bytes: &[u8], deadline: Instant) -> io::Result<()> {
    for piece in bytes.chunks(PIECE) {
        let mut rest = piece;
        while !rest.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            stream.set_write_timeout(Some(left))?;
            match stream.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => rest = &rest[n..],
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }
    Ok(())
}

/// Closing with bytes unread would make the system throw away what the other end has not read yet.
fn close(stream: &mut TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(Duration::from_millis(200)))?;
    let mut rest = [0; 4096];
    for _ in 0..64 {
        if stream.read(&mut rest)? == 0 {
            break;
        }
    }
    Ok(())
}
