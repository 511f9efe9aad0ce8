//! The tables `[[workload]]` of a scenario file, and what makes one valid.

use std::fmt;

use orbit_engine::ByteSize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::value::One;
use crate::scenario::workload::{FileSizes, Workload};

/// Most files of one tree.
const MAX_FILES: u64 = 10_000_000;

/// Beyond it a distribution of sizes is a mistake: the longest of a thousand files would be a million medians long.
const MAX_SIGMA: f64 = 4.5;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    name: String,
    files: u64,
    size: Sizes,
    /// All in one directory where it is missing.
    files_per_directory: Option<u64>,
    fan_out: Option<u64>,
}

#[derive(Debug)]
enum Sizes {
    All(u64),
    Spread(LogNormal),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LogNormal {
    median: One<ByteSize>,
    sigma: f64,
    max: One<ByteSize>,
}

impl Table {
    /// The tree; the error is a key, and what to write there.
    pub(super) fn validated(self) -> Result<Workload, (&'static str, String)> {
        if !super::is_name(&self.name) {
            return Err(("workload.name", super::NAME_RULE.to_owned()));
        }
        let of = |what: String| format!("of {}: {what}", self.name);
        if !(1..=MAX_FILES).contains(&self.files) {
            return Err(("workload.files", of(format!("write a number from 1 to {MAX_FILES}"))));
        }
        let files_per_directory = self.files_per_directory.unwrap_or(self.files);
        if files_per_directory == 0 {
            return Err(("workload.files_per_directory", of("write at least 1".to_owned())));
        }
        if self.fan_out == Some(0) {
            return Err(("workload.fan_out", of("write at least 1".to_owned())));
        }
        let size = self.size.validated().map_err(|(key, what)| (key, of(what)))?;
        let Self { name, files, fan_out, .. } = self;
        Ok(Workload { name, files, size, files_per_directory, fan_out })
    }
}

impl Sizes {
    fn validated(self) -> Result<FileSizes, (&'static str, String)> {
        let LogNormal { median, sigma, max } = match self {
            Self::All(bytes) => return Ok(FileSizes::Fixed { bytes }),
            Self::Spread(distribution) => distribution,
        };
        let (median_bytes, max_bytes) = (median.0.bytes(), max.0.bytes());
        if median_bytes == 0 || max_bytes < median_bytes {
            let what = "write a median above 0 and a `max` that is not less".to_owned();
            return Err(("workload.size.max", what));
        }
        if !(0.001..=MAX_SIGMA).contains(&sigma) {
            return Err(("workload.size.sigma", format!("write a number from 0.001 to {MAX_SIGMA}")));
        }
        Ok(FileSizes::LogNormal { median_bytes, sigma_thousandths: thousandths(sigma), max_bytes })
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "its range was checked")]
fn thousandths(sigma: f64) -> u32 {
    (sigma * 1000.0).round() as u32
}

impl<'de> Deserialize<'de> for Sizes {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(SizesVisitor)
    }
}

struct SizesVisitor;

impl<'de> Visitor<'de> for SizesVisitor {
    type Value = Sizes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a size, or a table of `median`, `sigma` and `max`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Sizes, E> {
        text.parse().map(|size: ByteSize| Sizes::All(size.bytes())).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Sizes, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Sizes, A::Error> {
        LogNormal::deserialize(MapAccessDeserializer::new(map)).map(Sizes::Spread)
    }
}
