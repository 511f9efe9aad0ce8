//! What the tuner is worth, found out on timings whose truth is known: how much slower than the best its choices are,
//! and how often it adopts something where there is nothing to adopt.

use orbit_engine::{Threshold, Values};
use serde::{Deserialize, Serialize};

use super::planted::{self, Machine, Noise};
use super::threshold::{self, Curve};
use super::{RACE_BLOCKS, THRESHOLD_BLOCKS, race};
use crate::stats;

/// Most that the tuner's choices may be slower than the best ones, over all sizes and runs.
const MEAN_REGRET: f64 = 0.002;

/// The same for the worst held-out size.
const WORST_REGRET: f64 = 0.06;

/// Most runs without a difference that may adopt something.
const WRONG: f64 = 0.01;

/// The sizes that `tune` measures, and as many between them that it does not.
const SIZES: std::ops::RangeInclusive<u32> = 12..=24;

/// How much is simulated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Effort {
    /// Runs of each row.
    pub(crate) runs: u32,
    pub(crate) seed: u64,
}

/// What the self-test found. Schema `orbit.tuner-self-test/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SelfTest {
    pub(crate) schema: String,
    pub(crate) seed: u64,
    /// Blocks by which a threshold is decided on.
    pub(crate) threshold_blocks: u32,
    /// Blocks by which values race.
    pub(crate) race_blocks: u32,
    pub(crate) rows: Vec<Row>,
}

/// Runs with one planted truth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    /// What was planted.
    pub(crate) planted: String,
    pub(crate) noise_pct: f64,
    pub(crate) runs: u32,
    pub(crate) adopted: u32,
    /// Against the best choice, over all held-out sizes and runs; none where nothing differs.
    pub(crate) mean_regret_pct: Option<f64>,
    /// The mean over the runs at the held-out size where it is greatest.
    pub(crate) worst_size_regret_pct: Option<f64>,
    /// The bounds that do not hold.
    pub(crate) missed: Vec<String>,
}

impl SelfTest {
    pub(crate) fn holds(&self) -> bool {
        self.rows.iter().all(|row| row.missed.is_empty())
    }
}

/// Runs the tuner on planted timings.
pub(crate) fn self_test(effort: Effort) -> SelfTest {
    let mut rows = Vec::new();
    for deviation in [0.06, 0.12] {
        for most in [0.15, 0.35] {
            rows.push(crossing(effort, deviation, most));
        }
        rows.push(alike(effort, deviation));
        rows.push(one_faster(effort, deviation));
        rows.push(values_alike(effort, deviation));
    }
    SelfTest {
        schema: "orbit.tuner-self-test/1".into(),
        seed: effort.seed,
        threshold_blocks: THRESHOLD_BLOCKS,
        race_blocks: RACE_BLOCKS,
        rows,
    }
}

fn powers(range: std::ops::RangeInclusive<u32>) -> Vec<u64> {
    range.map(|power| 1 << power).collect()
}

/// Crossovers anywhere from 8 KiB to 8 MiB.
fn crossing(effort: Effort, deviation: f64, most: f64) -> Row {
    let (sizes, held) = (powers(SIZES), SIZES.map(|power| 3 << (power - 1)).collect::<Vec<u64>>());
    let mut random = fastrand::Rng::with_seed(effort.seed);
    let (mut adopted, mut regrets) = (0, vec![Vec::new(); held.len()]);
    for run in 0..effort.runs {
        let crossover = stats::whole(2_f64.powf(13.0 + 10.0 * random.f64()));
        let truth: Vec<f64> = sizes.iter().map(|size| planted::ratio(*size, crossover, most)).collect();
        let threshold = decided(effort, deviation, &sizes, &truth, run);
        adopted += u32::from(threshold != default());
        for (regrets, size) in regrets.iter_mut().zip(&held) {
            let ratio = planted::ratio(*size, crossover, most);
            let lost = if threshold.admits(*size) { ratio } else { -ratio };
            regrets.push(lost.max(0.0).exp_m1());
        }
    }
    let means: Vec<f64> = regrets.iter().map(|regrets| mean(regrets)).collect();
    let worst = means.iter().copied().fold(0.0, f64::max);
    row(format!("a crossover, up to {:.0} % apart", most.exp_m1() * 100.0), deviation, effort, adopted)
        .with_regret(mean(&means), worst)
}

/// Two ways of copying that are the same at every size.
fn alike(effort: Effort, deviation: f64) -> Row {
    let (sizes, truth) = (powers(SIZES), vec![0.0; SIZES.count()]);
    let moved = |run: &u32| decided(effort, deviation, &sizes, &truth, *run) != default();
    let adopted = (0..effort.runs).filter(moved).count();
    row("no crossover: both alike".into(), deviation, effort, count(adopted)).with_nothing_to_adopt()
}

/// Five values of a knob, of which one that is not kept is 8 % faster.
fn one_faster(effort: Effort, deviation: f64) -> Row {
    let truth: [f64; 5] = [0.1, 0.0, 0.08, 0.08, 0.2];
    let chosen: Vec<usize> = (0..effort.runs).map(|run| raced(effort, deviation, &truth, run)).collect();
    let regrets: Vec<f64> = chosen.iter().map(|value| truth[*value].exp_m1()).collect();
    let adopted = chosen.iter().filter(|value| **value != KEPT).count();
    row("a value 8 % faster than the kept one".into(), deviation, effort, count(adopted))
        .with_known_regret(mean(&regrets), None)
}

fn values_alike(effort: Effort, deviation: f64) -> Row {
    let adopted = (0..effort.runs).filter(|run| raced(effort, deviation, &[0.0; 5], *run) != KEPT).count();
    row("values that are alike".into(), deviation, effort, count(adopted)).with_nothing_to_adopt()
}

/// Which of the raced values is kept.
const KEPT: usize = 2;

fn default() -> Threshold {
    Values::default().zero_copy_threshold
}

fn decided(effort: Effort, deviation: f64, sizes: &[u64], truth: &[f64], run: u32) -> Threshold {
    // Both ways at every size are arms of a block.
    let arms: Vec<f64> = truth.iter().copied().chain(truth.iter().map(|_| 0.0)).collect();
    let blocks = machine(effort, deviation, run).blocks(&arms, THRESHOLD_BLOCKS as usize);
    let ratios = |block: Vec<f64>| {
        let (above, below) = block.split_at(sizes.len());
        above.iter().zip(below).map(|(above, below)| above - below).collect()
    };
    let curve = Curve { sizes: sizes.to_vec(), blocks: blocks.into_iter().map(ratios).collect() };
    threshold::settled(&curve, default())
}

fn raced(effort: Effort, deviation: f64, truth: &[f64], run: u32) -> usize {
    race::settled(&machine(effort, deviation, run).blocks(truth, RACE_BLOCKS as usize), KEPT)
}

fn machine(effort: Effort, deviation: f64, run: u32) -> Machine {
    Machine::new(Noise::realistic(deviation), effort.seed ^ (u64::from(run) << 20))
}

fn row(planted: String, deviation: f64, effort: Effort, adopted: u32) -> Row {
    Row {
        planted,
        noise_pct: 100.0 * deviation,
        runs: effort.runs,
        adopted,
        mean_regret_pct: None,
        worst_size_regret_pct: None,
        missed: Vec::new(),
    }
}

impl Row {
    fn with_known_regret(mut self, mean: f64, worst: Option<f64>) -> Self {
        self.mean_regret_pct = Some(percent(mean));
        self.worst_size_regret_pct = worst.map(percent);
        self
    }

    fn with_regret(mut self, mean: f64, worst: f64) -> Self {
        self = self.with_known_regret(mean, Some(worst));
        if mean > MEAN_REGRET {
            self.missed.push(format!("mean regret above {} %", percent(MEAN_REGRET)));
        }
        if worst > WORST_REGRET {
            self.missed.push(format!("regret of a size above {} %", percent(WORST_REGRET)));
        }
        self
    }

    fn with_nothing_to_adopt(mut self) -> Self {
        if f64::from(self.adopted) > WRONG * f64::from(self.runs) {
            self.missed.push(format!("adopted in more than {} % of the runs", percent(WRONG)));
        }
        self
    }
}

/// To thousandths.
fn percent(fraction: f64) -> f64 {
    (fraction * 100_000.0).round() / 1000.0
}

/// Of regrets, which are known exactly: no noise that a median would have to withstand.
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / stats::float(values.len().max(1) as u64)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The command runs 400 of each row and holds them to the bounds; so few only show a tuner that is broken.
    #[test]
    fn planted_truths_are_found_and_nothing_else() {
        let found = self_test(Effort { runs: 20, seed: 7 });
        assert_eq!(found.rows.len(), 10);
        for row in &found.rows {
            let holds = match (row.mean_regret_pct, row.worst_size_regret_pct) {
                (None, _) => row.adopted <= 1,
                (Some(mean), Some(worst)) => mean <= 0.4 && worst <= 6.0 && row.adopted >= 5,
                (Some(_), None) => row.adopted >= 5,
            };
            assert!(holds, "{row:?}");
        }
    }

    #[test]
    fn a_bound_that_is_missed_is_said() {
        let effort = Effort { runs: 100, seed: 7 };
        let bad = row("a".into(), 0.06, effort, 2).with_nothing_to_adopt().with_regret(0.003, 0.07);
        assert_eq!(bad.missed.len(), 3, "{bad:?}");
        let good = row("a".into(), 0.06, effort, 1).with_nothing_to_adopt().with_regret(0.002, 0.06);
        assert!(good.missed.is_empty(), "{good:?}");
    }
}
