//! `cargo xtask export`: the samples of many runs as one file that other tools query.

use std::fs::File;
use std::io::Write;

use anyhow::{Context, Result};

use crate::cmd::Done;
use crate::export;
use crate::flags::ExportFlags;
use crate::record::Run;

pub(crate) fn run(flags: &ExportFlags, out: &mut impl Write) -> Result<Done> {
    let runs = flags.runs.iter().map(|folder| Run::load(folder)?.complete());
    let runs = runs.collect::<Result<Vec<_>>>()?;
    let path = &flags.parquet;
    let cannot = || format!("cannot write {}", path.display());
    let file = File::create(path).with_context(cannot)?;
    let rows = export::write(&runs, file).with_context(cannot)?;
    writeln!(out, "{rows} samples of {} runs in {}", runs.len(), path.display())?;
    Ok(Done::Complete)
}
