//! What stands at both ends before anything is changed: opens the source, resolves the destination, refuses what must
//! not be copied or replaced.

use std::fs::File;
use std::path::Path;

use crate::entry::Entry;
use crate::error::{CopyError, FileKind, Operation};
use crate::platform::{self, Calls, Spot, Standing, Status};

/// The open source of a copy.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    pub(crate) entry: Entry<'a>,
    pub(crate) file: File,
    pub(crate) status: Status,
}

impl<'a> Source<'a> {
    /// Opens the file; `follows` says whether a symbolic link is followed.
    pub(crate) fn open(entry: Entry<'a>, follows: bool, calls: &Calls) -> Result<Self, CopyError> {
        let not_regular = |kind| CopyError::SourceNotRegular { path: entry.into(), kind };
        let file = platform::open_source(calls, entry.at, follows).map_err(|error| {
            match platform::status_at(calls, entry.at, follows).map(|status| status.kind) {
                // A socket cannot even be opened; what it is says more than the system's error.
                Ok(kind) if kind != FileKind::Regular => not_regular(kind),
                _ => CopyError::io(Operation::OpenSource, entry, error),
            }
        })?;
        let status = platform::status(calls, &file)
            .map_err(|error| CopyError::io(Operation::Inspect, entry, error))?;
        match status.kind {
            FileKind::Regular => Ok(Self { entry, file, status }),
            kind => Err(not_regular(kind)),
        }
    }

    /// Whether the source is no longer what it was when it was opened.
    pub(crate) fn has_changed(&self, calls: &Calls) -> Result<bool, CopyError> {
        let now = platform::status(calls, &self.file)
            .map_err(|error| CopyError::io(Operation::Inspect, self.entry, error))?;
        Ok((now.size, now.version) != (self.status.size, self.status.version))
    }

    pub(crate) fn close(self, calls: &Calls) {
        platform::discard(calls, self.file);
    }
}

/// What was seen at a destination a moment ago, itself and not what it links to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Seen<'a> {
    Nothing,
    Standing(&'a Status),
}

/// As many symbolic links as Linux follows in one path.
const LINKS: u32 = 40;

/// Where a new file goes.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) spot: Spot,
    /// Whether there is a file to replace.
    pub(crate) exists: bool,
}

/// Where the new file goes: `destination`, or the file that it links to, unless it is one of a tree. A link to nothing is
/// followed only where that is asked for.
pub(crate) fn resolve(
    source: &Source<'_>,
    destination: Entry<'_>,
    seen: Option<Seen<'_>>,
    through_dangling: bool,
    calls: &Calls,
) -> Result<Resolved, CopyError> {
    if let Some(resolved) = seen.and_then(|seen| resolved(source, destination, seen, calls)) {
        return Ok(resolved);
    }
    let not_regular = |kind| CopyError::DestinationNotRegular { path: destination.into(), kind };
    let failed = |error| CopyError::io(Operation::OpenDestination, destination, error);
    if destination.ends_in_slash() {
        // Written like a directory: whatever stands there, it is no place for a file.
        return Err(platform::kind_of(calls, destination.at, true).map_or_else(failed, not_regular));
    }
    let mut target = destination.at.to_spot();
    for followed in 0..=LINKS {
        match platform::open_destination(calls, target.at()).map_err(failed)? {
            Standing::Nothing if target.path.file_name().is_none() => {
                return Err(failed(std::io::ErrorKind::NotFound.into()));
            }
            Standing::Nothing if followed == 0 || through_dangling => {
                return Ok(Resolved { spot: target, exists: false });
            }
            Standing::Nothing => break,
            Standing::File(file) => return replaceable(source, destination, target, file, calls),
            Standing::Other(kind) if destination.is_given() || kind == FileKind::Directory => {
                return Err(not_regular(kind));
            }
            // In a tree the link itself is replaced, and what is special.
            Standing::Other(_) => return Ok(Resolved { spot: target, exists: true }),
            Standing::Symlink if !destination.is_given() => {
                return Ok(Resolved { spot: target, exists: true });
            }
            Standing::Symlink => {
                let link = platform::read_link(calls, target.at()).map_err(failed)?;
                target.path = target.path.parent().unwrap_or(Path::new("")).join(link);
            }
        }
    }
    match platform::kind_of(calls, destination.at, true) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(error)),
        // A link of /proc leads to what has no name, such as the pipe behind /dev/stdout.
        Ok(kind) if kind != FileKind::Regular => Err(not_regular(kind)),
        _ => Err(CopyError::DanglingSymlink { path: destination.into() }),
    }
}

/// Where what was seen leaves no question: nothing, or another file than the source that may be written to.
fn resolved(source: &Source<'_>, destination: Entry<'_>, seen: Seen<'_>, calls: &Calls) -> Option<Resolved> {
    let exists = match seen {
        Seen::Nothing => false,
        Seen::Standing(there) => {
            let is_other = there.inode != 0 && there.number() != source.status.number();
            if there.kind != FileKind::Regular || !is_other {
                return None;
            }
            platform::check_writable(calls, destination.at).ok()?;
            true
        }
    };
    Some(Resolved { spot: destination.at.to_spot(), exists })
}

/// A rename would replace a file that may not be written to; `cp` refuses that, and so does this.
fn replaceable(
    source: &Source<'_>,
    destination: Entry<'_>,
    target: Spot,
    standing: File,
    calls: &Calls,
) -> Result<Resolved, CopyError> {
    let failed = |error| CopyError::io(Operation::OpenDestination, destination, error);
    let same = platform::same_file(calls, &source.file, &standing).map_err(failed)?;
    platform::discard(calls, standing);
    if same {
        return Err(CopyError::SameFile { source: source.entry.into(), destination: destination.into() });
    }
    platform::check_writable(calls, target.at()).map_err(failed)?;
    Ok(Resolved { spot: target, exists: true })
}
