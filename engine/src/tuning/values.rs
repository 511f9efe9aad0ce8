//! The values that a copy runs with, and the grammar in which people write them.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::size::ByteSize;

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
}
