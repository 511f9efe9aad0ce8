//! The bootstrap over blocks, for statistics that have no exact interval.
//!
//! A block is resampled whole, so whatever its samples share stays together; blocks must be independent
//! of each other. This is not the moving-block bootstrap of time series. With few blocks a percentile of
//! the replicates covers less often than it says: Hesterberg, "What Teachers Should Know About the
//! Bootstrap", The American Statistician 69(4), 2015, 371-386.

use super::interval::{Interval, is_level};
use super::quantile::{median, quantile, sorted};

/// Below this a median has no interval at 95 % either, whatever the distribution.
const FEWEST: usize = 6;

const REPLICATES: usize = 2000;

/// The indices of `n` blocks drawn with replacement from `0..n` (Efron and Tibshirani, An Introduction to the
/// Bootstrap, 1993, chapter 6).
pub(crate) fn bootstrap_indices(n: usize, rng: &mut fastrand::Rng) -> Vec<usize> {
    (0..n).map(|_| rng.usize(0..n)).collect()
}

/// The median of `over` over that of `under`, two independent sets of positive values, with the percentile interval of
/// the bootstrap, which draws from each set by itself (Efron and Tibshirani, chapters 8 and 13).
///
/// `None` if either set has fewer than six values or one that is not positive and finite, or if `confidence` is not
/// strictly between 0 and 1.
pub(crate) fn ratio_of_medians_interval(
    over: &[f64],
    under: &[f64],
    confidence: f64,
    rng: &mut fastrand::Rng,
) -> Option<Interval> {
    let usable = |values: &[f64]| {
        values.len() >= FEWEST && values.iter().all(|value| value.is_finite() && *value > 0.0)
    };
    if !usable(over) || !usable(under) || !is_level(confidence) {
        return None;
    }
    let (over, under) = (sorted(over)?, sorted(under)?);
    let ratios: Vec<f64> =
        (0..REPLICATES).map(|_| resampled_median(&over, rng) / resampled_median(&under, rng)).collect();
    let ratios = sorted(&ratios)?;
    let tail = (1.0 - confidence) / 2.0;
    Some(Interval {
        estimate: median(&over)? / median(&under)?,
        lower: quantile(&ratios, tail)?,
        upper: quantile(&ratios, 1.0 - tail)?,
    })
}

/// The median of as many draws as there are values; those are in ascending order, so only ranks are looked at.
fn resampled_median(sorted: &[f64], rng: &mut fastrand::Rng) -> f64 {
    let mut ranks = bootstrap_indices(sorted.len(), rng);
    let middle = ranks.len() / 2;
    let even = ranks.len().is_multiple_of(2);
    let (below, &mut upper, _) = ranks.select_nth_unstable(middle);
    let lower = if even { below.iter().copied().max().unwrap_or(upper) } else { upper };
    f64::midpoint(sorted[lower], sorted[upper])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// About log-normal, as durations are.
    fn durations(count: usize, rng: &mut fastrand::Rng) -> Vec<f64> {
        let mut normal = || (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0;
        (0..count).map(|_| (0.3 * normal()).exp()).collect()
    }

    #[test]
    fn the_interval_of_a_ratio_covers_it_as_often_as_it_says() {
        let mut rng = fastrand::Rng::with_seed(6);
        let trials = 200;
        let covered = (0..trials)
            .filter(|_| {
                let (over, under) = (durations(15, &mut rng), durations(12, &mut rng));
                let over: Vec<f64> = over.iter().map(|value| 2.0 * value).collect();
                let found = ratio_of_medians_interval(&over, &under, 0.95, &mut rng).unwrap();
                assert!(found.lower < found.upper);
                (found.lower..=found.upper).contains(&2.0)
            })
            .count();
        // 190 expected with a standard deviation of 3; the percentile interval covers a little more of medians.
        assert!((180..=200).contains(&covered), "{covered} of {trials}");
    }

    #[test]
    fn equal_values_have_an_exact_ratio() {
        let mut rng = fastrand::Rng::with_seed(1);
        let found = ratio_of_medians_interval(&[3.0; 7], &[2.0; 6], 0.95, &mut rng).unwrap();
        assert_eq!((found.lower, found.estimate, found.upper), (1.5, 1.5, 1.5));
    }

    #[test]
    fn too_little_has_no_interval() {
        let mut rng = fastrand::Rng::with_seed(1);
        let mut none = |over: &[f64], under: &[f64], confidence: f64| {
            ratio_of_medians_interval(over, under, confidence, &mut rng).is_none()
        };
        let (six, five, zero) = ([1.0; 6], [1.0; 5], [1.0, 1.0, 1.0, 1.0, 1.0, 0.0]);
        assert!(none(&five, &six, 0.95) && none(&six, &five, 0.95));
        assert!(none(&zero, &six, 0.95) && none(&six, &zero, 0.95));
        assert!(none(&six, &six, 1.0) && none(&six, &six, 0.0));
        assert!(!none(&six, &six, 0.95));
    }

    #[test]
    fn a_resampled_median_is_a_median() {
        let mut rng = fastrand::Rng::with_seed(9);
        let values = [1.0, 2.0, 4.0, 8.0];
        for _ in 0..1000 {
            let mut same = rng.clone();
            let drawn: Vec<f64> = bootstrap_indices(4, &mut same).into_iter().map(|at| values[at]).collect();
            assert_eq!(Some(resampled_median(&values, &mut rng)), median(&drawn));
        }
    }

    #[test]
    fn indices_are_uniform_and_independent() {
        let mut rng = fastrand::Rng::with_seed(43);
        assert_eq!(bootstrap_indices(0, &mut rng), [0; 0]);
        let (n, draws) = (5, 20_000);
        let mut counts = vec![[0_u32; 5]; n];
        let mut repeats = 0;
        for _ in 0..draws {
            let indices = bootstrap_indices(n, &mut rng);
            assert_eq!(indices.len(), n);
            for (position, &index) in indices.iter().enumerate() {
                counts[position][index] += 1;
            }
            repeats += u32::from(indices[0] == indices[1]);
        }
        // 4,000 expected with a standard deviation of 57.
        assert!(counts.iter().flatten().all(|count| count.abs_diff(4000) < 250), "{counts:?}");
        assert!(repeats.abs_diff(4000) < 250, "{repeats}");
    }
}
