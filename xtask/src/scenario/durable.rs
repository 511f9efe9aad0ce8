//! Who sees a copy to the disk, and when, by name.

use std::fmt;
use std::str::FromStr;

use orbit_engine::Durability;

/// What is on the disk when a copy is done with, and who sees to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durable {
    /// What the engine is asked to wait for, within the measured time.
    Engine(Durability),
    /// All of it: the suite syncs the destination's file system after the measured time, whatever copied.
    SyncFs,
}

impl Durable {
    pub(crate) const NONE: Self = Self::Engine(Durability::None);

    const SYNCFS: &str = "syncfs";

    /// What the engine is asked for.
    pub(crate) fn of_engine(self) -> Durability {
        match self {
            Self::Engine(durability) => durability,
            Self::SyncFs => Durability::None,
        }
    }
}

impl fmt::Display for Durable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine(durability) => durability.fmt(f),
            Self::SyncFs => f.pad(Self::SYNCFS),
        }
    }
}

impl FromStr for Durable {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            Self::SYNCFS => Ok(Self::SyncFs),
            _ => text.parse().map(Self::Engine).map_err(|error| format!("{error}, or `{}`", Self::SYNCFS)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written_alike() {
        for text in ["none", "file", "file-and-directory", "syncfs"] {
            assert_eq!(text.parse::<Durable>().unwrap().to_string(), text);
        }
        let error = "disk".parse::<Durable>().unwrap_err();
        assert!(
            error.contains("`disk`")
                && error.contains("file-and-directory")
                && error.ends_with("or `syncfs`"),
            "{error}"
        );
    }
}
