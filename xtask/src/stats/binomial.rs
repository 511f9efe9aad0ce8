//! How few successes chance allows.

use super::interval::is_level;

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

#[cfg(test)]
mod tests {
    use super::*;

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
