//! `cargo xtask gate --self-test`: how often the gate is wrong, on this machine. One program on both sides, with a known
//! difference planted in some families, through the gate's own measuring and judging.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use orbit_engine::Strategy;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::build::{Programs, Workshop};
use super::journal::Journal;
use super::measure::{Difference, Planted, Session};
use super::{Plan, own};
use crate::cmd::tables::CALIBRATION;
use crate::cmd::{Done, hex};
use crate::fixture::Fixture;
use crate::flags::{GateFlags, GateFormat};
use crate::gate::{Calibrated, Calibration, CaseSamples, Compared, Family, Outcome, Plant};
use crate::host::Host;
use crate::interrupt::Interrupt;
use crate::plan::Case;
use crate::program::sha256;
use crate::record::write_json;
use crate::report;
use crate::runner::End;

/// A line says how far it is, after so many families.
const FAMILIES_PER_LINE: usize = 10;

/// What the families are of. All of them have to be of the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Begun {
    started: String,
    seed: u64,
    host: Host,
    program_sha256: String,
    scenario_sha256: String,
    cases: Vec<String>,
}

impl Begun {
    /// What is not alike.
    fn differs(&self, now: &Self) -> Option<&'static str> {
        let machine = |begun: &Self| (begun.host.name.clone(), begun.host.kernel.clone());
        let alike = [
            ("the program", self.program_sha256 == now.program_sha256),
            ("the scenario", self.scenario_sha256 == now.scenario_sha256 && self.cases == now.cases),
            ("the machine", machine(self) == machine(now)),
        ];
        alike.into_iter().find(|(_, alike)| !alike).map(|(what, _)| what)
    }
}

/// Measures families of `program` against itself.
pub(super) fn run(program: &Path, flags: &GateFlags, root: &Path, out: &mut impl Write) -> Result<Done> {
    let deadline = flags.time_budget.and_then(|time| Instant::now().checked_add(time));
    let plan = Plan::of(flags, root)?;
    other_strategy(&plan.cases)?;
    let interrupt = Interrupt::listen().context("cannot listen for signals")?;
    let workshop = Workshop::in_checkout(root);
    let _owner = own(workshop.folder())?;
    let now = Begun {
        started: now(),
        seed: flags.seed.unwrap_or_else(|| fastrand::u64(..)),
        host: Host::look(root),
        program_sha256: sha256(program)?,
        scenario_sha256: hex(&Sha256::digest(&plan.scenario.text)),
        cases: plan.cases.iter().map(|case| case.id.clone()).collect(),
    };
    let path = workshop.folder().join("self-test.jsonl");
    let (mut journal, begun, mut families) = Journal::open(&path, now, flags.resume, Begun::differs)?;
    let Some(fixture) = Fixture::create(&plan.targets, &plan.cases, begun.seed, &interrupt)? else {
        return Ok(interrupted(families.len()));
    };
    let programs = workshop.copies(program, program)?;
    let bench = Bench { plan: &plan, programs: &programs, fixture: &fixture, interrupt: &interrupt };
    let schedule = Plant::schedule(begun.seed, flags.runs);
    let start = Instant::now();
    for index in families.len()..schedule.len() {
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            break;
        }
        let Some(family) = bench.family(schedule[index], begun.seed, index)? else {
            return Ok(interrupted(families.len()));
        };
        journal.add(&family)?;
        families.push(family);
        if families.len().is_multiple_of(FAMILIES_PER_LINE) {
            say_how_far(&families, schedule.len(), start.elapsed());
        }
    }
    let calibration = Calibration::of(calibrated(begun, &plan), &families);
    tell(&calibration, flags, root, out)
}

fn calibrated(begun: Begun, plan: &Plan) -> Calibrated {
    let Begun { started, seed, host, program_sha256, scenario_sha256, cases } = begun;
    let (scenario, ended) = (plan.scenario.name.clone(), now());
    Calibrated { started, ended, host, program_sha256, scenario, scenario_sha256, seed, cases }
}

fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn interrupted(families: usize) -> Done {
    Done::Interrupted(format!(
        "interrupted; {families} families are kept, `cargo xtask gate --self-test --resume` goes on"
    ))
}

/// All that a family needs.
struct Bench<'a> {
    plan: &'a Plan,
    programs: &'a Programs,
    fixture: &'a Fixture,
    interrupt: &'a Interrupt,
}

impl Bench<'_> {
    /// One family; none when interrupted.
    fn family(&self, plant: Plant, seed: u64, index: usize) -> Result<Option<Family>> {
        let start = Instant::now();
        let Plan { scenario, cases, budgets, .. } = self.plan;
        // One generator a family, so that a resumed self-test goes on as it would have gone on.
        let mut random =
            fastrand::Rng::with_seed(seed ^ (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let planted = planted(plant, cases, &mut random)?;
        let id = planted.as_ref().map(|planted| planted.case.clone());
        let mut samples: Vec<CaseSamples> = cases.iter().cloned().map(CaseSamples::new).collect();
        let mut session = Session {
            scenario,
            programs: self.programs,
            fixture: self.fixture,
            interrupt: self.interrupt,
            deadline: None,
            random,
            planted,
            journal: None,
            kept: Vec::new(),
        };
        if session.measure(&mut samples)? == End::Interrupted {
            return Ok(None);
        }
        if let Some((_, why)) = samples.iter().flat_map(|one| &one.failed).next() {
            bail!("a copy failed: {why}");
        }
        let compared = Compared {
            base: None,
            head: "the working copy".to_owned(),
            scenario: scenario.name.clone(),
            started: String::new(),
            host: String::new(),
            seed,
        };
        let outcome = Outcome::of(compared, &samples, scenario.gate, budgets, Vec::new());
        let took_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(Some(Family::of(plant, id, &outcome, took_ms)))
    }
}

/// In a case by chance.
fn planted(plant: Plant, cases: &[Case], random: &mut fastrand::Rng) -> Result<Option<Planted>> {
    if let Some(percent) = plant.slower_pct() {
        let case = cases[random.usize(..cases.len())].id.clone();
        return Ok(Some(Planted { case, how: Difference::Slower { percent } }));
    }
    if plant == Plant::Nothing {
        return Ok(None);
    }
    let pairs = other_strategy(cases)?;
    let (fast, buffered) = pairs[random.usize(..pairs.len())];
    let how = Difference::CopiedAs { case: buffered.id.clone() };
    Ok(Some(Planted { case: fast.id.clone(), how }))
}

/// Cases by zero-copy, each with the one that differs in its strategy alone.
fn other_strategy(cases: &[Case]) -> Result<Vec<(&Case, &Case)>> {
    let is_pair = |one: &Case, other: &Case| {
        let of = |case: &Case| {
            let Case { size_bytes, filesystems, verify, chunk, compression, tuning, .. } = case.clone();
            (size_bytes, filesystems, verify, chunk, compression, tuning, case.sparse.clone())
        };
        (one.strategy, other.strategy) == (Strategy::ZeroCopy, Strategy::Buffered) && of(one) == of(other)
    };
    let with_other = |one| cases.iter().find(|other| is_pair(one, other)).map(|other: &Case| (one, other));
    let pairs: Vec<(&Case, &Case)> = cases.iter().filter_map(with_other).collect();
    if pairs.is_empty() {
        bail!(
            "no case is left that is copied by zero-copy and, alike in all else, buffered: nothing can be planted"
        );
    }
    Ok(pairs)
}

/// Writes the figures down, and makes an end of it.
fn tell(calibration: &Calibration, flags: &GateFlags, root: &Path, out: &mut impl Write) -> Result<Done> {
    let path: PathBuf = root.join(CALIBRATION);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    write_json(&path, calibration)?;
    match flags.format {
        GateFormat::Json => writeln!(out, "{}", serde_json::to_string_pretty(calibration)?)?,
        _ => write!(out, "{}", report::calibration(calibration))?,
    }
    let missed = report::missed_bounds(calibration);
    Ok(if missed.is_empty() { Done::Complete } else { Done::Missed(missed) })
}

/// A closed stderr is nobody to tell.
fn say_how_far(families: &[Family], of: usize, measured: Duration) {
    let alarms = families.iter().filter(|family| !family.alarms.is_empty()).count();
    let _ = writeln!(
        io::stderr(),
        "{} of {of} families after {} s, {alarms} with a false alarm",
        families.len(),
        measured.as_secs()
    );
}
