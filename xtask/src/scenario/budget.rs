//! Budgets: how much of what the engine counts a copy may take. Counters are exact, so that one sample above is enough.

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
    fn a_limit_for_each_file_grows_with_the_tree() {
        assert_eq!((Limit::Copy(7).of(10), Limit::File(7).of(10), Limit::File(7).of(1)), (7, 70, 7));
    }
}
