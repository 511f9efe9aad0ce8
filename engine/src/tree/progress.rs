//! How far the copy of a tree is, for an observer.

use crate::tuning::TuningWarning;

/// Is told how the copy of a tree goes: at its begin and end, and at least every 100 ms between, as long as single calls
/// of the system do not take longer. It is called by the threads that copy; what it does delays them.
pub trait TreeObserver: Send + Sync {
    /// How far the copy is.
    fn progress(&self, progress: TreeProgress);

    /// The values of a tuned file are not used. Told before the first copy with them begins, and of no further copy.
    fn tuning_unused(&self, warning: &TuningWarning) {
        let _ = warning;
    }
}

/// How far the copy of a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TreeProgress {
    /// Files that are done: copied, kept because they were there, or failed.
    pub files: u64,
    /// Bytes of their content, and of what has arrived of the files under way. May fall where a file is tried again.
    pub bytes: u64,
    /// Bytes among them that needed no copying: files that were kept, and what an earlier copy had left of others.
    pub found_bytes: u64,
    /// Entries that could not be copied.
    pub failures: u64,
    /// How much there is in all; none until it is known ([`crate::TreeOptions::count_ahead`]).
    pub total: Option<TreeTotal>,
}

/// How much there is to copy, files and bytes of their content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TreeTotal {
    /// Regular files.
    pub files: u64,
    /// Bytes of their content.
    pub bytes: u64,
}
