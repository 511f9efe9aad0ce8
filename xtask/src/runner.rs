//! Runs the blocks of a plan: every case once a block, in the block's own random order, each sample checked. Measures;
//! writes nothing but the copies themselves.

use std::ops::Range;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use orbit_engine::copy_file;
use rustix::time::{ClockId, clock_gettime};

use crate::cache::{self, Residency};
use crate::fixture::{Fixture, check_content};
use crate::interrupt::Interrupt;
use crate::plan::{self, Case};
use crate::sample::{Measurement, Sample, Trial};
use crate::scenario::{Cache, Check};
use crate::subject::Subject;

/// A case with the subject that is set up for it.
#[derive(Debug, Clone)]
pub(crate) struct Arm {
    pub(crate) case: Case,
    pub(crate) subject: Subject,
}

/// Everything that a run needs to measure.
#[derive(Debug)]
pub(crate) struct Runner<'a> {
    pub(crate) arms: &'a [Arm],
    pub(crate) fixture: &'a Fixture,
    pub(crate) seed: u64,
    pub(crate) check: Check,
    pub(crate) interrupt: &'a Interrupt,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Complete,
    Interrupted,
}

impl Runner<'_> {
    /// Runs `blocks`, handing each to `keep` when it is whole. Every case is first copied once unmeasured, so that
    /// code, memory and page cache are warm and a wrong copy is seen before time is spent.
    pub(crate) fn run(
        &self,
        blocks: Range<u32>,
        mut keep: impl FnMut(Vec<Sample>) -> Result<()>,
    ) -> Result<End> {
        let rounds = 1 + blocks.len();
        let bar = progress_bar(rounds * self.arms.len());
        let warm_up = u32::MAX;
        for block in std::iter::once(warm_up).chain(blocks) {
            let Some(samples) = self.block(block, block == warm_up, &bar)? else {
                bar.finish_and_clear();
                return Ok(End::Interrupted);
            };
            if block != warm_up {
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
            let Arm { case, subject } = &self.arms[index];
            let check = first || self.check == Check::Every;
            let result = self.trial(case, subject, check).with_context(|| case.id.clone())?;
            samples.push(Sample { case: case.id.clone(), block, position, result });
            bar.inc(1);
        }
        Ok(Some(samples))
    }

    fn trial(&self, case: &Case, subject: &Subject, check: bool) -> Result<Trial> {
        let source = self.fixture.source(case.size_bytes);
        let destination = self.fixture.destination(case.filesystems)?;
        if case.cache == Cache::Warm && cache::warm(&source)? == Residency::Missing {
            let reason = "the source does not stay in the page cache".to_owned();
            return Ok(Trial::Invalid { reason });
        }
        let trial = measure(&source, &destination, case, subject)?;
        if check {
            check_content(&source, &destination)?;
        }
        // Removed before the kernel writes it back, which would disturb the samples to come.
        std::fs::remove_file(&destination)
            .with_context(|| format!("cannot remove {}", destination.display()))?;
        Ok(Trial::Measured(trial))
    }
}

fn measure(source: &Path, destination: &Path, case: &Case, subject: &Subject) -> Result<Measurement> {
    let (steal, cpu) = (steal_ns(), cpu_ns());
    let start = Instant::now();
    let outcome = copy_file(source, destination, &subject.options);
    let wall = start.elapsed();
    let (cpu, steal) = (cpu_ns() - cpu, steal_ns().saturating_sub(steal));
    let outcome = outcome?;
    subject.check(case, &outcome)?;
    Ok(Measurement {
        wall_ns: u64::try_from(wall.as_nanos()).unwrap_or(u64::MAX),
        cpu_ns: cpu,
        steal_ns: steal,
        bytes: outcome.bytes,
        mechanism: outcome.mechanism,
        refusals: outcome.refusals.iter().map(ToString::to_string).collect(),
        system_calls: outcome.system_calls,
    })
}

fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    u64::try_from(time.tv_sec * 1_000_000_000 + time.tv_nsec).unwrap_or(0)
}

/// Time stolen by the hypervisor since boot, by the clock tick of 100 Hz that `/proc/stat` has everywhere; 0 where
/// there is no such file.
fn steal_ns() -> u64 {
    const TICK_NS: u64 = 10_000_000;
    let steal = |text: String| text.lines().next()?.split_ascii_whitespace().nth(8)?.parse::<u64>().ok();
    std::fs::read_to_string("/proc/stat").ok().and_then(steal).unwrap_or(0) * TICK_NS
}

/// On stderr, and only where that is a terminal.
fn progress_bar(trials: usize) -> ProgressBar {
    let style = "{bar:30} {percent:>3} %  {pos}/{len} copies  {elapsed} elapsed, {eta} left";
    let style = ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(trials as u64).with_style(style)
}
