//! Byte counts as people write them. The one grammar for tuned files, scenarios and flags.

use std::fmt;
use std::str::FromStr;

/// A number of bytes, written `4096`, `4KiB` (1024) or `4MB` (1000).
///
/// ```
/// use orbit_engine::ByteSize;
/// assert_eq!("1MiB".parse::<ByteSize>()?.bytes(), 1_048_576);
/// assert_eq!("1MB".parse::<ByteSize>()?.bytes(), 1_000_000);
/// assert_eq!(ByteSize::new(262_144).to_string(), "256KiB");
/// # Ok::<(), orbit_engine::InvalidSize>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ByteSize(u64);

/// Units by their factor, binary ones first in each order of magnitude.
const UNITS: [(&str, u64); 13] = [
    ("PiB", 1 << 50),
    ("PB", 1_000_000_000_000_000),
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("KB", 1_000),
    ("kB", 1_000),
    ("B", 1),
    ("", 1),
];

impl ByteSize {
    /// `bytes` bytes.
    #[must_use]
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The number of bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl fmt::Display for ByteSize {
    /// The largest binary unit that divides the count, so that reading it back gives the same count.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, factor) = UNITS
            .iter()
            .find(|(unit, factor)| unit.ends_with("iB") && self.0 != 0 && self.0.is_multiple_of(*factor))
            .unwrap_or(&("", 1));
        f.pad(&format!("{}{unit}", self.0 / factor))
    }
}

impl FromStr for ByteSize {
    type Err = InvalidSize;

    fn from_str(text: &str) -> Result<Self, InvalidSize> {
        let invalid = || InvalidSize(text.to_owned());
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| invalid())?;
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(invalid)?;
        number.checked_mul(*factor).map(Self).ok_or_else(invalid)
    }
}

/// A text that is no [`ByteSize`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidSize(String);

impl fmt::Display for InvalidSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no size; write 4096, 4KiB, 1MiB, 1GiB (1024) or 1MB, 1GB (1000)", self.0)
    }
}

impl std::error::Error for InvalidSize {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_is_read_back() {
        for bytes in [0, 1, 1000, 1023, 1024, 1536, 65_536, 1 << 20, (1 << 30) + 1, 5 << 40, u64::MAX] {
            let text = ByteSize::new(bytes).to_string();
            assert_eq!(text.parse(), Ok(ByteSize::new(bytes)), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "KiB", "-1", "1.5MiB", "1 MiB", "1mib", "1QB", "99999999999999999999", "20000PiB"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }
}
