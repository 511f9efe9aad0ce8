//! Copying the content of one file of a tree, by the same steps as a file on its own.

use super::file::Item;
use super::meter::Share;
use super::node::Called;
use super::plan::Circumstances;
use super::standing::Standing;
use super::worker::{Here, Worker};
use crate::attempt::{Ends, Failure, failed};
use crate::copy::copy_entry;
use crate::entry::Entry;
use crate::error::{CopyError, FileKind, Operation};
use crate::inspect::Source;
use crate::metadata;
use crate::observe::Watch;
use crate::options::{Compression, CopyOptions, Placement, Verification};
use crate::outcome::CopyOutcome;
use crate::partial;
use crate::placement::Way;
use crate::platform::{self, At, Status};
use crate::setting::Setting;
use crate::verify::{Claim, verify};

/// Files from this size on tell the observer how they go; smaller ones when they are done.
const WATCHED: u64 = 256 * 1024;

impl Worker<'_> {
    /// Copies a file, unless it is the one that stands there already.
    pub(super) fn content(&mut self, item: Item<'_>, source: Option<Source<'_>>) -> Result<(), CopyError> {
        let Item { here, destination: name, standing, .. } = item;
        let Some(at) = here.to(name) else { return Ok(()) };
        if standing.is_own() {
            let destination = here.called(self.tree.destination, name);
            return Err(CopyError::NameTaken { source: item.from.into(), destination });
        }
        let size = source.as_ref().map_or(0, |source| source.status.size);
        if source.as_ref().is_some_and(|source| self.is_there(item, source)) {
            self.done.verified += u64::from(self.options().each.verification != Verification::None);
            if let (Some(there), Some(source)) = (standing.status(), &source) {
                self.note_kept(here, [item.source, name], at, there)?;
                self.refresh(item, source, there)?;
                partial::remove_left(at, size, &self.calls);
            }
            self.kept(standing.content_size(item.is_changed, size, self.options()));
            return Ok(());
        }
        let outcome = self.copy(item, at, source, size)?;
        self.done.note_copy(&outcome);
        let root = self.tree.destination;
        self.done.note_lost(outcome.not_preserved, || here.called(root, name));
        Ok(())
    }

    fn copy(
        &self,
        item: Item<'_>,
        at: At<'_>,
        source: Option<Source<'_>>,
        size: u64,
    ) -> Result<CopyOutcome, CopyError> {
        let Item { here, from, standing, .. } = item;
        let is_fresh = here.node.is_fresh();
        let way = if is_fresh { Way::Fresh } else { self.options().each.placement.into() };
        // A source that cannot be opened takes nobody's place.
        if way == Way::InPlace && standing.is_no_file() && source.is_some() {
            self.make_way(item, at)?;
        }
        let options = self.tree.each.of(Circumstances {
            is_changed: item.is_changed,
            is_alone: self.tree.pool.is_hungry(),
            is_small: !self.tree.values.tree_zero_copy_threshold.admits(size),
        });
        let setting = Setting {
            options,
            way,
            follows: self.is_followed(),
            umask: here.node.umask(),
            seen: (!is_fresh).then(|| standing.seen()),
            marks: way == Way::Resumable,
            made: (!is_fresh).then_some(&here.node.made),
            written: Some(&self.tree.written),
        };
        let called = Called { root: self.tree.destination, node: here.node };
        let share = if size < WATCHED { None } else { self.tree.meter.of_file() };
        let mut watch = Watch::new(share.as_ref().map(Share::audience), options.cancel.as_ref(), 0);
        // What is written over is torn when it is ended, and no other file's failure is worth that.
        if way != Way::InPlace || standing.status().is_none() {
            watch = watch.also_ended_by(&self.tree.stop);
        }
        let copied = copy_entry(from, source, Entry::below(&called, at), setting, &watch, &self.calls);
        let (bytes, found) = copied.as_ref().map_or((0, 0), |outcome| {
            (outcome.content_bytes, outcome.content_bytes - outcome.data_bytes.min(outcome.content_bytes))
        });
        match share {
            Some(share) => share.end(bytes, found),
            None => self.tree.meter.add(bytes, found),
        }
        copied
    }

    /// Gives a finished file the metadata that is to be preserved, where an earlier copy was not to.
    fn refresh(&mut self, item: Item<'_>, source: &Source<'_>, there: &Status) -> Result<(), CopyError> {
        let Item { here, destination: name, .. } = item;
        if !self.options().each.preserve_metadata {
            return Ok(());
        }
        let (calls, root) = (&self.calls, self.tree.destination);
        let at = |Failure { operation, error }| CopyError::io(operation, here.called(root, name), error);
        let Some(spot) = here.to(name) else { return Ok(()) };
        let file = platform::open_for_metadata(calls, spot)
            .map_err(failed(Operation::OpenDestination))
            .map_err(at)?;
        let ends = Ends { from: &source.file, to: &file };
        let is_current = (there.owner, there.mode) == (source.status.owner, source.status.mode)
            && metadata::has_attributes(ends, calls).map_err(at)?;
        let lost = match is_current {
            true => Vec::new(),
            false => metadata::preserve(ends, &source.status, there, calls).map_err(at)?,
        };
        platform::discard(calls, file);
        self.done.note_lost(lost, || here.called(root, name));
        Ok(())
    }

    /// Whether the copy is there already, and is what the source is where that is to be proven.
    fn is_there(&self, item: Item<'_>, source: &Source<'_>) -> bool {
        self.is_finished(&source.status, item.standing)
            && (self.options().each.verification == Verification::None
                || self.is_proven(source, item.here, item))
    }

    /// Whether what stands there is a copy that an earlier resumable run has finished, by its length and by the time that
    /// such a copy has from its source.
    pub(super) fn is_finished(&self, source: &Status, standing: &Standing) -> bool {
        let CopyOptions { placement, compression, .. } = self.options().each;
        let Some(there) = standing.status() else { return false };
        placement == Placement::Resumable
            && there.kind == FileKind::Regular
            && there.version.modified == source.version.modified
            && (compression != Compression::None || there.size == source.size)
    }

    fn is_proven(&self, source: &Source<'_>, here: Here<'_>, item: Item<'_>) -> bool {
        let circumstances = Circumstances { is_changed: item.is_changed, is_alone: false, is_small: false };
        let each = self.tree.each.of(circumstances);
        let calls = &self.calls;
        let Some(at) = here.to(item.destination) else { return false };
        // Not for writing, which verifying asks only of a file that is synced first.
        let Ok(file) = platform::open_source(calls, at, false) else { return false };
        let Ok(there) = platform::status(calls, &file) else { return false };
        let watch = &Watch::new(None, each.cancel.as_ref(), 0).also_ended_by(&self.tree.stop);
        let claim = Claim {
            ends: Ends { from: &source.file, to: &file },
            compression: each.compression,
            bytes: source.status.size,
            length: there.size,
            is_shared: false,
            may_be_longer: false,
            watch,
        };
        let is_proven = verify(each.verification, claim, calls).is_ok();
        platform::discard(calls, file);
        is_proven
    }
}
