//! The values that the engine runs a case with, where a scenario compares several: the knobs by their names, which are
//! those of tuned files.

use std::collections::BTreeMap;
use std::fmt;

use orbit_engine::{Chunk, MAX_BATCH, MAX_THREADS, MAX_WORKERS, Threshold, Values};
use serde::{Deserialize, Serialize};

use crate::text;

/// What the engine lets itself be tuned by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Knob {
    KernelChunk,
    PipeSize,
    BufferedChunk,
    ParallelThreads,
    ParallelThreshold,
    ZeroCopyThreshold,
    ReflinkThreshold,
    TreeWorkers,
    TreeBatch,
    TreeZeroCopyThreshold,
}

impl Knob {
    /// In the order in which they are tuned: each behind those that its own effect depends on.
    pub(crate) const ALL: [Self; 10] = [
        Self::KernelChunk,
        Self::PipeSize,
        Self::BufferedChunk,
        Self::ParallelThreads,
        Self::ParallelThreshold,
        Self::ZeroCopyThreshold,
        Self::ReflinkThreshold,
        Self::TreeWorkers,
        Self::TreeBatch,
        Self::TreeZeroCopyThreshold,
    ];

    /// Whether only trees are copied by it.
    pub(crate) fn is_of_trees(self) -> bool {
        matches!(self, Self::TreeWorkers | Self::TreeBatch | Self::TreeZeroCopyThreshold)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::KernelChunk => "kernel_chunk",
            Self::PipeSize => "pipe_size",
            Self::BufferedChunk => "buffered_chunk",
            Self::ParallelThreads => "parallel_threads",
            Self::ParallelThreshold => "parallel_threshold",
            Self::ZeroCopyThreshold => "zero_copy_threshold",
            Self::ReflinkThreshold => "reflink_threshold",
            Self::TreeWorkers => "tree_workers",
            Self::TreeBatch => "tree_batch",
            Self::TreeZeroCopyThreshold => "tree_zero_copy_threshold",
        }
    }
}

impl fmt::Display for Knob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A knob with its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setting {
    KernelChunk(Chunk),
    PipeSize(Chunk),
    BufferedChunk(Chunk),
    ParallelThreads(u32),
    ParallelThreshold(Threshold),
    ZeroCopyThreshold(Threshold),
    ReflinkThreshold(Threshold),
    TreeWorkers(u32),
    TreeBatch(u32),
    TreeZeroCopyThreshold(Threshold),
}

impl Setting {
    /// What `values` say of `knob`.
    pub(crate) fn of(knob: Knob, values: &Values) -> Self {
        match knob {
            Knob::KernelChunk => Self::KernelChunk(values.kernel_chunk),
            Knob::PipeSize => Self::PipeSize(values.pipe_size),
            Knob::BufferedChunk => Self::BufferedChunk(values.buffered_chunk),
            Knob::ParallelThreads => Self::ParallelThreads(values.parallel_threads),
            Knob::ParallelThreshold => Self::ParallelThreshold(values.parallel_threshold),
            Knob::ZeroCopyThreshold => Self::ZeroCopyThreshold(values.zero_copy_threshold),
            Knob::ReflinkThreshold => Self::ReflinkThreshold(values.reflink_threshold),
            Knob::TreeWorkers => Self::TreeWorkers(values.tree_workers),
            Knob::TreeBatch => Self::TreeBatch(values.tree_batch),
            Knob::TreeZeroCopyThreshold => Self::TreeZeroCopyThreshold(values.tree_zero_copy_threshold),
        }
    }

    /// Reads the value of `knob`; the error says what to write.
    pub(crate) fn parse(knob: Knob, text: &str) -> Result<Self, String> {
        let number = |least: u32, most: u32| {
            let number = text.parse().ok().filter(|number| (least..=most).contains(number));
            number.ok_or_else(|| format!("`{text}` is out of range; write a number from {least} to {most}"))
        };
        Ok(match knob {
            Knob::KernelChunk => Self::KernelChunk(text.parse()?),
            Knob::PipeSize => Self::PipeSize(text.parse()?),
            Knob::BufferedChunk => Self::BufferedChunk(text.parse()?),
            Knob::ParallelThreads => Self::ParallelThreads(number(0, MAX_THREADS)?),
            Knob::ParallelThreshold => Self::ParallelThreshold(text.parse()?),
            Knob::ZeroCopyThreshold => Self::ZeroCopyThreshold(text.parse()?),
            Knob::ReflinkThreshold => Self::ReflinkThreshold(text.parse()?),
            Knob::TreeWorkers => Self::TreeWorkers(number(0, MAX_WORKERS)?),
            Knob::TreeBatch => Self::TreeBatch(number(1, MAX_BATCH)?),
            Knob::TreeZeroCopyThreshold => Self::TreeZeroCopyThreshold(text.parse()?),
        })
    }

    pub(crate) fn knob(&self) -> Knob {
        match self {
            Self::KernelChunk(_) => Knob::KernelChunk,
            Self::PipeSize(_) => Knob::PipeSize,
            Self::BufferedChunk(_) => Knob::BufferedChunk,
            Self::ParallelThreads(_) => Knob::ParallelThreads,
            Self::ParallelThreshold(_) => Knob::ParallelThreshold,
            Self::ZeroCopyThreshold(_) => Knob::ZeroCopyThreshold,
            Self::ReflinkThreshold(_) => Knob::ReflinkThreshold,
            Self::TreeWorkers(_) => Knob::TreeWorkers,
            Self::TreeBatch(_) => Knob::TreeBatch,
            Self::TreeZeroCopyThreshold(_) => Knob::TreeZeroCopyThreshold,
        }
    }

    /// `values` with this one in place of what they say of its knob.
    pub(crate) fn put(self, mut values: Values) -> Values {
        match self {
            Self::KernelChunk(chunk) => values.kernel_chunk = chunk,
            Self::PipeSize(chunk) => values.pipe_size = chunk,
            Self::BufferedChunk(chunk) => values.buffered_chunk = chunk,
            Self::ParallelThreads(threads) => values.parallel_threads = threads,
            Self::ParallelThreshold(threshold) => values.parallel_threshold = threshold,
            Self::ZeroCopyThreshold(threshold) => values.zero_copy_threshold = threshold,
            Self::ReflinkThreshold(threshold) => values.reflink_threshold = threshold,
            Self::TreeWorkers(workers) => values.tree_workers = workers,
            Self::TreeBatch(files) => values.tree_batch = files,
            Self::TreeZeroCopyThreshold(threshold) => values.tree_zero_copy_threshold = threshold,
        }
        values
    }
}

/// The value alone.
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KernelChunk(chunk) | Self::PipeSize(chunk) | Self::BufferedChunk(chunk) => chunk.fmt(f),
            Self::ParallelThreads(number) | Self::TreeWorkers(number) | Self::TreeBatch(number) => {
                number.fmt(f)
            }
            Self::ParallelThreshold(threshold)
            | Self::ZeroCopyThreshold(threshold)
            | Self::ReflinkThreshold(threshold)
            | Self::TreeZeroCopyThreshold(threshold) => threshold.fmt(f),
        }
    }
}

/// The values of a case, by a name that stands in its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(with = "Wire"))]
#[serde(try_from = "Wire", into = "Wire")]
pub(crate) enum ValueSet {
    /// The engine's own, whatever it is tuned by.
    Default,
    /// Those of the tuned file.
    Tuned,
    /// The engine's own but for these.
    Named { name: String, settings: Vec<Setting> },
}

impl ValueSet {
    pub(crate) const DEFAULT: &str = "default";
    pub(crate) const TUNED: &str = "tuned";

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Default => Self::DEFAULT,
            Self::Tuned => Self::TUNED,
            Self::Named { name, .. } => name,
        }
    }

    /// The values themselves, where a tuned file says `tuned`.
    pub(crate) fn values(&self, tuned: &Values) -> Values {
        match self {
            Self::Default => Values::default(),
            Self::Tuned => *tuned,
            Self::Named { settings, .. } => {
                settings.iter().fold(Values::default(), |values, setting| setting.put(values))
            }
        }
    }

    /// All that the time of a copy depends on, for a case's hash; none where it is what the engine does by itself.
    pub(crate) fn meaning(&self) -> Option<String> {
        let one = |setting: &Setting| format!("{}:{setting}", setting.knob());
        match self {
            Self::Default => None,
            Self::Tuned => Some(Self::TUNED.to_owned()),
            Self::Named { settings, .. } => Some(settings.iter().map(one).collect::<Vec<_>>().join(",")),
        }
    }
}

/// As `run.json` has it.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Wire {
    name: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    values: BTreeMap<String, String>,
}

impl From<ValueSet> for Wire {
    fn from(set: ValueSet) -> Self {
        let name = set.name().to_owned();
        let text = |setting: Setting| (setting.knob().to_string(), setting.to_string());
        let values = match set {
            ValueSet::Named { settings, .. } => settings.into_iter().map(text).collect(),
            ValueSet::Default | ValueSet::Tuned => BTreeMap::new(),
        };
        Self { name, values }
    }
}

impl TryFrom<Wire> for ValueSet {
    type Error = String;

    fn try_from(Wire { name, values }: Wire) -> Result<Self, String> {
        if name == Self::DEFAULT || name == Self::TUNED {
            return Ok(if name == Self::TUNED { Self::Tuned } else { Self::Default });
        }
        let setting = |(key, value): (&String, &String)| {
            Setting::parse(text::one_of(&Knob::ALL, Knob::name, key)?, value)
        };
        let settings = values.iter().map(setting).collect::<Result<_, _>>()?;
        Ok(Self::Named { name, settings })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_knob_is_read_put_and_written_alike() {
        for knob in Knob::ALL {
            let default = Setting::of(knob, &Values::default());
            assert_eq!(default.knob(), knob);
            assert_eq!(Setting::parse(knob, &default.to_string()), Ok(default));
            let other = Setting::parse(knob, "8192").or_else(|_| Setting::parse(knob, "5")).unwrap();
            let values = other.put(Values::default());
            assert_eq!(Setting::of(knob, &values), other);
            let changed = Knob::ALL
                .iter()
                .filter(|knob| Setting::of(**knob, &values) != Setting::of(**knob, &Values::default()));
            assert!(changed.eq([&knob]) || other == default, "{knob}");
        }
        assert!(Setting::parse(Knob::TreeBatch, "0").unwrap_err().contains("from 1 to 64"));
        assert!(Setting::parse(Knob::PipeSize, "1KiB").is_err());
    }

    #[test]
    fn value_sets_are_read_and_written_alike() {
        let settings = vec![Setting::TreeBatch(8)];
        for (set, json) in [
            (ValueSet::Default, r#"{"name":"default"}"#),
            (ValueSet::Tuned, r#"{"name":"tuned"}"#),
            (ValueSet::Named { name: "b".into(), settings }, r#"{"name":"b","values":{"tree_batch":"8"}}"#),
        ] {
            assert_eq!(serde_json::to_string(&set).unwrap(), json);
            assert_eq!(serde_json::from_str::<ValueSet>(json).unwrap(), set);
        }
        assert!(serde_json::from_str::<ValueSet>(r#"{"name":"b","values":{"pipe":"8"}}"#).is_err());
    }
}
