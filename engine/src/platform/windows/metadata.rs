//! Read-only, times and attributes of an open file.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::Path;

use super::super::portable::refused;
use super::super::{Calls, Time};
use super::status::ticks;
use crate::ffi::{self, FILE_BASIC_INFO};

const READ_ONLY: u32 = 0x1;

/// That a file has no attributes, which is not the same as leaving them.
const NORMAL: u32 = 0x80;

/// Hidden, system, archive, not to be indexed: what a file does not get by being what it is.
const KEPT: u32 = 0x2 | 0x4 | 0x20 | 0x2000;

/// Names under which what Windows alone has is kept with extended attributes.
const ATTRIBUTES: &str = "windows.attributes";
const CREATED: &str = "windows.created";

/// Nothing is changed.
fn unchanged() -> FILE_BASIC_INFO {
    FILE_BASIC_INFO::default()
}

fn set_flags(calls: &Calls, file: &File, change: impl FnOnce(u32) -> u32) -> io::Result<()> {
    calls.add(2);
    let there = ffi::basic(file)?.FileAttributes;
    let wanted = change(there);
    if wanted == there {
        return Ok(());
    }
    let wanted = if wanted == 0 { NORMAL } else { wanted };
    ffi::set_basic(file, &FILE_BASIC_INFO { FileAttributes: wanted, ..unchanged() })
}

/// A file that its owner may not write to is read-only.
pub(crate) fn set_mode(calls: &Calls, file: &File, mode: u32) -> io::Result<()> {
    set_flags(calls, file, |flags| if mode & 0o200 == 0 { flags | READ_ONLY } else { flags & !READ_ONLY })
}

/// Lets a file be written to.
pub(super) fn make_writable(calls: &Calls, path: &Path) -> io::Result<()> {
    calls.add(2);
    let mut permissions = std::fs::symlink_metadata(path)?.permissions();
    if !permissions.readonly() {
        return Ok(());
    }
    #[expect(
        clippy::permissions_set_readonly_false,
        reason = "Windows alone, where nobody else is let in by that"
    )]
    permissions.set_readonly(false);
    std::fs::set_permissions(path, permissions)
}

pub(crate) fn set_owner(_: &Calls, _: &File, _: (u32, u32)) -> io::Result<()> {
    refused()
}

pub(crate) fn set_times(calls: &Calls, file: &File, accessed: Time, modified: Time) -> io::Result<()> {
    let times =
        FILE_BASIC_INFO { LastAccessTime: ticks(accessed)?, LastWriteTime: ticks(modified)?, ..unchanged() };
    calls.count();
    ffi::set_basic(file, &times)
}

pub(crate) fn attributes(_: &Calls, _: &File) -> io::Result<Vec<OsString>> {
    Ok(vec![ATTRIBUTES.into(), CREATED.into()])
}

pub(crate) fn attribute(calls: &Calls, file: &File, name: &OsStr) -> io::Result<Vec<u8>> {
    calls.count();
    let basic = ffi::basic(file)?;
    if name == ATTRIBUTES {
        Ok((basic.FileAttributes & KEPT).to_le_bytes().to_vec())
    } else if name == CREATED {
        Ok(basic.CreationTime.to_le_bytes().to_vec())
    } else {
        refused()
    }
}

pub(crate) fn set_attribute(calls: &Calls, file: &File, name: &OsStr, value: &[u8]) -> io::Result<()> {
    let damaged = |_| io::Error::from(io::ErrorKind::InvalidInput);
    if name == ATTRIBUTES {
        let wanted = u32::from_le_bytes(value.try_into().map_err(damaged)?);
        set_flags(calls, file, |flags| flags & !(KEPT | NORMAL) | wanted & KEPT)
    } else if name == CREATED {
        let created = i64::from_le_bytes(value.try_into().map_err(damaged)?);
        calls.count();
        ffi::set_basic(file, &FILE_BASIC_INFO { CreationTime: created, ..unchanged() })
    } else {
        refused()
    }
}

pub(crate) fn remove_attribute(_: &Calls, _: &File, _: &OsStr) -> io::Result<()> {
    refused()
}
