//! Entering and finishing directories: what stands at the destination is merged, what is missing is made, the topmost under
//! a staging name; mode, times and name come when everything in it is done.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::held::Pair;
use super::node::{Called, Landing, Node, identity};
use super::plan::Tree;
use super::worker::{Here, Worker};
use crate::attempt::{Ends, Failure};
use crate::error::{CopyError, FileKind, Operation};
use crate::metadata;
use crate::options::{Durability, Placement};
use crate::platform::{self, At, Calls, Directory, PERMISSIONS, Spot, Status};
use crate::staging::with_staging_name;

/// What the owner needs to fill a directory.
const FILLABLE: u32 = 0o700;

/// Set-group-id, which a directory hands on to those made in it.
const SET_GROUP_ID: u32 = 0o2000;

/// Permissions, and that only its owner may remove a file: without it, whoever may write there may remove all of them.
const KEPT: u32 = PERMISSIONS | 0o1000;

/// Where a directory is to be made.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    pub(super) at: At<'a>,
    /// Whether nobody else knows the directory that holds it.
    pub(super) is_fresh: bool,
    /// Whether other directories are made beside it, of which one may get the same name.
    pub(super) has_others: bool,
    pub(super) umask: Option<u32>,
}

/// A directory that was entered, and both of its ends, open.
pub(super) type Entered = (Arc<Node>, Arc<Pair>);

/// A directory at the destination, open.
pub(super) type Landed = (Directory, Landing);

impl Tree<'_> {
    /// Makes a directory for `source`.
    pub(super) fn make(&self, ground: Ground<'_>, source: &Status, calls: &Calls) -> io::Result<Landed> {
        if ground.is_fresh || self.options.each.placement != Placement::Staged {
            return self.make_named(ground, source, calls);
        }
        // Nobody looks into it before it is done.
        let make = |at: At<'_>| platform::create_directory(calls, at, FILLABLE);
        let (spot, ()) = with_staging_name(ground.at, make)?;
        if ground.has_others && folds_case(&spot, calls) {
            platform::remove_directory(calls, spot.at())?;
            return self.make_named(ground, source, calls);
        }
        let staged = spot.path.file_name().map(OsStr::to_os_string);
        let (directory, status) = entered(&spot, calls)?;
        Ok((
            directory,
            Landing { status, is_new: true, is_fresh: true, staged, umask: ground.umask, lent: None },
        ))
    }

    /// Makes a directory under its own name.
    fn make_named(&self, ground: Ground<'_>, source: &Status, calls: &Calls) -> io::Result<Landed> {
        let bits = source.mode & KEPT | FILLABLE;
        let in_place = self.options.each.placement == Placement::InPlace;
        platform::create_directory(calls, ground.at, bits)?;
        let (directory, mut status) = entered(&ground.at.to_spot(), calls)?;
        let is_fresh = ground.is_fresh || in_place;
        // When the copy is killed it stays, and must be as open as it is to be.
        if !is_fresh && status.mode & KEPT != bits {
            let file = directory.file().ok_or(io::ErrorKind::NotFound)?;
            status.mode = bits | (status.mode & SET_GROUP_ID);
            platform::set_mode(calls, file, status.mode)?;
        }
        Ok((
            directory,
            Landing { status, is_new: true, is_fresh, staged: None, umask: ground.umask, lent: None },
        ))
    }

    /// Takes a directory that stands at the destination. One that its owner may not fill is opened until it is done:
    /// an earlier copy of a read-only directory is one.
    pub(super) fn merge(&self, directory: Directory, calls: &Calls) -> io::Result<Landed> {
        let mut status = status(&directory, calls)?;
        let umask = if platform::has_default_list(calls, &directory) { None } else { self.umask };
        let mut lent = None;
        if status.mode & FILLABLE != FILLABLE && !self.is_dry() && !platform::may_fill(calls, &directory) {
            let file = directory.file().ok_or(io::ErrorKind::NotFound)?;
            let mode = status.mode | FILLABLE;
            // Another user's stays as it is: what cannot be made in it says why.
            if platform::set_mode(calls, file, mode).is_ok() {
                lent = Some(std::mem::replace(&mut status.mode, mode));
            }
        }
        let landing = Landing { status, is_new: false, is_fresh: false, staged: None, umask, lent };
        Ok((directory, landing))
    }
}

/// A directory that was just made, open; it is gone where it cannot be opened.
fn entered(spot: &Spot, calls: &Calls) -> io::Result<(Directory, Status)> {
    let opened = platform::open_filled(calls, spot.at(), false);
    let opened = opened.and_then(|directory| status(&directory, calls).map(|status| (directory, status)));
    opened.inspect_err(|_| {
        // There is nobody left to tell why it stays.
        let _ = platform::remove_directory(calls, spot.at());
    })
}

/// Whether the file system takes the name of what is at `spot` in another case for the same.
pub(super) fn folds_case(spot: &Spot, calls: &Calls) -> bool {
    let Some(name) = spot.path.file_name() else { return false };
    let other = name.to_str().map_or_else(
        || name.to_ascii_uppercase(),
        |name| {
            let upper = name.to_uppercase();
            if upper == name { name.to_lowercase().into() } else { upper.into() }
        },
    );
    let other = spot.at().beside(other);
    let is_there = |spot: &Spot| platform::status_at(calls, spot.at(), false).map(|status| identity(&status));
    is_there(&other).is_ok_and(|other| is_there(spot).is_ok_and(|own| own == other))
}

pub(super) fn status(directory: &Directory, calls: &Calls) -> io::Result<Status> {
    let file = directory.file().ok_or(io::ErrorKind::NotFound)?;
    platform::status(calls, file)
}

impl Worker<'_> {
    /// Enters a directory of the source, with the one of the copy.
    pub(super) fn enter(&mut self, parent: &Arc<Node>, name: &OsStr) -> Result<Entered, CopyError> {
        let called = || Called { root: self.tree.source, node: parent }.whole().join(name);
        let failed = |error| CopyError::io(Operation::OpenSource, called(), error);
        let above = self.tree.held.get(parent, &self.calls).map_err(failed)?;
        let here = Here { node: parent, pair: &above };
        let from = platform::open_listed(&self.calls, here.from(name), self.is_followed()).map_err(failed)?;
        let source = status(&from, &self.calls).map_err(failed)?;
        self.check_loop(here, name, &source)?;
        let (to, landing) = match here.to(name) {
            Some(at) => self.land(here, name, at, &source)?.unzip(),
            None => (None, None),
        };
        self.count_directory(landing.as_ref());
        let small = self.tree.small((&from, &source), to.as_ref().zip(landing.as_ref()), &self.calls);
        let node = Node::new(Some(Arc::clone(parent)), name.into(), source, landing, small);
        let node = Arc::new(node);
        let pair = Arc::new(Pair { from, to });
        self.tree.held.keep(&node, &pair);
        parent.hold();
        Ok((node, pair))
    }

    pub(super) fn count_directory(&mut self, landing: Option<&Landing>) {
        match landing {
            Some(Landing { is_new: false, .. }) => self.done.merged += 1,
            _ => self.done.directories += 1,
        }
    }

    /// The copy itself may lie in the source, and a link or mount may lead back to what holds it.
    fn check_loop(&self, here: Here<'_>, name: &OsStr, source: &Status) -> Result<(), CopyError> {
        let own = identity(source);
        for node in here.node.chain() {
            if node.landing.as_ref().is_some_and(|landing| identity(&landing.status) == own) {
                let (source, destination) = (self.source_path(here, name), self.tree.destination.into());
                return Err(CopyError::IntoItself { source, destination });
            }
            if identity(&node.source) == own {
                return Err(CopyError::Loop { path: self.source_path(here, name) });
            }
        }
        Ok(())
    }

    /// Makes or opens the directory at the destination; none where nothing is made.
    fn land(
        &self,
        here: Here<'_>,
        name: &OsStr,
        at: At<'_>,
        source: &Status,
    ) -> Result<Option<Landed>, CopyError> {
        let (tree, calls) = (self.tree, &self.calls);
        let path = || self.destination_path(here, name);
        let taken = || CopyError::NameTaken { source: self.source_path(here, name), destination: path() };
        let failed = |error: io::Error| CopyError::io(Operation::CreateDirectory, path(), error);
        let is_fresh = here.node.is_fresh();
        let mut turn = (!is_fresh).then(|| here.node.made.turn());
        if let Some(turn) = &mut turn {
            match platform::status_at(calls, at, false) {
                Ok(standing) if turn.has(&standing) => return Err(taken()),
                Ok(standing) if standing.kind == FileKind::Directory => {
                    let landed = self.merge_at(here, at, path, source)?;
                    turn.add(&landed.1.status);
                    return Ok(Some(landed));
                }
                Ok(Status { kind, .. }) => {
                    return Err(CopyError::DestinationNotDirectory { path: path(), kind });
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(CopyError::io(Operation::OpenDestination, path(), error)),
            }
        }
        if tree.is_dry() {
            return Ok(None);
        }
        let ground = Ground { at, is_fresh, has_others: true, umask: here.node.umask() };
        match tree.make(ground, source, calls) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_fresh => Err(taken()),
            made => {
                let made = made.map_err(failed)?;
                if let Some(turn) = &mut turn {
                    turn.add(&made.1.status);
                }
                Ok(Some(made))
            }
        }
    }

    fn merge_at(
        &self,
        here: Here<'_>,
        at: At<'_>,
        path: impl Fn() -> PathBuf,
        source: &Status,
    ) -> Result<Landed, CopyError> {
        let failed = |error| CopyError::io(Operation::OpenDestination, path(), error);
        let directory = platform::open_filled(&self.calls, at, false).map_err(failed)?;
        let landed = self.tree.merge(directory, &self.calls).map_err(failed)?;
        let own = identity(&landed.1.status);
        let holds = here.node.chain().any(|node| identity(&node.source) == own);
        if holds || identity(source) == own {
            let source = Called { root: self.tree.source, node: here.node }.whole();
            return Err(CopyError::IntoItself { source, destination: path() });
        }
        Ok(landed)
    }

    /// Everything in the directory is done.
    pub(super) fn finish(&mut self, node: &Arc<Node>, pair: Option<Arc<Pair>>) {
        if node.landing.is_none() {
            if let Some(pair) = pair.or_else(|| node.opened()) {
                self.tree.held.leave(node, &pair, &self.calls);
            }
            return;
        }
        node.made.forget();
        let pair = pair.map_or_else(|| self.tree.held.get(node, &self.calls), Ok);
        let path = || Called { root: self.tree.destination, node }.whole();
        let finished =
            pair.map_err(|error| CopyError::io(Operation::OpenDestination, path(), error)).and_then(|pair| {
                let complete = self.complete(node, &pair);
                self.tree.held.leave(node, &pair, &self.calls);
                let named = self.publish(node);
                complete.and(named)
            });
        if let Err(error) = finished {
            self.tree.fail(error);
        }
    }

    fn complete(&mut self, node: &Node, pair: &Pair) -> Result<(), CopyError> {
        let called = Called { root: self.tree.destination, node };
        let (Some(landing), Some(to)) = (&node.landing, pair.to.as_ref().and_then(Directory::file)) else {
            return Ok(());
        };
        if self.tree.is_dry() {
            return Ok(());
        }
        let each = &self.options().each;
        let at = |Failure { operation, error }| CopyError::io(operation, called.whole(), error);
        if each.preserve_metadata
            && let Some(from) = pair.from.file()
        {
            let ends = Ends { from, to };
            let lost = metadata::preserve(ends, &node.source, &landing.status, &self.calls).map_err(at)?;
            self.done.note_lost(lost, || called.whole());
        } else {
            let mode = self.final_mode(&node.source, landing);
            if mode != landing.status.mode {
                platform::set_mode(&self.calls, to, mode)
                    .map_err(|error| CopyError::io(Operation::SetMode, called.whole(), error))?;
            }
        }
        if each.durability == Durability::FileAndDirectory {
            platform::sync_file(&self.calls, to)
                .map_err(|error| CopyError::io(Operation::Sync, called.whole(), error))?;
        }
        Ok(())
    }

    /// Whether an earlier resumable copy that was killed has made the directory and could not finish it.
    fn was_left(&self, source: &Status, there: &Status) -> bool {
        let bits = source.mode & KEPT;
        self.options().each.placement == Placement::Resumable
            && there.mode & KEPT == bits | FILLABLE
            && bits & FILLABLE != FILLABLE
    }

    /// The mode of a directory that is done. One that stood there keeps its own, and in place a new one what the umask left.
    fn final_mode(&self, source: &Status, landing: &Landing) -> u32 {
        let Landing { status: there, is_new, lent, .. } = landing;
        if let Some(mode) = *lent {
            return mode;
        }
        let bits = source.mode & KEPT;
        if !is_new && !self.was_left(source, there) {
            there.mode
        } else if self.options().each.placement == Placement::InPlace {
            there.mode & !(FILLABLE & !bits)
        } else {
            bits | (there.mode & SET_GROUP_ID)
        }
    }

    /// Gives a directory its name that had another one until it was done.
    fn publish(&mut self, node: &Node) -> Result<(), CopyError> {
        let Some(landing) = node.landing.as_ref().filter(|landing| landing.is_new) else { return Ok(()) };
        let is_durable = self.options().each.durability == Durability::FileAndDirectory;
        // Directories below are synced with the one that holds them.
        let is_synced = is_durable && (landing.staged.is_some() || node.parent.is_none());
        if landing.staged.is_none() && !is_synced {
            return Ok(());
        }
        let root = self.tree.destination;
        let failed = |operation| move |error| CopyError::io(operation, Called { root, node }.whole(), error);
        let (above, name) = self.above(node).map_err(failed(Operation::Rename))?;
        let to = At { directory: &above, path: Path::new(&name) };
        if let Some(staged) = &landing.staged {
            self.rename(At { directory: &above, path: Path::new(staged) }, to)
                .map_err(failed(Operation::Rename))?;
            node.published();
        }
        if is_synced {
            platform::sync_directory(&self.calls, to.parent()).map_err(failed(Operation::Sync))?;
        }
        Ok(())
    }

    fn rename(&self, from: At<'_>, to: At<'_>) -> io::Result<()> {
        let renamed = match platform::rename_new(&self.calls, from, to) {
            // What was made meanwhile is replaced where it is an empty directory.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                platform::rename(&self.calls, from, to)
            }
            renamed => renamed,
        };
        renamed.map_err(|error| {
            let staged = from.path.display();
            let what =
                format!("{error}; something else has the name by now, the copy is beside it in {staged}");
            io::Error::new(error.kind(), what)
        })
    }

    /// The directory at the destination in which `node` has its name.
    fn above(&self, node: &Node) -> io::Result<(Directory, OsString)> {
        let directory = match &node.parent {
            Some(parent) => self.tree.held.get(parent, &self.calls)?.to.clone(),
            None => self.tree.above.clone(),
        };
        let name = match &node.parent {
            Some(_) => Some(node.name.as_os_str()),
            None => self.tree.destination.file_name(),
        };
        directory.zip(name.map(OsStr::to_os_string)).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}
