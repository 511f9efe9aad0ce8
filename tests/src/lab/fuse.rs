//! A file system that lies: files and directories in memory, served by a child, `lying-fs`.
//!
//! Without a [`Lies`] it behaves. Every read and write of a program reaches it, because it forbids the kernel's cache;
//! only calls that move bytes inside the kernel (`splice`, `sendfile`, `copy_file_range`) read through that cache
//! even so, and it is dropped whenever a file is opened.
//!
//! # Why a child
//! A process that is killed while it waits for an answer of its own thread, or with a file open that it serves itself,
//! never ends: the kernel waits for an answer to the closing that nobody is left to give. A child answers; and killed
//! itself, or without its parent, it closes the device, which fails all requests.
//!
//! # Limits
//! No links, attributes, holes or `O_TMPFILE`. The kernel cuts a request into pieces of some size: what
//! is said of "a write" is said of such a piece, at most 1 MiB.

mod control;
mod lies;
mod server;
mod store;
mod world;

use std::cell::RefCell;
use std::ffi::CString;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use fuser::{Config, Session, SessionACL};
use rustix::mount::MountFlags;

use self::control::Control;
pub use self::lies::{Lies, Resize, Served};
use self::server::Server;
use self::world::World;
use super::mount_point::MountPoint;
use super::{namespace, sandbox_directory};
use crate::skip::Skip;
use crate::subprocess;

/// A mounted file system in memory, until dropped. It stays with its thread, which alone sees the mount.
///
/// What still has a file open when it is dropped gets errors from then on.
pub struct Fuse {
    control: RefCell<Control>,
    child: Child,
    /// There until drop.
    point: Option<MountPoint>,
    _stays_with_its_thread: PhantomData<*const ()>,
}

/// A fresh, empty file system that does not lie yet.
///
/// # Errors
/// When privilege or the kernel's support is missing.
///
/// # Panics
/// When the server cannot be started.
pub fn mount() -> Result<Fuse, Skip> {
    let device = OpenOptions::new().read(true).write(true).open("/dev/fuse");
    let device = device.map_err(|error| Skip::because(format!("/dev/fuse cannot be opened: {error}")))?;
    // The kernel checks modes, and others than root may try.
    let access = "rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions";
    let options = CString::new(format!("fd={},{access}", device.as_raw_fd())).expect("no zero byte");
    let point = MountPoint::with("fuse", |dir| {
        rustix::mount::mount("orbit-lab", dir, "fuse", MountFlags::empty(), options.as_c_str())
            .map_err(|errno| namespace::refused("a fuse mount", errno))
    })?;
    let (control, child) = start(device);
    let control = RefCell::new(Control::new(control));
    Ok(Fuse { control, child, point: Some(point.forced()), _stays_with_its_thread: PhantomData })
}

/// The device is its standard input, the stream its standard output. Nothing of either is kept here but our end.
fn start(device: File) -> (UnixStream, Child) {
    let (ours, its) = UnixStream::pair().expect("create a pair of sockets");
    let beside_the_sandbox = sandbox_directory().with_file_name("lying-fs");
    let mut server: Command = subprocess::command(&beside_the_sandbox);
    server.stdin(Stdio::from(device)).stdout(Stdio::from(OwnedFd::from(its)));
    let child = server.spawn();
    let child = child.unwrap_or_else(|error| panic!("start {}: {error}", beside_the_sandbox.display()));
    (ours, child)
}

/// In the child: serves until the parent is gone or no longer wants it.
///
/// # Errors
/// When the device or the parent cannot be talked to.
pub fn serve() -> io::Result<()> {
    let world = Arc::new(World::default());
    let device = io::stdin().as_fd().try_clone_to_owned()?;
    let control = UnixStream::from(io::stdout().as_fd().try_clone_to_owned()?);
    let session =
        Session::from_fd(Server::new(Arc::clone(&world)), device, SessionACL::All, Config::default())?;
    let _serving = session.spawn()?;
    Control::new(control).obey(&world)
}

impl Fuse {
    /// Its root.
    ///
    /// # Panics
    /// Never: it is mounted until dropped.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.point.as_ref().expect("mounted until dropped").path()
    }

    /// From now on it lies like this, and no longer as before.
    ///
    /// # Panics
    /// When the server ended.
    pub fn lie(&self, lies: Lies) {
        self.control.borrow_mut().lie(lies).expect("the server obeys");
    }

    /// The bytes that it really holds under this name, or path from its root.
    ///
    /// # Panics
    /// When the server ended.
    #[must_use]
    pub fn stored(&self, name: &str) -> Option<Vec<u8>> {
        self.control.borrow_mut().stored(name).expect("the server answers")
    }

    /// The requests that have reached it.
    ///
    /// # Panics
    /// When the server ended.
    #[must_use]
    pub fn served(&self) -> Served {
        self.control.borrow_mut().served().expect("the server answers")
    }
}

impl Drop for Fuse {
    fn drop(&mut self) {
        // By force, which fails requests that wait; then nothing can hold the server. It has nothing to lose.
        self.point.take();
        // Ended already, it cannot be killed; a panic here would hide the test's.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl fmt::Debug for Fuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fuse").field("dir", &self.dir()).finish_non_exhaustive()
    }
}
