//! `cargo xtask tune`: from runs to tuned files; without runs it measures what it needs itself.

mod agreement;
mod check;
mod class;
mod explain;
mod file;
mod measure;
mod memory;
mod pairs;
mod self_test;
mod stages;
mod told;
mod validation;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use orbit_engine::{TunedFile, Tuning};

use crate::cmd::{Done, below, bench, refuse_debug_code};
use crate::flags::TuneFlags;
use crate::host::Host;
use crate::record::{self, Run};
use crate::report::tuning as page;
use crate::scenario::FileSystems;

use measure::{End, Measuring};
use pairs::{Terms, Tuned};
use validation::Validation;

pub(crate) fn run(flags: &TuneFlags, root: &Path, out: &mut impl Write) -> Result<Done> {
    let results = below(root, &flags.results);
    if flags.self_test {
        return self_test::run(&results, flags.seed.unwrap_or(1), out);
    }
    if let Some(file) = &flags.check {
        return check::run(file, out);
    }
    if let [old, new] = flags.compare.as_slice() {
        return agreement::run(old, new, out);
    }
    let current = match &flags.tuned {
        Some(file) => Tuning::load_unchecked(file)?,
        None => Tuning::default(),
    };
    let terms = Terms { current: &current, memory_bytes_per_s: None, seed: flags.seed };
    if let Some(what) = &flags.explain {
        return explain::run(what, &results, terms, out);
    }
    if flags.runs.is_empty() {
        refuse_debug_code()?;
        let terms = Terms { memory_bytes_per_s: Some(memory::bytes_per_s()), ..terms };
        return by_measuring(flags, root, &results, terms, out);
    }
    let runs: Vec<Run> =
        flags.runs.iter().map(|folder| Run::load(folder)?.complete()).collect::<Result<_>>()?;
    by_runs(&runs, flags.output.as_deref(), root, terms, out)
}

/// By the newest run alone, which was just measured.
pub(super) fn by_newest(results: &Path, root: &Path, out: &mut impl Write) -> Result<Done> {
    let terms = Terms { current: &Tuning::default(), memory_bytes_per_s: None, seed: None };
    by_runs(&[Run::newest(results)?.complete()?], None, root, terms, out)
}

/// By what was measured before, on one machine or on many: one file for each class of them.
fn by_runs(
    runs: &[Run],
    output: Option<&Path>,
    root: &Path,
    terms: Terms<'_>,
    out: &mut impl Write,
) -> Result<Done> {
    let classes = class::classes(runs);
    let several = classes.len() > 1;
    let folder = &runs.first().context("there is a run")?.folder;
    for (class, runs) in &classes {
        for run in runs {
            writeln!(out, "run {}", run.record.run)?;
        }
        let tuned = pairs::tuned(runs, terms)?;
        if tuned.iter().all(|pair| {
            pair.findings.knobs.iter().all(|found| found.figures.is_none() && !is_unsupported(found))
        }) {
            let names: Vec<&str> = runs.iter().map(|run| run.record.run.as_str()).collect();
            bail!("{} compares nothing that can be tuned; measure with `cargo xtask tune`", names.join(", "));
        }
        told::write(&tuned, false, out)?;
        let path = match (output, several) {
            (Some(output), false) => output.to_owned(),
            (Some(output), true) => output.join(format!("{}.toml", class::name(class))),
            (None, false) => folder.join("tuned.toml"),
            (None, true) => folder.join(format!("tuned-{}.toml", class::name(class))),
        };
        write(&path, runs, &tuned, &[], root, out)?;
    }
    Ok(Done::Complete)
}

fn is_unsupported(found: &crate::tuner::Found) -> bool {
    found.decision == orbit_engine::Decision::Unsupported
}

fn by_measuring(
    flags: &TuneFlags,
    root: &Path,
    results: &Path,
    terms: Terms<'_>,
    out: &mut impl Write,
) -> Result<Done> {
    let folder = made(results, root)?;
    let measuring = Measuring { flags, root, folder: &folder, terms };
    let (runs, mut tuned) = match measuring.pairs(out)? {
        End::Whole(whole) => whole,
        End::Interrupted(message) => return Ok(Done::Interrupted(message)),
    };
    told::write(&tuned, true, out)?;
    let path = flags.output.clone().unwrap_or_else(|| folder.join("tuned.toml"));
    let runs: Vec<&Run> = runs.iter().collect();
    // Only what was validated gets the name by which it is used.
    let candidate = folder.join("candidate.toml");
    record::write_whole(&candidate, &text(&file::of(&runs, &tuned)?)?)?;
    let mut validated = Vec::new();
    for pair in &mut tuned {
        let name: FileSystems = pair.name.parse().map_err(anyhow::Error::msg)?;
        let one = match measuring.validate(&name, &candidate, out)? {
            End::Whole(runs) => validation::of(&runs, &pair.name),
            End::Interrupted(message) => return Ok(Done::Interrupted(message)),
        };
        pair.findings.withdraw(|knob| one.condemns(knob));
        validated.push(one);
    }
    validated.iter().try_for_each(|one| writeln!(out, "{}", one.sentence()))?;
    write(&path, &runs, &tuned, &validated, root, out)?;
    let losses: Vec<String> = validated.iter().flat_map(Validation::losses).collect();
    Ok(if losses.is_empty() { Done::Complete } else { Done::Missed(losses) })
}

fn text(file: &TunedFile) -> Result<String> {
    toml::to_string(file).context("cannot write the tuned values as TOML")
}

/// A new folder for a tuning.
fn made(results: &Path, root: &Path) -> Result<PathBuf> {
    let name = bench::run_name(jiff::Timestamp::now(), &Host::look(root));
    std::fs::create_dir_all(results).with_context(|| format!("cannot make {}", results.display()))?;
    for number in 1.. {
        let number = if number == 1 { String::new() } else { format!("-{number}") };
        let folder = results.join(format!("{name}-tune{number}"));
        match std::fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).with_context(|| format!("cannot make {}", folder.display())),
        }
    }
    bail!("{} has a folder of every name", results.display())
}

/// Writes the tuned file, and the pages that explain it beside it.
fn write(
    path: &Path,
    runs: &[&Run],
    tuned: &[Tuned],
    validated: &[Validation],
    root: &Path,
    out: &mut impl Write,
) -> Result<()> {
    let file = file::of(runs, tuned)?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    record::write_whole(path, &text(&file)?)?;
    let page = page::Tuning { file: &file, pairs: shown(tuned, validated) };
    let pages = page::write(path, &page)?;
    let shown = |path: &Path| path.strip_prefix(root).unwrap_or(path).display().to_string();
    writeln!(out, "\n{}", shown(path))?;
    pages.iter().try_for_each(|page| writeln!(out, "{}", shown(page)))?;
    writeln!(out, "measure with it: cargo xtask bench small-files --tuned {}", shown(path))?;
    Ok(())
}

/// As the report takes it.
fn shown<'a>(tuned: &'a [Tuned], validated: &'a [Validation]) -> Vec<page::Pair<'a>> {
    let rows: BTreeMap<&str, &Validation> = validated.iter().map(|one| (one.name.as_str(), one)).collect();
    tuned
        .iter()
        .map(|pair| page::Pair {
            heading: pair.heading(),
            name: &pair.name,
            findings: &pair.findings,
            sentences: pair.findings.knobs.iter().map(told::sentence).collect(),
            validated: rows.get(pair.name.as_str()).map(|one| (one.sentence(), one.rows.as_slice())),
        })
        .collect()
}
