//! Directories, each in the one before, to any depth.

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};

/// Makes `root` and a chain of directories in it, and gives the last one, opened.
///
/// # Panics
/// When one cannot be made.
#[track_caller]
pub fn make_chain<Name: AsRef<OsStr>>(root: &Path, names: impl IntoIterator<Item = Name>) -> OwnedFd {
    std::fs::create_dir(root).unwrap_or_else(|error| panic!("cannot make {}: {error}", root.display()));
    descend(root, names, true).unwrap_or_else(|error| panic!("a chain in {}: {error}", root.display()))
}

/// The directory at the end of a chain in `root`.
///
/// # Panics
/// When one of them is missing.
#[must_use]
#[track_caller]
pub fn open_chain<Name: AsRef<OsStr>>(root: &Path, names: impl IntoIterator<Item = Name>) -> OwnedFd {
    descend(root, names, false).unwrap_or_else(|error| panic!("a chain in {}: {error}", root.display()))
}

fn descend<Name: AsRef<OsStr>>(
    root: &Path,
    names: impl IntoIterator<Item = Name>,
    make: bool,
) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let mut here = openat(CWD, root, flags, Mode::empty())?;
    for name in names {
        if make {
            mkdirat(&here, name.as_ref(), Mode::from_raw_mode(0o755))?;
        }
        here = openat(&here, name.as_ref(), flags, Mode::empty())?;
    }
    Ok(here)
}
