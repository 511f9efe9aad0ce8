//! A file system that lies: one flat directory of files in memory, served by a thread of this process.
//!
//! Without a [`Lies`] it behaves. Every read and write of a program reaches it, because it forbids the kernel's cache;
//! only calls that move bytes inside the kernel (`splice`, `sendfile`, `copy_file_range`) read through that cache
//! even so, and it is dropped whenever a file is opened.
//!
//! # Limits
//! No directories, links, attributes, holes or `O_TMPFILE`. The kernel cuts a request into pieces of some size: what
//! is said of "a write" is said of such a piece, at most 1 MiB.

mod lies;
mod server;
mod store;

use std::fmt;
use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;

use fuser::{BackgroundSession, Config, MountOption, Session, SessionACL};

pub use self::lies::{Lies, Resize, Served};
use self::server::{Server, World};
use super::mount_point::MountPoint;
use crate::skip::Skip;

/// A mounted file system of files in memory, until dropped. It stays with its thread, which alone sees the mount.
///
/// What still has a file open when it is dropped gets errors from then on.
pub struct Fuse {
    world: Arc<World>,
    // Both are there until drop.
    point: Option<MountPoint>,
    session: Option<BackgroundSession>,
    _stays_with_its_thread: PhantomData<*const ()>,
}

/// A fresh, empty file system that does not lie yet.
///
/// # Errors
/// When privilege or the kernel's support is missing.
pub fn mount() -> Result<Fuse, Skip> {
    let world = Arc::new(World::default());
    let mut config = Config::default();
    // The kernel checks modes, and others than root may try.
    config.mount_options = vec![MountOption::FSName("orbit-lab".to_owned()), MountOption::DefaultPermissions];
    config.acl = SessionACL::All;
    let mut session = None;
    let point = MountPoint::with("fuse", |dir| {
        // In this thread, because it is in this thread's namespace; the server needs only the device.
        let started = Session::new(Server::new(Arc::clone(&world)), dir, &config).and_then(Session::spawn);
        session = Some(started.map_err(|error| Skip::because(format!("no fuse mount: {error}")))?);
        Ok(())
    })?;
    Ok(Fuse { world, point: Some(point.forced()), session, _stays_with_its_thread: PhantomData })
}

impl Fuse {
    /// Its root and only directory.
    ///
    /// # Panics
    /// Never: it is mounted until dropped.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.point.as_ref().expect("mounted until dropped").path()
    }

    /// From now on it lies like this, and no longer as before.
    pub fn lie(&self, lies: Lies) {
        self.world.lie(lies);
    }

    /// The bytes that it really holds under this name.
    #[must_use]
    pub fn stored(&self, name: &str) -> Option<Vec<u8>> {
        self.world.stored(name)
    }

    /// The requests that have reached it.
    #[must_use]
    pub fn served(&self) -> Served {
        self.world.served()
    }
}

impl Drop for Fuse {
    fn drop(&mut self) {
        // Unmounted by force, the device answers the server with an end even while files are open.
        self.point.take();
        // A failed server shows in the test as errors of the kernel; a panic here would hide the test's.
        let _ = self.session.take().map(BackgroundSession::umount_and_join);
    }
}

impl fmt::Debug for Fuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fuse").field("dir", &self.dir()).finish_non_exhaustive()
    }
}
