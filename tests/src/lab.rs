//! Real file systems, made fresh for each test and gone with it.
//!
//! # How it works
//! [`mount`] moves the calling thread into a mount namespace of its own and mounts there. The image is an unnamed
//! file on a loop device that `mount` sets to clear itself. So only the thread, the threads it starts afterwards and
//! its children see the mount, under an ordinary path; and when the last of them ends, by return, panic or signal 9,
//! the kernel takes down mount, loop device and image. [`Mounted`] unmounts earlier, on drop. What is a directory and
//! not a mount (the workspace) is removed on drop, and after signal 9 by the next process that makes one.
//!
//! Making and mounting costs 20 to 80 ms, so each test gets its own and none is shared.
//!
//! # What was not chosen
//! - A detached mount (`fsmount`), reached through `/proc/PID/fd/N`: gone with the process just as well, but
//!   `canonicalize` of a path below it answers a path below the real root. Code under test may do that, and would
//!   then work on the machine's own files.
//! - Mounts in the machine's namespace with a guard that unmounts: signal 9 leaves them behind.
//! - One namespace for the whole process: threads enter one by one and those they start inherit it, so this has to
//!   happen before the first extra thread, and the test harness has started its threads by then.
//!
//! # Limits
//! A thread that was started before the mount, such as one of a process-wide pool, does not see it. `/proc/self`
//! describes the main thread: a test that looks for its mounts reads `/proc/thread-self/mountinfo`.

#[cfg(target_os = "linux")]
mod bind;
mod directory;
mod drive;
mod file_system;
#[cfg(target_os = "linux")]
pub mod fuse;
#[cfg(target_os = "linux")]
mod image;
#[cfg_attr(not(target_os = "linux"), path = "lab/no_mount_point.rs")]
mod mount_point;
#[cfg(target_os = "linux")]
mod namespace;
#[cfg(target_os = "linux")]
mod overlay;

use std::env;
use std::fs;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

#[cfg(target_os = "linux")]
pub use self::bind::{Bound, bind};
use self::directory::Directory;
pub use self::drive::{Place, for_each_file_system, for_each_pair};
pub use self::file_system::{Capability, FileSystem};
#[cfg(target_os = "linux")]
pub use self::image::{BLOCK, Corruption, Image};
use self::mount_point::MountPoint;
#[cfg(target_os = "linux")]
pub use self::overlay::{Overlay, mount_overlay};
use crate::skip::Skip;
#[cfg(target_os = "linux")]
use crate::{subprocess, tool};

/// Of every file system that [`mount`] makes. The images are sparse: it costs what is written.
const CAPACITY: u64 = 1 << 30;

/// A file system ready for use, until dropped. It stays with its thread, which alone sees the mount.
#[derive(Debug)]
pub struct Mounted {
    file_system: FileSystem,
    dir: PathBuf,
    ground: Ground,
    _stays_with_its_thread: PhantomData<*const ()>,
}

/// What is taken down on drop.
#[derive(Debug)]
enum Ground {
    Directory { _keep: Directory },
    Mount { keep: MountPoint },
}

impl Mounted {
    /// Which file system it is.
    #[must_use]
    pub fn file_system(&self) -> FileSystem {
        self.file_system
    }

    /// An empty directory on it; not its root, which has entries of its own on some.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What the file system is stored in; none where that is not a file (workspace and tmpfs).
    #[cfg(target_os = "linux")]
    #[must_use]
    pub fn image(&self) -> Option<&Image> {
        match &self.ground {
            Ground::Directory { .. } => None,
            Ground::Mount { keep } => keep.image(),
        }
    }

    fn on_directory(file_system: FileSystem, keep: Directory) -> Self {
        let dir = keep.path().to_owned();
        Self {
            file_system,
            dir,
            ground: Ground::Directory { _keep: keep },
            _stays_with_its_thread: PhantomData,
        }
    }

    fn on_mount(file_system: FileSystem, keep: MountPoint) -> Self {
        let dir = keep.path().join("lab");
        fs::create_dir(&dir).unwrap_or_else(|error| panic!("create {}: {error}", dir.display()));
        Self { file_system, dir, ground: Ground::Mount { keep }, _stays_with_its_thread: PhantomData }
    }
}

/// A fresh file system of 1 GiB; for [`FileSystem::Workspace`] a fresh directory.
///
/// Without privilege, [`FileSystem::Tmpfs`] is a directory in `/dev/shm` if that is one.
///
/// # Errors
/// When privilege, a tool or the kernel's support is missing.
///
/// # Panics
/// When what should work on this machine fails.
pub fn mount(file_system: FileSystem) -> Result<Mounted, Skip> {
    if file_system == FileSystem::Workspace {
        return Ok(Mounted::on_directory(
            file_system,
            Directory::new_in(&sandbox_directory().join("places")),
        ));
    }
    match MountPoint::new(file_system, CAPACITY, "") {
        Ok(point) => Ok(Mounted::on_mount(file_system, point)),
        Err(skip) => mount_point::unprivileged(file_system)
            .map(|parent| Mounted::on_directory(file_system, Directory::new_in(&parent)))
            .ok_or(skip),
    }
}

/// A fresh file system of `capacity` bytes, to fill up. What fits is less, by the file system's own needs.
///
/// # Errors
/// As [`mount`], but tmpfs too needs privilege.
///
/// # Panics
/// When `capacity` is below [`FileSystem::smallest`], when there is none, and as [`mount`].
pub fn mount_small(file_system: FileSystem, capacity: u64) -> Result<Mounted, Skip> {
    let possible = file_system.smallest().is_some_and(|smallest| capacity >= smallest);
    assert!(
        possible,
        "{file_system} cannot have {capacity} bytes, only {:?} or more",
        file_system.smallest()
    );
    MountPoint::new(file_system, capacity, "").map(|point| Mounted::on_mount(file_system, point))
}

/// A fresh file system of 1 GiB mounted with `options`, as the `mount` tool takes them: `compress-force=zstd`.
///
/// # Errors
/// As [`mount`], but tmpfs too needs privilege.
///
/// # Panics
/// When the file system has no such options, and as [`mount`].
pub fn mount_with(file_system: FileSystem, options: &str) -> Result<Mounted, Skip> {
    MountPoint::new(file_system, CAPACITY, options).map(|point| Mounted::on_mount(file_system, point))
}

/// A fresh ext4 of 1 GiB whose directories can be told to take names that differ in case for one (`chattr +F`).
///
/// # Errors
/// As [`mount`], and where the kernel cannot fold names.
///
/// # Panics
/// As [`mount`].
#[cfg(target_os = "linux")]
pub fn mount_with_folded_names() -> Result<Mounted, Skip> {
    MountPoint::with_folded_names(CAPACITY).map(|point| Mounted::on_mount(FileSystem::Ext4, point))
}

/// Names in this empty directory, and in those made in it later, that differ in case are one from now on. It must lie on
/// a file system of [`mount_with_folded_names`].
///
/// # Errors
/// When chattr is not installed.
///
/// # Panics
/// When it fails.
#[cfg(target_os = "linux")]
pub fn fold_names(directory: &Path) -> Result<(), Skip> {
    let mut chattr = tool::find("chattr")?;
    chattr.arg("+F").arg(directory);
    subprocess::run(chattr).expect_success();
    Ok(())
}

/// The sandbox's part of the build directory.
fn sandbox_directory() -> PathBuf {
    let program = env::current_exe().expect("the path of the running test");
    let profile =
        program.ancestors().skip(1).find(|dir| !dir.ends_with("deps")).expect("a program in a directory");
    let dir = profile.join("sandbox");
    fs::create_dir_all(&dir).unwrap_or_else(|error| panic!("create {}: {error}", dir.display()));
    dir
}
