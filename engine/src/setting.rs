//! What surrounds a copy: where it stands in a tree, and which names others have got there. Copies nothing.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::options::CopyOptions;
use crate::placement::Way;

/// What surrounds a copy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting<'a> {
    pub(crate) options: &'a CopyOptions,
    pub(crate) way: Way,
    /// Whether a source that is a symbolic link is followed.
    pub(crate) follows: bool,
    /// The permission bits that a new file does not get there; none where that is not known.
    pub(crate) umask: Option<u32>,
    /// Whether a finished file gets the modification time of its source, by which a later copy knows it.
    pub(crate) marks: bool,
    /// What the same copy of a tree has made in the directory, where another source could get the same name.
    pub(crate) made: Option<&'a Made>,
}

impl<'a> Setting<'a> {
    /// Of a copy on its own.
    pub(crate) fn of(options: &'a CopyOptions) -> Self {
        let way = options.placement.into();
        Self { options, way, follows: true, umask: None, marks: false, made: None }
    }
}

/// What a copy of a tree has made in one directory that existed before, by the numbers of the files, since a file system may
/// take two names for one.
#[derive(Debug, Default)]
pub(crate) struct Made(Mutex<HashSet<u64>>);

/// Held while a name is looked at and given, so that nobody else gives it between.
pub(crate) struct Turn<'a>(MutexGuard<'a, HashSet<u64>>);

impl Made {
    pub(crate) fn turn(&self) -> Turn<'_> {
        Turn(self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Nothing more will be made.
    pub(crate) fn forget(&self) {
        *self.turn().0 = HashSet::new();
    }
}

impl Turn<'_> {
    pub(crate) fn has(&self, inode: u64) -> bool {
        self.0.contains(&inode)
    }

    /// False where it was there already.
    pub(crate) fn add(&mut self, inode: u64) -> bool {
        self.0.insert(inode)
    }

    pub(crate) fn remove(&mut self, inode: u64) {
        self.0.remove(&inode);
    }
}
