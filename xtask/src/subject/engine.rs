//! The engine through its public API, set up for one case, with the mechanism that must run.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use orbit_engine::{
    Capability, Compression, CopyOptions, CopyOutcome, Facts, FileSystemPair, Mechanism, Placement, Strategy,
    Threshold, Tuning, ZeroCopyCapabilities, copy_file, select,
};

use crate::clock::Clock;
use crate::plan::Case;
use crate::sample::Measurement;
use crate::scenario::{ChunkChoice, SparseFile, Subject};
use crate::system;

/// The engine, set up for one case.
#[derive(Debug, Clone)]
pub(crate) struct Engine {
    options: CopyOptions,
    /// The mechanism that every sample must report.
    expected: Mechanism,
    /// Each copy is followed by work that takes so much of its time: a slowdown that is known.
    slower_pct: u32,
}

impl Engine {
    /// Sets the engine up for `case`, between file systems that can do `capabilities`, with the values of `tuning`. A
    /// chunk that the case gives replaces the tuned one.
    pub(super) fn new(case: &Case, capabilities: &ZeroCopyCapabilities, tuning: &Tuning) -> Self {
        let options = options(case, tuning_of(case, capabilities, tuning));
        let options = match case.subject.only() {
            Some(mechanism) => options.only(mechanism),
            None => options,
        };
        let expected = expected(case, &options, capabilities);
        Self { options, expected, slower_pct: 0 }
    }

    pub(super) fn slower(self, percent: u32) -> Self {
        Self { slower_pct: percent, ..self }
    }

    /// Why measuring this case would say nothing, if so.
    pub(super) fn pointless(&self, case: &Case, capabilities: &ZeroCopyCapabilities) -> Option<String> {
        if let Some(only) = case.subject.only().filter(|only| !works(*only, capabilities)) {
            return Some(format!("{only} cannot work here"));
        }
        if case.strategy == Strategy::ZeroCopy && case.compression != Compression::None {
            return Some("what is compressed goes through memory, whatever the strategy".to_owned());
        }
        (case.strategy == Strategy::ZeroCopy && !self.expected.is_zero_copy())
            .then(|| "no zero-copy mechanism works here, so the buffered arm would run twice".to_owned())
    }

    /// One copy, measured.
    pub(super) fn measure(&self, case: &Case, source: &Path, destination: &Path) -> Result<Measurement> {
        let clock = Clock::start();
        let outcome = copy_file(source, destination, &self.options);
        work_until(&clock, clock.elapsed() + clock.elapsed() * self.slower_pct / 100);
        let times = clock.stop();
        let outcome = outcome?;
        self.check(case, &outcome)?;
        Ok(Measurement {
            mechanism: Some(outcome.mechanism),
            refusals: outcome.refusals.iter().map(ToString::to_string).collect(),
            system_calls: Some(outcome.system_calls),
            retries: Some(outcome.retries.into()),
            ..Measurement::new(times, outcome.bytes)
        })
    }

    /// Fails where another mechanism ran than the one that must.
    fn check(&self, case: &Case, outcome: &CopyOutcome) -> Result<()> {
        let content_bytes = outcome.content_bytes;
        if outcome.mechanism == self.expected && outcome.moved.len() == 1 && content_bytes == case.size_bytes
        {
            return Ok(());
        }
        let refusals: Vec<_> = outcome.refusals.iter().map(ToString::to_string).collect();
        bail!(
            "{}: expected {} bytes by {}, got {} by {} ({})",
            case.id,
            case.size_bytes,
            self.expected,
            content_bytes,
            outcome.mechanism,
            refusals.join("; ")
        );
    }
}

/// Keeps the processor busy; not at all where that time is over.
fn work_until(clock: &Clock, end: Duration) {
    while clock.elapsed() < end {}
}

/// The values that the case runs with.
pub(super) fn tuning_of(case: &Case, capabilities: &ZeroCopyCapabilities, tuning: &Tuning) -> Tuning {
    let given = case.tuning.as_ref().map(|set| set.values(tuning.values(&capabilities.pair)));
    let tuning = &given.map_or_else(|| tuning.clone(), Tuning::uniform);
    let tuning = match case.chunk {
        ChunkChoice::Engine => tuning.clone(),
        ChunkChoice::Bytes(chunk) => Tuning::uniform(tuning.values(&capabilities.pair).with_chunk(chunk)),
    };
    if case.subject.only().is_some() || case.subject == Subject::EngineOneThread {
        Tuning::uniform(tuning.values(&capabilities.pair).with_parallel(Threshold::Never, 1))
    } else {
        tuning
    }
}

/// What the case asks of the copy of one file.
pub(super) fn options(case: &Case, tuning: Tuning) -> CopyOptions {
    let placement = match case.subject {
        Subject::EngineFast => return CopyOptions::fast().tuning(tuning),
        Subject::EngineInPlace => Placement::InPlace,
        _ => Placement::Staged,
    };
    CopyOptions::new()
        .placement(placement)
        .strategy(case.strategy)
        .verification(case.verify)
        .durability(case.durability.of_engine())
        .compression(case.compression)
        .tuning(tuning)
}

/// The first rung that the engine would try and that the probe saw working.
fn expected(case: &Case, options: &CopyOptions, capabilities: &ZeroCopyCapabilities) -> Mechanism {
    let mut facts = Facts::of_size(case.size_bytes);
    facts.allocated = case.sparse.as_ref().map_or(case.size_bytes, SparseFile::data_bytes);
    facts.pair = Some(capabilities.pair.clone());
    facts.is_replaceable = !matches!(case.subject, Subject::EngineInPlace | Subject::EngineFast);
    facts.processors = system::processors();
    let mut rungs = select(&facts, options).rungs.into_iter();
    rungs.find(|rung| works(*rung, capabilities)).unwrap_or(Mechanism::ReadWrite)
}

/// Whether the probe saw it work. Direct access is not probed; memory has none.
fn works(mechanism: Mechanism, capabilities: &ZeroCopyCapabilities) -> bool {
    let FileSystemPair { source, destination, .. } = &capabilities.pair;
    match mechanism {
        Mechanism::DirectIo => source != "tmpfs" || destination != "tmpfs",
        _ => !mechanism.is_zero_copy() || capabilities.mechanisms.contains(&(mechanism, Capability::Works)),
    }
}

#[cfg(test)]
mod tests {
    use orbit_engine::zero_copy_capabilities;

    use super::*;
    use crate::plan;
    use crate::scenario::Scenario;

    /// On every system, whatever it has.
    #[test]
    fn what_must_run_is_what_runs() {
        let folder = tempfile::tempdir().unwrap();
        let capabilities = zero_copy_capabilities(folder.path(), folder.path()).unwrap();
        let text = "schema = \"orbit.scenario/1\"\nname = \"t\"\nquestion = \"?\"\n[matrix]\nsize = [4096, 1048576]\n\
                    strategy = [\"auto\", \"zero-copy\", \"buffered\"]\nsubject = [\"engine\", \"engine-in-place\"]\n";
        let scenario = Scenario::parse(text.to_owned(), Path::new("t.toml")).unwrap();
        for case in plan::cases(&scenario) {
            let (source, destination) = (folder.path().join("source"), folder.path().join("new"));
            std::fs::write(&source, vec![7; usize::try_from(case.size_bytes).unwrap()]).unwrap();
            let engine = Engine::new(&case, &capabilities, &Tuning::default());
            let measured = engine.measure(&case, &source, &destination).unwrap();
            assert_eq!(measured.mechanism, Some(engine.expected), "{}", case.id);
            std::fs::remove_file(destination).unwrap();
        }
    }
}
