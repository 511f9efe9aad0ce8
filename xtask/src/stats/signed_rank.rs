//! Wilcoxon's signed-rank estimate, confidence interval and test, for one value per block.
//!
//! They assume independent values, symmetric about their center; what `median_interval` need not.

use super::interval::{Interval, is_level};
use super::normal::{normal_cdf, normal_quantile};
use super::quantile::{quantile, sorted};

/// Up to here the null distribution is enumerated: 2⁵⁰ sign patterns can be counted in a `u64` and
/// divided in an `f64` without error, and beyond it the normal approximation is off by less than 0.002.
const EXACT_LIMIT: usize = 50;

/// The Hodges–Lehmann estimate of the center: the median of all n(n + 1)/2 Walsh averages.
///
/// Hodges and Lehmann, "Estimates of Location Based on Rank Tests", Annals of Mathematical Statistics
/// 34(2), 1963, 598–611. Time and memory grow with n². `None` if there are no values or one is not
/// finite.
pub(crate) fn hodges_lehmann(values: &[f64]) -> Option<f64> {
    quantile(&walsh_averages(values)?, 0.5)
}

/// The Hodges–Lehmann estimate, between the `k`-th least and the `k`-th greatest Walsh average.
///
/// `k` is the greatest for which the coverage 1 − 2·P(T ≤ k − 1) reaches `confidence`, T being the
/// signed-rank statistic under its null distribution: exact for n ≤ 50, normal with continuity
/// correction above. With a continuous distribution that is the coverage; with ties the closed interval
/// covers at least as often. Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 3rd ed.,
/// 2014, section 3.3; Noether, "Wilcoxon Confidence Intervals for Location Parameters in the Discrete
/// Case", Journal of the American Statistical Association 62(317), 1967, 184–188.
///
/// `None` if even the least and greatest value fall short (n < 6 at 95 %), if `confidence` is not
/// strictly between 0 and 1, or if a value is not finite.
pub(crate) fn signed_rank_interval(values: &[f64], confidence: f64) -> Option<Interval> {
    if !is_level(confidence) {
        return None;
    }
    let averages = walsh_averages(values)?;
    let k = if values.len() <= EXACT_LIMIT {
        exact_depth(values.len(), confidence)
    } else {
        normal_depth(values.len(), confidence)?
    };
    Some(Interval {
        estimate: quantile(&averages, 0.5)?,
        lower: *averages.get(k.checked_sub(1)?)?,
        upper: averages[averages.len() - k],
    })
}

/// The one-sided p-value against the hypothesis that the values are symmetric about `shift`: the
/// probability of a rank sum T of the positive differences at least as great as the one seen.
///
/// Tied differences share the mean of their ranks. Differences of zero are ranked and then left out of
/// T, because dropping them before ranking can make smaller values more significant (Pratt, "Remarks on
/// Zeros and Ties in the Wilcoxon Signed Rank Procedures", Journal of the American Statistical
/// Association 54(287), 1959, 655–667). Given those ranks, the signs are equally likely: all patterns
/// are counted for n ≤ 50; above, T is taken as normal with the mean and variance that those ranks give
/// it. The continuity correction of half a rank then supposes that few differences tie, and a p below
/// 1e-15 may come out as 0.
///
/// Two differences tie when they are the same `f64`, so a shift that rounds may break a tie.
/// `None` if there are no values or a difference is not finite. 1 if every difference is zero.
pub(crate) fn signed_rank_p_greater(values: &[f64], shift: f64) -> Option<f64> {
    let differences: Vec<f64> = values.iter().map(|value| value - shift).collect();
    let mut differences = sorted(&differences)?;
    differences.sort_by(|a, b| a.abs().total_cmp(&b.abs()));

    // Midranks are doubled to be whole.
    let (mut ranks, mut observed, mut before) = (Vec::new(), 0, 0);
    for tied in differences.chunk_by(|a, b| a.abs() == b.abs()) {
        let doubled = 2 * before + tied.len() + 1;
        before += tied.len();
        for difference in tied.iter().filter(|difference| **difference != 0.0) {
            ranks.push(doubled);
            observed += if *difference > 0.0 { doubled } else { 0 };
        }
    }
    if ranks.is_empty() {
        return Some(1.0);
    }
    if values.len() <= EXACT_LIMIT {
        let patterns = (1_u64 << ranks.len()) as f64;
        return Some(null_counts(&ranks)[observed..].iter().sum::<u64>() as f64 / patterns);
    }
    let mean = ranks.iter().sum::<usize>() as f64 / 2.0;
    let variance = ranks.iter().map(|&rank| (rank as f64).powi(2)).sum::<f64>() / 4.0;
    // Half a rank of correction, doubled like the ranks.
    Some(normal_cdf((mean + 1.0 - observed as f64) / variance.sqrt()))
}

/// The averages of all pairs of values, each value with itself included, in ascending order.
fn walsh_averages(values: &[f64]) -> Option<Vec<f64>> {
    let pairs = values.iter().enumerate().flat_map(|(i, &a)| values[i..].iter().map(move |&b| (a, b)));
    sorted(&pairs.map(|(a, b)| f64::midpoint(a, b)).collect::<Vec<f64>>())
}

/// How many of the 2ⁿ sign patterns give the positive ranks each sum, from 0 to the sum of all ranks.
/// At most 63 ranks, or a count could overflow.
fn null_counts(ranks: &[usize]) -> Vec<u64> {
    let mut counts = vec![0; ranks.iter().sum::<usize>() + 1];
    counts[0] = 1;
    for &rank in ranks {
        for sum in (rank..counts.len()).rev() {
            counts[sum] += counts[sum - rank];
        }
    }
    counts
}

/// The greatest `k` of which the interval covers with at least this confidence; 0 if there is none.
fn exact_depth(n: usize, confidence: f64) -> usize {
    let patterns = (1_u64 << n) as f64;
    let mut tail = 0;
    null_counts(&(1..=n).collect::<Vec<usize>>())
        .iter()
        .take_while(|&count| {
            tail += count;
            1.0 - 2.0 * tail as f64 / patterns >= confidence
        })
        .count()
}

/// The same from T ~ N(n(n + 1)/4, n(n + 1)(2n + 1)/24).
fn normal_depth(n: usize, confidence: f64) -> Option<usize> {
    // Of the smaller tail, because (1 + confidence)/2 would round a high confidence to 1.
    let critical = normal_quantile((1.0 - confidence) / 2.0)?;
    let pairs = n * (n + 1) / 2;
    let mean = pairs as f64 / 2.0;
    let sd = (pairs as f64 * (2 * n + 1) as f64 / 12.0).sqrt();
    Some((0..pairs / 2).take_while(|&t| (t as f64 + 0.5 - mean) / sd <= critical).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fall in the depression scores of nine patients, from Hollander and Wolfe, table 3.1.
    const IMPROVEMENTS: [f64; 9] = [0.952, -0.147, 1.022, 0.43, 0.62, 0.59, 0.49, -0.08, 0.01];

    /// P(T ≥ observed) over every sign pattern, with midranks counted from their definition.
    fn enumerated_p(differences: &[f64]) -> f64 {
        let ranked: Vec<(f64, f64)> = differences
            .iter()
            .filter(|d| **d != 0.0)
            .map(|d| {
                let less = differences.iter().filter(|other| other.abs() < d.abs()).count();
                let equal = differences.iter().filter(|other| other.abs() == d.abs()).count();
                (*d, less as f64 + (equal + 1) as f64 / 2.0)
            })
            .collect();
        let observed: f64 = ranked.iter().filter(|(d, _)| *d > 0.0).map(|(_, rank)| rank).sum();
        let rank_sum = |pattern: usize| -> f64 {
            ranked.iter().enumerate().filter(|(i, _)| pattern >> i & 1 == 1).map(|(_, (_, rank))| rank).sum()
        };
        let patterns = 1_usize << ranked.len();
        (0..patterns).filter(|&pattern| rank_sum(pattern) >= observed).count() as f64 / patterns as f64
    }

    #[test]
    fn null_distribution_by_enumeration() {
        for n in 0..=12_usize {
            let ranks: Vec<usize> = (1..=n).collect();
            let mut expected = vec![0; n * (n + 1) / 2 + 1];
            for pattern in 0..1_usize << n {
                expected[ranks.iter().filter(|&rank| pattern >> (rank - 1) & 1 == 1).sum::<usize>()] += 1;
            }
            assert_eq!(null_counts(&ranks), expected, "n = {n}");
        }
        let all: Vec<usize> = (1..=EXACT_LIMIT).collect();
        assert_eq!(null_counts(&all).iter().sum::<u64>(), 1 << EXACT_LIMIT);
    }

    #[test]
    fn critical_values_of_the_tables() {
        // Two-sided 5 %: the greatest rejected T, one less than the depth.
        for (n, critical) in
            [(6, 0), (7, 2), (8, 3), (9, 5), (10, 8), (15, 25), (20, 52), (25, 89), (50, 434)]
        {
            assert_eq!(exact_depth(n, 0.95), critical + 1, "n = {n}");
        }
        assert_eq!(exact_depth(5, 0.95), 0);
        // Attained exactly: 1 − 2/2⁵.
        assert_eq!(exact_depth(5, 0.9375), 1);
    }

    #[test]
    fn textbook_example() {
        let p = signed_rank_p_greater(&IMPROVEMENTS, 0.0).unwrap();
        assert_eq!(p, 10.0 / 512.0);
        let Interval { estimate, lower, upper } = signed_rank_interval(&IMPROVEMENTS, 0.95).unwrap();
        for (actual, expected) in [(estimate, 0.46), (lower, 0.01), (upper, 0.786)] {
            assert!((actual - expected).abs() < 1e-9, "{actual}, not {expected}");
        }
        assert_eq!(hodges_lehmann(&IMPROVEMENTS), Some(estimate));
    }

    #[test]
    fn pratts_example() {
        // Given away by dropping the zero: 55/2¹² would make the smaller second sample more significant.
        let mut values = [0.0, 2.0, 3.0, 4.0, 6.0, 7.0, 8.0, 9.0, 11.0, 14.0, 15.0, 17.0, -18.0];
        assert_eq!(signed_rank_p_greater(&values, 0.0), Some(49.0 / 4096.0));
        values[0] = -1.0;
        assert_eq!(signed_rank_p_greater(&values, 0.0), Some(109.0 / 8192.0));
    }

    #[test]
    fn p_by_enumeration_and_monotone() {
        let mut rng = fastrand::Rng::with_seed(17);
        for _ in 0..150 {
            let n = rng.usize(1..=11);
            let reach = *rng.choice(&[2, 5, 1000]).unwrap();
            let mut values: Vec<f64> = (0..n).map(|_| f64::from(rng.i32(-reach..=reach))).collect();
            let mut previous = 0.0;
            for shift in -3..=3 {
                let shift = f64::from(shift);
                let differences: Vec<f64> = values.iter().map(|value| value - shift).collect();
                let p = signed_rank_p_greater(&values, shift).unwrap();
                assert_eq!(p, enumerated_p(&differences), "{values:?} about {shift}");
                assert!(p >= previous, "{values:?} about {shift}");
                previous = p;
                rng.shuffle(&mut values);
                assert_eq!(signed_rank_p_greater(&values, shift), Some(p));
                let doubled: Vec<f64> = values.iter().map(|value| 2.0 * value + 8.0).collect();
                assert_eq!(signed_rank_p_greater(&doubled, 2.0 * shift + 8.0), Some(p));
            }
        }
    }

    #[test]
    fn interval_covers_as_promised() {
        // Under the hypothesis the signs of given magnitudes are equally likely, so counting the
        // patterns of which the interval holds 0 is its coverage.
        let mut rng = fastrand::Rng::with_seed(19);
        for (n, confidence) in [(6, 0.95), (8, 0.95), (10, 0.95), (7, 0.8), (9, 0.5)] {
            for tied in [false, true] {
                // Powers of two give Walsh averages without a tie.
                let magnitude = |i: usize| if tied { rng.usize(0..4) as f64 } else { (1_u64 << i) as f64 };
                let magnitudes: Vec<f64> = (0..n).map(magnitude).collect();
                let covered = (0..1_usize << n).filter(|pattern| {
                    let sign = |i: usize| if pattern >> i & 1 == 1 { 1.0 } else { -1.0 };
                    let values: Vec<f64> = (0..n).map(|i| sign(i) * magnitudes[i]).collect();
                    let interval = signed_rank_interval(&values, confidence).unwrap();
                    interval.lower <= 0.0 && 0.0 <= interval.upper
                });
                let coverage = covered.count() as f64 / (1_usize << n) as f64;
                let ranks: Vec<usize> = (1..=n).collect();
                let tail = null_counts(&ranks)[..exact_depth(n, confidence)].iter().sum::<u64>();
                let promised = 1.0 - 2.0 * tail as f64 / (1_usize << n) as f64;
                assert!(promised >= confidence);
                if tied {
                    assert!(coverage >= promised, "n = {n}: {coverage}");
                } else {
                    assert_eq!(coverage, promised, "n = {n}");
                }
            }
        }
    }

    #[test]
    fn interval_inverts_the_test() {
        let mut rng = fastrand::Rng::with_seed(23);
        // 60 checks the normal approximations against each other, the rest the exact distribution.
        for n in [6, 13, 30, 50, 60] {
            let values: Vec<f64> = (0..n).map(|_| rng.f64() + rng.f64() * rng.f64()).collect();
            let Interval { estimate, lower, upper } = signed_rank_interval(&values, 0.95).unwrap();
            assert!(lower < estimate && estimate < upper);
            let p = |shift| signed_rank_p_greater(&values, shift).unwrap();
            assert!(p(lower - 1e-9) <= 0.025 && p(lower + 1e-9) > 0.025, "n = {n}");
            let mirrored: Vec<f64> = values.iter().map(|value| -value).collect();
            let p = |shift: f64| signed_rank_p_greater(&mirrored, -shift).unwrap();
            assert!(p(upper + 1e-9) <= 0.025 && p(upper - 1e-9) > 0.025, "n = {n}");
        }
    }

    #[test]
    fn normal_approximation_meets_the_exact_distribution() {
        for n in [20, 35, EXACT_LIMIT] {
            for confidence in [0.8, 0.9, 0.95] {
                let (exact, normal) = (exact_depth(n, confidence), normal_depth(n, confidence).unwrap());
                assert!(exact.abs_diff(normal) <= 1, "n = {n} at {confidence}: {exact}, {normal}");
            }
        }
        // One value past the limit, against the enumeration that is not used there. Ties and zeros make
        // the steps of T greater than the correction is meant for.
        let mut rng = fastrand::Rng::with_seed(29);
        for (reach, slack) in [(9, 5e-3), (1_000_000_000, 2e-3)].repeat(20) {
            let values: Vec<f64> = (0..=EXACT_LIMIT).map(|_| f64::from(rng.i32(-reach..=reach))).collect();
            let mut by_size = values.clone();
            by_size.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
            let (mut ranks, mut observed) = (Vec::new(), 0);
            for value in by_size.iter().filter(|value| **value != 0.0) {
                let less = by_size.iter().filter(|other| other.abs() < value.abs()).count();
                let equal = by_size.iter().filter(|other| other.abs() == value.abs()).count();
                ranks.push(2 * less + equal + 1);
                observed += if *value > 0.0 { 2 * less + equal + 1 } else { 0 };
            }
            let counts = null_counts(&ranks);
            let exact = counts[observed..].iter().sum::<u64>() as f64 / (1_u64 << ranks.len()) as f64;
            let p = signed_rank_p_greater(&values, 0.0).unwrap();
            assert!((p - exact).abs() < slack, "{p}, not {exact}");
        }
    }

    #[test]
    fn continuity_correction_keeps_the_complement() {
        // P(T ≥ t) + P(T ≤ t − 1) = 1, and T ≤ t − 1 is as likely as T ≥ n(n + 1)/2 − t + 1, which is
        // the T of the values with every sign but that of the least turned.
        let mut rng = fastrand::Rng::with_seed(61);
        for n in [10, EXACT_LIMIT, EXACT_LIMIT + 1, 80] {
            let mut values: Vec<f64> = (1..=n)
                .map(|rank| if rank == 1 || rng.bool() { rank as f64 } else { -(rank as f64) })
                .collect();
            let p = signed_rank_p_greater(&values, 0.0).unwrap();
            values[1..].iter_mut().for_each(|value| *value = -*value);
            let complement = signed_rank_p_greater(&values, 0.0).unwrap();
            assert!((p + complement - 1.0).abs() < 1e-14, "n = {n}: {p} + {complement}");
        }
    }

    #[test]
    fn refuses_what_cannot_be_said() {
        let five = [1.0, 2.0, 3.0, 4.0, 5.0];
        assert_eq!(signed_rank_interval(&five, 0.95), None);
        for confidence in [-1.0, 0.0, 1.0, f64::NAN] {
            assert_eq!(signed_rank_interval(&five, confidence), None);
        }
        for bad in [&[][..], &[1.0, f64::NAN], &[f64::INFINITY, 1.0]] {
            assert_eq!(hodges_lehmann(bad), None);
            assert_eq!(signed_rank_interval(bad, 0.5), None);
            assert_eq!(signed_rank_p_greater(bad, 0.0), None);
        }
        assert_eq!(signed_rank_p_greater(&five, f64::NAN), None);
        assert_eq!(signed_rank_p_greater(&[3.0, 3.0], 3.0), Some(1.0));
    }

    #[test]
    fn order_translation_and_reflection() {
        let mut rng = fastrand::Rng::with_seed(31);
        for _ in 0..60 {
            let n = rng.usize(6..60);
            let mut values: Vec<f64> = (0..n).map(|_| f64::from(rng.i32(-50..50))).collect();
            let Interval { estimate, lower, upper } = signed_rank_interval(&values, 0.9).unwrap();
            let moved: Vec<f64> = values.iter().map(|value| -2.0 * value + 3.0).collect();
            let expected = Interval {
                estimate: -2.0 * estimate + 3.0,
                lower: -2.0 * upper + 3.0,
                upper: -2.0 * lower + 3.0,
            };
            assert_eq!(signed_rank_interval(&moved, 0.9), Some(expected));
            rng.shuffle(&mut values);
            assert_eq!(signed_rank_interval(&values, 0.9), Some(Interval { estimate, lower, upper }));
        }
    }
}
