//! What the caller wants from a copy. Nothing here says how to be fast: that is [`crate::Tuning`].

mod compression;
mod preset;

use std::sync::Arc;

use crate::names::named;
use crate::observe::{Audience, Cancel, Observer};
use crate::pace::Pace;
use crate::size::Rate;
use crate::strategy::{Mechanism, Strategy};
use crate::tuning::{MAX_THREADS, Tuning};

pub use compression::{Compression, InvalidCompression, ZstdLevel};
pub use preset::Preset;

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
    pub(crate) only: Option<Mechanism>,
    pub(crate) reflink: Reflink,
    pub(crate) sparse: Sparse,
    pub(crate) placement: Placement,
    pub(crate) preserve_metadata: bool,
    pub(crate) accept_changed_source: bool,
    pub(crate) direct_io: bool,
    pub(crate) io_uring: bool,
    pub(crate) observer: Option<Audience>,
    pub(crate) cancel: Option<Cancel>,
    /// Links to nothing and modes are treated as [`std::fs::copy`] treats them.
    pub(crate) like_std: bool,
    pub(crate) verification: Verification,
    pub(crate) durability: Durability,
    pub(crate) compression: Compression,
    /// None where there is no limit.
    pub(crate) pace: Option<Arc<Pace>>,
    pub(crate) retries: u32,
    /// 0 leaves the number to the tuning.
    pub(crate) threads: u32,
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

    /// By which mechanism alone the bytes are moved, whatever the strategy, for measuring one against another. Where it
    /// cannot work the copy fails with [`crate::CopyError::ZeroCopyUnsupported`].
    ///
    /// ```
    /// use orbit_engine::{CopyOptions, Mechanism, copy_file};
    /// # let folder = tempfile::tempdir()?;
    /// # let (source, destination) = (folder.path().join("a"), folder.path().join("b"));
    /// # std::fs::write(&source, "content")?;
    /// let outcome = copy_file(&source, &destination, &CopyOptions::new().only(Mechanism::ReadWrite))?;
    /// assert_eq!(outcome.mechanism, Mechanism::ReadWrite);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn only(mut self, mechanism: Mechanism) -> Self {
        self.only = Some(mechanism);
        self
    }

    /// Whether the destination may share the source's extents.
    #[must_use]
    pub fn reflink(mut self, reflink: Reflink) -> Self {
        self.reflink = reflink;
        self
    }

    /// What becomes of holes.
    #[must_use]
    pub fn sparse(mut self, sparse: Sparse) -> Self {
        self.sparse = sparse;
        self
    }

    /// Whether the new content takes its name when it is whole, or is written under it.
    #[must_use]
    pub fn placement(mut self, placement: Placement) -> Self {
        self.placement = placement;
        self
    }

    /// Whether the new file gets the source's owner, extended attributes, ACLs, alternate streams, whole mode and times, as far
    /// as the system has them. What it does not allow is in [`crate::CopyOutcome::not_preserved`].
    #[must_use]
    pub fn preserve_metadata(mut self, preserve: bool) -> Self {
        self.preserve_metadata = preserve;
        self
    }

    /// Whether a source that changes meanwhile is still copied. The copy may then be torn, and says so in
    /// [`crate::CopyOutcome::source_changed`]; by default it fails with [`crate::CopyError::SourceChanged`].
    #[must_use]
    pub fn accept_changed_source(mut self, accept: bool) -> Self {
        self.accept_changed_source = accept;
        self
    }

    /// Whether reading and writing goes past the page cache, where both the file system and the alignment allow. For
    /// copies that must not push other files out of memory; slower than a cached copy.
    #[must_use]
    pub fn direct_io(mut self, direct: bool) -> Self {
        self.direct_io = direct;
        self
    }

    /// Whether reads and writes are queued through `io_uring`, where the kernel allows. Needs the feature `io-uring`.
    #[must_use]
    pub fn io_uring(mut self, ring: bool) -> Self {
        self.io_uring = ring;
        self
    }

    /// Who is told how the copy goes.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(Audience(observer));
        self
    }

    /// By what the copy can be ended, within 300 ms as long as single calls of the system do not take longer.
    #[must_use]
    pub fn cancel(mut self, cancel: Cancel) -> Self {
        self.cancel = Some(cancel);
        self
    }

    pub(crate) fn like_std(mut self) -> Self {
        self.like_std = true;
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

    /// Whether the content is compressed or decompressed on its way. Then everything is read and written, by one thread.
    ///
    /// ```
    /// # #[cfg(feature = "zstd")] {
    /// use orbit_engine::{Compression, CopyOptions, ZstdLevel, copy_file};
    /// # let folder = tempfile::tempdir()?;
    /// # let (source, destination) = (folder.path().join("a"), folder.path().join("b"));
    /// # std::fs::write(&source, vec![7; 100_000])?;
    /// let compressed = CopyOptions::new().compression(Compression::Zstd(ZstdLevel::default()));
    /// let outcome = copy_file(&source, &destination, &compressed)?;
    /// assert!(outcome.destination.ends_with("b.zst") && outcome.bytes < outcome.content_bytes);
    /// let restored = CopyOptions::new().compression(Compression::Decompress);
    /// assert_eq!(copy_file(&outcome.destination, &destination, &restored)?.bytes, 100_000);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// How many bytes of content are moved in a second, on average. Copies whose options are clones of these share the
    /// limit. Sharing extents moves nothing and is left out, unless [`Reflink::Always`] asks for it. Reading back for
    /// verification is not limited.
    #[must_use]
    pub fn max_bandwidth(mut self, rate: Rate) -> Self {
        self.pace = Pace::new(rate).map(Arc::new);
        self
    }

    /// How often a copy that failed for a reason that may pass is tried again, after 0.1 s, then twice as long each
    /// time. [`crate::CopyError::is_transient`] says which reasons those are. A resumable copy goes on where it stopped.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// How many threads copy one file of at least [`crate::Values::parallel_threshold`] bytes, at most
    /// [`MAX_THREADS`]; 0 leaves it to the tuning.
    #[must_use]
    pub fn threads(mut self, threads: u32) -> Self {
        self.threads = threads.min(MAX_THREADS);
        self
    }

    /// How to be fast: thresholds and chunk sizes.
    #[must_use]
    pub fn tuning(mut self, tuning: Tuning) -> Self {
        self.tuning = tuning;
        self
    }

    /// Tells the observer, once, that values that were measured are not used.
    pub(crate) fn tell_unused_tuning(&self) {
        let Some(Audience(observer)) = &self.observer else { return };
        if let Some(warning) = self.tuning.warning_to_tell() {
            observer.tuning_unused(warning);
        }
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

/// What becomes of holes: ranges of a file that were never written, read as zeros and take no space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Sparse {
    /// Holes of the source are holes of the copy.
    #[default]
    Auto,
    /// Blocks of zeros become holes too. Only reading finds them, so that nothing is copied inside the kernel.
    Always,
    /// Everything is written, so that the copy takes its full size and later writes cannot run out of space.
    Never,
}

named!(Sparse { Auto => "auto", Always => "always", Never => "never" });

/// Under which name a copy is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Placement {
    /// Under a staging name beside the destination, which takes the destination's name in one instant when it is
    /// whole. A copy that fails or is killed leaves the old content.
    #[default]
    Staged,
    /// Under the destination's own name, as `cp` writes: an existing file keeps its inode, owner, mode and hard links,
    /// and its old content is gone when the copy begins; a new file gets the source's permission bits less the umask.
    /// A copy that fails leaves what had arrived in an existing file, and removes a new one; a copy that is killed
    /// leaves a part in either. Block and character devices are written to.
    InPlace,
    /// As [`Placement::Staged`], and a copy that fails, is cancelled or killed leaves what it has under a staging name,
    /// `.NAME.orbit-HASH.partial`, with a sidecar `.NAME.orbit-HASH.resume` that says which source it comes from and
    /// holds a digest of each block. The next such copy of the same source to the same destination goes on there. It
    /// starts over where the source, the sidecar, the last blocks, [`Compression`] or [`Sparse`] are not what they were,
    /// and says so in [`crate::CopyOutcome::resumed`]. [`Reflink::Always`] makes the file at once and leaves aside what
    /// is there.
    Resumable,
}

named!(Placement { Staged => "staged", InPlace => "in-place", Resumable => "resumable" });

/// How the destination is proven equal to the source: both are read back. A hash of only what was read from the source
/// would prove nothing about the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Verification {
    /// No proof beyond the kernel's word.
    #[default]
    None,
    /// Both files are read back and compared byte by byte.
    Compare,
    /// Both files are read back and hashed; the digest is in the outcome.
    Sha256,
    /// The destination is synced, read back from the device past the page cache, and compared byte by byte. Fails where
    /// a file system has no way past the cache (tmpfs).
    Media,
}

named!(Verification { None => "none", Compare => "compare", Sha256 => "sha256", Media => "media" });

/// What survives a power cut after the copy returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Durability {
    /// Nothing is promised; the kernel writes back when it likes.
    #[default]
    None,
    /// The content: the file is synced before it gets its name. The name itself may be lost, and with it a file that had
    /// none before.
    File,
    /// The content under its final name: the directory is synced too.
    FileAndDirectory,
}

named!(Durability { None => "none", File => "file", FileAndDirectory => "file-and-directory" });
