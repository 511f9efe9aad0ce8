//! A directory of the tree on its way: what it is, below which one, and how much of it is not done. Opens nothing.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::held::Pair;
use super::small::Small;
use crate::entry::Location;
use crate::platform::{Number, Status};
use crate::setting::Made;

/// Which file it is.
pub(super) type Identity = Number;

pub(super) fn identity(status: &Status) -> Identity {
    status.number()
}

/// The directory at the destination.
#[derive(Debug, Clone)]
pub(super) struct Landing {
    pub(super) status: Status,
    /// Whether this copy has made it.
    pub(super) is_new: bool,
    /// Whether nobody else knows it, so that what is in it needs no staging of its own.
    pub(super) is_fresh: bool,
    /// The name that it has until everything in it is done.
    pub(super) staged: Option<OsString>,
    /// The permission bits that new files in it do not get; none where that is not known.
    pub(super) umask: Option<u32>,
    /// The mode that it gets back, where its owner may not fill it otherwise.
    pub(super) lent: Option<u32>,
}

/// A directory that is being copied. Lives as long as anything in it is not done.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) parent: Option<Arc<Node>>,
    /// Below its parent, at the destination too; the root has none.
    pub(super) name: OsString,
    pub(super) source: Status,
    /// None where nothing is made.
    pub(super) landing: Option<Landing>,
    /// Which files in it are moved in one step.
    pub(super) small: Small,
    /// Whether it has its own name at the destination.
    is_published: AtomicBool,
    /// Things in it that are not done; one more while it is listed.
    pending: AtomicUsize,
    pub(super) open: Mutex<Option<Arc<Pair>>>,
    /// Whether several workers are in it.
    is_shared: AtomicBool,
    /// Held by the one that makes names in it.
    pub(super) turn: Mutex<()>,
    /// What this copy has made in a directory that existed before, so that no two sources get one name.
    pub(super) made: Made,
}

impl Node {
    pub(super) fn new(
        parent: Option<Arc<Self>>,
        name: OsString,
        source: Status,
        landing: Option<Landing>,
        small: Small,
    ) -> Self {
        let made =
            landing.as_ref().map_or_else(Made::default, |landing| Made::on(landing.status.volume.device));
        let is_published = landing.as_ref().is_none_or(|landing| landing.staged.is_none());
        Self {
            parent,
            name,
            source,
            landing,
            small,
            is_published: AtomicBool::new(is_published),
            pending: AtomicUsize::new(1),
            open: Mutex::new(None),
            is_shared: AtomicBool::new(false),
            turn: Mutex::new(()),
            made,
        }
    }

    /// One thing more in it is not done.
    pub(super) fn hold(&self) {
        self.pending.fetch_add(1, Ordering::Relaxed);
    }

    /// One thing in it is done; says whether it was the last one.
    pub(super) fn release(&self) -> bool {
        self.pending.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// Another worker gets some of it.
    pub(super) fn share(&self) {
        self.is_shared.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_shared(&self) -> bool {
        self.is_shared.load(Ordering::Relaxed)
    }

    pub(super) fn is_fresh(&self) -> bool {
        self.landing.as_ref().is_some_and(|landing| landing.is_fresh)
    }

    pub(super) fn umask(&self) -> Option<u32> {
        self.landing.as_ref().and_then(|landing| landing.umask)
    }

    /// The name that it has now at the destination.
    pub(super) fn current_name(&self) -> &OsStr {
        let staged = self.landing.as_ref().and_then(|landing| landing.staged.as_deref());
        match staged {
            Some(staged) if !self.is_published.load(Ordering::Acquire) => staged,
            _ => &self.name,
        }
    }

    /// Its directories, where they are open.
    pub(super) fn opened(&self) -> Option<Arc<Pair>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn published(&self) {
        self.is_published.store(true, Ordering::Release);
    }

    /// It and the directories that hold it, up to the root.
    pub(super) fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |node| node.parent.as_deref())
    }

    /// The path that leads from the root to it.
    pub(super) fn path(&self) -> PathBuf {
        let mut names: Vec<&OsStr> = self.chain().map(|node| node.name.as_os_str()).collect();
        // The root has no name of its own in it.
        names.pop();
        names.iter().rev().collect()
    }
}

impl Drop for Node {
    /// A tree may be deeper than the stack.
    fn drop(&mut self) {
        let mut parent = self.parent.take();
        while let Some(node) = parent {
            parent = Arc::into_inner(node).and_then(|mut node| node.parent.take());
        }
    }
}

/// A directory of the tree as it is called in messages.
pub(super) struct Called<'a> {
    /// As given.
    pub(super) root: &'a Path,
    pub(super) node: &'a Node,
}

impl Called<'_> {
    /// The path of the directory.
    pub(super) fn whole(&self) -> PathBuf {
        let path = self.node.path();
        if path.as_os_str().is_empty() { self.root.to_path_buf() } else { self.root.join(path) }
    }
}

impl Location for Called<'_> {
    fn location(&self) -> PathBuf {
        self.whole()
    }
}
