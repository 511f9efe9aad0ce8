//! The head against the samples of an earlier run: for where the base cannot be built. Weaker than blocks of both sides. The
//! two were measured one after the other, so that what the machine does in between looks like the code, and nothing is paired.
//! Therefore more is allowed, and what lies between is no pass. Suspects get fresh samples, which alone decide.

use super::counters;
use super::judge::{
    ALPHA, CONFIDENCE, DOUBT_LEVEL, FEWEST, Judgement, Verdict, percent, seen_pct, too_noisy,
};
use super::outcome::{CaseOutcome, Compared, Outcome, clocks};
use super::samples::{self, Clock, has_no_processor_time};
use crate::plan::{Case, CaseBudget, Skipped};
use crate::sample::Measurement;
use crate::scenario::Allowance;
use crate::stats;

/// How far a run as a whole may be from another one of the same program: an assumption, which six comparisons of curated runs did not contradict.
pub(crate) const RUNS_APART: f64 = 0.1;

/// Of the test at the level that the first of Holm's steps has.
const POWER: f64 = 0.8;

/// Of the bootstrap: equal samples give equal intervals.
const SEED: u64 = 1;

/// A case in both runs, block by block.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredCase<'a> {
    pub(crate) case: &'a Case,
    pub(crate) base: Vec<&'a Measurement>,
    pub(crate) head: Vec<&'a Measurement>,
    /// Samples of the head that do not count.
    pub(crate) invalid: u32,
    /// Why the head cannot copy it.
    pub(crate) failed: Option<&'a str>,
}

/// Which cases look slower than is allowed; they are to be measured again.
pub(crate) fn suspects(cases: &[StoredCase<'_>], allowance: Allowance) -> Vec<bool> {
    let families: Vec<Vec<Series>> = cases.iter().map(|one| one.series(allowance)).collect();
    let mut judgements = judge(&families.concat()).into_iter();
    let is_slower =
        |one: &Option<Judgement>| one.as_ref().is_some_and(|one| one.verdict == Verdict::Regression);
    families
        .iter()
        .map(|family| judgements.by_ref().take(family.len()).filter(is_slower).count() > 0)
        .collect()
}

/// Every verdict of the head.
pub(crate) fn outcome(
    compared: Compared,
    cases: &[StoredCase<'_>],
    allowance: Allowance,
    budgets: &[CaseBudget],
    skipped: Vec<Skipped>,
) -> Outcome {
    let family: Vec<Series> = cases.iter().flat_map(|one| one.series(allowance)).collect();
    let mut judgements = judge(&family).into_iter();
    let told = |one: &StoredCase<'_>| {
        let clocks = clocks(one.wall_only(), &mut judgements);
        let findings = match one.failed {
            Some(why) => vec![counters::cannot_copy(why)],
            None => counters::differences(&one.case.id, &one.base, &one.head, None, budgets),
        };
        let explanations = || counters::explanations(&one.base, &one.head);
        CaseOutcome::of(&one.case.id, findings, clocks, one.invalid, explanations)
    };
    let cases: Vec<CaseOutcome> = cases.iter().map(told).collect();
    let caution = format!(
        "compared with a stored run, not with a build: weaker, as the machine may have changed since. {:.0} % more are allowed \
         for that",
        RUNS_APART * 100.0
    );
    Outcome::cautious(compared, caution, cases, skipped)
}

/// One clock of one case, as logarithms of nanoseconds.
#[derive(Debug, Clone, PartialEq)]
struct Series {
    allowed: f64,
    allowed_ns: u64,
    base: Vec<f64>,
    head: Vec<f64>,
}

impl StoredCase<'_> {
    /// Whether one of the systems tells no processor time, so that wall time alone is judged.
    fn wall_only(&self) -> bool {
        has_no_processor_time(&self.base) || has_no_processor_time(&self.head)
    }

    /// By processor time, unless it is not known, and by wall time.
    fn series(&self, allowance: Allowance) -> Vec<Series> {
        let of_clock = |clock: Clock| {
            let logs = |side: &[&Measurement]| -> Vec<f64> {
                let times = side.iter().filter_map(|one| clock(one));
                times.map(|ns| stats::float(ns.max(1)).ln()).collect()
            };
            let (base, head) = (logs(&self.base), logs(&self.head));
            Series { allowed: allowance.share(), allowed_ns: allowance.at_least_ns, base, head }
        };
        samples::clocks(self.wall_only()).map(of_clock).collect()
    }
}

/// What the tests of one series gave, before they are corrected for the others'.
struct Tested {
    base_ns: f64,
    /// What the scenario allows, on logarithms.
    shift: f64,
    /// That, and what runs are apart.
    beyond: f64,
    /// How far the halves of one run are apart.
    halves: f64,
    slower_p: f64,
    /// Slower than the scenario allows, were runs not apart.
    doubt_p: f64,
    faster_p: f64,
}

fn tested(series: &Series) -> Option<Tested> {
    let Series { allowed, allowed_ns, base, head } = series;
    if base.len() < FEWEST || head.len() < FEWEST {
        return None;
    }
    let base_ns = stats::median(base)?.exp();
    let shift = allowed.max(stats::float(*allowed_ns) / base_ns).ln_1p();
    let halves = halves_apart(base)?.max(halves_apart(head)?);
    let beyond = shift + RUNS_APART.ln_1p().max(halves);
    Some(Tested {
        base_ns,
        shift,
        beyond,
        halves,
        slower_p: stats::rank_sum_p_greater(head, base, beyond)?,
        doubt_p: stats::rank_sum_p_greater(head, base, shift)?,
        faster_p: stats::rank_sum_p_greater(base, head, beyond)?,
    })
}

/// What the machine did within one run: zero in truth, as its program is one.
fn halves_apart(logs: &[f64]) -> Option<f64> {
    let (first, second) = logs.split_at(logs.len() / 2);
    Some((stats::median(first)? - stats::median(second)?).abs())
}

/// The verdicts of a family. None for a series with too few samples to say anything.
fn judge(family: &[Series]) -> Vec<Option<Judgement>> {
    let tests: Vec<Option<Tested>> = family.iter().map(tested).collect();
    let rejected = |p: fn(&Tested) -> f64| {
        let all: Vec<f64> = tests.iter().map(|test| test.as_ref().map_or(f64::NAN, p)).collect();
        stats::holm(&all, ALPHA)
    };
    let (slower, faster) = (rejected(|test| test.slower_p), rejected(|test| test.faster_p));
    let level = ALPHA / stats::float(family.len() as u64);
    let judged = |index: usize| {
        judgement(&family[index], tests[index].as_ref()?, level, (slower[index], faster[index]))
    };
    (0..family.len()).map(judged).collect()
}

fn judgement(
    series: &Series,
    test: &Tested,
    level: f64,
    (slower, faster): (bool, bool),
) -> Option<Judgement> {
    let unseen = detectable(series, level)?;
    let reason = doubt(test, unseen);
    let verdict = match (slower, faster, &reason) {
        (true, ..) => Verdict::Regression,
        (false, true, _) => Verdict::Improved,
        (false, false, Some(_)) => Verdict::Inconclusive,
        (false, false, None) => Verdict::Pass,
    };
    let times = |logs: &[f64]| -> Vec<f64> { logs.iter().map(|log| log.exp()).collect() };
    let mut random = fastrand::Rng::with_seed(SEED);
    let (head, base) = (times(&series.head), times(&series.base));
    let ratio = stats::ratio_of_medians_interval(&head, &base, CONFIDENCE, &mut random)?;
    let pct = |ratio: f64| (ratio - 1.0) * 100.0;
    Some(Judgement {
        verdict,
        reason: reason.filter(|_| verdict == Verdict::Inconclusive),
        base_ns: stats::whole(test.base_ns),
        slower_pct: pct(ratio.estimate),
        slower_lower_pct: pct(ratio.lower),
        slower_upper_pct: pct(ratio.upper),
        allowed_pct: percent(test.beyond),
        detectable_pct: seen_pct(test.beyond, unseen),
        placebo_pct: percent(test.halves),
        screen_blocks: series.head.len(),
        screen_p: test.slower_p,
        confirm_blocks: 0,
        confirm_p: None,
    })
}

/// The least effect beyond what is allowed that is found four times of five, by the widths of both signed-rank intervals.
fn detectable(series: &Series, level: f64) -> Option<f64> {
    let error = |logs: &[f64]| {
        let interval = stats::signed_rank_interval(logs, CONFIDENCE)?;
        Some(
            (interval.upper - interval.lower) / 2.0 / stats::normal_quantile(f64::midpoint(1.0, CONFIDENCE))?,
        )
    };
    let both = error(&series.base)?.hypot(error(&series.head)?);
    // A test of a sum of two errors is one of a single value with that error.
    stats::minimum_detectable_effect(both, 1, level, POWER)
}

/// Why a series that is neither slower nor faster is no pass.
fn doubt(test: &Tested, unseen: f64) -> Option<String> {
    if test.doubt_p <= DOUBT_LEVEL {
        return Some(format!(
            "slower than the {:.1} % that are allowed, and not beyond what runs of one program are apart; compare builds",
            percent(test.shift)
        ));
    }
    too_noisy(test.beyond, unseen)
}

#[cfg(test)]
mod tests;
