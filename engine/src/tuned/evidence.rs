//! The figures behind the values of a profile. The engine does not act on them.

use serde::{Deserialize, Serialize};

use crate::tuning::{Chunk, Threshold};

/// What the tuner made of a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// The measured value is better than the default beyond noise.
    Accepted,
    /// No value is better than the default beyond noise.
    KeptDefault,
    /// All values are as fast as each other.
    NoEffect,
    /// Nothing that works on this pair has this value.
    Unsupported,
    /// Nothing was measured; the default holds.
    NotMeasured,
}

/// What was found about each value of a profile, under its key; none where nothing is said of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "as the fields of `TunedProfile`")]
pub struct Evidence {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zero_copy_threshold: Option<Finding<Threshold>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reflink_threshold: Option<Finding<Threshold>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel_chunk: Option<Finding<Chunk>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pipe_size: Option<Finding<Chunk>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buffered_chunk: Option<Finding<Chunk>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parallel_threshold: Option<Finding<Threshold>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parallel_threads: Option<Finding<u32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tree_workers: Option<Finding<u32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tree_zero_copy_threshold: Option<Finding<Threshold>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tree_batch: Option<Finding<u32>>,
}

/// What was found about one value. Figures that were not had are none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding<T> {
    /// What came of it.
    pub decision: Decision,
    /// Paired blocks that were measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocks: Option<u32>,
    /// Time saved against the default, in percent, estimated on blocks that did not choose the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gain_pct: Option<f64>,
    /// Lower confidence bound of that gain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gain_lower_pct: Option<f64>,
    /// Lower end of the interval of the best value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lower: Option<T>,
    /// Upper end of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upper: Option<T>,
}

impl<T> Finding<T> {
    /// A decision without figures.
    #[must_use]
    pub const fn new(decision: Decision) -> Self {
        Self { decision, blocks: None, gain_pct: None, gain_lower_pct: None, lower: None, upper: None }
    }
}
