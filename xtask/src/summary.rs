//! A run's samples reduced to one row a case: `summary.json`, and all that plots and tables are drawn from. Pure.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use orbit_engine::Mechanism;
use serde::{Deserialize, Serialize};

use crate::agreement::{self, Agreement};
use crate::budget::{self, Balance};
use crate::comparison::{self, Comparison};
use crate::histogram::{self, Percentile};
use crate::known::{self, Deviation};
use crate::plan::{Case, Skipped};
use crate::record::RunRecord;
use crate::sample::{Measurement, Sample, Trial};
use crate::stats;
use crate::text;

const CONFIDENCE: f64 = 0.95;

pub(crate) const SCHEMA: &str = "orbit.summary/1";

/// A run, reduced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Summary {
    pub(crate) schema: String,
    /// Name of the run's folder.
    pub(crate) run: String,
    pub(crate) blocks: u32,
    /// In the order of the plan.
    pub(crate) cases: Vec<CaseSummary>,
    /// Zero-copy against buffered, wherever both were measured.
    pub(crate) comparisons: Vec<Comparison>,
    /// What was counted against the budgets of the scenario.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) budgets: Vec<Balance>,
    /// What was measured of costs that are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) known: Vec<Deviation>,
    /// The engine against itself; only of runs that measured it twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) agreement: Option<Agreement>,
    /// Cases that could not run here.
    pub(crate) skipped: Vec<Skipped>,
}

/// The samples of one case, reduced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct CaseSummary {
    #[serde(flatten)]
    pub(crate) case: Case,
    /// What moved the bytes in every sample; only the engine says.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "text::optional")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(crate) mechanism: Option<Mechanism>,
    /// Valid samples.
    pub(crate) samples: u32,
    /// Samples that were not counted.
    pub(crate) invalid: u32,
    pub(crate) wall_median_ns: u64,
    /// 95 % interval of the median; none with fewer than six samples.
    pub(crate) wall_lower_ns: Option<u64>,
    pub(crate) wall_upper_ns: Option<u64>,
    pub(crate) wall_min_ns: u64,
    pub(crate) wall_max_ns: u64,
    /// From the HDR histogram, three significant digits; only percentiles that this many samples can tell.
    pub(crate) wall_percentiles: Vec<Percentile>,
    /// Absent where the system does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cpu_median_ns: Option<u64>,
    /// Until all is on the disk; only of runs that synced after each copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) durable_median_ns: Option<u64>,
    /// Bytes copied each second at the median wall time.
    pub(crate) throughput_bytes_per_s: u64,
    /// Most system calls of any sample; only the engine counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) system_calls_max: Option<u64>,
    /// Most that the copy of a sparse file took on its file system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) allocated_bytes_max: Option<u64>,
    /// The most memory that a program had resident in any sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_rss_bytes: Option<u64>,
}

/// Reads a summary that was written before.
pub(crate) fn parse(text: &str) -> Result<Summary> {
    serde_json::from_str(text)
        .context("it is no summary of this version; `cargo xtask report RUN` writes it again")
}

/// Reduces the samples of a run.
pub(crate) fn of(record: &RunRecord, samples: &[Sample]) -> Result<Summary> {
    let mut cases = Vec::with_capacity(record.cases.len());
    let mut skipped = record.skipped.clone();
    let mut by_case: BTreeMap<&str, Vec<&Sample>> = BTreeMap::new();
    for sample in samples {
        by_case.entry(&sample.case).or_default().push(sample);
    }
    for case in &record.cases {
        let all = by_case.remove(case.id.as_str()).unwrap_or_default();
        let valid: Vec<&Measurement> = all.iter().filter_map(|sample| sample.measurement()).collect();
        match valid.first() {
            Some(first) => cases.push(reduce(case, first.mechanism, &valid, all.len())?),
            None => skipped.push(Skipped { case: case.id.clone(), reason: no_sample(&all) }),
        }
    }
    let blocks = samples.last().map_or(0, |sample| sample.block + 1);
    Ok(Summary {
        schema: SCHEMA.into(),
        run: record.run.clone(),
        blocks,
        cases,
        comparisons: comparison::comparisons(&record.cases, samples),
        budgets: budget::balances(&record.budgets, samples),
        known: known::deviations(&record.cases, samples),
        agreement: agreement::within(&record.cases, samples),
        skipped,
    })
}

fn reduce(
    case: &Case,
    mechanism: Option<Mechanism>,
    valid: &[&Measurement],
    all: usize,
) -> Result<CaseSummary> {
    let wall: Vec<f64> = valid.iter().map(|sample| stats::float(sample.wall_ns)).collect();
    let cpu: Vec<f64> = valid.iter().filter_map(|sample| sample.cpu_ns).map(stats::float).collect();
    let durable: Vec<f64> = valid.iter().filter_map(|sample| sample.durable_ns).map(stats::float).collect();
    let median = |values: &[f64]| stats::median(values).map(stats::whole).context("a case without samples");
    let interval = stats::median_interval(&wall, CONFIDENCE);
    let histogram = histogram::of(valid.iter().map(|sample| sample.wall_ns))?;
    let wall_median_ns = median(&wall)?;
    Ok(CaseSummary {
        case: case.clone(),
        mechanism,
        samples: count(valid.len()),
        invalid: count(all - valid.len()),
        wall_median_ns,
        wall_lower_ns: interval.map(|interval| stats::whole(interval.lower)),
        wall_upper_ns: interval.map(|interval| stats::whole(interval.upper)),
        wall_min_ns: valid.iter().map(|sample| sample.wall_ns).min().unwrap_or(0),
        wall_max_ns: valid.iter().map(|sample| sample.wall_ns).max().unwrap_or(0),
        wall_percentiles: histogram::percentiles(&histogram),
        cpu_median_ns: stats::median(&cpu).map(stats::whole),
        durable_median_ns: stats::median(&durable).map(stats::whole),
        throughput_bytes_per_s: stats::whole(
            stats::float(case.size_bytes) * 1e9 / stats::float(wall_median_ns.max(1)),
        ),
        system_calls_max: valid.iter().filter_map(|sample| sample.system_calls).max(),
        allocated_bytes_max: valid.iter().filter_map(|sample| sample.allocated_bytes).max(),
        max_rss_bytes: valid.iter().filter_map(|sample| sample.max_rss_bytes).max(),
    })
}

/// Why a case has none that counts.
fn no_sample(all: &[&Sample]) -> String {
    let reason = all.iter().find_map(|sample| match &sample.result {
        Trial::Invalid { reason } => Some(reason),
        Trial::Measured(_) => None,
    });
    reason.map_or_else(|| "it has no sample".to_owned(), |reason| format!("no sample was valid: {reason}"))
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
