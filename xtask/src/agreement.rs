//! Whether intervals are as wide as they say: of ratios whose true value is 1, how many intervals contain it. Pure.

use serde::{Deserialize, Serialize};

use crate::comparison::{self, Times};
use crate::plan::Case;
use crate::sample::Sample;
use crate::scenario::Subject;
use crate::stats;

/// What each interval promises.
const EXPECTED: f64 = 0.95;

/// How rarely as few as [`Coverage::fewest`] or fewer would contain 1 by chance.
const RARELY: f64 = 0.01;

/// Of intervals around ratios that are 1, how many contain it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Coverage {
    pub(crate) intervals: u64,
    pub(crate) contain_one: u64,
    /// What 99 of 100 such sets reach, if each interval holds by itself in 95 of 100 cases.
    pub(crate) fewest: u64,
    /// How much further, in percent, every interval would have to reach for 95 in 100 to contain 1.
    pub(crate) gap_pct: f64,
}

impl Coverage {
    /// Of intervals, each from its lower to its upper bound; none without any.
    pub(crate) fn of(bounds: &[(f64, f64)]) -> Option<Self> {
        let intervals = bounds.len() as u64;
        let contain_one =
            bounds.iter().filter(|(lower, upper)| (*lower..=*upper).contains(&1.0)).count() as u64;
        let fewest = stats::binomial_lower(intervals, EXPECTED, RARELY)?;
        Some(Self { intervals, contain_one, fewest, gap_pct: gap_pct(bounds)? })
    }

    pub(crate) fn holds(self) -> bool {
        self.contain_one >= self.fewest
    }
}

/// The distance to 1 that 95 in 100 intervals do not exceed.
fn gap_pct(bounds: &[(f64, f64)]) -> Option<f64> {
    let mut gaps: Vec<f64> =
        bounds.iter().map(|(lower, upper)| (lower - 1.0).max(1.0 / upper - 1.0).max(0.0) * 100.0).collect();
    gaps.sort_by(f64::total_cmp);
    gaps.get((gaps.len() * 95).div_ceil(100).checked_sub(1)?).copied()
}

/// A case and its repetition within one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Repetition {
    /// The first of the two.
    pub(crate) case: String,
    /// Time of the repetition over time of the case, from paired samples.
    pub(crate) ratio: f64,
    /// 95 % signed-rank interval.
    pub(crate) ratio_lower: f64,
    pub(crate) ratio_upper: f64,
}

/// A run against itself: subjects that run the same code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Agreement {
    #[serde(flatten)]
    pub(crate) coverage: Coverage,
    pub(crate) repetitions: Vec<Repetition>,
}

/// Every case of the engine beside the same case once more; none where no such pair has an interval.
pub(crate) fn within(cases: &[Case], samples: &[Sample]) -> Option<Agreement> {
    let times = Times::of(samples);
    let repetition = |again: &Case| {
        let first = cases.iter().find(|case| is_repeated(case, again))?;
        let (over, under) = (times.case(&again.id)?, times.case(&first.id)?);
        let column = over.iter().filter_map(|(block, ns)| Some((ns / under.get(block)?).ln())).collect();
        let ratio = comparison::ratios(&[column]).remove(0)?;
        let (ratio_lower, ratio_upper) = ratio.ratio_lower.zip(ratio.ratio_upper)?;
        Some(Repetition { case: first.id.clone(), ratio: ratio.ratio, ratio_lower, ratio_upper })
    };
    let again = cases.iter().filter(|case| case.subject == Subject::EngineAgain);
    let repetitions: Vec<Repetition> = again.filter_map(repetition).collect();
    let bounds: Vec<(f64, f64)> = repetitions.iter().map(|one| (one.ratio_lower, one.ratio_upper)).collect();
    Some(Agreement { coverage: Coverage::of(&bounds)?, repetitions })
}

/// Whether they differ in the subject's name alone.
fn is_repeated(case: &Case, again: &Case) -> bool {
    let Case { id, hash, .. } = again;
    case.subject == Subject::Engine
        && Case { id: id.clone(), hash: hash.clone(), subject: again.subject, ..case.clone() } == *again
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Times as Clocks, Usage};
    use crate::plan;
    use crate::sample::{Measurement, Trial};
    use crate::scenario::Scenario;

    /// Pairs by strategy, verification and size.
    fn cases() -> Vec<Case> {
        let text = "schema = \"orbit.scenario/1\"\nname = \"t\"\nquestion = \"?\"\n[matrix]\nsize = [1, 2, 3, 4, 5]\n\
                    strategy = [\"auto\", \"buffered\"]\nverify = [\"none\", \"compare\"]\n\
                    subject = [\"engine\", \"engine-again\", \"cp\"]\n";
        plan::cases(&Scenario::parse(text.to_owned(), std::path::Path::new("t.toml")).unwrap())
    }

    /// Times of any case, longer by `bias` where it is a repetition.
    fn samples(cases: &[Case], bias: f64) -> Vec<Sample> {
        let mut random = fastrand::Rng::with_seed(11);
        let mut samples = Vec::new();
        for block in 0..20 {
            for case in cases {
                let noise = (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
                let own = if case.subject == Subject::EngineAgain { 1.0 + bias } else { 1.0 };
                let wall_ns = stats::whole(1e6 * own * (0.1 * noise).exp());
                let times = Clocks { wall_ns, cpu_ns: Some(1), steal_ns: 0, usage: Usage::default() };
                let result = Trial::Measured(Measurement::new(times, case.size_bytes));
                samples.push(Sample { case: case.id.clone(), block, position: 0, result });
            }
        }
        samples
    }

    #[test]
    fn the_same_code_agrees_with_itself_and_slower_code_does_not() {
        let cases = cases();
        let same = within(&cases, &samples(&cases, 0.0)).unwrap();
        assert_eq!((same.coverage.intervals, same.repetitions.len()), (20, 20));
        assert!(same.coverage.holds() && same.coverage.contain_one >= 17, "{same:?}");
        let slower = within(&cases, &samples(&cases, 0.3)).unwrap();
        assert!(!slower.coverage.holds() && slower.coverage.contain_one < 3, "{slower:?}");
        assert!(slower.repetitions.iter().all(|one| one.ratio > 1.1), "{slower:?}");
    }

    #[test]
    fn without_a_repetition_there_is_nothing_to_say() {
        let mut cases = cases();
        cases.retain(|case| case.subject != Subject::EngineAgain);
        assert_eq!(within(&cases, &samples(&cases, 0.0)), None);
        assert_eq!(Coverage::of(&[]), None);
    }

    #[test]
    fn bounds_belong_to_their_interval() {
        let found = Coverage::of(&[(1.0, 2.0), (0.5, 1.0), (0.9, 0.99), (1.01, 1.1)]).unwrap();
        assert_eq!((found.intervals, found.contain_one), (4, 2));
        // Two of four have a chance of 1.4 %, one of four 0.05 %.
        assert!(found.fewest == 2 && found.holds());
        assert!((found.gap_pct - 100.0 / 99.0).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn one_interval_in_twenty_may_miss_by_anything() {
        let bounds = |misses: usize| -> Vec<(f64, f64)> {
            (0..20).map(|index| if index < misses { (1.5, 2.0) } else { (0.9, 1.1) }).collect()
        };
        let gap = |misses| Coverage::of(&bounds(misses)).unwrap().gap_pct;
        assert_eq!([gap(0), gap(1), gap(2)], [0.0, 0.0, 50.0]);
    }
}
