//! What the file system can be told to do wrong, and the count of what it was asked. Errors are errno numbers.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What goes wrong, for every file alike. The default is nothing: `Lies { flip_on_read: Some(7),
/// ..Lies::default() }`.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Lies {
    /// The byte at this offset is read inverted. What is stored stays right.
    pub flip_on_read: Option<u64>,
    /// Reads from this offset on fail; a read that begins before it ends there.
    pub fail_read_from: Option<(u64, i32)>,
    /// Writes from this offset on fail; a write that begins before it ends there.
    pub fail_write_from: Option<(u64, i32)>,
    /// Closing a file that was opened for writing fails.
    pub fail_flush: Option<i32>,
    /// `fsync` and `fdatasync` of a file fail.
    pub fail_fsync: Option<i32>,
    /// A read gives no more bytes than this. In-kernel calls take a short answer for the end of the file.
    pub most_per_read: Option<u32>,
    /// A write takes no more bytes than this.
    pub most_per_write: Option<u32>,
    /// Reads find the end of the file here, if not before; its status tells another size.
    pub ends_at: Option<u64>,
    /// The size that a file's status tells, as 0 in procfs. In-kernel calls believe it.
    pub told_size: Option<u64>,
    /// What every read of a file does to it, once it has its bytes.
    pub on_read: Option<Resize>,
    /// Names that differ in the case of ASCII letters are one. What was made before keeps the name that it is found by.
    pub folds_names: bool,
    /// How long the answer to each read takes.
    pub read_delay: Duration,
    /// How long the answer to each write takes.
    pub write_delay: Duration,
}

/// A change of a file's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Resize {
    /// So many bytes of zero are added.
    Grow(u64),
    /// So many bytes are cut off the end.
    Shrink(u64),
}

/// How many requests of each kind have reached the file system: a lie that nobody asked for proves nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Served {
    /// Reads of a file.
    pub reads: u64,
    /// Writes to a file.
    pub writes: u64,
    /// Closings of a file that was opened for writing. A child that another thread starts meanwhile adds its own.
    pub flushes: u64,
    /// `fsync` and `fdatasync` of a file.
    pub fsyncs: u64,
}
