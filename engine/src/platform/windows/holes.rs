//! Holes of files, which a file must be allowed to have.

use std::fs::File;
use std::io;

use super::super::Calls;
use crate::ffi;

/// Before what is not written can become a hole. A file system without holes stores zeros instead.
pub(crate) fn allow_holes(calls: &Calls, file: &File) {
    calls.count();
    let _ = ffi::set_sparse(file);
}

/// Where the first byte from `offset` on is that is stored; none where only a hole is left.
pub(crate) fn next_data(calls: &Calls, file: &File, offset: u64) -> io::Result<Option<u64>> {
    Ok(stored(calls, file, offset)?.map(|(begin, _)| begin.max(offset)))
}

/// Where the stretch that is stored at `offset` ends.
pub(crate) fn next_hole(calls: &Calls, file: &File, offset: u64) -> io::Result<Option<u64>> {
    Ok(stored(calls, file, offset)?.map(|(begin, length)| begin.saturating_add(length)))
}

fn stored(calls: &Calls, file: &File, offset: u64) -> io::Result<Option<(u64, u64)>> {
    calls.count();
    let Ok(offset) = i64::try_from(offset) else { return Ok(None) };
    ffi::stored_range(file, offset, i64::MAX - offset)
}
