//! What a number of blocks can show, asked before they are run.

use super::normal::normal_quantile;

/// The true mean of paired differences that a one-sided test at level `alpha_one_sided` on `n` blocks
/// finds with probability `power`, in the unit of `sd_of_paired_differences`.
///
/// (z₁₋α + z₁₋β)·sd/√n with a power of 1 − β: Bloom, "Minimum Detectable Effects", Evaluation Review
/// 19(5), 1995, 547–556.
/// The normal approximation takes the sd as known and is about 6 % too hopeful at n = 15. For normal
/// differences the signed-rank test needs about 5 % more blocks than the mean does; for heavier tails,
/// fewer.
///
/// `None` if `n` is 0, the sd is negative or not finite, `alpha_one_sided` or `power` is not strictly
/// between 0 and 1, or `power` does not exceed `alpha_one_sided`, which no effect at all would reach.
pub(crate) fn minimum_detectable_effect(
    sd_of_paired_differences: f64,
    n: usize,
    alpha_one_sided: f64,
    power: f64,
) -> Option<f64> {
    let sd = sd_of_paired_differences;
    if n == 0 || !sd.is_finite() || sd < 0.0 || power <= alpha_one_sided {
        return None;
    }
    // z of alpha itself: 1 − alpha would round a small alpha away.
    let z = normal_quantile(power)? - normal_quantile(alpha_one_sided)?;
    Some(z * sd / (n as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::normal::normal_cdf;

    #[test]
    fn textbook_multipliers() {
        // Bloom's 2.49 for one-sided 5 % and 80 % power; 2.80 for one-sided 2.5 %.
        let effect = minimum_detectable_effect(1.0, 1, 0.05, 0.8).unwrap();
        assert!((effect - 2.486_474_860_524_387).abs() < 1e-14, "{effect}");
        let effect = minimum_detectable_effect(1.0, 1, 0.025, 0.8).unwrap();
        assert!((effect - 2.801_585_218_112_968).abs() < 1e-14, "{effect}");
        // Scales with sd and with 1/√n.
        let effect = minimum_detectable_effect(6.0, 9, 0.05, 0.8).unwrap();
        assert!((effect - 2.0 * 2.486_474_860_524_387).abs() < 1e-14, "{effect}");
        assert_eq!(minimum_detectable_effect(0.0, 9, 0.05, 0.8), Some(0.0));
    }

    #[test]
    fn has_the_power_asked_for() {
        for (sd, n, alpha, power) in [(0.02, 15, 0.05, 0.8), (3.0, 40, 0.01, 0.9), (1.0, 7, 0.2, 0.5)] {
            let effect = minimum_detectable_effect(sd, n, alpha, power).unwrap();
            let standard_error = sd / (n as f64).sqrt();
            let critical = normal_quantile(1.0 - alpha).unwrap() * standard_error;
            let actual = normal_cdf((effect - critical) / standard_error);
            assert!((actual - power).abs() < 1e-12, "{actual}, not {power}");
        }
    }

    #[test]
    fn refuses_what_no_study_can_be() {
        for (sd, n, alpha, power) in [
            (1.0, 0, 0.05, 0.8),
            (-1.0, 9, 0.05, 0.8),
            (f64::NAN, 9, 0.05, 0.8),
            (f64::INFINITY, 9, 0.05, 0.8),
            (1.0, 9, 0.0, 0.8),
            (1.0, 9, f64::NAN, 0.8),
            (1.0, 9, 0.05, 1.0),
            (1.0, 9, 0.05, f64::NAN),
            (1.0, 9, 0.05, 0.05),
        ] {
            assert_eq!(minimum_detectable_effect(sd, n, alpha, power), None, "{sd} {n} {alpha} {power}");
        }
    }
}
