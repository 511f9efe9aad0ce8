//! Which threshold is least bad, and whether that is known well enough to give up the one that is kept.

use orbit_engine::Threshold;

use super::judge::Care;
use super::{Judgement, Outcome, furthest, redrawn, verdict};
use crate::stats;

/// How two ways of copying compare over sizes, block by block.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Curve {
    /// Ascending.
    pub(crate) sizes: Vec<u64>,
    /// For each block, for each size: ln(time of the way above the threshold / time of the way below it).
    pub(crate) blocks: Vec<Vec<f64>>,
}

/// Decides on the threshold of `curve`, which is `kept` unless another one is better. `seed` draws the blocks for the
/// interval.
pub(crate) fn decide(curve: &Curve, kept: Threshold, seed: u64) -> Outcome<Threshold> {
    let Curve { sizes, blocks } = curve;
    let stays = index_of(kept, sizes);
    let (best, judgement) = judged(blocks, stays);
    let (lower, upper) = redrawn(blocks, seed, |blocks| least_bad(blocks, stays));
    let threshold = |index| if index == stays { kept } else { threshold_of(index, sizes) };
    let open = furthest(&columns(blocks));
    let verdict = verdict(&judgement, open, best != stays);
    Outcome {
        value: if verdict == super::Verdict::Accepted { threshold(best) } else { kept },
        verdict,
        best: threshold(best),
        lower: threshold(lower),
        upper: threshold(upper),
        judgement,
        open,
        blocks: blocks.len(),
    }
}

/// The same without the interval, which decides nothing.
pub(super) fn settled(curve: &Curve, kept: Threshold) -> Threshold {
    let stays = index_of(kept, &curve.sizes);
    let (best, judgement) = judged(&curve.blocks, stays);
    if best != stays && judgement.convinces() { threshold_of(best, &curve.sizes) } else { kept }
}

fn judged(blocks: &[Vec<f64>], kept: Index) -> (Index, Judgement) {
    let every: Vec<&Vec<f64>> = blocks.iter().collect();
    let choose = |before: usize| least_bad(&every[..before], kept);
    let judgement = Judgement::forward(blocks.len(), Care::Threshold, choose, |block, &to| {
        saved(&blocks[block], kept, to)
    });
    (least_bad(&every, kept), judgement)
}

/// A threshold, as the index of the first size above it: 0 is always, the number of sizes is never.
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

/// For each size, its values in all blocks.
fn columns<B: AsRef<[f64]>>(blocks: &[B]) -> Vec<Vec<f64>> {
    let sizes = blocks.first().map_or(0, |block| block.as_ref().len());
    (0..sizes).map(|size| blocks.iter().map(|block| block.as_ref()[size]).collect()).collect()
}

/// The index of least total badness; among equals the one nearest to `kept`. The badness of a threshold is the sum,
/// over the sizes that it sends the slower way, of the logarithm of how much slower that is.
fn least_bad(blocks: &[&Vec<f64>], kept: Index) -> Index {
    let estimates: Vec<f64> =
        columns(blocks).iter().map(|column| stats::median(column).unwrap_or(0.0)).collect();
    let badness = |index: Index| -> f64 {
        let (below, above) = estimates.split_at(index);
        below.iter().map(|r| (-r).max(0.0)).chain(above.iter().map(|r| r.max(0.0))).sum()
    };
    let better = |a: &Index, b: &Index| {
        badness(*a).total_cmp(&badness(*b)).then(a.abs_diff(kept).cmp(&b.abs_diff(kept)))
    };
    (0..=estimates.len()).min_by(better).unwrap_or(kept)
}

/// What moving the threshold from `from` to `to` saves on one block: the mean over all sizes of the logarithm of the
/// time before over the time after.
fn saved(block: &[f64], from: Index, to: Index) -> f64 {
    let changed: f64 =
        if to < from { -block[to..from].iter().sum::<f64>() } else { block[from..to].iter().sum() };
    changed / stats::float(block.len().max(1) as u64)
}

#[cfg(test)]
mod tests {
    use orbit_engine::Values;

    use super::super::{LEAST_GAIN, Verdict};
    use super::*;

    const SIZES: [u64; 6] = [4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20];

    fn default() -> Threshold {
        Values::default().zero_copy_threshold
    }

    /// Blocks around the planted logarithms, with normal-like noise of standard deviation `noise`.
    fn planted(truth: [f64; 6], noise: f64, count: usize, seed: u64) -> Curve {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut normal = || (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
        let blocks = (0..count).map(|_| truth.iter().map(|r| r + noise * normal()).collect()).collect();
        Curve { sizes: SIZES.to_vec(), blocks }
    }

    #[test]
    fn a_planted_crossover_is_found_and_adopted() {
        for (truth, expected) in [
            ([0.2, 0.2, 0.2, 0.2, -0.2, -0.3], Threshold::AtLeast(1 << 20)),
            ([-0.2, -0.2, -0.2, -0.2, -0.2, -0.3], Threshold::Always),
            ([0.2, 0.2, 0.2, 0.2, 0.2, 0.3], Threshold::Never),
            ([0.2, -0.2, -0.2, -0.2, -0.2, -0.3], Threshold::AtLeast(16 << 10)),
        ] {
            let outcome = decide(&planted(truth, 0.06, 15, 1), default(), 1);
            assert_eq!(outcome.verdict, Verdict::Accepted, "{outcome:?}");
            assert_eq!((outcome.value, outcome.best), (expected, expected));
            assert!(outcome.judgement.gain.lower > LEAST_GAIN);
        }
    }

    #[test]
    fn the_default_stays_where_it_is_best() {
        let outcome = decide(&planted([0.2, 0.2, -0.2, -0.2, -0.2, -0.2], 0.06, 15, 2), default(), 2);
        assert_eq!((outcome.verdict, outcome.value), (Verdict::Kept, default()));
    }

    /// What a tuned file says is given up only for what is better than that, not than the default.
    #[test]
    fn a_tuned_threshold_stays_where_it_is_as_good() {
        let flat_between = [0.3, 0.0, 0.0, -0.3, -0.3, -0.3];
        for kept in [16 << 10, 64 << 10, 256 << 10].map(Threshold::AtLeast) {
            assert_eq!(decide(&planted(flat_between, 0.06, 25, 5), kept, 5).value, kept);
        }
        let bad = decide(&planted(flat_between, 0.06, 25, 5), Threshold::AtLeast(4 << 20), 5);
        assert_eq!(bad.verdict, Verdict::Accepted, "{bad:?}");
    }

    /// Zero-copy and buffered alike: whatever the noise says, the default must stay nearly always.
    #[test]
    fn noise_alone_changes_nothing() {
        for noise in [0.06, 0.12] {
            let adopted =
                (0..400).filter(|&seed| settled(&planted([0.0; 6], noise, 25, seed), default()) != default());
            let adopted = adopted.count();
            assert!(adopted <= 4, "{adopted} of 400 at {noise}");
        }
    }

    #[test]
    fn ways_that_are_alike_to_the_percent_have_no_effect() {
        let outcome = decide(&planted([0.0; 6], 0.01, 25, 6), default(), 6);
        assert_eq!(outcome.verdict, Verdict::NoEffect, "{outcome:?}");
    }

    #[test]
    fn too_few_blocks_change_nothing() {
        for count in 1..=9 {
            let outcome = decide(&planted([-0.9; 6], 0.01, count, 3), default(), 3);
            assert_eq!(outcome.verdict, Verdict::Kept, "{count}");
        }
    }

    #[test]
    fn the_interval_holds_the_planted_threshold_and_is_wide_where_nothing_differs() {
        let sharp = decide(&planted([0.5, 0.5, 0.5, 0.5, -0.5, -0.5], 0.06, 15, 4), default(), 4);
        assert_eq!((sharp.lower, sharp.upper), (sharp.best, sharp.best));
        let flat = decide(&planted([0.0; 6], 0.12, 15, 4), default(), 4);
        assert_ne!(flat.lower, flat.upper);
    }

    #[test]
    fn a_gain_is_what_the_changed_sizes_save() {
        let block = [0.1, -0.2, 0.3];
        assert!((saved(&block, 2, 1) - 0.2 / 3.0).abs() < 1e-12);
        assert!((saved(&block, 2, 3) - 0.3 / 3.0).abs() < 1e-12);
        assert!(saved(&block, 2, 2).abs() < 1e-12);
    }
}
