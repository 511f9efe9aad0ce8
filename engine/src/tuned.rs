//! The file format of tuned values, `orbit.tuned/1` in TOML: what the tuner writes and the engine reads, all or nothing,
//! and only where and as long as it holds.

mod check;
mod evidence;
mod load;
mod machine;
mod profile;
mod text;

use serde::{Deserialize, Serialize};

use crate::tuning::{Tuning, UtcTime};

pub use evidence::{Decision, Evidence, Finding};
pub use load::TuningError;
pub use machine::Machine;
pub use profile::TunedProfile;

const SCHEMA: &str = "orbit.tuned/1";

/// A tuned file: values per pair of file systems, with where they come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TunedFile {
    /// Always `orbit.tuned/1`.
    pub schema: String,
    /// Where and until when the values hold; none in a file written by hand, which holds everywhere and always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// Values for one pair each.
    #[serde(default, rename = "profile", skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<TunedProfile>,
}

/// Which measurements the values come from, and where and until when they hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Version of the engine that was measured. The values hold for engines of the same major and minor version.
    pub engine: String,
    /// When the file was made.
    pub created: UtcTime,
    /// Until when the values hold.
    pub valid_until: UtcTime,
    /// The machine that was measured.
    pub machine: Machine,
    /// The runs that were measured.
    pub runs: Vec<MeasuredRun>,
}

/// A run that values come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasuredRun {
    /// Name of the run's folder.
    pub name: String,
    /// SHA-256 of the run's `samples.jsonl`, in hexadecimal.
    pub samples_sha256: String,
}

impl TunedFile {
    /// A file of this format.
    #[must_use]
    pub fn new(provenance: Provenance, profiles: Vec<TunedProfile>) -> Self {
        Self { schema: SCHEMA.into(), provenance: Some(provenance), profiles }
    }

    /// The values, wherever and whenever they were measured.
    #[must_use]
    pub fn tuning(&self) -> Tuning {
        self.profiles
            .iter()
            .fold(Tuning::default(), |tuning, profile| tuning.with_profile(profile.pair(), profile.values()))
    }
}

#[cfg(test)]
mod tests;
