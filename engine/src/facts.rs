//! What is known about a copy before a byte moves. Facts are observed; wishes are in [`crate::CopyOptions`].

use crate::strategy::Mechanism;
use crate::tuning::FileSystemPair;

/// What is known about one copy before a byte moves.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Facts {
    /// Length of the source in bytes, as its file system reports it. 0 may hide content (procfs).
    pub size: u64,
    /// Types of the two file systems; none where no profile asks for them.
    pub pair: Option<FileSystemPair>,
    /// Mechanisms that this build has on this operating system.
    pub built_in: &'static [Mechanism],
    /// Mechanisms that the kernel refused before between these two mounts, with the error number.
    pub refused_before: Vec<(Mechanism, i32)>,
}

impl Facts {
    /// A source of `size` bytes about which nothing else is known.
    #[must_use]
    pub fn of_size(size: u64) -> Self {
        Self { size, pair: None, built_in: built_in(), refused_before: Vec::new() }
    }
}

/// The mechanisms of this build.
#[must_use]
pub(crate) const fn built_in() -> &'static [Mechanism] {
    if cfg!(feature = "zero-copy") { crate::platform::MECHANISMS } else { &[Mechanism::ReadWrite] }
}
