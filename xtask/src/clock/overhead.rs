//! What measuring itself costs on this machine, found out before a run.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::{Clock, nanoseconds};

/// Medians, without what a copy costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Overhead {
    /// Reading all clocks and counters before and after a copy. Not part of any measured time.
    pub(crate) reading_ns: u64,
    /// The wall time that a sample of nothing shows: part of every measured time.
    pub(crate) empty_wall_ns: u64,
    /// The processor time that it shows.
    pub(crate) empty_cpu_ns: u64,
}

impl Overhead {
    const TIMES: usize = 1000;

    pub(crate) fn measure() -> Self {
        let sample = || {
            let start = Instant::now();
            let times = Clock::start().stop();
            (nanoseconds(start.elapsed()), times.wall_ns, times.cpu_ns)
        };
        let samples: Vec<(u64, u64, u64)> = (0..Self::TIMES).map(|_| sample()).collect();
        let of = |field: fn(&(u64, u64, u64)) -> u64| middle(samples.iter().map(field).collect());
        Self {
            reading_ns: of(|sample| sample.0),
            empty_wall_ns: of(|sample| sample.1),
            empty_cpu_ns: of(|sample| sample.2),
        }
    }
}

/// The upper one of two.
fn middle(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_takes_less_than_reading_the_clocks() {
        let Overhead { reading_ns, empty_wall_ns, empty_cpu_ns } = Overhead::measure();
        assert!(empty_wall_ns < reading_ns, "{empty_wall_ns} {reading_ns}");
        assert!(empty_cpu_ns > 0, "the clock stood still");
        assert_eq!((middle(vec![]), middle(vec![5, 1, 3]), middle(vec![4, 1])), (0, 3, 4));
    }
}
