//! The rank-sum test of two independent sets.

use super::normal::normal_cdf;

/// Up to so many pairs the null distribution is reckoned with exactly; beyond, the normal approximation is off by less than
/// 0.001 where both sets have 20 values or more.
const EXACT_PAIRS: usize = 2500;

/// The one-sided p-value against the hypothesis that `over` is distributed as `under` moved by `shift`: the probability of
/// at least as many pairs in which the first is greater as were seen.
///
/// Mann and Whitney, "On a Test of Whether one of Two Random Variables is Stochastically Larger than the Other", Annals of
/// Mathematical Statistics 18(1), 1947, 50-60: exact by their recurrence, else normal with continuity correction. A pair
/// that ties counts as not greater, so that ties make p greater and never less.
///
/// `None` if either set is empty or a difference is not finite.
pub(crate) fn rank_sum_p_greater(over: &[f64], under: &[f64], shift: f64) -> Option<f64> {
    let moved: Vec<f64> = over.iter().map(|value| value - shift).collect();
    if moved.is_empty() || under.is_empty() || !moved.iter().chain(under).all(|value| value.is_finite()) {
        return None;
    }
    let observed: usize = moved.iter().map(|one| under.iter().filter(|other| one > *other).count()).sum();
    let (n, m) = (over.len(), under.len());
    if n * m <= EXACT_PAIRS {
        return Some(null_probabilities(n, m)[observed..].iter().sum::<f64>().min(1.0));
    }
    let pairs = (n * m) as f64;
    let sd = (pairs * (n + m + 1) as f64 / 12.0).sqrt();
    Some(normal_cdf((pairs / 2.0 + 0.5 - observed as f64) / sd))
}

/// How likely each number of greater pairs is, from none to all, where both sets are alike. The greatest of all values is in
/// the first set in n of n + m cases, and then greater than all m of the second.
fn null_probabilities(n: usize, m: usize) -> Vec<f64> {
    let mut row = vec![vec![1.0]; m + 1];
    for first in 1..=n {
        let mut next: Vec<Vec<f64>> = vec![vec![1.0]];
        for second in 1..=m {
            let share = first as f64 / (first + second) as f64;
            let mut all = vec![0.0; first * second + 1];
            for (pairs, probability) in row[second].iter().enumerate() {
                all[pairs + second] += share * probability;
            }
            for (pairs, probability) in next[second - 1].iter().enumerate() {
                all[pairs] += (1.0 - share) * probability;
            }
            next.push(all);
        }
        row = next;
    }
    row.swap_remove(m)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Over every way to deal out the ranks.
    fn enumerated(n: usize, m: usize, at_least: usize) -> f64 {
        let (mut all, mut found) = (0_u32, 0_u32);
        for choice in 0_u32..1 << (n + m) {
            if usize::try_from(choice.count_ones()).unwrap() != n {
                continue;
            }
            let is_first = |rank: usize| choice >> rank & 1 == 1;
            let pairs: usize = (0..n + m)
                .filter(|&rank| is_first(rank))
                .map(|rank| (0..rank).filter(|&other| !is_first(other)).count())
                .sum();
            all += 1;
            found += u32::from(pairs >= at_least);
        }
        f64::from(found) / f64::from(all)
    }

    #[test]
    fn the_null_distribution_is_that_of_all_deals() {
        for (n, m) in [(1, 1), (2, 3), (5, 5), (6, 4), (3, 8)] {
            let found = null_probabilities(n, m);
            assert_eq!(found.len(), n * m + 1);
            for at_least in 0..=n * m {
                let tail: f64 = found[at_least..].iter().sum();
                assert!((tail - enumerated(n, m, at_least)).abs() < 1e-12, "{n} {m} {at_least}");
            }
        }
    }

    #[test]
    fn the_approximation_meets_the_exact_distribution() {
        let under: Vec<f64> = (0..50).map(f64::from).collect();
        for shift in [2.5, 8.5, 14.5] {
            let over: Vec<f64> = under.iter().map(|value| value + shift).collect();
            let exact = rank_sum_p_greater(&over, &under, 0.0).unwrap();
            let more: Vec<f64> = over.iter().copied().chain([24.5 + shift]).collect();
            let approximate = rank_sum_p_greater(&more, &under, 0.0).unwrap();
            assert!((exact - approximate).abs() < 0.02 && exact > approximate / 2.0, "{exact} {approximate}");
        }
    }

    #[test]
    fn shifts_and_ties_are_against_the_first() {
        let p = |over: &[f64], under: &[f64], shift| rank_sum_p_greater(over, under, shift).unwrap();
        assert!((p(&[4.0, 5.0, 6.0], &[1.0, 2.0, 3.0], 0.0) - 0.05).abs() < 1e-12);
        assert_eq!(p(&[4.0, 5.0, 6.0], &[1.0, 2.0, 3.0], 9.0), 1.0);
        assert_eq!(p(&[1.0, 1.0], &[1.0, 1.0], 0.0), 1.0);
        assert_eq!(rank_sum_p_greater(&[], &[1.0], 0.0), None);
        assert_eq!(rank_sum_p_greater(&[f64::NAN], &[1.0], 0.0), None);
    }
}
