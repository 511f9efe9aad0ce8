//! A limit for how many bytes are moved in a second. What was moved is a debt that waiting pays; chunks are so small that
//! waits are short where the rate allows.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::observe::Watch;
use crate::size::Rate;

/// No chunk takes longer than this part of a second.
const CHUNKS_A_SECOND: u64 = 10;

/// Chunks are whole blocks where one fits, the largest: direct access takes nothing else, and half a page in the cache is
/// written twice.
const BLOCKS: [u64; 2] = [64 * 1024, 4 * 1024];

/// A copy that was held up may be so much faster for a moment, to keep the average.
const CREDIT: Duration = Duration::from_millis(100);

/// Shorter waits are left until they have added up: each costs a system call and overshoots.
const SHORT: Duration = Duration::from_millis(1);

/// A limit that copies share.
#[derive(Debug)]
pub(crate) struct Pace {
    bytes_per_second: u64,
    /// When all that was moved would have been moved at the limit.
    due: Mutex<Option<Instant>>,
}

impl Pace {
    /// None where there is no limit.
    pub(crate) fn new(rate: Rate) -> Option<Self> {
        let bytes_per_second = rate.bytes_per_second();
        (bytes_per_second > 0).then_some(Self { bytes_per_second, due: Mutex::new(None) })
    }

    /// Most bytes to be moved by one step.
    pub(crate) fn chunk(&self) -> u64 {
        let most = (self.bytes_per_second / CHUNKS_A_SECOND).max(1);
        let block = BLOCKS.into_iter().find(|block| *block <= most).unwrap_or(1);
        most - most % block
    }

    /// The copies begin or go on: time before this is no credit.
    pub(crate) fn begin(&self) {
        let now = Instant::now();
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        *due = Some(due.map_or(now, |due| due.max(now)));
    }

    /// So many bytes were moved: waits until they may have been, or the caller wants no more.
    pub(crate) fn charge(&self, bytes: u64, watch: &Watch<'_>) {
        let due = self.due_after(bytes, Instant::now());
        if due.saturating_duration_since(Instant::now()) < SHORT {
            return;
        }
        watch.wait_until(due);
    }

    fn due_after(&self, bytes: u64, now: Instant) -> Instant {
        let nanoseconds = u128::from(bytes) * 1_000_000_000 / u128::from(self.bytes_per_second);
        let time = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX));
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let from = due.map_or(now, |due| due.max(now.checked_sub(CREDIT).unwrap_or(now)));
        // Centuries ahead is as good as never.
        let after = from.checked_add(time).unwrap_or(from);
        *due = Some(after);
        after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(bytes_per_second: u64) -> Pace {
        Pace::new(Rate::new(bytes_per_second)).unwrap()
    }

    #[test]
    fn bytes_add_up_to_time_whatever_the_steps() {
        let start = Instant::now();
        for (rate, step, steps, milliseconds) in
            [(1000, 100, 10, 1000), (1 << 10, 102, 10, 996), (10_000_000_000, 1 << 20, 10_000, 1048)]
        {
            let pace = pace(rate);
            let due = (0..steps).map(|_| pace.due_after(step, start)).last().unwrap();
            assert_eq!((due - start).as_millis(), milliseconds, "{rate}");
        }
    }

    #[test]
    fn a_stall_gives_little_credit() {
        let (pace, start) = (pace(1000), Instant::now());
        assert_eq!(pace.due_after(100, start), start + Duration::from_millis(100));
        let later = start + Duration::from_secs(10);
        assert_eq!(pace.due_after(200, later), later + Duration::from_millis(100));
    }

    #[test]
    fn chunks_are_the_whole_blocks_of_a_tenth_of_a_second() {
        for (rate, chunk) in [
            (1, 1),
            (1 << 10, 102),
            (81_919, 4096),
            (81_920, 8192),
            (1 << 20, 65_536),
            (1 << 30, 107_347_968),
        ] {
            assert_eq!(pace(rate).chunk(), chunk, "{rate}");
        }
        assert!(Pace::new(Rate::UNLIMITED).is_none());
    }

    #[test]
    fn a_wait_ends_when_the_caller_wants_no_more() {
        let cancel = crate::Cancel::new();
        cancel.cancel();
        let start = Instant::now();
        pace(1).charge(1000, &Watch::new(None, Some(&cancel), 0));
        assert!(start.elapsed() < Duration::from_secs(900));
    }
}
