//! What a gate says: the verdict of every case, what it rests on, and the worst of all.

use serde::{Deserialize, Serialize};

use super::block::Side;
use super::counters::{self, Finding};
use super::judge::{Judgement, Series, Verdict, judge};
use super::samples::CaseSamples;
use crate::plan::{CaseBudget, Skipped};
use crate::scenario::Allowance;

pub(crate) const SCHEMA: &str = "orbit.gate/1";

/// Both sides, and what was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Outcome {
    pub(crate) schema: String,
    /// The worst of all cases.
    pub(crate) verdict: Verdict,
    /// Why nothing was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) notice: Option<String>,
    /// Why the verdicts are worth less than those of two builds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) caution: Option<String>,
    /// What is compared: revisions, or the working copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) base: Option<String>,
    pub(crate) head: String,
    pub(crate) scenario: String,
    /// When it began, and on which machine.
    pub(crate) started: String,
    pub(crate) host: String,
    /// Orders the cases and the sides, and fills the fixtures.
    pub(crate) seed: u64,
    pub(crate) cases: Vec<CaseOutcome>,
    pub(crate) skipped: Vec<Skipped>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct CaseOutcome {
    pub(crate) case: String,
    /// The worst of what follows.
    pub(crate) verdict: Verdict,
    pub(crate) findings: Vec<Finding>,
    /// Whether the system tells no processor time, so that wall time alone was judged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) wall_only: bool,
    /// None with too few blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cpu: Option<Judgement>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) wall: Option<Judgement>,
    /// Blocks that were left out, because the cache was not as the case asks.
    pub(crate) invalid_blocks: u32,
    /// Of a case that became slower or faster: what else is not as it was.
    pub(crate) explanations: Vec<String>,
}

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Compared {
    pub(crate) base: Option<String>,
    pub(crate) head: String,
    pub(crate) scenario: String,
    pub(crate) started: String,
    pub(crate) host: String,
    pub(crate) seed: u64,
}

impl Outcome {
    /// Where there is nothing to compare with.
    pub(crate) fn without_base(compared: Compared, notice: String) -> Self {
        Self { notice: Some(notice), ..Self::of(compared, &[], Allowance::default(), &[], Vec::new()) }
    }

    /// Of cases that were judged in another way than by blocks of both sides.
    pub(super) fn cautious(
        compared: Compared,
        caution: String,
        cases: Vec<CaseOutcome>,
        skipped: Vec<Skipped>,
    ) -> Self {
        let verdict = cases.iter().map(|case| case.verdict).max().unwrap_or(Verdict::Inconclusive);
        let bare = Self::of(compared, &[], Allowance::default(), &[], skipped);
        let caution =
            std::iter::once(caution).chain(wall_only_caution(&cases)).collect::<Vec<_>>().join("; ");
        Self { verdict, cases, caution: Some(caution), ..bare }
    }

    pub(crate) fn of(
        compared: Compared,
        samples: &[CaseSamples],
        allowance: Allowance,
        budgets: &[CaseBudget],
        mut skipped: Vec<Skipped>,
    ) -> Self {
        let (fit, unfit): (Vec<&CaseSamples>, Vec<&CaseSamples>) =
            samples.iter().partition(|one| one.failure(Side::Base).is_none());
        skipped.extend(unfit.iter().map(|one| Skipped { case: one.case.id.clone(), reason: why_unfit(one) }));
        let family: Vec<Series> = fit.iter().flat_map(|one| one.series(allowance)).collect();
        let mut judgements = judge(&family).into_iter();
        let cases: Vec<CaseOutcome> = fit
            .into_iter()
            .map(|one| {
                let clocks = clocks(one.wall_only(), &mut judgements);
                case_outcome(one, clocks, budgets)
            })
            .collect();
        // Where something was to be compared and nothing was, nothing has passed.
        let nothing = if samples.is_empty() { Verdict::Pass } else { Verdict::Inconclusive };
        let verdict = cases.iter().map(|case| case.verdict).max().unwrap_or(nothing);
        let Compared { base, head, scenario, started, host, seed } = compared;
        let (schema, notice, caution) = (SCHEMA.to_owned(), None, wall_only_caution(&cases));
        Self { schema, verdict, notice, caution, base, head, scenario, started, host, seed, cases, skipped }
    }
}

/// What both clocks of a case say.
pub(super) struct Clocks {
    wall_only: bool,
    cpu: Option<Judgement>,
    wall: Option<Judgement>,
}

/// Takes those of the next case; where processor time is not known it has one series.
pub(super) fn clocks(wall_only: bool, judgements: &mut impl Iterator<Item = Option<Judgement>>) -> Clocks {
    let cpu = if wall_only { None } else { judgements.next().flatten() };
    Clocks { wall_only, cpu, wall: judgements.next().flatten() }
}

fn wall_only_caution(cases: &[CaseOutcome]) -> Option<String> {
    let is_one = cases.iter().any(|case| case.wall_only);
    is_one.then(|| {
        "judged by wall time alone: this system tells no processor time that is fine enough".to_owned()
    })
}

fn why_unfit(samples: &CaseSamples) -> String {
    let why = samples.failure(Side::Base).unwrap_or_default();
    match samples.failure(Side::Head) {
        Some(_) => format!("neither side can copy it: {why}"),
        None => format!("the base cannot copy it: {why}"),
    }
}

fn case_outcome(samples: &CaseSamples, clocks: Clocks, budgets: &[CaseBudget]) -> CaseOutcome {
    let findings = counters::findings(samples, budgets);
    let explanations = || counters::explanations(&samples.of(Side::Base), &samples.of(Side::Head));
    CaseOutcome::of(&samples.case.id, findings, clocks, samples.invalid_blocks, explanations)
}

impl CaseOutcome {
    /// The worst of what was found and of both clocks, processor time first.
    pub(super) fn of(
        case: &str,
        findings: Vec<Finding>,
        Clocks { wall_only, cpu, wall }: Clocks,
        invalid_blocks: u32,
        explanations: impl FnOnce() -> Vec<String>,
    ) -> Self {
        let of =
            |judged: &Option<Judgement>| judged.as_ref().map_or(Verdict::Inconclusive, |one| one.verdict);
        let timed = if wall_only { of(&wall) } else { of(&cpu).max(of(&wall)) };
        let counted = findings.iter().any(|finding| finding.is_regression);
        let explains = matches!(timed, Verdict::Regression | Verdict::Improved);
        Self {
            case: case.to_owned(),
            verdict: if counted { Verdict::Regression } else { timed },
            findings,
            wall_only,
            cpu,
            wall,
            invalid_blocks,
            explanations: if explains { explanations() } else { Vec::new() },
        }
    }
}
