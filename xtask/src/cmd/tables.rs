//! `cargo xtask tables`: writes the tables of figures in the documents anew, from the runs that they name and from the
//! gate's calibration.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::cmd::Done;
use crate::gate::Calibration;
use crate::{record, report, summary};

/// Where the runs are that documents name.
pub(crate) const CURATED: &str = "results/curated/";

/// The gate's own error rates, below the checkout.
pub(crate) const CALIBRATION: &str = "results/calibration.json";

pub(crate) fn run(root: &Path, out: &mut impl Write) -> Result<Done> {
    for path in documents(root)? {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut of = |run: &str| {
            let path = root.join(CURATED).join(run).join("summary.json");
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            summary::parse(&text)
        };
        let written = report::document(&text, &mut of).with_context(|| path.display().to_string())?;
        let read = || {
            let path = root.join(CALIBRATION);
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            Calibration::parse(&text)
        };
        let written = report::calibrated(&written, read).with_context(|| path.display().to_string())?;
        if written != text {
            record::write_whole(&path, &written)?;
            writeln!(out, "{}", path.display())?;
        }
    }
    Ok(Done::Complete)
}

/// The root's page and those in `docs/`.
fn documents(root: &Path) -> Result<Vec<PathBuf>> {
    let docs = root.join("docs");
    let mut paths = vec![root.join("README.md")];
    for entry in fs::read_dir(&docs).with_context(|| format!("cannot list {}", docs.display()))? {
        let path = entry?.path();
        paths.extend(path.extension().is_some_and(|extension| extension == "md").then_some(path));
    }
    paths.sort();
    Ok(paths)
}
