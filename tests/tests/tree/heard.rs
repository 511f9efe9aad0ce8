//! An observer of trees that keeps what it is told, and one that stops a copy.

use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use orbit_engine::{Cancel, TreeObserver, TreeProgress};

/// What was told, and when.
#[derive(Default)]
pub(crate) struct Heard(Mutex<Vec<(Instant, TreeProgress)>>);

impl TreeObserver for Heard {
    fn progress(&self, progress: TreeProgress) {
        self.words().push((Instant::now(), progress));
    }
}

impl Heard {
    pub(crate) fn words(&self) -> MutexGuard<'_, Vec<(Instant, TreeProgress)>> {
        self.0.lock().expect("no observer panics")
    }

    /// The longest time without a word.
    #[track_caller]
    pub(crate) fn longest_silence(&self) -> Duration {
        let words = self.words();
        words.windows(2).map(|pair| pair[1].0 - pair[0].0).max().expect("it was told twice")
    }
}

/// Ends a copy once so much has arrived, and knows when.
pub(crate) struct StopAt {
    files: u64,
    bytes: u64,
    cancel: Cancel,
    stopped: Mutex<Option<Instant>>,
}

impl StopAt {
    pub(crate) fn new(files: u64, bytes: u64, cancel: &Cancel) -> Self {
        Self { files, bytes, cancel: cancel.clone(), stopped: Mutex::new(None) }
    }

    /// # Panics
    /// When so much has not arrived.
    #[track_caller]
    pub(crate) fn stopped(&self) -> Instant {
        self.stopped.lock().expect("no observer panics").expect("a copy that was stopped")
    }
}

impl TreeObserver for StopAt {
    fn progress(&self, progress: TreeProgress) {
        if progress.files >= self.files && progress.bytes >= self.bytes {
            self.stopped.lock().expect("no observer panics").get_or_insert_with(Instant::now);
            self.cancel.cancel();
        }
    }
}
