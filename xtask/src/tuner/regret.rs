//! What a choice costs against the best that could have been chosen, on sizes that chose nothing.

use std::cmp::Ordering;
use std::fmt;

use orbit_engine::{ByteSize, Strategy};

use crate::comparison::{self, Ratio};
use crate::stats;

/// A tuned value may lose so much to the default before it is given up.
const TOLERATED: f64 = 0.02;

/// What all held-out sizes together are allowed to call lost by chance.
const ALPHA: f64 = 0.05;

/// What decided nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    /// A file of this size, by `auto`.
    Size(u64),
    /// A workload, and how it is copied.
    Tree(String, Strategy),
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size(bytes) => ByteSize::new(*bytes).fmt(f),
            Self::Tree(workload, strategy) => write!(f, "tree {workload} by {strategy}"),
        }
    }
}

/// What came of a tuning there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HeldOut {
    pub(crate) item: Item,
    /// Time of tuned over time of the defaults.
    pub(crate) ratio: Ratio,
    /// How much longer tuned takes than the best arm, as a fraction.
    pub(crate) regret: f64,
    pub(crate) default_regret: f64,
    /// Whether tuned is slower than the defaults by more than 2 %, beyond noise.
    pub(crate) loses: bool,
}

/// What all held-out items of a pair say, of which the first two arms are tuned and the defaults.
pub(crate) fn held_out(items: Vec<(Item, Held)>) -> Vec<HeldOut> {
    const TUNED: usize = 0;
    const DEFAULT: usize = 1;
    let columns: Vec<Vec<f64>> = items.iter().map(|(_, held)| held.ratios(TUNED, DEFAULT)).collect();
    let judged = comparison::ratios(&columns).into_iter().zip(losing(&columns));
    let row = |((item, held), (ratio, loses)): ((Item, Held), (Option<Ratio>, bool))| {
        let (regret, default_regret) = (held.regret(TUNED)?, held.regret(DEFAULT)?);
        Some(HeldOut { item, ratio: ratio?, regret, default_regret, loses })
    };
    items.into_iter().zip(judged).filter_map(row).collect()
}

/// What was held out, a size or a tree: the logarithms of the times of each arm, by arm, then by block.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Held {
    pub(crate) arms: Vec<Vec<f64>>,
}

impl Held {
    /// How much longer `arm` takes than an oracle, as a fraction: the arm that is fastest in one half of the blocks is the
    /// oracle of the other half. Chosen and scored on the same blocks it would win by chance. None with fewer than two
    /// blocks.
    fn regret(&self, arm: usize) -> Option<f64> {
        let half = |parity: usize, arm: usize| -> Vec<f64> {
            self.arms[arm].iter().skip(parity).step_by(2).copied().collect()
        };
        let mut scores = Vec::new();
        for (chooses, scores_it) in [(0, 1), (1, 0)] {
            let time = |arm: &usize| stats::median(&half(chooses, *arm)).unwrap_or(f64::INFINITY);
            let by_time = |a: &usize, b: &usize| -> Ordering { time(a).total_cmp(&time(b)) };
            let oracle = (0..self.arms.len()).min_by(by_time)?;
            let pairs = half(scores_it, arm).into_iter().zip(half(scores_it, oracle));
            scores.extend(pairs.map(|(own, best)| own - best));
        }
        let both_halves = self.arms[arm].len() >= 2;
        stats::hodges_lehmann(&scores).filter(|_| both_halves).map(f64::exp_m1)
    }

    /// ln(time of one arm / time of the other), block by block.
    fn ratios(&self, over: usize, under: usize) -> Vec<f64> {
        self.arms[over].iter().zip(&self.arms[under]).map(|(over, under)| over - under).collect()
    }
}

/// Which columns of ln(tuned / default) say that tuned is more than 2 % slower: one-sided signed-rank tests, with the
/// errors of all columns together held at 5 % (Holm).
fn losing(columns: &[Vec<f64>]) -> Vec<bool> {
    let shift = TOLERATED.ln_1p();
    let p_values: Vec<f64> =
        columns.iter().map(|column| stats::signed_rank_p_greater(column, shift).unwrap_or(1.0)).collect();
    stats::holm(&p_values, ALPHA)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(center: f64, seed: u64) -> Vec<f64> {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..40).map(|_| center + 0.02 * (random.f64() - 0.5)).collect()
    }

    #[test]
    fn the_regret_is_what_the_oracle_saves() {
        let held = Held { arms: vec![column(0.0, 1), column(0.1, 2)] };
        assert!(held.regret(0).unwrap().abs() < 1e-9);
        assert!((held.regret(1).unwrap() - 0.1_f64.exp_m1()).abs() < 0.01);
    }

    /// An oracle that is scored on the blocks that chose it beats its equals.
    #[test]
    fn equals_have_no_regret() {
        let regrets: Vec<f64> = (0..200)
            .filter_map(|seed| {
                let arms = (0..4).map(|arm| column(0.0, 4 * seed + arm)).collect();
                Held { arms }.regret(0)
            })
            .collect();
        let middle = stats::median(&regrets).unwrap();
        assert!(middle.abs() < 3e-4, "{middle}");
    }

    #[test]
    fn one_block_has_no_halves() {
        assert_eq!(Held { arms: vec![vec![0.0], vec![0.0]] }.regret(0), None);
    }

    #[test]
    fn only_a_clear_loss_is_one() {
        assert_eq!(losing(&[column(0.01, 1), column(0.2, 2), column(-0.2, 3)]), [false, true, false]);
        assert_eq!(losing(&[vec![0.9, 0.9]]), [false]);
    }
}
