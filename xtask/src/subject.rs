//! What is measured, set up for one case: the engine, another copy within this process, or a program. Each knows how it
//! is run and timed; whether the copy is right is for the runner to see.

mod engine;
mod known;
mod library;
mod process;
mod send;
mod tree;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use orbit_engine::{Capability, Mechanism, Tuning, ZeroCopyCapabilities};

use crate::clock::Times;
use crate::plan::Case;
use crate::program::Program;
use crate::sample::Measurement;
use crate::scenario::{Kind, Subject};

use engine::Engine;
use known::Known;
use library::Library;
use process::Process;
use send::Send;
use tree::Tree;

/// The programs that subjects need; of each that cannot be measured, why.
pub(crate) type Programs = BTreeMap<Subject, Result<Program, String>>;

/// The subject of one case, ready to run.
#[derive(Debug, Clone)]
pub(crate) enum Setup {
    Engine(Box<Engine>),
    Tree(Box<Tree>),
    Library(Library),
    Send(Send),
    Known(Known),
    Process(Process),
}

impl Setup {
    /// Sets the subject of `case` up, between file systems that can do `capabilities`; the engine with the values of
    /// `tuning`. The error is the reason why it cannot run here, or would say nothing.
    pub(crate) fn new(
        case: &Case,
        capabilities: &ZeroCopyCapabilities,
        tuning: &Tuning,
        programs: &Programs,
    ) -> Result<Self, String> {
        match (case.subject, case.subject.kind()) {
            (subject, _) if subject.is_engine() && case.tree.is_some() => {
                Tree::new(case, capabilities, tuning).map(|tree| Self::Tree(Box::new(tree)))
            }
            (subject, _) if subject.is_engine() => {
                let engine = Engine::new(case, capabilities, tuning);
                match engine.pointless(case, capabilities) {
                    Some(reason) => Err(reason),
                    None => Ok(Self::Engine(Box::new(engine))),
                }
            }
            (Subject::BareReflink, _) if !can_reflink(capabilities) => {
                Err("extents cannot be shared here".to_owned())
            }
            (subject, _) if subject.sends() => Send::new(subject).map(Self::Send),
            (Subject::KnownSleep, _) => Ok(Self::Known(Known::Sleep)),
            (Subject::KnownRate, _) => Ok(Self::Known(Known::Rate)),
            (subject, Kind::Library) => Library::new(subject).map(Self::Library),
            (subject, Kind::Process) => {
                let of_engine = subject.has_strategy().then(|| Engine::new(case, capabilities, tuning));
                let pointless = of_engine.and_then(|engine| engine.pointless(case, capabilities));
                if let Some(reason) = pointless.or_else(|| Process::unable(case)) {
                    return Err(reason);
                }
                let program = programs.get(&subject).cloned();
                let program = program.unwrap_or_else(|| Err(format!("{subject} was not looked for")))?;
                Ok(Self::Process(Process::new(case, program)))
            }
        }
    }

    /// With copies that take so much more of their time, of which a processor is busy; what the gate tests itself by.
    pub(crate) fn slower(self, percent: u32) -> Result<Self> {
        match self {
            Self::Engine(engine) => Ok(Self::Engine(Box::new(engine.slower(percent)))),
            _ => bail!("only copies of single files by the engine can be made slower"),
        }
    }

    /// Runs and times it once.
    pub(crate) fn measure(&self, case: &Case, source: &Path, destination: &Path) -> Result<Measurement> {
        match self {
            Self::Engine(engine) => engine.measure(case, source, destination),
            Self::Tree(tree) => tree.measure(case, source, destination),
            Self::Library(library) => library.measure(case, source, destination),
            Self::Send(send) => send.measure(case, source),
            Self::Known(known) => known.measure(case, source, destination),
            Self::Process(process) => process.measure(case, source, destination),
        }
    }

    /// Proves that what it sent is what the source has; what leaves a file is for the runner to check.
    pub(crate) fn check(&self, case: &Case, source: &Path) -> Result<()> {
        match self {
            Self::Send(send) => send.check(case, source),
            _ => Ok(()),
        }
    }

    /// Whether what it leaves must be equal to the source, and not only as long.
    pub(crate) fn copies_content(&self) -> bool {
        !matches!(self, Self::Library(Library::BareWrite) | Self::Send(_))
    }
}

/// The measurement, if `destination` is as long as `case` says. Trees are looked at by the runner.
fn whole(case: &Case, destination: &Path, times: Times) -> Result<Measurement> {
    if case.tree.is_some() {
        return Ok(Measurement::new(times, case.size_bytes));
    }
    let left = std::fs::metadata(destination)
        .with_context(|| format!("{} left no {}", case.subject, destination.display()))?;
    if left.len() != case.size_bytes {
        bail!("{}: expected {} bytes, got {}", case.id, case.size_bytes, left.len());
    }
    Ok(Measurement::new(times, left.len()))
}

fn can_reflink(capabilities: &ZeroCopyCapabilities) -> bool {
    capabilities.mechanisms.contains(&(Mechanism::Reflink, Capability::Works))
}
