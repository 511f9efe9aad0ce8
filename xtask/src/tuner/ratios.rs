//! What the tuner compares: each strategy as the engine would run it, size by size, in pairs from the same block.

use std::collections::BTreeMap;

use orbit_engine::{Strategy, Values, Verification};

use super::Curve;
use crate::comparison::{self, Ratio, Times};
use crate::plan::Case;
use crate::sample::Sample;
use crate::scenario::{FileSystems, Subject};
use crate::stats;

/// The comparison of one pair of file systems.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ratios {
    pub(crate) curve: Curve,
    /// For each size: what the table shows.
    pub(crate) rows: Vec<Row>,
}

/// One size: medians, and the paired ratio.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Row {
    pub(crate) size_bytes: u64,
    pub(crate) zero_copy_ns: f64,
    pub(crate) buffered_ns: f64,
    pub(crate) ratio: Ratio,
}

/// Compares the strategies on `filesystems`, without verification, each with the engine's own chunk or the measured
/// one that is nearest to it. None where no size was measured with both.
pub(crate) fn ratios(cases: &[Case], samples: &[Sample], filesystems: &FileSystems) -> Option<Ratios> {
    let values = Values::default();
    let zero_copy = arm(cases, filesystems, Strategy::ZeroCopy, values.kernel_chunk.bytes());
    let buffered = arm(cases, filesystems, Strategy::Buffered, values.buffered_chunk.bytes());
    let times = Times::of(samples);
    let pairs: Vec<Pair<'_>> = zero_copy
        .iter()
        .filter_map(|(size, zero_copy)| {
            Some((*size, times.case(zero_copy)?, times.case(buffered.get(size)?)?))
        })
        .collect();
    let whole = whole_blocks(&pairs);
    let log_ratio = |block: &u32, (_, zero, buffered): &Pair<'_>| (zero[block] / buffered[block]).ln();
    let columns: Vec<Vec<f64>> =
        pairs.iter().map(|pair| whole.iter().map(|block| log_ratio(block, pair)).collect()).collect();
    let rows: Option<Vec<Row>> = pairs
        .iter()
        .zip(comparison::ratios(&columns))
        .map(|(&(size_bytes, zero, buffered), ratio)| {
            let median = |times: &BTreeMap<u32, f64>| {
                stats::median(&whole.iter().map(|block| times[block]).collect::<Vec<_>>())
            };
            Some(Row {
                size_bytes,
                zero_copy_ns: median(zero)?,
                buffered_ns: median(buffered)?,
                ratio: ratio?,
            })
        })
        .collect();
    let sizes = pairs.iter().map(|(size, ..)| *size).collect();
    let blocks =
        whole.iter().map(|block| pairs.iter().map(|pair| log_ratio(block, pair)).collect()).collect();
    Some(Ratios { curve: Curve { sizes, blocks }, rows: rows.filter(|rows| !rows.is_empty())? })
}

/// A size with the times of zero-copy and of buffered, by block.
type Pair<'a> = (u64, &'a BTreeMap<u32, f64>, &'a BTreeMap<u32, f64>);

/// The blocks in which every size has a valid sample of both strategies.
fn whole_blocks(pairs: &[Pair<'_>]) -> Vec<u32> {
    let Some((_, first, _)) = pairs.first() else { return Vec::new() };
    let whole = |block: &&u32| {
        pairs.iter().all(|(_, zero, buffered)| zero.contains_key(block) && buffered.contains_key(block))
    };
    first.keys().filter(whole).copied().collect()
}

/// For each size the case of `strategy` whose chunk is nearest, by its logarithm, to `chunk`.
fn arm<'a>(
    cases: &'a [Case],
    filesystems: &FileSystems,
    strategy: Strategy,
    chunk: u64,
) -> BTreeMap<u64, &'a str> {
    // The engine's own choice is what is being tuned for; nothing is nearer to it.
    let distance = |case: &Case| {
        case.chunk.bytes().map_or(0.0, |bytes| (stats::float(bytes) / stats::float(chunk)).ln().abs())
    };
    let mut arm: BTreeMap<u64, &Case> = BTreeMap::new();
    let wanted = |case: &&Case| {
        case.subject == Subject::Engine
            && case.is_plain_file()
            && case.filesystems == *filesystems
            && case.strategy == strategy
            && case.verify == Verification::None
    };
    for case in cases.iter().filter(wanted) {
        let nearest = arm.entry(case.size_bytes).or_insert(case);
        if distance(case) < distance(nearest) {
            *nearest = case;
        }
    }
    arm.into_iter().map(|(size, case)| (size, case.id.as_str())).collect()
}
