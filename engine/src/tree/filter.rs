//! Which entries of a tree are copied.

#[cfg(feature = "glob")]
mod globs;

use std::path::Path;

use crate::error::FileKind;

#[cfg(feature = "glob")]
pub use globs::{Globs, InvalidGlob};

/// Chooses among the entries of a tree. What lies below a directory that is left out is not looked at.
pub trait Filter: Send + Sync {
    /// Whether an entry is copied. `path` leads from the source's root to it, without the root itself; `kind` is what it
    /// is, a symbolic link being one.
    fn keeps(&self, path: &Path, kind: FileKind) -> bool;
}

impl<F: Fn(&Path, FileKind) -> bool + Send + Sync> Filter for F {
    fn keeps(&self, path: &Path, kind: FileKind) -> bool {
        self(path, kind)
    }
}
