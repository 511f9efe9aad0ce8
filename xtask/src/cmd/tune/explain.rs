//! `cargo xtask tune --explain`: what a tuned file was decided by, or what a run would decide, with all figures.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use orbit_engine::{Decision, TunedFile};
use serde::Deserialize as _;

use super::pairs::{self, Terms};
use super::told;
use crate::cmd::Done;
use crate::record::Run;

/// `what` is a file or the folder of a run. The runs of a file are looked for beside it and in `results`.
pub(super) fn run(what: &Path, results: &Path, terms: Terms<'_>, out: &mut impl Write) -> Result<Done> {
    if what.is_dir() {
        let run = Run::load(what)?.complete()?;
        told::write(&pairs::tuned(&[&run], terms)?, true, out)?;
        return Ok(Done::Complete);
    }
    let file = TunedFile::load(what)?;
    decisions(&file, out)?;
    let Some(provenance) = &file.provenance else { return Ok(Done::Complete) };
    let folders: Vec<PathBuf> = [
        what.parent().map(|folder| folder.join("runs")),
        what.parent().and_then(Path::parent).map(Path::to_owned),
        Some(results.to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect();
    let found = |name: &String| folders.iter().map(|folder| folder.join(name)).find(|run| run.is_dir());
    let runs: Vec<Option<PathBuf>> = provenance.runs.iter().map(|run| found(&run.name)).collect();
    match runs.into_iter().collect::<Option<Vec<PathBuf>>>() {
        Some(folders) => {
            let runs: Vec<Run> = folders.iter().map(|folder| Run::load(folder)).collect::<Result<_>>()?;
            told::write(&pairs::tuned(&runs.iter().collect::<Vec<_>>(), terms)?, true, out)?;
        }
        None => {
            writeln!(out, "\nthe runs that it was decided by are not here; name one: tune --explain RUN")?;
        }
    }
    Ok(Done::Complete)
}

fn decisions(file: &TunedFile, out: &mut impl Write) -> Result<()> {
    for profile in &file.profiles {
        writeln!(out, "\n{}", profile.pair())?;
        // By the names that the file has them under.
        let table = toml::Table::try_from(profile)?;
        let evidence = table.get("evidence").and_then(toml::Value::as_table);
        for (knob, finding) in evidence.into_iter().flatten() {
            let decision = finding.get("decision").cloned().map(Decision::deserialize).transpose()?;
            let value = table
                .get(knob)
                .map_or_else(|| "default".to_owned(), |value| value.to_string().replace('"', ""));
            let figure = |key: &str| finding.get(key).map(|figure| figure.to_string().replace('"', ""));
            let interval =
                figure("lower").zip(figure("upper")).map(|(lower, upper)| format!(" ({lower} .. {upper})"));
            let gain = figure("gain_pct")
                .zip(figure("gain_lower_pct"))
                .map(|(gain, least)| format!(", gained {gain} %, at least {least} %"));
            let decision = decision.map_or("", said);
            writeln!(
                out,
                "  {knob:<25} {value}{}: {decision}{}",
                interval.unwrap_or_default(),
                gain.unwrap_or_default()
            )?;
        }
    }
    Ok(())
}

fn said(decision: Decision) -> &'static str {
    match decision {
        Decision::Accepted => "accepted",
        Decision::KeptDefault => "default kept",
        Decision::NoEffect => "no effect",
        Decision::Unsupported => "nothing here heeds it",
        Decision::NotMeasured => "not measured",
    }
}
