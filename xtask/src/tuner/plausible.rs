//! What no measurement may say: a machine that copies faster than it moves memory, large files that take less time than
//! small ones, and a source on the disk that is read faster than one in memory. Whoever sees it must not be tuned by it.

use std::fmt;

use orbit_engine::ByteSize;

use crate::stats::{self, Interval};

/// Above so many times the measured bandwidth of memory. One thread may measure less than several can copy.
const BANDWIDTHS: f64 = 3.0;

/// Below this a file fits into caches that are faster than memory.
const LEAST_BYTES: u64 = 8 << 20;

/// A file so many times as large must not take less time.
const LARGER: u64 = 4;

/// Of intervals that do not overlap, how much less is still taken for chance.
const SLACK: f64 = 0.9;

/// The time of one case.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Timing {
    /// What cases of one arm share: all but the size and the cache.
    pub(crate) arm: String,
    pub(crate) size_bytes: u64,
    /// Whether extents were shared.
    pub(crate) clones: bool,
    /// Whether the source was on the disk alone.
    pub(crate) cold: bool,
    /// Median wall time with its 95 % interval.
    pub(crate) wall_ns: Interval,
}

/// A figure that cannot be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Implausible {
    TooFast { arm: String, size_bytes: u64, bytes_per_s: f64, memory_bytes_per_s: f64 },
    Shrinks { arm: String, small_bytes: u64, large_bytes: u64 },
    ColdFaster { arm: String, size_bytes: u64 },
}

impl fmt::Display for Implausible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFast { arm, size_bytes, bytes_per_s, memory_bytes_per_s } => write!(
                f,
                "{arm} copies {} at {:.1} GB/s, and memory moves {:.1} GB/s",
                ByteSize::new(*size_bytes),
                bytes_per_s / 1e9,
                memory_bytes_per_s / 1e9
            ),
            Self::Shrinks { arm, small_bytes, large_bytes } => {
                let [small, large] = [*small_bytes, *large_bytes].map(ByteSize::new);
                write!(f, "{arm} takes less time for {large} than for {small}")
            }
            Self::ColdFaster { arm, size_bytes } => {
                write!(f, "{arm} is faster from the disk than from memory at {}", ByteSize::new(*size_bytes))
            }
        }
    }
}

/// Everything among `timings` that cannot be, where memory moves `memory_bytes_per_s`, if that was measured.
pub(crate) fn implausible(timings: &[Timing], memory_bytes_per_s: Option<f64>) -> Vec<Implausible> {
    let fast = timings.iter().filter_map(|one| too_fast(one, memory_bytes_per_s?));
    let pairs = || timings.iter().flat_map(|one| timings.iter().map(move |other| (one, other)));
    fast.chain(pairs().filter_map(|(one, other)| shrinks(one, other)))
        .chain(pairs().filter_map(|(one, other)| cold_faster(one, other)))
        .collect()
}

fn too_fast(one: &Timing, memory_bytes_per_s: f64) -> Option<Implausible> {
    let bytes_per_s = stats::float(one.size_bytes) * 1e9 / one.wall_ns.estimate;
    let limit = BANDWIDTHS * memory_bytes_per_s;
    let is_bulk = !one.clones && one.size_bytes >= LEAST_BYTES;
    (is_bulk && bytes_per_s > limit).then(|| Implausible::TooFast {
        arm: one.arm.clone(),
        size_bytes: one.size_bytes,
        bytes_per_s,
        memory_bytes_per_s,
    })
}

fn shrinks(small: &Timing, large: &Timing) -> Option<Implausible> {
    let alike = small.arm == large.arm && small.cold == large.cold && small.clones == large.clones;
    let larger = large.size_bytes >= small.size_bytes.saturating_mul(LARGER);
    let less = large.wall_ns.upper < SLACK * small.wall_ns.lower;
    (alike && larger && less).then(|| Implausible::Shrinks {
        arm: small.arm.clone(),
        small_bytes: small.size_bytes,
        large_bytes: large.size_bytes,
    })
}

fn cold_faster(cold: &Timing, warm: &Timing) -> Option<Implausible> {
    let alike = cold.arm == warm.arm && cold.size_bytes == warm.size_bytes && cold.cold && !warm.cold;
    let faster = cold.wall_ns.upper < SLACK * warm.wall_ns.lower;
    (alike && faster).then(|| Implausible::ColdFaster { arm: cold.arm.clone(), size_bytes: cold.size_bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timing(size_bytes: u64, wall_ns: f64) -> Timing {
        let wall_ns = Interval { estimate: wall_ns, lower: 0.95 * wall_ns, upper: 1.05 * wall_ns };
        Timing { arm: "a".into(), size_bytes, clones: false, cold: false, wall_ns }
    }

    fn said(timings: &[Timing]) -> Vec<String> {
        implausible(timings, Some(10e9)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn no_copy_is_faster_than_memory_but_a_clone() {
        let fast = timing(64 << 20, 1e6);
        assert_eq!(
            said(std::slice::from_ref(&fast)),
            ["a copies 64MiB at 67.1 GB/s, and memory moves 10.0 GB/s"]
        );
        assert!(said(&[timing(64 << 20, 1e7)]).is_empty());
        assert!(said(&[Timing { clones: true, ..fast.clone() }]).is_empty());
        assert!(said(&[timing(1 << 20, 1e4)]).is_empty());
        assert!(implausible(&[fast], None).is_empty());
    }

    #[test]
    fn large_files_take_no_less_than_small_ones() {
        let small = timing(4096, 1000.0);
        assert_eq!(
            said(&[small.clone(), timing(16384, 500.0)]),
            ["a takes less time for 16KiB than for 4KiB"]
        );
        assert!(said(&[small.clone(), timing(16384, 900.0)]).is_empty());
        assert!(said(&[small.clone(), timing(8192, 500.0)]).is_empty());
        assert!(said(&[small, Timing { arm: "b".into(), ..timing(16384, 500.0) }]).is_empty());
    }

    #[test]
    fn the_disk_is_no_faster_than_memory() {
        let cold = Timing { cold: true, ..timing(4096, 500.0) };
        assert_eq!(
            said(&[cold.clone(), timing(4096, 1000.0)]),
            ["a is faster from the disk than from memory at 4KiB"]
        );
        assert!(said(&[cold, timing(4096, 400.0)]).is_empty());
    }
}
