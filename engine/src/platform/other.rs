//! Unix by the standard library alone. Of a system that has nothing else here, every zero-copy mechanism refuses.

mod directory;
#[cfg(not(target_os = "macos"))]
mod lacking;
mod metadata;
mod positioned;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::PathBuf;

use same_file::Handle;

use super::portable::refused;
use super::{At, Calls, Standing, Status, Version, Volume};
use crate::error::FileKind;

#[cfg(not(target_os = "macos"))]
pub(crate) use super::portable::{CLONES_ARE_NEW, clone_new, copy_access_list, copy_flags};
pub(crate) use super::portable::{
    Pipe, access_list_at, copy_file_range, create_unnamed, descriptors_left, flush, has_default_list, link,
    may_fill, processors, seek, send_file, send_range, set_access_list_at, umask, wait_writable,
    write_socket,
};
pub(crate) use directory::{
    Directory, Listing, create_directory, hard_link, list, make_special, open_filled, open_listed,
    remove_directory, remove_file, rename_new, set_mode_at, set_owner_at, set_times_at, status_at, symlink,
};
#[cfg(not(target_os = "macos"))]
pub(crate) use lacking::{
    MECHANISMS, READ_WRITE, attribute, attributes, close, copy_new, direct_alignment, file_system, meaning,
    next_data, next_hole, reflink, remove_attribute, set_attribute, set_direct, sync_directory, sync_file,
    too_large, unsupported,
};
pub(crate) use metadata::{set_mode, set_owner, set_times};
pub(crate) use positioned::{read_at, write_at};

/// Looks before it opens: without non-blocking opens in the standard library a named pipe would hang.
pub(crate) fn open_source(calls: &Calls, at: At<'_>, follows: bool) -> io::Result<File> {
    let path = at.whole();
    calls.add(2);
    let look = if follows { std::fs::metadata(&path) } else { std::fs::symlink_metadata(&path) };
    if is_special(look?.file_type()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a special file, not a regular file"));
    }
    File::open(path)
}

fn is_special(kind: std::fs::FileType) -> bool {
    !kind.is_file() && !kind.is_dir()
}

pub(crate) fn kind_of(calls: &Calls, at: At<'_>, follows: bool) -> io::Result<FileKind> {
    let path = at.whole();
    calls.count();
    let metadata = if follows { std::fs::metadata(path) } else { std::fs::symlink_metadata(path) };
    metadata.map(|metadata| file_kind(metadata.file_type()))
}

pub(crate) fn read_link(calls: &Calls, at: At<'_>) -> io::Result<PathBuf> {
    let path = at.whole();
    calls.count();
    std::fs::read_link(path)
}

pub(crate) fn open_destination(calls: &Calls, at: At<'_>) -> io::Result<Standing> {
    let path = at.whole();
    calls.count();
    let kind = match std::fs::symlink_metadata(&path) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Standing::Nothing),
        Err(error) => return Err(error),
    };
    if kind.is_symlink() {
        return Ok(Standing::Symlink);
    }
    if !kind.is_file() {
        return Ok(Standing::Other(file_kind(kind)));
    }
    calls.count();
    File::open(path).map(Standing::File)
}

/// Opens a directory to ask about it.
pub(crate) fn open_directory(calls: &Calls, at: At<'_>) -> io::Result<File> {
    let path = at.whole();
    calls.count();
    File::open(path)
}

pub(crate) fn check_writable(calls: &Calls, at: At<'_>) -> io::Result<()> {
    let path = at.whole();
    calls.count();
    if std::fs::metadata(path)?.permissions().readonly() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    Ok(())
}

pub(crate) fn create_exclusive(calls: &Calls, at: At<'_>, mode: u32) -> io::Result<File> {
    let path = at.whole();
    calls.count();
    OpenOptions::new().read(true).write(true).create_new(true).mode(mode).open(path)
}

pub(crate) fn is_on_disk(_: Volume) -> bool {
    false
}

/// By a path a link is followed, whoever put it there.
pub(crate) fn open_existing(calls: &Calls, at: At<'_>, readable: bool, _follows: bool) -> io::Result<File> {
    let path = at.whole();
    calls.count();
    OpenOptions::new().read(readable).write(true).open(path)
}

/// Looks before it opens: a link there is not followed.
pub(crate) fn open_partial(calls: &Calls, at: At<'_>) -> io::Result<File> {
    let path = at.whole();
    calls.add(2);
    if !std::fs::symlink_metadata(&path)?.file_type().is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    OpenOptions::new().read(true).write(true).open(path)
}

/// The standard library does not tell who this process is.
pub(crate) fn is_own(_: &Calls, _: &Status) -> bool {
    false
}

pub(crate) fn boot(_: &Calls) -> Option<String> {
    None
}

pub(crate) fn status(calls: &Calls, file: &File) -> io::Result<Status> {
    calls.count();
    Ok(status_of(&file.metadata()?))
}

fn status_of(metadata: &std::fs::Metadata) -> Status {
    let time = |seconds, nanoseconds| (seconds, u32::try_from(nanoseconds).unwrap_or(0));
    let modified = time(metadata.mtime(), metadata.mtime_nsec());
    let changed = time(metadata.ctime(), metadata.ctime_nsec());
    Status {
        kind: file_kind(metadata.file_type()),
        size: metadata.len(),
        allocated: metadata.blocks().saturating_mul(512),
        mode: metadata.mode() & 0o7777,
        inode: metadata.ino(),
        links: metadata.nlink(),
        owner: (metadata.uid(), metadata.gid()),
        accessed: time(metadata.atime(), metadata.atime_nsec()),
        volume: Volume { device: metadata.dev(), mount: 0 },
        stands_for: metadata.rdev(),
        is_block_device: metadata.file_type().is_block_device(),
        version: Version { modified, changed },
    }
}

fn file_kind(file_type: std::fs::FileType) -> FileKind {
    if file_type.is_file() {
        FileKind::Regular
    } else if file_type.is_dir() {
        FileKind::Directory
    } else if file_type.is_symlink() {
        FileKind::Symlink
    } else if file_type.is_fifo() {
        FileKind::Fifo
    } else if file_type.is_socket() {
        FileKind::Socket
    } else if file_type.is_char_device() || file_type.is_block_device() {
        FileKind::Device
    } else {
        FileKind::Other
    }
}

pub(crate) fn same_file(calls: &Calls, one: &File, other: &File) -> io::Result<bool> {
    calls.add(2);
    Ok(Handle::from_file(one.try_clone()?)? == Handle::from_file(other.try_clone()?)?)
}

pub(crate) fn set_length(calls: &Calls, file: &File, length: u64) -> io::Result<()> {
    calls.count();
    file.set_len(length)
}

/// What is not written is a hole, where the file system has any.
pub(crate) fn allow_holes(_: &Calls, _: &File) {}

pub(crate) fn file_size_limit(_: &Calls) -> Option<u64> {
    None
}

pub(crate) fn drop_cached(_: &Calls, _: &File) -> io::Result<()> {
    refused()
}

pub(crate) fn discard(calls: &Calls, file: File) {
    calls.count();
    drop(file);
}

pub(crate) fn rename(calls: &Calls, from: At<'_>, to: At<'_>) -> io::Result<()> {
    calls.count();
    std::fs::rename(from.whole(), to.whole())
}

pub(crate) fn reflink_range(_: &Calls, _: &File, _: &File, _: u64, _: u64) -> io::Result<()> {
    refused()
}
