//! A fresh directory on a file system that was there before: removed on drop, or, where its process was killed, by
//! the next one that asks for such a directory.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

/// The lock tells the living from the dead: the kernel lets go of it with the process.
#[derive(Debug)]
pub(super) struct Directory {
    // Dropped in this order: no other process takes it for dead while it is being removed.
    dir: TempDir,
    _lock: File,
}

impl Directory {
    /// In `parent`, which is made if need be and must hold nothing else.
    pub(super) fn new_in(parent: &Path) -> Self {
        Self::try_new_in(parent)
            .unwrap_or_else(|error| panic!("a directory in {}: {error}", parent.display()))
    }

    fn try_new_in(parent: &Path) -> io::Result<Self> {
        fs::create_dir_all(parent)?;
        // Held until the new directory has its own lock, so that nobody removes it in between.
        let gate = File::open(parent)?;
        flock(&gate, FlockOperation::LockExclusive)?;
        remove_the_dead(parent)?;
        let dir = TempDir::new_in(parent)?;
        let lock = File::open(dir.path())?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Self { dir, _lock: lock })
    }

    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }
}

/// What cannot be removed, as it may be by design of a test, stays.
fn remove_the_dead(parent: &Path) -> io::Result<()> {
    for entry in fs::read_dir(parent)? {
        let path = entry?.path();
        let is_dead = |dir: File| flock(&dir, FlockOperation::NonBlockingLockExclusive).is_ok();
        if File::open(&path).is_ok_and(is_dead) {
            let _ = fs::remove_dir_all(&path);
        }
    }
    Ok(())
}
