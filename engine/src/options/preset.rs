//! Options under one name, for the three things that people want most.

use super::{Compression, CopyOptions, Durability, Placement, Verification, ZstdLevel};
use crate::names::named;
use crate::strategy::Strategy;

/// Retries of the safe preset: they take 0.7 s together.
const SAFE_RETRIES: u32 = 3;

/// Options under one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Preset {
    /// [`CopyOptions::fast`].
    Fast,
    /// [`CopyOptions::safe`].
    Safe,
    /// [`CopyOptions::network`].
    Network,
}

named!(Preset { Fast => "fast", Safe => "safe", Network => "network" });

impl Preset {
    /// Its options.
    #[must_use]
    pub fn options(self) -> CopyOptions {
        match self {
            Self::Fast => CopyOptions::fast(),
            Self::Safe => CopyOptions::safe(),
            Self::Network => CopyOptions::network(),
        }
    }
}

impl CopyOptions {
    /// For scratch data: zero-copy, in place, unverified. A copy that is killed leaves a part under the destination's
    /// name.
    #[must_use]
    pub fn fast() -> Self {
        Self::new().strategy(Strategy::ZeroCopy).placement(Placement::InPlace)
    }

    /// For data that must not be lost: read and written, verified by SHA-256, synced with its directory, resumable,
    /// tried again where the reason of a failure may pass.
    #[must_use]
    pub fn safe() -> Self {
        Self::new()
            .strategy(Strategy::Buffered)
            .verification(Verification::Sha256)
            .durability(Durability::FileAndDirectory)
            .placement(Placement::Resumable)
            .retries(SAFE_RETRIES)
    }

    /// For slow links: compressed by zstd at level 3, verified by SHA-256, resumable.
    #[must_use]
    pub fn network() -> Self {
        Self::new()
            .strategy(Strategy::Buffered)
            .compression(Compression::Zstd(ZstdLevel::default()))
            .verification(Verification::Sha256)
            .placement(Placement::Resumable)
    }
}
