//! Between which file systems a case copies, by name. Which directories the names stand for is known to `targets`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What separates the two names of a pair.
const TO: &str = "-to-";

/// Between which file systems a case copies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub(crate) enum FileSystems {
    /// Within the workspace's own.
    Same,
    /// From the workspace's own to `/dev/shm`.
    Cross,
    /// From one target to another, or within one.
    Pair { from: TargetName, to: TargetName },
}

impl FileSystems {
    /// Where the sources are.
    pub(crate) fn source(&self) -> Site {
        match self {
            Self::Same | Self::Cross => Site::Workspace,
            Self::Pair { from, .. } => Site::Target(from.clone()),
        }
    }

    /// Where the copies go.
    pub(crate) fn destination(&self) -> Site {
        match self {
            Self::Same => Site::Workspace,
            Self::Cross => Site::SharedMemory,
            Self::Pair { to, .. } => Site::Target(to.clone()),
        }
    }
}

impl fmt::Display for FileSystems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same => f.pad("same"),
            Self::Cross => f.pad("cross"),
            Self::Pair { from, to } => f.pad(&format!("{from}{TO}{to}")),
        }
    }
}

impl FromStr for FileSystems {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is none of same, cross, A-to-B with two target names: {NAME_RULE}");
        match text {
            "same" => Ok(Self::Same),
            "cross" => Ok(Self::Cross),
            _ => {
                let (from, to) = text.split_once(TO).ok_or_else(wrong)?;
                let name = |text: &str| text.parse().map_err(|_| wrong());
                Ok(Self::Pair { from: name(from)?, to: name(to)? })
            }
        }
    }
}

impl TryFrom<String> for FileSystems {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<FileSystems> for String {
    fn from(filesystems: FileSystems) -> Self {
        filesystems.to_string()
    }
}

const NAME_RULE: &str = "lower-case letters and digits";

/// The name of a target: lower-case letters and digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub(crate) struct TargetName(String);

impl fmt::Display for TargetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for TargetName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if text.is_empty() || !text.bytes().all(plain) {
            return Err(format!("`{text}` is no name of a target; write {NAME_RULE}"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for TargetName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<TargetName> for String {
    fn from(name: TargetName) -> Self {
        name.0
    }
}

/// A directory that sources lie in or copies go to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Site {
    /// `target/` of the workspace.
    Workspace,
    /// `/dev/shm`.
    SharedMemory,
    Target(TargetName),
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workspace => f.pad("the workspace"),
            Self::SharedMemory => f.pad("/dev/shm"),
            Self::Target(name) => name.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_written_alike() {
        for text in ["same", "cross", "ext4-to-xfs", "a1-to-a1", "to-to-to"] {
            let read: FileSystems = text.parse().unwrap();
            assert_eq!(read.to_string(), text);
            assert_eq!(serde_json::to_value(&read).unwrap(), text);
            assert_eq!(serde_json::from_value::<FileSystems>(text.into()).unwrap(), read);
        }
        let pair: FileSystems = "ext4-to-xfs".parse().unwrap();
        assert_eq!(
            (pair.source().to_string(), pair.destination().to_string()),
            ("ext4".into(), "xfs".into())
        );
    }

    #[test]
    fn bad_text_names_the_valid_forms() {
        for text in
            ["", "other", "ext4", "ext4-xfs", "-to-xfs", "ext4-to-", "Ext4-to-xfs", "a-to-b-to-c", "a/b-to-c"]
        {
            let error = text.parse::<FileSystems>().unwrap_err();
            assert!(error.starts_with(&format!("`{text}` is none of same, cross, A-to-B")), "{error}");
        }
    }
}
