//! A directory of its own for each test, and an observer that ends copies.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use orbit_engine::{Cancel, CopyOptions, Observer, Progress};

pub(crate) struct Folder(pub(crate) tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file of so many bytes that differ from place to place.
    pub(crate) fn file(&self, name: &str, bytes: usize) -> PathBuf {
        let path = self.path(name);
        let content: Vec<u8> = (0..=250).cycle().take(bytes).collect();
        fs::write(&path, content).expect("write a file");
        path
    }

    /// A directory whose path has more than 400 characters.
    pub(crate) fn deep(&self, name: &str) -> PathBuf {
        let mut deep = self.path(name);
        while deep.as_os_str().len() < 400 {
            deep.push("x".repeat(80));
        }
        fs::create_dir_all(&deep).expect("make directories");
        deep
    }

    /// Nothing but these is left.
    pub(crate) fn holds(&self, names: &[&str]) {
        let mut there: Vec<_> = fs::read_dir(self.0.path())
            .expect("list the directory")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
            .collect();
        there.sort();
        assert_eq!(there, names);
    }
}

pub(crate) fn same(one: &Path, other: &Path) {
    assert!(fs::read(one).expect("read") == fs::read(other).expect("read"), "{} differs", other.display());
}

pub(crate) fn set_read_only(path: &Path, read_only: bool) {
    let mut permissions = fs::metadata(path).expect("look").permissions();
    permissions.set_readonly(read_only);
    fs::set_permissions(path, permissions).expect("set read-only");
}

pub(crate) fn is_read_only(path: &Path) -> bool {
    fs::metadata(path).expect("look").permissions().readonly()
}

#[derive(Default)]
pub(crate) struct EndsAt {
    bytes: u64,
    cancel: Cancel,
    pub(crate) heard: AtomicU64,
}

impl Observer for EndsAt {
    fn progress(&self, progress: Progress) {
        self.heard.fetch_add(1, Ordering::Relaxed);
        if progress.bytes >= self.bytes {
            self.cancel.cancel();
        }
    }
}

pub(crate) fn ended_at(bytes: u64) -> (Arc<EndsAt>, CopyOptions) {
    let observer = Arc::new(EndsAt { bytes, ..EndsAt::default() });
    let options = CopyOptions::new().observer(observer.clone()).cancel(observer.cancel.clone());
    (observer, options)
}
