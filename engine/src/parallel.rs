//! One stretch of a file by several threads, range by range. Each range is driven by the one loop; here they are dealt
//! out, and what arrived is put together.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::attempt::{Failure, Rung};
use crate::drive::{Driven, Position};
use crate::platform::Calls;

/// What is to be dealt out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share {
    /// Where the stretch ends; it begins where the position is.
    pub(crate) end: u64,
    /// Bytes of one range.
    pub(crate) range: u64,
}

/// What the threads of a stretch have in common.
struct Deal<'a, Drive> {
    share: Share,
    /// Begin of the next range that nobody has.
    next: AtomicU64,
    stop: AtomicBool,
    /// How ranges ended that did not complete, with the offset that they reached.
    ends: Mutex<Vec<(u64, Result<Driven, Failure>)>>,
    drive: &'a Drive,
}

/// What one thread did.
#[derive(Debug, Default, Clone, Copy)]
struct Work {
    ranges: u64,
    moved: u64,
    calls: u64,
}

/// How a stretch went.
#[derive(Debug)]
pub(crate) struct Dealt {
    pub(crate) driven: Result<Driven, Failure>,
    /// How many threads moved anything.
    pub(crate) threads: u32,
}

/// Drives from `position` to the end of `share` by the calling thread with `rung` and, for each of `others` that can be had, by a thread of its own
/// with the rung that it makes. `position` ends where everything before has arrived; bytes behind it may have arrived too.
///
/// `drive` takes a rung through one range, as [`crate::drive::drive`] does.
pub(crate) fn deal<Drive, Make>(
    share: Share,
    position: &mut Position,
    rung: &mut Rung,
    others: &[Make],
    drive: &Drive,
    calls: &Calls,
) -> Dealt
where
    Drive: Fn(&mut Rung, u64, &mut Position, &Calls) -> Result<Driven, Failure> + Sync,
    Make: Fn(&Calls) -> Result<Rung, Failure> + Sync,
{
    let (next, stop) = (AtomicU64::new(position.offset), AtomicBool::new(false));
    let deal = &Deal { share, next, stop, ends: Mutex::default(), drive };
    let works: Vec<Work> = thread::scope(|scope| {
        let start = |make| thread::Builder::new().spawn_scoped(scope, move || work_apart(deal, make));
        // Without a thread to be had, the others do its work.
        let threads: Vec<_> = others.iter().filter_map(|make| start(make).ok()).collect();
        let own = deal.work(rung, calls);
        let join = |thread: thread::ScopedJoinHandle<'_, Work>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        std::iter::once(own).chain(threads.into_iter().map(join)).collect()
    });
    calls.add(works.iter().map(|work| work.calls).sum());
    position.moved += works.iter().map(|work| work.moved).sum::<u64>();
    let threads = works.iter().filter(|work| work.ranges > 0).count();
    let (offset, driven) = deal.outcome();
    position.offset = offset;
    Dealt { driven, threads: u32::try_from(threads).unwrap_or(u32::MAX) }
}

/// The work of a thread with a rung of its own. A rung that cannot be had (no descriptors for a pipe) leaves the work to
/// the others. Its calls are not in those of the caller yet.
fn work_apart<Drive, Make>(deal: &Deal<'_, Drive>, make: &Make) -> Work
where
    Drive: Fn(&mut Rung, u64, &mut Position, &Calls) -> Result<Driven, Failure> + Sync,
    Make: Fn(&Calls) -> Result<Rung, Failure>,
{
    let calls = Calls::default();
    let work = make(&calls).map(|mut rung| deal.work(&mut rung, &calls)).unwrap_or_default();
    Work { calls: calls.total(), ..work }
}

impl<Drive> Deal<'_, Drive>
where
    Drive: Fn(&mut Rung, u64, &mut Position, &Calls) -> Result<Driven, Failure> + Sync,
{
    fn work(&self, rung: &mut Rung, calls: &Calls) -> Work {
        let mut work = Work::default();
        while !self.stop.load(Ordering::Relaxed) {
            let begin = self.next.fetch_add(self.share.range, Ordering::Relaxed);
            if begin >= self.share.end {
                break;
            }
            let end = begin.saturating_add(self.share.range).min(self.share.end);
            let mut position = Position { offset: begin, moved: 0 };
            let driven = (self.drive)(rung, end, &mut position, calls);
            work.ranges += 1;
            work.moved += position.moved;
            if !matches!(driven, Ok(Driven::Complete)) {
                self.stop.store(true, Ordering::Relaxed);
                self.ends.lock().unwrap_or_else(PoisonError::into_inner).push((position.offset, driven));
            }
        }
        work
    }

    /// What ended first in the file speaks for all: nothing before it is missing.
    fn outcome(&self) -> (u64, Result<Driven, Failure>) {
        let ends = std::mem::take(&mut *self.ends.lock().unwrap_or_else(PoisonError::into_inner));
        let dealt = self.next.load(Ordering::Relaxed).min(self.share.end);
        ends.into_iter().min_by_key(|(offset, _)| *offset).unwrap_or((dealt, Ok(Driven::Complete)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffer::Buffer;
    use crate::outcome::RefusalReason;

    const RANGE: u64 = 10;

    fn rung() -> Rung {
        Rung::ReadWrite { buffer: Buffer::for_file(1, 1) }
    }

    fn play(
        threads: usize,
        size: u64,
        drive: impl Fn(u64, &mut Position) -> Result<Driven, Failure> + Sync,
    ) -> (Position, Dealt) {
        let mut position = Position::default();
        let others = vec![|_: &Calls| Ok(rung()); threads - 1];
        let drive = |_: &mut Rung, end: u64, position: &mut Position, _: &Calls| drive(end, position);
        let dealt = deal(
            Share { end: size, range: RANGE },
            &mut position,
            &mut rung(),
            &others,
            &drive,
            &Calls::default(),
        );
        (position, dealt)
    }

    fn complete(end: u64, position: &mut Position) -> Result<Driven, Failure> {
        position.moved += end - position.offset;
        position.offset = end;
        Ok(Driven::Complete)
    }

    #[test]
    fn every_byte_is_dealt_once() {
        for (threads, size) in [(1, 1), (2, 10), (2, 11), (3, 1005), (8, 12_345)] {
            let (position, dealt) = play(threads, size, complete);
            assert_eq!(position, Position { offset: size, moved: size }, "{threads} {size}");
            assert!(matches!(dealt.driven, Ok(Driven::Complete)));
            assert!(dealt.threads >= 1 && dealt.threads as usize <= threads);
        }
    }

    #[test]
    fn a_refusal_is_told_at_the_first_byte_that_is_missing() {
        let reason = RefusalReason::Errno(95);
        let (threads, refused) = (AtomicU64::new(0), AtomicU64::new(0));
        let refuse = |end: u64, position: &mut Position| {
            if (51..=80).contains(&end) {
                position.offset += 3;
                // Two threads are refused at once.
                refused.fetch_add(1, Ordering::Relaxed);
                while refused.load(Ordering::Relaxed) < threads.load(Ordering::Relaxed).min(2) {
                    thread::yield_now();
                }
                return Ok(Driven::Refused { reason, every_file: false });
            }
            complete(end, position)
        };
        for count in [1, 2, 4] {
            threads.store(count, Ordering::Relaxed);
            refused.store(0, Ordering::Relaxed);
            let (position, dealt) = play(usize::try_from(count).unwrap(), 1000, refuse);
            assert_eq!(position.offset, 53, "{count} threads");
            assert!(matches!(dealt.driven, Ok(Driven::Refused { .. })));
        }
    }
}
