//! What measuring itself costs on this machine, found out before a run.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::{Clock, Times, nanoseconds};

/// Medians, without what a copy costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Overhead {
    /// Around each measured time and no part of it: reading all clocks and counters before and after.
    pub(crate) reading_ns: u64,
    /// Within each measured time: the wall time that a sample of nothing shows.
    pub(crate) empty_wall_ns: u64,
    /// The processor time that it shows; none where the system does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) empty_cpu_ns: Option<u64>,
}

impl Overhead {
    const TIMES: usize = 1000;

    /// The most that may be within the measured time: 1 % of a copy of a millisecond.
    pub(crate) const MOST: Duration = Duration::from_micros(10);

    pub(crate) fn measure() -> Self {
        Self::of(Self::TIMES, || Clock::start().stop())
    }

    /// Of what `nothing` takes and shows, as often as this.
    fn of(times: usize, nothing: impl Fn() -> Times) -> Self {
        let sample = || {
            let start = Instant::now();
            let shown = nothing();
            let around = nanoseconds(start.elapsed()).saturating_sub(shown.wall_ns);
            (around, shown.wall_ns, shown.cpu_ns)
        };
        let samples: Vec<(u64, u64, Option<u64>)> = (0..times).map(|_| sample()).collect();
        let of = |field: fn(&(u64, u64, Option<u64>)) -> u64| middle(samples.iter().map(field).collect());
        let cpu: Option<Vec<u64>> = samples.iter().map(|sample| sample.2).collect();
        Self {
            reading_ns: of(|sample| sample.0),
            empty_wall_ns: of(|sample| sample.1),
            empty_cpu_ns: cpu.map(middle),
        }
    }

    /// Whether what is within each measured time is at most [`Overhead::MOST`].
    pub(crate) fn is_small(self) -> bool {
        self.empty_wall_ns.max(self.empty_cpu_ns.unwrap_or(0)) <= nanoseconds(Self::MOST)
    }
}

/// The upper one of two.
fn middle(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::system;

    #[test]
    fn what_is_read_is_around_the_measured_time() {
        let found = Overhead::measure();
        assert!(
            found.empty_wall_ns < found.reading_ns && found.empty_cpu_ns.is_none_or(|ns| ns > 0),
            "{found:?}"
        );
        assert_eq!((middle(vec![]), middle(vec![5, 1, 3]), middle(vec![4, 1])), (0, 3, 4));
    }

    /// Whether this machine's is, a run says: an emulator's is not.
    #[test]
    fn small_is_what_both_clocks_call_so() {
        let is_small = |empty_wall_ns, empty_cpu_ns| {
            Overhead { reading_ns: 1_000_000, empty_wall_ns, empty_cpu_ns }.is_small()
        };
        assert!(is_small(10_000, Some(10_000)) && is_small(10_000, None));
        assert!(!is_small(10_001, Some(0)) && !is_small(0, Some(10_001)));
    }

    #[test]
    fn an_absurd_overhead_is_seen_where_it_is() {
        let pause = Duration::from_millis(1);
        let around = Overhead::of(5, || {
            thread::sleep(pause);
            Clock::start().stop()
        });
        assert!(around.reading_ns >= 1_000_000, "{around:?}");
        assert!(around.empty_wall_ns.max(around.empty_cpu_ns.unwrap_or(0)) < 1_000_000, "{around:?}");
        let within = Overhead::of(5, || {
            let clock = Clock::start();
            thread::sleep(pause);
            clock.stop()
        });
        assert!(within.empty_wall_ns >= 1_000_000 && !within.is_small(), "{within:?}");
        let working = Overhead::of(5, || {
            let clock = Clock::start();
            let begun = Instant::now();
            while begun.elapsed() < pause {}
            Times { wall_ns: 0, ..clock.stop() }
        });
        if system::KNOWS_PROCESSOR_TIME {
            assert!(working.empty_cpu_ns > Some(0) && !working.is_small(), "{working:?}");
        }
    }
}
