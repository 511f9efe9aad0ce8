//! Directories by their paths, held open so that what they are does not change, and what is done to names in them. Links and
//! junctions are not followed where that is not wanted.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io;
use std::ops::ControlFlow;
use std::os::windows::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::portable::refused;
use super::super::{At, Calls, Status, Time};
use super::path::long;
use super::{BACKUP_SEMANTICS, OPEN_REPARSE_POINT, READ, WRITE_ATTRIBUTES, look, metadata, status};
use crate::error::FileKind;
use crate::ffi;

const WRITE: u32 = 0x4000_0000;

/// A directory, by its path and open; or the current one.
#[derive(Debug, Clone)]
pub(crate) struct Directory(Option<Arc<(PathBuf, File)>>);

impl Directory {
    pub(crate) const CURRENT: Self = Self(None);

    /// The open directory; none is the current one.
    pub(crate) fn file(&self) -> Option<&File> {
        self.0.as_ref().map(|directory| &directory.1)
    }

    pub(super) fn path(&self) -> Option<&Path> {
        self.0.as_ref().map(|directory| &*directory.0)
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
    open(calls, at, follows, &[READ])
}

/// To make names in it, change what it is and sync it, as far as it is allowed.
pub(crate) fn open_filled(calls: &Calls, at: At<'_>, follows: bool) -> io::Result<Directory> {
    open(calls, at, follows, &[READ | WRITE, READ | WRITE_ATTRIBUTES, READ])
}

/// With the first of the rights that this process has.
fn open(calls: &Calls, at: At<'_>, follows: bool, rights: &[u32]) -> io::Result<Directory> {
    let path = at.whole();
    let itself = if follows { 0 } else { OPEN_REPARSE_POINT };
    let mut opened = refused();
    for access in rights {
        calls.count();
        opened = OpenOptions::new().access_mode(*access).custom_flags(BACKUP_SEMANTICS | itself).open(&path);
        if !matches!(&opened, Err(error) if error.kind() == io::ErrorKind::PermissionDenied) {
            break;
        }
    }
    let file = opened?;
    // It is closed with its last clone, wherever that is.
    calls.count();
    if status::kind(calls, &file)? != FileKind::Directory {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    Ok(Directory(Some(Arc::new((path, file)))))
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
        let kind = entry.file_type().ok().and_then(kind);
        if each(&entry.file_name(), kind).is_break() {
            break;
        }
    }
    Ok(())
}

fn kind(file_type: std::fs::FileType) -> Option<FileKind> {
    if file_type.is_symlink() {
        Some(FileKind::Symlink)
    } else if file_type.is_dir() {
        Some(FileKind::Directory)
    } else {
        file_type.is_file().then_some(FileKind::Regular)
    }
}

pub(crate) fn status_at(calls: &Calls, at: At<'_>, follows: bool) -> io::Result<Status> {
    calls.add(2);
    status(calls, &look(&at.whole(), follows)?)
}

pub(crate) fn create_directory(calls: &Calls, at: At<'_>, _: u32) -> io::Result<()> {
    calls.count();
    std::fs::create_dir(at.writable()?)
}

/// Removes a file, a link to a directory, and what is read-only.
pub(crate) fn remove_file(calls: &Calls, at: At<'_>) -> io::Result<()> {
    let path = at.whole();
    calls.count();
    let removed = std::fs::remove_file(&path);
    let Err(error) = removed else { return Ok(()) };
    if error.kind() != io::ErrorKind::PermissionDenied {
        return Err(error);
    }
    calls.add(2);
    if std::fs::symlink_metadata(&path)?.file_type().is_symlink_dir() {
        return std::fs::remove_dir(path);
    }
    metadata::make_writable(calls, &path)?;
    std::fs::remove_file(path)
}

pub(crate) fn remove_directory(calls: &Calls, at: At<'_>) -> io::Result<()> {
    calls.count();
    std::fs::remove_dir(at.whole())
}

/// Replaces what stands there in one step, and waits until the disk has it.
pub(crate) fn rename(calls: &Calls, from: At<'_>, to: At<'_>) -> io::Result<()> {
    let (from, to) = (from.whole(), to.writable()?);
    calls.count();
    match ffi::rename(&long(&from)?, &long(&to)?, true) {
        // Somebody has it open, or it is a link to a directory: the standard library knows a way round that.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            calls.add(3);
            std::fs::rename(from, to)
        }
        renamed => renamed,
    }
}

/// The name must be free.
pub(crate) fn rename_new(calls: &Calls, from: At<'_>, to: At<'_>) -> io::Result<()> {
    calls.count();
    ffi::rename(&long(&from.whole())?, &long(&to.writable()?)?, false)
}

pub(crate) fn hard_link(calls: &Calls, from: At<'_>, to: At<'_>) -> io::Result<()> {
    calls.count();
    std::fs::hard_link(from.whole(), to.writable()?)
}

/// A link of Windows knows whether it leads to a directory, as the one does that it is like. What a junction leads to is one.
pub(crate) fn symlink(calls: &Calls, target: &Path, like: At<'_>, at: At<'_>) -> io::Result<()> {
    let path = at.writable()?;
    calls.add(2);
    if std::fs::symlink_metadata(like.whole())?.file_type().is_symlink_dir() {
        std::os::windows::fs::symlink_dir(target, path)
    } else {
        std::os::windows::fs::symlink_file(target, path)
    }
}

pub(crate) fn make_special(_: &Calls, _: At<'_>, _: &Status) -> io::Result<()> {
    refused()
}

pub(crate) fn set_owner_at(_: &Calls, _: At<'_>, _: (u32, u32)) -> io::Result<()> {
    refused()
}

/// What stands at `at` itself, open for a change of what it is.
fn changeable(calls: &Calls, at: At<'_>) -> io::Result<File> {
    calls.add(2);
    OpenOptions::new()
        .access_mode(super::READ_ATTRIBUTES | WRITE_ATTRIBUTES)
        .custom_flags(BACKUP_SEMANTICS | OPEN_REPARSE_POINT)
        .open(at.whole())
}

pub(crate) fn set_mode_at(calls: &Calls, at: At<'_>, mode: u32) -> io::Result<()> {
    metadata::set_mode(calls, &changeable(calls, at)?, mode)
}

pub(crate) fn set_times_at(calls: &Calls, at: At<'_>, accessed: Time, modified: Time) -> io::Result<()> {
    metadata::set_times(calls, &changeable(calls, at)?, accessed, modified)
}

/// A directory is synced by whoever may make names in it.
pub(crate) fn sync_directory(calls: &Calls, at: At<'_>) -> io::Result<()> {
    calls.add(3);
    OpenOptions::new().access_mode(WRITE).custom_flags(BACKUP_SEMANTICS).open(at.whole())?.sync_all()
}
