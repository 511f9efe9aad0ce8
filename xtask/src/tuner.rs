//! From a run's samples to a decision about the zero-copy threshold of each pair of file systems. Pure: reads no
//! file, prints nothing.

mod ratios;
mod threshold;

use crate::stats::Interval;
use orbit_engine::Threshold;

pub(crate) use ratios::{Ratios, ratios};
pub(crate) use threshold::decide;

/// A threshold, and why.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) threshold: Threshold,
    pub(crate) accepted: bool,
    /// The threshold of least badness over all blocks, adopted or not.
    pub(crate) best: Threshold,
    /// Where that threshold falls when the blocks are drawn anew, 95 % of the time.
    pub(crate) best_lower: Threshold,
    pub(crate) best_upper: Threshold,
    /// Time saved against the default over the measured sizes, as a fraction, on blocks that did not choose the
    /// threshold. The lower bound holds with 99 % confidence, and is minus infinity with too few blocks.
    pub(crate) gain: Interval,
    /// The smallest gain that would have been seen in 90 of 100 such runs.
    pub(crate) detectable: Option<f64>,
}
