//! Whether the samples of a run stay within the budgets of its scenario. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::plan::CaseBudget;
use crate::sample::{Measurement, Sample};
use crate::scenario::Counter;

/// What the samples of a case say to a budget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Balance {
    #[serde(flatten)]
    pub(crate) budget: CaseBudget,
    /// The most that any valid sample counted.
    pub(crate) most: u64,
    pub(crate) holds: bool,
}

/// For each budget whose case has a valid sample.
pub(crate) fn balances(budgets: &[CaseBudget], samples: &[Sample]) -> Vec<Balance> {
    let mut by_case: BTreeMap<&str, Vec<&Measurement>> = BTreeMap::new();
    for sample in samples {
        by_case.entry(&sample.case).or_default().extend(sample.measurement());
    }
    let balance = |budget: &CaseBudget| {
        let own = by_case.get(budget.case.as_str())?;
        let most = own.iter().filter_map(|measurement| counted(budget.counter, measurement)).max()?;
        Some(Balance { budget: budget.clone(), most, holds: most <= budget.max })
    };
    budgets.iter().filter_map(balance).collect()
}

fn counted(counter: Counter, measurement: &Measurement) -> Option<u64> {
    match counter {
        Counter::SystemCalls => measurement.system_calls,
        Counter::Bytes => Some(measurement.bytes),
        Counter::Refusals => Some(measurement.refusals.len() as u64),
        Counter::Retries => measurement.retries,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Times, Usage};
    use crate::sample::Trial;

    fn sample(case: &str, block: u32, system_calls: u64) -> Sample {
        let measurement = Measurement::new(
            Times { wall_ns: 1, cpu_ns: Some(1), steal_ns: 0, usage: Usage::default() },
            100,
        );
        let refusals = vec!["one".to_owned(); usize::from(block == 1)];
        let (system_calls, retries) = (Some(system_calls), Some(u64::from(block) * 5));
        let result = Trial::Measured(Measurement { system_calls, retries, refusals, ..measurement });
        Sample { case: case.to_owned(), block, position: 0, result }
    }

    fn budget(case: &str, counter: Counter, max: u64) -> CaseBudget {
        CaseBudget { case: case.to_owned(), counter, max }
    }

    #[test]
    fn one_sample_above_breaks_a_budget_of_its_case_and_no_other() {
        let samples = [sample("a", 0, 12), sample("b", 0, 99), sample("a", 1, 13)];
        let of = |counter, max| balances(&[budget("a", counter, max)], &samples).remove(0);
        for (counter, most) in
            [(Counter::SystemCalls, 13), (Counter::Bytes, 100), (Counter::Refusals, 1), (Counter::Retries, 5)]
        {
            let (holds, broken) = (of(counter, most), of(counter, most - 1));
            assert_eq!((holds.most, holds.holds), (most, true));
            assert_eq!((broken.most, broken.holds), (most, false));
        }
    }

    #[test]
    fn a_case_without_a_valid_sample_says_nothing() {
        let result = Trial::Invalid { reason: "planted".into() };
        let samples = [Sample { case: "a".into(), block: 0, position: 0, result }];
        assert!(balances(&[budget("a", Counter::Bytes, 1)], &samples).is_empty());
    }
}
