//! Extended attributes, access control lists and flags of an open file.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::macos::fs::MetadataExt;

use super::super::Calls;
use crate::ffi;

/// Flags that are the user's and let the file be renamed. Others say how the system stores it.
const KEPT: u32 = libc::UF_NODUMP | libc::UF_HIDDEN;

/// Flags that forbid the rename by which the copy gets its name.
pub(super) const FORBID: u32 = libc::UF_IMMUTABLE | libc::UF_APPEND | libc::SF_IMMUTABLE | libc::SF_APPEND;

/// Names of the file's extended attributes.
pub(crate) fn attributes(calls: &Calls, file: &File) -> io::Result<Vec<OsString>> {
    calls.add(2);
    ffi::attributes(file)
}

pub(crate) fn attribute(calls: &Calls, file: &File, name: &OsStr) -> io::Result<Vec<u8>> {
    calls.add(2);
    ffi::attribute(file, name)
}

pub(crate) fn set_attribute(calls: &Calls, file: &File, name: &OsStr, value: &[u8]) -> io::Result<()> {
    calls.count();
    ffi::set_attribute(file, name, value)
}

pub(crate) fn remove_attribute(calls: &Calls, file: &File, name: &OsStr) -> io::Result<()> {
    calls.count();
    ffi::remove_attribute(file, name)
}

/// Gives `to` the access control list of `from`.
pub(crate) fn copy_access_list(calls: &Calls, from: &File, to: &File) -> io::Result<()> {
    calls.count();
    ffi::copy_access_list(from, to)
}

/// Gives `to` the flags of `from` that let it be renamed; fails where there are others.
pub(crate) fn copy_flags(calls: &Calls, from: &File, to: &File) -> io::Result<()> {
    calls.add(2);
    let (wanted, there) = (from.metadata()?.st_flags(), to.metadata()?.st_flags());
    let new = (there & !KEPT) | (wanted & KEPT);
    if new != there {
        calls.count();
        ffi::set_flags(to, new)?;
    }
    if wanted & FORBID == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::EPERM)) }
}
