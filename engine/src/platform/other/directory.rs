//! Directories by their paths: the standard library has no calls below an open one. A directory that is swapped for a link
//! while a tree is copied is followed.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::portable::refused;
use super::super::{At, Calls, Status, Time};
use super::{file_kind, status_of};
use crate::error::FileKind;

/// A directory, by its path and open; or the current one.
#[derive(Debug, Clone)]
pub(crate) struct Directory(Option<Arc<(PathBuf, File)>>);

impl Directory {
    pub(crate) const CURRENT: Self = Self(None);

    /// The open directory; none is the current one.
    pub(crate) fn file(&self) -> Option<&File> {
        self.0.as_ref().map(|directory| &directory.1)
    }
}

impl At<'_> {
    /// The whole path.
    pub(in crate::platform) fn whole(self) -> PathBuf {
        match &self.directory.0 {
            Some(directory) => directory.0.join(self.path),
            None => self.path.to_path_buf(),
        }
    }
}

/// Nothing is to be kept for listing.
#[derive(Debug)]
pub(crate) struct Listing;

impl Listing {
    pub(crate) fn new() -> Self {
        Self
    }

    pub(crate) fn empty() -> Self {
        Self
    }
}

pub(crate) fn open_listed(calls: &Calls, at: At<'_>, follows: bool) -> io::Result<Directory> {
    let path = at.whole();
    calls.add(2);
    let look = if follows { std::fs::metadata(&path) } else { std::fs::symlink_metadata(&path) };
    if !look?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    let file = File::open(&path)?;
    Ok(Directory(Some(Arc::new((path, file)))))
}

pub(crate) fn open_filled(calls: &Calls, at: At<'_>, follows: bool) -> io::Result<Directory> {
    open_listed(calls, at, follows)
}

pub(crate) fn list(
    calls: &Calls,
    directory: &Directory,
    _: &mut Listing,
    each: &mut dyn FnMut(&OsStr, Option<FileKind>) -> ControlFlow<()>,
) -> io::Result<()> {
    calls.count();
    for entry in std::fs::read_dir(At { directory, path: Path::new(".") }.whole())? {
        let entry = entry?;
        let kind = entry.file_type().ok().map(file_kind).filter(|kind| *kind != FileKind::Other);
        if each(&entry.file_name(), kind).is_break() {
            break;
        }
    }
    Ok(())
}

pub(crate) fn status_at(calls: &Calls, at: At<'_>, follows: bool) -> io::Result<Status> {
    let path = at.whole();
    calls.count();
    let metadata = if follows { std::fs::metadata(path) } else { std::fs::symlink_metadata(path) };
    metadata.map(|metadata| status_of(&metadata))
}

pub(crate) fn create_directory(calls: &Calls, at: At<'_>, _: u32) -> io::Result<()> {
    calls.count();
    std::fs::create_dir(at.whole())
}

pub(crate) fn remove_file(calls: &Calls, at: At<'_>) -> io::Result<()> {
    calls.count();
    std::fs::remove_file(at.whole())
}

pub(crate) fn remove_directory(calls: &Calls, at: At<'_>) -> io::Result<()> {
    calls.count();
    std::fs::remove_dir(at.whole())
}

/// Looks before it renames.
pub(crate) fn rename_new(calls: &Calls, from: At<'_>, to: At<'_>) -> io::Result<()> {
    calls.add(2);
    let to = to.whole();
    match std::fs::symlink_metadata(&to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => std::fs::rename(from.whole(), to),
        Err(error) => Err(error),
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
    }
}

pub(crate) fn hard_link(calls: &Calls, from: At<'_>, to: At<'_>) -> io::Result<()> {
    calls.count();
    std::fs::hard_link(from.whole(), to.whole())
}

/// The link that it is like has nothing but its target.
pub(crate) fn symlink(calls: &Calls, target: &Path, _: At<'_>, at: At<'_>) -> io::Result<()> {
    calls.count();
    std::os::unix::fs::symlink(target, at.whole())
}

pub(crate) fn make_special(_: &Calls, _: At<'_>, _: &Status) -> io::Result<()> {
    refused()
}

pub(crate) fn set_owner_at(_: &Calls, _: At<'_>, _: (u32, u32)) -> io::Result<()> {
    refused()
}

pub(crate) fn set_mode_at(_: &Calls, _: At<'_>, _: u32) -> io::Result<()> {
    refused()
}

pub(crate) fn set_times_at(_: &Calls, _: At<'_>, _: Time, _: Time) -> io::Result<()> {
    refused()
}
