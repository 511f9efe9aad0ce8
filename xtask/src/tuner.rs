//! From timings to decisions: thresholds, values that are raced, and what they are worth on sizes that decided nothing.
//! Pure: reads no file, prints nothing, draws only from the seed that it is given.

mod cloning;
mod fields;
mod judge;
mod observed;
mod pair;
mod planted;
mod plausible;
mod race;
mod ratios;
mod regret;
mod self_test;
mod threshold;

use crate::stats::{self, Interval};

pub(crate) use cloning::Moves;
pub(crate) use judge::Judgement;
#[cfg(test)]
pub(crate) use judge::LEAST_GAIN;
pub(crate) use observed::Observed;
pub(crate) use pair::{Figures, Findings, Found, Pair, Shown, tuned};
pub(crate) use ratios::Row;
pub(crate) use regret::{Held, HeldOut, Item, held_out};
pub(crate) use self_test::{Effort, Row as SelfTestRow, SelfTest, self_test};
pub(crate) use threshold::Curve;

/// Paired blocks by which `tune` decides on a threshold.
pub(crate) const THRESHOLD_BLOCKS: u32 = 200;

/// The same for values that race.
pub(crate) const RACE_BLOCKS: u32 = 120;

/// Resamples of the block bootstrap.
const RESAMPLES: usize = 2000;

/// What the tuner made of a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The measured value is better than the kept one beyond noise.
    Accepted,
    /// None is.
    Kept,
    /// None can make a difference that matters.
    NoEffect,
}

/// A value, and why.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Outcome<T> {
    pub(crate) value: T,
    pub(crate) verdict: Verdict,
    /// The choice by all blocks, adopted or not.
    pub(crate) best: T,
    /// Where that choice falls when the blocks are drawn anew, 95 % of the time.
    pub(crate) lower: T,
    pub(crate) upper: T,
    pub(crate) judgement: Judgement,
    /// The largest difference from the kept value that a 95 % interval leaves open, as a fraction; none with too few
    /// blocks.
    pub(crate) open: Option<f64>,
    pub(crate) blocks: usize,
}

/// Differences up to this are none: hardly anyone could tell them from a rebuilt kernel.
const NEGLIGIBLE: f64 = 0.02;

/// What the figures say, where `changes` tells whether the choice is another value than the kept one.
fn verdict(judgement: &Judgement, open: Option<f64>, changes: bool) -> Verdict {
    match open {
        _ if changes && judgement.convinces() => Verdict::Accepted,
        Some(open) if open <= NEGLIGIBLE => Verdict::NoEffect,
        _ => Verdict::Kept,
    }
}

/// The furthest from zero that the 95 % intervals of the columns reach; none where one has too few values.
fn furthest(columns: &[Vec<f64>]) -> Option<f64> {
    const CONFIDENCE: f64 = 0.95;
    let reach = |column: &Vec<f64>| {
        let Interval { lower, upper, .. } = stats::signed_rank_interval(column, CONFIDENCE)?;
        Some(lower.abs().max(upper.abs()))
    };
    columns.iter().map(reach).try_fold(0.0, |most: f64, reach| Some(most.max(reach?)))
}

/// Between which choices `choose` falls, 95 % of the time, when whole blocks are drawn anew: block bootstrap, percentile
/// interval (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13).
fn redrawn(blocks: &[Vec<f64>], seed: u64, choose: impl Fn(&[&Vec<f64>]) -> usize) -> (usize, usize) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut chosen: Vec<usize> = (0..RESAMPLES)
        .map(|_| {
            let drawn = stats::bootstrap_indices(blocks.len(), &mut random);
            choose(&drawn.into_iter().map(|index| &blocks[index]).collect::<Vec<_>>())
        })
        .collect();
    chosen.sort_unstable();
    (chosen[RESAMPLES / 40], chosen[RESAMPLES - 1 - RESAMPLES / 40])
}

#[cfg(test)]
mod tests;
