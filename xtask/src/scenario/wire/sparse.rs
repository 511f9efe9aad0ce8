//! The tables `[[sparse]]` of a scenario file, and what makes one valid.

use orbit_engine::ByteSize;
use serde::Deserialize;

use super::Refusal;
use super::value::One;
use crate::scenario::sparse::SparseFile;

/// Most extents of one file.
const MAX_EXTENTS: u64 = 1_000_000;

/// Longest file: what every file system here can hold.
const MAX_BYTES: u64 = 1 << 40;

/// No file system here makes smaller holes.
const PAGE: u64 = 4096;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    name: String,
    extents: u64,
    extent_size: One<ByteSize>,
    hole_size: One<ByteSize>,
}

impl Table {
    /// The file; the error is a key, and what to write there.
    pub(super) fn validated(self) -> Result<SparseFile, Refusal> {
        if !super::is_name(&self.name) {
            return Err(("sparse.name", super::NAME_RULE.to_owned()));
        }
        let of = |what: String| format!("of {}: {what}", self.name);
        if !(1..=MAX_EXTENTS).contains(&self.extents) {
            return Err(("sparse.extents", of(format!("write a number from 1 to {MAX_EXTENTS}"))));
        }
        let (extent_bytes, hole_bytes) = (self.extent_size.0.bytes(), self.hole_size.0.bytes());
        for (key, bytes) in [("sparse.extent_size", extent_bytes), ("sparse.hole_size", hole_bytes)] {
            if bytes == 0 || bytes % PAGE != 0 {
                return Err((key, of(format!("write a multiple of {}", ByteSize::new(PAGE)))));
            }
        }
        let (name, extents) = (self.name.clone(), self.extents);
        let file = SparseFile { name, extents, extent_bytes, hole_bytes };
        if file.bytes() > MAX_BYTES {
            return Err(("sparse.extents", of(format!("a file has at most {}", ByteSize::new(MAX_BYTES)))));
        }
        Ok(file)
    }
}
