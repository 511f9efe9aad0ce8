//! Reading and writing at an offset.

use std::fs::File;
use std::io;

use super::super::Calls;

pub(crate) fn read_at(calls: &Calls, file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    calls.count();
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

pub(crate) fn write_at(calls: &Calls, file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
    calls.count();
    std::os::unix::fs::FileExt::write_at(file, bytes, offset)
}
