//! `cargo xtask report`: draws a run's histograms, plots and summary again, from its samples.

use std::io::Write;
use std::path::Path;

use anyhow::Result;

use crate::cmd::{Done, below};
use crate::flags::ReportFlags;
use crate::record::Run;
use crate::{report, summary};

pub(crate) fn run(flags: &ReportFlags, root: &Path, out: &mut impl Write) -> Result<Done> {
    let run = match &flags.run {
        Some(folder) => Run::load(folder)?,
        None => Run::newest(&below(root, &flags.results))?,
    }
    .complete()?;
    let summary = summary::of(&run.record, &run.samples)?;
    report::write(&run.folder, &run.record, &summary, &run.samples)?;
    writeln!(out, "{}", run.folder.join("summary.md").display())?;
    Ok(Done::Complete)
}
