//! What is known about a copy before a byte moves. Facts are observed; wishes are in [`crate::CopyOptions`].

use crate::strategy::Mechanism;
use crate::tuning::FileSystemPair;

/// What is known about one copy before a byte moves.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Facts {
    /// Length of the source in bytes, as its file system reports it. 0 may hide content (procfs).
    pub size: u64,
    /// Bytes that the source takes on its file system; less than the size where it has holes or is compressed.
    pub allocated: u64,
    /// Bytes of the content that an earlier copy has left at the destination, to go on behind.
    pub resumes_at: u64,
    /// Whether a mechanism that makes the new file itself may do so, because what is written has a staging name of its own.
    pub is_replaceable: bool,
    /// Types of the two file systems; none where nothing depends on them: small files without a tuned profile.
    pub pair: Option<FileSystemPair>,
    /// Processors that this process may use.
    pub processors: u32,
    /// Mechanisms that this build has on this operating system.
    pub built_in: &'static [Mechanism],
    /// Mechanisms that the kernel refused before between these two mounts, with the error number.
    pub refused_before: Vec<(Mechanism, i32)>,
}

impl Facts {
    /// A source of `size` bytes without holes, on a machine with one processor, about which nothing else is known.
    #[must_use]
    pub fn of_size(size: u64) -> Self {
        Self {
            size,
            allocated: size,
            resumes_at: 0,
            is_replaceable: false,
            pair: None,
            processors: 1,
            built_in: built_in(),
            refused_before: Vec::new(),
        }
    }
}

/// The mechanisms of this build.
#[must_use]
pub(crate) const fn built_in() -> &'static [Mechanism] {
    if cfg!(feature = "zero-copy") { crate::platform::MECHANISMS } else { crate::platform::READ_WRITE }
}
