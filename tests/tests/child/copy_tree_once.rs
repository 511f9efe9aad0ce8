//! The child `copy-tree-once`: its command line and its report.

use std::path::Path;
use std::process::Command;

use orbit_tests::subprocess::{self, Finished};

/// `copy-tree-once` with `options`, not yet run.
pub(crate) fn copy_tree_once(options: &[&str], source: &Path, destination: &Path) -> Command {
    let mut command = subprocess::command(env!("CARGO_BIN_EXE_copy-tree-once"));
    command.args(options).arg("--").arg(source).arg(destination);
    command
}

/// What a child said about its copy, whether it succeeded or not.
#[derive(Debug)]
pub(crate) struct TreeReport {
    text: String,
}

impl TreeReport {
    /// Of a copy that succeeded.
    ///
    /// # Panics
    /// When it failed.
    #[track_caller]
    pub(crate) fn of(finished: Finished) -> Self {
        let report = Self::whatever(finished);
        assert!(report.failures().is_empty(), "{:#?}", report.failures());
        report
    }

    /// Of a copy that failed.
    ///
    /// # Panics
    /// When it succeeded.
    #[track_caller]
    pub(crate) fn of_failed(finished: Finished) -> Self {
        let report = Self::whatever(finished);
        assert!(!report.failures().is_empty(), "it succeeded: {}", report.text);
        report
    }

    /// Of a copy that ended by itself.
    ///
    /// # Panics
    /// When it panicked, was killed, or its exit code is not that of what it says.
    #[track_caller]
    pub(crate) fn whatever(finished: Finished) -> Self {
        let Finished { status, stdout, stderr } = finished;
        let report = Self { text: String::from_utf8(stdout).expect("a report in UTF-8") };
        let code = i32::from(!report.failures().is_empty());
        assert_eq!(status.code(), Some(code), "{status}: {stderr} {}", report.text);
        report
    }

    /// The value of a key that occurs once.
    #[track_caller]
    pub(crate) fn get(&self, key: &str) -> &str {
        match self.all(key)[..] {
            [value] => value,
            _ => panic!("not one {key} in {}", self.text),
        }
    }

    /// A value that is a number.
    #[track_caller]
    pub(crate) fn number(&self, key: &str) -> u64 {
        self.get(key).parse().unwrap_or_else(|error| panic!("{key}: {error}"))
    }

    /// The values of a key that may occur any number of times.
    pub(crate) fn all(&self, key: &str) -> Vec<&str> {
        let lines = self.text.lines().filter_map(|line| line.split_once('='));
        lines.filter(|(found, _)| *found == key).map(|(_, value)| value).collect()
    }

    /// What failed, as `Debug` writes it.
    pub(crate) fn failures(&self) -> Vec<&str> {
        self.all("failure")
    }

    /// Some failure says all of these words.
    #[track_caller]
    pub(crate) fn assert_failure(&self, words: &[&str]) {
        let failures = self.failures();
        let says_all = |failure: &&str| words.iter().all(|word| failure.contains(word));
        assert!(failures.iter().any(says_all), "none says {words:?}: {failures:#?}");
    }
}
