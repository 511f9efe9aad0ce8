//! How often the gate is wrong: families of cases by one program, with a known difference planted or with none, and how
//! often the gate said what is true.

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::judge::{Judgement, Verdict};
use super::outcome::{CaseOutcome, Outcome};
use crate::host::Host;
use crate::plan;
use crate::stats;

pub(crate) const CALIBRATION_SCHEMA: &str = "orbit.calibration/1";

const CONFIDENCE: f64 = 0.95;

/// What is not alike in a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Plant {
    Nothing,
    /// One case takes a tenth longer on the head.
    TenPercent,
    /// One case takes a fifth longer on the head.
    TwentyPercent,
    /// One case is copied by the other strategy on the head.
    OtherStrategy,
}

/// Each round measures these, in a random order, so that all see the same machine.
const ROUND: [Plant; 9] = [
    Plant::Nothing,
    Plant::Nothing,
    Plant::Nothing,
    Plant::Nothing,
    Plant::TenPercent,
    Plant::TenPercent,
    Plant::TwentyPercent,
    Plant::TwentyPercent,
    Plant::OtherStrategy,
];

/// Families in which nothing is planted, of each round.
const EQUAL_OF_ROUND: u32 = 4;

impl Plant {
    /// What is planted in each family, so that nothing is in `equal` of them at least.
    pub(crate) fn schedule(seed: u64, equal: u32) -> Vec<Self> {
        let rounds = equal.div_ceil(EQUAL_OF_ROUND);
        let round = |round| plan::order(seed, round, ROUND.len()).into_iter().map(|index| ROUND[index]);
        (0..rounds).flat_map(round).collect()
    }

    /// By how much a planted case is slower.
    pub(crate) fn slower_pct(self) -> Option<u32> {
        match self {
            Self::TenPercent => Some(10),
            Self::TwentyPercent => Some(20),
            Self::Nothing | Self::OtherStrategy => None,
        }
    }
}

/// What the gate said of one family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Family {
    pub(crate) plant: Plant,
    /// Id of the case that it is planted in.
    pub(crate) planted: Option<String>,
    /// Whether the gate found it: by its wall time, or by the mechanism.
    pub(crate) found: bool,
    /// Cases that it called a regression though nothing is planted in them.
    pub(crate) alarms: Vec<String>,
    /// Cases with nothing planted in them, and of these those that were too noisy to say.
    pub(crate) equal_cases: u64,
    pub(crate) inconclusive: u64,
    pub(crate) took_ms: u64,
}

impl Family {
    pub(crate) fn of(plant: Plant, planted: Option<String>, outcome: &Outcome, took_ms: u64) -> Self {
        let (with, without): (Vec<&CaseOutcome>, Vec<&CaseOutcome>) =
            outcome.cases.iter().partition(|case| Some(&case.case) == planted.as_ref());
        let is = |verdict| move |case: &&&CaseOutcome| case.verdict == verdict;
        Self {
            plant,
            found: with.iter().any(|case| is_found(plant, case)),
            alarms: without.iter().filter(is(Verdict::Regression)).map(|case| case.case.clone()).collect(),
            equal_cases: without.len() as u64,
            inconclusive: without.iter().filter(is(Verdict::Inconclusive)).count() as u64,
            planted,
            took_ms,
        }
    }
}

/// By what was planted, and not by whatever else.
fn is_found(plant: Plant, case: &CaseOutcome) -> bool {
    let is_slower = |judged: &Judgement| judged.verdict == Verdict::Regression;
    match plant {
        Plant::Nothing => false,
        Plant::TenPercent | Plant::TwentyPercent => case.wall.as_ref().is_some_and(is_slower),
        Plant::OtherStrategy => {
            case.findings.iter().any(|finding| finding.is_regression && finding.what.starts_with("mechanism"))
        }
    }
}

/// What is counted over all families.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Count {
    /// Families in which nothing was planted and something was a regression.
    FalseAlarms,
    /// Families in which something was planted and another case was a regression.
    FalseAlarmsBeside,
    TenPercentFound,
    TwentyPercentFound,
    OtherStrategyFound,
}

impl Count {
    const ALL: [Self; 5] = [
        Self::FalseAlarms,
        Self::FalseAlarmsBeside,
        Self::TenPercentFound,
        Self::TwentyPercentFound,
        Self::OtherStrategyFound,
    ];

    /// What the gate promises, in percent.
    fn bound(self) -> Bound {
        match self {
            Self::FalseAlarms | Self::FalseAlarmsBeside => Bound::AtMost(1),
            Self::TenPercentFound => Bound::AtLeast(80),
            Self::TwentyPercentFound => Bound::AtLeast(95),
            Self::OtherStrategyFound => Bound::AtLeast(100),
        }
    }

    /// Whether a family is one that counts; none where it is of another kind.
    fn of(self, family: &Family) -> Option<bool> {
        let alarm = !family.alarms.is_empty();
        match (self, family.plant) {
            (Self::FalseAlarms, Plant::Nothing) => Some(alarm),
            (Self::FalseAlarmsBeside, plant) if plant != Plant::Nothing => Some(alarm),
            (Self::TenPercentFound, Plant::TenPercent)
            | (Self::TwentyPercentFound, Plant::TwentyPercent)
            | (Self::OtherStrategyFound, Plant::OtherStrategy) => Some(family.found),
            _ => None,
        }
    }
}

/// In percent of the families.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Bound {
    AtMost(u64),
    AtLeast(u64),
}

impl Bound {
    fn holds(self, found: u64, families: u64) -> bool {
        match self {
            _ if families == 0 => false,
            Self::AtMost(percent) => 100 * found <= percent * families,
            Self::AtLeast(percent) => 100 * found >= percent * families,
        }
    }
}

/// How often, and how often it may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Rate {
    pub(crate) count: Count,
    pub(crate) families: u64,
    pub(crate) found: u64,
    /// 95 % Clopper-Pearson interval of the rate; none without a family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lower_pct: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) upper_pct: Option<f64>,
    pub(crate) bound_pct: Bound,
    /// Of the rate that was seen. Without a family nothing holds.
    pub(crate) holds: bool,
}

impl Rate {
    fn of(count: Count, all: &[Family]) -> Self {
        let counted: Vec<bool> = all.iter().filter_map(|family| count.of(family)).collect();
        let (families, found) = (counted.len() as u64, counted.iter().filter(|found| **found).count() as u64);
        let interval = stats::binomial_interval(found, families, CONFIDENCE);
        let bound_pct = count.bound();
        Self {
            count,
            families,
            found,
            lower_pct: interval.map(|interval| 100.0 * interval.lower),
            upper_pct: interval.map(|interval| 100.0 * interval.upper),
            bound_pct,
            holds: bound_pct.holds(found, families),
        }
    }
}

/// The gate's own error rates on one machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Calibration {
    pub(crate) schema: String,
    /// When the first family began and the last one ended, RFC 3339 in UTC.
    pub(crate) started: String,
    pub(crate) ended: String,
    pub(crate) host: Host,
    /// SHA-256 of the program that measured and was measured, in hexadecimal.
    pub(crate) program_sha256: String,
    pub(crate) scenario: String,
    pub(crate) scenario_sha256: String,
    pub(crate) seed: u64,
    pub(crate) cases: Vec<String>,
    /// Of all families together.
    pub(crate) measured_s: u64,
    pub(crate) rates: Vec<Rate>,
    /// Cases in which nothing was planted, over all families, and of these those that were too noisy to say.
    pub(crate) equal_cases: u64,
    pub(crate) inconclusive: u64,
}

/// What a calibration is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Calibrated {
    pub(crate) started: String,
    pub(crate) ended: String,
    pub(crate) host: Host,
    pub(crate) program_sha256: String,
    pub(crate) scenario: String,
    pub(crate) scenario_sha256: String,
    pub(crate) seed: u64,
    pub(crate) cases: Vec<String>,
}

impl Calibration {
    /// The text of a file.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let parsed: Self = serde_json::from_str(text).context("that is no calibration")?;
        if parsed.schema != CALIBRATION_SCHEMA {
            bail!("schema is `{}`; this program reads `{CALIBRATION_SCHEMA}`", parsed.schema);
        }
        Ok(parsed)
    }

    pub(crate) fn of(calibrated: Calibrated, families: &[Family]) -> Self {
        let Calibrated { started, ended, host, program_sha256, scenario, scenario_sha256, seed, cases } =
            calibrated;
        let sum = |of: fn(&Family) -> u64| families.iter().map(of).sum::<u64>();
        Self {
            schema: CALIBRATION_SCHEMA.to_owned(),
            started,
            ended,
            host,
            program_sha256,
            scenario,
            scenario_sha256,
            seed,
            cases,
            measured_s: sum(|family| family.took_ms) / 1000,
            rates: Count::ALL.map(|count| Rate::of(count, families)).to_vec(),
            equal_cases: sum(|family| family.equal_cases),
            inconclusive: sum(|family| family.inconclusive),
        }
    }
}

#[cfg(test)]
mod tests;
