//! Zero-copy against buffered in pairs: samples of one block were taken close in time, so that what the machine did to
//! both cancels. Pure.

use std::collections::BTreeMap;
use std::fmt;

use orbit_engine::{Strategy, Verification};
use serde::{Deserialize, Serialize};

use crate::plan::Case;
use crate::sample::Sample;
use crate::scenario::{ChunkChoice, FileSystems, Subject};
use crate::stats::{self, Interval};
use crate::text;

const CONFIDENCE: f64 = 0.95;

/// What a family of sizes is allowed to call different by chance.
const ALPHA: f64 = 0.05;

/// Whether two times differ beyond noise, over all sizes of a family at 5 % (Holm).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    Faster,
    Slower,
    NotDifferent,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::NotDifferent => "not different",
        })
    }
}

/// The ratio of two times, from paired samples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Ratio {
    /// Time of zero-copy over time of buffered: the Hodges-Lehmann estimate, on logarithms.
    pub(crate) ratio: f64,
    /// 95 % signed-rank interval; none with too few blocks.
    pub(crate) ratio_lower: Option<f64>,
    pub(crate) ratio_upper: Option<f64>,
    /// What zero-copy is.
    pub(crate) verdict: Verdict,
}

/// Zero-copy against buffered in two cases that are otherwise alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Comparison {
    pub(crate) filesystems: FileSystems,
    #[serde(with = "text")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) verify: Verification,
    #[serde(with = "text")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) chunk: ChunkChoice,
    pub(crate) size_bytes: u64,
    #[serde(flatten)]
    pub(crate) ratio: Ratio,
}

/// Wall time in nanoseconds by case and block, valid samples only.
#[derive(Debug)]
pub(crate) struct Times<'a>(BTreeMap<&'a str, BTreeMap<u32, f64>>);

impl<'a> Times<'a> {
    pub(crate) fn of(samples: &'a [Sample]) -> Self {
        let mut times: BTreeMap<&str, BTreeMap<u32, f64>> = BTreeMap::new();
        for sample in samples {
            if let Some(measurement) = sample.measurement() {
                times
                    .entry(&sample.case)
                    .or_default()
                    .insert(sample.block, stats::float(measurement.wall_ns.max(1)));
            }
        }
        Self(times)
    }

    /// The times of one case by block; none where no sample is valid.
    pub(crate) fn case(&self, id: &str) -> Option<&BTreeMap<u32, f64>> {
        self.0.get(id)
    }
}

/// Compares every zero-copy case of single files with the buffered one that is otherwise alike. Cases that differ only in their size
/// are one family.
pub(crate) fn comparisons(cases: &[Case], samples: &[Sample]) -> Vec<Comparison> {
    let times = Times::of(samples);
    let mut families: BTreeMap<_, Vec<(&Case, Vec<f64>)>> = BTreeMap::new();
    let of_engine =
        |case: &&Case| case.subject == Subject::Engine && case.is_plain_file() && !case.is_tuned();
    let with = |strategy| cases.iter().filter(of_engine).filter(move |case| case.strategy == strategy);
    let mut buffered: BTreeMap<_, &Case> = BTreeMap::new();
    for case in with(Strategy::Buffered) {
        buffered.entry((family(case), case.size_bytes)).or_insert(case);
    }
    for zero in with(Strategy::ZeroCopy) {
        let Some(buffered) = buffered.get(&(family(zero), zero.size_bytes)) else { continue };
        let (Some(zero_ns), Some(buffered_ns)) = (times.case(&zero.id), times.case(&buffered.id)) else {
            continue;
        };
        let column =
            zero_ns.iter().filter_map(|(block, ns)| Some((ns / buffered_ns.get(block)?).ln())).collect();
        families.entry(family(zero)).or_default().push((zero, column));
    }
    let compare = |mut sizes: Vec<(&Case, Vec<f64>)>| {
        sizes.sort_by_key(|(zero, _)| zero.size_bytes);
        let (zeros, columns): (Vec<&Case>, Vec<Vec<f64>>) = sizes.into_iter().unzip();
        let compare =
            |(&Case { ref filesystems, verify, chunk, size_bytes, .. }, ratio): (&Case, Option<Ratio>)| {
                let filesystems = filesystems.clone();
                Some(Comparison { filesystems, verify, chunk, size_bytes, ratio: ratio? })
            };
        zeros.into_iter().zip(ratios(&columns)).filter_map(compare).collect::<Vec<_>>()
    };
    families.into_values().flat_map(compare).collect()
}

/// What cases of one family share.
fn family(case: &Case) -> (&FileSystems, &'static str, ChunkChoice) {
    (&case.filesystems, case.verify.name(), case.chunk)
}

/// For each column of logarithms of paired ratios what it says; none for an empty column.
pub(crate) fn ratios(columns: &[Vec<f64>]) -> Vec<Option<Ratio>> {
    let ratio = |(column, different): (&Vec<f64>, bool)| {
        let estimate = stats::hodges_lehmann(column)?;
        let interval = stats::signed_rank_interval(column, CONFIDENCE);
        let verdict = match (different, estimate < 0.0) {
            (false, _) => Verdict::NotDifferent,
            (true, true) => Verdict::Faster,
            (true, false) => Verdict::Slower,
        };
        let bound = |of: fn(Interval) -> f64| interval.map(|interval| of(interval).exp());
        let (ratio_lower, ratio_upper) = (bound(|interval| interval.lower), bound(|interval| interval.upper));
        Some(Ratio { ratio: estimate.exp(), ratio_lower, ratio_upper, verdict })
    };
    columns.iter().zip(different(columns)).map(ratio).collect()
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::clock::{Times as Clocks, Usage};
    use crate::plan;
    use crate::sample::{Measurement, Trial};
    use crate::scenario::Scenario;

    /// Each pair has a ratio of its own, so that any other pairing would show.
    #[test]
    fn every_zero_copy_case_is_held_against_the_buffered_one_that_is_alike() {
        let text = "schema = \"orbit.scenario/1\"\nname = \"t\"\nquestion = \"?\"\n[matrix]\nsize = [2, 1]\n\
                    strategy = [\"buffered\", \"auto\", \"zero-copy\"]\nfilesystems = [\"same\", \"cross\"]\n\
                    verify = [\"none\", \"sha256\"]\nchunk = [\"engine\", \"64KiB\"]\ncompression = [\"none\", \"zstd\"]\n\
                    subject = [\"engine-in-place\", \"engine\"]\n\
                    [[matrix.exclude]]\nsize = 1\nverify = \"sha256\"\nstrategy = \"buffered\"\n";
        let cases = plan::cases(&Scenario::parse(text.to_owned(), Path::new("t.toml")).unwrap());
        let known = |case: &Case| {
            let cross = case.filesystems == FileSystems::Cross;
            let chunk = case.chunk.bytes().is_some();
            let verified = case.verify != Verification::None;
            case.size_bytes + 2 * u64::from(cross) + 4 * u64::from(chunk) + 8 * u64::from(verified)
        };
        let sample = |(case, block): (&Case, u32)| {
            let factor = match (case.strategy, case.subject, case.is_plain_file()) {
                (Strategy::ZeroCopy, Subject::Engine, true) => known(case),
                (Strategy::Buffered, Subject::Engine, true) => 1,
                _ => 1000,
            };
            let wall_ns = 1000 * u64::from(block + 1) * factor;
            let times = Clocks { wall_ns, cpu_ns: None, steal_ns: 0, usage: Usage::default() };
            let result = Trial::Measured(Measurement::new(times, case.size_bytes));
            Sample { case: case.id.clone(), block, position: 0, result }
        };
        let samples: Vec<Sample> =
            (0..6).flat_map(|block| cases.iter().map(move |case| (case, block))).map(sample).collect();
        let found: Vec<_> = comparisons(&cases, &samples)
            .into_iter()
            .map(|Comparison { filesystems, verify, chunk, size_bytes, ratio }| {
                format!("{filesystems} {verify} {chunk} {size_bytes}: {:.3}", ratio.ratio)
            })
            .collect();
        let expected = [
            "same none engine 1: 1.000",
            "same none engine 2: 2.000",
            "same none 64KiB 1: 5.000",
            "same none 64KiB 2: 6.000",
            "same sha256 engine 2: 10.000",
            "same sha256 64KiB 2: 14.000",
            "cross none engine 1: 3.000",
            "cross none engine 2: 4.000",
            "cross none 64KiB 1: 7.000",
            "cross none 64KiB 2: 8.000",
            "cross sha256 engine 2: 12.000",
            "cross sha256 64KiB 2: 16.000",
        ];
        assert_eq!(found, expected);
    }

    /// `count` values around `center`, alternating.
    fn column(center: f64, count: u32) -> Vec<f64> {
        (0..count).map(|index| center + 0.01 * f64::from(index % 5) - 0.02).collect()
    }

    #[test]
    fn verdicts_have_the_direction_of_the_ratio() {
        let found = ratios(&[column(-0.3, 15), column(0.3, 15), column(0.0, 15), Vec::new()]);
        let verdicts: Vec<_> = found.iter().map(|ratio| ratio.map(|ratio| ratio.verdict)).collect();
        assert_eq!(
            verdicts,
            [Some(Verdict::Faster), Some(Verdict::Slower), Some(Verdict::NotDifferent), None]
        );
        let faster = found[0].unwrap();
        assert!((faster.ratio - (-0.3_f64).exp()).abs() < 0.01, "{faster:?}");
        assert!(faster.ratio_lower.unwrap() < faster.ratio && faster.ratio < faster.ratio_upper.unwrap());
    }

    #[test]
    fn few_blocks_say_nothing() {
        let found = ratios(&[column(-0.9, 4)])[0].unwrap();
        assert_eq!((found.verdict, found.ratio_lower), (Verdict::NotDifferent, None));
    }

    /// One in twenty columns of noise is called different when each is tested alone; a family of them is not.
    #[test]
    fn a_family_of_noise_is_rarely_called_different() {
        let mut random = fastrand::Rng::with_seed(5);
        let mut noise = || (0..12).map(|_| random.f64() - 0.5).sum::<f64>();
        let families = 300;
        let wrong = (0..families)
            .filter(|_| {
                let columns: Vec<Vec<f64>> = (0..8).map(|_| (0..15).map(|_| noise()).collect()).collect();
                ratios(&columns).iter().flatten().any(|ratio| ratio.verdict != Verdict::NotDifferent)
            })
            .count();
        assert!(wrong <= families / 12, "{wrong} of {families}");
    }
}
