//! Quantiles, the median and the median absolute deviation.
//!
//! For summaries of one set of values. Uncertainty belongs to `interval`, `signed_rank` and
//! `bootstrap`.

/// The values in ascending order, so that several quantiles cost one sort.
///
/// `None` if there are no values or one is infinite or NaN: a quantile of those has no meaning that
/// could be interpolated, and a failed measurement must not look like a number.
pub(crate) fn sorted(values: &[f64]) -> Option<Vec<f64>> {
    if values.is_empty() || !values.iter().all(|value| value.is_finite()) {
        return None;
    }
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    Some(values)
}

/// The quantile of probability `p` of values in ascending order, as [`sorted`] returns them.
///
/// Type 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages", The American Statistician
/// 50(4), 1996, 361–365: linear between the order statistics, with the least value at 0 and the
/// greatest at 1. It is the default of R, so a published figure can be recomputed there.
///
/// `None` if there are no values or `p` lies outside 0..=1.
///
/// # Panics
/// In debug builds, if the values are not in ascending order.
pub(crate) fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    debug_assert!(sorted.is_sorted(), "a quantile needs sorted values");
    if sorted.is_empty() || !(0.0..=1.0).contains(&p) {
        return None;
    }
    let position = (sorted.len() - 1) as f64 * p;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the integer part is wanted, and it lies in 0..len"
    )]
    let below = position as usize;
    let lower = sorted[below];
    let upper = sorted.get(below + 1).copied().unwrap_or(lower);
    Some(lower + (position - below as f64) * (upper - lower))
}

/// The median, in any order of the values; of an even number, half way between the middle two.
///
/// `None` as for [`sorted`].
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    quantile(&sorted(values)?, 0.5)
}

/// The median absolute deviation from the median: raw, that is, not multiplied by the 1.4826 that
/// would make it estimate a standard deviation of normal data, because durations are not normal.
///
/// Hampel, "The Influence Curve and Its Role in Robust Estimation", Journal of the American
/// Statistical Association 69(346), 1974, 383–393. `None` as for [`sorted`].
pub(crate) fn mad(values: &[f64]) -> Option<f64> {
    let center = median(values)?;
    let deviations: Vec<f64> = values.iter().map(|value| (value - center).abs()).collect();
    median(&deviations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_7_by_hand() {
        // (len - 1) * p = 0.9, 2.25, 4.5, 6.75, 8.1 along 1, 2, 4, 8, ...
        let values: Vec<f64> = (0..10).map(|power| f64::from(1 << power)).collect();
        for (p, expected) in
            [(0.0, 1.0), (0.1, 1.9), (0.25, 5.0), (0.5, 24.0), (0.75, 112.0), (0.9, 281.6), (1.0, 512.0)]
        {
            let actual = quantile(&values, p).unwrap();
            assert!((actual - expected).abs() < 1e-12 * expected, "p = {p}: {actual}, not {expected}");
        }
        assert_eq!(quantile(&[7.0], 0.3), Some(7.0));
    }

    #[test]
    fn refuses_what_has_no_quantile() {
        assert_eq!(quantile(&[], 0.5), None);
        for p in [-0.001, 1.001, f64::NAN] {
            assert_eq!(quantile(&[1.0, 2.0], p), None);
        }
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(sorted(&[1.0, bad]), None);
            assert_eq!(median(&[1.0, bad]), None);
            assert_eq!(mad(&[1.0, bad]), None);
        }
        assert_eq!(sorted(&[]), None);
        assert_eq!(median(&[]), None);
        assert_eq!(mad(&[]), None);
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "sorted")]
    fn refuses_unsorted_values() {
        let _ = quantile(&[2.0, 1.0], 0.5);
    }

    #[test]
    fn median_and_mad_by_hand() {
        assert_eq!(sorted(&[3.0, -1.0, 2.0]), Some(vec![-1.0, 2.0, 3.0]));
        assert_eq!(median(&[9.0, 1.0, 5.0]), Some(5.0));
        assert_eq!(median(&[9.0, 1.0, 5.0, 2.0]), Some(3.5));
        // Deviations from 2 are 1, 1, 0, 0, 2, 4, 7, so neither the spread nor the scaled value.
        assert_eq!(mad(&[1.0, 1.0, 2.0, 2.0, 4.0, 6.0, 9.0]), Some(1.0));
        assert_eq!(mad(&[10.0, 13.0]), Some(1.5));
    }

    #[test]
    fn order_translation_and_scale() {
        let mut rng = fastrand::Rng::with_seed(7);
        for _ in 0..200 {
            let n = rng.usize(1..30);
            let mut values: Vec<f64> = (0..n).map(|_| f64::from(rng.i32(-99..100))).collect();
            let (center, spread) = (median(&values).unwrap(), mad(&values).unwrap());
            // Whole numbers and a power of two keep the arithmetic exact.
            let moved: Vec<f64> = values.iter().map(|value| -4.0 * value + 11.0).collect();
            assert_eq!(median(&moved), Some(-4.0 * center + 11.0));
            assert_eq!(mad(&moved), Some(4.0 * spread));
            rng.shuffle(&mut values);
            assert_eq!(median(&values), Some(center));
            assert_eq!(mad(&values), Some(spread));
        }
    }
}
