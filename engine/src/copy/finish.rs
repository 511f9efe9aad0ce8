//! The end of a copy: metadata, sync, the source unchanged, close and name.

use super::{Copy, Finished, taken};
use crate::attempt::Failure;
use crate::error::{CopyError, FileKind, Operation};
use crate::metadata;
use crate::options::{Durability, Placement};
use crate::outcome::NotPreserved;
use crate::placement::Way;
use crate::platform::{self, Status};
use crate::setting::Turn;

/// File systems that have no device of their own and yet nobody else to write to.
const WRITES_TO_ITSELF: [&str; 2] = ["tmpfs", "btrfs"];

impl<'a> Copy<'a> {
    /// Every step that can fail comes before the rename, except the one that makes the rename durable.
    pub(super) fn finish(self, staged: Option<&Status>) -> Result<Finished, CopyError> {
        let calls = self.calls;
        let not_preserved = self.set_metadata(staged).map_err(|failure| self.at(failure))?;
        if self.options.durability != Durability::None {
            self.watch
                .meanwhile(|| platform::sync_file(calls, self.target.file()))
                .map_err(|error| self.not_synced(error))?;
        }
        let source_changed = self.source.has_changed(calls)?;
        if source_changed && !self.options.accept_changed_source {
            return Err(self.changed());
        }
        let length = if source_changed { self.length_now()? } else { None };
        if self.watch.is_cancelled() {
            return Err(self.cancelled());
        }
        let close_tells = self.close_tells(staged)?;
        let mut turn = self.turn(staged)?;
        let Self { source, destination, target, options, .. } = self;
        let is_durable = options.durability == Durability::FileAndDirectory;
        let spot = is_durable.then(|| target.spot().clone());
        target
            .publish(calls, close_tells)
            .map_err(|Failure { operation, error }| CopyError::io(operation, destination, error))?;
        if let (Some(turn), Some(staged)) = (&mut turn, staged) {
            turn.add(staged);
        }
        drop(turn);
        if let Some(spot) = spot {
            let directory = spot.at().parent();
            platform::sync_directory(calls, directory)
                .map_err(|error| CopyError::io(Operation::Sync, destination.called(directory.path), error))?;
        }
        source.close(calls);
        Ok(Finished { length, source_changed, not_preserved })
    }

    /// In a tree, the right to give the name: another source may have given it to its copy meanwhile.
    fn turn(&self, staged: Option<&Status>) -> Result<Option<Turn<'a>>, CopyError> {
        let is_named_now = matches!(self.setting.way, Way::Staged | Way::Resumable) && staged.is_some();
        let Some(made) = self.setting.made.filter(|_| is_named_now) else { return Ok(None) };
        let turn = made.turn();
        match platform::status_at(self.calls, self.target.spot().at(), false) {
            Ok(there) if turn.has(&there) => {
                self.target.spoil();
                Err(taken(&self.source, self.destination))
            }
            _ => Ok(Some(turn)),
        }
    }

    fn length_now(&self) -> Result<Option<u64>, CopyError> {
        if self.target.kind != FileKind::Regular {
            return Ok(None);
        }
        let status = platform::status(self.calls, self.target.file());
        status.map(|status| Some(status.size)).map_err(self.failed(Operation::Inspect))
    }

    /// Whether closing the new file may tell that its content did not arrive, as network and user-space file systems do.
    /// Asked only where the answer decides an order.
    fn close_tells(&self, staged: Option<&Status>) -> Result<bool, CopyError> {
        let Some(staged) = staged else { return Ok(true) };
        if !self.target.is_unnamed() || platform::is_on_disk(staged.volume) {
            return Ok(false);
        }
        Ok(!WRITES_TO_ITSELF.contains(&self.survey().destination_fs(staged)?.as_str()))
    }

    /// In place an existing file keeps its own mode, and a new one has what the umask left.
    fn set_metadata(&self, staged: Option<&Status>) -> Result<Vec<NotPreserved>, Failure> {
        let (Some(staged), FileKind::Regular) = (staged, self.target.kind) else { return Ok(Vec::new()) };
        let source = &self.source.status;
        if self.options.preserve_metadata {
            return metadata::preserve(self.ends(), source, staged, self.calls);
        }
        if !self.takes_any_mode() {
            metadata::set_mode(self.ends(), source, staged, self.calls)?;
        }
        if self.setting.marks {
            metadata::set_times(self.ends(), source, self.calls)?;
        }
        Ok(Vec::new())
    }

    /// Whether a new file has what the umask left of the source's mode, and an existing one its own.
    fn takes_any_mode(&self) -> bool {
        self.options.placement == Placement::InPlace && !self.options.like_std
    }

    /// Whether the file has its mode already, without a look at it.
    pub(super) fn has_its_mode(&self) -> bool {
        let bits = self.source.status.mode & platform::PERMISSIONS;
        let born_with_it =
            self.setting.way == Way::Fresh && self.setting.umask.is_some_and(|umask| bits & umask == 0);
        born_with_it || (self.takes_any_mode() && matches!(self.setting.way, Way::InPlace | Way::Fresh))
    }
}
