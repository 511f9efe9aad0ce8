//! `cargo xtask tune --check`: whether a tuned file holds here and now, by the engine's own word.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use orbit_engine::{TunedFile, Tuning};

use crate::cmd::Done;

pub(super) fn run(path: &Path, out: &mut impl Write) -> Result<Done> {
    let tuning = Tuning::load(path)?;
    if let Some(warning) = tuning.warning() {
        return Ok(Done::Stale(format!("{warning}; make it anew with `cargo xtask tune`")));
    }
    let path = path.display();
    match TunedFile::load(path.to_string())?.provenance {
        Some(provenance) => writeln!(out, "{path} holds on this machine until {}", provenance.valid_until)?,
        None => writeln!(out, "{path} was written by hand and holds everywhere")?,
    }
    Ok(Done::Complete)
}
