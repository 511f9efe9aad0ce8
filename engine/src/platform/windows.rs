//! Windows, by paths and handles: the standard library, and the calls that it does not have. What a name leads to may be
//! swapped between two calls; what is open stays what it is.

mod clone;
mod directory;
mod holes;
#[cfg(feature = "config")]
mod machine;
mod meaning;
mod metadata;
mod path;
mod security;
mod status;
mod streams;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::portable::refused;
use super::{At, Calls, Standing, Status, Told, Volume};
use crate::error::FileKind;
use crate::ffi;
use crate::strategy::Mechanism;

pub(crate) use super::portable::{
    CLONES_ARE_NEW, Pipe, access_list_at, clone_new, copy_file_range, copy_flags, create_unnamed,
    descriptors_left, flush, has_default_list, link, may_fill, processors, seek, send_file, send_range,
    set_access_list_at, umask, wait_writable, write_socket,
};
pub(crate) use clone::{reflink, reflink_range};
pub(crate) use directory::{
    Directory, Listing, create_directory, hard_link, list, make_special, open_filled, open_listed,
    remove_directory, remove_file, rename, rename_new, set_mode_at, set_owner_at, set_times_at, status_at,
    symlink, sync_directory,
};
pub(crate) use holes::{allow_holes, next_data, next_hole};
#[cfg(feature = "config")]
pub(crate) use machine::{cpu, kernel};
pub(crate) use meaning::{meaning, too_large, unsupported};
pub(crate) use metadata::{
    attribute, attributes, remove_attribute, set_attribute, set_mode, set_owner, set_times,
};
pub(crate) use security::{copy_access_list, same_owner};
pub(crate) use status::{file_system, same_file, status};
pub(crate) use streams::{copy_streams, has_streams};

pub(crate) const MECHANISMS: &[Mechanism] =
    &[Mechanism::Reflink, Mechanism::CopyFileEx, Mechanism::ReadWrite];

pub(crate) const READ_WRITE: &[Mechanism] = &[Mechanism::ReadWrite];

/// Takes directories too.
const BACKUP_SEMANTICS: u32 = 0x0200_0000;

/// Opens a link itself.
const OPEN_REPARSE_POINT: u32 = 0x0020_0000;

/// To ask what a file is, which hinders nobody.
const READ_ATTRIBUTES: u32 = 0x80;

/// To write content, or to make names in a directory.
const WRITE_DATA: u32 = 0x2;

/// To read content and all that is known of it.
const READ: u32 = 0x8000_0000;

const WRITE_ATTRIBUTES: u32 = 0x100;

/// Opens what stands at `path` to ask about it.
fn look(path: &Path, follows: bool) -> io::Result<File> {
    let itself = if follows { 0 } else { OPEN_REPARSE_POINT };
    OpenOptions::new().access_mode(READ_ATTRIBUTES).custom_flags(BACKUP_SEMANTICS | itself).open(path)
}

/// Fails at a link that is not to be followed.
pub(crate) fn open_source(calls: &Calls, at: At<'_>, follows: bool) -> io::Result<File> {
    let path = at.whole();
    if !follows {
        must_be_no_link(calls, &path)?;
    }
    calls.count();
    File::open(path)
}

/// What is no link and yet no plain file, such as one that is fetched when it is read, must not be opened itself.
fn must_be_no_link(calls: &Calls, path: &Path) -> io::Result<()> {
    calls.add(2);
    if status::kind(calls, &look(path, false)?)? == FileKind::Symlink {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a link, which is not followed here"));
    }
    Ok(())
}

/// Opens a file to give it other metadata; fails at a link. What may only be read cannot be changed here.
pub(crate) fn open_for_metadata(calls: &Calls, at: At<'_>) -> io::Result<File> {
    let path = at.whole();
    must_be_no_link(calls, &path)?;
    calls.count();
    OpenOptions::new().access_mode(READ | WRITE_ATTRIBUTES).open(path)
}

pub(crate) fn kind_of(calls: &Calls, at: At<'_>, follows: bool) -> io::Result<FileKind> {
    calls.add(2);
    status::kind(calls, &look(&at.whole(), follows)?)
}

pub(crate) fn read_link(calls: &Calls, at: At<'_>) -> io::Result<PathBuf> {
    calls.count();
    std::fs::read_link(at.whole())
}

/// Refuses names that no file can have here.
pub(crate) fn open_destination(calls: &Calls, at: At<'_>) -> io::Result<Standing> {
    let path = at.writable()?;
    calls.count();
    let file = match look(&path, false) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Standing::Nothing),
        Err(error) => return Err(error),
    };
    let standing = match status::kind(calls, &file)? {
        FileKind::Regular => return Ok(Standing::File(file)),
        FileKind::Symlink => Standing::Symlink,
        kind => Standing::Other(kind),
    };
    discard(calls, file);
    Ok(standing)
}

/// Opens a directory to ask about it.
pub(crate) fn open_directory(calls: &Calls, at: At<'_>) -> io::Result<File> {
    calls.count();
    look(&at.whole(), true)
}

/// Fails where this process may not write to the file at `at`, or make names in the directory there.
pub(crate) fn check_writable(calls: &Calls, at: At<'_>) -> io::Result<()> {
    calls.add(2);
    let wanted = READ_ATTRIBUTES | WRITE_DATA;
    let file = OpenOptions::new().access_mode(wanted).custom_flags(BACKUP_SEMANTICS).open(at.whole())?;
    let Status { kind, mode, .. } = status(calls, &file)?;
    // Of a directory it says nothing.
    if kind == FileKind::Regular && mode & 0o200 == 0 {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    Ok(())
}

/// The mode comes when the file is whole: one that is read-only could not be written.
pub(crate) fn create_exclusive(calls: &Calls, at: At<'_>, _: u32) -> io::Result<File> {
    let path = at.writable()?;
    calls.count();
    OpenOptions::new().read(true).write(true).create_new(true).open(path)
}

/// Whether errors of writing may come when the file is closed: those to another machine.
pub(crate) fn is_on_disk(_: Volume) -> bool {
    false
}

pub(crate) fn open_existing(calls: &Calls, at: At<'_>, readable: bool, follows: bool) -> io::Result<File> {
    open_plain(calls, at, readable, follows)
}

/// A link there is not followed.
pub(crate) fn open_partial(calls: &Calls, at: At<'_>) -> io::Result<File> {
    open_plain(calls, at, true, false)
}

fn open_plain(calls: &Calls, at: At<'_>, readable: bool, follows: bool) -> io::Result<File> {
    let path = at.writable()?;
    let itself = if follows { 0 } else { OPEN_REPARSE_POINT };
    calls.count();
    let file = OpenOptions::new().read(readable).write(true).custom_flags(itself).open(path)?;
    if status::kind(calls, &file)? == FileKind::Regular || follows {
        return Ok(file);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"))
}

/// Owners have no numbers here; who may write to a file is the directory's to say.
pub(crate) fn is_own(_: &Calls, _: &Status) -> bool {
    true
}

/// No number tells one start of the system from the next, so that all that was left is read again.
pub(crate) fn boot(_: &Calls) -> Option<String> {
    None
}

pub(crate) fn read_at(calls: &Calls, file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    calls.count();
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

pub(crate) fn write_at(calls: &Calls, file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
    calls.count();
    std::os::windows::fs::FileExt::seek_write(file, bytes, offset)
}

pub(crate) fn set_length(calls: &Calls, file: &File, length: u64) -> io::Result<()> {
    calls.count();
    file.set_len(length)
}

/// The system has no such limit.
pub(crate) fn file_size_limit(_: &Calls) -> Option<u64> {
    None
}

/// An open file cannot be taken past the cache, only one that is opened so.
pub(crate) fn direct_alignment(_: &Calls, _: &File) -> io::Result<Option<usize>> {
    Ok(None)
}

pub(crate) fn set_direct(_: &Calls, _: &File, _: bool) -> io::Result<()> {
    refused()
}

pub(crate) fn drop_cached(_: &Calls, _: &File) -> io::Result<()> {
    refused()
}

pub(crate) fn sync_file(calls: &Calls, file: &File) -> io::Result<()> {
    calls.count();
    file.sync_all()
}

/// Closing tells nothing here. What another machine has not written yet is asked for before.
pub(crate) fn close(calls: &Calls, file: File) -> io::Result<()> {
    calls.count();
    let arrived = if ffi::is_remote(&file) { sync_file(calls, &file) } else { Ok(()) };
    discard(calls, file);
    arrived
}

pub(crate) fn discard(calls: &Calls, file: File) {
    calls.count();
    drop(file);
}

/// Copies the whole of a file, with its attributes, its time of modification and its alternate streams, to a new one at a name;
/// none where it was told to end.
pub(crate) fn copy_new(calls: &Calls, from: &File, at: At<'_>, told: Told<'_>) -> io::Result<Option<File>> {
    let to = at.writable()?;
    calls.add(2);
    let source = ffi::path_of(from)?;
    if !ffi::copy_file(&source, &path::long(&to)?, told)? {
        return Ok(None);
    }
    let made = reopened(calls, from, &source, &to);
    if made.is_err() {
        // There is nobody left to tell why it stays.
        let _ = remove_file(calls, at);
    }
    made.map(Some)
}

/// The file that was made, writable whatever the source is. Fails where another file had the name of the source by then.
fn reopened(calls: &Calls, from: &File, source: &Path, to: &Path) -> io::Result<File> {
    calls.add(2);
    if !same_file(calls, from, &look(source, true)?)? {
        return Err(io::Error::new(io::ErrorKind::NotFound, "another file has the name of the source"));
    }
    metadata::make_writable(calls, to)?;
    calls.count();
    OpenOptions::new().read(true).write(true).custom_flags(OPEN_REPARSE_POINT).open(to)
}

#[cfg(test)]
mod tests;
