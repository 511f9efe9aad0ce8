//! What has no noise: the mechanism, refusals, and what the engine counts. Both sides against each other, and the head
//! against the budgets.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::block::Side;
use super::samples::CaseSamples;
use crate::budget;
use crate::plan::CaseBudget;
use crate::sample::{Measurement, Sample, Trial};
use crate::stats;

/// Something that is not on the head what it is on the base.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Finding {
    /// Whether it is a regression by itself.
    pub(crate) is_regression: bool,
    pub(crate) what: String,
}

impl Finding {
    fn regression(what: String) -> Self {
        Self { is_regression: true, what }
    }

    fn change(what: String) -> Self {
        Self { is_regression: false, what }
    }
}

/// What is different, and which budgets the head breaks.
pub(super) fn findings(samples: &CaseSamples, budgets: &[CaseBudget]) -> Vec<Finding> {
    match samples.failure(Side::Head) {
        Some(why) => vec![cannot_copy(why)],
        None => {
            let (base, head) = (samples.of(Side::Base), samples.of(Side::Head));
            differences(&samples.case.id, &base, &head, probed(samples), budgets)
        }
    }
}

/// What each side was refused when it was set up, where both say it.
fn probed(samples: &CaseSamples) -> Option<[&[String]; 2]> {
    let of = |side: Side| samples.refused.iter().find(|(of, _)| *of == side).map(|(_, refused)| &refused[..]);
    Some([of(Side::Base)?, of(Side::Head)?])
}

pub(super) fn cannot_copy(why: &str) -> Finding {
    Finding::regression(format!("the head cannot copy it, and the base can: {why}"))
}

/// The same of a case whose copies were made by both.
pub(super) fn differences(
    case: &str,
    base: &[&Measurement],
    head: &[&Measurement],
    probed: Option<[&[String]; 2]>,
    budgets: &[CaseBudget],
) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(mechanism(base, head));
    found.extend(refusals(base, head, probed));
    found.extend(over_budget(case, head, budgets));
    found.extend(grown("retries", base, head, |one| one.retries).map(Finding::regression));
    found.extend(differs("system calls", base, head, |one| one.system_calls).map(Finding::change));
    found.extend(differs("bytes", base, head, |one| Some(one.bytes)).map(Finding::change));
    found
}

/// A fast path that is lost, or another one.
fn mechanism(base: &[&Measurement], head: &[&Measurement]) -> Option<Finding> {
    let of = |side: &[&Measurement]| -> BTreeSet<String> {
        side.iter().filter_map(|one| one.mechanism).map(|one| one.to_string()).collect()
    };
    let (before, after) = (of(base), of(head));
    if before == after {
        return None;
    }
    let names = |set: BTreeSet<String>| set.into_iter().collect::<Vec<_>>().join(" or ");
    let what = format!("mechanism: {} on the base, {} on the head", names(before), names(after));
    let zero_copy = |side: &[&Measurement]| {
        side.iter().all(|one| one.mechanism.is_some_and(orbit_engine::Mechanism::is_zero_copy))
    };
    Some(if zero_copy(base) && !zero_copy(head) { Finding::regression(what) } else { Finding::change(what) })
}

/// Rungs that refuse on the head alone, with their reason: in a copy, or before, when it was tried which work.
fn refusals(base: &[&Measurement], head: &[&Measurement], probed: Option<[&[String]; 2]>) -> Option<Finding> {
    let [base_probed, head_probed] = probed.unwrap_or_default();
    let of = |side: &[&Measurement], probed: &[String]| -> BTreeSet<String> {
        side.iter().flat_map(|one| &one.refusals).chain(probed).cloned().collect()
    };
    let (before, after) = (of(base, base_probed), of(head, head_probed));
    let new: Vec<String> = after.difference(&before).cloned().collect();
    (!new.is_empty()).then(|| Finding::regression(format!("refused on the head alone: {}", new.join("; "))))
}

fn over_budget(case: &str, head: &[&Measurement], budgets: &[CaseBudget]) -> Vec<Finding> {
    let own: Vec<CaseBudget> = budgets.iter().filter(|budget| budget.case == case).cloned().collect();
    let sample = |one: &&Measurement| Sample {
        case: case.to_owned(),
        block: 0,
        position: 0,
        result: Trial::Measured((*one).clone()),
    };
    let measured: Vec<Sample> = head.iter().map(sample).collect();
    let broken = budget::balances(&own, &measured).into_iter().filter(|balance| !balance.holds);
    broken
        .map(|balance| {
            let CaseBudget { counter, max, .. } = balance.budget;
            Finding::regression(format!("{counter}: {} on the head, the budget is {max}", balance.most))
        })
        .collect()
}

type Counter = fn(&Measurement) -> Option<u64>;

/// The least and the most that a side counted.
fn range(side: &[&Measurement], counter: Counter) -> Option<(u64, u64)> {
    let counts: Vec<u64> = side.iter().filter_map(|one| counter(one)).collect();
    Some((*counts.iter().min()?, *counts.iter().max()?))
}

/// Where every copy of the head counts more than any of the base.
fn grown(name: &str, base: &[&Measurement], head: &[&Measurement], counter: Counter) -> Option<String> {
    let (before, after) = (range(base, counter)?, range(head, counter)?);
    (after.0 > before.1).then(|| told(name, before, after))
}

/// More or less.
fn differs(name: &str, base: &[&Measurement], head: &[&Measurement], counter: Counter) -> Option<String> {
    let (before, after) = (range(base, counter)?, range(head, counter)?);
    (after.0 > before.1 || after.1 < before.0).then(|| told(name, before, after))
}

fn told(name: &str, before: (u64, u64), after: (u64, u64)) -> String {
    let span = |(least, most): (u64, u64)| {
        if least == most { least.to_string() } else { format!("{least} to {most}") }
    };
    format!("{name}: {} on the base, {} on the head", span(before), span(after))
}

/// Counters of the system whose medians are a tenth apart or more: what may explain another time.
pub(super) fn explanations(base: &[&Measurement], head: &[&Measurement]) -> Vec<String> {
    let counters: [(&str, Counter); 7] = [
        ("user time in ns", |one| one.usage.user_ns),
        ("system time in ns", |one| one.usage.system_ns),
        ("voluntary switches", |one| one.usage.voluntary_switches),
        ("involuntary switches", |one| one.usage.involuntary_switches),
        ("minor faults", |one| one.usage.minor_faults),
        ("bytes read from storage", |one| one.usage.storage_read_bytes),
        ("bytes to be written to storage", |one| one.usage.storage_write_bytes),
    ];
    let median = |side: &[&Measurement], counter: Counter| {
        let counts: Vec<f64> = side.iter().filter_map(|one| counter(one)).map(stats::float).collect();
        stats::median(&counts)
    };
    let explanation = |(name, counter): (&str, Counter)| {
        let (before, after) = (median(base, counter)?, median(head, counter)?);
        ((after - before).abs() > 0.1 * before).then(|| {
            format!("{name}: {} on the base, {} on the head", stats::whole(before), stats::whole(after))
        })
    };
    counters.into_iter().filter_map(explanation).collect()
}

#[cfg(test)]
mod tests;
