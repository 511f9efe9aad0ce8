//! One measured copy, as it stands in `samples.jsonl`: one JSON object a line. Raw; nothing is reduced here.

use orbit_engine::Mechanism;
use serde::{Deserialize, Serialize};

use crate::text;

/// What one trial of one case gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sample {
    /// [`crate::plan::Case::id`].
    pub(crate) case: String,
    /// Which block; samples of one block were taken close in time and are compared in pairs.
    pub(crate) block: u32,
    /// Position within the block.
    pub(crate) position: u32,
    #[serde(flatten)]
    pub(crate) result: Trial,
}

/// How a trial ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub(crate) enum Trial {
    /// A copy that did what the case says.
    Measured(Measurement),
    /// The machine was not in the state that the case asks for; not counted.
    Invalid {
        /// What was wrong.
        reason: String,
    },
}

/// One copy, measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Measurement {
    /// Time from the call to its return.
    pub(crate) wall_ns: u64,
    /// Processor time of this process, user and system.
    pub(crate) cpu_ns: u64,
    /// Time that the hypervisor took from this machine meanwhile, over all processors.
    pub(crate) steal_ns: u64,
    pub(crate) bytes: u64,
    /// What really moved the bytes.
    #[serde(with = "text")]
    pub(crate) mechanism: Mechanism,
    /// Rungs that were tried and refused, in the engine's words.
    pub(crate) refusals: Vec<String>,
    pub(crate) system_calls: u64,
}

impl Sample {
    /// The measurement, unless the sample is invalid.
    pub(crate) fn measurement(&self) -> Option<&Measurement> {
        match &self.result {
            Trial::Measured(measurement) => Some(measurement),
            Trial::Invalid { .. } => None,
        }
    }
}
