//! Takes the calling thread into its own mount namespace.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
use rustix::thread::UnshareFlags;

use crate::skip::Skip;

/// The directory that mount points are created in. It belongs to this namespace: on disk it stays empty for ever.
pub(super) fn enter(sandbox: &Path) -> Result<PathBuf, Skip> {
    let points = sandbox.join("mounts");
    let entered = points.join(".entered");
    // A thread started by one that has entered shares its namespace; entering again would hide its mounts.
    if !entered.exists() {
        fs::create_dir_all(&points).unwrap_or_else(|error| panic!("create {}: {error}", points.display()));
        leave_the_shared_one().map_err(|errno| refused("a mount namespace", errno))?;
        mount("orbit-lab", &points, "tmpfs", MountFlags::empty(), c"mode=0755,size=64k")
            .map_err(|errno| refused("a mount", errno))?;
        fs::write(&entered, "").unwrap_or_else(|error| panic!("create {}: {error}", entered.display()));
    }
    Ok(points)
}

fn leave_the_shared_one() -> Result<(), Errno> {
    #[expect(
        deprecated,
        reason = "the safe form; its replacement is unsafe because of FILES, which is not asked for"
    )]
    rustix::thread::unshare(UnshareFlags::NEWNS)?;
    // Many systems share mounts between namespaces unless told otherwise.
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
}

/// Lacking privilege is a property of the machine, whatever errno a security module picks for it.
pub(super) fn refused(what: &str, errno: Errno) -> Skip {
    Skip::because(format!("needs root: the kernel refuses {what}: {errno}"))
}
