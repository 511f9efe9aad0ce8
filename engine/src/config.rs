//! Settings as people write them: a configuration file, a preset, flags. Says what holds where several speak of the same,
//! and from where; reads no environment variable and knows no flag.

mod contradiction;
mod effective;
mod wire;

use std::fmt;
use std::path::{Path, PathBuf};

use crate::fault::Fault;
use crate::options::{
    Compression, CopyOptions, Durability, Placement, Preset, Reflink, Sparse, Verification,
};
use crate::size::Rate;
use crate::strategy::Strategy;

pub use contradiction::Contradiction;
pub use effective::{Effective, Entry, Origin};

/// What one place says about copies: a configuration file, a preset, a command line. None is what it does not speak of.
///
/// ```
/// use orbit_engine::{Effective, Origin, Settings, copy_file};
/// # let folder = tempfile::tempdir()?;
/// # let (source, destination) = (folder.path().join("a"), folder.path().join("b"));
/// # std::fs::write(&source, "content")?;
/// let path = folder.path().join("orbit.toml");
/// std::fs::write(&path, "preset = \"safe\"\nverify = \"compare\"\n")?;
/// let settings = Settings::load(&path)?;
/// let effective = Effective::resolve(vec![(Origin::File(path), settings)])?;
/// let outcome = copy_file(&source, &destination, &effective.options())?;
/// assert_eq!(outcome.verified.to_string(), "compared byte by byte");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// Settings under one name; whatever else is said anywhere beats them.
    pub preset: Option<Preset>,
    /// How to move the bytes. In a file also `use_zero_copy`: true is `auto`, false is `buffered`.
    pub strategy: Option<Strategy>,
    /// How the destination is proven equal.
    pub verify: Option<Verification>,
    /// Whether the content is compressed or, not in a file, decompressed.
    pub compress: Option<Compression>,
    /// Whether a copy that ends early is gone on with by the next one.
    pub resume: Option<bool>,
    /// Whether to write under the destination's own name.
    pub in_place: Option<bool>,
    /// How many bytes are moved in a second.
    pub max_bandwidth: Option<Rate>,
    /// Whether extents are shared.
    pub reflink: Option<Reflink>,
    /// What becomes of holes.
    pub sparse: Option<Sparse>,
    /// Whether owner, times, whole mode, extended attributes and ACLs are kept.
    pub preserve_metadata: Option<bool>,
    /// What is on the disk when a copy is done; in a file `none`, `file` or `directory`.
    pub fsync: Option<Durability>,
    /// How many threads copy one large file, at most [`crate::MAX_THREADS`]; 0 leaves it to the tuning.
    pub parallel: Option<u32>,
    /// How often a copy is tried again, at most 100 times.
    pub retries: Option<u32>,
    /// Whether to go past the page cache.
    pub direct_io: Option<bool>,
    /// The tuned file to load; in a file relative to its directory.
    pub tuned: Option<PathBuf>,
}

impl Settings {
    /// Reads the configuration file at `path`, in TOML with one key for each field.
    ///
    /// # Errors
    /// [`ConfigError`] when the file cannot be read, is not TOML, or has an unknown key or a value that is not allowed.
    /// Nothing of such a file is used.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError(Fault::new(path, None, &error.to_string())))?;
        Self::parse(&text, path)
    }

    /// Reads a configuration file's text; `path` is named in errors, and its directory is where a relative path begins.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn parse(text: &str, path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        wire::parse(text, path.as_ref()).map_err(ConfigError)
    }

    /// What a preset says: the same as its [`Preset::options`].
    #[must_use]
    pub fn of_preset(preset: Preset) -> Self {
        let options = preset.options();
        let base = CopyOptions::new();
        let given = |is_given: bool| is_given.then_some(true);
        Self {
            strategy: Some(options.strategy).filter(|strategy| *strategy != base.strategy),
            verify: Some(options.verification).filter(|level| *level != base.verification),
            compress: Some(options.compression).filter(|form| *form != base.compression),
            resume: given(options.placement == Placement::Resumable),
            in_place: given(options.placement == Placement::InPlace),
            fsync: Some(options.durability).filter(|level| *level != base.durability),
            retries: Some(options.retries).filter(|retries| *retries != base.retries),
            ..Self::default()
        }
    }
}

/// Why a configuration file was not used: path, line, key and what is allowed, in one printable line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(Fault);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests;
