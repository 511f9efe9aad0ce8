//! Runs the blocks of a plan: every case once a block, in the block's own random order, each sample checked. Measures;
//! writes nothing but the copies themselves.

use std::ops::Range;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use orbit_engine::ByteSize;

use crate::cache::Residency;
use crate::clock::nanoseconds;
use crate::fixture::Fixture;
use crate::interrupt::Interrupt;
use crate::plan::{self, Case};
use crate::sample::{Measurement, Sample, Trial};
use crate::scenario::{Cache, Check, Durable};
use crate::subject::Setup;
use crate::system;

/// A case with its subject, set up for it.
#[derive(Debug, Clone)]
pub(crate) struct Arm {
    pub(crate) case: Case,
    pub(crate) setup: Setup,
}

/// Everything that a run needs to measure.
#[derive(Debug)]
pub(crate) struct Runner<'a> {
    pub(crate) arms: &'a [Arm],
    pub(crate) fixture: &'a Fixture,
    pub(crate) seed: u64,
    pub(crate) check: Check,
    pub(crate) interrupt: &'a Interrupt,
    /// When the last block should have ended.
    pub(crate) deadline: Option<Instant>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Complete,
    Interrupted,
}

impl Runner<'_> {
    /// Runs `blocks`, handing each to `keep` when it is whole. Every case is first copied once unmeasured, so that
    /// code, memory and page cache are warm and a wrong copy is seen before time is spent. Ends before a block that,
    /// if it took as long as the longest one, would end after the deadline; not before the first.
    pub(crate) fn run(
        &self,
        blocks: Range<u32>,
        mut keep: impl FnMut(Vec<Sample>) -> Result<()>,
    ) -> Result<End> {
        let rounds = 1 + blocks.len();
        let bar = progress_bar(rounds * self.arms.len());
        let warm_up = u32::MAX;
        let mut longest = None;
        for block in std::iter::once(warm_up).chain(blocks) {
            let start = Instant::now();
            if longest.zip(self.deadline).is_some_and(|(longest, deadline)| start + longest > deadline) {
                break;
            }
            let Some(samples) = self.block(block, block == warm_up, &bar)? else {
                bar.finish_and_clear();
                return Ok(End::Interrupted);
            };
            if block != warm_up {
                longest = longest.max(Some(start.elapsed()));
                keep(samples)?;
            }
        }
        bar.finish_and_clear();
        Ok(End::Complete)
    }

    /// One block; none when interrupted.
    fn block(&self, block: u32, first: bool, bar: &ProgressBar) -> Result<Option<Vec<Sample>>> {
        let mut samples = Vec::with_capacity(self.arms.len());
        for (position, index) in (0..).zip(plan::order(self.seed, block, self.arms.len())) {
            if self.interrupt.raised() {
                return Ok(None);
            }
            let Arm { case, setup } = &self.arms[index];
            let check = first || self.check == Check::Every;
            let trial = self.trial(case, setup, check).with_context(|| case.id.clone())?;
            let Some(result) = trial else { return Ok(None) };
            samples.push(Sample { case: case.id.clone(), block, position, result });
            bar.inc(1);
        }
        Ok(Some(samples))
    }

    /// One copy; none when interrupted before it.
    fn trial(&self, case: &Case, setup: &Setup, check: bool) -> Result<Option<Trial>> {
        let content = check && setup.copies_content();
        let trial = trial(self.fixture, case, content, self.interrupt, |source, destination| {
            setup.measure(case, source, destination)
        })?;
        if check && matches!(trial, Some(Trial::Measured(_))) {
            setup.check(case, &self.fixture.source(case)?)?;
        }
        Ok(trial)
    }
}

/// One copy by `measure`, which gets source and destination: the source as the case asks for, all else written to the disk;
/// the copy checked, also its content where that is asked for, and removed. None when interrupted before it.
pub(crate) fn trial(
    fixture: &Fixture,
    case: &Case,
    content: bool,
    interrupt: &Interrupt,
    measure: impl FnOnce(&Path, &Path) -> Result<Measurement>,
) -> Result<Option<Trial>> {
    let (source, destination) = (fixture.source(case)?, fixture.destination(case)?);
    if !fixture.prepare(case, interrupt)? {
        return Ok(None);
    }
    if let Some(reason) = not_as_asked(fixture, case)? {
        fixture.clear(case)?;
        return Ok(Some(Trial::Invalid { reason }));
    }
    let mut trial = measure(&source, &destination)?;
    if case.durability == Durable::SyncFs {
        let start = Instant::now();
        fixture.drain(case)?;
        trial.durable_ns = Some(trial.wall_ns.saturating_add(nanoseconds(start.elapsed())));
    }
    if case.sparse.is_some() && !case.subject.sends() {
        trial.allocated_bytes = fixture.allocated(case)?;
    }
    fixture.check(case, content)?;
    fixture.clear(case)?;
    Ok(Some(Trial::Measured(trial)))
}

/// Sets the state of the source's cache; why it is not what the case asks for, if so.
fn not_as_asked(fixture: &Fixture, case: &Case) -> Result<Option<String>> {
    let reason = match case.cache {
        Cache::AsIs => None,
        Cache::Warm => (fixture.warm(case)? == Residency::Missing)
            .then(|| "the source does not stay in the page cache".to_owned()),
        Cache::Cold | Cache::Dropped => match fixture.cool(case)? {
            0 => None,
            bytes => Some(format!("{} of the source stay in the page cache", ByteSize::new(bytes))),
        },
    };
    if case.cache == Cache::Dropped && reason.is_none() {
        // After the check, which looks at the files by name.
        system::drop_caches()?;
    }
    Ok(reason)
}

/// On stderr, and only where that is a terminal.
fn progress_bar(trials: usize) -> ProgressBar {
    let style = "{bar:30} {percent:>3} %  {pos}/{len} copies  {elapsed} elapsed, {eta} left";
    let style = ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(trials as u64).with_style(style)
}
