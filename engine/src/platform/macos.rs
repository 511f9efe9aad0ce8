//! macOS: the standard library as on other Unix systems, and what the system has beside it, through `ffi`. Trees are walked by
//! paths. Compiled and linted only where this was written; nothing here was run there.

mod attributes;
mod clone;
mod direct;
#[cfg(feature = "config")]
mod machine;
mod meaning;
mod sync;

use std::fs::File;
use std::io::{self, Seek};

use super::{At, Calls, Told};
use crate::ffi::{self, Stretch};
use crate::strategy::Mechanism;

pub(crate) use super::other::*;
pub(crate) use attributes::{
    attribute, attributes, copy_access_list, copy_flags, remove_attribute, set_attribute,
};
pub(crate) use clone::{CLONES_ARE_NEW, clone_new, reflink};
pub(crate) use direct::{direct_alignment, set_direct};
#[cfg(feature = "config")]
pub(crate) use machine::{cpu, kernel};
pub(crate) use meaning::{meaning, too_large, unsupported};
pub(crate) use sync::{close, sync_directory, sync_file};

pub(crate) const MECHANISMS: &[Mechanism] =
    &[Mechanism::Reflink, Mechanism::Fcopyfile, Mechanism::DirectIo, Mechanism::ReadWrite];

/// Those that read and write, for builds without zero-copy.
pub(crate) const READ_WRITE: &[Mechanism] = &[Mechanism::DirectIo, Mechanism::ReadWrite];

/// The type of the file system as `mount(8)` names it.
pub(crate) fn file_system(calls: &Calls, file: &File) -> io::Result<String> {
    calls.count();
    ffi::file_system(file)
}

/// Where the first data at or behind `offset` begins; none behind the last.
pub(crate) fn next_data(calls: &Calls, file: &File, offset: u64) -> io::Result<Option<u64>> {
    calls.count();
    ffi::next(file, Stretch::Data, offset)
}

/// Where the first hole at or behind `offset` begins, the end of the file counted as one; none behind the end.
pub(crate) fn next_hole(calls: &Calls, file: &File, offset: u64) -> io::Result<Option<u64>> {
    calls.count();
    ffi::next(file, Stretch::Hole, offset)
}

/// In one step where the file system can, as those of Apple do.
pub(crate) fn rename_new(calls: &Calls, from: At<'_>, to: At<'_>) -> io::Result<()> {
    calls.count();
    match ffi::rename_new(&from.whole(), &to.whole()) {
        Err(error) if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput) => {
            super::other::rename_new(calls, from, to)
        }
        renamed => renamed,
    }
}

/// Copies the content of `from` to a new file at `to`, which is open for reading and writing; none where it was told to end.
pub(crate) fn copy_new(calls: &Calls, from: &File, to: At<'_>, told: Told<'_>) -> io::Result<Option<File>> {
    let new = create_exclusive(calls, to, 0o600)?;
    let mut ended = false;
    let told = &mut |bytes| {
        let answer = told(bytes);
        ended = answer.is_break();
        answer
    };
    // Looking for holes moves where it stands.
    calls.add(2);
    let copied = (&*from).rewind().and_then(|()| ffi::copy_data(from, &new, told));
    match copied {
        Ok(()) => Ok(Some(new)),
        Err(error) => {
            discard(calls, new);
            let removed = remove_file(calls, to);
            if ended { removed.map(|()| None) } else { Err(error) }
        }
    }
}
