//! One measured copy, as it stands in `samples.jsonl`: one JSON object a line. Raw; nothing is reduced here.

use orbit_engine::Mechanism;
use serde::{Deserialize, Serialize};

use crate::clock::{Times, Usage};
use crate::text;

/// What one trial of one case gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Sample {
    /// Id of the case, as the plan names it.
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "result", rename_all = "kebab-case")]
#[expect(clippy::large_enum_variant, reason = "nearly every sample is measured")]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Measurement {
    /// Time from the call to its return; of a program, from its start to its end.
    pub(crate) wall_ns: u64,
    /// Processor time, user and system: of this process, or of the program and its children. Absent where the system does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cpu_ns: Option<u64>,
    /// Time that the hypervisor took from this machine meanwhile, over all processors.
    pub(crate) steal_ns: u64,
    pub(crate) bytes: u64,
    /// What really moved the bytes; only the engine says.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "text::optional")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(crate) mechanism: Option<Mechanism>,
    /// Rungs that were tried and refused, in the engine's words.
    pub(crate) refusals: Vec<String>,
    /// Only the engine counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) system_calls: Option<u64>,
    /// How often it was tried again; only the engine says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) retries: Option<u64>,
    /// What the copy of a sparse file takes on its file system, delayed allocation counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) allocated_bytes: Option<u64>,
    /// The most memory that a program, or one of its children, had resident; nothing where the suite itself copied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_rss_bytes: Option<u64>,
    /// Until all of it is on the disk: `wall_ns`, and how long it then took to sync the file system. Only where the
    /// scenario asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) durable_ns: Option<u64>,
    #[serde(flatten)]
    pub(crate) usage: Usage,
}

impl Measurement {
    /// One that says nothing of how the bytes were moved.
    pub(crate) fn new(times: Times, bytes: u64) -> Self {
        let Times { wall_ns, cpu_ns, steal_ns, usage } = times;
        Self {
            wall_ns,
            cpu_ns,
            steal_ns,
            bytes,
            mechanism: None,
            refusals: Vec::new(),
            system_calls: None,
            retries: None,
            allocated_bytes: None,
            max_rss_bytes: None,
            durable_ns: None,
            usage,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "{\"case\":\"a\",\"block\":0,\"position\":1,\"result\":\"measured\",\"wall_ns\":2,\"cpu_ns\":3,\
                        \"steal_ns\":0,\"bytes\":4,";

    fn read_and_written(tail: &str) -> Measurement {
        let line = format!("{HEAD}{tail}");
        let sample: Sample = serde_json::from_str(&line).unwrap();
        assert_eq!(serde_json::to_string(&sample).unwrap(), line);
        sample.measurement().unwrap().clone()
    }

    #[test]
    fn samples_of_the_engine_and_of_peers_are_read_and_written_alike() {
        let engine = read_and_written("\"mechanism\":\"splice\",\"refusals\":[],\"system_calls\":13}");
        assert_eq!((engine.mechanism, engine.system_calls), (Some(Mechanism::Splice), Some(13)));
        let call = read_and_written("\"refusals\":[]}");
        assert_eq!((call.mechanism, call.system_calls, call.max_rss_bytes), (None, None, None));
        let program = read_and_written("\"refusals\":[],\"max_rss_bytes\":4096}");
        assert_eq!((program.max_rss_bytes, program.usage), (Some(4096), Usage::default()));
        let synced = read_and_written("\"refusals\":[],\"durable_ns\":7,\"user_ns\":1,\"io_pressure_ns\":0}");
        assert_eq!(
            (synced.durable_ns, synced.usage.user_ns, synced.usage.minor_faults),
            (Some(7), Some(1), None)
        );
    }

    #[test]
    fn a_system_without_processor_time_has_samples() {
        let line = format!("{HEAD}\"refusals\":[]}}").replace("\"cpu_ns\":3,", "");
        let sample: Sample = serde_json::from_str(&line).unwrap();
        assert_eq!(sample.measurement().map(|one| (one.wall_ns, one.cpu_ns)), Some((2, None)));
        assert_eq!(serde_json::to_string(&sample).unwrap(), line);
    }

    #[test]
    fn an_unknown_mechanism_is_no_missing_one() {
        let line = format!("{HEAD}\"mechanism\":\"magic\",\"refusals\":[]}}");
        assert!(serde_json::from_str::<Sample>(&line).is_err());
    }
}
