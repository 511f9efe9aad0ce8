//! The child `copy-once`: its command line and its report.

use std::path::Path;
use std::process::Command;

use orbit_tests::subprocess::{self, Finished};

/// `copy-once` with `options`, not yet run.
pub(crate) fn copy_once(options: &[&str], source: &Path, destination: &Path) -> Command {
    let mut command = subprocess::command(env!("CARGO_BIN_EXE_copy-once"));
    command.args(options).arg("--").arg(source).arg(destination);
    command
}

/// What a successful child said about its copy.
#[derive(Debug)]
pub(crate) struct Report {
    text: String,
}

impl Report {
    /// # Panics
    /// When the copy failed.
    #[track_caller]
    pub(crate) fn of(finished: Finished) -> Self {
        let text = String::from_utf8(finished.expect_success().stdout).expect("a report in UTF-8");
        Self { text }
    }

    /// The value of a key that occurs once.
    #[track_caller]
    pub(crate) fn get(&self, key: &str) -> &str {
        match self.all(key)[..] {
            [value] => value,
            _ => panic!("not one {key} in {}", self.text),
        }
    }

    /// The values of a key that may occur any number of times.
    pub(crate) fn all(&self, key: &str) -> Vec<&str> {
        let lines = self.text.lines().filter_map(|line| line.split_once('='));
        lines.filter(|(found, _)| *found == key).map(|(_, value)| value).collect()
    }
}
