//! Past the page cache.

use std::fs::File;
use std::io;

use rustix::fs::{Advice, AtFlags, OFlags, StatxFlags};

use super::super::Calls;

/// What every file system that allows direct access takes, where it does not say (before Linux 6.1, btrfs).
const ASSUMED: usize = 4096;

/// To which multiple of bytes offsets, lengths and buffers of direct access must be aligned; none where the file system
/// says that it has none.
pub(crate) fn direct_alignment(calls: &Calls, file: &File) -> io::Result<Option<usize>> {
    calls.count();
    let stat = rustix::fs::statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::DIOALIGN)?;
    if stat.stx_mask & StatxFlags::DIOALIGN.bits() == 0 {
        let in_memory = super::file_system(calls, file)? == "tmpfs";
        return Ok((!in_memory).then_some(ASSUMED));
    }
    let alignment = stat.stx_dio_mem_align.max(stat.stx_dio_offset_align) as usize;
    Ok(alignment.is_power_of_two().then_some(alignment))
}

/// Whether reads and writes through this descriptor go past the page cache from now on.
pub(crate) fn set_direct(calls: &Calls, file: &File, direct: bool) -> io::Result<()> {
    calls.add(2);
    let mut flags = rustix::fs::fcntl_getfl(file)?;
    flags.set(OFlags::DIRECT, direct);
    Ok(rustix::fs::fcntl_setfl(file, flags)?)
}

/// Takes the file's clean pages out of the page cache.
pub(crate) fn drop_cached(calls: &Calls, file: &File) -> io::Result<()> {
    calls.count();
    Ok(rustix::fs::fadvise(file, 0, None, Advice::DontNeed)?)
}
