//! What surrounds a copy: where it stands in a tree, and which names others have got there. Copies nothing.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::inspect::Seen;
use crate::options::CopyOptions;
use crate::placement::Way;
use crate::platform::{Number, Status};

/// What surrounds a copy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting<'a> {
    pub(crate) options: &'a CopyOptions,
    pub(crate) way: Way,
    /// Whether a source that is a symbolic link is followed.
    pub(crate) follows: bool,
    /// The permission bits that a new file does not get there; none where that is not known.
    pub(crate) umask: Option<u32>,
    /// Where the destination was looked at already.
    pub(crate) seen: Option<Seen<'a>>,
    /// Whether a finished file gets the modification time of its source, by which a later copy knows it.
    pub(crate) marks: bool,
    /// What the same copy of a tree has made in the directory, where another source could get the same name.
    pub(crate) made: Option<&'a Made>,
    /// Which files with several names the same copy of a tree has written in place, under any of them.
    pub(crate) written: Option<&'a Made>,
}

impl<'a> Setting<'a> {
    /// Of a copy on its own.
    pub(crate) fn of(options: &'a CopyOptions) -> Self {
        let way = options.placement.into();
        Self { options, way, follows: true, umask: None, seen: None, marks: false, made: None, written: None }
    }
}

/// What a copy of a tree has made in one directory that existed before, by the numbers of the files, since a file system may
/// take two names for one.
#[derive(Debug, Default)]
pub(crate) struct Made(Mutex<Files>);

/// Held while a name is looked at and given, so that nobody else gives it between.
pub(crate) struct Turn<'a>(MutexGuard<'a, Files>);

/// Which files. Nearly all are on one device.
#[derive(Debug, Default)]
struct Files {
    device: u64,
    here: HashSet<u64>,
    elsewhere: HashSet<Number>,
}

impl Made {
    /// In a directory on this device.
    pub(crate) fn on(device: u64) -> Self {
        Self(Mutex::new(Files { device, ..Files::default() }))
    }

    pub(crate) fn turn(&self) -> Turn<'_> {
        Turn(self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Nothing more will be made.
    pub(crate) fn forget(&self) {
        *self.turn().0 = Files::default();
    }
}

impl Turn<'_> {
    pub(crate) fn has(&self, file: &Status) -> bool {
        match file.number() {
            (device, inode) if device == self.0.device => self.0.here.contains(&inode),
            number => self.0.elsewhere.contains(&number),
        }
    }

    /// False where it was there already. A system without numbers does not tell.
    pub(crate) fn add(&mut self, file: &Status) -> bool {
        match file.number() {
            (_, 0) => true,
            (device, inode) if device == self.0.device => self.0.here.insert(inode),
            number => self.0.elsewhere.insert(number),
        }
    }

    pub(crate) fn remove(&mut self, (device, inode): Number) {
        if device == self.0.device {
            self.0.here.remove(&inode);
        } else {
            self.0.elsewhere.remove(&(device, inode));
        }
    }
}
