//! Files with holes to copy: extents of data, each followed by a hole. Made of the keys alone, as trees are.

use orbit_engine::ByteSize;
use serde::{Deserialize, Serialize};

/// A file of equal extents, each with a hole of equal size behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SparseFile {
    /// Stands in the ids of cases.
    pub(crate) name: String,
    /// At least one.
    pub(crate) extents: u64,
    /// Whole pages, as the holes are: a file system makes no smaller hole.
    pub(crate) extent_bytes: u64,
    pub(crate) hole_bytes: u64,
}

impl SparseFile {
    /// Length of the file, holes and all.
    pub(crate) fn bytes(&self) -> u64 {
        (self.extent_bytes.saturating_add(self.hole_bytes)).saturating_mul(self.extents)
    }

    /// Bytes that are no hole.
    pub(crate) fn data_bytes(&self) -> u64 {
        self.extent_bytes.saturating_mul(self.extents)
    }

    /// Where the extents begin.
    pub(crate) fn offsets(&self) -> impl Iterator<Item = u64> {
        let stride = self.extent_bytes + self.hole_bytes;
        (0..self.extents).map(move |extent| extent * stride)
    }

    /// All that the time of a copy depends on, for a case's hash.
    pub(crate) fn meaning(&self) -> String {
        let Self { extents, extent_bytes, hole_bytes, name: _ } = self;
        let [extent, hole] = [*extent_bytes, *hole_bytes].map(ByteSize::new);
        format!("{extents}x(extent={extent},hole={hole})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_as_long_as_its_extents_and_holes() {
        let file = SparseFile { name: "f".into(), extents: 3, extent_bytes: 4096, hole_bytes: 8192 };
        assert_eq!((file.bytes(), file.data_bytes()), (36_864, 12_288));
        assert_eq!(file.offsets().collect::<Vec<_>>(), [0, 12_288, 24_576]);
        assert_eq!(file.meaning(), "3x(extent=4KiB,hole=8KiB)");
    }
}
