//! An end of a copy: where it is, and what it is called in messages. Asks the system nothing.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::platform::At;

/// A file, existing or not.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) at: At<'a>,
    /// Below what it is in messages: put together only where there is something to tell. None where the path is whole.
    below: Option<&'a dyn Location>,
}

/// What knows its path.
pub(crate) trait Location {
    /// As the caller gave it, or below that.
    fn location(&self) -> PathBuf;
}

impl<'a> Entry<'a> {
    /// As a caller gave it.
    pub(crate) fn given(path: &'a Path) -> Self {
        Self { at: At::path(path), below: None }
    }

    /// A name in an open directory of a tree.
    pub(crate) fn below(location: &'a dyn Location, at: At<'a>) -> Self {
        Self { at, below: Some(location) }
    }

    /// Whether a symbolic link here is followed: one that the caller gave, none in a tree.
    pub(crate) fn is_given(&self) -> bool {
        self.below.is_none()
    }

    /// Whether it is written like a directory.
    pub(crate) fn ends_in_slash(&self) -> bool {
        let last = self.at.path.as_os_str().as_encoded_bytes().last();
        last.is_some_and(|last| std::path::is_separator(char::from(*last)))
    }

    /// What `path`, looked up where this entry is, is called.
    pub(crate) fn called(&self, path: &Path) -> PathBuf {
        self.below.map_or_else(|| path.to_path_buf(), |below| below.location().join(path))
    }
}

impl From<Entry<'_>> for PathBuf {
    fn from(entry: Entry<'_>) -> Self {
        entry.called(entry.at.path)
    }
}

impl fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        PathBuf::from(*self).fmt(f)
    }
}
