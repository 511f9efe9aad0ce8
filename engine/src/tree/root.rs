//! The roots of a copy: opens both, and refuses what would copy a directory into itself before anything is made.

use std::io;
use std::path::Path;

use super::directory::{Ground, Landed, status};
use super::node::identity;
use super::plan::Tree;
use crate::error::{CopyError, FileKind, Operation};
use crate::platform::{self, At, Calls, Directory, Status};

/// The source's root, links followed.
pub(super) fn open_source(path: &Path, calls: &Calls) -> Result<(Directory, Status), CopyError> {
    let failed = |error| CopyError::io(Operation::OpenSource, path, error);
    let there = platform::status_at(calls, At::path(path), true).map_err(failed)?;
    if there.kind != FileKind::Directory {
        return Err(CopyError::SourceNotDirectory { path: path.into(), kind: there.kind });
    }
    let directory = platform::open_listed(calls, At::path(path), true).map_err(failed)?;
    let status = status(&directory, calls).map_err(failed)?;
    Ok((directory, status))
}

/// What there is of the destination.
pub(super) enum Site {
    /// The root itself.
    Root(Directory),
    /// The directory in which it is to be made.
    Above(Directory),
}

/// Looks at the destination, links followed. `source` must not be one of the directories that hold it.
pub(super) fn look(source: (&Path, &Status), destination: &Path, calls: &Calls) -> Result<Site, CopyError> {
    let failed = |error| CopyError::io(Operation::OpenDestination, destination, error);
    let at = At::path(destination);
    let site = match platform::status_at(calls, at, true) {
        Ok(there) if there.kind == FileKind::Directory => {
            if identity(&there) == identity(source.1) {
                let (source, destination) = (source.0.into(), destination.into());
                return Err(CopyError::SameFile { source, destination });
            }
            Site::Root(platform::open_filled(calls, at, true).map_err(failed)?)
        }
        Ok(Status { kind, .. }) => {
            return Err(CopyError::DestinationNotDirectory { path: destination.into(), kind });
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if platform::status_at(calls, at, false).is_ok() {
                return Err(CopyError::DanglingSymlink { path: destination.into() });
            }
            if destination.file_name().is_none() {
                return Err(failed(error));
            }
            let making = |error| CopyError::io(Operation::CreateDirectory, destination, error);
            Site::Above(platform::open_filled(calls, at.parent(), true).map_err(making)?)
        }
        Err(error) => return Err(failed(error)),
    };
    let (Site::Root(lowest) | Site::Above(lowest)) = &site;
    if holds(source.1, lowest, calls) {
        let (source, destination) = (source.0.into(), destination.into());
        return Err(CopyError::IntoItself { source, destination });
    }
    Ok(site)
}

/// Whether `source` is `lowest`, or holds it. Where this process may not look, the walk finds it.
fn holds(source: &Status, lowest: &Directory, calls: &Calls) -> bool {
    let mut below = lowest.clone();
    let Ok(mut here) = status(&below, calls) else { return false };
    loop {
        if identity(&here) == identity(source) {
            return true;
        }
        let above = At { directory: &below, path: Path::new("..") };
        let Ok(directory) = platform::open_filled(calls, above, false) else { return false };
        let Ok(there) = status(&directory, calls) else { return false };
        if identity(&there) == identity(&here) {
            return false;
        }
        (below, here) = (directory, there);
    }
}

impl Tree<'_> {
    /// Makes or takes the root of the copy; none where nothing is made.
    pub(super) fn land_root(
        &self,
        existing: Option<Directory>,
        source: &Status,
        calls: &Calls,
    ) -> Result<Option<Landed>, CopyError> {
        let failed = |error| CopyError::io(Operation::CreateDirectory, self.destination, error);
        if let Some(directory) = existing {
            return self.merge(directory, calls).map(Some).map_err(failed);
        }
        let (Some(above), Some(name)) = (&self.above, self.destination.file_name()) else { return Ok(None) };
        if self.is_dry() {
            return Ok(None);
        }
        let at = At { directory: above, path: Path::new(name) };
        let umask = if platform::has_default_list(calls, above) { None } else { self.umask };
        self.make(Ground { at, is_fresh: false, has_others: false, umask }, source, calls)
            .map(Some)
            .map_err(failed)
    }
}
