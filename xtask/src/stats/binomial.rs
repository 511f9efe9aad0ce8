//! How few successes chance allows, and which probabilities a number of successes allows.

use super::interval::{Interval, is_level};

/// The greatest `k` for which P(Bin(n, p) < k) is at most `error`: fewer successes than `k` happen no more often than that.
/// An exact one-sided test of p (Clopper and Pearson, Biometrika 26(4), 1934, 404-413).
///
/// `None` for no trial, or if `p` or `error` is not strictly between 0 and 1.
pub(crate) fn binomial_lower(n: u64, p: f64, error: f64) -> Option<u64> {
    if n == 0 || !is_level(p) || !is_level(error) {
        return None;
    }
    // By logarithms: the first term is far below what a number can hold.
    let mut term = super::float(n) * (1.0 - p).ln();
    let mut below = 0.0;
    for k in 0..n {
        below += term.exp();
        if below > error {
            return Some(k);
        }
        term += (super::float(n - k) / super::float(k + 1)).ln() + (p / (1.0 - p)).ln();
    }
    Some(n)
}

/// The probabilities that `k` successes of `n` are compatible with: those that neither tail of `k` rules out. Exact, so that
/// it covers the truth at least as often as it says. Clopper and Pearson, as above.
///
/// `None` for no trial, more successes than trials, or if `confidence` is not strictly between 0 and 1.
pub(crate) fn binomial_interval(k: u64, n: u64, confidence: f64) -> Option<Interval> {
    if n == 0 || k > n || !is_level(confidence) {
        return None;
    }
    let tail = (1.0 - confidence) / 2.0;
    let lower = k.checked_sub(1).map_or(0.0, |below| where_falls_to(1.0 - tail, |p| at_most(below, n, p)));
    let upper = if k == n { 1.0 } else { where_falls_to(tail, |p| at_most(k, n, p)) };
    Some(Interval { estimate: super::float(k) / super::float(n), lower, upper })
}

/// P(Bin(n, p) ≤ k), for `p` strictly between 0 and 1.
fn at_most(k: u64, n: u64, p: f64) -> f64 {
    let mut term = super::float(n) * (1.0 - p).ln();
    let mut sum = 0.0;
    for i in 0..=k {
        sum += term.exp();
        term += (super::float(n - i) / super::float(i + 1)).ln() + (p / (1.0 - p)).ln();
    }
    sum
}

/// Where between 0 and 1 a function that falls has this value.
fn where_falls_to(value: f64, falling: impl Fn(f64) -> f64) -> f64 {
    let (mut above, mut below) = (0.0, 1.0);
    // Each step halves what is left, until no number lies between.
    loop {
        let middle = f64::midpoint(above, below);
        if middle <= above || middle >= below {
            return middle;
        }
        if falling(middle) > value { above = middle } else { below = middle }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_where_its_tails_say() {
        let of = |k, n| binomial_interval(k, n, 0.95).unwrap();
        // Without a success the upper end has a closed form, and so has the lower one where all are.
        let ends = |n: u64| 0.025_f64.powf(1.0 / super::super::float(n));
        let (none, all) = (of(0, 200), of(200, 200));
        assert!(none.lower == 0.0 && (none.upper - (1.0 - ends(200))).abs() < 1e-12, "{none:?}");
        assert!(all.upper == 1.0 && (all.lower - ends(200)).abs() < 1e-12, "{all:?}");
        // The published example of 4 of 20: 5.73 % to 43.66 %.
        let some = of(4, 20);
        assert!((some.lower - 0.0573).abs() < 5e-5 && (some.upper - 0.4366).abs() < 5e-5, "{some:?}");
        assert_eq!(some.estimate, 0.2);
        assert_eq!((binomial_interval(1, 0, 0.95), binomial_interval(2, 1, 0.95)), (None, None));
        assert_eq!(binomial_interval(1, 2, 1.0), None);
    }

    /// Every number of successes counted with its chance.
    #[test]
    fn an_interval_contains_the_truth_as_often_as_it_says() {
        for n in [5, 12, 40] {
            for p in [0.01, 0.2, 0.5, 0.93] {
                let chance = |k: u64| at_most(k, n, p) - k.checked_sub(1).map_or(0.0, |k| at_most(k, n, p));
                let contains = |k: &u64| {
                    binomial_interval(*k, n, 0.9).is_some_and(|found| found.lower <= p && p <= found.upper)
                };
                let covered: f64 = (0..=n).filter(contains).map(chance).sum();
                assert!(covered >= 0.9 - 1e-12, "{n} {p}: {covered}");
            }
        }
    }

    /// Every sequence of trials counted one by one.
    fn brute_force(n: u32, p: f64, error: f64) -> u64 {
        let chance = |ones: u32| p.powi(ones.cast_signed()) * (1.0 - p).powi((n - ones).cast_signed());
        let below =
            |k: u32| (0..1_u32 << n).map(u32::count_ones).filter(|ones| *ones < k).map(chance).sum::<f64>();
        u64::from((0..=n).rev().find(|k| below(*k) <= error).unwrap())
    }

    #[test]
    fn it_agrees_with_counting() {
        for n in 1..=10 {
            for p in [0.05, 0.5, 0.8, 0.95] {
                for error in [0.003, 0.013, 0.07, 0.31] {
                    assert_eq!(
                        binomial_lower(n.into(), p, error),
                        Some(brute_force(n, p, error)),
                        "{n} {p} {error}"
                    );
                }
            }
        }
    }

    #[test]
    fn it_grows_with_the_trials() {
        let of = |n| binomial_lower(n, 0.95, 0.01).unwrap();
        assert!((1..2000).all(|n| of(n) <= of(n + 1) && of(n) < n));
        // Within a few of the normal approximation.
        assert!(of(10_000).abs_diff(9_449) <= 2, "{}", of(10_000));
        assert_eq!(
            (binomial_lower(0, 0.5, 0.1), binomial_lower(1, 1.0, 0.1), binomial_lower(1, 0.5, 0.0)),
            (None, None, None)
        );
    }
}
