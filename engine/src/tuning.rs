//! How to be fast on this machine: thresholds and chunk sizes, per pair of file systems. Holds values and chooses
//! between them; measuring is the suite's work.

#[cfg(feature = "config")]
mod file;

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::size::ByteSize;

#[cfg(feature = "config")]
pub use file::{Decision, Evidence, Provenance, TunedFile, TunedProfile, TuningError};

/// From which size on `auto` uses zero-copy, until something was measured.
const UNTUNED_THRESHOLD: Threshold = Threshold::AtLeast(64 * 1024);

/// Bounds of every chunk size: a page, and the most that one call is ever asked to move.
pub(crate) const CHUNK_RANGE: RangeInclusive<u64> = 4 * 1024..=128 * 1024 * 1024;

/// Most threads that copy one file: past a few, they only wait for the destination's lock.
pub const MAX_THREADS: u32 = 64;

/// Most threads that copy one tree.
pub const MAX_WORKERS: u32 = 256;

/// Most small files that are made in a row.
pub const MAX_BATCH: u32 = 64;

/// Where nothing was measured, more workers than these are asked for: they would wait for each other's directories.
const UNTUNED_WORKERS: u32 = 16;

/// The largest threshold that means anything: files end long before it.
pub(crate) const THRESHOLD_RANGE: RangeInclusive<u64> = 0..=1 << 50;

/// Values for every pair of file systems: profiles for the pairs that were measured, defaults for the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tuning {
    default: Values,
    profiles: Vec<Profile>,
}

impl Tuning {
    /// The same values for every pair of file systems.
    #[must_use]
    pub const fn uniform(values: Values) -> Self {
        Self { default: values, profiles: Vec::new() }
    }

    /// Adds the values for one pair. A later profile of the same pair is not looked at.
    #[must_use]
    pub fn with_profile(mut self, pair: FileSystemPair, values: Values) -> Self {
        self.profiles.push(Profile { pair, values });
        self
    }

    /// The values for `pair`: its profile's, or the defaults.
    #[must_use]
    pub fn values(&self, pair: &FileSystemPair) -> &Values {
        self.profiles
            .iter()
            .find(|profile| profile.pair == *pair)
            .map_or(&self.default, |profile| &profile.values)
    }

    /// These values for the files of a tree between `pair`. On btrfs each write of a small file waits for room that the
    /// writes before it have reserved, and sharing extents does not; whoever gave a threshold keeps it.
    pub(crate) fn for_tree(&self, pair: Option<&FileSystemPair>) -> Self {
        let is_btrfs = |name: &str| name == "btrfs";
        match pair {
            Some(pair)
                if is_btrfs(&pair.source)
                    && is_btrfs(&pair.destination)
                    && !self.has_profile(pair)
                    && self.default.reflink_threshold == Values::default().reflink_threshold =>
            {
                let values = self.default.with_reflink_threshold(Threshold::Always);
                self.clone().with_profile(pair.clone(), values)
            }
            _ => self.clone(),
        }
    }

    /// Whether `pair` has values of its own.
    pub(crate) fn has_profile(&self, pair: &FileSystemPair) -> bool {
        self.profiles.iter().any(|profile| profile.pair == *pair)
    }

    /// The values for every pair that has no profile.
    pub(crate) const fn default_values(&self) -> &Values {
        &self.default
    }

    /// Whether any pair has values of its own, so that the pair must be looked up at all.
    pub(crate) fn needs_pair(&self) -> bool {
        !self.profiles.is_empty()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Profile {
    pair: FileSystemPair,
    values: Values,
}

/// Between which kinds of file system a copy runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileSystemPair {
    /// Type of the source's file system, as the kernel names it (`ext4`, `xfs`, `tmpfs`, `0x…` for an unknown magic).
    pub source: String,
    /// Type of the destination's file system.
    pub destination: String,
    /// Whether both are on one device (`st_dev`).
    pub same_device: bool,
}

impl fmt::Display for FileSystemPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let device = if self.same_device { "same device" } else { "other device" };
        write!(f, "{} to {}, {device}", self.source, self.destination)
    }
}

/// The values that a copy runs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Values {
    /// From which size on `auto` copies inside the kernel.
    pub zero_copy_threshold: Threshold,
    /// From which size on `auto` tries to share extents.
    pub reflink_threshold: Threshold,
    /// Most bytes that one in-kernel copy call is asked to move.
    pub kernel_chunk: Chunk,
    /// Size of the pipe for splice, in bytes. The kernel grants ordinary users 1 MiB.
    pub pipe_size: Chunk,
    /// Size of the buffer for reading and writing, of each thread.
    pub buffered_chunk: Chunk,
    /// From which size on several threads copy ranges of one file.
    pub parallel_threshold: Threshold,
    /// How many threads; 0 takes two where there are two processors.
    pub parallel_threads: u32,
    /// How many threads copy a tree; 0 takes one for each processor, up to 16.
    pub tree_workers: u32,
    /// From which size on files of a tree are copied inside the kernel because [`crate::Strategy::ZeroCopy`] says so; for
    /// smaller ones it is `auto`, since one read and one write cost less.
    pub tree_zero_copy_threshold: Threshold,
    /// How many small files a worker makes in a row in a directory in which others are too; 1 makes each by itself, 64 are
    /// the most.
    pub tree_batch: u32,
}

impl Default for Values {
    fn default() -> Self {
        Self {
            zero_copy_threshold: UNTUNED_THRESHOLD,
            reflink_threshold: Threshold::AtLeast(8 * 1024),
            kernel_chunk: Chunk(16 * 1024 * 1024),
            pipe_size: Chunk(1024 * 1024),
            buffered_chunk: Chunk(256 * 1024),
            parallel_threshold: Threshold::AtLeast(32 * 1024 * 1024),
            parallel_threads: 0,
            tree_workers: 0,
            tree_zero_copy_threshold: UNTUNED_THRESHOLD,
            tree_batch: 32,
        }
    }
}

impl Values {
    /// These values with another threshold for every way of zero-copy, shared extents among them.
    #[must_use]
    pub const fn with_zero_copy_threshold(mut self, threshold: Threshold) -> Self {
        self.zero_copy_threshold = threshold;
        self.reflink_threshold = threshold;
        self
    }

    /// These values with another size from which extents are shared.
    #[must_use]
    pub const fn with_reflink_threshold(mut self, threshold: Threshold) -> Self {
        self.reflink_threshold = threshold;
        self
    }

    /// These values with another size of the pipe.
    #[must_use]
    pub const fn with_pipe_size(mut self, size: Chunk) -> Self {
        self.pipe_size = size;
        self
    }

    /// These values with `threads` threads (at most [`MAX_THREADS`], 0: two where there are two processors) for files
    /// from `threshold` on.
    #[must_use]
    pub fn with_parallel(mut self, threshold: Threshold, threads: u32) -> Self {
        self.parallel_threshold = threshold;
        self.parallel_threads = threads.min(MAX_THREADS);
        self
    }

    /// These values with so many workers for a tree, at most [`MAX_WORKERS`]; 0: one for each processor, up to 16.
    #[must_use]
    pub fn with_tree_workers(mut self, workers: u32) -> Self {
        self.tree_workers = workers.min(MAX_WORKERS);
        self
    }

    /// These values with another size from which files of a tree are copied inside the kernel where that is asked for.
    #[must_use]
    pub const fn with_tree_zero_copy_threshold(mut self, threshold: Threshold) -> Self {
        self.tree_zero_copy_threshold = threshold;
        self
    }

    /// These values with so many small files made in a row, from 1 to [`MAX_BATCH`].
    #[must_use]
    pub fn with_tree_batch(mut self, files: u32) -> Self {
        self.tree_batch = files.clamp(1, MAX_BATCH);
        self
    }

    /// How many threads copy a tree where the process may use so many processors.
    pub(crate) fn workers(&self, processors: u32) -> u32 {
        match self.tree_workers {
            0 => processors.clamp(1, UNTUNED_WORKERS),
            workers => workers,
        }
    }

    /// These values with one chunk size for in-kernel copies and for reading and writing.
    #[must_use]
    pub const fn with_chunk(mut self, chunk: Chunk) -> Self {
        self.kernel_chunk = chunk;
        self.buffered_chunk = chunk;
        self
    }
}

/// From which file size on something pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Threshold {
    /// At every size.
    Always,
    /// From this many bytes on; at most 1 PiB.
    AtLeast(u64),
    /// At no size.
    Never,
}

impl Threshold {
    /// Whether a file of `size` bytes is large enough.
    #[must_use]
    pub const fn admits(self, size: u64) -> bool {
        match self {
            Self::Always => true,
            Self::AtLeast(bytes) => size >= bytes,
            Self::Never => false,
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => f.pad("always"),
            Self::AtLeast(bytes) => ByteSize::new(*bytes).fmt(f),
            Self::Never => f.pad("never"),
        }
    }
}

impl FromStr for Threshold {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            _ => {
                let size: ByteSize =
                    text.parse().map_err(|error| format!("{error}, or `always`, or `never`"))?;
                in_range(size, &THRESHOLD_RANGE).map(Self::AtLeast)
            }
        }
    }
}

/// A chunk size in bytes, from 4 KiB to 128 MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Chunk(u64);

impl Chunk {
    /// `bytes` bytes, or none when out of range.
    #[must_use]
    pub fn new(bytes: u64) -> Option<Self> {
        CHUNK_RANGE.contains(&bytes).then_some(Self(bytes))
    }

    /// The number of bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Chunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ByteSize::new(self.0).fmt(f)
    }
}

impl FromStr for Chunk {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let size: ByteSize = text.parse().map_err(|error: crate::size::InvalidSize| error.to_string())?;
        in_range(size, &CHUNK_RANGE).map(Self)
    }
}

fn in_range(size: ByteSize, range: &RangeInclusive<u64>) -> Result<u64, String> {
    let (low, high) = (ByteSize::new(*range.start()), ByteSize::new(*range.end()));
    if range.contains(&size.bytes()) {
        Ok(size.bytes())
    } else {
        Err(format!("{size} is out of range; write a size from {low} to {high}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_admits_from_its_size_on() {
        assert!(!UNTUNED_THRESHOLD.admits(65_535));
        assert!(UNTUNED_THRESHOLD.admits(65_536));
        assert!(Threshold::Always.admits(0));
        assert!(!Threshold::Never.admits(u64::MAX));
    }

    #[test]
    fn texts_are_read_back_and_bounds_kept() {
        for text in ["always", "never", "64KiB", "0", "1PiB"] {
            assert_eq!(text.parse::<Threshold>().unwrap().to_string(), text);
        }
        assert!("2PiB".parse::<Threshold>().unwrap_err().contains("out of range"));
        assert!("1KiB".parse::<Chunk>().unwrap_err().contains("from 4KiB to 128MiB"));
        assert!("129MiB".parse::<Chunk>().is_err());
        assert_eq!(Chunk::new(4095), None);
    }

    #[test]
    fn trees_on_btrfs_share_extents_at_every_size_unless_it_was_said_otherwise() {
        let pair =
            |name: &str| FileSystemPair { source: name.into(), destination: name.into(), same_device: true };
        let threshold =
            |tuning: Tuning, name| tuning.for_tree(Some(&pair(name))).values(&pair(name)).reflink_threshold;
        let given = Threshold::AtLeast(1);
        let values = Values::default().with_reflink_threshold(given);
        assert_eq!(threshold(Tuning::default(), "btrfs"), Threshold::Always);
        assert_eq!(threshold(Tuning::default(), "xfs"), Values::default().reflink_threshold);
        assert_eq!(threshold(Tuning::uniform(values), "btrfs"), given);
        assert_eq!(threshold(Tuning::default().with_profile(pair("btrfs"), values), "btrfs"), given);
        assert!(!Tuning::default().for_tree(None).needs_pair());
    }

    #[test]
    fn a_profile_speaks_for_its_pair_only() {
        let pair = |source: &str, same_device| FileSystemPair {
            source: source.into(),
            destination: "tmpfs".into(),
            same_device,
        };
        let never = Values::default().with_zero_copy_threshold(Threshold::Never);
        let tuning = Tuning::default().with_profile(pair("ext4", false), never);
        assert_eq!(tuning.values(&pair("ext4", false)), &never);
        assert_eq!(tuning.values(&pair("ext4", true)), &Values::default());
        assert_eq!(tuning.values(&pair("xfs", false)), &Values::default());
    }
}
