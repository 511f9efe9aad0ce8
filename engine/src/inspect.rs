//! What stands at both ends before anything is changed: opens the source, resolves the destination, refuses what must
//! not be copied or replaced.

use std::fs::File;
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
        let not_regular = |kind| CopyError::SourceNotRegular { path: path.into(), kind };
        let file =
            platform::open_source(calls, path).map_err(|error| match platform::kind_of(calls, path) {
                // A socket cannot even be opened; what it is says more than the system's error.
                Ok(kind) if kind != FileKind::Regular => not_regular(kind),
                _ => CopyError::io(Operation::OpenSource, path, error),
            })?;
        let status =
            platform::status(calls, &file).map_err(|error| CopyError::io(Operation::Inspect, path, error))?;
        match status.kind {
            FileKind::Regular => Ok(Self { path, file, status }),
            kind => Err(not_regular(kind)),
        }
    }

    /// Whether the source is no longer what it was when it was opened.
    pub(crate) fn has_changed(&self, calls: &Calls) -> Result<bool, CopyError> {
        let now = platform::status(calls, &self.file)
            .map_err(|error| CopyError::io(Operation::Inspect, self.path, error))?;
        Ok((now.size, now.version) != (self.status.size, self.status.version))
    }

    pub(crate) fn close(self, calls: &Calls) {
        platform::discard(calls, self.file);
    }
}

/// As many symbolic links as Linux follows in one path.
const LINKS: u32 = 40;

/// Where a new file goes.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) path: PathBuf,
    /// Whether there is a file to replace.
    pub(crate) exists: bool,
}

/// Where the new file goes: `destination`, or the file that it links to. A link to nothing is followed only where that is
/// asked for.
pub(crate) fn resolve(
    source: &Source<'_>,
    destination: &Path,
    through_dangling: bool,
    calls: &Calls,
) -> Result<Resolved, CopyError> {
    let not_regular = |kind| CopyError::DestinationNotRegular { path: destination.into(), kind };
    let failed = |error| CopyError::io(Operation::OpenDestination, destination, error);
    if destination.as_os_str().as_encoded_bytes().ends_with(b"/") {
        // Written like a directory: whatever stands there, it is no place for a file.
        return Err(platform::kind_of(calls, destination).map_or_else(failed, not_regular));
    }
    let mut target = destination.to_path_buf();
    for followed in 0..=LINKS {
        match platform::open_destination(calls, &target).map_err(failed)? {
            Standing::Nothing if target.file_name().is_none() => {
                return Err(failed(std::io::ErrorKind::NotFound.into()));
            }
            Standing::Nothing if followed == 0 || through_dangling => {
                return Ok(Resolved { path: target, exists: false });
            }
            Standing::Nothing => break,
            Standing::File(file) => return replaceable(source, destination, target, file, calls),
            Standing::Other(kind) => return Err(not_regular(kind)),
            Standing::Symlink => {
                let link = platform::read_link(calls, &target).map_err(failed)?;
                target = target.parent().unwrap_or(Path::new("")).join(link);
            }
        }
    }
    match platform::kind_of(calls, destination) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(error)),
        // A link of /proc leads to what has no name, such as the pipe behind /dev/stdout.
        Ok(kind) if kind != FileKind::Regular => Err(not_regular(kind)),
        _ => Err(CopyError::DanglingSymlink { path: destination.into() }),
    }
}

/// A rename would replace a file that may not be written to; `cp` refuses that, and so does this.
fn replaceable(
    source: &Source<'_>,
    destination: &Path,
    target: PathBuf,
    standing: File,
    calls: &Calls,
) -> Result<Resolved, CopyError> {
    let failed = |error| CopyError::io(Operation::OpenDestination, destination, error);
    let same = platform::same_file(calls, &source.file, &standing).map_err(failed)?;
    platform::discard(calls, standing);
    if same {
        return Err(CopyError::SameFile { source: source.path.into(), destination: destination.into() });
    }
    platform::check_writable(calls, &target).map_err(failed)?;
    Ok(Resolved { path: target, exists: true })
}
