//! Systems without accelerated copies here: the standard library alone. Every zero-copy mechanism refuses.

mod directory;
mod metadata;
mod positioned;

use std::fs::{File, OpenOptions};
use std::io;
use std::path::PathBuf;

use same_file::Handle;

use super::portable::refused;
use super::{At, Calls, Meaning, Standing, Status, Time, Told, Version, Volume};
use crate::error::FileKind;
use crate::strategy::Mechanism;

pub(crate) use super::portable::{
    Pipe, copy_file_range, create_unnamed, flush, link, processors, seek, send_file, send_range,
    wait_writable, write_socket,
};
pub(crate) use directory::{
    Directory, Listing, access_list_at, create_directory, descriptors_left, hard_link, has_default_list,
    list, make_special, may_fill, open_filled, open_listed, remove_directory, remove_file, rename_new,
    set_access_list_at, set_mode_at, set_owner_at, set_times_at, status_at, symlink, umask,
};
pub(crate) use metadata::{
    attribute, attributes, remove_attribute, set_attribute, set_mode, set_owner, set_times,
};
pub(crate) use positioned::{read_at, write_at};

pub(crate) const MECHANISMS: &[Mechanism] = READ_WRITE;

pub(crate) const READ_WRITE: &[Mechanism] = &[Mechanism::ReadWrite];

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

#[cfg(unix)]
fn is_special(kind: std::fs::FileType) -> bool {
    !kind.is_file() && !kind.is_dir()
}

#[cfg(not(unix))]
fn is_special(_: std::fs::FileType) -> bool {
    false
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
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    calls.count();
    options.open(path)
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
    status_of(&file.metadata()?)
}

fn status_of(metadata: &std::fs::Metadata) -> io::Result<Status> {
    let UnixParts { mode, owner, device, inode, links, changed } = unix_parts(metadata);
    let modified = seconds(metadata.modified()?);
    Ok(Status {
        kind: file_kind(metadata.file_type()),
        size: metadata.len(),
        allocated: metadata.len(),
        mode,
        inode,
        links,
        owner,
        accessed: metadata.accessed().map_or(modified, seconds),
        volume: Volume { device, mount: 0 },
        stands_for: 0,
        is_block_device: false,
        version: Version { modified, changed: changed.unwrap_or(modified) },
    })
}

fn file_kind(file_type: std::fs::FileType) -> FileKind {
    if file_type.is_file() {
        FileKind::Regular
    } else if file_type.is_dir() {
        FileKind::Directory
    } else if file_type.is_symlink() {
        FileKind::Symlink
    } else {
        FileKind::Other
    }
}

/// What only Unix has of a file's status.
struct UnixParts {
    mode: u32,
    owner: (u32, u32),
    device: u64,
    inode: u64,
    links: u64,
    changed: Option<Time>,
}

#[cfg(unix)]
fn unix_parts(metadata: &std::fs::Metadata) -> UnixParts {
    use std::os::unix::fs::MetadataExt;
    let nanoseconds = u32::try_from(metadata.ctime_nsec()).unwrap_or(0);
    UnixParts {
        mode: metadata.mode() & 0o7777,
        owner: (metadata.uid(), metadata.gid()),
        device: metadata.dev(),
        inode: metadata.ino(),
        links: metadata.nlink(),
        changed: Some((metadata.ctime(), nanoseconds)),
    }
}

#[cfg(not(unix))]
fn unix_parts(metadata: &std::fs::Metadata) -> UnixParts {
    let mode = if metadata.permissions().readonly() { 0o444 } else { 0o666 };
    UnixParts { mode, owner: (0, 0), device: 0, inode: 0, links: 1, changed: None }
}

fn seconds(time: std::time::SystemTime) -> (i64, u32) {
    let whole = |since: std::time::Duration| i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    match time.duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => (whole(since), since.subsec_nanos()),
        // Nanoseconds count forward, also before the epoch.
        Err(before) => match before.duration().subsec_nanos() {
            0 => (-whole(before.duration()), 0),
            nanoseconds => (-whole(before.duration()) - 1, 1_000_000_000 - nanoseconds),
        },
    }
}

pub(crate) fn same_file(calls: &Calls, one: &File, other: &File) -> io::Result<bool> {
    calls.add(2);
    Ok(Handle::from_file(one.try_clone()?)? == Handle::from_file(other.try_clone()?)?)
}

pub(crate) fn file_system(_: &Calls, _: &File) -> io::Result<String> {
    Ok("unknown".to_owned())
}

pub(crate) fn unsupported() -> io::Error {
    io::ErrorKind::Unsupported.into()
}

pub(crate) fn set_length(calls: &Calls, file: &File, length: u64) -> io::Result<()> {
    calls.count();
    file.set_len(length)
}

/// What is not written is a hole, where the file system has any.
pub(crate) fn allow_holes(_: &Calls, _: &File) {}

pub(crate) fn next_data(_: &Calls, _: &File, _: u64) -> io::Result<Option<u64>> {
    refused()
}

pub(crate) fn next_hole(_: &Calls, _: &File, _: u64) -> io::Result<Option<u64>> {
    refused()
}

pub(crate) fn too_large() -> io::Error {
    io::ErrorKind::FileTooLarge.into()
}

pub(crate) fn file_size_limit(_: &Calls) -> Option<u64> {
    None
}

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

#[cfg(unix)]
pub(crate) fn sync_directory(calls: &Calls, at: At<'_>) -> io::Result<()> {
    let path = at.whole();
    calls.count();
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
pub(crate) fn sync_directory(_: &Calls, _: At<'_>) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no call that syncs a directory"))
}

/// The standard library has no close that reports; a sync brings the same errors to light before it.
pub(crate) fn close(calls: &Calls, file: File) -> io::Result<()> {
    let synced = sync_file(calls, &file);
    discard(calls, file);
    synced
}

pub(crate) fn discard(calls: &Calls, file: File) {
    calls.count();
    drop(file);
}

pub(crate) fn rename(calls: &Calls, from: At<'_>, to: At<'_>) -> io::Result<()> {
    calls.count();
    std::fs::rename(from.whole(), to.whole())
}

pub(crate) fn reflink(_: &Calls, _: &File, _: &File) -> io::Result<()> {
    refused()
}

pub(crate) fn reflink_range(_: &Calls, _: &File, _: &File, _: u64, _: u64) -> io::Result<()> {
    refused()
}

/// Copies the whole of a file to a new one at a name; none where it was told to end.
pub(crate) fn copy_new(_: &Calls, _: &File, _: At<'_>, _: Told<'_>) -> io::Result<Option<File>> {
    refused()
}

pub(crate) fn meaning(error: &io::Error, _: bool) -> Meaning {
    match error.kind() {
        io::ErrorKind::Interrupted => Meaning::Interrupted,
        io::ErrorKind::Unsupported => Meaning::Refused { every_file: true },
        _ => Meaning::Failed,
    }
}
