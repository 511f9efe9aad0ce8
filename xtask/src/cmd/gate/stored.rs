//! `cargo xtask gate --baseline RUN`: measures by this program as `bench` does, and compares with a run that it left. Nothing
//! is built.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use orbit_engine::{Machine, Tuning};

use super::{Plan, tell};
use crate::cmd::{Done, refuse_debug_code};
use crate::fixture::Fixture;
use crate::flags::GateFlags;
use crate::gate::{CONFIRM_BLOCKS, Compared, StoredCase, stored_outcome, stored_suspects};
use crate::host::Host;
use crate::interrupt::Interrupt;
use crate::plan::{self, Case, Skipped};
use crate::record::{PlaceRecord, Run};
use crate::runner::{self, Arm};
use crate::sample::{Measurement, Trial};
use crate::scenario::Check;
use crate::subject::Programs;
use crate::system;

/// What the head did in one case.
#[derive(Default)]
struct Measured {
    samples: Vec<Measurement>,
    invalid: u32,
    failed: Option<String>,
}

pub(super) fn run(
    baseline: &Path,
    mut plan: Plan,
    flags: &GateFlags,
    root: &Path,
    out: &mut impl Write,
) -> Result<Done> {
    let run = load(baseline)?;
    let host = Host::look(root);
    if let Some(unlike) = unlike(&run, &host.machine(), &plan.places) {
        return Ok(Done::Unlike(format!("{}: {unlike}", baseline.display())));
    }
    refuse_debug_code()?;
    let known = stored(&run);
    let (cases, unknown): (Vec<Case>, _) =
        std::mem::take(&mut plan.cases).into_iter().partition(|case| known.contains_key(case.hash.as_str()));
    let unknown =
        unknown.into_iter().map(|case| Skipped { case: case.id, reason: "the stored run lacks it".into() });
    plan.skipped.extend(unknown);
    if cases.is_empty() {
        bail!("{} has no sample of any case of {}", baseline.display(), plan.scenario.name);
    }
    let seed = flags.seed.unwrap_or_else(|| fastrand::u64(..));
    let compared = Compared {
        base: Some(format!("the stored run {}", run.record.run)),
        head: match (&host.revision, host.dirty) {
            (Some(revision), Some(false)) => revision.clone(),
            _ => "the working copy, with changes".to_owned(),
        },
        scenario: plan.scenario.name.clone(),
        started: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        host: host.name,
        seed,
    };
    let blocks = run.record.blocks_measured.unwrap_or(run.record.scenario.blocks);
    let (arms, skipped) = plan.probed.arms(cases, &Tuning::default(), &Programs::new());
    plan.skipped.extend(skipped);
    let deadline = flags.time_budget.and_then(|time| Instant::now().checked_add(time));
    let Some(mut measured) = measure(&arms, &plan, blocks, seed, deadline)? else {
        return Ok(super::interrupted());
    };
    let suspects = stored_suspects(&pairs(&arms, &known, &measured), plan.scenario.gate);
    if suspects.contains(&true) {
        let (slower, again): (Vec<usize>, Vec<Arm>) =
            arms.iter().cloned().enumerate().filter(|(index, _)| suspects[*index]).unzip();
        let Some(fresh) = measure(&again, &plan, CONFIRM_BLOCKS, seed.wrapping_add(1), deadline)? else {
            return Ok(super::interrupted());
        };
        for (index, fresh) in slower.into_iter().zip(fresh) {
            measured[index] = fresh;
        }
    }
    let pairs = pairs(&arms, &known, &measured);
    let outcome = stored_outcome(compared, &pairs, plan.scenario.gate, &plan.budgets, plan.skipped);
    tell(flags, root, &outcome, out)
}

fn pairs<'a>(
    arms: &'a [Arm],
    known: &BTreeMap<&str, Vec<&'a Measurement>>,
    measured: &'a [Measured],
) -> Vec<StoredCase<'a>> {
    let pair = |(arm, head): (&'a Arm, &'a Measured)| StoredCase {
        case: &arm.case,
        base: known[arm.case.hash.as_str()].clone(),
        head: head.samples.iter().collect(),
        invalid: head.invalid,
        failed: head.failed.as_deref(),
    };
    arms.iter().zip(measured).map(pair).collect()
}

/// A run that may be compared with, by its folder or a file in it.
fn load(baseline: &Path) -> Result<Run> {
    let found = system::follow(baseline).unwrap_or_else(|_| baseline.to_owned());
    let folder = if found.is_file() { baseline.parent().unwrap_or(baseline) } else { baseline };
    let run = Run::load(folder)?.complete()?;
    let record = &run.record;
    let refused = [
        (record.indicative, "was measured with --quick, by which nothing is judged"),
        (record.scenario.tuned.is_some(), "was measured with a tuned file, and the gate has the defaults"),
        (record.host.profile != "release", "is of a debug build"),
    ];
    if let Some((_, why)) = refused.into_iter().find(|(holds, _)| *holds) {
        bail!("{} {why}; measure another one by `cargo xtask bench gate`", baseline.display());
    }
    Ok(run)
}

/// What makes times of the run no measure for this machine.
fn unlike(run: &Run, here: &Machine, places: &BTreeMap<String, PlaceRecord>) -> Option<String> {
    let (stored, here) = (run.record.host.machine().class(), here.class());
    let mut conditions = vec![
        ("processor".to_owned(), stored.cpu, here.cpu),
        ("number of processors".to_owned(), stored.processors.to_string(), here.processors.to_string()),
        ("kernel".to_owned(), stored.kernel, here.kernel),
    ];
    let types = |place: &PlaceRecord| {
        let device = if place.same_device { "one device" } else { "two devices" };
        format!("{} to {} on {device}", place.source_fs, place.destination_fs)
    };
    for (name, place) in places {
        if let Some(before) = run.record.places.get(name) {
            conditions.push((format!("pair of file systems {name}"), types(before), types(place)));
        }
    }
    let (what, before, now) = conditions.into_iter().find(|(_, before, now)| before != now)?;
    Some(format!(
        "measured on another kind of machine: the {what} was {before} and is {now}; measure a run here by `cargo xtask bench gate`"
    ))
}

/// The valid samples of each case, by its hash.
fn stored(run: &Run) -> BTreeMap<&str, Vec<&Measurement>> {
    let hashes: BTreeMap<&str, &str> =
        run.record.cases.iter().map(|case| (case.id.as_str(), case.hash.as_str())).collect();
    let mut found: BTreeMap<&str, Vec<&Measurement>> = BTreeMap::new();
    for sample in &run.samples {
        if let (Some(hash), Some(one)) = (hashes.get(sample.case.as_str()), sample.measurement()) {
            found.entry(hash).or_default().push(one);
        }
    }
    found
}

/// So many blocks of all cases, after a copy of each that does not count; none where interrupted.
fn measure(
    arms: &[Arm],
    plan: &Plan,
    blocks: u32,
    seed: u64,
    deadline: Option<Instant>,
) -> Result<Option<Vec<Measured>>> {
    let interrupt = Interrupt::listen().context("cannot listen for signals")?;
    let cases: Vec<Case> = arms.iter().map(|arm| arm.case.clone()).collect();
    let Some(fixture) = Fixture::create(&plan.targets, &cases, seed, &interrupt)? else { return Ok(None) };
    let mut all: Vec<Measured> = arms.iter().map(|_| Measured::default()).collect();
    let warm_up = u32::MAX;
    for block in std::iter::once(warm_up).chain(0..blocks) {
        if block != warm_up && deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            break;
        }
        for index in plan::order(seed, block, arms.len()) {
            let (Arm { case, setup }, measured) = (&arms[index], &mut all[index]);
            if measured.failed.is_some() {
                continue;
            }
            let content = block == warm_up || plan.scenario.check == Check::Every;
            let trial = runner::trial(&fixture, case, content, &interrupt, |source, destination| {
                setup.measure(case, source, destination)
            });
            match trial {
                Ok(None) => return Ok(None),
                Ok(Some(_)) if block == warm_up => {}
                Ok(Some(Trial::Invalid { .. })) => measured.invalid += 1,
                Ok(Some(Trial::Measured(one))) => measured.samples.push(one),
                Err(error) => {
                    measured.failed = Some(format!("{error:#}"));
                    fixture.clear(case)?;
                }
            }
        }
    }
    Ok(Some(all))
}

#[cfg(test)]
mod tests;
