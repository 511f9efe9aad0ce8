//! An observer that keeps what it is told, and what holds of a copy that is slow.

use std::path::Path;
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use orbit_engine::{Cancel, CopyError, CopyOptions, Observer, Progress, copy_file};

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

/// A copy with `options` that `cancel` ends after this time ends soon.
#[track_caller]
pub(crate) fn assert_ends_soon(
    options: &CopyOptions,
    cancel: &Cancel,
    after: Duration,
    source: &Path,
    copy: &Path,
) {
    let (result, took) = thread::scope(|scope| {
        let copying = scope.spawn(|| (copy_file(source, copy, options), Instant::now()));
        thread::sleep(after);
        let cancelled = Instant::now();
        cancel.cancel();
        let (result, ended) = copying.join().expect("no copy panics");
        (result, ended - cancelled)
    });
    assert!(matches!(result, Err(CopyError::Cancelled { .. })), "{result:?}");
    assert!(took < Duration::from_millis(300), "{took:?}");
}

/// 100 ms are promised; a loaded machine may take a thread away for as long again and more.
#[track_caller]
pub(crate) fn assert_told_in_time(told: impl IntoIterator<Item = Instant>) {
    let told: Vec<_> = told.into_iter().collect();
    let longest = told.windows(2).map(|pair| pair[1] - pair[0]).max().expect("it was told");
    assert!(longest < Duration::from_millis(300), "{longest:?}");
}
