//! Systems without the calls of Linux.

use std::fs::File;
use std::io;
use std::net::TcpStream;
use std::num::NonZero;
use std::path::{Path, PathBuf};

fn refused<T>(what: &str) -> io::Result<T> {
    Err(io::Error::new(io::ErrorKind::Unsupported, format!("this system has no call that {what}")))
}

pub(crate) fn uncache(_: &File) -> io::Result<()> {
    refused("takes a file out of the page cache")
}

pub(crate) fn read_cached(_: &File, _: &mut [u8], _: u64) -> io::Result<usize> {
    refused("reads from the page cache alone")
}

pub(crate) fn may_drop_caches() -> io::Result<()> {
    refused("empties the page cache")
}

pub(crate) fn drop_caches() -> io::Result<()> {
    refused("empties the page cache")
}

pub(crate) fn processors() -> u32 {
    let available = std::thread::available_parallelism().map_or(1, NonZero::get);
    u32::try_from(available).unwrap_or(u32::MAX)
}

pub(crate) fn sleep_precisely() {}

#[cfg(target_vendor = "apple")]
pub(crate) fn may_reflink() -> io::Result<()> {
    Ok(())
}

/// Makes a file at `new`, where there is none, that shares its extents with `from`.
#[cfg(target_vendor = "apple")]
pub(crate) fn reflink(from: &File, new: &Path) -> io::Result<()> {
    Ok(rustix::fs::fclonefileat(from, rustix::fs::CWD, new, rustix::fs::CloneFlags::empty())?)
}

#[cfg(not(target_vendor = "apple"))]
pub(crate) fn may_reflink() -> io::Result<()> {
    refused("is known here to share extents")
}

#[cfg(not(target_vendor = "apple"))]
pub(crate) fn reflink(_: &File, _: &Path) -> io::Result<()> {
    may_reflink()
}

pub(crate) fn may_send() -> io::Result<()> {
    refused("is known here to send a file")
}

pub(crate) fn send(_: &File, _: &TcpStream, _: usize) -> io::Result<usize> {
    may_send().map(|()| 0)
}

pub(crate) fn may_mount() -> io::Result<()> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "the lab is made of what Linux alone can mount; elsewhere",
    ))
}

pub(crate) fn unmount(_: &Path) -> io::Result<()> {
    refused("takes down what the lab of Linux makes")
}

pub(crate) fn mount_table() -> io::Result<Vec<u8>> {
    refused("tells of mounts as Linux does, of which the lab is made")
}

pub(crate) fn backing_file(_: &str) -> Option<PathBuf> {
    None
}

pub(crate) fn mount_id(_: &File) -> Option<u64> {
    None
}

/// Nobody waits for a whole file system, so that no case can ask for it.
pub(crate) const SYNCS_FILE_SYSTEMS: bool = false;

/// Has what is left to be written begun where there is a call for that, which is the nearest.
pub(crate) fn sync_file_system(_: &Path) -> io::Result<()> {
    #[cfg(unix)]
    rustix::fs::sync();
    Ok(())
}

pub(crate) fn kernel_file(_: &str) -> Option<String> {
    None
}

pub(crate) fn shared_memory() -> Result<PathBuf, String> {
    Err("this system has no /dev/shm to copy to: name another file system, `--target NAME=DIR`, in a scenario of its own".to_owned())
}
