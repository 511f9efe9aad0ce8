//! The reason why a test cannot run on this machine, and the one line that says so.
//!
//! A skip is for what the machine lacks (privilege, tool, kernel support). What should have worked and did not is
//! a panic, not a skip.

use std::fmt;
use std::io::Write;

use crate::lab::FileSystem;

/// Set to `1` where every test must run, as in a CI job that is known to have all it needs: a skip then panics.
pub const FORBID_SKIPS: &str = "ORBIT_FORBID_SKIPS";

/// Something that this machine does not offer.
#[must_use = "a skip that is not reported is a silent pass"]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skip {
    reason: String,
}

impl Skip {
    /// A skip with its reason, a clause such as `strace is not installed`.
    pub fn because(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }

    /// Writes `SKIPPED <test>: <reason>` to the real standard error.
    ///
    /// # Panics
    /// When [`FORBID_SKIPS`] is set to `1`.
    pub fn report(&self, test: &str) {
        announce(&format!("SKIPPED {test}: {}", self.reason));
    }

    /// Writes `SKIPPED <test> on <file system>: <reason>` to the real standard error.
    ///
    /// # Panics
    /// When [`FORBID_SKIPS`] is set to `1`.
    pub fn report_on(&self, test: &str, file_system: FileSystem) {
        announce(&format!("SKIPPED {test} on {file_system}: {}", self.reason));
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// Ends a test that needs what the machine lacks: gives the value, or reports the skip and gives `None`.
///
/// # Panics
/// When it skips and [`FORBID_SKIPS`] is set to `1`.
pub fn unless_skipped<T>(test: &str, outcome: Result<T, Skip>) -> Option<T> {
    outcome.map_err(|skip| skip.report(test)).ok()
}

/// One write, so that lines of parallel tests do not mix. The test harness captures `eprintln!` but not the handle.
fn announce(line: &str) {
    assert!(
        std::env::var_os(FORBID_SKIPS).is_none_or(|value| value != "1"),
        "{line} ({FORBID_SKIPS} is set)"
    );
    // With standard error closed there is nobody to tell.
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}
