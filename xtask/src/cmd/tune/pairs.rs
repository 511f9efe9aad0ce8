//! The pairs of file systems of several runs, and what is found about each.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};
use orbit_engine::{FileSystemPair, Tuning, Values};

use crate::record::{PlaceRecord, Run};
use crate::scenario::FileSystems;
use crate::tuner::{self, Findings, Observed, Pair};

/// A pair with what was found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tuned {
    /// As the first run calls it.
    pub(super) name: String,
    pub(super) source_fs: String,
    pub(super) destination_fs: String,
    pub(super) same_device: bool,
    pub(super) findings: Findings,
}

impl Tuned {
    /// Whether both are found about one kind of pair.
    pub(super) fn speaks_for(&self, other: &Self) -> bool {
        let kind = |one: &Self| (one.source_fs.clone(), one.destination_fs.clone(), one.same_device);
        kind(self) == kind(other)
    }

    pub(super) fn heading(&self) -> String {
        let device = if self.same_device { "one device" } else { "two devices" };
        format!("{}: {} to {}, {device}", self.name, self.source_fs, self.destination_fs)
    }
}

/// What else decides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms<'a> {
    /// The tuned file so far, whose values stay unless others are better.
    pub(super) current: &'a Tuning,
    pub(super) memory_bytes_per_s: Option<f64>,
    pub(super) seed: Option<u64>,
}

/// A run, what it calls a pair, and what it saw there.
type Seen<'a> = (&'a Run, &'a String, &'a PlaceRecord);

/// What `runs` say of every pair of theirs.
pub(super) fn tuned(runs: &[&Run], terms: Terms<'_>) -> Result<Vec<Tuned>> {
    let mut pairs: BTreeMap<(String, String, bool), Vec<Seen<'_>>> = BTreeMap::new();
    for run in runs {
        if run.record.indicative {
            bail!(
                "{} is indicative: `--quick` measures too little to decide anything by; measure without it",
                run.folder.display()
            );
        }
        for (name, place) in &run.record.places {
            let key = (place.source_fs.clone(), place.destination_fs.clone(), place.same_device);
            pairs.entry(key).or_default().push((run, name, place));
        }
    }
    pairs
        .into_iter()
        .map(|((source_fs, destination_fs, same_device), seen)| {
            let pair = FileSystemPair {
                source: source_fs.clone(),
                destination: destination_fs.clone(),
                same_device,
            };
            let name = seen.first().map_or_else(String::new, |(_, name, _)| (*name).clone());
            let findings = found(&seen, &pair, terms)?;
            Ok(Tuned { name, source_fs, destination_fs, same_device, findings })
        })
        .collect()
}

fn found(seen: &[Seen<'_>], pair: &FileSystemPair, terms: Terms<'_>) -> Result<Findings> {
    let names: Vec<FileSystems> =
        seen.iter().map(|(_, name, _)| name.parse().map_err(anyhow::Error::msg)).collect::<Result<_>>()?;
    let observed = seen
        .iter()
        .zip(&names)
        .map(|((run, ..), filesystems)| {
            let tuned = values_of(run, pair)?;
            Ok(Observed { cases: &run.record.cases, samples: &run.samples, filesystems, tuned })
        })
        .collect::<Result<_>>()?;
    let works = |place: &PlaceRecord, mechanism: &str| {
        place.mechanisms.get(mechanism).is_some_and(|one| one == "works")
    };
    let seed = terms.seed.or_else(|| Some(seen.first()?.0.record.seed)).unwrap_or(0);
    Ok(tuner::tuned(&Pair {
        observed,
        zero_copy: seen.iter().any(|(.., place)| place.zero_copy.is_some()),
        reflink: seen.iter().any(|(.., place)| works(place, "reflink")),
        kept: *terms.current.values(pair),
        memory_bytes_per_s: terms.memory_bytes_per_s,
        seed,
    }))
}

/// What the run's tuned file says of the pair.
fn values_of(run: &Run, pair: &FileSystemPair) -> Result<Values> {
    Ok(match &run.record.scenario.tuned {
        Some(text) => *Tuning::parse_unchecked(text, Path::new("run.json"))?.values(pair),
        None => Values::default(),
    })
}
