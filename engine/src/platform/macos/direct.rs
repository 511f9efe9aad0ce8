//! Past the cache of file content.

use std::fs::File;
use std::io;

use super::super::Calls;
use crate::ffi;

/// The system takes any offset and length, and is fast with whole pages of the larger of its two kinds.
const PAGE: usize = 16 * 1024;

pub(crate) fn direct_alignment(_: &Calls, _: &File) -> io::Result<Option<usize>> {
    Ok(Some(PAGE))
}

/// Whether what is read and written through this descriptor stays out of the cache from now on. What is in it is still used.
pub(crate) fn set_direct(calls: &Calls, file: &File, direct: bool) -> io::Result<()> {
    calls.count();
    ffi::set_no_cache(file, direct)
}
