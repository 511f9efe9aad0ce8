//! Budgets: how much of what the engine counts a copy may take. Counters are exact, so that one sample above is enough.

use std::env;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::text;

use super::{Selection, Subject};

/// A limit for the cases that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Budget {
    pub(crate) counter: Counter,
    pub(crate) limit: Limit,
    /// For every case, where it is empty.
    pub(crate) cases: Selection,
    /// The only system that it holds on; none is every one.
    pub(crate) system: Option<System>,
}

impl Budget {
    pub(crate) fn holds_here(&self) -> bool {
        self.system.is_none_or(System::is_this)
    }
}

/// What a copy takes of one system says nothing of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    Linux,
    Macos,
    Windows,
}

impl System {
    const ALL: [Self; 3] = [Self::Linux, Self::Macos, Self::Windows];

    /// As the standard library calls it.
    fn name(self) -> &'static str {
        match self {
            Self::Linux => "linux",
            Self::Macos => "macos",
            Self::Windows => "windows",
        }
    }

    fn is_this(self) -> bool {
        self.name() == env::consts::OS
    }
}

impl FromStr for System {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text::one_of(&Self::ALL, Self::name, text)
    }
}

/// The most that a sample may count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    Copy(u64),
    /// Times the files of a tree; a single file is one.
    File(u64),
}

impl Limit {
    /// For a copy of so many files.
    pub(crate) fn of(self, files: u64) -> u64 {
        match self {
            Self::Copy(max) => max,
            Self::File(max) => max.saturating_mul(files),
        }
    }
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Counter {
    SystemCalls,
    Bytes,
    Refusals,
    Retries,
}

impl Counter {
    const ALL: [Self; 4] = [Self::SystemCalls, Self::Bytes, Self::Refusals, Self::Retries];

    fn name(self) -> &'static str {
        match self {
            Self::SystemCalls => "system_calls",
            Self::Bytes => "bytes",
            Self::Refusals => "refusals",
            Self::Retries => "retries",
        }
    }

    /// Whether `subject` says how much of it a copy took.
    pub(crate) fn is_counted_by(self, subject: Subject) -> bool {
        match subject {
            Subject::EngineSendFile => self != Self::Retries,
            _ => subject.is_engine(),
        }
    }
}

impl fmt::Display for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Counter {
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
        for counter in Counter::ALL {
            assert_eq!(counter.to_string().parse(), Ok(counter));
            assert_eq!(serde_json::to_value(counter).unwrap(), counter.name());
        }
        let error = "calls".parse::<Counter>().unwrap_err();
        assert_eq!(error, "`calls` is none of system_calls, bytes, refusals, retries");
    }

    #[test]
    fn a_system_is_known_by_its_name() {
        let known = |name: &str| name.parse::<System>();
        assert!(System::ALL.into_iter().all(|system| known(system.name()) == Ok(system)));
        assert_eq!(known(env::consts::OS).map(System::is_this), Ok(true));
        assert_eq!(System::ALL.into_iter().filter(|system| system.is_this()).count(), 1);
        assert_eq!(known("beos").unwrap_err(), "`beos` is none of linux, macos, windows");
    }

    #[test]
    fn a_limit_for_each_file_grows_with_the_tree() {
        assert_eq!((Limit::Copy(7).of(10), Limit::File(7).of(10), Limit::File(7).of(1)), (7, 70, 7));
    }
}
