//! A directory seen at a second place: a bind mount.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use rustix::mount::{UnmountFlags, mount_bind, unmount};

use super::{namespace, sandbox_directory};
use crate::skip::Skip;

/// A directory that shows another one, until dropped. It stays with its thread.
#[derive(Debug)]
pub struct Bound {
    at: PathBuf,
    _stays_with_its_thread: PhantomData<*const ()>,
}

/// Shows `directory` at the directory `at` too. Drop it before what either lies on.
///
/// # Errors
/// When privilege is missing.
pub fn bind(directory: &Path, at: &Path) -> Result<Bound, Skip> {
    namespace::enter(&sandbox_directory())?;
    mount_bind(directory, at).map_err(|errno| namespace::refused("a bind mount", errno))?;
    Ok(Bound { at: at.to_owned(), _stays_with_its_thread: PhantomData })
}

impl Drop for Bound {
    fn drop(&mut self) {
        // Gone with its namespace at the latest; a panic here would hide the test's.
        let _ = unmount(&self.at, UnmountFlags::DETACH);
    }
}
