//! What no system but Linux has here, and what the standard library does the same way on all of them.

mod socket;

use std::fs::File;
use std::io;
use std::num::NonZero;
use std::sync::OnceLock;

use super::{AccessList, At, Calls, Directory};

pub(crate) use socket::{send_range, wait_writable, write_socket};

/// The system has no such call.
pub(super) fn refused<T>() -> io::Result<T> {
    Err(super::unsupported())
}

pub(crate) fn create_unnamed(_: &Calls, _: At<'_>, _: u32) -> io::Result<File> {
    refused()
}

pub(crate) fn link(_: &Calls, _: &File, _: At<'_>) -> io::Result<()> {
    refused()
}

pub(crate) fn flush(_: &Calls, _: &File) -> io::Result<()> {
    refused()
}

pub(crate) fn send_file(_: &Calls, _: &File, _: &File, _: u64, _: u64) -> io::Result<u64> {
    refused()
}

pub(crate) fn seek(_: &Calls, _: &File, _: u64) -> io::Result<()> {
    refused()
}

pub(crate) fn copy_file_range(_: &Calls, _: &File, _: &File, _: u64, _: u64) -> io::Result<u64> {
    refused()
}

/// Whether sharing extents makes a new file, at a name.
#[cfg(not(target_os = "macos"))]
pub(crate) const CLONES_ARE_NEW: bool = false;

#[cfg(not(target_os = "macos"))]
pub(crate) fn clone_new(_: &Calls, _: &File, _: At<'_>) -> io::Result<File> {
    refused()
}

/// There is none that is known here.
#[cfg(not(any(windows, target_os = "macos")))]
pub(crate) fn copy_access_list(_: &Calls, _: &File, _: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(not(target_os = "macos"))]
pub(crate) fn copy_flags(_: &Calls, _: &File, _: &File) -> io::Result<()> {
    Ok(())
}

#[derive(Debug)]
pub(crate) struct Pipe;

impl Pipe {
    pub(crate) fn new(_: &Calls, _: u64) -> io::Result<Self> {
        refused()
    }

    pub(crate) fn capacity(&self) -> u64 {
        0
    }

    pub(crate) fn held(&self) -> u64 {
        0
    }

    pub(crate) fn fill(&mut self, _: &Calls, _: &File, _: u64, _: u64) -> io::Result<u64> {
        refused()
    }

    pub(crate) fn drain(&mut self, _: &Calls, _: &File, _: u64) -> io::Result<u64> {
        refused()
    }
}

/// How many processors this process may use, looked up once.
pub(crate) fn processors() -> u32 {
    static PROCESSORS: OnceLock<u32> = OnceLock::new();
    *PROCESSORS.get_or_init(|| {
        let available = std::thread::available_parallelism().map_or(1, NonZero::get);
        u32::try_from(available).unwrap_or(u32::MAX)
    })
}

/// Of a directory that is made, lists are inherited, and not copied.
pub(crate) fn access_list_at(_: &Calls, _: At<'_>, _: bool) -> io::Result<Option<AccessList>> {
    Ok(None)
}

pub(crate) fn set_access_list_at(_: &Calls, _: At<'_>, _: Option<&[u8]>) -> io::Result<()> {
    Ok(())
}

pub(crate) fn has_default_list(_: &Calls, _: &Directory) -> bool {
    true
}

pub(crate) fn may_fill(_: &Calls, _: &Directory) -> bool {
    true
}

/// Nobody can ask for it without setting it.
pub(crate) fn umask(_: &Calls) -> Option<u32> {
    None
}

/// Nothing here counts them.
pub(crate) fn descriptors_left(_: &Calls) -> Option<u64> {
    None
}
