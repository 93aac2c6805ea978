//! As much of TCP and HTTP as starting servers takes.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::stack::address;

/// Longer than any healthy start-up answer takes; the caller asks again.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The port, or a free one in place of 0: one of 16384 to 32767, which no system gives to outgoing connections. Nobody is given it before the server
/// listens there, nor while that is being started again.
pub(super) fn port_or_free(port: u16) -> anyhow::Result<u16> {
    if port != 0 {
        return Ok(port);
    }
    for _ in 0..100 {
        let mut bytes = [0; 2];
        getrandom::fill(&mut bytes)?;
        let port = 0x4000 | (u16::from_le_bytes(bytes) & 0x3fff);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port of 100 that were tried is free: name one with --port")
}

/// Fails if somebody listens there already, naming the flag that chooses another port.
pub(super) fn require_free(address: SocketAddr, flag: &str) -> anyhow::Result<()> {
    match TcpListener::bind(address) {
        Ok(_) => Ok(()),
        Err(error) => {
            bail!("cannot listen on {address} ({error}): choose another port with {flag}")
        }
    }
}

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

/// `GET`s a URL of this machine.
pub(super) fn get(url: &str) -> anyhow::Result<Answer> {
    let path_at = url
        .match_indices('/')
        .nth(2)
        .map_or(url.len(), |(position, _)| position);
    let (origin, path) = url.split_at(path_at);
    let address = address(origin)?;
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    let path = if path.is_empty() { "/" } else { path };
    // 1.0, so that the answer comes in one piece and ends with the connection.
    write!(
        stream,
        "GET {path} HTTP/1.0\r\nHost: {address}\r\nAccept: */*\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .context("not an HTTP answer")?;
    let status = head
        .split_whitespace()
        .nth(1)
        .and_then(|status| status.parse().ok())
        .context("not an HTTP answer")?;
    Ok(Answer {
        status,
        body: body.to_owned(),
    })
}
