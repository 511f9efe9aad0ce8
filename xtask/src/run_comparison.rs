//! Runs against each other, case by case. Their samples are independent: what changed between two runs and what the
//! machine did meanwhile are both in the ratio, so the conditions that are not alike come first. Pure.

mod conditions;

use std::collections::HashMap;

use serde::Serialize;

use crate::agreement::Coverage;
use crate::budget;
use crate::comparison::{Times, Verdict};
use crate::plan::Case;
use crate::record::Run;
use crate::scenario::Counter;
use crate::stats;

pub(crate) use conditions::{Caution, Difference};

const CONFIDENCE: f64 = 0.95;

/// Of the bootstrap: equal runs give equal intervals.
const SEED: u64 = 1;

pub(crate) const SCHEMA: &str = "orbit.run-comparison/1";

/// The first run and every other one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RunComparison {
    pub(crate) schema: &'static str,
    /// Name of the run that the others are set against.
    pub(crate) base: String,
    /// What is wrong with a run by itself.
    pub(crate) cautions: Vec<Caution>,
    pub(crate) against: Vec<Against>,
}

/// One run against the base.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Against {
    pub(crate) run: String,
    /// In which conditions it was not measured like the base.
    pub(crate) differences: Vec<Difference>,
    /// In the order of the base.
    pub(crate) cases: Vec<CaseRatio>,
    /// Cases that only one of them has valid samples of.
    pub(crate) only_in_base: Vec<String>,
    pub(crate) only_in_run: Vec<String>,
    /// How many intervals contain 1; only where the same program measured under the same conditions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) same_code: Option<Coverage>,
    /// Budgets that hold in one of them and not in the other.
    pub(crate) budgets: Vec<BudgetChange>,
}

/// A budget that both runs have, and what each of them counted against its own limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct BudgetChange {
    /// As the base names it.
    pub(crate) case: String,
    pub(crate) counter: Counter,
    pub(crate) base_most: u64,
    pub(crate) base_max: u64,
    pub(crate) run_most: u64,
    pub(crate) run_max: u64,
    /// In the run; in the base it is the other way round.
    pub(crate) holds: bool,
}

/// A case in two runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct CaseRatio {
    /// As the base names it.
    pub(crate) case: String,
    /// By which both runs know it.
    pub(crate) hash: String,
    pub(crate) base_samples: usize,
    pub(crate) run_samples: usize,
    pub(crate) base_median_ns: u64,
    pub(crate) run_median_ns: u64,
    /// Median of the run over that of the base.
    pub(crate) ratio: f64,
    /// 95 % bootstrap interval of independent samples; none with fewer than six in either.
    pub(crate) ratio_lower: Option<f64>,
    pub(crate) ratio_upper: Option<f64>,
    /// What the run is, by this interval alone.
    pub(crate) verdict: Verdict,
}

/// Sets every run but the first against the first; none without one.
pub(crate) fn compare(runs: &[Run]) -> Option<RunComparison> {
    let (base, others) = runs.split_first()?;
    Some(RunComparison {
        schema: SCHEMA,
        base: base.record.run.clone(),
        cautions: runs.iter().flat_map(|run| conditions::cautions(&run.record)).collect(),
        against: others.iter().map(|run| against(base, run)).collect(),
    })
}

/// A case with its wall times.
type Measured<'a> = (&'a Case, Vec<f64>);

fn against(base: &Run, run: &Run) -> Against {
    let (base_cases, run_cases) = (measured(base), measured(run));
    let by_hash = |cases: &[Measured<'_>]| -> HashMap<String, usize> {
        // The first of several; they mean the same.
        cases.iter().enumerate().rev().map(|(index, (case, _))| (case.hash.clone(), index)).collect()
    };
    let (in_base, in_run) = (by_hash(&base_cases), by_hash(&run_cases));
    let only = |cases: &[Measured<'_>], other: &HashMap<String, usize>| {
        let alone = cases.iter().filter(|(case, _)| !other.contains_key(&case.hash));
        alone.map(|(case, _)| case.id.clone()).collect()
    };
    let ratio = |one: &Measured<'_>| ratio(one, &run_cases[*in_run.get(&one.0.hash)?]);
    let differences = conditions::differences(&base.record, &run.record);
    let cases: Vec<CaseRatio> = base_cases.iter().filter_map(ratio).collect();
    let same_code = differences.is_empty() && base.record.program_sha256 == run.record.program_sha256;
    let bounds: Vec<(f64, f64)> =
        cases.iter().filter_map(|one| one.ratio_lower.zip(one.ratio_upper)).collect();
    Against {
        run: run.record.run.clone(),
        same_code: same_code.then(|| Coverage::of(&bounds)).flatten(),
        budgets: budget_changes(base, run),
        differences,
        cases,
        only_in_base: only(&base_cases, &in_run),
        only_in_run: only(&run_cases, &in_base),
    }
}

fn budget_changes(base: &Run, run: &Run) -> Vec<BudgetChange> {
    let hash = |run: &Run, id: &str| {
        run.record.cases.iter().find(|case| case.id == id).map(|case| case.hash.clone())
    };
    let balances = |run: &Run| budget::balances(&run.record.budgets, &run.samples);
    let ours: Vec<_> = balances(base).into_iter().map(|one| (hash(base, &one.budget.case), one)).collect();
    let change = |now: budget::Balance| {
        let key = hash(run, &now.budget.case)?;
        let alike = |then: &&(Option<String>, budget::Balance)| {
            then.0.as_ref() == Some(&key) && then.1.budget.counter == now.budget.counter
        };
        let (_, then) = ours.iter().find(alike)?;
        (then.holds != now.holds).then(|| BudgetChange {
            case: then.budget.case.clone(),
            counter: now.budget.counter,
            base_most: then.most,
            base_max: then.budget.max,
            run_most: now.most,
            run_max: now.budget.max,
            holds: now.holds,
        })
    };
    balances(run).into_iter().filter_map(change).collect()
}

/// Cases that have valid samples, in the order of the plan.
fn measured(run: &Run) -> Vec<Measured<'_>> {
    let times = Times::of(&run.samples);
    let walls = |case: &str| -> Option<Vec<f64>> { Some(times.case(case)?.values().copied().collect()) };
    run.record.cases.iter().filter_map(|case| Some((case, walls(&case.id)?))).collect()
}

fn ratio((case, base): &Measured<'_>, (_, run): &Measured<'_>) -> Option<CaseRatio> {
    let (base_median, run_median) = (stats::median(base)?, stats::median(run)?);
    let mut random = fastrand::Rng::with_seed(SEED);
    let interval = stats::ratio_of_medians_interval(run, base, CONFIDENCE, &mut random);
    Some(CaseRatio {
        case: case.id.clone(),
        hash: case.hash.clone(),
        base_samples: base.len(),
        run_samples: run.len(),
        base_median_ns: stats::whole(base_median),
        run_median_ns: stats::whole(run_median),
        ratio: run_median / base_median,
        ratio_lower: interval.map(|interval| interval.lower),
        ratio_upper: interval.map(|interval| interval.upper),
        verdict: match interval {
            Some(interval) if interval.upper < 1.0 => Verdict::Faster,
            Some(interval) if interval.lower > 1.0 => Verdict::Slower,
            _ => Verdict::NotDifferent,
        },
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use orbit_engine::Strategy;

    use super::*;
    use crate::plan::CaseBudget;
    use crate::report::planted;
    use crate::sample::{Sample, Trial};

    fn run(sizes: &[u64]) -> Run {
        let (record, _, samples) =
            planted::run(sizes, &[Strategy::ZeroCopy, Strategy::Buffered], &[1 << 20], 12);
        Run { folder: PathBuf::new(), record, samples }
    }

    fn slowed(mut run: Run, case: usize, by: f64) -> Run {
        let id = run.record.cases[case].id.clone();
        for sample in &mut run.samples {
            if let Sample { case, result: Trial::Measured(measurement), .. } = sample
                && *case == id
            {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a made-up time")]
                let wall_ns = (measurement.wall_ns as f64 * by) as u64;
                measurement.wall_ns = wall_ns;
            }
        }
        run
    }

    #[test]
    fn a_planted_slowdown_is_found_and_nothing_else() {
        let base = run(&[4096, 1 << 20]);
        let compared = compare(&[base.clone(), slowed(base, 2, 1.5)]).unwrap();
        let verdicts: Vec<Verdict> = compared.against[0].cases.iter().map(|one| one.verdict).collect();
        let same = Verdict::NotDifferent;
        assert_eq!(verdicts, [same, same, Verdict::Slower, same]);
        let slower = &compared.against[0].cases[2];
        assert!((slower.ratio - 1.5).abs() < 0.01, "{slower:?}");
        assert!(slower.ratio_lower.unwrap() > 1.3 && slower.ratio_upper.unwrap() < 1.7, "{slower:?}");
        assert_eq!((slower.base_samples, slower.run_samples), (12, 12));
    }

    #[test]
    fn cases_are_matched_by_what_they_mean_and_not_by_their_names() {
        let (mut base, mut other) = (run(&[4096]), run(&[4096, 8192]));
        // Names change with the scenario's.
        for case in &mut base.record.cases {
            let name = format!("renamed/{}", case.hash);
            for sample in base.samples.iter_mut().filter(|sample| sample.case == case.id) {
                sample.case.clone_from(&name);
            }
            case.id = name;
        }
        other.record.cases[0].hash = "ffffffffffff".to_owned();
        let against = compare(&[base, other]).unwrap().against.remove(0);
        assert_eq!(against.cases.len(), 1);
        assert_eq!(against.cases[0].case, "renamed/00000000a001");
        assert_eq!(against.only_in_base, ["renamed/00000000a000"]);
        assert_eq!(against.only_in_run.len(), 3);
    }

    #[test]
    fn few_samples_have_a_ratio_and_no_verdict() {
        let (record, _, samples) = planted::run(&[4096], &[Strategy::Buffered], &[1 << 20], 5);
        let base = Run { folder: PathBuf::new(), record, samples };
        let one = compare(&[base.clone(), slowed(base, 0, 3.0)]).unwrap().against.remove(0).cases.remove(0);
        assert_eq!((one.ratio_lower, one.verdict), (None, Verdict::NotDifferent));
        assert!(one.ratio > 2.9);
    }

    #[test]
    fn the_same_program_says_how_many_intervals_contain_one() {
        let base = run(&[4096, 1 << 20]);
        let same = |other: Run| compare(&[base.clone(), other]).unwrap().against[0].same_code;
        let found = same(base.clone()).unwrap();
        assert_eq!((found.intervals, found.contain_one), (4, 4));
        assert_eq!(same(slowed(base.clone(), 2, 1.5)).unwrap().contain_one, 3);
        let mut other = base.clone();
        other.record.program_sha256 = "1".repeat(64);
        assert_eq!(same(other), None);
        let mut other = base.clone();
        other.record.host.kernel = "Linux 9.9".to_owned();
        assert_eq!(same(other), None);
    }

    #[test]
    fn a_budget_that_holds_in_one_run_alone_is_told() {
        let mut base = run(&[4096]);
        let case = base.record.cases[0].id.clone();
        let budget = |max| CaseBudget { case: case.clone(), counter: Counter::SystemCalls, max };
        base.record.budgets = vec![budget(7)];
        let mut other = base.clone();
        let changes =
            |base: &Run, run: &Run| compare(&[base.clone(), run.clone()]).unwrap().against.remove(0).budgets;
        assert_eq!(changes(&base, &other), []);
        other.record.budgets = vec![budget(6)];
        let expected = BudgetChange {
            case: case.clone(),
            counter: Counter::SystemCalls,
            base_most: 7,
            base_max: 7,
            run_most: 7,
            run_max: 6,
            holds: false,
        };
        assert_eq!(changes(&base, &other), [expected]);
        assert!(changes(&other, &base)[0].holds);
        assert_eq!(changes(&other, &other), []);
    }

    #[test]
    fn no_run_is_no_comparison() {
        assert_eq!(compare(&[]), None);
    }
}
