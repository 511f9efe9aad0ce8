//! What stands where a tree is to go, by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::text;

/// What stands where a tree is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Standing {
    /// Nothing: the copy's root is a new name.
    #[default]
    New,
    /// All directories, without a file.
    Directories,
    /// All directories, and files of the same names and sizes with other content.
    Existing,
}

impl Standing {
    const ALL: [Self; 3] = [Self::New, Self::Directories, Self::Existing];

    fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Directories => "directories",
            Self::Existing => "existing",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Standing {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text::one_of(&Self::ALL, Self::name, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written_alike() {
        for standing in Standing::ALL {
            assert_eq!(standing.to_string().parse(), Ok(standing));
            assert_eq!(serde_json::to_value(standing).unwrap(), standing.name());
        }
        assert_eq!("old".parse::<Standing>().unwrap_err(), "`old` is none of new, directories, existing");
    }
}
