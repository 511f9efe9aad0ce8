//! One profile of a tuned file.

use serde::{Deserialize, Serialize};

use super::{Decision, Evidence, text};
use crate::tuning::{Chunk, FileSystemPair, Threshold, Values};

/// The values for one pair of file systems, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TunedProfile {
    /// Type of the source's file system.
    pub source_fs: String,
    /// Type of the destination's file system.
    pub destination_fs: String,
    /// Whether both are on one device.
    pub same_device: bool,
    /// What the tuner decided of the profile as a whole; none in a file written by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// From which size on `auto` copies inside the kernel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zero_copy_threshold: Option<Threshold>,
    /// From which size on `auto` tries to share extents; that of zero-copy where only that one is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reflink_threshold: Option<Threshold>,
    /// Most bytes that one in-kernel copy call is asked to move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel_chunk: Option<Chunk>,
    /// Size of the pipe for splice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipe_size: Option<Chunk>,
    /// Size of the buffer for reading and writing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffered_chunk: Option<Chunk>,
    /// From which size on several threads copy ranges of one file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel_threshold: Option<Threshold>,
    /// How many threads, at most 64; 0 takes two where there are two processors.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "text::threads")]
    pub parallel_threads: Option<u32>,
    /// How many threads copy a tree, at most 256; 0 takes one for each processor, up to 16.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "text::workers")]
    pub tree_workers: Option<u32>,
    /// From which size on files of a tree are copied inside the kernel where the strategy is zero-copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree_zero_copy_threshold: Option<Threshold>,
    /// How many small files a worker makes in a row, from 1 to 64, in a directory in which others are too.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "text::batch")]
    pub tree_batch: Option<u32>,
    /// The figures behind each value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

impl TunedProfile {
    /// A profile that leaves every value at its default.
    #[must_use]
    pub fn new(source_fs: &str, destination_fs: &str, same_device: bool) -> Self {
        Self {
            source_fs: source_fs.into(),
            destination_fs: destination_fs.into(),
            same_device,
            decision: None,
            zero_copy_threshold: None,
            reflink_threshold: None,
            kernel_chunk: None,
            pipe_size: None,
            buffered_chunk: None,
            parallel_threshold: None,
            parallel_threads: None,
            tree_workers: None,
            tree_zero_copy_threshold: None,
            tree_batch: None,
            evidence: None,
        }
    }

    /// The pair that this profile speaks for.
    #[must_use]
    pub fn pair(&self) -> FileSystemPair {
        FileSystemPair {
            source: self.source_fs.clone(),
            destination: self.destination_fs.clone(),
            same_device: self.same_device,
        }
    }

    /// The values, with the defaults where the profile names none.
    #[must_use]
    pub fn values(&self) -> Values {
        let default = Values::default();
        Values {
            zero_copy_threshold: self.zero_copy_threshold.unwrap_or(default.zero_copy_threshold),
            reflink_threshold: self
                .reflink_threshold
                .or(self.zero_copy_threshold)
                .unwrap_or(default.reflink_threshold),
            kernel_chunk: self.kernel_chunk.unwrap_or(default.kernel_chunk),
            pipe_size: self.pipe_size.unwrap_or(default.pipe_size),
            buffered_chunk: self.buffered_chunk.unwrap_or(default.buffered_chunk),
            parallel_threshold: self.parallel_threshold.unwrap_or(default.parallel_threshold),
            parallel_threads: self.parallel_threads.unwrap_or(default.parallel_threads),
            tree_workers: self.tree_workers.unwrap_or(default.tree_workers),
            tree_zero_copy_threshold: self
                .tree_zero_copy_threshold
                .unwrap_or(default.tree_zero_copy_threshold),
            tree_batch: self.tree_batch.unwrap_or(default.tree_batch),
        }
    }
}
