//! What the caller wants from a copy. Nothing here says how to be fast: that is [`crate::Tuning`].

use crate::names::named;
use crate::strategy::Strategy;
use crate::tuning::Tuning;

/// What a copy should do. The default copies by [`Strategy::Auto`], unverified and without waiting for the disk.
///
/// ```
/// use orbit_engine::{CopyOptions, Strategy, Verification};
/// let options = CopyOptions::new().strategy(Strategy::Buffered).verification(Verification::Sha256);
/// # let _ = options;
/// ```
#[derive(Debug, Clone, Default)]
pub struct CopyOptions {
    pub(crate) strategy: Strategy,
    pub(crate) reflink: Reflink,
    pub(crate) verification: Verification,
    pub(crate) durability: Durability,
    pub(crate) tuning: Tuning,
}

impl CopyOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How to move the bytes.
    #[must_use]
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Whether the destination may share the source's extents.
    #[must_use]
    pub fn reflink(mut self, reflink: Reflink) -> Self {
        self.reflink = reflink;
        self
    }

    /// How the destination is proven equal to the source.
    #[must_use]
    pub fn verification(mut self, verification: Verification) -> Self {
        self.verification = verification;
        self
    }

    /// What is on the disk when the copy returns.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// How to be fast: thresholds and chunk sizes.
    #[must_use]
    pub fn tuning(mut self, tuning: Tuning) -> Self {
        self.tuning = tuning;
        self
    }
}

/// Whether the destination may share the source's extents (copy on write).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Reflink {
    /// Shared where the file system can, copied elsewhere.
    #[default]
    Auto,
    /// Shared, or the copy fails with [`crate::CopyError::ZeroCopyUnsupported`].
    Always,
    /// Never shared. Keeps `copy_file_range` away too, since file systems may answer it by sharing.
    Never,
}

named!(Reflink { Auto => "auto", Always => "always", Never => "never" });

/// How the destination is proven equal to the source. Both are read back through the page cache; a hash
/// of only what was read from the source would prove nothing about the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Verification {
    /// No proof beyond the kernel's word.
    #[default]
    None,
    /// Both files are read back and compared byte by byte.
    Compare,
    /// Both files are read back and hashed; the digest is in the outcome.
    Sha256,
}

named!(Verification { None => "none", Compare => "compare", Sha256 => "sha256" });

/// What survives a power cut after the copy returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Durability {
    /// Nothing is promised; the kernel writes back when it likes.
    #[default]
    None,
    /// The content, under some name: the file is synced before it is renamed.
    File,
    /// The content under its final name: the directory is synced too.
    FileAndDirectory,
}

named!(Durability { None => "none", File => "file", FileAndDirectory => "file-and-directory" });
