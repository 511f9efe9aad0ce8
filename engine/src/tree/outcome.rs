//! What the copy of a tree did. Lists grow with what went wrong, never with the tree.

use std::fmt;
use std::path::PathBuf;

use crate::error::{CopyError, FileKind, shown};
use crate::outcome::{Attribute, Moved, RefusalReason};
use crate::strategy::Mechanism;

/// What the copy of a tree did, or, where only was counted, what it would have done.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct TreeOutcome {
    /// The copy's root, as given.
    pub destination: PathBuf,
    /// Regular files that were copied, without further names of a file.
    pub files: u64,
    /// Bytes of their content.
    pub bytes: u64,
    /// Bytes among them that were moved; less where there are holes, or where an earlier copy had left a begin.
    pub data_bytes: u64,
    /// Length of the new files; other than `bytes` where they were compressed or decompressed.
    pub written_bytes: u64,
    /// Directories that were made.
    pub directories: u64,
    /// Directories that stood at the destination, and were filled.
    pub merged: u64,
    /// Symbolic links that were made.
    pub symlinks: u64,
    /// Further names of files that were copied: hard links.
    pub hard_links: u64,
    /// Named pipes, sockets and devices that were made.
    pub special: u64,
    /// Files, links and special files that stand at the destination and were kept: [`crate::Overwrite`], or finished by
    /// an earlier resumable copy.
    pub kept: u64,
    /// Bytes of the content of the files among them.
    pub kept_bytes: u64,
    /// Entries that the filter left out; what lies below a directory that was left out is not counted.
    pub filtered: u64,
    /// Symbolic links that were left out ([`crate::Symlinks::Skip`]).
    pub skipped_symlinks: u64,
    /// Special files that were left out, since only [`crate::CopyOptions::preserve_metadata`] makes them again.
    pub skipped_special: Vec<Skipped>,
    /// How many bytes each mechanism moved.
    pub moved: Vec<Moved>,
    /// What the kernel refused, and for how many files.
    pub refusals: Vec<Refused>,
    /// Files that were proven equal, among `files`, `kept` and hard links aside.
    pub verified: u64,
    /// Files that went on where an earlier copy had stopped.
    pub resumed: u64,
    /// Retries of all files.
    pub retries: u64,
    /// Files whose source changed while they were copied, where that is accepted.
    pub changed: u64,
    /// Metadata that was to be preserved and could not be.
    pub not_preserved: Vec<Lost>,
    /// System calls of all workers.
    pub system_calls: u64,
    /// Threads that copied.
    pub workers: u32,
}

/// A special file that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Where it is.
    pub path: PathBuf,
    /// What it is.
    pub kind: FileKind,
}

/// A mechanism that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// Which one.
    pub mechanism: Mechanism,
    /// Why.
    pub reason: RefusalReason,
    /// For how many files.
    pub files: u64,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({} files)", self.mechanism, self.reason, self.files)
    }
}

/// A piece of metadata that entries of the copy do not have from their sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// Which one.
    pub attribute: Attribute,
    /// The error number with which the system refused it.
    pub errno: i32,
    /// How many entries lost it.
    pub entries: u64,
    /// The first of them, at the destination.
    pub example: PathBuf,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = std::io::Error::from_raw_os_error(self.errno);
        let Self { attribute, entries, .. } = self;
        write!(f, "{attribute} of {entries} entries, such as {}: {error}", shown(&self.example))
    }
}

/// Why a tree was not copied whole.
#[derive(Debug)]
#[non_exhaustive]
pub struct TreeError {
    /// What failed, at least one; with [`crate::OnError::Continue`] all of it. The last one is
    /// [`CopyError::Cancelled`] where the caller wanted no more.
    pub failures: Vec<CopyError>,
    /// What was done all the same, and stays.
    pub outcome: Box<TreeOutcome>,
}

impl fmt::Display for TreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.failures[..] {
            [] => f.write_str("the tree was not copied whole"),
            [only] => only.fmt(f),
            [first, others @ ..] => write!(f, "{first}; and {} more failures", others.len()),
        }
    }
}

impl std::error::Error for TreeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.failures.first().map(|first| first as _)
    }
}
