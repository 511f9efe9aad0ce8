//! The gate's worker: this program, measuring what another one asks for. One JSON object a line each way
//! (`orbit.worker/1`), so that builds of different revisions can be measured side by side. It decides nothing: whoever
//! asks makes the source, puts it where the cache should have it, checks the copy and removes it.

mod client;
mod serve;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::sample::Measurement;

pub(crate) use client::{Hello, Worker};
pub(crate) use serve::serve;

pub(crate) const SCHEMA: &str = "orbit.worker/1";

/// A line to the worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Request {
    pub(crate) schema: String,
    #[serde(flatten)]
    pub(crate) ask: Ask,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub(crate) enum Ask {
    /// Who are you?
    Hello,
    /// Set a case up.
    Prepare {
        /// Text of the scenario file.
        scenario: String,
        /// Id of the case.
        case: String,
        /// What is copied; it is there.
        source: PathBuf,
        /// Where to; its folder is there.
        destination: PathBuf,
        /// Each copy is to take so much of its own time longer, with a busy processor. Only `gate --self-test` asks for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        slower_pct: Option<u32>,
    },
    /// Copy once, and say what it took. The case was prepared; its source is where the cache should have it.
    Sample { case: String },
}

/// A line from the worker; one for each request, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Reply {
    pub(crate) schema: String,
    #[serde(flatten)]
    pub(crate) answer: Answer,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "answer", rename_all = "kebab-case")]
#[expect(clippy::large_enum_variant, reason = "nearly every answer is a sample")]
pub(crate) enum Answer {
    /// Version of the engine that this worker has.
    Hello { engine: String },
    Prepared {
        /// Mechanisms that were tried there and are refused, each with the reason. The engine does not try them again, so that no
        /// sample tells. Earlier workers do not say it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refused: Option<Vec<String>>,
    },
    /// With the time, the mechanism, the refusals and all that was counted.
    Sample(Measurement),
    /// That cannot be done, and why; the worker goes on.
    Refused { reason: String },
}
