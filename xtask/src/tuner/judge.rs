//! Whether a choice may replace the value that is kept: judged on blocks that did not make it.

use crate::stats::{self, Interval};

/// A smaller gain is not worth a value of one's own.
pub(crate) const LEAST_GAIN: f64 = 0.0025;

/// How sure of its gain a choice must be: what is given away on one side. Found by the self-test, so that of 100 runs
/// without a difference at most one adopts something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// Between thresholds, whose gains are means over many sizes: 2 %.
    Threshold,
    /// Between values, of which the luckiest one is chosen: 0.5 %.
    Race,
}

impl Care {
    fn alpha(self) -> f64 {
        match self {
            Self::Threshold => 0.02,
            Self::Race => 0.005,
        }
    }
}

const POWER: f64 = 0.90;

/// Blocks that only choose.
const BURN_IN: usize = 4;

/// What choosing saves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Judgement {
    /// Time saved against the value that is kept, as a fraction. The lower bound holds with 98 % confidence for
    /// thresholds and 99.5 % for values that raced, and is minus infinity with too few blocks.
    pub(crate) gain: Interval,
    /// The smallest gain that would have been seen in 90 of 100 such runs.
    pub(crate) detectable: Option<f64>,
}

impl Judgement {
    /// Judges each block after the first few with what `choose` makes of the blocks before it; `saved` is what a choice
    /// saves on a block. Judging forward keeps choice and judgement apart. Folds do not: what chance put into the whole
    /// run chooses for every fold, and is then found again in it.
    pub(super) fn forward<C>(
        blocks: usize,
        care: Care,
        choose: impl Fn(usize) -> C,
        saved: impl Fn(usize, &C) -> f64,
    ) -> Self {
        let gains: Vec<f64> = (BURN_IN..blocks).map(|block| saved(block, &choose(block))).collect();
        let gain = stats::signed_rank_interval(&gains, 1.0 - 2.0 * care.alpha()).unwrap_or(Interval {
            estimate: stats::hodges_lehmann(&gains).unwrap_or(0.0),
            lower: f64::NEG_INFINITY,
            upper: f64::INFINITY,
        });
        let detectable = deviation(&gains)
            .and_then(|deviation| {
                stats::minimum_detectable_effect(deviation, gains.len(), care.alpha(), POWER)
            })
            .map(|effect| effect + LEAST_GAIN);
        Self { gain, detectable }
    }

    /// Whether the gain is beyond noise.
    pub(super) fn convinces(&self) -> bool {
        self.gain.lower > LEAST_GAIN
    }
}

/// Standard deviation from the median absolute deviation, by the factor of the normal distribution: one wild block
/// does not hide what the others can tell.
pub(super) fn deviation(values: &[f64]) -> Option<f64> {
    const NORMAL: f64 = 1.4826;
    stats::mad(values).map(|mad| NORMAL * mad).filter(|deviation| *deviation > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_judged_by_what_the_blocks_before_it_chose() {
        let judgement = Judgement::forward(
            40,
            Care::Race,
            |before| before,
            |block, chosen| {
                assert_eq!((*chosen, block >= BURN_IN), (block, true));
                0.1
            },
        );
        assert!(judgement.convinces());
        assert!((judgement.gain.estimate - 0.1).abs() < 1e-12 && judgement.detectable.is_none());
    }

    #[test]
    fn few_blocks_and_small_gains_convince_nobody() {
        let of = |blocks, gain| Judgement::forward(blocks, Care::Race, |_| (), |_, ()| gain);
        assert!(!of(11, 0.9).convinces() && of(12, 0.9).convinces());
        assert!(!of(99, LEAST_GAIN).convinces());
    }
}
