//! Where tests cannot mount: every request is a skip.

use std::path::{Path, PathBuf};

use super::FileSystem;
use crate::skip::Skip;

/// Never made.
#[derive(Debug)]
pub(super) enum MountPoint {}

impl MountPoint {
    pub(super) fn new(_file_system: FileSystem, _capacity: u64, _options: &str) -> Result<Self, Skip> {
        Err(Skip::because("file systems are mounted on Linux only"))
    }

    pub(super) fn path(&self) -> &Path {
        match *self {}
    }
}

/// Where anybody may make a directory on such a file system, one for each user.
pub(super) fn unprivileged(_file_system: FileSystem) -> Option<PathBuf> {
    None
}
