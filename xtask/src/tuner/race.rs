//! Which of several values of one knob is fastest: all run in every block, the one that is kept among them.

use super::judge::{Care, deviation};
use super::{Judgement, Outcome, Verdict, furthest, redrawn, verdict};
use crate::stats;

/// The values of one knob, side by side.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Race<T> {
    /// From the one that asks for least of the machine on.
    pub(crate) values: Vec<T>,
    /// Index of the value that stays unless another one is better.
    pub(crate) kept: usize,
    /// For each block, for each value: the logarithm of its time; of several sizes, the mean of the logarithms.
    pub(crate) blocks: Vec<Vec<f64>>,
}

/// Decides between the values of `race`. `seed` draws the blocks for the interval.
pub(crate) fn race<T: Clone>(race: &Race<T>, seed: u64) -> Outcome<T> {
    let Race { ref values, kept, ref blocks } = *race;
    let (best, judgement) = judged(blocks, kept);
    let (lower, upper) = redrawn(blocks, seed, |blocks| least(blocks, kept));
    let others = (0..values.len()).filter(|value| *value != kept);
    let open = furthest(&others.map(|value| differences(blocks, value, kept)).collect::<Vec<_>>());
    let verdict = verdict(&judgement, open, best != kept);
    let value = |index: usize| values[index].clone();
    Outcome {
        value: value(if verdict == Verdict::Accepted { best } else { kept }),
        verdict,
        best: value(best),
        lower: value(lower),
        upper: value(upper),
        judgement,
        open,
        blocks: blocks.len(),
    }
}

/// The index that is decided on, without the interval, which decides nothing.
pub(super) fn settled(blocks: &[Vec<f64>], kept: usize) -> usize {
    let (best, judgement) = judged(blocks, kept);
    if best != kept && judgement.convinces() { best } else { kept }
}

fn judged(blocks: &[Vec<f64>], kept: usize) -> (usize, Judgement) {
    let every: Vec<&Vec<f64>> = blocks.iter().collect();
    let saved = |block: usize, to: &usize| blocks[block][kept] - blocks[block][*to];
    let judgement =
        Judgement::forward(blocks.len(), Care::Race, |before| least(&every[..before], kept), saved);
    (least(&every, kept), judgement)
}

/// The first value that is within one standard error of the fastest one, by paired differences: Breiman, Friedman,
/// Olshen and Stone, Classification and Regression Trees, 1984, section 3.4.3. The standard error of a median of normal
/// values is √(π/2) times that of their mean.
fn least(blocks: &[&Vec<f64>], kept: usize) -> usize {
    let values = blocks.first().map_or(0, |block| block.len());
    let difference = |value: usize, from: usize| differences(blocks, value, from);
    let behind = |value: &usize| stats::median(&difference(*value, kept)).unwrap_or(0.0);
    let by_time = |a: &usize, b: &usize| behind(a).total_cmp(&behind(b));
    let Some(fastest) = (0..values).min_by(by_time) else { return kept };
    let is_close = |value: &usize| {
        let column = difference(*value, fastest);
        let error = deviation(&column).unwrap_or(0.0) * std::f64::consts::FRAC_PI_2.sqrt();
        stats::median(&column)
            .is_some_and(|behind| behind <= error / stats::float(column.len() as u64).sqrt())
    };
    (0..values).find(is_close).unwrap_or(fastest)
}

/// How much longer `value` takes than `from`, block by block.
fn differences<B: AsRef<[f64]>>(blocks: &[B], value: usize, from: usize) -> Vec<f64> {
    blocks.iter().map(AsRef::as_ref).map(|block| block[value] - block[from]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values 0, 1, 2, … with the planted logarithms of their times.
    fn planted(truth: &[f64], kept: usize, noise: f64, count: usize, seed: u64) -> Race<usize> {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut normal = || (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
        let blocks = (0..count).map(|_| truth.iter().map(|time| time + noise * normal()).collect()).collect();
        Race { values: (0..truth.len()).collect(), kept, blocks }
    }

    #[test]
    fn the_smallest_of_the_fastest_is_adopted() {
        let outcome = race(&planted(&[0.3, 0.0, 0.0, 0.2, 0.1], 4, 0.02, 25, 1), 1);
        assert_eq!((outcome.value, outcome.verdict), (1, Verdict::Accepted), "{outcome:?}");
        assert!(outcome.lower <= 1 && outcome.upper <= 2, "{outcome:?}");
    }

    #[test]
    fn the_kept_value_stays_where_it_is_fastest() {
        let outcome = race(&planted(&[0.3, 0.0, 0.3], 1, 0.02, 25, 2), 2);
        assert_eq!((outcome.value, outcome.best, outcome.verdict), (1, 1, Verdict::Kept));
    }

    /// Another value must be better than the kept one, not merely fast.
    #[test]
    fn a_tuned_value_is_not_given_up_for_one_that_is_as_fast() {
        let truth = [0.0, 0.0, 0.3];
        assert_eq!(race(&planted(&truth, 1, 0.05, 25, 3), 3).value, 1);
        assert_eq!(race(&planted(&truth, 2, 0.05, 25, 3), 3).value, 0);
    }

    #[test]
    fn a_knob_without_effect_is_called_so_with_the_figure() {
        let outcome = race(&planted(&[0.0; 4], 2, 0.01, 25, 4), 4);
        assert_eq!((outcome.value, outcome.verdict), (2, Verdict::NoEffect));
        assert!(outcome.open.unwrap() < 0.02, "{outcome:?}");
        // With this much noise it cannot be known.
        let noisy = race(&planted(&[0.0; 4], 2, 0.12, 25, 4), 4);
        assert_eq!((noisy.value, noisy.verdict), (2, Verdict::Kept), "{noisy:?}");
    }

    #[test]
    fn noise_alone_changes_nothing() {
        for noise in [0.06, 0.12] {
            let adopted =
                (0..400).filter(|&seed| settled(&planted(&[0.0; 5], 2, noise, 25, seed).blocks, 2) != 2);
            assert!(adopted.count() <= 4, "{noise}");
        }
    }
}
