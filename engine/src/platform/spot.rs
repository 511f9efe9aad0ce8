//! Where a name is looked up: below an open directory, which nobody can swap for another one, or as a caller gave it.

use std::path::{Path, PathBuf};

use super::Directory;

/// A path below a directory. One that a caller gave may have any number of components; below a directory of a tree it is
/// one name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) directory: &'a Directory,
    pub(crate) path: &'a Path,
}

static CURRENT: Directory = Directory::CURRENT;

impl<'a> At<'a> {
    /// A path as a caller gave it.
    pub(crate) fn path(path: &'a Path) -> Self {
        Self { directory: &CURRENT, path }
    }

    /// Another path below the same directory.
    pub(crate) fn with(self, path: &'a Path) -> Self {
        Self { path, ..self }
    }

    /// The directory in which it names an entry.
    pub(crate) fn parent(self) -> Self {
        match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => self.with(parent),
            _ => self.with(Path::new(".")),
        }
    }

    pub(crate) fn to_spot(self) -> Spot {
        Spot { directory: self.directory.clone(), path: self.path.to_path_buf() }
    }

    /// Another name beside it.
    pub(crate) fn beside(self, name: impl AsRef<std::ffi::OsStr>) -> Spot {
        Spot { directory: self.directory.clone(), path: self.path.with_file_name(name) }
    }
}

/// An [`At`] of one's own.
#[derive(Debug, Clone)]
pub(crate) struct Spot {
    pub(crate) directory: Directory,
    pub(crate) path: PathBuf,
}

impl Spot {
    pub(crate) fn at(&self) -> At<'_> {
        At { directory: &self.directory, path: &self.path }
    }
}
