//! The commands: recipes over the pipeline's stages, with all reading, writing and printing. No measurement and no
//! statistics live here.

pub(crate) mod bench;
pub(crate) mod export;
pub(crate) mod lab;
pub(crate) mod report;
pub(crate) mod tables;
pub(crate) mod tidy;
pub(crate) mod tune;

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::record::Run;

/// The exit code where something is measured and a bound does not hold.
pub(crate) const MISSED: u8 = 3;

/// The exit code where a tuned file does not hold.
pub(crate) const STALE: u8 = 5;

/// How a command that did not fail ended.
#[derive(Debug)]
pub(crate) enum Done {
    Complete,
    /// Measured whole, with a line for each bound that does not hold.
    Missed(Vec<String>),
    /// A tuned file that does not hold here and now; with one line for the user.
    Stale(String),
    /// Stopped by a signal; with one line for the user.
    Interrupted(String),
}

/// `path` as given, or below the checkout when it is relative and nothing stands there from here.
fn below(root: &Path, path: &Path) -> PathBuf {
    if path.is_absolute() || path.exists() { path.to_path_buf() } else { root.join(path) }
}

/// The run in `folder`, or the newest one under `results`; complete, or an error.
fn complete_run(folder: Option<&Path>, results: &Path) -> Result<Run> {
    folder.map_or_else(|| Run::newest(results), Run::load)?.complete()
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
