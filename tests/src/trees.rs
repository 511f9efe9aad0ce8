//! Trees of any depth and with any names: looked at, compared, made and removed one name at a time, so that no path is
//! too long. One thread looks; what changes meanwhile is told wrong.

mod chain;
mod entry;
mod walk;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

pub use self::chain::{make_chain, open_chain};
pub use self::entry::{Entry, Kind};
pub use self::walk::{Count, count, remove};

/// Differences that a message names; a tree may have a million.
const TOLD: usize = 10;

/// Bytes of a path that a message shows, its end.
const SHOWN: usize = 120;

/// All entries of a tree by their paths from its root, which has the empty path itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    entries: BTreeMap<PathBuf, Entry>,
}

/// What two trees have to have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aspect {
    /// Names, kinds, content, where links lead to, which names are one file, and permission bits.
    Content,
    /// That, the bits above the permissions, owners, times of modification and extended attributes.
    Everything,
}

impl Tree {
    /// Of what lies at `root`, a directory or a symbolic link to one.
    ///
    /// # Panics
    /// When something cannot be read.
    #[must_use]
    #[track_caller]
    pub fn of(root: &Path) -> Self {
        let mut entries = BTreeMap::new();
        let walked = walk::walk(root, &mut |found| {
            entries.insert(found.path.to_owned(), Entry::of(&found));
            Ok(())
        });
        walked.unwrap_or_else(|error| panic!("cannot look through {}: {error}", root.display()));
        let mut tree = Self { entries };
        tree.group_names();
        tree
    }

    /// Each name of a file but its first is told which that is.
    fn group_names(&mut self) {
        let mut first = BTreeMap::new();
        for (path, entry) in &mut self.entries {
            if entry.kind != Kind::Directory && entry.names > 1 {
                let known = first.entry(entry.inode).or_insert_with(|| path.clone());
                entry.first_name = (known != path).then(|| known.clone());
            }
        }
    }

    /// What has this path, if anything has.
    #[must_use]
    pub fn get(&self, path: impl AsRef<Path>) -> Option<&Entry> {
        self.entries.get(path.as_ref())
    }

    /// Every entry with its path, a directory before what lies in it.
    pub fn iter(&self) -> impl Iterator<Item = (&Path, &Entry)> {
        self.entries.iter().map(|(path, entry)| (path.as_path(), entry))
    }

    /// Entries of which `is_it` holds.
    pub fn count(&self, is_it: impl Fn(&Entry) -> bool) -> u64 {
        self.entries.values().filter(|entry| is_it(entry)).count() as u64
    }

    /// In what the other tree is not this one; nothing where it is.
    #[must_use]
    pub fn differences(&self, other: &Self, aspect: Aspect) -> Vec<String> {
        let missing = self.entries.keys().filter(|path| other.get(path).is_none());
        let extra = other.entries.keys().filter(|path| self.get(path).is_none());
        let mut differences: Vec<_> = missing.map(|path| format!("{} is missing", shown(path))).collect();
        differences.extend(extra.map(|path| format!("{} is too much", shown(path))));
        for (path, entry) in &self.entries {
            let difference = other.get(path).and_then(|found| entry.difference(found, aspect));
            differences.extend(difference.map(|what| format!("{}: {what}", shown(path))));
        }
        differences
    }

    /// The other tree is this one.
    ///
    /// # Panics
    /// When it is not, naming some differences.
    #[track_caller]
    pub fn assert_is(&self, other: &Self, aspect: Aspect) {
        let differences = self.differences(other, aspect);
        let told = &differences[..differences.len().min(TOLD)];
        assert!(differences.is_empty(), "{} differences, such as {told:#?}", differences.len());
    }

    /// No name in it is one that the engine made for a while.
    ///
    /// # Panics
    /// When there is one.
    #[track_caller]
    pub fn assert_no_staging(&self) {
        let litter: Vec<_> = self.entries.keys().filter(|path| is_staging(path)).collect();
        assert!(litter.is_empty(), "litter: {litter:?}");
    }
}

/// Whether the last name of a path is one of a staging or partial file, or of a sidecar.
#[must_use]
pub fn is_staging(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    name.starts_with(b".") && name.windows(7).any(|part| part == b".orbit-")
}

/// The tree at `copy` is the one at `source`.
///
/// # Panics
/// When it is not, naming some differences.
#[track_caller]
pub fn assert_same(source: &Path, copy: &Path, aspect: Aspect) {
    Tree::of(source).assert_is(&Tree::of(copy), aspect);
}

/// The end of a path that may be longer than any message.
fn shown(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    let end = &bytes[bytes.len().saturating_sub(SHOWN)..];
    let dots = if end.len() < bytes.len() { "…" } else { "" };
    format!("{dots}{:?}", OsStr::new(&*String::from_utf8_lossy(end)))
}
