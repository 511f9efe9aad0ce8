//! An overlay, the file system of containers: what is written goes to an upper directory, the rest shines through.

use std::ffi::CString;
use std::fs;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use rustix::mount::MountFlags;

use super::mount_point::MountPoint;
use super::{FileSystem, Mounted, namespace};
use crate::skip::Skip;

/// An overlay whose two layers are on one fresh file system, until dropped. It stays with its thread.
#[derive(Debug)]
pub struct Overlay {
    // Before what it lies on: taken down first.
    point: MountPoint,
    base: Mounted,
    _stays_with_its_thread: PhantomData<*const ()>,
}

impl Overlay {
    /// Its root: what `fill_lower` made, and what is written.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.point.path()
    }

    /// The layer that takes what is written, on the base. Only to be looked at.
    #[must_use]
    pub fn upper(&self) -> PathBuf {
        self.base.dir().join("upper")
    }

    /// The file system of both layers.
    #[must_use]
    pub fn base(&self) -> FileSystem {
        self.base.file_system()
    }
}

/// A fresh overlay on a fresh `base`, whose lower layer is what `fill_lower` makes in the directory it gets.
///
/// # Errors
/// When privilege, a tool or the kernel's support is missing.
///
/// # Panics
/// When `base` is [`FileSystem::Workspace`], which may be an overlay itself, and when what should work fails.
pub fn mount_overlay(base: FileSystem, fill_lower: impl FnOnce(&Path)) -> Result<Overlay, Skip> {
    assert_ne!(base, FileSystem::Workspace, "an overlay needs a file system that can be its upper layer");
    let base = super::mount_with(base, "")?;
    let [lower, upper, work] = ["lower", "upper", "work"].map(|name| base.dir().join(name));
    for layer in [&lower, &upper, &work] {
        fs::create_dir(layer).expect("create a directory on a fresh file system");
    }
    fill_lower(&lower);
    let options =
        format!("lowerdir={},upperdir={},workdir={}", escaped(&lower), escaped(&upper), escaped(&work));
    let options = CString::new(options).expect("no zero byte");
    let point = MountPoint::with("overlay", |dir| {
        rustix::mount::mount("orbit-lab", dir, "overlay", MountFlags::empty(), options.as_c_str())
            .map_err(|errno| namespace::refused("an overlay", errno))
    })?;
    Ok(Overlay { point, base, _stays_with_its_thread: PhantomData })
}

/// As an option's value: a comma would end it, a colon the layer.
fn escaped(path: &Path) -> String {
    let text = path.to_str().expect("a path of our own is UTF-8");
    text.chars()
        .flat_map(|char| matches!(char, ',' | ':' | '\\').then_some('\\').into_iter().chain([char]))
        .collect()
}
