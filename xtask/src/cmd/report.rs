//! `cargo xtask report`: writes a run's report again from its samples, or compares several runs.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::cmd::{Done, below, complete_run};
use crate::flags::{Format, ReportFlags};
use crate::record::Run;
use crate::{report, run_comparison, summary};

pub(crate) fn run(flags: &ReportFlags, root: &Path, out: &mut impl Write) -> Result<Done> {
    match flags.runs.as_slice() {
        several @ [_, _, ..] => compare(several, flags.format.unwrap_or(Format::Markdown), out),
        _ if flags.format.is_some() => bail!("--format is for comparing runs; name two or more"),
        one => again(one.first().map(PathBuf::as_path), &below(root, &flags.results), out),
    }
}

fn again(folder: Option<&Path>, results: &Path, out: &mut impl Write) -> Result<Done> {
    let run = complete_run(folder, results)?;
    let summary = summary::of(&run.record, &run.samples)?;
    report::write(&run.folder, &run.record, &summary, &run.samples)?;
    for name in ["summary.md", "report.html"] {
        writeln!(out, "{}", run.folder.join(name).display())?;
    }
    Ok(Done::Complete)
}

fn compare(folders: &[PathBuf], format: Format, out: &mut impl Write) -> Result<Done> {
    let runs = folders.iter().map(|folder| Run::load(folder)?.complete()).collect::<Result<Vec<_>>>()?;
    let comparison = run_comparison::compare(&runs).context("no run to compare")?;
    match format {
        Format::Markdown => write!(out, "{}", report::compared(&comparison))?,
        Format::Json => writeln!(out, "{}", serde_json::to_string_pretty(&comparison)?)?,
    }
    Ok(Done::Complete)
}
