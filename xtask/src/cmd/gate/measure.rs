//! Measures the cases on both sides, block by block, by the runner's own trial with a worker in place of the subject.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, anyhow};

use super::build::Programs;
use super::journal::Journal;
use super::round::{Pass, Round};
use crate::cmd::gate_worker;
use crate::fixture::Fixture;
use crate::gate::{
    BLOCKS_PER_PROCESS, CONFIRM_BLOCKS, CaseSamples, Place, Quad, SCREEN_BLOCKS, Side, is_suspect, order,
};
use crate::interrupt::Interrupt;
use crate::plan::Case;
use crate::runner::{self, End};
use crate::sample::{Measurement, Trial};
use crate::scenario::{Check, Scenario};
use crate::worker::{Hello, Worker};

const PLACES: [Place; 4] = [
    Place { side: Side::Base, copy: 0 },
    Place { side: Side::Base, copy: 1 },
    Place { side: Side::Head, copy: 0 },
    Place { side: Side::Head, copy: 1 },
];

/// All that a gate needs to measure.
pub(super) struct Session<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) programs: &'a Programs,
    pub(super) fixture: &'a Fixture,
    pub(super) interrupt: &'a Interrupt,
    /// No block begins later.
    pub(super) deadline: Option<Instant>,
    pub(super) random: fastrand::Rng,
    pub(super) planted: Option<Planted>,
    /// Where each round is kept, and what an earlier gate has kept there.
    pub(super) journal: Option<&'a mut Journal>,
    pub(super) kept: Vec<Round>,
}

/// What the self-test makes different on the head's side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Planted {
    /// Id of the case in which it does.
    pub(super) case: String,
    pub(super) how: Difference,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Difference {
    /// Each copy takes so much longer.
    Slower { percent: u32 },
    /// It is copied as another case of the scenario is.
    CopiedAs { case: String },
}

/// One worker for each of the four programs.
struct Workers(Vec<Worker>);

impl Workers {
    fn at(&mut self, place: Place) -> &mut Worker {
        let side = match place.side {
            Side::Base => 0,
            Side::Head => 2,
        };
        &mut self.0[side + place.copy]
    }
}

/// One worker, to see whether there is one. The inner error is what the program says instead.
pub(super) fn greet(program: &Path) -> Result<Result<Worker, String>> {
    Ok(match Worker::start(program, &gate_worker::ARGUMENTS)? {
        Hello::Worker(worker) => Ok(worker),
        Hello::Stranger(said) => Err(said),
    })
}

impl Session<'_> {
    /// Screens all of `samples`, and confirms those that are suspect.
    pub(super) fn measure(&mut self, samples: &mut [CaseSamples]) -> Result<End> {
        let all: Vec<usize> = (0..samples.len()).collect();
        let kept = |pass| self.kept.iter().map(|round| u32::from(round.pass == pass)).sum::<u32>();
        let (screened, confirmed) = (kept(Pass::Screen), kept(Pass::Confirm));
        for round in std::mem::take(&mut self.kept) {
            round.add_to(samples);
        }
        let left = SCREEN_BLOCKS.saturating_sub(screened);
        if self.pass(Pass::Screen, &all, left, samples)? == End::Interrupted {
            return Ok(End::Interrupted);
        }
        let suspect = |one: &CaseSamples| {
            one.failed.is_empty() && one.series(self.scenario.gate).iter().any(is_suspect)
        };
        let suspects: Vec<usize> = (0..samples.len()).filter(|&index| suspect(&samples[index])).collect();
        self.pass(Pass::Confirm, &suspects, CONFIRM_BLOCKS.saturating_sub(confirmed), samples)
    }

    /// `blocks` of the cases at these places of `samples`.
    fn pass(&mut self, pass: Pass, cases: &[usize], blocks: u32, samples: &mut [CaseSamples]) -> Result<End> {
        let mut left = blocks;
        while left > 0 && !cases.is_empty() && self.has_time() {
            let blocks = left.min(BLOCKS_PER_PROCESS);
            if self.generation(pass, cases, blocks, samples)? == End::Interrupted {
                return Ok(End::Interrupted);
            }
            left -= blocks;
        }
        Ok(End::Complete)
    }

    /// `blocks` by four new processes, each of which first copies every case once.
    fn generation(
        &mut self,
        pass: Pass,
        cases: &[usize],
        blocks: u32,
        samples: &mut [CaseSamples],
    ) -> Result<End> {
        let mut workers = self.workers(cases, samples)?;
        let warm_up = 1;
        for block in 0..warm_up + blocks {
            if block > warm_up && !self.has_time() {
                break;
            }
            let mut shuffled = cases.to_vec();
            self.random.shuffle(&mut shuffled);
            let mut quads = Vec::new();
            for index in shuffled {
                let one = &mut samples[index];
                if !one.failed.is_empty() {
                    continue;
                }
                let quad = self.quad(&mut workers, one, block < warm_up)?;
                if self.interrupt.raised() {
                    return Ok(End::Interrupted);
                }
                if !one.failed.is_empty() {
                    // A worker may have died of it.
                    workers = self.workers(cases, samples)?;
                    continue;
                }
                quads.extend(quad.map(|quad| (index, quad)));
            }
            let pass = if block < warm_up { Pass::WarmUp } else { pass };
            let round = Round::of(pass, quads, samples);
            if let Some(journal) = &mut self.journal {
                journal.add(&round)?;
            }
            round.add_to(samples);
        }
        Ok(End::Complete)
    }

    /// New ones, with the cases set up that both sides can copy.
    fn workers(&self, cases: &[usize], samples: &mut [CaseSamples]) -> Result<Workers> {
        let start = |place: &Place| {
            let program = self.programs.path(place.side, place.copy);
            greet(&program)?.map_err(|said| anyhow!("{} does not work: {said}", program.display()))
        };
        let mut workers = Workers(PLACES.iter().map(start).collect::<Result<_>>()?);
        for &index in cases {
            if samples[index].failed.is_empty() {
                self.prepare(&mut workers, &mut samples[index])?;
            }
        }
        Ok(workers)
    }

    /// Sets a case up in every worker; who cannot is written down.
    fn prepare(&self, workers: &mut Workers, one: &mut CaseSamples) -> Result<()> {
        let (source, destination) = (self.fixture.source(&one.case)?, self.fixture.destination(&one.case)?);
        for place in PLACES {
            let slower = match self.planted(place.side, &one.case) {
                Some(Difference::Slower { percent }) => Some(*percent),
                _ => None,
            };
            let case = self.asked_for(place.side, &one.case);
            let prepared =
                workers.at(place).prepare(&self.scenario.text, case, &source, &destination, slower);
            match prepared {
                Ok(refused) => told(one, place.side, refused),
                Err(error) => failed(one, place.side, &error),
            }
        }
        Ok(())
    }

    /// One block of a case; none where it was interrupted, invalid, or failed: then both sides had their turn.
    fn quad(&mut self, workers: &mut Workers, one: &mut CaseSamples, warm_up: bool) -> Result<Option<Quad>> {
        let (mut base, mut head) = ([None, None], [None, None]);
        let mut valid = true;
        for place in order(&mut self.random) {
            if self.interrupt.raised() {
                return Ok(None);
            }
            let content = warm_up || self.scenario.check == Check::Every;
            let asked_for = self.asked_for(place.side, &one.case);
            match self.trial(workers.at(place), &one.case, asked_for, content) {
                Ok(None) => return Ok(None),
                Ok(Some(Trial::Invalid { .. })) => valid = false,
                Ok(Some(Trial::Measured(measured))) => match place.side {
                    Side::Base => base[place.copy] = Some(measured),
                    Side::Head => head[place.copy] = Some(measured),
                },
                Err(error) => {
                    failed(one, place.side, &error);
                    self.fixture.clear(&one.case)?;
                }
            }
        }
        if !valid {
            one.invalid_blocks += 1;
        }
        Ok(both(base).zip(both(head)).map(|(base, head)| Quad { base, head }))
    }

    fn trial(
        &self,
        worker: &mut Worker,
        case: &Case,
        asked_for: &str,
        content: bool,
    ) -> Result<Option<Trial>> {
        runner::trial(self.fixture, case, content, self.interrupt, |_, _| worker.sample(asked_for))
    }

    /// What is planted in a case on this side.
    fn planted(&self, side: Side, case: &Case) -> Option<&Difference> {
        let planted = self.planted.as_ref().filter(|planted| side == Side::Head && planted.case == case.id);
        planted.map(|planted| &planted.how)
    }

    /// The id of the case that this side's workers are asked for.
    fn asked_for<'a>(&'a self, side: Side, case: &'a Case) -> &'a str {
        match self.planted(side, case) {
            Some(Difference::CopiedAs { case }) => case,
            _ => &case.id,
        }
    }

    fn has_time(&self) -> bool {
        self.deadline.is_none_or(|deadline| Instant::now() < deadline)
    }
}

fn both(copies: [Option<Measurement>; 2]) -> Option<[Measurement; 2]> {
    let [first, second] = copies;
    Some([first?, second?])
}

/// Once a side: its second copy is told the same.
fn told(one: &mut CaseSamples, side: Side, refused: Option<Vec<String>>) {
    if !one.refused.iter().any(|(known, _)| *known == side) {
        one.refused.extend(refused.map(|refused| (side, refused)));
    }
}

/// Once a side: its second copy fails by the same.
fn failed(one: &mut CaseSamples, side: Side, error: &anyhow::Error) {
    if !one.failed.iter().any(|(known, _)| *known == side) {
        one.failed.push((side, format!("{error:#}")));
    }
}
