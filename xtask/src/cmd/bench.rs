//! `cargo xtask bench`: scenario, plan, runner, samples, report. Refuses what it could not measure honestly.

mod effort;
mod estimate;
mod scenarios;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use orbit_engine::{Tuning, TuningWarning};
use sha2::{Digest, Sha256};

use crate::budget::Balance;
use crate::clock::Overhead;
use crate::cmd::places::Places;
use crate::cmd::{Done, below, hex, refuse_debug_code, scenario_path, tune};
use crate::fixture::{self, Fixture};
use crate::flags::BenchFlags;
use crate::host::{self, Host};
use crate::interrupt::Interrupt;
use crate::known::Deviation;
use crate::plan::{self, Case, CaseBudget, Skipped};
use crate::program::{self, Program};
use crate::record::{self, OpenRun, Run, RunRecord, ScenarioRecord};
use crate::report;
use crate::runner::{Arm, End, Runner};
use crate::scenario::{Kind, Scenario, Site, Subject, TargetName, ValueSet};
use crate::subject::Programs;
use crate::summary::{self, Summary};
use crate::targets::Targets;

pub(crate) fn run(flags: &BenchFlags, root: &Path, out: &mut impl Write) -> Result<Done> {
    if let Some(folder) = &flags.resume {
        return resume(folder, root, out);
    }
    if flags.list_scenarios {
        return scenarios::list(root, &flags.tags, out);
    }
    let scenario = Scenario::load(&scenario_path(root, &flags.scenario))?;
    let done = measure(scenario, flags, root, out)?;
    match done {
        Done::Complete if flags.tune => tune::by_newest(&below(root, &flags.results), root, out),
        done => Ok(done),
    }
}

/// The same for a scenario that need not stand in a file.
pub(super) fn measure(
    scenario: Scenario,
    flags: &BenchFlags,
    root: &Path,
    out: &mut impl Write,
) -> Result<Done> {
    let scenario = effort::asked(scenario, flags)?;
    let (cases, budgets) = chosen(&scenario, flags)?;
    if flags.list {
        cases.iter().try_for_each(|case| writeln!(out, "{} {}", case.hash, case.id))?;
        return Ok(Done::Complete);
    }
    if flags.dry_run {
        return estimate::dry_run(&cases, &budgets, scenario.blocks, out);
    }
    refuse_debug_code()?;
    effort::check_privileges(&cases)?;
    let targets = Targets::new(root, &flags.targets)?;
    let places = Places::probe(&targets, &cases);
    let programs = programs(root, &cases)?;
    if flags.tuned.is_none() && cases.iter().any(|case| case.tuning == Some(ValueSet::Tuned)) {
        bail!("{}: matrix.tuning: `tuned` is what a file says; name it by --tuned FILE", scenario.name);
    }
    let tuned = flags.tuned.as_deref().map(read_tuned).transpose()?;
    let tuning = tuning(tuned.as_deref(), flags.tuned.as_deref())?;
    refuse_stale(tuned.as_deref(), flags.tuned.as_deref())?;
    let (arms, skipped) = places.arms(cases, &tuning, &programs);
    for line in told(&skipped) {
        writeln!(out, "{line}")?;
    }
    let cases: Vec<Case> = arms.iter().map(|arm| arm.case.clone()).collect();
    if cases.is_empty() {
        bail!("{}: no case is left to run here", scenario.name);
    }
    fixture::check_room(&targets, &cases)?;
    let host = Host::look(root);
    let started = jiff::Timestamp::now();
    let mut record = RunRecord {
        schema: record::SCHEMA.into(),
        run: run_name(started, &host),
        started: started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        argv: argv(),
        seed: flags.seed.unwrap_or_else(|| fastrand::u64(..)),
        indicative: flags.quick,
        time_budget_s: flags.time_budget.map(|time| time.as_secs()),
        blocks_measured: None,
        overhead: Some(Overhead::measure()),
        memory_available_bytes: host::memory_available_bytes(),
        engine: env!("CARGO_PKG_VERSION").into(),
        program_sha256: program_sha256()?,
        host,
        scenario: scenario_record(&scenario, tuned),
        places: places.records(&targets)?,
        targets: used_targets(&targets, &cases),
        programs: used_programs(&programs, &cases),
        budgets: budgets_of(budgets, &cases),
        cases,
        skipped,
    };
    let open = OpenRun::create(&below(root, &flags.results), &mut record)?;
    Session { record: &record, arms: &arms, targets: &targets, root }.measure(open, 0, out)
}

fn resume(folder: &Path, root: &Path, out: &mut impl Write) -> Result<Done> {
    refuse_debug_code()?;
    let run = Run::load(folder)?;
    if !run.is_partial() {
        bail!("{} is complete; there is nothing to resume", folder.display());
    }
    let host = Host::look(root);
    let record = &run.record;
    if host != record.host || program_sha256()? != record.program_sha256 {
        bail!("{} was begun by another program or on another machine; measure anew", folder.display());
    }
    effort::check_privileges(&record.cases)?;
    let targets = Targets::again(root, &record.targets);
    let places = Places::probe(&targets, &record.cases);
    let programs = programs(root, &record.cases)?;
    if used_programs(&programs, &record.cases) != record.programs {
        bail!("{} was begun with other programs than are installed now; measure anew", folder.display());
    }
    let tuning = tuning(record.scenario.tuned.as_deref(), Some(&folder.join("run.json")))?;
    let (arms, skipped) = places.arms(record.cases.clone(), &tuning, &programs);
    if let Some(skipped) = skipped.first() {
        bail!("{} cannot run any more: {}; measure anew", skipped.case, skipped.reason);
    }
    let open = OpenRun::resume(&run)?;
    Session { record, arms: &arms, targets: &targets, root }.measure(open, run.blocks(), out)
}

/// A run that is about to be measured.
struct Session<'a> {
    record: &'a RunRecord,
    arms: &'a [Arm],
    targets: &'a Targets,
    root: &'a Path,
}

impl Session<'_> {
    /// Measures what is left from block `first` on.
    fn measure(&self, mut open: OpenRun, first: u32, out: &mut impl Write) -> Result<Done> {
        let mut kept = first;
        let end = self.run_blocks(&mut open, first, &mut kept);
        match end {
            Ok(End::Complete) => {
                let partial = open.folder().to_owned();
                let (folder, summary, invalid) =
                    finish(open).map_err(|error| anyhow!("{error:#}; {}", resume_hint(&partial)))?;
                self.announce(&folder, &summary, invalid, out)?;
                let broken = broken(&summary);
                Ok(if broken.is_empty() { Done::Complete } else { Done::Missed(broken) })
            }
            Ok(End::Interrupted) if kept > 0 => {
                let (blocks, hint) = (self.record.scenario.blocks, resume_hint(open.folder()));
                Ok(Done::Interrupted(format!("interrupted after {kept} of {blocks} blocks; {hint}")))
            }
            Ok(End::Interrupted) => {
                open.discard()?;
                Ok(Done::Interrupted("interrupted before the first block was whole; nothing is kept".into()))
            }
            Err(error) if kept > 0 => Err(anyhow!("{error:#}; {}", resume_hint(open.folder()))),
            Err(error) => {
                open.discard()?;
                Err(error)
            }
        }
    }

    fn run_blocks(&self, open: &mut OpenRun, first: u32, kept: &mut u32) -> Result<End> {
        let deadline = effort::deadline(self.record);
        let interrupt = &Interrupt::listen().context("cannot listen for signals")?;
        let RunRecord { seed, scenario, cases, .. } = self.record;
        let Some(fixture) = &Fixture::create(self.targets, cases, *seed, interrupt)? else {
            return Ok(End::Interrupted);
        };
        let runner =
            Runner { arms: self.arms, fixture, seed: *seed, check: scenario.check, interrupt, deadline };
        runner.run(first..scenario.blocks, |samples| {
            open.append(&samples)?;
            *kept += 1;
            Ok(())
        })
    }

    fn announce(
        &self,
        folder: &Path,
        summary: &Summary,
        invalid: usize,
        out: &mut impl Write,
    ) -> std::io::Result<()> {
        let folder = folder.strip_prefix(self.root).unwrap_or(folder);
        if let Some(overhead) = self.record.overhead {
            writeln!(out, "{}", report::overhead(overhead))?;
        }
        if let Some(peers) = report::peers(summary) {
            writeln!(out, "{peers}")?;
        }
        writeln!(
            out,
            "{} cases in {} blocks, {invalid} invalid samples\n{}\n{}",
            summary.cases.len(),
            summary.blocks,
            folder.join("summary.md").display(),
            folder.join("report.html").display(),
        )
    }
}

/// Writes the report of a run whose blocks are all measured, and gives its folder the final name; with how many samples
/// were invalid.
fn finish(open: OpenRun) -> Result<(PathBuf, Summary, usize)> {
    let mut run = Run::load(open.folder())?;
    open.count_blocks(&mut run)?;
    let summary = summary::of(&run.record, &run.samples)?;
    report::write(&run.folder, &run.record, &summary, &run.samples)?;
    let invalid = run.samples.iter().filter(|sample| sample.measurement().is_none()).count();
    Ok((open.complete()?, summary, invalid))
}

/// One line for each reason, not for each case.
fn told(skipped: &[Skipped]) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for Skipped { case, reason } in skipped {
        match reasons.iter_mut().find(|(known, _)| known == reason) {
            Some((_, cases)) => cases.push(case),
            None => reasons.push((reason, vec![case])),
        }
    }
    let line = |(reason, cases): (&str, Vec<&str>)| match cases.as_slice() {
        [case] => format!("skipped {case}: {reason}"),
        cases => format!("skipped {} cases ({}, …): {reason}", cases.len(), cases[0]),
    };
    reasons.into_iter().map(line).collect()
}

/// The programs that the subjects of `cases` are.
fn programs(root: &Path, cases: &[Case]) -> Result<Programs> {
    let subjects: BTreeSet<Subject> = cases.iter().map(|case| case.subject).collect();
    let processes = subjects.into_iter().filter(|subject| subject.kind() == Kind::Process);
    processes.map(|subject| Ok((subject, program::find(subject, root)?))).collect()
}

/// Those that run, for the record.
fn used_programs(programs: &Programs, cases: &[Case]) -> BTreeMap<Subject, Program> {
    let runs = |subject: Subject| cases.iter().any(|case| case.subject == subject);
    let used = programs.iter().filter(|(subject, _)| runs(**subject));
    used.filter_map(|(subject, program)| Some((*subject, program.as_ref().ok()?.recorded()))).collect()
}

fn used_targets(targets: &Targets, cases: &[Case]) -> BTreeMap<TargetName, PathBuf> {
    let sites: BTreeSet<Site> = fixture::peaks(cases).into_keys().collect();
    targets.used(sites.iter())
}

fn resume_hint(folder: &Path) -> String {
    format!("go on with `cargo xtask bench --resume {}`", folder.display())
}

fn read_tuned(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

/// From the text of a tuned file; `file` is named in errors. Of a run that goes on, the file held when it began.
fn tuning(text: Option<&str>, file: Option<&Path>) -> Result<Tuning> {
    let Some(text) = text else { return Ok(Tuning::default()) };
    Ok(Tuning::parse_unchecked(text, file.unwrap_or(Path::new("tuned")))?)
}

/// What is measured is what copies on this machine would use.
fn refuse_stale(text: Option<&str>, file: Option<&Path>) -> Result<()> {
    let Some((text, file)) = text.zip(file) else { return Ok(()) };
    match Tuning::parse(text, file)?.warning() {
        Some(TuningWarning { staleness, .. }) => bail!(
            "{}: {staleness}, so that copies here do not use it; make it anew with `cargo xtask tune`",
            file.display()
        ),
        None => Ok(()),
    }
}

fn program_sha256() -> Result<String> {
    let program = std::env::current_exe().and_then(std::fs::read).context("cannot read this program")?;
    Ok(hex(&Sha256::digest(program)))
}

/// As a user types it.
fn argv() -> Vec<String> {
    let own = std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned());
    ["cargo", "xtask"].map(str::to_owned).into_iter().chain(own).collect()
}

fn chosen(scenario: &Scenario, flags: &BenchFlags) -> Result<(Vec<Case>, Vec<CaseBudget>)> {
    let mut cases = plan::cases(scenario);
    // Before the filter, which may well leave a budget nothing to count.
    let budgets = plan::budgets(scenario, &cases).map_err(|error| anyhow!("{}: {error}", scenario.name))?;
    if let Some(filter) = &flags.filter {
        cases.retain(|case| filter.is_match(&case.id));
        if cases.is_empty() {
            bail!("--filter {}: no case of {} matches; see --list", filter.glob(), scenario.name);
        }
    }
    Ok((cases, budgets))
}

/// Those of cases that run.
fn budgets_of(budgets: Vec<CaseBudget>, cases: &[Case]) -> Vec<CaseBudget> {
    let run: HashSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    budgets.into_iter().filter(|budget| run.contains(budget.case.as_str())).collect()
}

/// A line for each budget that does not hold, and for each known cost that was not measured.
fn broken(summary: &Summary) -> Vec<String> {
    let line = |Balance { budget: CaseBudget { case, counter, max }, most, .. }: &Balance| {
        format!("over budget: {case}: {counter} {most}, the budget is {max}")
    };
    let off = summary.known.iter().filter(|one| !one.holds).map(|one| {
        let Deviation { case, clock, known_ns, measured_ns, off_pct, .. } = one;
        format!(
            "known cost missed: {case}: {clock} time {measured_ns} ns, known are {known_ns} ns, {off_pct:+.1} % off; \
             repeat it on a machine with nothing else to do"
        )
    });
    summary.budgets.iter().filter(|balance| !balance.holds).map(line).chain(off).collect()
}

fn scenario_record(scenario: &Scenario, tuned: Option<String>) -> ScenarioRecord {
    ScenarioRecord {
        name: scenario.name.clone(),
        question: scenario.question.clone(),
        blocks: scenario.blocks,
        check: scenario.check,
        sha256: hex(&Sha256::digest(&scenario.text)),
        tuned,
    }
}

/// `UTC-HOST-REVISION`, with nothing that a file system could object to.
pub(super) fn run_name(started: jiff::Timestamp, host: &Host) -> String {
    let plain = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).take(20).collect::<String>();
    let revision = host.revision.as_deref().unwrap_or("norev");
    format!("{}-{}-{}", started.strftime("%Y%m%dT%H%M%SZ"), plain(&host.name), plain(revision))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipped_cases_are_told_once_a_reason() {
        let skipped = |case: &str, reason: &str| Skipped { case: case.into(), reason: reason.into() };
        let lines = told(&[skipped("a", "no room"), skipped("b", "no disk"), skipped("c", "no room")]);
        assert_eq!(lines, ["skipped 2 cases (a, …): no room", "skipped b: no disk"]);
    }

    #[test]
    fn runs_are_named_by_time_host_and_revision() {
        let mut host = Host::look(Path::new("."));
        (host.name, host.revision) = ("a/b.c".into(), Some("0123abc".into()));
        let started: jiff::Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        assert_eq!(run_name(started, &host), "20260102T030405Z-abc-0123abc");
        host.revision = None;
        assert!(run_name(started, &host).ends_with("-norev"));
    }
}
