//! What stands at the destination where an entry is to go, and what becomes of it.

use std::ffi::OsStr;
use std::io;

use super::directory::folds_case;
use super::file::Item;
use super::options::{Overwrite, TreeOptions};
use super::worker::{Here, Worker};
use crate::error::{CopyError, FileKind, Operation};
use crate::inspect::Seen;
use crate::options::Compression;
use crate::platform::{self, At, Status};
use crate::staging::remove;

/// What stands there.
#[derive(Debug)]
pub(super) struct Standing {
    /// None where nothing does.
    status: Option<Status>,
    /// Whether this copy has made it.
    is_own: bool,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It stays.
    Keep,
    /// The entry takes its place, or there is nothing.
    Make,
    /// The source's times decide.
    NeedsSource,
}

impl Standing {
    pub(super) fn status(&self) -> Option<&Status> {
        self.status.as_ref()
    }

    /// For a copy, which then need not look again.
    pub(super) fn seen(&self) -> Seen<'_> {
        self.status.as_ref().map_or(Seen::Nothing, Seen::Standing)
    }

    pub(super) fn is_own(&self) -> bool {
        self.is_own
    }

    /// What this copy has made is no old file; that it has the name is told later.
    pub(super) fn verdict(&self, overwrite: Overwrite) -> Verdict {
        match (&self.status, overwrite) {
            (None, _) | (_, Overwrite::Always) => Verdict::Make,
            _ if self.is_own => Verdict::Make,
            (_, Overwrite::Never) => Verdict::Keep,
            (_, Overwrite::Newer) => Verdict::NeedsSource,
        }
    }

    /// Bytes of content that a file has which stays, of a source of `size` bytes.
    pub(super) fn content_size(&self, is_changed: bool, size: u64, options: &TreeOptions) -> u64 {
        match (options.each.compression, &self.status) {
            (Compression::Decompress, Some(there)) if is_changed => there.size,
            _ => size,
        }
    }

    /// Whether the source is newer.
    pub(super) fn against(&self, source: &Status) -> Verdict {
        match &self.status {
            Some(there) if source.version.modified <= there.version.modified => Verdict::Keep,
            _ => Verdict::Make,
        }
    }

    /// Whether it must go before a file is written under its name, being none.
    pub(super) fn is_no_file(&self) -> bool {
        self.status.as_ref().is_some_and(|there| there.kind != FileKind::Regular)
    }
}

/// Whether it is what it was; its number alone may have been given to another file.
fn is_unchanged(now: &Status, then: &Status) -> bool {
    let of = |status: &Status| (status.number(), status.kind, status.size, status.version.modified);
    of(now) == of(then)
}

impl Worker<'_> {
    /// Notes that what stands at `at` stays, so that no other entry gets its name; fails where one has got it meanwhile. A
    /// file with further names may stay under each of them: that is no clash but where the file system takes two names for
    /// one.
    pub(super) fn note_kept(
        &self,
        here: Here<'_>,
        [source, destination]: [&OsStr; 2],
        at: At<'_>,
        there: &Status,
    ) -> Result<(), CopyError> {
        let is_one_name = there.links < 2 || folds_case(&at.to_spot(), &self.calls);
        let mut turn = here.node.made.turn();
        match platform::status_at(&self.calls, at, false) {
            Ok(now) if is_unchanged(&now, there) && !turn.has(&now) => {
                if is_one_name {
                    turn.add(&now);
                }
                Ok(())
            }
            _ => Err(self.taken(here, source, destination)),
        }
    }

    /// Removes what is no file and stands where a file is to be written in place, unless another entry has got the name
    /// meanwhile.
    pub(super) fn make_way(&self, item: Item<'_>, at: At<'_>) -> Result<(), CopyError> {
        let Item { here, source, destination, .. } = item;
        let turn = here.node.made.turn();
        match platform::status_at(&self.calls, at, false) {
            Ok(now) if turn.has(&now) => Err(self.taken(here, source, destination)),
            Ok(now) => {
                if !matches!(now.kind, FileKind::Regular | FileKind::Directory) {
                    remove(at);
                }
                Ok(())
            }
            Err(_) => Ok(()),
        }
    }

    /// Looks where an entry that is no directory is to go. In a directory that nobody else knows there is nothing to look
    /// for.
    pub(super) fn standing(&self, here: Here<'_>, name: &OsStr) -> Result<Standing, CopyError> {
        let nothing = Standing { status: None, is_own: false };
        let Some(at) = here.to(name).filter(|_| !here.node.is_fresh()) else { return Ok(nothing) };
        match platform::status_at(&self.calls, at, false) {
            Ok(Status { kind: kind @ FileKind::Directory, .. }) => {
                Err(CopyError::DestinationNotRegular { path: self.destination_path(here, name), kind })
            }
            Ok(status) => {
                let is_own = here.node.made.turn().has(&status);
                Ok(Standing { status: Some(status), is_own })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(nothing),
            Err(error) => {
                Err(CopyError::io(Operation::OpenDestination, self.destination_path(here, name), error))
            }
        }
    }
}
