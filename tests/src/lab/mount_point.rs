//! One mount, seen by the thread that made it, and its end.

use std::ffi::CString;
use std::fs;
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, UnmountFlags, unmount};
use tempfile::TempDir;

use super::image::Image;
use super::{FileSystem, namespace, sandbox_directory};
use crate::skip::Skip;
use crate::{subprocess, tool};

/// A mounted directory. Dropped in the thread that made it, it is unmounted.
#[derive(Debug)]
pub(super) struct MountPoint {
    dir: TempDir,
    image: Option<Image>,
    unmount: UnmountFlags,
}

impl MountPoint {
    /// `options` are those of the `mount` tool, with commas; empty for none.
    pub(super) fn new(file_system: FileSystem, capacity: u64, options: &str) -> Result<Self, Skip> {
        let mut image = None;
        let mut point = Self::with(file_system.name(), |dir| match file_system {
            FileSystem::Workspace => panic!("the workspace is not mounted by tests"),
            FileSystem::Tmpfs => mount_tmpfs(dir, capacity, options),
            FileSystem::Xfs | FileSystem::Btrfs | FileSystem::Ext4 => {
                mount_image(image.insert(Image::new(file_system, capacity)?), file_system, dir, options)
            }
        })?;
        point.image = image;
        Ok(point)
    }

    /// An ext4 that can fold names.
    pub(super) fn with_folded_names(capacity: u64) -> Result<Self, Skip> {
        if !Path::new("/sys/fs/ext4/features/casefold").exists() {
            return Err(Skip::because("the kernel's ext4 does not fold names"));
        }
        let image = Image::with_folded_names(capacity)?;
        let mut point =
            Self::with(FileSystem::Ext4.name(), |dir| mount_image(&image, FileSystem::Ext4, dir, ""))?;
        point.image = Some(image);
        Ok(point)
    }

    /// `mount` gets an empty directory, in the namespace of the calling thread, to mount on.
    pub(super) fn with(name: &str, mount: impl FnOnce(&Path) -> Result<(), Skip>) -> Result<Self, Skip> {
        let points = namespace::enter(&sandbox_directory())?;
        let dir = tempfile::Builder::new().prefix(name).tempdir_in(&points);
        let dir = dir.unwrap_or_else(|error| panic!("a directory in {}: {error}", points.display()));
        mount(dir.path())?;
        Ok(Self { dir, image: None, unmount: UnmountFlags::empty() })
    }

    /// Dropped, it first fails all requests that are not answered yet. Only some file systems know this.
    pub(super) fn forced(mut self) -> Self {
        self.unmount = UnmountFlags::FORCE;
        self
    }

    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// What the mounted file system is stored in.
    pub(super) fn image(&self) -> Option<&Image> {
        self.image.as_ref()
    }
}

impl Drop for MountPoint {
    fn drop(&mut self) {
        // Busy means that the test still has a file open or a child running: the kernel then unmounts when that ends.
        // No other error is possible for a mount of our own, and a panic here would hide the test's.
        if unmount(self.dir.path(), self.unmount).is_err() {
            let _ = unmount(self.dir.path(), UnmountFlags::DETACH);
        }
    }
}

fn mount_tmpfs(dir: &Path, capacity: u64, more: &str) -> Result<(), Skip> {
    let comma = if more.is_empty() { "" } else { "," };
    let options = CString::new(format!("mode=0755,size={capacity}{comma}{more}")).expect("no zero byte");
    rustix::mount::mount("orbit-lab", dir, "tmpfs", MountFlags::empty(), options.as_c_str())
        .map_err(|errno| namespace::refused("a tmpfs", errno))
}

/// By the tool, which sets up the loop device so that it clears itself after the last use.
fn mount_image(image: &Image, file_system: FileSystem, dir: &Path, more: &str) -> Result<(), Skip> {
    let mut mount = tool::find("mount")?;
    mount.args(["--no-mtab", "-t", file_system.name(), "-o", "loop"]);
    if !more.is_empty() {
        mount.args(["-o", more]);
    }
    mount.arg(image.path()).arg(dir);
    let finished = subprocess::run(mount);
    if finished.status.success() {
        return Ok(());
    }
    let message = finished.stderr.trim().replace('\n', " ");
    // The attempt has made the kernel load the module if there is one.
    if !is_known(file_system) {
        return Err(Skip::because("the kernel does not have it"));
    }
    if message.contains("loop device") || message.contains("permission denied") {
        return Err(Skip::because(message));
    }
    panic!("mounting {file_system} failed ({}): {message}", finished.status);
}

fn is_known(file_system: FileSystem) -> bool {
    let known = fs::read_to_string("/proc/filesystems").expect("read /proc/filesystems");
    known.lines().filter_map(|line| line.split_whitespace().last()).any(|name| name == file_system.name())
}

/// Where anybody may make a directory on such a file system, one for each user.
pub(super) fn unprivileged(file_system: FileSystem) -> Option<PathBuf> {
    const TMPFS_MAGIC: u64 = 0x0102_1994;
    let shared_memory = Path::new("/dev/shm");
    let found = rustix::fs::statfs(shared_memory).ok()?.f_type;
    let is_tmpfs = u64::try_from(found).is_ok_and(|magic| magic == TMPFS_MAGIC);
    let user = rustix::process::geteuid().as_raw();
    (file_system == FileSystem::Tmpfs && is_tmpfs).then(|| shared_memory.join(format!("orbit-lab-{user}")))
}
