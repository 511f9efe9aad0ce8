//! Runs one test body on every file system, or on every pair of them.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use super::{FileSystem, Mounted, mount};

/// An empty directory on a known file system.
#[derive(Clone, Debug)]
pub struct Place {
    file_system: FileSystem,
    dir: PathBuf,
}

impl Place {
    /// A new directory `name` there.
    fn new(mounted: &Mounted, name: &str) -> Self {
        let dir = mounted.dir().join(name);
        fs::create_dir(&dir).unwrap_or_else(|error| panic!("create {}: {error}", dir.display()));
        Self { file_system: mounted.file_system(), dir }
    }

    /// Removed between bodies so that each has all the space. A body may leave what cannot be removed; that is
    /// gone with the mount.
    fn clear(&self) {
        let _ = fs::remove_dir_all(&self.dir);
    }

    /// The file system that it is on.
    #[must_use]
    pub fn file_system(&self) -> FileSystem {
        self.file_system
    }

    /// The directory itself.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The path of `name` in it.
    #[must_use]
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.join(name)
    }
}

/// Runs `body` on each file system in a fresh directory; reports by name where it cannot.
///
/// # Panics
/// After the last one, when the body panicked on any, naming those.
#[track_caller]
pub fn for_each_file_system(test: &str, body: impl Fn(&Place)) {
    let mut failed = Vec::new();
    for mounted in FileSystem::ALL.into_iter().filter_map(|file_system| mount_or_report(test, file_system)) {
        let place = Place::new(&mounted, "place");
        if catch_unwind(AssertUnwindSafe(|| body(&place))).is_err() {
            failed.push(mounted.file_system().to_string());
        }
    }
    assert!(failed.is_empty(), "{test} failed on {}", failed.join(", "));
}

/// Runs `body` on each ordered pair of file systems, each with itself too: then on one mount. Both directories are
/// fresh and differ. Reports by name which file systems it cannot use.
///
/// # Panics
/// After the last pair, when the body panicked on any, naming those.
#[track_caller]
pub fn for_each_pair(test: &str, body: impl Fn(&Place, &Place)) {
    let mounts: Vec<_> =
        FileSystem::ALL.into_iter().filter_map(|file_system| mount_or_report(test, file_system)).collect();
    let mut failed = Vec::new();
    for (from, to) in mounts.iter().flat_map(|from| mounts.iter().map(move |to| (from, to))) {
        let pair = format!("{} to {}", from.file_system(), to.file_system());
        let (source, destination) =
            (Place::new(from, &format!("{pair}, from")), Place::new(to, &format!("{pair}, to")));
        if catch_unwind(AssertUnwindSafe(|| body(&source, &destination))).is_err() {
            failed.push(pair);
        }
        source.clear();
        destination.clear();
    }
    assert!(failed.is_empty(), "{test} failed from {}", failed.join(", "));
}

fn mount_or_report(test: &str, file_system: FileSystem) -> Option<Mounted> {
    mount(file_system).map_err(|skip| skip.report_on(test, file_system)).ok()
}
