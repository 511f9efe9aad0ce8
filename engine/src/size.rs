//! Byte counts and rates as people write them. The one grammar for tuned files, configuration, scenarios and flags.

use std::fmt;
use std::str::FromStr;

/// A number of bytes, written `4096`, `4KiB` or `4K` (1024), or `4KB` (1000).
///
/// ```
/// use orbit_engine::ByteSize;
/// assert_eq!("1MiB".parse::<ByteSize>()?.bytes(), 1_048_576);
/// assert_eq!("1M".parse::<ByteSize>()?.bytes(), 1_048_576);
/// assert_eq!("1MB".parse::<ByteSize>()?.bytes(), 1_000_000);
/// assert_eq!(ByteSize::new(262_144).to_string(), "256KiB");
/// # Ok::<(), orbit_engine::InvalidSize>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ByteSize(u64);

/// Units by their factor, binary ones first in each order of magnitude.
const UNITS: [(&str, u64); 18] = [
    ("PiB", 1 << 50),
    ("P", 1 << 50),
    ("PB", 1_000_000_000_000_000),
    ("TiB", 1 << 40),
    ("T", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("G", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("M", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("K", 1 << 10),
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
        write!(f, "`{}` is no size; write 4096, 4KiB, 1MiB, 1G (1024) or 1MB, 1GB (1000)", self.0)
    }
}

impl std::error::Error for InvalidSize {}

/// How many bytes may be moved in a second, written as a [`ByteSize`] with or without `/s`; 0 is no limit.
///
/// ```
/// use orbit_engine::Rate;
/// assert_eq!("10MiB/s".parse::<Rate>()?.bytes_per_second(), 10_485_760);
/// assert_eq!("10M".parse::<Rate>()?, "10MiB".parse()?);
/// assert_eq!("0".parse::<Rate>()?, Rate::UNLIMITED);
/// # Ok::<(), orbit_engine::InvalidRate>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Rate(u64);

impl Rate {
    /// No limit.
    pub const UNLIMITED: Self = Self(0);

    /// So many bytes in a second; 0 is no limit.
    #[must_use]
    pub const fn new(bytes_per_second: u64) -> Self {
        Self(bytes_per_second)
    }

    /// Bytes in a second; 0 is no limit.
    #[must_use]
    pub const fn bytes_per_second(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Rate {
    /// As it is read back: `10MiB/s`, `unlimited` being written 0.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.pad("0"),
            bytes => f.pad(&format!("{}/s", ByteSize(bytes))),
        }
    }
}

impl FromStr for Rate {
    type Err = InvalidRate;

    fn from_str(text: &str) -> Result<Self, InvalidRate> {
        let size = text.strip_suffix("/s").unwrap_or(text).parse::<ByteSize>();
        size.map(|size| Self(size.bytes())).map_err(|_| InvalidRate(text.to_owned()))
    }
}

/// A text that is no [`Rate`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidRate(String);

impl fmt::Display for InvalidRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = self;
        write!(
            f,
            "`{text}` is no rate; write 10MiB, 10MiB/s or 10M (1024), 10MB (1000), a number of bytes a second, or 0 for \
             no limit"
        )
    }
}

impl std::error::Error for InvalidRate {}

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
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
        for text in ["10MiB/S", "10MiB/s/s", "/s", "10 MiB/s", "10m"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }

    #[test]
    fn rates_are_read_back() {
        for bytes in [0, 1, 1000, 1 << 20, u64::MAX] {
            assert_eq!(Rate::new(bytes).to_string().parse(), Ok(Rate::new(bytes)));
        }
    }
}
