//! Sending to sockets by the standard library, which has no call that waits for one.

use std::fs::File;
use std::io::{self, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use super::super::Calls;

/// How long a full socket is left alone. Long enough to cost nothing, short enough for its buffer not to run dry.
const NAP: Duration = Duration::from_millis(2);

pub(crate) fn send_range(_: &Calls, _: &File, _: &TcpStream, _: u64, _: u64) -> io::Result<u64> {
    super::refused()
}

/// The standard library asks for an error instead of a signal wherever the system can be asked.
pub(crate) fn write_socket(calls: &Calls, mut to: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    calls.count();
    to.write(bytes)
}

/// Lets a moment pass. Whether the socket takes bytes then, only a write tells.
pub(crate) fn wait_writable(_: &Calls, _: &TcpStream, most: Option<Duration>) -> io::Result<bool> {
    thread::sleep(most.map_or(NAP, |most| most.min(NAP)));
    Ok(true)
}
