//! An observer that keeps what it is told.

use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use orbit_engine::{Observer, Progress};

/// What was told, and when.
#[derive(Default)]
pub(crate) struct Heard(Mutex<Vec<(Instant, Progress)>>);

impl Observer for Heard {
    fn progress(&self, progress: Progress) {
        self.words().push((Instant::now(), progress));
    }
}

impl Heard {
    pub(crate) fn words(&self) -> MutexGuard<'_, Vec<(Instant, Progress)>> {
        self.0.lock().expect("no observer panics")
    }
}
