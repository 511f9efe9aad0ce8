//! Systems without these calls.

use std::fs::File;
use std::io;
use std::net::TcpStream;
use std::num::NonZero;
use std::path::Path;

fn refused<T>(what: &str) -> io::Result<T> {
    Err(io::Error::new(io::ErrorKind::Unsupported, format!("this system has no call that {what}")))
}

pub(crate) fn uncache(_: &File) -> io::Result<()> {
    refused("takes a file out of the page cache")
}

pub(crate) fn read_cached(_: &File, _: &mut [u8], _: u64) -> io::Result<usize> {
    refused("reads from the page cache alone")
}

pub(crate) fn processors() -> u32 {
    let available = std::thread::available_parallelism().map_or(1, NonZero::get);
    u32::try_from(available).unwrap_or(u32::MAX)
}

pub(crate) fn sleep_precisely() {}

pub(crate) fn share_extents(_: &File, _: &File) -> io::Result<()> {
    refused("lets a file that there is share extents")
}

pub(crate) fn send(_: &File, _: &TcpStream, _: usize) -> io::Result<usize> {
    refused("is known here to send a file")
}

pub(crate) fn unmount(_: &Path) -> io::Result<()> {
    refused("takes down what the lab of Linux makes")
}

pub(crate) fn mount_id(_: &File) -> Option<u64> {
    None
}

/// Nobody waits for a whole file system, so that no case can ask for it.
pub(crate) const SYNCS_FILE_SYSTEMS: bool = false;

/// Has what is left to be written begun, which is the nearest.
pub(crate) fn sync_file_system(_: &File) -> io::Result<()> {
    rustix::fs::sync();
    Ok(())
}
