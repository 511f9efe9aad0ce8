//! The only place that falls back: rung after rung, each going on where the one before it stopped.

mod climb;

use std::io;

use crate::attempt::{Ends, Failure, LONG_CLONE, Rung, Task, failed};
use crate::drive::{Driven, Goal, Manner, Position, drive};
use crate::error::Operation;
use crate::holes::Segments;
use crate::keeper::Keeper;
use crate::limit::Limit;
use crate::observe::{FIRST_STEP, Watch};
use crate::outcome::{Moved, Refusal, RefusalReason};
use crate::pace::Pace;
use crate::parallel::{Dealt, Share, deal};
use crate::platform::{self, At, Calls, Meaning, Volume};
use crate::select::Plan;
use crate::strategy::Mechanism;

pub(crate) use climb::{Climb, End};

/// What is to be copied, and who looks on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) ends: Ends<'a>,
    /// Between which mounts, to remember what is refused there.
    pub(crate) from: Volume,
    pub(crate) to: Volume,
    /// Length of the source; 0 where only reading tells it.
    pub(crate) size: u64,
    /// Whether the source has holes that are to stay holes.
    pub(crate) has_holes: bool,
    /// Whether blocks of zeros become holes.
    pub(crate) skip_zeros: bool,
    /// Whether the process's limit for sizes of files holds for the destination; not for devices.
    pub(crate) is_limited: bool,
    pub(crate) watch: &'a Watch<'a>,
    /// The limit that the copy keeps.
    pub(crate) pace: Option<&'a Pace>,
    /// Bytes that have arrived by an earlier copy.
    pub(crate) start: u64,
    /// Who writes down which blocks have arrived.
    pub(crate) keeper: Option<&'a Keeper>,
    /// Beside what a mechanism that makes the new file itself may do so.
    pub(crate) beside: Option<At<'a>>,
}

/// Files up to this size are written by one call, which the system cuts short at a limit before it raises a signal.
const ONE_WRITE: u64 = 64 * 1024;

/// Copies what `job` says by the rungs of `plan`.
pub(crate) fn climb(plan: &Plan, job: Job<'_>, calls: &Calls) -> Result<Climb, Failure> {
    let mut ladder = Ladder {
        plan,
        job,
        calls,
        next: 0,
        rung: None,
        limit: Limit::new(job.is_limited),
        position: Position { offset: job.start, moved: 0 },
        climb: Climb { threads: 1, ..Climb::default() },
    };
    let end = ladder.file();
    ladder.leave_rung();
    let climb = Climb { bytes: ladder.position.offset, data_bytes: ladder.position.moved, ..ladder.climb };
    Ok(Climb { end: end?, ..climb })
}

struct Ladder<'a> {
    plan: &'a Plan,
    job: Job<'a>,
    calls: &'a Calls,
    /// Index of the rung of the plan that is at work or the next to be.
    next: usize,
    /// That rung, once it has what it needs.
    rung: Option<Rung>,
    limit: Limit,
    position: Position,
    climb: Climb,
}

impl Ladder<'_> {
    fn file(&mut self) -> Result<End, Failure> {
        let Job { size, has_holes, skip_zeros, .. } = self.job;
        if size == 0 {
            let driven = self.stretch(Goal::End)?;
            return self.cut_short(driven, !skip_zeros);
        }
        if size > ONE_WRITE || !self.is_in_turn() {
            self.limit.admit(size, self.calls)?;
        }
        while let Some(&mechanism) = self.plan.rungs.get(self.next).filter(|next| next.is_whole()) {
            let driven = self.take(mechanism, Goal::At(size))?;
            if !matches!(driven, Driven::Refused { .. }) {
                return Ok(End::of(driven));
            }
            self.job.note(self.position.offset);
        }
        if self.plan.rungs.get(self.next).is_none() {
            // A file of holes alone would need none.
            return Ok(End::Refused);
        }
        let from = self.job.ends.from;
        let mut segments = Segments::new(from, self.position.offset, size, has_holes, self.calls).peekable();
        let is_whole = segments.peek().is_some_and(|first| *first == (self.position.offset..size));
        if !is_whole || skip_zeros {
            platform::allow_holes(self.calls, self.job.ends.to);
            // Before anything is written: a file system that sees a file grow allocates ahead of it (XFS), into what is
            // to be a hole.
            self.set_length(size)?;
        }
        for segment in segments {
            self.skip_to(segment.start);
            while self.position.offset < segment.end {
                let block_end =
                    self.job.keeper.map_or(u64::MAX, |keeper| keeper.block_end(self.position.offset));
                match self.stretch(Goal::At(segment.end.min(block_end)))? {
                    Driven::Complete => self.job.note(self.position.offset),
                    driven => return self.cut_short(driven, is_whole && !skip_zeros),
                }
            }
        }
        self.skip_to(size);
        Ok(End::Complete)
    }

    /// Nothing is to be moved before `offset`.
    fn skip_to(&mut self, offset: u64) {
        if let Some(keeper) = self.job.keeper {
            keeper.passed(offset);
        }
        self.position.offset = offset;
        self.job.watch.reached(offset);
    }

    /// Threads may have written behind the end that one of them found, and a length that was given is too long.
    fn cut_short(&mut self, driven: Driven, grew: bool) -> Result<End, Failure> {
        if driven == Driven::Ended && (!grew || self.climb.threads > 1) {
            self.set_length(self.position.offset)?;
        }
        Ok(End::of(driven))
    }

    fn set_length(&self, length: u64) -> Result<(), Failure> {
        self.limit.admit(length, self.calls)?;
        platform::set_length(self.calls, self.job.ends.to, length).map_err(failed(Operation::SetLength))
    }

    /// Goes to `goal` by the rung at work and, where it is refused, by those below it.
    fn stretch(&mut self, goal: Goal) -> Result<Driven, Failure> {
        let mut driven = Driven::Refused { reason: RefusalReason::MovedNothing, every_file: false };
        while let (Driven::Refused { .. }, Some(&mechanism)) = (driven, self.plan.rungs.get(self.next)) {
            driven = self.take(mechanism, goal)?;
        }
        Ok(driven)
    }

    /// Goes on by one rung; where that is refused, the next one is to follow.
    fn take(&mut self, mechanism: Mechanism, goal: Goal) -> Result<Driven, Failure> {
        let before = self.position.moved;
        let driven = match self.opened(mechanism) {
            Ok(mut rung) => {
                let driven = self.run(&mut rung, mechanism, goal);
                self.rung = Some(rung);
                driven?
            }
            Err(failure) => cannot_start(mechanism, failure)?,
        };
        self.note_moved(mechanism, self.position.moved - before, driven);
        if let Driven::Refused { reason, every_file } = driven {
            if let (true, RefusalReason::Errno(errno)) = (every_file, reason) {
                crate::memory::note_refusal(self.job.from, self.job.to, mechanism, errno);
            }
            self.climb.refusals.push(Refusal { mechanism, reason, at: self.position.offset });
            // Threads may have been ahead of it; the next rung does that again.
            self.job.watch.reached(self.position.offset);
            self.leave_rung();
            self.next += 1;
        }
        Ok(driven)
    }

    fn opened(&mut self, mechanism: Mechanism) -> Result<Rung, Failure> {
        match self.rung.take() {
            Some(rung) => Ok(rung),
            None => Rung::new(mechanism, &self.plan.values, self.job.task(), self.job.ends, self.calls),
        }
    }

    fn run(&mut self, rung: &mut Rung, mechanism: Mechanism, goal: Goal) -> Result<Driven, Failure> {
        let manner = self.job.manner(mechanism, goal);
        match (goal, self.range(mechanism, goal)) {
            (Goal::At(end), Some(range)) => self.run_parallel(rung, mechanism, end, range),
            _ => {
                let (job, calls, limit) = (self.job, self.calls, &self.limit);
                let step = |offset, left| {
                    limit.admit_byte(offset, calls)?;
                    rung.step(job.ends, offset, left, job.watch, calls)
                };
                let more = |offset| has_more(job.ends, offset, calls);
                drive(manner, &mut self.position, step, more)
            }
        }
    }

    fn run_parallel(
        &mut self,
        rung: &mut Rung,
        mechanism: Mechanism,
        end: u64,
        range: u64,
    ) -> Result<Driven, Failure> {
        let (job, plan, task) = (self.job, self.plan, self.job.task());
        let make = |calls: &Calls| Rung::new(mechanism, &plan.values, task, job.ends, calls);
        let others = vec![make; plan.threads.saturating_sub(1) as usize];
        let manner = self.job.manner(mechanism, Goal::At(end));
        let drive_range = |rung: &mut Rung, end, position: &mut Position, calls: &Calls| {
            let step = |offset, left| rung.step(job.ends, offset, left, job.watch, calls);
            let more = |offset| has_more(job.ends, offset, calls);
            drive(Manner { goal: Goal::At(end), ..manner }, position, step, more)
        };
        let share = Share { end, range };
        let Dealt { driven, threads } =
            deal(share, &mut self.position, rung, &others, &drive_range, self.calls);
        self.climb.threads = self.climb.threads.max(threads);
        driven
    }

    /// Bytes that one thread takes at a time, where several are to go to `goal`.
    fn range(&self, mechanism: Mechanism, goal: Goal) -> Option<u64> {
        let Goal::At(end) = goal else { return None };
        let values = &self.plan.values;
        let is_long = values.parallel_threshold.admits(end.saturating_sub(self.position.offset));
        match mechanism {
            _ if self.plan.threads < 2 || !is_long || self.job.skip_zeros => None,
            Mechanism::ReadWrite => Some(values.buffered_chunk.bytes()),
            Mechanism::Splice => Some(values.pipe_size.bytes()),
            _ => None,
        }
    }

    fn note_moved(&mut self, mechanism: Mechanism, bytes: u64, driven: Driven) {
        if bytes == 0 && !matches!(driven, Driven::Complete | Driven::Ended) {
            return;
        }
        match self.climb.moved.last_mut() {
            Some(last) if last.mechanism == mechanism => last.bytes += bytes,
            _ => self.climb.moved.push(Moved { mechanism, bytes }),
        }
    }

    fn leave_rung(&mut self) {
        if let Some(rung) = self.rung.take() {
            self.climb.made = rung.leave(self.job.ends, self.calls);
        }
    }

    /// Whether no two writes of the file are made at once, of which the second would not be checked.
    fn is_in_turn(&self) -> bool {
        self.plan.threads < 2 && !self.plan.rungs.contains(&Mechanism::IoUring)
    }
}

impl<'a> Job<'a> {
    /// A file of `size` bytes without holes, from its begin on, without anything beside.
    pub(crate) fn plain(
        ends: Ends<'a>,
        (from, to): (Volume, Volume),
        size: u64,
        watch: &'a Watch<'a>,
    ) -> Self {
        let (has_holes, skip_zeros, is_limited) = (false, false, true);
        let (pace, start, keeper, beside) = (None, 0, None, None);
        Self { ends, from, to, size, has_holes, skip_zeros, is_limited, watch, pace, start, keeper, beside }
    }

    fn task(&self) -> Task<'a> {
        let Self { size, skip_zeros, watch, beside, .. } = *self;
        Task { size, watched: watch.is_on(), skip_zeros, beside }
    }

    /// The bytes are about to move: the limit's clock runs, and what has arrived already is told.
    pub(crate) fn begin(&self) {
        self.watch.goes_on_at(self.start);
        if let Some(pace) = self.pace {
            pace.begin();
        }
    }

    /// All before `offset` has arrived.
    fn note(&self, offset: u64) {
        if let Some(keeper) = self.keeper {
            keeper.arrived(offset);
        }
    }

    /// How a mechanism goes to `goal`.
    pub(crate) fn manner(&self, mechanism: Mechanism, goal: Goal) -> Manner<'a> {
        // A clone moves nothing, so that much of it is done in a moment, whatever the limit.
        let (first_step, pace) = match mechanism {
            Mechanism::Reflink => (LONG_CLONE, None),
            _ => (FIRST_STEP, self.pace),
        };
        let last = mechanism == Mechanism::ReadWrite;
        Manner { goal, last, first_step, watch: self.watch, pace }
    }
}

/// A rung that cannot get what it needs (a pipe, when descriptors are scarce) is one that cannot work here.
fn cannot_start(mechanism: Mechanism, failure: Failure) -> Result<Driven, Failure> {
    // A queue is charged to a limit of its own on older kernels, which answer that there is no memory.
    if failure.error.kind() == io::ErrorKind::Unsupported || mechanism == Mechanism::IoUring {
        return Ok(Driven::Refused { reason: failure.reason(), every_file: false });
    }
    match platform::meaning(&failure.error, false) {
        Meaning::Failed | Meaning::Interrupted => Err(failure),
        Meaning::Refused { .. } => Ok(Driven::Refused { reason: failure.reason(), every_file: false }),
    }
}

/// An in-kernel call that moved nothing may mean the end, or a file (procfs, some FUSE) that only answers reads.
fn has_more(ends: Ends<'_>, offset: u64, calls: &Calls) -> Result<bool, Failure> {
    platform::read_at(calls, ends.from, &mut [0], offset)
        .map(|read| read > 0)
        .map_err(failed(Operation::Read))
}

#[cfg(test)]
mod tests;
