//! Whether the content changes its form on the way.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Levels of the zstd library that are meant for users.
const LEVELS: RangeInclusive<u8> = 1..=22;

/// What the file name of a compressed file ends with.
const SUFFIX: &str = ".zst";

/// Whether the content is compressed on its way. Needs the feature `zstd`; without it such a copy fails with
/// [`crate::CopyError::NotBuiltIn`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Compression {
    /// The bytes stay as they are.
    #[default]
    None,
    /// The new file holds zstd frames with content size and checksum, which the zstd tool reads. It is called as the
    /// destination with `.zst` behind it, unless that has it already.
    Zstd(ZstdLevel),
    /// The source holds zstd frames; the new file gets their content. Where they are cut short or damaged, the copy
    /// fails.
    Decompress,
}

impl Compression {
    /// The path of the new file that a copy to `destination` makes: `destination`, or that with `.zst` behind it.
    ///
    /// ```
    /// use std::path::Path;
    /// use orbit_engine::{Compression, ZstdLevel};
    /// let zstd = Compression::Zstd(ZstdLevel::default());
    /// assert_eq!(zstd.new_name(Path::new("logs/old")), Path::new("logs/old.zst"));
    /// assert_eq!(zstd.new_name(Path::new("logs/old.zst")), Path::new("logs/old.zst"));
    /// assert_eq!(Compression::None.new_name(Path::new("logs/old")), Path::new("logs/old"));
    /// ```
    #[must_use]
    pub fn new_name(self, destination: &Path) -> Cow<'_, Path> {
        let whole = destination.as_os_str().as_encoded_bytes();
        match (self, destination.file_name().map(OsStr::as_encoded_bytes)) {
            // Behind `dir/` and `dir/.` there is no name to make longer.
            (Self::Zstd(_), Some(name)) if whole.ends_with(name) && !name.ends_with(SUFFIX.as_bytes()) => {
                let mut longer = destination.as_os_str().to_owned();
                longer.push(SUFFIX);
                PathBuf::from(longer).into()
            }
            _ => destination.into(),
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.pad("none"),
            Self::Zstd(level) => f.pad(&format!("zstd:{}", level.get())),
            Self::Decompress => f.pad("decompress"),
        }
    }
}

impl FromStr for Compression {
    type Err = InvalidCompression;

    /// Reads what is written: `none`, `zstd` (level 3), `zstd:1` to `zstd:22`, `decompress`.
    fn from_str(text: &str) -> Result<Self, InvalidCompression> {
        let invalid = || InvalidCompression(text.to_owned());
        match text {
            "none" => Ok(Self::None),
            "zstd" => Ok(Self::Zstd(ZstdLevel::default())),
            "decompress" => Ok(Self::Decompress),
            _ => {
                let digits = text.strip_prefix("zstd:").ok_or_else(invalid)?;
                // Not every text that a number is read from is one that people write: `+3`, `03`.
                let level = digits.parse().ok().filter(|level: &u8| level.to_string() == digits);
                level.and_then(ZstdLevel::new).map(Self::Zstd).ok_or_else(invalid)
            }
        }
    }
}

/// How hard zstd tries, from 1 (fast) to 22 (small; needs much memory). 3 is its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ZstdLevel(u8);

impl ZstdLevel {
    /// The level, or none when out of range.
    #[must_use]
    pub fn new(level: u8) -> Option<Self> {
        LEVELS.contains(&level).then_some(Self(level))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for ZstdLevel {
    fn default() -> Self {
        Self(3)
    }
}

/// A text that names no [`Compression`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidCompression(String);

impl fmt::Display for InvalidCompression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no compression; write zstd:1 to zstd:22, zstd for zstd:3, or none", self.0)
    }
}

impl std::error::Error for InvalidCompression {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_those_of_the_tool() {
        for text in ["none", "zstd:1", "zstd:22", "decompress"] {
            assert_eq!(text.parse::<Compression>().unwrap().to_string(), text);
        }
        assert_eq!("zstd".parse::<Compression>().unwrap().to_string(), "zstd:3");
        for text in ["", "zstd:0", "zstd:23", "zstd:-1", "zstd:+3", "zstd:03", "zstd:", "gzip", "ZSTD:3"] {
            let error = text.parse::<Compression>().unwrap_err().to_string();
            assert!(error.contains("zstd:1 to zstd:22"), "{error}");
        }
    }
}
