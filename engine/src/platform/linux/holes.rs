//! Where data and holes of a file begin.

use std::fs::File;
use std::io;

use rustix::fs::SeekFrom;
use rustix::io::Errno;

use super::super::Calls;

/// What is not written is a hole, where the file system has any.
pub(crate) fn allow_holes(_: &Calls, _: &File) {}

/// Where the first data at or behind `offset` begins; none behind the last.
pub(crate) fn next_data(calls: &Calls, file: &File, offset: u64) -> io::Result<Option<u64>> {
    found(calls, file, SeekFrom::Data(offset))
}

/// Where the first hole at or behind `offset` begins, the end of the file counted as one; none behind the end.
pub(crate) fn next_hole(calls: &Calls, file: &File, offset: u64) -> io::Result<Option<u64>> {
    found(calls, file, SeekFrom::Hole(offset))
}

fn found(calls: &Calls, file: &File, from: SeekFrom) -> io::Result<Option<u64>> {
    calls.count();
    match rustix::fs::seek(file, from) {
        Ok(offset) => Ok(Some(offset)),
        Err(Errno::NXIO) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}
