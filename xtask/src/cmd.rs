//! The commands: recipes over the pipeline's stages, with all reading, writing and printing. No measurement and no
//! statistics live here.

pub(crate) mod bench;
pub(crate) mod export;
pub(crate) mod gate;
pub(crate) mod gate_worker;
pub(crate) mod lab;
mod places;
pub(crate) mod report;
pub(crate) mod tables;
pub(crate) mod tidy;
pub(crate) mod tune;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::record::Run;

/// The exit code where something is measured and a bound does not hold.
pub(crate) const MISSED: u8 = 3;

/// The exit code where a tuned file does not hold.
pub(crate) const STALE: u8 = 5;

/// The exit code for what is asked in a wrong way, as by the parser of the command line.
pub(crate) const USAGE: u8 = 2;

/// Where the gate is to fail because it cannot say.
pub(crate) const UNDECIDED: u8 = 4;

/// How a command that did not fail ended.
#[derive(Debug)]
pub(crate) enum Done {
    Complete,
    /// Measured whole, with a line for each bound that does not hold.
    Missed(Vec<String>),
    /// A tuned file that does not hold here and now; with one line for the user.
    Stale(String),
    /// The gate found something slower, with one line for the user.
    Regressed(String),
    /// The gate found nothing, and some of it was too noisy to say; asked for by a flag.
    Undecided(String),
    /// A stored run is of another kind of machine than this one; with one line for the user.
    Unlike(String),
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

/// The file of a scenario under `bench-scenarios/`, or `name` itself where it has an extension.
fn scenario_path(root: &Path, name: &str) -> PathBuf {
    let path = Path::new(name);
    if path.extension().is_some() {
        path.into()
    } else {
        root.join("bench-scenarios").join(name).with_extension("toml")
    }
}

fn refuse_debug_code() -> Result<()> {
    if cfg!(debug_assertions) {
        bail!(
            "this is a debug build, which measures nothing; run `cargo xtask bench`, which builds for release"
        );
    }
    Ok(())
}
