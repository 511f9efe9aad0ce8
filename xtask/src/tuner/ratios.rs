//! Zero-copy against buffered, size by size, in pairs from the same block.

use std::collections::BTreeMap;

use orbit_engine::{Strategy, Values, Verification};

use crate::plan::Case;
use crate::sample::Sample;
use crate::scenario::FileSystems;
use crate::stats::{self, Interval};

const CONFIDENCE: f64 = 0.95;

/// What a family of sizes is allowed to call different by chance.
const ALPHA: f64 = 0.05;

/// The comparison of one pair of file systems.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ratios {
    /// Ascending.
    pub(crate) sizes: Vec<u64>,
    /// For each block, for each size: ln(time of zero-copy / time of buffered).
    pub(crate) blocks: Vec<Vec<f64>>,
    /// For each size: what the table shows.
    pub(crate) rows: Vec<Row>,
}

/// One size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Row {
    pub(crate) size_bytes: u64,
    pub(crate) zero_copy_ns: f64,
    pub(crate) buffered_ns: f64,
    /// Time of zero-copy over time of buffered, with its 95 % interval where there are blocks enough for one.
    pub(crate) ratio: f64,
    pub(crate) interval: Option<(f64, f64)>,
    pub(crate) verdict: Verdict,
}

/// Whether two times differ beyond noise, over all sizes at 5 % (Holm).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Faster,
    Slower,
    Same,
}

/// Compares the strategies on `filesystems`, without verification, each at the measured chunk that is nearest to the
/// engine's own. None where no size was measured with both.
pub(crate) fn ratios(cases: &[Case], samples: &[Sample], filesystems: FileSystems) -> Option<Ratios> {
    let values = Values::default();
    let zero_copy = arm(cases, filesystems, Strategy::ZeroCopy, values.kernel_chunk.bytes());
    let buffered = arm(cases, filesystems, Strategy::Buffered, values.buffered_chunk.bytes());
    let times = times(samples);
    let pairs: Vec<_> = zero_copy
        .iter()
        .filter_map(|(size, zero_copy)| Some((*size, times.get(zero_copy)?, times.get(buffered.get(size)?)?)))
        .collect();
    let (_, first, _) = pairs.first()?;
    let whole: Vec<u32> = first
        .keys()
        .copied()
        .filter(|block| {
            pairs.iter().all(|(_, zero, buffered)| zero.contains_key(block) && buffered.contains_key(block))
        })
        .collect();
    let blocks: Vec<Vec<f64>> = whole
        .iter()
        .map(|block| pairs.iter().map(|(_, zero, buffered)| (zero[block] / buffered[block]).ln()).collect())
        .collect();
    let rows = rows(&pairs, &whole, &blocks)?;
    Some(Ratios { sizes: pairs.iter().map(|(size, ..)| *size).collect(), blocks, rows })
}

/// For each size the case of `strategy` whose chunk is nearest, by its logarithm, to `chunk`.
fn arm(cases: &[Case], filesystems: FileSystems, strategy: Strategy, chunk: u64) -> BTreeMap<u64, &str> {
    let distance = |case: &Case| (float(case.chunk_bytes) / float(chunk)).ln().abs();
    let mut arm: BTreeMap<u64, &Case> = BTreeMap::new();
    let wanted = |case: &&Case| {
        case.filesystems == filesystems && case.strategy == strategy && case.verify == Verification::None
    };
    for case in cases.iter().filter(wanted) {
        let nearest = arm.entry(case.size_bytes).or_insert(case);
        if distance(case) < distance(nearest) {
            *nearest = case;
        }
    }
    arm.into_iter().map(|(size, case)| (size, case.id.as_str())).collect()
}

/// Wall time by case and block, valid samples only.
fn times(samples: &[Sample]) -> BTreeMap<&str, BTreeMap<u32, f64>> {
    let mut times: BTreeMap<&str, BTreeMap<u32, f64>> = BTreeMap::new();
    for sample in samples {
        if let Some(measurement) = sample.measurement() {
            times.entry(&sample.case).or_default().insert(sample.block, float(measurement.wall_ns.max(1)));
        }
    }
    times
}

type Pair<'a> = (u64, &'a BTreeMap<u32, f64>, &'a BTreeMap<u32, f64>);

fn rows(pairs: &[Pair<'_>], whole: &[u32], blocks: &[Vec<f64>]) -> Option<Vec<Row>> {
    let columns: Vec<Vec<f64>> =
        (0..pairs.len()).map(|size| blocks.iter().map(|block| block[size]).collect()).collect();
    let different = different(&columns);
    let median = |times: &BTreeMap<u32, f64>| {
        stats::median(&whole.iter().map(|block| times[block]).collect::<Vec<_>>())
    };
    pairs
        .iter()
        .zip(&columns)
        .zip(different)
        .map(|(((size, zero, buffered), column), different)| {
            let estimate = stats::hodges_lehmann(column)?;
            let interval = stats::signed_rank_interval(column, CONFIDENCE);
            Some(Row {
                size_bytes: *size,
                zero_copy_ns: median(zero)?,
                buffered_ns: median(buffered)?,
                ratio: estimate.exp(),
                interval: interval.map(|Interval { lower, upper, .. }| (lower.exp(), upper.exp())),
                verdict: match (different, estimate < 0.0) {
                    (false, _) => Verdict::Same,
                    (true, true) => Verdict::Faster,
                    (true, false) => Verdict::Slower,
                },
            })
        })
        .collect()
}

/// Which columns differ from zero: two-sided signed-rank tests, with the family's errors held at [`ALPHA`].
fn different(columns: &[Vec<f64>]) -> Vec<bool> {
    let p_values: Vec<f64> = columns
        .iter()
        .map(|column| {
            let mirrored: Vec<f64> = column.iter().map(|value| -value).collect();
            let one_sided = |values: &[f64]| stats::signed_rank_p_greater(values, 0.0).unwrap_or(1.0);
            (2.0 * one_sided(column).min(one_sided(&mirrored))).min(1.0)
        })
        .collect();
    stats::holm(&p_values, ALPHA)
}

#[expect(clippy::cast_precision_loss, reason = "times and sizes here are far below 2^53")]
fn float(number: u64) -> f64 {
    number as f64
}
