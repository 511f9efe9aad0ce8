//! Scenarios: one file asks one question and says which copies answer it. This is the domain; `wire` is the format.

mod allowance;
mod budget;
#[cfg(test)]
mod documented;
mod durable;
mod filesystems;
mod lines;
mod sparse;
mod standing;
mod subject;
mod values;
mod wire;
mod workload;

use std::collections::HashSet;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use anyhow::Context;
use orbit_engine::{Chunk, Compression, MAX_WORKERS, Strategy, Verification};
use serde::{Deserialize, Serialize};

pub(crate) use allowance::Allowance;
pub(crate) use budget::{Budget, Counter, Limit, System};
pub(crate) use durable::Durable;
pub(crate) use filesystems::{FileSystems, Site, TargetName};
pub(crate) use sparse::SparseFile;
pub(crate) use standing::Standing;
pub(crate) use subject::{Kind, Subject};
pub(crate) use values::{Knob, Setting, ValueSet};
pub(crate) use wire::KEYS;
pub(crate) use workload::{FileSizes, Workload};

/// A validated scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) question: String,
    /// By which scenarios are listed.
    pub(crate) tags: Vec<String>,
    /// Paired blocks: how often each case is measured.
    pub(crate) blocks: u32,
    pub(crate) cache: Cache,
    pub(crate) durability: Durable,
    pub(crate) check: Check,
    pub(crate) content: Content,
    pub(crate) matrix: Matrix,
    /// What the gate calls no regression.
    pub(crate) gate: Allowance,
    pub(crate) budgets: Vec<Budget>,
    /// The file's text, by whose hash a run is known.
    pub(crate) text: String,
}

/// The values that are multiplied out into cases. No list is empty but that of subjects, and either `sizes` and `sparse`
/// or `workloads`: a scenario copies files or trees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Matrix {
    pub(crate) sizes: Vec<u64>,
    pub(crate) sparse: Vec<SparseFile>,
    pub(crate) workloads: Vec<Workload>,
    /// Of trees, as `workers`.
    pub(crate) standings: Vec<Standing>,
    pub(crate) workers: Vec<Workers>,
    pub(crate) strategies: Vec<Strategy>,
    pub(crate) filesystems: Vec<FileSystems>,
    pub(crate) verify: Vec<Verification>,
    pub(crate) chunks: Vec<ChunkChoice>,
    /// Empty where the scenario has no such axis: nothing is compressed, and no case id says so.
    pub(crate) compressions: Vec<Compression>,
    /// Empty where the scenario has no such axis: the engine alone is measured, and no case id says so.
    pub(crate) subjects: Vec<Subject>,
    /// Empty where the scenario has no such axis: every case runs with the engine's values or those of the tuned file, and
    /// no case id says so.
    pub(crate) tunings: Vec<ValueSet>,
    pub(crate) exclude: Vec<Selection>,
}

/// Cases that an exclusion or a budget names: those that match every list that is not empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Selection {
    pub(crate) sizes: Vec<u64>,
    /// By name.
    pub(crate) sparse: Vec<String>,
    pub(crate) workloads: Vec<String>,
    pub(crate) standings: Vec<Standing>,
    pub(crate) workers: Vec<Workers>,
    pub(crate) strategies: Vec<Strategy>,
    pub(crate) filesystems: Vec<FileSystems>,
    pub(crate) verify: Vec<Verification>,
    pub(crate) chunks: Vec<ChunkChoice>,
    pub(crate) compressions: Vec<Compression>,
    pub(crate) subjects: Vec<Subject>,
    /// By name.
    pub(crate) tunings: Vec<String>,
}

impl Matrix {
    /// A value that stands twice in its list, with the key of the list.
    fn repeated(&self) -> Option<(&'static str, String)> {
        fn twice<T: ToString>(key: &'static str, list: &[T]) -> Option<(&'static str, String)> {
            let mut known = HashSet::with_capacity(list.len());
            list.iter().map(T::to_string).find(|text| !known.insert(text.clone())).map(|text| (key, text))
        }
        let sparse: Vec<&String> = self.sparse.iter().map(|file| &file.name).collect();
        let workloads: Vec<&String> = self.workloads.iter().map(|workload| &workload.name).collect();
        let tunings: Vec<&str> = self.tunings.iter().map(ValueSet::name).collect();
        twice("matrix.size", &self.sizes)
            .or_else(|| twice("matrix.sparse", &sparse))
            .or_else(|| twice("matrix.workload", &workloads))
            .or_else(|| twice("matrix.destination", &self.standings))
            .or_else(|| twice("matrix.workers", &self.workers))
            .or_else(|| twice("matrix.strategy", &self.strategies))
            .or_else(|| twice("matrix.filesystems", &self.filesystems))
            .or_else(|| twice("matrix.verify", &self.verify))
            .or_else(|| twice("matrix.chunk", &self.chunks))
            .or_else(|| twice("matrix.compression", &self.compressions))
            .or_else(|| twice("matrix.subject", &self.subjects))
            .or_else(|| twice("matrix.tuning", &tunings))
    }
}

impl Selection {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The most bytes that one step of a copy moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ChunkChoice {
    /// What the engine would use: its defaults, or those of the tuned file.
    Engine,
    /// The same for in-kernel calls and for reading and writing.
    Bytes(Chunk),
}

impl ChunkChoice {
    /// The chunk; none where the engine chooses.
    pub(crate) fn chunk(self) -> Option<Chunk> {
        match self {
            Self::Engine => None,
            Self::Bytes(chunk) => Some(chunk),
        }
    }

    /// The number of bytes; none where the engine chooses.
    pub(crate) fn bytes(self) -> Option<u64> {
        self.chunk().map(Chunk::bytes)
    }
}

impl fmt::Display for ChunkChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine => f.pad("engine"),
            Self::Bytes(chunk) => chunk.fmt(f),
        }
    }
}

impl FromStr for ChunkChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "engine" => Ok(Self::Engine),
            _ => text.parse().map(Self::Bytes).map_err(|error: String| format!("{error}, or `engine`")),
        }
    }
}

/// How many threads of the engine copy a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Workers {
    /// As many as the engine's tuning says.
    #[default]
    Auto,
    Number(u32),
}

impl Workers {
    /// As the engine takes it: 0 for its own choice.
    pub(crate) fn number(self) -> u32 {
        match self {
            Self::Auto => 0,
            Self::Number(number) => number,
        }
    }
}

impl fmt::Display for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.pad("auto"),
            Self::Number(number) => number.fmt(f),
        }
    }
}

impl FromStr for Workers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = || text.parse().ok().filter(|number| (1..=MAX_WORKERS).contains(number));
        match text {
            "auto" => Ok(Self::Auto),
            _ => number().map(Self::Number).ok_or_else(|| {
                format!("`{text}` is no number of workers; write 1 to {MAX_WORKERS}, or `auto`")
            }),
        }
    }
}

/// Where the source's pages are when a copy begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Cache {
    /// In the page cache, made so and checked before each sample.
    Warm,
    /// Wherever the copy before left them.
    AsIs,
    /// On the disk alone, made so and checked before each sample.
    Cold,
    /// The same, and all else that the kernel can forget: names, attributes, programs. Never in a scenario file; `bench
    /// --drop-caches` makes it of `cold`.
    Dropped,
}

/// How often the destination is compared with the source, by the runner, outside the measured time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Check {
    /// After the first copy of each case.
    Once,
    /// After each copy.
    Every,
}

/// What the fixtures are filled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Content {
    /// Bytes that nothing makes smaller.
    #[default]
    Random,
    /// Words in random order, which compress to about a third.
    Text,
}

impl Content {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Random => "random",
            Self::Text => "text",
        })
    }
}

impl fmt::Display for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Warm => "warm",
            Self::AsIs => "as-is",
            Self::Cold => "cold",
            Self::Dropped => "dropped",
        })
    }
}

impl Scenario {
    /// Reads the scenario file at `path`.
    pub(crate) fn load(path: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(text, path)
    }

    /// Reads a scenario's text; `path` is named in errors.
    pub(crate) fn parse(text: String, path: &Path) -> anyhow::Result<Self> {
        wire::parse(text, path)
    }
}
