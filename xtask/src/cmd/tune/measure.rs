//! Measuring what is tuned by: stage after stage, each an ordinary run; then, in a later process, what came of it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use orbit_engine::{Machine, Values, ZeroCopyCapabilities, zero_copy_capabilities};

use super::pairs::{self, Terms, Tuned};
use super::stages::Stage;
use crate::cmd::{Done, bench};
use crate::flags::{BenchFlags, Command, Flags, TuneFlags};
use crate::record::{self, Run};
use crate::scenario::{FileSystems, Scenario};
use crate::targets::Targets;

/// What is measured, and where it is kept.
pub(super) struct Measuring<'a> {
    pub(super) flags: &'a TuneFlags,
    pub(super) root: &'a Path,
    /// Where the runs of this tuning are.
    pub(super) folder: &'a Path,
    pub(super) terms: Terms<'a>,
}

/// How measuring ended.
pub(super) enum End<T> {
    Whole(T),
    Interrupted(String),
}

impl Measuring<'_> {
    /// Every pair that is asked for, with what was found, and the runs behind it.
    pub(super) fn pairs(&self, out: &mut impl Write) -> Result<End<(Vec<Run>, Vec<Tuned>)>> {
        let (mut all, mut tuned) = (Vec::new(), Vec::new());
        for pair in self.asked() {
            match self.pair(&pair, out)? {
                End::Whole((runs, found)) => {
                    all.extend(runs);
                    // Two names may stand for one kind of pair; the first one speaks.
                    if !tuned.iter().any(|one: &Tuned| one.speaks_for(&found)) {
                        tuned.push(found);
                    }
                }
                End::Interrupted(message) => return Ok(End::Interrupted(message)),
            }
        }
        Ok(End::Whole((all, tuned)))
    }

    /// What the copies between the targets are called; without targets, those that need none.
    fn asked(&self) -> Vec<FileSystems> {
        if self.flags.targets.is_empty() {
            return vec![FileSystems::Same, FileSystems::Cross];
        }
        let names = || self.flags.targets.iter().map(|(name, _)| name.clone());
        names().flat_map(|from| names().map(move |to| FileSystems::Pair { from: from.clone(), to })).collect()
    }

    fn pair(&self, pair: &FileSystems, out: &mut impl Write) -> Result<End<(Vec<Run>, Tuned)>> {
        let capabilities = self.probed(pair)?;
        let kept = *self.terms.current.values(&capabilities.pair);
        let mut runs: Vec<Run> = Vec::new();
        let mut known: Option<Tuned> = None;
        for stage in Stage::DECIDING {
            let values = known.as_ref().map_or(kept, |tuned| tuned.findings.values);
            match self.stage(stage, pair, &values, out)? {
                End::Whole(run) => runs.push(run),
                End::Interrupted(message) => return Ok(End::Interrupted(message)),
            }
            let all: Vec<&Run> = runs.iter().collect();
            known = pairs::tuned(&all, self.terms)?.into_iter().next();
        }
        Ok(End::Whole((runs, known.with_context(|| format!("nothing can be copied as {pair}"))?)))
    }

    /// What works between the two ends of `pair`.
    fn probed(&self, pair: &FileSystems) -> Result<ZeroCopyCapabilities> {
        let targets = Targets::new(self.root, &self.flags.targets)?;
        let at = |site| targets.directory(&site).map_err(anyhow::Error::msg);
        let (source, destination) = (at(pair.source())?, at(pair.destination())?);
        std::fs::create_dir_all(&source).with_context(|| format!("cannot make {}", source.display()))?;
        zero_copy_capabilities(&source, &destination).with_context(|| format!("cannot copy as {pair}"))
    }

    fn stage(
        &self,
        stage: Stage,
        pair: &FileSystems,
        values: &Values,
        out: &mut impl Write,
    ) -> Result<End<Run>> {
        writeln!(out, "{pair}: {}", stage.name())?;
        let text = stage.scenario(pair, values, Machine::here().processors);
        let scenario = Scenario::parse(text, &PathBuf::from(format!("{}.toml", stage.name())))?;
        let Command::Bench(flags) = Flags::parse_from(self.words(stage, &[])).command else {
            bail!("`bench` is a command");
        };
        let flags: &BenchFlags = &flags;
        match bench::measure(scenario, flags, self.root, out)? {
            Done::Interrupted(message) => Ok(End::Interrupted(message)),
            _ => Ok(End::Whole(Run::newest(&self.folder.join("runs"))?)),
        }
    }

    /// `cargo xtask bench` for a stage, with what `more` says.
    fn words(&self, stage: Stage, more: &[String]) -> Vec<String> {
        let share = self.flags.time_budget * stage.share() / 100;
        let mut words: Vec<String> = ["xtask", "bench"].map(str::to_owned).to_vec();
        words.extend(more.iter().cloned());
        words.extend(["--time-budget".to_owned(), format!("{}s", seconds(share))]);
        words.extend(["--results".to_owned(), self.folder.join("runs").display().to_string()]);
        if let Some(seed) = self.flags.seed {
            words.extend(["--seed".to_owned(), seed.to_string()]);
        }
        for (name, directory) in &self.flags.targets {
            words.extend(["--target".to_owned(), format!("{name}={}", directory.display())]);
        }
        words
    }

    /// Measures `pair` on sizes and trees that decided nothing, with the tuned file at `tuned`.
    pub(super) fn validate(
        &self,
        pair: &FileSystems,
        tuned: &Path,
        out: &mut impl Write,
    ) -> Result<End<Vec<Run>>> {
        let mut runs = Vec::new();
        for stage in Stage::VALIDATING {
            match self.later(stage, pair, tuned, out)? {
                End::Whole(run) => runs.push(run),
                End::Interrupted(message) => return Ok(End::Interrupted(message)),
            }
        }
        Ok(End::Whole(runs))
    }

    /// Measures a stage in a process of its own: what only held in the one that tuned is not found again.
    fn later(
        &self,
        stage: Stage,
        pair: &FileSystems,
        tuned: &Path,
        out: &mut impl Write,
    ) -> Result<End<Run>> {
        writeln!(out, "{pair}: {}", stage.name())?;
        out.flush()?;
        let text = stage.scenario(pair, &Values::default(), Machine::here().processors);
        let scenario = self.folder.join(format!("{}.toml", stage.name()));
        record::write_whole(&scenario, &text)?;
        let more = [scenario.display().to_string(), "--tuned".to_owned(), tuned.display().to_string()];
        let words = self.words(stage, &more);
        let program = std::env::current_exe().context("cannot find this program")?;
        let status =
            Process::new(program).args(&words[1..]).status().context("cannot start this program again")?;
        match status.code() {
            Some(0) => Ok(End::Whole(Run::newest(&self.folder.join("runs"))?)),
            Some(code) if code == i32::from(crate::interrupt::EXIT_CODE) => {
                Ok(End::Interrupted("interrupted while validating".to_owned()))
            }
            _ => bail!("validation of {pair} failed; see above, and {}", scenario.display()),
        }
    }
}

/// At least one.
fn seconds(time: Duration) -> u64 {
    time.as_secs().max(1)
}
