//! Until it is on the medium.

use std::fs::File;
use std::io;

use super::super::{At, Calls};
use crate::ffi;

/// What file systems answer that know no `F_FULLFSYNC`: those of networks, and some of others than Apple.
const NOT_FULLY: [i32; 4] = [libc::ENOTSUP, libc::EOPNOTSUPP, libc::ENOTTY, libc::EINVAL];

/// Until the device has written it, by `F_FULLFSYNC`, as the standard library does; where the file system does not know that,
/// until it was given to the device.
pub(crate) fn sync_file(calls: &Calls, file: &File) -> io::Result<()> {
    calls.count();
    match file.sync_all() {
        Err(error) if error.raw_os_error().is_some_and(|errno| NOT_FULLY.contains(&errno)) => {
            calls.count();
            ffi::sync(file)
        }
        synced => synced,
    }
}

pub(crate) fn sync_directory(calls: &Calls, at: At<'_>) -> io::Result<()> {
    calls.count();
    sync_file(calls, &File::open(at.whole())?)
}

pub(crate) fn close(calls: &Calls, file: File) -> io::Result<()> {
    calls.count();
    ffi::close(file)
}
