//! Which threshold is least bad, and whether that is known well enough to give up the default.

use orbit_engine::{Threshold, Values};

use super::{Outcome, Ratios};
use crate::stats::{self, Interval};

/// A smaller gain is not worth a value of one's own.
const LEAST_GAIN: f64 = 0.0025;

/// Both tails of a 99 % one-sided bound.
const CONFIDENCE: f64 = 0.98;

/// What is given away on one side, for the smallest gain that would have been seen.
const ALPHA: f64 = 0.01;

/// Blocks that only choose.
const BURN_IN: usize = 4;

const RESAMPLES: usize = 2000;
const POWER: f64 = 0.90;

/// Decides on the threshold of the pair that `ratios` compares. `seed` draws the blocks for the interval.
pub(crate) fn decide(ratios: &Ratios, seed: u64) -> Outcome {
    let Ratios { sizes, blocks, .. } = ratios;
    let default = Values::default().zero_copy_threshold;
    let kept = index_of(default, sizes);
    let judgement = judge(blocks, kept);
    let (lower, upper) = interval(blocks, kept, seed);
    let threshold = |index| if index == kept { default } else { threshold_of(index, sizes) };
    Outcome {
        threshold: if judgement.accepted { threshold(judgement.best) } else { default },
        accepted: judgement.accepted,
        best: threshold(judgement.best),
        best_lower: threshold(lower),
        best_upper: threshold(upper),
        gain: judgement.gain,
        detectable: judgement.detectable,
    }
}

/// Which threshold is least bad, and whether it is to replace the one that is `kept`.
struct Judgement {
    best: Index,
    accepted: bool,
    gain: Interval,
    detectable: Option<f64>,
}

fn judge(blocks: &[Vec<f64>], kept: Index) -> Judgement {
    let every: Vec<&Vec<f64>> = blocks.iter().collect();
    let best = least_bad(&every, kept);
    let gains = forward_gains(blocks, kept);
    let gain = stats::signed_rank_interval(&gains, CONFIDENCE).unwrap_or(Interval {
        estimate: stats::hodges_lehmann(&gains).unwrap_or(0.0),
        lower: f64::NEG_INFINITY,
        upper: f64::INFINITY,
    });
    let detectable = deviation(&gains)
        .and_then(|deviation| stats::minimum_detectable_effect(deviation, gains.len(), ALPHA, POWER))
        .map(|effect| effect + LEAST_GAIN);
    Judgement { best, accepted: best != kept && gain.lower > LEAST_GAIN, gain, detectable }
}

/// A threshold, as the index of the first size that uses zero-copy: 0 is always, the number of sizes is never.
type Index = usize;

fn index_of(threshold: Threshold, sizes: &[u64]) -> Index {
    sizes.iter().position(|&size| threshold.admits(size)).unwrap_or(sizes.len())
}

fn threshold_of(index: Index, sizes: &[u64]) -> Threshold {
    match (index, sizes.get(index)) {
        (0, _) => Threshold::Always,
        (_, Some(&size)) => Threshold::AtLeast(size),
        (_, None) => Threshold::Never,
    }
}

/// The index of least total badness; among equals the one nearest to `kept`. The badness of a threshold is the sum,
/// over the sizes that it sends the slower way, of the logarithm of how much slower that is.
fn least_bad(blocks: &[&Vec<f64>], kept: Index) -> Index {
    let sizes = blocks.first().map_or(0, |block| block.len());
    let estimates: Vec<f64> = (0..sizes)
        .map(|size| {
            let column: Vec<f64> = blocks.iter().map(|block| block[size]).collect();
            stats::median(&column).unwrap_or(0.0)
        })
        .collect();
    let badness = |index: Index| -> f64 {
        let (buffered, zero_copy) = estimates.split_at(index);
        buffered.iter().map(|r| (-r).max(0.0)).chain(zero_copy.iter().map(|r| r.max(0.0))).sum()
    };
    let better = |a: &Index, b: &Index| {
        badness(*a).total_cmp(&badness(*b)).then(a.abs_diff(kept).cmp(&b.abs_diff(kept)))
    };
    (0..=sizes).min_by(better).unwrap_or(kept)
}

/// For each block after the first few, what a threshold that was chosen from the blocks before it saves: the mean over
/// all sizes of the logarithm of the default's time over the threshold's. Judging forward keeps choice and judgement
/// apart. Folds do not: what chance put into the whole run chooses for every fold, and is then found again in it.
fn forward_gains(blocks: &[Vec<f64>], kept: Index) -> Vec<f64> {
    (BURN_IN..blocks.len())
        .map(|block| {
            let before: Vec<&Vec<f64>> = blocks[..block].iter().collect();
            saved(&blocks[block], kept, least_bad(&before, kept))
        })
        .collect()
}

/// What moving the threshold from `from` to `to` saves on one block.
fn saved(block: &[f64], from: Index, to: Index) -> f64 {
    let changed: f64 =
        if to < from { -block[to..from].iter().sum::<f64>() } else { block[from..to].iter().sum() };
    changed / count(block.len().max(1))
}

/// Between which thresholds the choice falls when whole blocks are drawn anew (block bootstrap, percentile interval).
fn interval(blocks: &[Vec<f64>], kept: Index, seed: u64) -> (Index, Index) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut chosen: Vec<Index> = (0..RESAMPLES)
        .map(|_| {
            let drawn = stats::bootstrap_indices(blocks.len(), &mut random);
            let drawn: Vec<&Vec<f64>> = drawn.into_iter().map(|index| &blocks[index]).collect();
            least_bad(&drawn, kept)
        })
        .collect();
    chosen.sort_unstable();
    (chosen[RESAMPLES / 40], chosen[RESAMPLES - 1 - RESAMPLES / 40])
}

/// Standard deviation from the median absolute deviation, by the factor of the normal distribution: one wild block
/// does not hide what the others can tell.
fn deviation(gains: &[f64]) -> Option<f64> {
    const NORMAL: f64 = 1.4826;
    stats::mad(gains).map(|mad| NORMAL * mad).filter(|deviation| *deviation > 0.0)
}

#[expect(clippy::cast_precision_loss, reason = "there are far fewer than 2^53 sizes")]
fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [u64; 6] = [4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20];

    /// Blocks around the planted logarithms, with normal-like noise of standard deviation `noise`.
    fn planted(truth: [f64; 6], noise: f64, count: usize, seed: u64) -> Ratios {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut normal = || (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
        let blocks = (0..count).map(|_| truth.iter().map(|r| r + noise * normal()).collect()).collect();
        Ratios { sizes: SIZES.to_vec(), blocks, rows: Vec::new() }
    }

    #[test]
    fn a_planted_crossover_is_found_and_adopted() {
        for (truth, expected) in [
            ([0.2, 0.2, 0.2, 0.2, -0.2, -0.3], Threshold::AtLeast(1 << 20)),
            ([-0.2, -0.2, -0.2, -0.2, -0.2, -0.3], Threshold::Always),
            ([0.2, 0.2, 0.2, 0.2, 0.2, 0.3], Threshold::Never),
            ([0.2, -0.2, -0.2, -0.2, -0.2, -0.3], Threshold::AtLeast(16 << 10)),
        ] {
            let outcome = decide(&planted(truth, 0.06, 15, 1), 1);
            assert!(outcome.accepted, "{outcome:?}");
            assert_eq!((outcome.threshold, outcome.best), (expected, expected));
            assert!(outcome.gain.lower > LEAST_GAIN);
        }
    }

    #[test]
    fn the_default_stays_where_it_is_best() {
        let outcome = decide(&planted([0.2, 0.2, -0.2, -0.2, -0.2, -0.2], 0.06, 15, 2), 2);
        assert!(!outcome.accepted);
        assert_eq!(outcome.threshold, Values::default().zero_copy_threshold);
    }

    /// Zero-copy and buffered alike: whatever the noise says, the default must stay nearly always.
    #[test]
    fn noise_alone_changes_nothing() {
        for noise in [0.06, 0.12] {
            let adopted = (0..400)
                .filter(|&seed| {
                    let Ratios { sizes, blocks, .. } = planted([0.0; 6], noise, 15, seed);
                    judge(&blocks, index_of(Values::default().zero_copy_threshold, &sizes)).accepted
                })
                .count();
            assert!(adopted <= 4, "{adopted} of 400 at {noise}");
        }
    }

    #[test]
    fn too_few_blocks_change_nothing() {
        for count in 1..=10 {
            let outcome = decide(&planted([-0.9; 6], 0.01, count, 3), 3);
            assert!(!outcome.accepted, "{count}");
        }
    }

    #[test]
    fn the_interval_holds_the_planted_threshold_and_is_wide_where_nothing_differs() {
        let sharp = decide(&planted([0.5, 0.5, 0.5, 0.5, -0.5, -0.5], 0.06, 15, 4), 4);
        assert_eq!((sharp.best_lower, sharp.best_upper), (sharp.best, sharp.best));
        let flat = decide(&planted([0.0; 6], 0.12, 15, 4), 4);
        assert_ne!(flat.best_lower, flat.best_upper);
    }

    #[test]
    fn a_gain_is_what_the_changed_sizes_save() {
        let block = [0.1, -0.2, 0.3];
        assert!((saved(&block, 2, 1) - 0.2 / 3.0).abs() < 1e-12);
        assert!((saved(&block, 2, 3) - 0.3 / 3.0).abs() < 1e-12);
        assert!(saved(&block, 2, 2).abs() < 1e-12);
    }
}
