//! `cargo xtask export`: the samples of many runs as one file that other tools query.

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::cmd::Done;
use crate::export::Table;
use crate::flags::ExportFlags;
use crate::record::{self, Run};

pub(crate) fn run(flags: &ExportFlags, out: &mut impl Write) -> Result<Done> {
    let runs = flags.runs.iter().map(|run| name(run)).collect::<Result<Vec<_>>>()?;
    let mut known = HashSet::new();
    if let Some(twice) = runs.iter().find(|run| !known.insert(*run)) {
        bail!("{} is named twice; its samples would count twice", twice.display());
    }
    let path = &flags.parquet;
    let cannot = || record::cannot_write(path);
    let rows = record::replace(path, |file| {
        let mut table = Table::new(file).with_context(cannot)?;
        for run in &runs {
            let run = Run::load(run)?.complete()?;
            table.add(&run).with_context(cannot)?;
        }
        table.finish().with_context(cannot)
    })?;
    writeln!(out, "{rows} samples of {} runs in {}", runs.len(), path.display())?;
    Ok(Done::Complete)
}

/// The same for a run however it is named, such as by `results/latest`.
fn name(run: &Path) -> Result<PathBuf> {
    run.canonicalize().with_context(|| format!("cannot read {}; name the folder of a run", run.display()))
}
