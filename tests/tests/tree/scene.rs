//! Where trees are copied, and what is planted there.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink as make_symlink};
use std::path::{Path, PathBuf};

use orbit_tests::files;
use orbit_tests::lab::{self, FileSystem, Mounted};
use orbit_tests::skip::unless_skipped;
use orbit_tests::trees::Tree;
use rustix::fs::{CWD, FileType, Mode, mknodat};

/// File systems that tests of what depends on them run on.
pub(crate) const FILE_SYSTEMS: [FileSystem; 4] =
    [FileSystem::Ext4, FileSystem::Xfs, FileSystem::Btrfs, FileSystem::Tmpfs];

/// A fresh file system, with a source that is planted and a destination that is not there.
pub(crate) struct Scene {
    place: Mounted,
}

impl Scene {
    /// Nothing, reported by name, where there is no such file system.
    pub(crate) fn on(test: &str, file_system: FileSystem) -> Option<Self> {
        unless_skipped(test, lab::mount(file_system)).map(Self::of)
    }

    /// An empty source.
    pub(crate) fn of(place: Mounted) -> Self {
        fs::create_dir(place.dir().join("from")).expect("a directory on a fresh file system");
        Self { place }
    }

    pub(crate) fn place(&self) -> &Mounted {
        &self.place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.dir().join(name)
    }

    pub(crate) fn from(&self) -> PathBuf {
        self.path("from")
    }

    pub(crate) fn to(&self) -> PathBuf {
        self.path("to")
    }
}

/// A file at `path` below `root`, with the directories that lead to it.
#[track_caller]
pub(crate) fn file(root: &Path, path: &str, seed: u64, size: u64) -> PathBuf {
    let file = root.join(path);
    directory(file.parent().expect("a path below a root"), "");
    files::create(&file, seed, size);
    file
}

/// `count` files of `size` bytes in one directory, `0`, `1` and so on, each with a content of its own.
#[track_caller]
pub(crate) fn files_in(root: &Path, path: &str, count: u64, size: u64) {
    let folder = directory(root, path);
    let content = files::content(9, size + count);
    for index in 0..count {
        let begin = usize::try_from(index).expect("a small count");
        let end = usize::try_from(index + size).expect("a small size");
        fs::write(folder.join(index.to_string()), &content[begin..end]).expect("write a file of our own");
    }
}

/// A directory at `path` below `root`, with those that lead to it.
#[track_caller]
pub(crate) fn directory(root: &Path, path: &str) -> PathBuf {
    let directory = root.join(path);
    fs::create_dir_all(&directory).unwrap_or_else(|error| panic!("make {}: {error}", directory.display()));
    directory
}

#[track_caller]
pub(crate) fn symlink(root: &Path, path: &str, target: impl AsRef<Path>) {
    make_symlink(target, root.join(path)).expect("make a symbolic link of our own");
}

#[track_caller]
pub(crate) fn hard_link(root: &Path, path: &str, of: &str) {
    fs::hard_link(root.join(of), root.join(path)).expect("make a hard link of our own");
}

#[track_caller]
pub(crate) fn fifo(root: &Path, path: &str) {
    let mode = Mode::from_raw_mode(0o640);
    mknodat(CWD, root.join(path), FileType::Fifo, mode, 0).expect("make a named pipe of our own");
}

#[track_caller]
pub(crate) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("set a mode of our own");
}

/// A bit of everything that any user may make: 56 files, six directories with the root, three links and two more names.
pub(crate) fn plant(root: &Path) {
    for (index, size) in [0, 1, 4095, 4096, 4097, 65_537, 300_000, 1_100_000].into_iter().enumerate() {
        file(root, &format!("file{index}"), index as u64, size);
    }
    files_in(root, "many", 40, 700);
    file(root, "folder/inner/deep", 20, 70_000);
    file(root, "folder/inner/small", 21, 1);
    directory(root, "folder/empty");
    for (name, mode) in [("closed", 0o600), ("readonly", 0o444), ("program", 0o755), (".hidden", 0o644)] {
        set_mode(&file(root, name, 30, 2000), mode);
    }
    set_mode(&file(root, "-v", 31, 10), 0o640);
    file(root, "many/ name with spaces ", 32, 33);
    set_mode(&root.join("folder/empty"), 0o750);
    set_mode(&root.join("folder/inner"), 0o700);
    symlink(root, "folder/link", "inner/small");
    symlink(root, "nowhere", "is/missing");
    symlink(root, "folder/away", "/dev/null");
    hard_link(root, "folder/same", "file5");
    hard_link(root, "folder/inner/same", "file5");
}

/// What a copy of a tree counts, told from what lies there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    pub(crate) directories: u64,
    pub(crate) symlinks: u64,
    pub(crate) hard_links: u64,
}

impl Counts {
    pub(crate) fn of(tree: &Tree) -> Self {
        use orbit_tests::trees::Kind;
        let first = |entry: &orbit_tests::trees::Entry| entry.is_file() && entry.first_name.is_none();
        Self {
            files: tree.count(first),
            bytes: tree.iter().filter(|(_, entry)| first(entry)).map(|(_, entry)| entry.size()).sum(),
            directories: tree.count(|entry| entry.kind == Kind::Directory),
            symlinks: tree.count(|entry| matches!(entry.kind, Kind::Symlink(_))),
            hard_links: tree.count(|entry| entry.is_file() && entry.first_name.is_some()),
        }
    }
}
