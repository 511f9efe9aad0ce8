//! Where a series of single values changes its level.
//!
//! A standardised cumulative sum of ranks (Page, "Continuous Inspection Schemes", Biometrika 41(1/2), 1954, 100-115, made
//! comparable between places as by Sen and Srivastava, "On Tests for Detecting Change in Mean", Annals of Statistics 3(1),
//! 1975, 98-108), tested by permutations (Antoch and Hušková, "Permutation Tests in Change Point Analysis", Statistics and
//! Probability Letters 53(1), 2001, 37-46). Ranks, so that a few wild values are worth no more than others. Several changes
//! by binary segmentation (Vostrikova, "Detecting 'Disorder' in Multidimensional Random Processes", Soviet Mathematics
//! Doklady 24, 1981, 55-59). The values of an unchanged stretch must be exchangeable: slow waves of the machine count as
//! changes.

use super::bootstrap::bootstrap_indices;
use super::quantile::sorted;

/// Values on each side of a change: fewer have no level.
const FEWEST: usize = 5;

/// So many permutations, and more, are as extreme as one that is just significant.
const RESOLUTION: f64 = 20.0;

/// A test ends when so many permutations are as extreme: Besag and Clifford, "Sequential Monte Carlo p-values", Biometrika
/// 78(2), 1991, 301-304.
const ENOUGH: u32 = 20;

/// Drawings for the range of a change's place.
const REPLICATES: usize = 400;

/// A change of the level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    /// The first value of the new level.
    pub(crate) at: usize,
    /// Between which places that is in 95 of 100 cases: both sides drawn anew, and the place found again (Antoch, Hušková and
    /// Veraverbeke, "Change-Point Problem and Bootstrap", Journal of Nonparametric Statistics 5, 1995, 123-144).
    pub(crate) earliest: usize,
    pub(crate) latest: usize,
}

/// All changes of `values`, in their order. Where there is none, one is found with a probability of at most `level`.
///
/// `None` if a value is not finite or `level` is not strictly between 0 and 1.
pub(crate) fn changes(values: &[f64], level: f64, random: &mut fastrand::Rng) -> Option<Vec<Change>> {
    if !values.iter().all(|value| value.is_finite()) || !(0.0..1.0).contains(&level) || level == 0.0 {
        return None;
    }
    let mut found = Vec::new();
    let mut stretches = vec![(0, values.len())];
    while let Some((start, end)) = stretches.pop() {
        let ranks = ranks(&values[start..end]);
        let Some((at, score)) = split(&ranks) else { continue };
        if is_beyond_chance(&ranks, score, level, random) {
            found.push(start + at);
            stretches.extend([(start, start + at), (start + at, end)]);
        }
    }
    found.sort_unstable();
    settle(values, &mut found);
    let bounds = |index: usize| neighbours(values, &found, index);
    Some((0..found.len()).map(|index| placed(values, bounds(index), found[index], random)).collect())
}

/// Each change was found in a stretch that may have had others; it moves to where it is best between its neighbours.
fn settle(values: &[f64], found: &mut [usize]) {
    for index in 0..found.len() {
        let (start, end) = neighbours(values, found, index);
        if let Some((at, _)) = split(&ranks(&values[start..end])) {
            found[index] = start + at;
        }
    }
}

fn neighbours(values: &[f64], found: &[usize], index: usize) -> (usize, usize) {
    let start = index.checked_sub(1).map_or(0, |before| found[before]);
    (start, found.get(index + 1).copied().unwrap_or(values.len()))
}

/// With the range of its place.
fn placed(values: &[f64], (start, end): (usize, usize), at: usize, random: &mut fastrand::Rng) -> Change {
    let (before, after) = (&values[start..at], &values[at..end]);
    let drawn = |from: &[f64], random: &mut fastrand::Rng| -> Vec<f64> {
        bootstrap_indices(from.len(), random).into_iter().map(|index| from[index]).collect()
    };
    let mut places: Vec<usize> = (0..REPLICATES)
        .filter_map(|_| {
            let again = [drawn(before, random), drawn(after, random)].concat();
            Some(start + split(&ranks(&again))?.0)
        })
        .collect();
    places.sort_unstable();
    let tail = places.len() / 40;
    let bound = |index: usize| places.get(index).copied().unwrap_or(at);
    Change { at, earliest: bound(tail).min(at), latest: bound(places.len().saturating_sub(tail + 1)).max(at) }
}

/// The ranks of the values less their mean; those that tie share one.
fn ranks(values: &[f64]) -> Vec<f64> {
    let ordered = sorted(values).unwrap_or_default();
    let middle = (values.len() + 1) as f64 / 2.0;
    let rank = |value: &f64| {
        let less = ordered.partition_point(|other| other < value);
        let not_more = ordered.partition_point(|other| other <= value);
        (less + not_more + 1) as f64 / 2.0 - middle
    };
    values.iter().map(rank).collect()
}

/// The place where both sides differ most, and how much: the square of the sum before it over the number of pairs. None where
/// there is no place, or all are equal.
fn split(ranks: &[f64]) -> Option<(usize, f64)> {
    let n = ranks.len();
    let (mut sum, mut best) = (0.0, None);
    for (at, rank) in (1..).zip(ranks) {
        sum += rank;
        if at >= FEWEST && at + FEWEST <= n {
            let score = sum * sum / (at * (n - at)) as f64;
            if best.is_none_or(|(_, most)| score > most) {
                best = Some((at, score));
            }
        }
    }
    best.filter(|(_, score)| *score > 0.0)
}

/// Whether a random order of the values is as extreme with a probability of at most `level`.
fn is_beyond_chance(ranks: &[f64], score: f64, level: f64, random: &mut fastrand::Rng) -> bool {
    let mut shuffled = ranks.to_vec();
    let permutations = RESOLUTION / level;
    let (mut drawn, mut extreme) = (0.0, 0);
    while drawn < permutations {
        random.shuffle(&mut shuffled);
        drawn += 1.0;
        // Sums of the same numbers in another order may differ by a rounding.
        extreme += u32::from(split(&shuffled).is_some_and(|(_, other)| other >= score * (1.0 - 1e-9)));
        if extreme >= ENOUGH {
            return f64::from(extreme) / drawn <= level;
        }
    }
    f64::from(extreme + 1) / (drawn + 1.0) <= level
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERIES: u64 = 200;
    const RUNS: u32 = 60;
    const NOISE: f64 = 0.03;
    const LEVEL: f64 = 0.01;

    /// Logarithms of times with this level at each run, and normal noise.
    fn series(seed: u64, level: impl Fn(u32) -> f64) -> Vec<f64> {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut normal = || {
            let radius = (-2.0 * (1.0 - random.f64()).ln()).sqrt();
            radius * (std::f64::consts::TAU * random.f64()).cos()
        };
        (0..RUNS).map(|run| level(run) + NOISE * normal()).collect()
    }

    fn found(seed: u64, values: &[f64]) -> Vec<Change> {
        changes(values, LEVEL, &mut fastrand::Rng::with_seed(seed + 1000)).unwrap()
    }

    #[test]
    fn a_step_of_five_percent_is_found_where_it_is() {
        let (mut near, mut within) = (0, 0);
        for seed in 0..SERIES {
            let changes = found(seed, &series(seed, |run| if run < 37 { 0.0 } else { 1.05_f64.ln() }));
            if let [one] = changes.as_slice() {
                near += u64::from(one.at.abs_diff(37) <= 3);
                within += u64::from((one.earliest..=one.latest).contains(&37));
            }
        }
        assert!(100 * near >= 95 * SERIES && 100 * within >= 95 * SERIES, "{near} {within} of {SERIES}");
    }

    #[test]
    fn a_ramp_is_found_on_its_way() {
        // From run 20 to run 40, by 0.4 % a run.
        let ramp = |run: u32| 0.004 * f64::from(run.clamp(20, 40) - 20);
        let right = (0..SERIES).filter(|&seed| {
            let changes = found(seed, &series(seed, ramp));
            !changes.is_empty() && changes.iter().all(|one| (20..=40).contains(&one.at))
        });
        let right = right.count() as u64;
        assert!(100 * right >= 95 * SERIES, "{right} of {SERIES}");
    }

    #[test]
    fn a_series_that_stays_is_left_alone() {
        let alarms = (0..SERIES).filter(|&seed| !found(seed, &series(seed, |_| 0.0)).is_empty()).count();
        // At 1 % chance has more than 6 of 200 in fewer than one of two hundred trials.
        assert!(alarms <= 6, "{alarms} of {SERIES}");
    }

    #[test]
    fn several_changes_are_told_in_their_order_and_wild_values_are_none() {
        let level = |run: u32| match run {
            0..20 => 0.0,
            20..45 => 0.2,
            _ => -0.1,
        };
        let mut values = series(5, level);
        values[10] = 9.0;
        let at: Vec<usize> = found(5, &values).iter().map(|one| one.at).collect();
        assert_eq!(at, [20, 45]);
    }

    #[test]
    fn the_score_is_greatest_where_both_sides_differ_most() {
        let ranks = ranks(&[3.0, 1.0, 2.0, 1.0, 2.0, 9.0, 8.0, 9.0, 9.0, 7.0]);
        assert_eq!(ranks[5..], [3.5, 1.5, 3.5, 3.5, 0.5]);
        assert_eq!(split(&ranks), Some((5, 12.5 * 12.5 / 25.0)));
    }

    #[test]
    fn too_little_and_nothing_different_have_no_change() {
        let none =
            |values: &[f64]| changes(values, LEVEL, &mut fastrand::Rng::with_seed(1)).unwrap().is_empty();
        assert!(none(&[]) && none(&[1.0]) && none(&[1.0; 40]));
        // Nine values have no place with five on both sides; ten in two halves are one of 252 orders, and its mirror.
        let halves: Vec<f64> = (0..10).map(f64::from).collect();
        assert!(none(&halves[..9]));
        let found = |level| changes(&halves, level, &mut fastrand::Rng::with_seed(1)).unwrap().len();
        assert_eq!((found(0.05), found(0.001)), (1, 0));
        assert_eq!(changes(&[f64::NAN], LEVEL, &mut fastrand::Rng::with_seed(1)), None);
        assert_eq!(changes(&[1.0], 0.0, &mut fastrand::Rng::with_seed(1)), None);
    }
}
