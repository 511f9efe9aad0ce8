//! The interval type, and the confidence interval of a median that assumes nothing of the distribution.

use super::quantile::{quantile, sorted};
use serde::{Deserialize, Serialize};

/// An estimate with the closed confidence interval around it, all in the unit of the values.
/// `lower <= estimate <= upper` for an interval of ranks; a bootstrap interval can miss its estimate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Interval {
    pub(crate) estimate: f64,
    pub(crate) lower: f64,
    pub(crate) upper: f64,
}

/// The sample median, between the `k`-th least and the `k`-th greatest of the values.
///
/// `k` is the greatest for which the coverage 1 − 2·P(Bin(n, ½) ≤ k − 1) reaches `confidence`. That is
/// the exact coverage for independent values of one continuous distribution and a lower bound for any
/// other, so it is at least nominal and, being a step function of `k`, usually more: 97.9 % for n = 10
/// at 95 %. Thompson, "On Confidence Ranges for the Median", Annals of Mathematical Statistics 7(3),
/// 1936, 122–128; David and Nagaraja, Order Statistics, 3rd ed., 2003, section 7.1.
///
/// `None` if even the least and greatest value fall short (n < 6 at 95 %), if `confidence` is not
/// strictly between 0 and 1, or if a value is not finite.
pub(crate) fn median_interval(values: &[f64], confidence: f64) -> Option<Interval> {
    let sorted = sorted(values)?;
    let k = depth(sorted.len(), confidence);
    if !is_level(confidence) || k == 0 {
        return None;
    }
    Some(Interval {
        estimate: quantile(&sorted, 0.5)?,
        lower: sorted[k - 1],
        upper: sorted[sorted.len() - k],
    })
}

/// Whether a probability can be a confidence level, an error rate or a power: strictly inside 0..1.
pub(super) fn is_level(probability: f64) -> bool {
    probability > 0.0 && probability < 1.0
}

/// The greatest `k` for which the `k`-th order statistics from both ends enclose the median with at
/// least this confidence; 0 if there is none.
fn depth(n: usize, confidence: f64) -> usize {
    binomial_tails(n).take(n / 2).take_while(|tail| 1.0 - 2.0 * tail >= confidence).count()
}

/// P(Bin(n, ½) ≤ j) for j = 0, 1, …, n.
///
/// A plain 2^−n underflows above n = 1074, so the terms are kept as multiples of a power of two, which
/// makes no rounding error; up to n = 50 all the arithmetic is exact.
fn binomial_tails(n: usize) -> impl Iterator<Item = f64> {
    let (mut term, mut sum, mut halvings) = (1.0_f64, 0.0, n);
    (0..=n).map(move |j| {
        if j > 0 {
            term = term * (n - j + 1) as f64 / j as f64;
        }
        sum += term;
        while sum > 1.0 && halvings > 0 {
            sum /= 2.0;
            term /= 2.0;
            halvings -= 1;
        }
        sum * 0.5_f64.powi(i32::try_from(halvings).unwrap_or(i32::MAX))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(n: u128, k: u128) -> u128 {
        (0..k).fold(1, |product, i| product * (n - i) / (i + 1))
    }

    #[test]
    fn tails_are_binomial_sums() {
        for n in 0..=120_u32 {
            let mut sum = 0_u128;
            let tails: Vec<f64> = binomial_tails(n as usize).collect();
            assert_eq!(tails.len(), n as usize + 1);
            for (j, &tail) in (0..).zip(&tails) {
                sum += choose(n.into(), j);
                let exact = sum as f64 / 2.0_f64.powi(n.cast_signed());
                assert!((tail - exact).abs() <= 1e-14 * exact, "n = {n}, j = {j}: {tail}, not {exact}");
                assert!(n > 50 || tail == exact, "n = {n}, j = {j}: {tail} is not exact");
            }
        }
    }

    #[test]
    fn tails_survive_many_values() {
        // The middle term is √(2/(πn)) to within 1/(4n), and the tail below it is the rest of a half.
        let n = 4000;
        let tail = binomial_tails(n).nth(n / 2 - 1).unwrap();
        let middle = (2.0 / (std::f64::consts::PI * n as f64)).sqrt() * (1.0 - 1.0 / (4.0 * n as f64));
        assert!((tail - (1.0 - middle) / 2.0).abs() < 1e-9, "{tail}");
        // From the normal approximation, (n + 1)/2 − 1.96·√n/2.
        assert_eq!(depth(n, 0.95), 1938);
    }

    #[test]
    fn classic_table_at_95_percent() {
        // Order statistics of the sign test's interval as tabulated in textbooks.
        for (n, k) in
            [(5, 0), (6, 1), (8, 1), (9, 2), (10, 2), (11, 2), (12, 3), (15, 4), (17, 5), (20, 6), (25, 8)]
        {
            assert_eq!(depth(n, 0.95), k, "n = {n}");
        }
        let values: Vec<f64> = (1..=10).map(f64::from).collect();
        let interval = median_interval(&values, 0.95);
        assert_eq!(interval, Some(Interval { estimate: 5.5, lower: 2.0, upper: 9.0 }));
    }

    #[test]
    fn depth_is_the_greatest_that_covers() {
        for n in 1..=60_u32 {
            let tail = |k: u32| (0..k).map(|j| choose(n.into(), j.into())).sum::<u128>();
            for percent in [50, 80, 90, 95, 99] {
                let covers = |k: u32| 2 * tail(k) * 100 <= (100 - percent) * (1_u128 << n);
                let k = (1..=n / 2).take_while(|&k| covers(k)).count();
                assert_eq!(depth(n as usize, percent as f64 / 100.0), k, "n = {n}, {percent} %");
            }
        }
        // Attained exactly: 1 − 2/2⁵.
        assert_eq!(depth(5, 0.9375), 1);
        assert_eq!(depth(5, 0.9376), 0);
    }

    #[test]
    fn refuses_the_unattainable() {
        assert_eq!(median_interval(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95), None);
        assert!(median_interval(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 0.95).is_some());
        assert_eq!(median_interval(&[], 0.5), None);
        assert_eq!(median_interval(&[1.0, f64::NAN, 2.0], 0.5), None);
        for confidence in [-1.0, 0.0, 1.0, f64::NAN] {
            assert_eq!(median_interval(&[1.0, 2.0, 3.0], confidence), None);
        }
    }

    #[test]
    fn order_translation_and_reflection() {
        let mut rng = fastrand::Rng::with_seed(11);
        for _ in 0..100 {
            let n = rng.usize(6..40);
            let mut values: Vec<f64> = (0..n).map(|_| f64::from(rng.i32(-50..50))).collect();
            let Interval { estimate, lower, upper } = median_interval(&values, 0.95).unwrap();
            let moved: Vec<f64> = values.iter().map(|value| -2.0 * value + 3.0).collect();
            let expected = Interval {
                estimate: -2.0 * estimate + 3.0,
                lower: -2.0 * upper + 3.0,
                upper: -2.0 * lower + 3.0,
            };
            assert_eq!(median_interval(&moved, 0.95), Some(expected));
            rng.shuffle(&mut values);
            assert_eq!(median_interval(&values, 0.95), Some(Interval { estimate, lower, upper }));
        }
    }
}
