//! Owner, mode, times and extended attributes of an open file.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use rustix::fs::{Gid, Mode, Timespec, Timestamps, Uid, XattrFlags};

use super::super::{Calls, Time};

/// Longest list of names and longest value that Linux has.
const ATTRIBUTE_BYTES: usize = 64 * 1024;

pub(crate) fn set_mode(calls: &Calls, file: &File, mode: u32) -> io::Result<()> {
    calls.count();
    Ok(rustix::fs::fchmod(file, Mode::from_raw_mode(mode))?)
}

pub(crate) fn set_owner(calls: &Calls, file: &File, (user, group): (u32, u32)) -> io::Result<()> {
    calls.count();
    Ok(rustix::fs::fchown(file, Some(Uid::from_raw(user)), Some(Gid::from_raw(group)))?)
}

pub(crate) fn set_times(calls: &Calls, file: &File, accessed: Time, modified: Time) -> io::Result<()> {
    let time = |(seconds, nanoseconds): Time| Timespec { tv_sec: seconds, tv_nsec: nanoseconds.into() };
    calls.count();
    let times = Timestamps { last_access: time(accessed), last_modification: time(modified) };
    Ok(rustix::fs::futimens(file, &times)?)
}

/// Names of the file's extended attributes, ACLs among them.
pub(crate) fn attributes(calls: &Calls, file: &File) -> io::Result<Vec<OsString>> {
    let mut names = vec![0; ATTRIBUTE_BYTES];
    calls.count();
    let length = rustix::fs::flistxattr(file, &mut names[..])?;
    let names = names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty());
    Ok(names.map(|name| OsString::from_vec(name.to_vec())).collect())
}

pub(crate) fn attribute(calls: &Calls, file: &File, name: &OsStr) -> io::Result<Vec<u8>> {
    let mut value = vec![0; ATTRIBUTE_BYTES];
    calls.count();
    let length = rustix::fs::fgetxattr(file, name.as_bytes(), &mut value[..])?;
    value.truncate(length);
    Ok(value)
}

pub(crate) fn set_attribute(calls: &Calls, file: &File, name: &OsStr, value: &[u8]) -> io::Result<()> {
    calls.count();
    Ok(rustix::fs::fsetxattr(file, name.as_bytes(), value, XattrFlags::empty())?)
}

pub(crate) fn remove_attribute(calls: &Calls, file: &File, name: &OsStr) -> io::Result<()> {
    calls.count();
    Ok(rustix::fs::fremovexattr(file, name.as_bytes())?)
}
