//! Sending to sockets.

use std::fs::File;
use std::io;
use std::net::TcpStream;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::SendFlags;

use super::super::Calls;

/// Sends at most `length` bytes at `offset` of `from`; how many, is returned.
pub(crate) fn send_range(
    calls: &Calls,
    from: &File,
    to: &TcpStream,
    offset: u64,
    length: u64,
) -> io::Result<u64> {
    let mut offset = offset;
    calls.count();
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    Ok(rustix::fs::sendfile(to, from, Some(&mut offset), length)? as u64)
}

/// Sends bytes; how many, is returned. A peer that has closed is an error and no signal.
pub(crate) fn write_socket(calls: &Calls, to: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    calls.count();
    Ok(rustix::net::send(to, bytes, SendFlags::NOSIGNAL)?)
}

/// Waits until the socket takes bytes or has failed, at most for `most`; false where it
/// has not.
pub(crate) fn wait_writable(calls: &Calls, socket: &TcpStream, most: Option<Duration>) -> io::Result<bool> {
    // Longer than the clock counts is as good as for ever.
    let most = most.and_then(|most| Timespec::try_from(most).ok());
    calls.count();
    Ok(poll(&mut [PollFd::new(socket, PollFlags::OUT)], most.as_ref())? > 0)
}
