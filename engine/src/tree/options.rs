//! What the caller wants from a copy of a tree, beside what it wants from the copy of each file.

use std::sync::Arc;

use super::filter::Filter;
use super::progress::TreeObserver;
use crate::names::named;
use crate::options::CopyOptions;
use crate::tuning::MAX_WORKERS;

/// How a tree is copied. The default copies each file by the default [`CopyOptions`], keeps symbolic links, replaces
/// what is there and stops at the first failure.
///
/// ```
/// use orbit_engine::{CopyOptions, OnError, Overwrite, TreeOptions, Verification};
/// let each_file = CopyOptions::new().verification(Verification::Sha256);
/// let options = TreeOptions::new(each_file).overwrite(Overwrite::Newer).on_error(OnError::Continue);
/// # let _ = options;
/// ```
#[derive(Debug, Clone, Default)]
pub struct TreeOptions {
    pub(crate) each: CopyOptions,
    /// 0 leaves the number to the tuning.
    pub(crate) workers: u32,
    pub(crate) symlinks: Symlinks,
    pub(crate) overwrite: Overwrite,
    pub(crate) on_error: OnError,
    pub(crate) filter: Option<Sieve>,
    pub(crate) dry_run: bool,
    pub(crate) counted_ahead: bool,
    pub(crate) observer: Option<Onlooker>,
}

/// Who chooses the entries.
#[derive(Clone)]
pub(crate) struct Sieve(pub(crate) Arc<dyn Filter>);

impl std::fmt::Debug for Sieve {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sieve")
    }
}

/// Who is told.
#[derive(Clone)]
pub(crate) struct Onlooker(pub(crate) Arc<dyn TreeObserver>);

impl std::fmt::Debug for Onlooker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Onlooker")
    }
}

impl TreeOptions {
    /// Each file is copied as `each` says: strategy, placement, verification, compression, limit of bandwidth (shared by
    /// all workers), retries, [`CopyOptions::cancel`]. Its observer is not told; see [`Self::observer`].
    #[must_use]
    pub fn new(each: CopyOptions) -> Self {
        Self { each, ..Self::default() }
    }

    /// How many threads copy, at most [`MAX_WORKERS`]; 0 leaves it to the tuning ([`crate::Values::tree_workers`]). Fewer work where the process may open
    /// too few files; [`crate::TreeOutcome::workers`] says how many did.
    #[must_use]
    pub fn workers(mut self, workers: u32) -> Self {
        self.workers = workers.min(MAX_WORKERS);
        self
    }

    /// What becomes of symbolic links below the source. The source itself may be one; it is followed.
    #[must_use]
    pub fn symlinks(mut self, symlinks: Symlinks) -> Self {
        self.symlinks = symlinks;
        self
    }

    /// What becomes of files, links and special files that stand at the destination.
    #[must_use]
    pub fn overwrite(mut self, overwrite: Overwrite) -> Self {
        self.overwrite = overwrite;
        self
    }

    /// Whether the copy goes on behind an entry that failed.
    #[must_use]
    pub fn on_error(mut self, on_error: OnError) -> Self {
        self.on_error = on_error;
        self
    }

    /// Which entries are copied; without a filter, all.
    #[must_use]
    pub fn filter(mut self, filter: Arc<dyn Filter>) -> Self {
        self.filter = Some(Sieve(filter));
        self
    }

    /// Whether only is counted what would be copied, and nothing changed.
    #[must_use]
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// Whether one more thread counts the tree while it is copied, so that [`crate::TreeProgress::total`] becomes known.
    #[must_use]
    pub fn count_ahead(mut self, count: bool) -> Self {
        self.counted_ahead = count;
        self
    }

    /// Who is told how the copy goes.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn TreeObserver>) -> Self {
        self.observer = Some(Onlooker(observer));
        self
    }

    /// Tells the observer, once, that values that were measured are not used.
    pub(crate) fn tell_unused_tuning(&self) {
        let Some(Onlooker(observer)) = &self.observer else { return };
        if let Some(warning) = self.each.tuning.warning_to_tell() {
            observer.tuning_unused(warning);
        }
    }
}

/// What becomes of symbolic links in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Symlinks {
    /// The copy has the same link, whatever it leads to.
    #[default]
    Preserve,
    /// The copy has what the link leads to. A link to nothing, and one to a directory that holds it, fails.
    Follow,
    /// Left out, and counted.
    Skip,
}

named!(Symlinks { Preserve => "preserve", Follow => "follow", Skip => "skip" });

/// What becomes of what stands at the destination. Directories are always merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Overwrite {
    /// Replaced.
    #[default]
    Always,
    /// Kept; what is missing is copied.
    Never,
    /// Replaced where the source was modified after it, else kept.
    Newer,
}

named!(Overwrite { Always => "always", Never => "never", Newer => "newer" });

/// What becomes of the rest of a tree behind a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OnError {
    /// Nothing more is begun. What was copied by then stays.
    #[default]
    Stop,
    /// Everything else is copied, and every failure is told.
    Continue,
}

named!(OnError { Stop => "stop", Continue => "continue" });
