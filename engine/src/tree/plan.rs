//! What all workers of a copy share: what is wanted, what is known, and what went wrong.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use super::held::Held;
use super::links::Links;
use super::meter::Meter;
use super::options::{OnError, TreeOptions};
use super::pool::Pool;
use crate::error::CopyError;
use crate::observe::Cancel;
use crate::options::{Compression, CopyOptions, Durability, Reflink};
use crate::platform::{Directory, Volume};
use crate::setting::Made;
use crate::strategy::Strategy;
use crate::tuning::{FileSystemPair, Values};

/// One copy of a tree.
pub(super) struct Tree<'a> {
    pub(super) options: &'a TreeOptions,
    pub(super) each: Each,
    /// For this pair of file systems.
    pub(super) values: Values,
    /// Most files that one worker makes in a row.
    pub(super) batch: usize,
    /// Whether sharing extents was refused once, so that it is left to the ladder.
    pub(super) cannot_share: AtomicBool,
    /// None where nothing depends on them.
    pub(super) roots: Option<Roots>,
    /// As given.
    pub(super) source: &'a Path,
    pub(super) destination: &'a Path,
    /// The directory in which the copy's root gets its name; none where it exists, or nothing is made.
    pub(super) above: Option<Directory>,
    pub(super) umask: Option<u32>,
    pub(super) pool: Pool,
    pub(super) links: Links,
    pub(super) held: Held,
    /// Files with several names that were written in place.
    pub(super) written: Made,
    pub(super) meter: Arc<Meter>,
    pub(super) stop: Cancel,
    pub(super) failures: Mutex<Vec<CopyError>>,
}

/// On which file systems both roots are.
#[derive(Debug)]
pub(super) struct Roots {
    pub(super) pair: FileSystemPair,
    pub(super) volumes: (Volume, Volume),
}

impl Tree<'_> {
    /// Whether nothing more is to be begun.
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.is_cancelled() || self.is_cancelled()
    }

    /// Whether the caller wants no more.
    pub(super) fn is_cancelled(&self) -> bool {
        self.options.each.cancel.as_ref().is_some_and(Cancel::is_cancelled)
    }

    /// Whether nothing is made.
    pub(super) fn is_dry(&self) -> bool {
        self.options.dry_run
    }

    /// An entry could not be copied. What was ended because the whole is, is no failure of its own.
    pub(super) fn fail(&self, error: CopyError) {
        if matches!(error, CopyError::Cancelled { .. }) && self.is_stopped() {
            return;
        }
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).push(error);
        if self.options.on_error == OnError::Stop {
            self.stop.cancel();
        }
        self.meter.failure();
    }
}

/// The options for one file, by what it is and who else works.
pub(super) struct Each([CopyOptions; 8]);

/// What the options for a file depend on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Circumstances {
    /// The file is compressed or decompressed on its way; what has no name of a compressed file is not decompressed.
    pub(super) is_changed: bool,
    /// No other worker has anything to do, so that a large file may have their threads.
    pub(super) is_alone: bool,
    /// Copying inside the kernel costs more than it saves.
    pub(super) is_small: bool,
}

impl Each {
    pub(super) fn new(each: &CopyOptions) -> Self {
        // A directory is synced once, when everything in it is done.
        let durability = match each.durability {
            Durability::None => Durability::None,
            Durability::File | Durability::FileAndDirectory => Durability::File,
        };
        let base = CopyOptions { observer: None, durability, ..each.clone() };
        Self(std::array::from_fn(|index| {
            let mut options = base.clone();
            if index & 1 == 0 {
                options.compression = Compression::None;
            }
            if index & 2 == 0 {
                options.threads = 1;
            }
            let must_be_zero_copy = options.reflink == Reflink::Always || options.only.is_some();
            if index & 4 != 0 && options.strategy == Strategy::ZeroCopy && !must_be_zero_copy {
                options.strategy = Strategy::Auto;
            }
            options
        }))
    }

    pub(super) fn of(&self, circumstances: Circumstances) -> &CopyOptions {
        let Circumstances { is_changed, is_alone, is_small } = circumstances;
        &self.0[usize::from(is_changed) | usize::from(is_alone) << 1 | usize::from(is_small) << 2]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_circumstance_changes_its_own_option() {
        let zstd = Compression::Decompress;
        let options = CopyOptions::new().strategy(Strategy::ZeroCopy).compression(zstd).threads(5);
        let each = Each::new(&options);
        let of = |is_changed, is_alone, is_small| {
            let options = each.of(Circumstances { is_changed, is_alone, is_small });
            (options.compression, options.threads, options.strategy)
        };
        assert_eq!(of(true, true, false), (zstd, 5, Strategy::ZeroCopy));
        assert_eq!(of(false, true, false), (Compression::None, 5, Strategy::ZeroCopy));
        assert_eq!(of(true, false, false), (zstd, 1, Strategy::ZeroCopy));
        assert_eq!(of(true, true, true), (zstd, 5, Strategy::Auto));
        let always = Each::new(&options.reflink(Reflink::Always));
        let small = Circumstances { is_changed: true, is_alone: true, is_small: true };
        assert_eq!(always.of(small).strategy, Strategy::ZeroCopy);
    }
}
