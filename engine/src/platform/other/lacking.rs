//! What the standard library does not have, or not to the full. macOS has its own of all this.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;

use super::super::portable::refused;
use super::super::{At, Calls, Meaning, Told};
use super::discard;
use crate::strategy::Mechanism;

pub(crate) const MECHANISMS: &[Mechanism] = READ_WRITE;

pub(crate) const READ_WRITE: &[Mechanism] = &[Mechanism::ReadWrite];

pub(crate) fn file_system(_: &Calls, _: &File) -> io::Result<String> {
    Ok("unknown".to_owned())
}

pub(crate) fn unsupported() -> io::Error {
    io::ErrorKind::Unsupported.into()
}

pub(crate) fn next_data(_: &Calls, _: &File, _: u64) -> io::Result<Option<u64>> {
    refused()
}

pub(crate) fn next_hole(_: &Calls, _: &File, _: u64) -> io::Result<Option<u64>> {
    refused()
}

pub(crate) fn too_large() -> io::Error {
    io::ErrorKind::FileTooLarge.into()
}

pub(crate) fn direct_alignment(_: &Calls, _: &File) -> io::Result<Option<usize>> {
    Ok(None)
}

pub(crate) fn set_direct(_: &Calls, _: &File, _: bool) -> io::Result<()> {
    refused()
}

/// The standard library has no close that reports; a sync brings the same errors to light before it.
pub(crate) fn close(calls: &Calls, file: File) -> io::Result<()> {
    let synced = sync_file(calls, &file);
    discard(calls, file);
    synced
}

pub(crate) fn reflink(_: &Calls, _: &File, _: &File) -> io::Result<()> {
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

pub(crate) fn attributes(_: &Calls, _: &File) -> io::Result<Vec<OsString>> {
    refused()
}

pub(crate) fn attribute(_: &Calls, _: &File, _: &OsStr) -> io::Result<Vec<u8>> {
    refused()
}

pub(crate) fn set_attribute(_: &Calls, _: &File, _: &OsStr, _: &[u8]) -> io::Result<()> {
    refused()
}

pub(crate) fn remove_attribute(_: &Calls, _: &File, _: &OsStr) -> io::Result<()> {
    refused()
}

pub(crate) fn sync_file(calls: &Calls, file: &File) -> io::Result<()> {
    calls.count();
    file.sync_all()
}

pub(crate) fn sync_directory(calls: &Calls, at: At<'_>) -> io::Result<()> {
    let path = at.whole();
    calls.count();
    sync_file(calls, &File::open(path)?)
}
