//! All decisions about one pair of file systems, in the order in which values depend on each other: chunks, threads,
//! thresholds, trees. Each is measured with what was decided before it: the rule by which GMP orders its thresholds
//! (`tune/tuneup.c` of GMP).

use orbit_engine::{Decision, Threshold, Values};

use super::observed::{Arm, Observed};
use super::plausible::{Timing, implausible};
use super::race::{self, Race};
use super::ratios::{Ratios, Row, Ways};
use super::{Curve, Judgement, Moves, Outcome, Verdict, threshold};
use crate::comparison::{self, Ratio};
use crate::scenario::{Cache, Knob, Setting};
use crate::stats;

const CONFIDENCE: f64 = 0.95;

/// What is known of a pair of file systems.
#[derive(Debug)]
pub(crate) struct Pair<'a> {
    pub(crate) observed: Vec<Observed<'a>>,
    /// Whether any zero-copy mechanism works.
    pub(crate) zero_copy: bool,
    /// Whether extents can be shared.
    pub(crate) reflink: bool,
    /// The values that stay unless others are better: those of the tuned file so far, or the defaults.
    pub(crate) kept: Values,
    /// How fast memory is copied, if that was measured.
    pub(crate) memory_bytes_per_s: Option<f64>,
    pub(crate) seed: u64,
}

/// What was found about a pair.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Findings {
    /// For every knob.
    pub(crate) knobs: Vec<Found>,
    /// All values as decided.
    pub(crate) values: Values,
    /// What `copy_file_range` does here, where that is known.
    pub(crate) moves: Option<Moves>,
    /// What was measured and cannot be; then nothing is decided.
    pub(crate) implausible: Vec<String>,
}

/// What was found about one knob.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    pub(crate) kept: Setting,
    pub(crate) value: Setting,
    pub(crate) decision: Decision,
    /// What was adopted, and given up again because the pair lost on held-out sizes.
    pub(crate) withdrawn: Option<Setting>,
    /// None where nothing was measured.
    pub(crate) figures: Option<Figures>,
}

/// The figures behind a decision.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figures {
    pub(crate) best: Setting,
    pub(crate) lower: Setting,
    pub(crate) upper: Setting,
    pub(crate) judgement: Judgement,
    pub(crate) open: Option<f64>,
    pub(crate) blocks: usize,
    pub(crate) shown: Shown,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shown {
    /// Both ways, size by size.
    Sizes(Vec<Row>),
    /// The time of each value over that of the kept one.
    Values(Vec<(Setting, Ratio)>),
}

impl Found {
    pub(crate) fn knob(&self) -> Knob {
        self.kept.knob()
    }
}

impl Findings {
    /// The defaults in place of what was adopted of `which`: together the values are slower than these.
    pub(crate) fn withdraw(&mut self, which: impl Fn(Knob) -> bool) {
        let defaults = Values::default();
        for found in &mut self.knobs {
            let default = Setting::of(found.knob(), &defaults);
            if found.decision == Decision::Accepted && which(found.knob()) {
                found.withdrawn = Some(found.value);
                (found.value, found.decision) = (default, Decision::KeptDefault);
            }
            self.values = found.value.put(self.values);
        }
    }
}

/// Decides on every knob of `pair`.
pub(crate) fn tuned(pair: &Pair<'_>) -> Findings {
    let arms: Vec<Vec<Arm<'_>>> = pair.observed.iter().map(Observed::arms).collect();
    let ways: Vec<Ways<'_>> = arms.iter().map(|arms| Ways::new(arms, pair.reflink)).collect();
    let implausible: Vec<String> = ways
        .iter()
        .flat_map(|ways| implausible(&timings(ways), pair.memory_bytes_per_s))
        .map(|figure| figure.to_string())
        .collect();
    let mut values = pair.kept;
    let mut knobs = Vec::with_capacity(Knob::ALL.len());
    for knob in Knob::ALL {
        let found = match unsupported(pair, knob) {
            Some(value) => bare(Setting::of(knob, &values), value, Decision::Unsupported),
            None if !implausible.is_empty() => unmeasured(Setting::of(knob, &values)),
            None => found(&ways, knob, &values, pair.seed),
        };
        values = found.value.put(values);
        knobs.push(found);
    }
    let moves = ways.iter().find_map(|ways| ways.moves);
    Findings { knobs, values, moves, implausible }
}

/// The value of a knob that nothing on the pair heeds.
fn unsupported(pair: &Pair<'_>, knob: Knob) -> Option<Setting> {
    let kept = || Setting::of(knob, &pair.kept);
    match knob {
        Knob::ZeroCopyThreshold if !pair.zero_copy => Some(Setting::ZeroCopyThreshold(Threshold::Never)),
        Knob::KernelChunk | Knob::PipeSize | Knob::TreeZeroCopyThreshold if !pair.zero_copy => Some(kept()),
        Knob::ReflinkThreshold if !pair.reflink => Some(kept()),
        _ => None,
    }
}

fn bare(kept: Setting, value: Setting, decision: Decision) -> Found {
    Found { kept, value, decision, withdrawn: None, figures: None }
}

fn unmeasured(kept: Setting) -> Found {
    bare(kept, kept, Decision::NotMeasured)
}

fn found(ways: &[Ways<'_>], knob: Knob, values: &Values, seed: u64) -> Found {
    let kept = Setting::of(knob, values);
    let of_threshold = |kept: Threshold, setting: fn(Threshold) -> Setting| {
        let Ratios { curve, rows } = pooled(ways.iter().filter_map(|ways| ways.ratios(knob, values)))?;
        let outcome = threshold::decide(&curve, kept, seed);
        Some(told(setting(kept), &outcome, setting, Shown::Sizes(rows)))
    };
    let found = match kept {
        Setting::ZeroCopyThreshold(kept) => of_threshold(kept, Setting::ZeroCopyThreshold),
        Setting::ReflinkThreshold(kept) => of_threshold(kept, Setting::ReflinkThreshold),
        Setting::ParallelThreshold(kept) => of_threshold(kept, Setting::ParallelThreshold),
        Setting::TreeZeroCopyThreshold(kept) => of_threshold(kept, Setting::TreeZeroCopyThreshold),
        _ => joined(ways.iter().filter_map(|ways| ways.race(knob, values))).map(|field| {
            let outcome = race::race(&field, seed);
            told(kept, &outcome, |setting| setting, Shown::Values(shown(&field)))
        }),
    };
    found.unwrap_or_else(|| unmeasured(kept))
}

fn told<T: Copy>(kept: Setting, outcome: &Outcome<T>, setting: impl Fn(T) -> Setting, shown: Shown) -> Found {
    let Outcome { value, verdict, best, lower, upper, judgement, open, blocks } = *outcome;
    let value = setting(value);
    let is_default = value == Setting::of(value.knob(), &Values::default());
    let decision = match verdict {
        Verdict::NoEffect if is_default => Decision::NoEffect,
        _ if is_default => Decision::KeptDefault,
        // Also where it was accepted by an earlier measurement and nothing is better now.
        _ => Decision::Accepted,
    };
    let [best, lower, upper] = [best, lower, upper].map(setting);
    Found {
        kept,
        value,
        decision,
        withdrawn: None,
        figures: Some(Figures { best, lower, upper, judgement, open, blocks, shown }),
    }
}

/// What several runs say of one threshold: those with the same sizes together, and of several kinds the one with most
/// blocks.
fn pooled(all: impl Iterator<Item = Ratios>) -> Option<Ratios> {
    let mut kinds: Vec<Ratios> = Vec::new();
    for one in all {
        match kinds.iter_mut().find(|kind| kind.curve.sizes == one.curve.sizes) {
            Some(kind) => kind.curve.blocks.extend(one.curve.blocks),
            None => kinds.push(one),
        }
    }
    let kind = kinds.into_iter().max_by_key(|kind| kind.curve.blocks.len())?;
    let Curve { sizes, blocks } = &kind.curve;
    let columns: Vec<Vec<f64>> =
        (0..sizes.len()).map(|size| blocks.iter().map(|block| block[size]).collect()).collect();
    let row = |(row, ratio): (&Row, Option<Ratio>)| Some(Row { ratio: ratio?, ..*row });
    let rows = kind.rows.iter().zip(comparison::ratios(&columns)).filter_map(row).collect();
    Some(Ratios { rows, ..kind })
}

/// The same for a race.
fn joined(all: impl Iterator<Item = Race<Setting>>) -> Option<Race<Setting>> {
    let mut kinds: Vec<Race<Setting>> = Vec::new();
    for one in all {
        match kinds.iter_mut().find(|kind| kind.values == one.values) {
            Some(kind) => kind.blocks.extend(one.blocks),
            None => kinds.push(one),
        }
    }
    kinds.into_iter().max_by_key(|kind| kind.blocks.len())
}

fn shown(field: &Race<Setting>) -> Vec<(Setting, Ratio)> {
    let column = |value: usize| field.blocks.iter().map(|block| block[value] - block[field.kept]).collect();
    let others: Vec<usize> = (0..field.values.len()).filter(|value| *value != field.kept).collect();
    let columns: Vec<Vec<f64>> = others.iter().map(|value| column(*value)).collect();
    let ratios = comparison::ratios(&columns);
    others.into_iter().zip(ratios).filter_map(|(value, ratio)| Some((field.values[value], ratio?))).collect()
}

/// Single files with their intervals, for what cannot be.
fn timings(ways: &Ways<'_>) -> Vec<Timing> {
    let timing = |arm: &Arm<'_>| {
        let walls: Vec<f64> = arm.logs.values().map(|log| log.exp()).collect();
        let strategy = match arm.case.subject.only() {
            Some(_) => arm.case.subject.to_string(),
            None => arm.case.strategy.to_string(),
        };
        let tuning = arm.case.tuning.as_ref().map_or("", |set| set.name());
        Some(Timing {
            arm: format!("{strategy} {} {} {tuning}", arm.case.chunk, arm.case.filesystems)
                .trim_end()
                .to_owned(),
            size_bytes: arm.case.size_bytes,
            clones: ways.clones(arm),
            cold: matches!(arm.case.cache, Cache::Cold | Cache::Dropped),
            wall_ns: stats::median_interval(&walls, CONFIDENCE)?,
        })
    };
    ways.arms.iter().filter(|arm| arm.case.tree.is_none()).filter_map(timing).collect()
}
