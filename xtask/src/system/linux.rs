//! Linux, through rustix.

use std::fs::File;
use std::io::{self, IoSliceMut};
use std::net::TcpStream;
use std::num::NonZeroU64;
use std::path::Path;

use rustix::fs::{Advice, AtFlags, StatxFlags};
use rustix::io::ReadWriteFlags;
use rustix::mount::UnmountFlags;

/// Takes the file out of the page cache, but for what is not on the disk yet.
pub(crate) fn uncache(file: &File) -> io::Result<()> {
    Ok(rustix::fs::fadvise(file, 0, None, Advice::DontNeed)?)
}

/// Reads without waiting for a device: what is not in the page cache would block.
pub(crate) fn read_cached(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    Ok(rustix::io::preadv2(file, &mut [IoSliceMut::new(buffer)], offset, ReadWriteFlags::NOWAIT)?)
}

/// How many this process may use.
pub(crate) fn processors() -> u32 {
    rustix::thread::sched_getaffinity(None).map_or(1, |processors| processors.count())
}

/// Otherwise the kernel sleeps some fifty microseconds longer, to wake several threads at once.
pub(crate) fn sleep_precisely() {
    let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
}

pub(crate) fn share_extents(from: &File, to: &File) -> io::Result<()> {
    Ok(rustix::fs::ioctl_ficlone(to, from)?)
}

/// Sends at most so many bytes from where the file stands; how many, is returned.
pub(crate) fn send(file: &File, socket: &TcpStream, length: usize) -> io::Result<usize> {
    Ok(rustix::fs::sendfile(socket, file, None, length)?)
}

pub(crate) fn unmount(mount_point: &Path) -> io::Result<()> {
    Ok(rustix::mount::unmount(mount_point, UnmountFlags::empty())?)
}

/// Number of the mount in `/proc/self/mountinfo`.
pub(crate) fn mount_id(file: &File) -> Option<u64> {
    let known = rustix::fs::statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID).ok();
    known.map(|known| known.stx_mnt_id)
}

pub(crate) const SYNCS_FILE_SYSTEMS: bool = true;

/// Waits until nothing of the file system is left to be written.
pub(crate) fn sync_file_system(file: &File) -> io::Result<()> {
    Ok(rustix::fs::syncfs(file)?)
}
