//! The verdicts of a family: every case screened, suspects confirmed by fresh blocks, Holm over these. Fixed numbers of
//! blocks; nothing is measured again because of how it came out.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::block::Block;
use super::noise::{self, Floor};
use crate::stats;

/// How often a family in which nothing is slower than allowed has a regression all the same.
pub(super) const ALPHA: f64 = 0.01;

/// A pass must have been able to see what is beyond the base's time and what is allowed by more than this share of both.
const BLIND_SPOT: f64 = 0.15;

/// What is not proven, and noise alone would do less often than this, is no pass.
pub(super) const DOUBT_LEVEL: f64 = 0.05;

/// Fewer say nothing: the least p of a signed-rank test of 6 is 1.6 %.
pub(super) const FEWEST: usize = 6;

pub(super) const CONFIDENCE: f64 = 0.95;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    /// Not slower than allowed, or the gate would have seen it.
    Pass,
    /// Faster, beyond noise.
    Improved,
    /// Too noisy to say.
    Inconclusive,
    /// Slower than allowed, beyond noise.
    Regression,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pass => "pass",
            Self::Improved => "improved",
            Self::Inconclusive => "inconclusive",
            Self::Regression => "regression",
        })
    }
}

/// One clock of one case.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    /// What may be added to the base's time: a share of it, and at least so much.
    pub(crate) allowed: f64,
    pub(crate) allowed_ns: u64,
    pub(crate) screen: Vec<Block>,
    /// Of suspects.
    pub(crate) confirm: Vec<Block>,
}

/// What the blocks of a series say. Percentages are of the base's time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Judgement {
    pub(crate) verdict: Verdict,
    /// Why it is inconclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// Median of the base's times.
    pub(crate) base_ns: u64,
    /// How much slower the head is: the Hodges-Lehmann estimate, of the fresh blocks where there are any.
    pub(crate) slower_pct: f64,
    /// 95 % signed-rank interval.
    pub(crate) slower_lower_pct: f64,
    pub(crate) slower_upper_pct: f64,
    /// So much slower is no regression.
    pub(crate) allowed_pct: f64,
    /// So much slower would have been found in four of five runs.
    pub(crate) detectable_pct: f64,
    /// How far equal programs were apart.
    pub(crate) placebo_pct: f64,
    pub(crate) screen_blocks: usize,
    pub(crate) screen_p: f64,
    pub(crate) confirm_blocks: usize,
    /// None where there was nothing to confirm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) confirm_p: Option<f64>,
}

impl Series {
    /// Logarithm of the slowdown that is allowed.
    fn shift(&self) -> Option<f64> {
        let share = stats::float(self.allowed_ns) / self.base_ns()?;
        Some(self.allowed.max(share).ln_1p())
    }

    fn base_ns(&self) -> Option<f64> {
        let logs: Vec<f64> = self.screen.iter().flat_map(|block| block.base()).collect();
        Some(stats::median(&logs)?.exp())
    }

    fn all(&self) -> Vec<Block> {
        [self.screen.as_slice(), &self.confirm].concat()
    }
}

/// Whether the series needs fresh blocks, by its first ones.
pub(crate) fn is_suspect(series: &Series) -> bool {
    screened(series).is_some_and(|p| p <= noise::SUSPECT_LEVEL)
}

fn screened(series: &Series) -> Option<f64> {
    p_slower(&series.screen, series.shift()?)
}

fn p_slower(blocks: &[Block], shift: f64) -> Option<f64> {
    if blocks.len() < FEWEST {
        return None;
    }
    stats::signed_rank_p_greater(&effects(blocks), shift)
}

fn p_faster(blocks: &[Block], shift: f64) -> Option<f64> {
    let mirrored: Vec<f64> = effects(blocks).iter().map(|effect| -effect).collect();
    stats::signed_rank_p_greater(&mirrored, shift)
}

fn effects(blocks: &[Block]) -> Vec<f64> {
    blocks.iter().map(|block| block.effect()).collect()
}

/// What the tests of one series gave, before they are corrected for the others'.
struct Tested {
    suspect: bool,
    shift: f64,
    floor: Floor,
    screen_p: f64,
    /// Beyond what is allowed and beyond what equal programs differ by.
    confirm_p: Option<f64>,
    faster_p: f64,
}

fn tested(series: &Series) -> Option<Tested> {
    let shift = series.shift()?;
    let floor = noise::floor(&series.all())?;
    let beyond = shift + if floor.is_real { floor.distance } else { 0.0 };
    let screen_p = p_slower(&series.screen, shift)?;
    let suspect = screen_p <= noise::SUSPECT_LEVEL;
    Some(Tested {
        suspect,
        shift,
        floor,
        screen_p,
        confirm_p: if suspect { p_slower(&series.confirm, beyond) } else { None },
        faster_p: p_faster(&series.screen, beyond)?,
    })
}

/// The verdicts of a family. None for a series with too few blocks to say anything.
pub(crate) fn judge(family: &[Series]) -> Vec<Option<Judgement>> {
    let tests: Vec<Option<Tested>> = family.iter().map(tested).collect();
    // Fresh blocks know nothing of why they were asked for, so that suspects alone are the family of the second pass.
    let suspects: Vec<usize> =
        (0..family.len()).filter(|&index| tests[index].as_ref().is_some_and(|test| test.suspect)).collect();
    let confirm_p: Vec<f64> = suspects
        .iter()
        .map(|&index| tests[index].as_ref().and_then(|test| test.confirm_p).unwrap_or(f64::NAN))
        .collect();
    let mut slower = vec![false; family.len()];
    for (index, rejected) in suspects.iter().zip(stats::holm(&confirm_p, ALPHA)) {
        slower[*index] = rejected;
    }
    let faster_p: Vec<f64> =
        tests.iter().map(|test| test.as_ref().map_or(f64::NAN, |test| test.faster_p)).collect();
    let faster = stats::holm(&faster_p, ALPHA);
    (0..family.len())
        .map(|index| judgement(&family[index], tests[index].as_ref()?, slower[index], faster[index]))
        .collect()
}

fn judgement(series: &Series, test: &Tested, slower: bool, faster: bool) -> Option<Judgement> {
    let scale = noise::scale(&series.all())?;
    let suspect = test.suspect;
    let confirm = if suspect { series.confirm.len() } else { noise::CONFIRM_BLOCKS as usize };
    // Without a fresh block nothing would ever be found.
    let detectable = noise::detectable(scale, series.screen.len(), confirm).unwrap_or(f64::INFINITY);
    let shown = if suspect && series.confirm.len() >= FEWEST { &series.confirm } else { &series.screen };
    let interval = stats::signed_rank_interval(&effects(shown), CONFIDENCE)?;
    let reason = doubt(test, detectable);
    let verdict = match (slower, faster, &reason) {
        (true, ..) => Verdict::Regression,
        (false, true, _) => Verdict::Improved,
        (false, false, Some(_)) => Verdict::Inconclusive,
        (false, false, None) => Verdict::Pass,
    };
    Some(Judgement {
        verdict,
        reason: reason.filter(|_| verdict == Verdict::Inconclusive),
        base_ns: stats::whole(series.base_ns()?),
        slower_pct: percent(interval.estimate),
        slower_lower_pct: percent(interval.lower),
        slower_upper_pct: percent(interval.upper),
        allowed_pct: percent(test.shift),
        detectable_pct: seen_pct(test.shift, detectable),
        placebo_pct: percent(test.floor.distance),
        screen_blocks: series.screen.len(),
        screen_p: test.screen_p,
        confirm_blocks: series.confirm.len(),
        confirm_p: test.confirm_p,
    })
}

/// Why a series that is neither slower nor faster is no pass.
fn doubt(test: &Tested, detectable: f64) -> Option<String> {
    if test.suspect && test.confirm_p.is_none() {
        return Some("there was no time for the fresh blocks that it needed".to_owned());
    }
    if test.confirm_p.is_some_and(|p| p <= DOUBT_LEVEL) {
        return Some("it looks slower, and not beyond what noise does among so many".to_owned());
    }
    if test.suspect && test.floor.is_real {
        return Some(format!("equal programs differ by {:.1} % here", percent(test.floor.distance)));
    }
    too_noisy(test.shift, detectable)
}

/// Of what is `allowed` and of the least effect beyond it that is found, both on logarithms. Noise is that of the base's time: an
/// allowance of many times that, as short copies have, does not multiply it.
pub(super) fn too_noisy(allowed: f64, detectable: f64) -> Option<String> {
    (detectable.exp_m1() > BLIND_SPOT * allowed.exp())
        .then(|| "too noisy: much more would not have been seen".to_owned())
}

/// The least slowdown that is found, of the base's time.
pub(super) fn seen_pct(allowed: f64, detectable: f64) -> f64 {
    percent(allowed) + percent(detectable.min(f64::MAX.ln() / 2.0))
}

/// Of a difference of logarithms.
pub(super) fn percent(log: f64) -> f64 {
    log.exp_m1() * 100.0
}

#[cfg(test)]
mod tests;
