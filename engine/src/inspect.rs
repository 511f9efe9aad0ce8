//! What stands at both ends before anything is changed: opens the source, resolves the destination, refuses what must
//! not be copied or replaced.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{CopyError, FileKind, Operation};
use crate::platform::{self, Calls, Standing, Status};

/// The open source of a copy.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    /// As given.
    pub(crate) path: &'a Path,
    pub(crate) file: File,
    pub(crate) status: Status,
}

impl<'a> Source<'a> {
    pub(crate) fn open(path: &'a Path, calls: &Calls) -> Result<Self, CopyError> {
        let file = platform::open_source(calls, path)
            .map_err(|error| CopyError::io(Operation::OpenSource, path, error))?;
        let status =
            platform::status(calls, &file).map_err(|error| CopyError::io(Operation::Inspect, path, error))?;
        match status.kind {
            FileKind::Regular => Ok(Self { path, file, status }),
            kind => Err(CopyError::SourceNotRegular { path: path.into(), kind }),
        }
    }

    /// Fails when the source is no longer what it was when it was opened.
    pub(crate) fn check_unchanged(&self, calls: &Calls) -> Result<(), CopyError> {
        let now = platform::status(calls, &self.file)
            .map_err(|error| CopyError::io(Operation::Inspect, self.path, error))?;
        if (now.size, now.version) == (self.status.size, self.status.version) {
            Ok(())
        } else {
            Err(CopyError::SourceChanged { path: self.path.into() })
        }
    }

    pub(crate) fn close(self, calls: &Calls) {
        platform::discard(calls, self.file);
    }
}

/// Where the new file goes: `destination`, or the file that it links to.
pub(crate) fn resolve(source: &Source<'_>, destination: &Path, calls: &Calls) -> Result<PathBuf, CopyError> {
    let not_regular = |kind| CopyError::DestinationNotRegular { path: destination.into(), kind };
    if destination.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Err(not_regular(FileKind::Directory));
    }
    match stand(destination, destination, calls)? {
        Standing::Nothing if destination.file_name().is_none() => Err(not_regular(FileKind::Directory)),
        Standing::Nothing => Ok(destination.into()),
        Standing::File(file) => replaceable(source, destination, destination.into(), file, calls),
        Standing::Other(kind) => Err(not_regular(kind)),
        Standing::Symlink => {
            let target = std::fs::canonicalize(destination).map_err(|error| dangling(destination, error))?;
            match stand(&target, destination, calls)? {
                Standing::File(file) => replaceable(source, destination, target, file, calls),
                Standing::Other(kind) => Err(not_regular(kind)),
                Standing::Nothing | Standing::Symlink => {
                    Err(CopyError::DanglingSymlink { path: destination.into() })
                }
            }
        }
    }
}

fn stand(path: &Path, given: &Path, calls: &Calls) -> Result<Standing, CopyError> {
    platform::open_destination(calls, path)
        .map_err(|error| CopyError::io(Operation::OpenDestination, given, error))
}

fn dangling(destination: &Path, error: io::Error) -> CopyError {
    match error.kind() {
        io::ErrorKind::NotFound => CopyError::DanglingSymlink { path: destination.into() },
        _ => CopyError::io(Operation::OpenDestination, destination, error),
    }
}

/// A rename would replace a file that may not be written to; `cp` refuses that, and so does this.
fn replaceable(
    source: &Source<'_>,
    destination: &Path,
    target: PathBuf,
    standing: File,
    calls: &Calls,
) -> Result<PathBuf, CopyError> {
    let failed = |error| CopyError::io(Operation::OpenDestination, destination, error);
    let same = platform::same_file(calls, &source.file, &standing).map_err(failed)?;
    platform::discard(calls, standing);
    if same {
        return Err(CopyError::SameFile { source: source.path.into(), destination: destination.into() });
    }
    platform::check_writable(calls, &target).map_err(failed)?;
    Ok(target)
}
