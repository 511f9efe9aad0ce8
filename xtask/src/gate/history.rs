//! What gates measured over time, one line of `results/history.jsonl` a run, and where it became slower: what no single
//! change did beyond what it is allowed. Schema `orbit.history/1`. Text in, values out: no file is opened here.

mod creep;

use std::collections::BTreeSet;

use jiff::Timestamp;
use orbit_engine::Machine;
use serde::{Deserialize, Serialize};

use super::block::Side;
use super::samples::CaseSamples;
use crate::sample::Measurement;
use crate::stats;

pub(crate) use creep::{Clock, CountedChange, Creep, Level, Run, Shift, TimeSeries, creep};

pub(crate) const SCHEMA: &str = "orbit.history/1";

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Entry {
    pub(crate) schema: String,
    /// When the run began, RFC 3339 in UTC.
    pub(crate) date: String,
    /// Full hash of what was measured.
    pub(crate) commit: String,
    /// As far as it decides which runs may be compared.
    pub(crate) cpu: String,
    pub(crate) processors: u32,
    /// Release of the kernel; those of one major and minor version are alike.
    pub(crate) kernel: String,
    pub(crate) scenario: String,
    /// SHA-256 of the scenario file, in hexadecimal.
    pub(crate) scenario_sha256: String,
    pub(crate) cases: Vec<Point>,
}

/// One case of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Point {
    pub(crate) case: String,
    /// By which runs know it, whatever it is called.
    pub(crate) hash: String,
    /// Types of file system.
    pub(crate) source_fs: String,
    pub(crate) destination_fs: String,
    /// How many copies the medians are of.
    pub(crate) copies: usize,
    pub(crate) wall_median_ns: u64,
    /// Absent where the system does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cpu_median_ns: Option<u64>,
    /// What moved the bytes; more than one where copies differ.
    pub(crate) mechanisms: BTreeSet<String>,
    /// Rungs that were refused, with the reason.
    pub(crate) refusals: BTreeSet<String>,
    /// The most of any copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) system_calls_max: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) retries_max: Option<u64>,
}

impl Entry {
    /// The class of machines that it is of.
    pub(crate) fn machine(&self) -> Machine {
        Machine { cpu: self.cpu.clone(), processors: self.processors, kernel: self.kernel.clone() }.class()
    }
}

impl Point {
    /// The head's first pass, which every case has alike; none where the head has no copy.
    pub(crate) fn of(samples: &CaseSamples, source_fs: &str, destination_fs: &str) -> Option<Self> {
        let copies: Vec<&Measurement> = samples.screen.iter().flat_map(|quad| &quad.head).collect();
        if copies.is_empty() || samples.failure(Side::Head).is_some() {
            return None;
        }
        let median = |clock: fn(&Measurement) -> Option<u64>| {
            let times: Vec<f64> = copies.iter().filter_map(|one| clock(one)).map(stats::float).collect();
            stats::median(&times).map(stats::whole)
        };
        let most =
            |counter: fn(&Measurement) -> Option<u64>| copies.iter().filter_map(|one| counter(one)).max();
        Some(Self {
            case: samples.case.id.clone(),
            hash: samples.case.hash.clone(),
            source_fs: source_fs.to_owned(),
            destination_fs: destination_fs.to_owned(),
            copies: copies.len(),
            wall_median_ns: median(|one| Some(one.wall_ns))?,
            cpu_median_ns: median(|one| one.cpu_ns),
            mechanisms: copies.iter().filter_map(|one| one.mechanism).map(|one| one.to_string()).collect(),
            refusals: copies.iter().flat_map(|one| one.refusals.iter().cloned()).collect(),
            system_calls_max: most(|one| one.system_calls),
            retries_max: most(|one| one.retries),
        })
    }
}

/// What a file of the history says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct History {
    /// By their dates.
    pub(crate) entries: Vec<Entry>,
    /// Whether the last line was cut short: it is left out.
    pub(crate) is_cut: bool,
}

/// Where a line is no entry, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BrokenLine {
    pub(crate) number: usize,
    pub(crate) why: String,
}

/// Reads the file's text. Only what a cut may have left behind the last line feed is forgiven.
pub(crate) fn parse(text: &str) -> Result<History, BrokenLine> {
    let (whole, tail) = text.rfind('\n').map_or(("", text), |end| text.split_at(end + 1));
    let mut entries = Vec::new();
    for (number, line) in (1..).zip(whole.lines()) {
        let entry = entry(line).map_err(|why| BrokenLine { number, why })?;
        entries.push(entry);
    }
    entries.sort_by_key(|(date, _)| *date);
    Ok(History { entries: entries.into_iter().map(|(_, entry)| entry).collect(), is_cut: !tail.is_empty() })
}

/// The version comes first: of another one nothing else is known.
fn entry(line: &str) -> Result<(Timestamp, Entry), String> {
    #[derive(Deserialize)]
    struct Version {
        schema: String,
    }
    let Version { schema } = serde_json::from_str(line).map_err(|error| error.to_string())?;
    if schema != SCHEMA {
        return Err(format!(
            "schema is `{schema}`; this suite reads `{SCHEMA}`, update it to read later ones"
        ));
    }
    let entry: Entry = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let date = entry.date.parse().map_err(|error| format!("date: {error}"))?;
    Ok((date, entry))
}

#[cfg(test)]
pub(crate) mod tests;
