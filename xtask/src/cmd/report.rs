//! `cargo xtask report`: draws a run's histograms, plots and summary again, from its samples.

use std::io::Write;
use std::path::Path;

use anyhow::Result;

use crate::cmd::{Done, below, complete_run};
use crate::flags::ReportFlags;
use crate::{report, summary};

pub(crate) fn run(flags: &ReportFlags, root: &Path, out: &mut impl Write) -> Result<Done> {
    let run = complete_run(flags.run.as_deref(), &below(root, &flags.results))?;
    let summary = summary::of(&run.record, &run.samples)?;
    report::write(&run.folder, &run.record, &summary, &run.samples)?;
    writeln!(out, "{}", run.folder.join("summary.md").display())?;
    Ok(Done::Complete)
}
