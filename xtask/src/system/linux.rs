//! Linux, through rustix and the files in which its kernel tells of itself.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, IoSliceMut};
use std::net::TcpStream;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use rustix::fs::{Advice, AtFlags, StatxFlags};
use rustix::io::ReadWriteFlags;
use rustix::mount::UnmountFlags;

/// Where root tells the kernel to forget what it can.
const DROP_CACHES: &str = "/proc/sys/vm/drop_caches";

const MOUNTS: &str = "/proc/self/mountinfo";

/// Takes the file out of the page cache, but for what is not on the disk yet.
pub(crate) fn uncache(file: &File) -> io::Result<()> {
    Ok(rustix::fs::fadvise(file, 0, None, Advice::DontNeed)?)
}

/// Reads without waiting for a device: what is not in the page cache would block.
pub(crate) fn read_cached(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    Ok(rustix::io::preadv2(file, &mut [IoSliceMut::new(buffer)], offset, ReadWriteFlags::NOWAIT)?)
}

/// Fails where this process may not use [`drop_caches`].
pub(crate) fn may_drop_caches() -> io::Result<()> {
    let open = OpenOptions::new().write(true).open(DROP_CACHES);
    open.map(drop)
        .map_err(|error| saying(format_args!("cannot write {DROP_CACHES}, which is for root"), &error))
}

/// Makes the kernel forget all file content that is on the disk, and names and attributes of files with it.
pub(crate) fn drop_caches() -> io::Result<()> {
    fs::write(DROP_CACHES, "3").map_err(|error| saying(format_args!("cannot write {DROP_CACHES}"), &error))
}

fn saying(what: std::fmt::Arguments<'_>, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}

/// How many this process may use.
pub(crate) fn processors() -> u32 {
    rustix::thread::sched_getaffinity(None).map_or(1, |processors| processors.count())
}

/// Otherwise the kernel sleeps some fifty microseconds longer, to wake several threads at once.
pub(crate) fn sleep_precisely() {
    let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
}

/// Whether there is a call for that; file systems refuse it for themselves.
pub(crate) fn may_reflink() -> io::Result<()> {
    Ok(())
}

/// Makes a file at `new`, where there is none, that shares its extents with `from`.
pub(crate) fn reflink(from: &File, new: &Path) -> io::Result<()> {
    Ok(rustix::fs::ioctl_ficlone(File::create_new(new)?, from)?)
}

pub(crate) fn may_send() -> io::Result<()> {
    Ok(())
}

/// Sends at most so many bytes from where the file stands; how many, is returned.
pub(crate) fn send(file: &File, socket: &TcpStream, length: usize) -> io::Result<usize> {
    Ok(rustix::fs::sendfile(socket, file, None, length)?)
}

/// Fails where this process may not mount what the lab makes.
pub(crate) fn may_mount() -> io::Result<()> {
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    Err(io::Error::new(ErrorKind::PermissionDenied, "mounting needs root; without it"))
}

pub(crate) fn unmount(mount_point: &Path) -> io::Result<()> {
    Ok(rustix::mount::unmount(mount_point, UnmountFlags::empty())?)
}

/// Every mount that this process sees, as proc(5) describes it.
pub(crate) fn mount_table() -> io::Result<Vec<u8>> {
    fs::read(MOUNTS).map_err(|error| saying(format_args!("cannot read {MOUNTS}"), &error))
}

/// The file behind `/dev/loopN`.
pub(crate) fn backing_file(source: &str) -> Option<PathBuf> {
    let name = source.strip_prefix("/dev/").filter(|name| name.starts_with("loop"))?;
    let mut path = fs::read(format!("/sys/block/{name}/loop/backing_file")).ok()?;
    path.pop_if(|last| *last == b'\n');
    Some(super::path_of_bytes(path))
}

/// Number of the mount in [`mount_table`].
pub(crate) fn mount_id(file: &File) -> Option<u64> {
    let known = rustix::fs::statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID).ok();
    known.map(|known| known.stx_mnt_id)
}

pub(crate) const SYNCS_FILE_SYSTEMS: bool = true;

/// Waits until nothing of the file system at `path` is left to be written.
pub(crate) fn sync_file_system(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(path)?)?)
}

/// Text of a file below `/proc` or `/sys`; none where this kernel has no such file.
pub(crate) fn kernel_file(path: &str) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// The directory of a file system that lives in memory.
pub(crate) fn shared_memory() -> Result<PathBuf, String> {
    Ok("/dev/shm".into())
}
