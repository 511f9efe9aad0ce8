//! Whether `copy_file_range` copies, or shares extents: the call is one, and their times have nothing to do with each
//! other. A clone is never compared with a copy as its equal.

use crate::stats;

/// What a call that was asked to copy did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moves {
    /// It shared extents: the time hardly depends on the size.
    Clones,
    /// It moved bytes: the time grows with the size.
    Copies,
}

/// The sizes must span this factor.
const LEAST_SPAN: f64 = 8.0;

/// Halfway between a time that does not grow and one that grows as the size does, on logarithms.
const HALFWAY: f64 = 0.5;

/// Classifies `(size in bytes, time)`; none where the sizes are too close together to tell. Sizes should be from 1 MiB
/// on: below, opening and naming the file cost more than moving its bytes. Where `can_reflink` says that extents cannot
/// be shared here, nothing is a clone.
pub(crate) fn classify(points: &[(u64, f64)], can_reflink: bool) -> Option<Moves> {
    if !can_reflink {
        return Some(Moves::Copies);
    }
    let logs: Vec<(f64, f64)> =
        points.iter().map(|(size, time)| (stats::float(*size).ln(), time.ln())).collect();
    let least = logs.iter().map(|point| point.0).fold(f64::INFINITY, f64::min);
    let most = logs.iter().map(|point| point.0).fold(f64::NEG_INFINITY, f64::max);
    if most - least < LEAST_SPAN.ln() {
        return None;
    }
    let slope = stats::theil_sen(&logs)?;
    Some(if slope < HALFWAY { Moves::Clones } else { Moves::Copies })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// The times of `cost` and so much for each byte.
    fn timed(cost: f64, byte: f64) -> Vec<(u64, f64)> {
        [1, 4, 16, 64].map(|size| (size * MIB, cost + byte * stats::float(size * MIB))).to_vec()
    }

    #[test]
    fn what_does_not_grow_with_the_size_is_a_clone() {
        // 30 µs and 0.4 ns a byte, as copies in memory take; a clone takes 100 µs and some for its extents.
        assert_eq!(classify(&timed(30e3, 0.4), true), Some(Moves::Copies));
        assert_eq!(classify(&timed(100e3, 0.001), true), Some(Moves::Clones));
    }

    #[test]
    fn nothing_is_a_clone_where_extents_cannot_be_shared() {
        assert_eq!(classify(&timed(100e3, 0.001), false), Some(Moves::Copies));
    }

    #[test]
    fn sizes_that_are_alike_tell_nothing() {
        assert_eq!(classify(&[(MIB, 1.0), (4 * MIB, 1.0)], true), None);
        assert_eq!(classify(&[], true), None);
    }
}
