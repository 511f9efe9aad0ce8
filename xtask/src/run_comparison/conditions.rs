//! In which conditions two runs are not alike, and what makes a run worth less by itself.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::record::RunRecord;

/// A condition that two runs do not share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Difference {
    pub(crate) what: String,
    pub(crate) base: String,
    pub(crate) run: String,
}

/// A sentence about one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Caution {
    pub(crate) run: String,
    pub(crate) what: &'static str,
}

pub(super) fn cautions(record: &RunRecord) -> Vec<Caution> {
    let host = &record.host;
    let found = [
        (host.dirty == Some(true), "was built from a working copy with local changes"),
        (host.revision.is_none() || host.dirty.is_none(), "does not say which revision it measured"),
        (host.profile != "release", "measured code that was not built for release"),
        (record.indicative, "is indicative: it measured too few blocks to decide anything by"),
    ];
    let caution =
        |(holds, what): (bool, &'static str)| holds.then(|| Caution { run: record.run.clone(), what });
    found.into_iter().filter_map(caution).collect()
}

pub(super) fn differences(base: &RunRecord, run: &RunRecord) -> Vec<Difference> {
    let (ours, theirs) = (conditions(base), conditions(run));
    let difference = |(what, base): (String, String)| {
        // What only one of them used is told by the cases that only one of them has.
        let run = theirs.get(&what).filter(|run| **run != base)?.clone();
        Some(Difference { what, base, run })
    };
    ours.into_iter().filter_map(difference).collect()
}

/// All that a time depends on beside the case, by name.
fn conditions(record: &RunRecord) -> BTreeMap<String, String> {
    let host = &record.host;
    let known = |value: &Option<String>| value.clone().unwrap_or_else(|| "unknown".to_owned());
    let memory = host.memory_bytes.map(|bytes| format!("{bytes} bytes"));
    let mut found: BTreeMap<String, String> = [
        ("machine", host.name.clone()),
        ("processor", format!("{}, {} usable", host.cpu, host.cpus)),
        ("memory", known(&memory)),
        ("kernel", host.kernel.clone()),
        ("governor", known(&host.governor)),
        ("hypervisor", known(&host.hypervisor)),
        ("compiler", known(&host.rustc)),
        ("profile", host.profile.clone()),
        ("engine version", record.engine.clone()),
        ("engine revision", known(&host.revision)),
        ("tuned values", record.scenario.tuned.clone().unwrap_or_else(|| "none".to_owned())),
    ]
    .map(|(what, value)| (what.to_owned(), value))
    .into();
    found.extend(record.places.iter().map(|(name, place)| {
        let device = if place.same_device { "same device" } else { "two devices" };
        (format!("file systems {name}"), format!("{} to {}, {device}", place.source_fs, place.destination_fs))
    }));
    found.extend(
        record
            .programs
            .iter()
            .map(|(subject, program)| (format!("program {subject}"), program.version.clone())),
    );
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::planted;

    fn record() -> RunRecord {
        let mut record = planted::run(&[], &[], &[], 0).0;
        record.host.dirty = Some(false);
        record
    }

    #[test]
    fn every_condition_that_differs_is_named() {
        let base = record();
        assert_eq!(differences(&base, &base), []);
        let mut run = record();
        run.host.name = "other".to_owned();
        run.host.kernel = "Linux 6.13.0".to_owned();
        run.host.cpus = 4;
        run.host.governor = Some("performance".to_owned());
        run.host.revision = Some("def".to_owned());
        run.host.profile = "debug".to_owned();
        run.scenario.tuned = Some("x".to_owned());
        run.places.get_mut("same").unwrap().destination_fs = "ext4".to_owned();
        let found = differences(&base, &run);
        let names: Vec<&str> = found.iter().map(|one| one.what.as_str()).collect();
        assert_eq!(
            names,
            [
                "engine revision",
                "file systems same",
                "governor",
                "kernel",
                "machine",
                "processor",
                "profile",
                "tuned values"
            ]
        );
        assert_eq!((found[0].base.as_str(), found[0].run.as_str()), ("abc", "def"));
    }

    #[test]
    fn a_run_that_is_worth_less_says_so() {
        assert_eq!(cautions(&record()), []);
        let mut run = record();
        (run.host.dirty, run.host.revision) = (Some(true), None);
        run.host.profile = "debug".to_owned();
        run.indicative = true;
        assert_eq!(cautions(&run).len(), 4);
    }
}
