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

/// 300 ms are promised.
pub(crate) const SOON: Duration = Duration::from_millis(300);

/// 100 ms are promised, as long as single calls do not take longer.
pub(crate) const SILENCE: Duration = Duration::from_millis(250);

/// How long a copy with `options` goes on that `cancel` is to end after this time.
#[track_caller]
pub(crate) fn ends_after(
    options: &CopyOptions,
    cancel: &Cancel,
    after: Duration,
    source: &Path,
    copy: &Path,
) -> Duration {
    let (result, took) = thread::scope(|scope| {
        let copying = scope.spawn(|| (copy_file(source, copy, options), Instant::now()));
        thread::sleep(after);
        let cancelled = Instant::now();
        cancel.cancel();
        let (result, ended) = copying.join().expect("no copy panics");
        (result, ended - cancelled)
    });
    assert!(matches!(result, Err(CopyError::Cancelled { .. })), "{result:?}");
    took
}

#[track_caller]
pub(crate) fn longest_silence(told: impl IntoIterator<Item = Instant>) -> Duration {
    let told: Vec<_> = told.into_iter().collect();
    told.windows(2).map(|pair| pair[1] - pair[0]).max().expect("it was told")
}
