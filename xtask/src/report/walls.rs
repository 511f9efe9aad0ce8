//! The wall times of a run by case, valid samples only.

use std::collections::HashMap;

use crate::sample::Sample;

pub(super) struct Walls<'a>(HashMap<&'a str, Vec<u64>>);

impl<'a> Walls<'a> {
    pub(super) fn of(samples: &'a [Sample]) -> Self {
        let mut walls: HashMap<&str, Vec<u64>> = HashMap::new();
        for sample in samples {
            if let Some(measurement) = sample.measurement() {
                walls.entry(&sample.case).or_default().push(measurement.wall_ns);
            }
        }
        Self(walls)
    }

    /// In nanoseconds, in the order of the blocks; empty for a case without a valid sample.
    pub(super) fn case(&self, id: &str) -> &[u64] {
        self.0.get(id).map_or(&[], Vec::as_slice)
    }
}
