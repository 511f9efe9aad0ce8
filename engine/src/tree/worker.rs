//! What one thread does: takes work, lists directories, and does for each entry what its kind asks for.

use std::ffi::OsStr;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::batch::Batch;
use super::held::Pair;
use super::links::Name;
use super::names::Names;
use super::node::{Called, Node};
use super::options::{Symlinks, TreeOptions};
use super::outcome::TreeOutcome;
use super::plan::Tree;
use super::pool::{Pool, Work};
use super::small::MOST_SMALL;
use crate::buffer::{Buffer, PAGE};
use crate::error::{CopyError, FileKind, Operation};
use crate::platform::{self, At, Calls, Listing};

/// So many names are looked at before the rest is listed.
const BATCH: usize = 1024;

/// A directory in which entries are copied.
#[derive(Clone, Copy)]
pub(super) struct Here<'a> {
    pub(super) node: &'a Arc<Node>,
    pub(super) pair: &'a Arc<Pair>,
}

impl<'a> Here<'a> {
    pub(super) fn from(self, name: &'a OsStr) -> At<'a> {
        At { directory: &self.pair.from, path: Path::new(name) }
    }

    /// What an entry of it is called, below one of the roots.
    pub(super) fn called(self, root: &Path, name: &OsStr) -> PathBuf {
        Called { root, node: self.node }.whole().join(name)
    }

    /// None where nothing is there and nothing is made.
    pub(super) fn to(self, name: &'a OsStr) -> Option<At<'a>> {
        self.pair.to.as_ref().map(|directory| At { directory, path: Path::new(name) })
    }
}

/// What a worker that panics leaves would never be done, and the others would wait for it.
struct EndInPanic<'a>(&'a Pool);

impl Drop for EndInPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.end();
        }
    }
}

/// One thread of a copy.
pub(super) struct Worker<'a> {
    pub(super) tree: &'a Tree<'a>,
    pub(super) calls: Calls,
    pub(super) done: TreeOutcome,
    /// Holds any small file and one byte more.
    pub(super) buffer: Buffer,
    pub(super) batch: Batch,
    listing: Listing,
}

impl<'a> Worker<'a> {
    pub(super) fn new(tree: &'a Tree<'a>) -> Self {
        let (calls, done, listing) = (Calls::default(), TreeOutcome::default(), Listing::new());
        let length = usize::try_from(MOST_SMALL + 1).unwrap_or(usize::MAX);
        let (buffer, batch) = (Buffer::aligned(length, PAGE), Batch::new(tree.batch));
        Self { tree, calls, done, buffer, batch, listing }
    }

    pub(super) fn options(&self) -> &'a TreeOptions {
        self.tree.options
    }

    /// Copies what is in the root, then as [`Self::run`].
    pub(super) fn begin(mut self, root: Arc<Node>, pair: Arc<Pair>) -> TreeOutcome {
        let _end = EndInPanic(&self.tree.pool);
        self.fill(root, pair);
        self.run()
    }

    /// Works until the tree is done. Gives what this worker did.
    pub(super) fn run(mut self) -> TreeOutcome {
        let _end = EndInPanic(&self.tree.pool);
        while let Some(work) = self.tree.pool.take() {
            match work {
                Work::Names(node, pair, names) => {
                    self.names(Here { node: &node, pair: &pair }, names);
                    self.release(node, Some(pair));
                }
                Work::Directory(node, name) => {
                    self.directory(&node, &name);
                    self.release(node, None);
                }
                Work::NoMore(node) => self.release(node, None),
            }
        }
        self.done.system_calls = self.calls.total();
        self.done
    }

    fn directory(&mut self, parent: &Arc<Node>, name: &OsStr) {
        if self.tree.is_stopped() {
            return;
        }
        match self.enter(parent, name) {
            Ok((node, pair)) => self.fill(node, pair),
            Err(error) => self.tree.fail(error),
        }
    }

    /// Copies what is in a directory that was entered, and finishes it unless something in it is left to others.
    fn fill(&mut self, node: Arc<Node>, pair: Arc<Pair>) {
        self.tree.meter.tell_in_time();
        let here = Here { node: &node, pair: &pair };
        if let Err(error) = self.list(here) {
            let path = Called { root: self.tree.source, node: &node }.whole();
            self.tree.fail(CopyError::io(Operation::List, path, error));
        }
        self.release(node, Some(pair));
    }

    fn list(&mut self, here: Here<'_>) -> std::io::Result<()> {
        let mut listing = std::mem::replace(&mut self.listing, Listing::empty());
        let calls = Calls::default();
        let (mut names, mut below) = (Names::default(), Names::default());
        let listed = platform::list(&calls, &here.pair.from, &mut listing, &mut |name, kind| {
            names.push(name, kind);
            if names.len() == BATCH {
                self.some(here, std::mem::take(&mut names), &mut below);
            }
            if self.tree.is_stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        self.some(here, names, &mut below);
        self.enter_later(here, below);
        self.calls.add(calls.total());
        self.listing = listing;
        listed
    }

    /// Names that another worker gave away.
    fn names(&mut self, here: Here<'_>, names: Names) {
        let mut below = Names::default();
        self.some(here, names, &mut below);
        self.enter_later(here, below);
    }

    fn some(&mut self, here: Here<'_>, mut names: Names, below: &mut Names) {
        loop {
            if self.tree.is_stopped() {
                break;
            }
            if self.tree.pool.is_hungry() && names.len() > 1 {
                here.node.hold();
                here.node.share();
                self.tree.pool.give(Arc::clone(here.node), Arc::clone(here.pair), names.split());
            }
            let Some((name, kind)) = names.next() else { break };
            self.tree.meter.tell_in_time();
            if let Err(error) = self.entry(here, &name, kind, below) {
                self.tree.fail(error);
            }
        }
        self.write_batch(here);
        if below.is_full() || (!below.is_empty() && self.tree.pool.is_hungry()) {
            self.enter_later(here, std::mem::take(below));
        }
    }

    fn enter_later(&self, here: Here<'_>, below: Names) {
        if !below.is_empty() {
            here.node.hold();
            self.tree.pool.add(Arc::clone(here.node), below);
        }
    }

    fn entry(
        &mut self,
        here: Here<'_>,
        name: &OsStr,
        kind: Option<FileKind>,
        below: &mut Names,
    ) -> Result<(), CopyError> {
        let kind = match kind {
            Some(kind) => kind,
            None => self.look(here, name, false)?.kind,
        };
        if !self.keeps(here, name, kind) {
            self.done.filtered += 1;
            return Ok(());
        }
        self.wanted(here, name, kind, below)
    }

    /// An entry that the filter keeps.
    fn wanted(
        &mut self,
        here: Here<'_>,
        name: &OsStr,
        kind: FileKind,
        below: &mut Names,
    ) -> Result<(), CopyError> {
        let kind = match (kind, self.options().symlinks) {
            (FileKind::Symlink, Symlinks::Preserve) => return self.symlink(here, name),
            (FileKind::Symlink, Symlinks::Skip) => {
                self.done.skipped_symlinks += 1;
                return Ok(());
            }
            (FileKind::Symlink, Symlinks::Follow) => self.look(here, name, true)?.kind,
            (kind, _) => kind,
        };
        match kind {
            FileKind::Directory => below.push(name, Some(kind)),
            FileKind::Regular => self.file(here, name)?,
            kind => self.special(here, name, kind)?,
        }
        Ok(())
    }

    fn keeps(&self, here: Here<'_>, name: &OsStr, kind: FileKind) -> bool {
        let filter = self.options().filter.as_ref();
        filter.is_none_or(|sieve| sieve.0.keeps(&here.node.path().join(name), kind))
    }

    /// What an entry of the source is.
    pub(super) fn look(
        &self,
        here: Here<'_>,
        name: &OsStr,
        follows: bool,
    ) -> Result<platform::Status, CopyError> {
        platform::status_at(&self.calls, here.from(name), follows)
            .map_err(|error| CopyError::io(Operation::Inspect, self.source_path(here, name), error))
    }

    pub(super) fn source_path(&self, here: Here<'_>, name: &OsStr) -> PathBuf {
        here.called(self.tree.source, name)
    }

    pub(super) fn destination_path(&self, here: Here<'_>, name: &OsStr) -> PathBuf {
        here.called(self.tree.destination, name)
    }

    pub(super) fn is_followed(&self) -> bool {
        self.options().symlinks == Symlinks::Follow
    }

    /// One thing in a directory is done; with the last one the directory is, and may be that which holds it.
    pub(super) fn release(&mut self, node: Arc<Node>, pair: Option<Arc<Pair>>) {
        let (mut next, mut pair) = (Some(node), pair);
        while let Some(node) = next.take() {
            if !node.release() {
                return;
            }
            self.finish(&node, pair.take());
            match &node.parent {
                Some(parent) => next = Some(Arc::clone(parent)),
                None => self.tree.pool.end(),
            }
        }
    }

    /// A name that waited for another worker's copy of the file; what it was waiting in is released.
    pub(super) fn waited(&mut self, name: Name) {
        let rested = std::mem::replace(&mut self.batch.rests, true);
        let done = match self.tree.held.get(&name.node, &self.calls) {
            Ok(pair) => {
                let here = Here { node: &name.node, pair: &pair };
                // It may be a directory by now.
                let mut below = Names::default();
                let done = self
                    .look(here, &name.source, false)
                    .and_then(|status| self.wanted(here, &name.source, status.kind, &mut below));
                self.enter_later(here, below);
                done
            }
            Err(error) => {
                let path = Called { root: self.tree.destination, node: &name.node }.whole();
                Err(CopyError::io(Operation::CreateHardLink, path.join(&name.destination), error))
            }
        };
        if let Err(error) = done {
            self.tree.fail(error);
        }
        self.batch.rests = rested;
        self.release(name.node, None);
    }
}
