//! Where a series of single values changes its level.
//!
//! A standardised cumulative sum of normal scores (Page, "Continuous Inspection Schemes", Biometrika 41(1/2), 1954, 100-115,
//! made comparable between places as by Sen and Srivastava, "On Tests for Detecting Change in Mean", Annals of Statistics
//! 3(1), 1975, 98-108), tested by permutations (Antoch and Hušková, "Permutation Tests in Change Point Analysis", Statistics
//! and Probability Letters 53(1), 2001, 37-46). Normal scores of the ranks (van der Waerden), so that a few wild values are
//! worth no more than others. Several changes by binary segmentation (Vostrikova, "Detecting 'Disorder' in Multidimensional
//! Random Processes", Soviet Mathematics Doklady 24, 1981, 55-59), to which a change that goes back may stay hidden. The
//! values of an unchanged stretch must be exchangeable: slow waves of the machine count as changes.

use super::normal::normal_quantile;
use super::quantile::sorted;

/// Values on each side of a change: fewer have no level.
const FEWEST: usize = 5;

/// So many permutations are as extreme as a change that is just significant.
const RESOLUTION: f64 = 10.0;

/// A test ends when so many permutations are as extreme: Besag and Clifford, "Sequential Monte Carlo p-values", Biometrika
/// 78(2), 1991, 301-304.
const ENOUGH: u32 = 10;

/// How often the range of a change's place holds it.
const CONFIDENCE: f64 = 0.95;

/// A change of the level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    /// The first value of the new level.
    pub(crate) at: usize,
    /// Between which places that is in 95 of 100 cases: all whose likelihood is not too far below that of the best (Siegmund,
    /// "Confidence Sets in Change-Point Problems", International Statistical Review 56(1), 1988, 31-48).
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
        let scores = scores(&values[start..end]);
        let Some((at, score)) = split(&scores) else { continue };
        if is_beyond_chance(&scores, score, level, random) {
            found.push(start + at);
            stretches.extend([(start, start + at), (start + at, end)]);
        }
    }
    found.sort_unstable();
    settle(values, &mut found);
    Some(
        (0..found.len())
            .map(|index| placed(values, neighbours(values, &found, index), found[index]))
            .collect(),
    )
}

/// Each change was found in a stretch that may have had others; it moves to where it is best between its neighbours.
fn settle(values: &[f64], found: &mut [usize]) {
    for index in 0..found.len() {
        let (start, end) = neighbours(values, found, index);
        if let Some((at, _)) = split(&scores(&values[start..end])) {
            found[index] = start + at;
        }
    }
}

fn neighbours(values: &[f64], found: &[usize], index: usize) -> (usize, usize) {
    let start = index.checked_sub(1).map_or(0, |before| found[before]);
    (start, found.get(index + 1).copied().unwrap_or(values.len()))
}

/// With the range of its place.
///
/// Under normal noise twice the logarithm of the likelihood ratio is n times that of the ratio of residual sums. Before and
/// behind the true place it is a random walk that falls; the maximum of each exceeds x with a probability of at most e^-x, and
/// both together stay below it with the square of the rest.
fn placed(values: &[f64], (start, end): (usize, usize), at: usize) -> Change {
    let scores = scores(&values[start..end]);
    let (n, total) = (scores.len() as f64, scores.iter().map(|score| score * score).sum::<f64>());
    let rest = |between: f64| (total - between).max(f64::MIN_POSITIVE);
    let least = places(&scores).map(|(_, score)| rest(score)).fold(f64::INFINITY, f64::min);
    let most = -2.0 * (1.0 - CONFIDENCE.sqrt()).ln();
    let likely = places(&scores).filter(|(_, score)| n * (rest(*score) / least).ln() <= most);
    let range = likely
        .map(|(place, _)| start + place)
        .fold((at, at), |(low, high), place| (low.min(place), high.max(place)));
    Change { at, earliest: range.0, latest: range.1 }
}

/// What values of these ranks would be, were they normal with mean zero; those that tie share one.
fn scores(values: &[f64]) -> Vec<f64> {
    let ordered = sorted(values).unwrap_or_default();
    let score = |value: &f64| {
        let less = ordered.partition_point(|other| other < value);
        let not_more = ordered.partition_point(|other| other <= value);
        let rank = (less + not_more + 1) as f64 / 2.0;
        normal_quantile(rank / (values.len() + 1) as f64).unwrap_or(0.0)
    };
    values.iter().map(score).collect()
}

/// Every place that has enough values on both sides, with the sum of squares between these: as great by chance in a long stretch
/// as in a short one.
fn places(scores: &[f64]) -> impl Iterator<Item = (usize, f64)> {
    let n = scores.len();
    let mean = scores.iter().sum::<f64>() / n.max(1) as f64;
    let sums = scores.iter().scan(0.0, move |sum, score| {
        *sum += score - mean;
        Some(*sum)
    });
    let enough = move |(at, _): &(usize, f64)| *at >= FEWEST && at + FEWEST <= n;
    (1..).zip(sums).filter(enough).map(move |(at, sum)| (at, n as f64 * sum * sum / (at * (n - at)) as f64))
}

/// The place where both sides differ most, and how much. None where there is no place, or all are equal.
fn split(scores: &[f64]) -> Option<(usize, f64)> {
    places(scores).max_by(|(_, a), (_, b)| a.total_cmp(b)).filter(|(_, score)| *score > 0.0)
}

/// Whether a random order of the values is as extreme with a probability of at most `level`.
fn is_beyond_chance(scores: &[f64], score: f64, level: f64, random: &mut fastrand::Rng) -> bool {
    let mut shuffled = scores.to_vec();
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

    #[track_caller]
    fn in_most(what: &str, holds: impl Fn(u64) -> bool) {
        let count = (0..SERIES).filter(|&seed| holds(seed)).count() as u64;
        assert!(100 * count >= 95 * SERIES, "{what}: {count} of {SERIES}");
    }

    #[test]
    fn a_step_of_five_percent_is_found_where_it_is() {
        let step = |run| if run < 37 { 0.0 } else { 1.05_f64.ln() };
        let all: Vec<Vec<Change>> = (0..SERIES).map(|seed| found(seed, &series(seed, step))).collect();
        let of = |seed: u64| &all[usize::try_from(seed).unwrap()];
        let holds = |one: &Change| (one.earliest..=one.latest).contains(&37);
        in_most("one change", |seed| of(seed).len() == 1);
        in_most("the place is in the range", |seed| of(seed).iter().any(holds));
        // With noise of 3 % no method is nearer so often.
        in_most("five runs off at most", |seed| of(seed).iter().any(|one| one.at.abs_diff(37) <= 5));
        let wide: usize =
            all.iter().flatten().map(|one| one.latest - one.earliest).sum::<usize>() / all.len();
        assert!(wide <= 12, "ranges are {wide} runs wide");
    }

    #[test]
    fn a_ramp_is_found_on_its_way() {
        // From run 20 to run 40, by 0.4 % a run.
        let ramp = |run: u32| 0.004 * f64::from(run.clamp(20, 40) - 20);
        in_most("changes are on the ramp", |seed| {
            let changes = found(seed, &series(seed, ramp));
            !changes.is_empty() && changes.iter().all(|one| one.earliest <= 40 && one.latest >= 20)
        });
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
    fn the_best_place_is_where_both_sides_differ_most() {
        let scores = scores(&[3.0, 1.0, 2.0, 1.0, 2.0, 9.0, 8.0, 9.0, 9.0, 7.0]);
        assert_eq!(scores[5], normal_quantile(9.0 / 11.0).unwrap());
        assert_eq!(scores[1], normal_quantile(1.5 / 11.0).unwrap());
        let sum: f64 = scores[..5].iter().sum::<f64>() - scores.iter().sum::<f64>() / 2.0;
        let (at, score) = split(&scores).unwrap();
        assert!(at == 5 && (score - 10.0 * sum * sum / 25.0).abs() < 1e-12);
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
