//! Sharing extents, which makes a new file.

use std::fs::{File, FileTimes, OpenOptions};
use std::io;
use std::os::macos::fs::MetadataExt;
use std::os::unix::fs::OpenOptionsExt;
use std::time::SystemTime;

use super::super::{At, Calls};
use super::attributes::FORBID;
use super::{attributes, remove_attribute, remove_file, set_mode, unsupported};
use crate::ffi;

pub(crate) const CLONES_ARE_NEW: bool = true;

/// Into a file that there is already nothing is cloned.
pub(crate) fn reflink(_: &Calls, _: &File, _: &File) -> io::Result<()> {
    Err(unsupported())
}

/// Makes a file at `to` that shares all extents of `from`, open for reading. It has the owner, the times and the attributes
/// of a new file, and only this user may open it.
pub(crate) fn clone_new(calls: &Calls, from: &File, to: At<'_>) -> io::Result<File> {
    let path = to.whole();
    calls.count();
    ffi::clone_new(from, &path)?;
    let opened = || {
        calls.count();
        // A file of this name that somebody else has put there is not followed, and does not hang.
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
        let new = OpenOptions::new().read(true).custom_flags(flags).open(&path)?;
        as_new(calls, &new)?;
        Ok(new)
    };
    opened().inspect_err(|_: &io::Error| drop(remove_file(calls, to)))
}

/// A clone has all that its source has, and is to have what a copy by other mechanisms has.
fn as_new(calls: &Calls, new: &File) -> io::Result<()> {
    calls.add(2);
    let flags = new.metadata()?.st_flags();
    if flags & FORBID != 0 {
        calls.count();
        ffi::set_flags(new, flags & !FORBID)?;
    }
    set_mode(calls, new, 0o600)?;
    for name in attributes(calls, new).unwrap_or_default() {
        // What the system put there it does not let go of.
        let _ = remove_attribute(calls, new, &name);
    }
    let now = SystemTime::now();
    new.set_times(FileTimes::new().set_accessed(now).set_modified(now))
}
