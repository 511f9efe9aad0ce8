//! The engine's copy of trees through its public API, set up for one case.

use std::path::Path;

use anyhow::{Context, Result, bail};
use orbit_engine::{Mechanism, Strategy, TreeOptions, TreeOutcome, Tuning, ZeroCopyCapabilities, copy_tree};

use crate::clock::Clock;
use crate::plan::Case;
use crate::sample::Measurement;
use crate::scenario::Subject;

use super::engine;

/// The engine, set up for the trees of one case.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    options: TreeOptions,
}

impl Tree {
    /// Sets the engine up for `case`, between file systems that can do `capabilities`, with the values of `tuning`. The
    /// error is the reason why the case would say nothing.
    pub(super) fn new(
        case: &Case,
        capabilities: &ZeroCopyCapabilities,
        tuning: &Tuning,
    ) -> Result<Self, String> {
        if case.strategy == Strategy::ZeroCopy && capabilities.best().is_none() {
            return Err("no zero-copy mechanism works here, so the buffered arm would run twice".to_owned());
        }
        let workers = match (case.subject, &case.tree) {
            (Subject::EngineOneThread, _) => 1,
            (_, Some(tree)) => tree.workers.number(),
            (_, None) => 0,
        };
        let each = engine::options(case, engine::tuning_of(case, capabilities, tuning));
        Ok(Self { options: TreeOptions::new(each).workers(workers) })
    }

    /// One copy, measured.
    pub(super) fn measure(&self, case: &Case, source: &Path, destination: &Path) -> Result<Measurement> {
        let clock = Clock::start();
        let outcome = copy_tree(source, destination, &self.options);
        let times = clock.stop();
        let outcome = outcome?;
        check(case, &outcome)?;
        Ok(Measurement {
            mechanism: sole(&outcome),
            refusals: outcome.refusals.iter().map(ToString::to_string).collect(),
            system_calls: Some(outcome.system_calls),
            retries: Some(outcome.retries),
            ..Measurement::new(times, outcome.bytes)
        })
    }
}

/// The mechanism that moved everything, if it was one.
fn sole(outcome: &TreeOutcome) -> Option<Mechanism> {
    match outcome.moved.as_slice() {
        [only] => Some(only.mechanism),
        _ => None,
    }
}

/// Fails where the engine says that it copied something else than the case asks for.
fn check(case: &Case, outcome: &TreeOutcome) -> Result<()> {
    let workload = &case.tree.as_ref().context("a case without a tree")?.workload;
    let found = (outcome.files, outcome.bytes, outcome.directories + outcome.merged);
    let expected = (workload.files, case.size_bytes, workload.directories());
    if found != expected {
        bail!(
            "{}: expected {} files, {} bytes and {} directories, got {}, {} and {}",
            case.id,
            expected.0,
            expected.1,
            expected.2,
            found.0,
            found.1,
            found.2,
        );
    }
    Ok(())
}
