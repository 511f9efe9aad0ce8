//! Two ways of copying, size by size, in pairs from the same block: the curves that thresholds are read from.

use std::collections::BTreeMap;

use orbit_engine::{Mechanism, Strategy, Values};

use super::Curve;
use super::cloning::{Moves, classify};
use super::observed::{Arm, whole_blocks};
use crate::comparison::{self, Ratio};
use crate::scenario::{FileSizes, Knob, Subject};

/// The comparison behind one threshold.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ratios {
    pub(crate) curve: Curve,
    /// For each size: what a table shows.
    pub(crate) rows: Vec<Row>,
}

/// One size: medians, and the paired ratio.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Row {
    pub(crate) size_bytes: u64,
    /// Of the way that is taken from the threshold on.
    pub(crate) above_ns: f64,
    pub(crate) below_ns: f64,
    pub(crate) ratio: Ratio,
}

/// From this size on, moving bytes costs more than opening and naming a file.
pub(super) const BULK: u64 = 1 << 20;

/// What a run measured, as far as thresholds are read from it.
#[derive(Debug)]
pub(super) struct Ways<'a> {
    pub(super) arms: &'a [Arm<'a>],
    /// What `copy_file_range` does here; none where nothing was copied by it.
    pub(super) moves: Option<Moves>,
}

impl<'a> Ways<'a> {
    pub(super) fn new(arms: &'a [Arm<'a>], can_reflink: bool) -> Self {
        let blocks = |arm: &Arm<'_>| arm.logs.keys().copied().collect::<Vec<u32>>();
        let by_it: Vec<&Arm<'_>> = arms
            .iter()
            .filter(|arm| arm.case.tree.is_none() && arm.mechanism == Some(Mechanism::CopyFileRange))
            .collect();
        let points: Vec<(u64, f64)> = by_it
            .iter()
            .filter(|arm| arm.case.size_bytes >= BULK)
            .filter_map(|arm| Some((arm.case.size_bytes, arm.median_ns(&blocks(arm))?)))
            .collect();
        let moves = if by_it.is_empty() { None } else { classify(&points, can_reflink) };
        Self { arms, moves }
    }

    /// Whether what it did was sharing extents, or may have been.
    pub(super) fn clones(&self, arm: &Arm<'_>) -> bool {
        match arm.mechanism {
            Some(Mechanism::Reflink) => true,
            Some(Mechanism::CopyFileRange) => self.moves != Some(Moves::Copies),
            _ => false,
        }
    }

    /// The comparison that decides on the threshold `knob`, each way with the values nearest to `values`; none where it
    /// was not measured.
    pub(super) fn ratios(&self, knob: Knob, values: &Values) -> Option<Ratios> {
        let engine = |strategy| move |arm: &&Arm<'a>| arm.is_file(Subject::Engine, strategy);
        let pairs = match knob {
            Knob::ZeroCopyThreshold => {
                // What threads take, `auto` does not ask this threshold about.
                let is_asked = |arm: &&Arm<'a>| !splits(values, arm.case.size_bytes);
                let copies =
                    |arm: &&Arm<'a>| engine(Strategy::ZeroCopy)(arm) && !self.clones(arm) && is_asked(arm);
                paired(
                    &self.nearest(values, &[], copies),
                    &self.nearest(values, &[], engine(Strategy::Buffered)),
                )
            }
            Knob::ReflinkThreshold => {
                let shares = |arm: &&Arm<'a>| {
                    engine(Strategy::ZeroCopy)(arm) && arm.mechanism == Some(Mechanism::Reflink)
                };
                // What `auto` does below the threshold, and not the best of what it could do.
                let copies = engine(Strategy::Buffered);
                paired(&self.nearest(values, &[], shares), &self.nearest(values, &[], copies))
            }
            Knob::ParallelThreshold => {
                let free = [Knob::ParallelThreshold, Knob::ParallelThreads];
                let splits = |arm: &Arm<'a>| splits(&arm.values, arm.case.size_bytes);
                let auto = |arm: &&Arm<'a>| engine(Strategy::Auto)(arm) && !self.clones(arm);
                let above = |arm: &&Arm<'a>| {
                    auto(arm) && splits(arm) && arm.values.parallel_threads == values.parallel_threads
                };
                let below = |arm: &&Arm<'a>| auto(arm) && !splits(arm);
                paired(&self.nearest(values, &free, above), &self.nearest(values, &free, below))
            }
            Knob::TreeZeroCopyThreshold => {
                let free = [Knob::TreeZeroCopyThreshold];
                let admits =
                    |arm: &Arm<'a>| Some(arm.values.tree_zero_copy_threshold.admits(file_size(arm)?));
                let on = |wanted| {
                    move |arm: &&Arm<'a>| arm.is_tree(Strategy::ZeroCopy) && admits(arm) == Some(wanted)
                };
                paired(&self.nearest(values, &free, on(true)), &self.nearest(values, &free, on(false)))
            }
            _ => return None,
        };
        reduced(&pairs)
    }

    /// For each size, of the arms that are `wanted`, the one whose values are nearest.
    fn nearest(
        &self,
        values: &Values,
        free: &[Knob],
        wanted: impl Fn(&&Arm<'a>) -> bool,
    ) -> BTreeMap<u64, &'a Arm<'a>> {
        let mut found: BTreeMap<u64, &'a Arm<'a>> = BTreeMap::new();
        for arm in self.arms.iter().filter(wanted) {
            let Some(size) = file_size(arm) else { continue };
            let nearest = found.entry(size).or_insert(arm);
            if arm.distance(values, free) < nearest.distance(values, free) {
                *nearest = arm;
            }
        }
        found
    }
}

/// Whether threads copy a file of this size.
fn splits(values: &Values, size_bytes: u64) -> bool {
    values.parallel_threads != 1 && values.parallel_threshold.admits(size_bytes)
}

/// Of a tree, that of each of its files, where they are alike.
fn file_size(arm: &Arm<'_>) -> Option<u64> {
    match arm.case.tree.as_ref().map(|tree| tree.workload.size) {
        None => Some(arm.case.size_bytes),
        Some(FileSizes::Fixed { bytes }) => Some(bytes),
        Some(FileSizes::LogNormal { .. }) => None,
    }
}

/// A size, and both ways of copying it.
type Pair<'a> = (u64, &'a Arm<'a>, &'a Arm<'a>);

fn paired<'a>(above: &BTreeMap<u64, &'a Arm<'a>>, below: &BTreeMap<u64, &'a Arm<'a>>) -> Vec<Pair<'a>> {
    above.iter().filter_map(|(size, above)| Some((*size, *above, *below.get(size)?))).collect()
}

fn reduced(pairs: &[Pair<'_>]) -> Option<Ratios> {
    let both: Vec<&Arm<'_>> = pairs.iter().flat_map(|(_, above, below)| [*above, *below]).collect();
    let whole = whole_blocks(&both);
    let log_ratio = |block: &u32, (_, above, below): &Pair<'_>| above.logs[block] - below.logs[block];
    let columns: Vec<Vec<f64>> =
        pairs.iter().map(|pair| whole.iter().map(|block| log_ratio(block, pair)).collect()).collect();
    let row = |(&(size_bytes, above, below), ratio): (&Pair<'_>, Option<Ratio>)| {
        let (above_ns, below_ns) = (above.median_ns(&whole)?, below.median_ns(&whole)?);
        Some(Row { size_bytes, above_ns, below_ns, ratio: ratio? })
    };
    let rows: Option<Vec<Row>> = pairs.iter().zip(comparison::ratios(&columns)).map(row).collect();
    let sizes = pairs.iter().map(|(size, ..)| *size).collect();
    let blocks =
        whole.iter().map(|block| pairs.iter().map(|pair| log_ratio(block, pair)).collect()).collect();
    Some(Ratios { curve: Curve { sizes, blocks }, rows: rows.filter(|rows| !rows.is_empty())? })
}
