//! `cargo xtask gate`: builds a revision and an earlier one, measures both in turns, and says whether the later one is
//! slower. All it makes is under `target/gate`.

mod begun;
mod build;
mod history;
mod journal;
mod measure;
mod repository;
mod round;
mod self_test;
mod stored;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};

use crate::cmd::places::Places;
use crate::cmd::{Done, below, refuse_debug_code, scenario_path};
use crate::fixture::{self, Fixture};
use crate::flags::{GateFlags, GateFormat};
use crate::gate::{CaseSamples, Compared, Outcome, Side, Verdict};
use crate::host::Host;
use crate::interrupt::Interrupt;
use crate::owner::Owner;
use crate::plan::{self, Case, CaseBudget, Skipped};
use crate::record::{PlaceRecord, write_whole};
use crate::report::{self, Origin};
use crate::runner::End;
use crate::scenario::Scenario;
use crate::targets::Targets;

use begun::Begun;
use build::{Programs, Workshop, short};
use journal::Journal;
use measure::Session;
use repository::Head;

pub(crate) fn run(flags: &GateFlags, root: &Path, out: &mut impl Write) -> Result<Done> {
    if let Some(file) = &flags.history {
        return history::show(file, flags, root, out);
    }
    if flags.self_test {
        refuse_debug_code()?;
        let program = std::env::current_exe().context("cannot find this program")?;
        return self_test::run(&program, flags, root, out);
    }
    let plan = Plan::of(flags, root)?;
    if let Some(baseline) = &flags.baseline {
        return stored::run(baseline, plan, flags, root, out);
    }
    let interrupt = Interrupt::listen().context("cannot listen for signals")?;
    let workshop = Workshop::in_checkout(root);
    let _owner = own(workshop.folder())?;
    let seed = flags.seed.unwrap_or_else(|| fastrand::u64(..));
    let head = repository::head(root, flags.head.as_deref())?;
    let recorded = flags
        .record
        .as_deref()
        .map(|file| Ok::<_, anyhow::Error>((file, repository::recorded(root, &head)?)));
    let recorded = recorded.transpose()?;
    let base = repository::base(root, flags.base.as_deref(), &head)?;
    let host = Host::look(root);
    let mut compared = Compared {
        base: base.as_deref().map(|commit| short(commit).to_owned()),
        head: called(&head),
        scenario: plan.scenario.name.clone(),
        started: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        host: host.name.clone(),
        seed,
    };
    let Some(base) = base else {
        let notice = "the head has no commit before it: there is nothing to compare with".to_owned();
        return tell(flags, root, &Outcome::without_base(compared, notice), out);
    };
    let Some(built) = build_both(&workshop, &base, &head, &interrupt)? else { return Ok(interrupted()) };
    let programs = match built {
        Ok(programs) => programs,
        Err(said) => {
            let notice = format!("the base {} has no worker to measure it by: {said}", short(&base));
            return tell(flags, root, &Outcome::without_base(compared, notice), out);
        }
    };
    let Plan { scenario, cases, skipped, targets, budgets, places, .. } = plan;
    let now = Begun::now(&compared, &programs, &scenario, &cases)?;
    let journal = workshop.folder().join("samples.jsonl");
    let (mut kept_in, begun, kept) = Journal::open(&journal, now, flags.resume, Begun::differs)?;
    (compared.seed, compared.started) = (begun.seed, begun.started);
    let Some(fixture) = Fixture::create(&targets, &cases, compared.seed, &interrupt)? else {
        return Ok(interrupted());
    };
    let mut samples: Vec<CaseSamples> = cases.into_iter().map(CaseSamples::new).collect();
    let mut session = Session {
        scenario: &scenario,
        programs: &programs,
        fixture: &fixture,
        interrupt: &interrupt,
        deadline: flags.time_budget.and_then(|time| Instant::now().checked_add(time)),
        // Another order than that of the rounds that are there.
        random: fastrand::Rng::with_seed(compared.seed.wrapping_add(kept.len() as u64)),
        planted: None,
        journal: Some(&mut kept_in),
        kept,
    };
    if session.measure(&mut samples)? == End::Interrupted {
        return Ok(interrupted());
    }
    if let Some((file, commit)) = recorded {
        let entry = history::entry(commit, &compared, &host, &scenario.text, &places, &samples);
        history::append(&below(root, file), &entry)?;
    }
    std::fs::remove_file(&journal).with_context(|| format!("cannot remove {}", journal.display()))?;
    tell(flags, root, &Outcome::of(compared, &samples, scenario.gate, &budgets, skipped), out)
}

/// What is measured.
struct Plan {
    scenario: Scenario,
    cases: Vec<Case>,
    skipped: Vec<Skipped>,
    targets: Targets,
    budgets: Vec<CaseBudget>,
    /// What works on the pairs of file systems, and what these are, by the name that cases use.
    probed: Places,
    places: BTreeMap<String, PlaceRecord>,
}

impl Plan {
    fn of(flags: &GateFlags, root: &Path) -> Result<Self> {
        let scenario = Scenario::load(&scenario_path(root, &flags.scenarios))?;
        let mut cases = plan::cases(&scenario);
        let budgets =
            plan::budgets(&scenario, &cases).map_err(|error| anyhow!("{}: {error}", scenario.name))?;
        cases.retain(|case| flags.filter.as_ref().is_none_or(|filter| filter.is_match(&case.id)));
        if let Some(case) = cases.iter().find(|case| !case.subject.is_engine() || case.subject.sends()) {
            bail!(
                "{}: {} is no copy by the engine, which is what revisions differ in",
                case.id,
                case.subject
            );
        }
        let targets = Targets::new(root, &flags.targets)?;
        let probed = Places::probe(&targets, &cases);
        let mut skipped = Vec::new();
        cases.retain(|case| match probed.usable(case) {
            Ok(_) => true,
            Err(reason) => {
                skipped.push(Skipped { case: case.id.clone(), reason });
                false
            }
        });
        if cases.is_empty() {
            bail!("{}: no case is left to run here", scenario.name);
        }
        fixture::check_room(&targets, &cases)?;
        let places = probed.records(&targets)?;
        Ok(Self { scenario, cases, skipped, targets, budgets, probed, places })
    }
}

/// Two copies of each side's program; none where interrupted. The inner error is what a base without a worker says.
fn build_both(
    workshop: &Workshop,
    base: &str,
    head: &Head,
    interrupt: &Interrupt,
) -> Result<Option<Result<Programs, String>>> {
    let unless_interrupted =
        |built: Result<PathBuf>| if interrupt.raised() { Ok(None) } else { built.map(Some) };
    let Some(base) = unless_interrupted(workshop.of_commit(Side::Base, base))? else { return Ok(None) };
    if let Err(said) = measure::greet(&base)? {
        return Ok(Some(Err(said)));
    }
    let built = match head {
        Head::Commit(commit) => workshop.of_commit(Side::Head, commit),
        Head::WorkingCopy { .. } => workshop.of_working_copy(),
    };
    let Some(head) = unless_interrupted(built)? else { return Ok(None) };
    if let Err(said) = measure::greet(&head)? {
        bail!("the head has no worker to measure it by: {said}");
    }
    workshop.copies(&base, &head).map(|programs| Some(Ok(programs)))
}

/// Held while a gate works there: two at once would measure each other.
fn own(folder: &Path) -> Result<Owner> {
    let path = folder.join("owner");
    let open = || {
        std::fs::create_dir_all(folder)?;
        File::create(&path)
    };
    let file = open().with_context(|| format!("cannot write {}", path.display()))?;
    Owner::of(file).with_context(|| format!("another gate works in {}; wait for it", folder.display()))
}

fn called(head: &Head) -> String {
    match head {
        Head::Commit(commit) => short(commit).to_owned(),
        Head::WorkingCopy { is_changed: true } => "the working copy, with changes".to_owned(),
        Head::WorkingCopy { is_changed: false } => "the working copy".to_owned(),
    }
}

fn interrupted() -> Done {
    Done::Interrupted("interrupted; what was built and measured is kept, `--resume` goes on".to_owned())
}

/// Writes the outcome as asked for, and makes an end of it.
fn tell(flags: &GateFlags, root: &Path, outcome: &Outcome, out: &mut impl Write) -> Result<Done> {
    if let Some(file) = &flags.junit {
        write_whole(file, &report::gate_junit(outcome)?)?;
    }
    if let Some(file) = &flags.sarif {
        write_whole(file, &report::gate_sarif(outcome, &origin(flags, root)?)?)?;
    }
    if let Some(file) = &flags.markdown {
        write_whole(file, &report::gate_markdown(outcome))?;
    }
    match flags.format {
        GateFormat::Table => write!(out, "{}", report::gate_table(outcome))?,
        GateFormat::Markdown => write!(out, "{}", report::gate_markdown(outcome))?,
        GateFormat::Github => write!(out, "{}", report::gate_annotations(outcome))?,
        GateFormat::Json => writeln!(out, "{}", serde_json::to_string_pretty(outcome)?)?,
    }
    let of = |verdict| outcome.cases.iter().filter(|case| case.verdict == verdict).count();
    Ok(match outcome.verdict {
        Verdict::Regression => {
            Done::Regressed(format!("{} of {} cases regressed", of(Verdict::Regression), outcome.cases.len()))
        }
        Verdict::Inconclusive if flags.fail_on_inconclusive => Done::Undecided(format!(
            "{} of {} cases are too noisy to say",
            of(Verdict::Inconclusive),
            outcome.cases.len()
        )),
        _ => Done::Complete,
    })
}

/// Where the cases stand.
fn origin(flags: &GateFlags, root: &Path) -> Result<Origin> {
    let path = scenario_path(root, &flags.scenarios);
    let lines = Scenario::load(&path)?.matrix_lines();
    let path = std::path::absolute(&path).with_context(|| path.display().to_string())?;
    let path = path.strip_prefix(root).unwrap_or(&path);
    Ok(Origin { path: path.to_string_lossy().replace(MAIN_SEPARATOR, "/"), lines })
}

#[cfg(test)]
mod tests;
