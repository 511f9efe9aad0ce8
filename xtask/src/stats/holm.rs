//! Correction for asking several questions of one run.

/// Which hypotheses Holm's step-down procedure rejects, in the order of `p_values`.
///
/// The probability of any false rejection is at most `alpha`, however the tests depend on each other:
/// the i-th least of m p-values (from 0) is compared with alpha/(m − i), up to the first that exceeds
/// it. Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of
/// Statistics 6(2), 1979, 65–70.
///
/// A NaN, the p-value of a test that could not be made, is never rejected and counts as one of the m:
/// leaving it out would make the others easier to reject.
pub(crate) fn holm(p_values: &[f64], alpha: f64) -> Vec<bool> {
    let mut ascending: Vec<usize> = (0..p_values.len()).collect();
    // The sign of a NaN would decide on which end `total_cmp` alone puts it.
    ascending.sort_by(|&a, &b| {
        let (a, b) = (p_values[a], p_values[b]);
        a.is_nan().cmp(&b.is_nan()).then(a.total_cmp(&b))
    });
    let mut rejected = vec![false; p_values.len()];
    for (i, &index) in ascending.iter().enumerate() {
        rejected[index] = p_values[index] <= alpha / (p_values.len() - i) as f64;
        if !rejected[index] {
            break;
        }
    }
    rejected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_example() {
        // Thresholds 0.0125, 0.0167, 0.025, 0.05 against 0.005, 0.01, 0.03, 0.04: 0.03 stops the steps,
        // so 0.04 stays although it is below its own threshold. Bonferroni would agree on these; with
        // 0.015 for 0.01 it would not.
        assert_eq!(holm(&[0.01, 0.04, 0.03, 0.005], 0.05), [true, false, false, true]);
        assert_eq!(holm(&[0.015, 0.04, 0.03, 0.005], 0.05), [true, false, false, true]);
        assert_eq!(holm(&[0.012, 0.016, 0.024, 0.049], 0.05), [true; 4]);
        assert_eq!(holm(&[0.013, 0.016, 0.024, 0.049], 0.05), [false; 4]);
    }

    #[test]
    fn edges() {
        assert_eq!(holm(&[], 0.05), [false; 0]);
        assert_eq!(holm(&[0.05], 0.05), [true]);
        assert_eq!(holm(&[0.050_001], 0.05), [false]);
        for nan in [f64::NAN, -f64::NAN] {
            assert_eq!(holm(&[nan, 0.01], 0.05), [false, true]);
            assert_eq!(holm(&[nan, 0.03], 0.05), [false, false]);
        }
    }

    /// Reject i when every non-empty set of hypotheses that holds i is rejected by Bonferroni: the
    /// closed test of which Holm's steps are the shortcut (Marcus, Peritz and Gabriel, 1976).
    fn closed_bonferroni(p_values: &[f64], alpha: f64) -> Vec<bool> {
        let member = |set: usize, i: usize| set >> i & 1 == 1;
        let rejects = |set: usize| {
            let level = alpha / f64::from(set.count_ones());
            (0..p_values.len()).any(|i| member(set, i) && p_values[i] <= level)
        };
        let sets = 1_usize << p_values.len();
        (0..p_values.len()).map(|i| (1..sets).filter(|&set| member(set, i)).all(rejects)).collect()
    }

    #[test]
    fn equals_the_closed_test() {
        let mut rng = fastrand::Rng::with_seed(13);
        let mut counts = [0; 7];
        for _ in 0..500 {
            let m = rng.usize(1..=6);
            let greatest = rng.u32(3..=30);
            let p_values: Vec<f64> = (0..m).map(|_| f64::from(rng.u32(1..=greatest)) / 400.0).collect();
            let rejected = holm(&p_values, 0.05);
            assert_eq!(rejected, closed_bonferroni(&p_values, 0.05), "{p_values:?}");
            counts[rejected.iter().filter(|&&flag| flag).count()] += 1;
        }
        assert!(counts.iter().all(|&count| count > 0), "some number of rejections never came up: {counts:?}");
    }
}
