//! How far the copy of a tree is, gathered from all workers and told to the observer in time.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::options::Onlooker;
use super::progress::{TreeProgress, TreeTotal};
use crate::observe::{Audience, Observer, Phase, Progress};

/// How often an observer is told; half of what is promised, for a loaded machine.
const INTERVAL: Duration = Duration::from_millis(50);

/// How far the workers are.
#[derive(Debug)]
pub(super) struct Meter {
    observer: Option<Onlooker>,
    started: Instant,
    files: AtomicU64,
    /// A file that is tried again takes back what it had.
    bytes: AtomicI64,
    found: AtomicI64,
    failures: AtomicU64,
    total: Mutex<Option<TreeTotal>>,
    /// When the observer was told, since `started`.
    told_ns: AtomicU64,
    /// Held while the observer is told, so that what it hears last is what was last.
    order: Mutex<()>,
}

impl Meter {
    pub(super) fn new(observer: Option<Onlooker>) -> Self {
        Self {
            observer,
            started: Instant::now(),
            files: AtomicU64::new(0),
            bytes: AtomicI64::new(0),
            found: AtomicI64::new(0),
            failures: AtomicU64::new(0),
            total: Mutex::new(None),
            told_ns: AtomicU64::new(0),
            order: Mutex::new(()),
        }
    }

    /// One file is done.
    pub(super) fn file(&self) {
        if self.observer.is_some() {
            self.files.fetch_add(1, Ordering::Relaxed);
            self.tell_in_time();
        }
    }

    /// So many bytes of content have arrived, by copying or not.
    pub(super) fn add(&self, bytes: u64, found: u64) {
        if self.observer.is_some() {
            self.bytes.fetch_add(signed(bytes), Ordering::Relaxed);
            self.found.fetch_add(signed(found), Ordering::Relaxed);
        }
    }

    pub(super) fn failure(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        self.tell_in_time();
    }

    /// There is so much in all.
    pub(super) fn know(&self, total: TreeTotal) {
        *self.total.lock().unwrap_or_else(PoisonError::into_inner) = Some(total);
    }

    /// Tells the observer unless it was told a moment ago, by whichever worker.
    pub(super) fn tell_in_time(&self) {
        if self.observer.is_none() {
            return;
        }
        let now = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let told = self.told_ns.load(Ordering::Relaxed);
        let is_time = Duration::from_nanos(now.saturating_sub(told)) >= INTERVAL;
        if is_time && self.told_ns.compare_exchange(told, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.tell();
        }
    }

    pub(super) fn tell(&self) {
        let Some(Onlooker(observer)) = &self.observer else { return };
        let _order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        let unsigned = |bytes: &AtomicI64| u64::try_from(bytes.load(Ordering::Relaxed)).unwrap_or(0);
        observer.progress(TreeProgress {
            files: self.files.load(Ordering::Relaxed),
            bytes: unsigned(&self.bytes),
            found_bytes: unsigned(&self.found),
            failures: self.failures.load(Ordering::Relaxed),
            total: *self.total.lock().unwrap_or_else(PoisonError::into_inner),
        });
    }

    /// Who hears how one file goes; none where nobody is told.
    pub(super) fn of_file(self: &Arc<Self>) -> Option<Share> {
        self.observer.as_ref()?;
        let heard = Arc::new(Heard { meter: Arc::clone(self), last: Mutex::new((0, 0)) });
        Some(Share { audience: Audience(Arc::<Heard>::clone(&heard)), heard })
    }
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// The part that one file under way has in the whole.
pub(super) struct Share {
    audience: Audience,
    heard: Arc<Heard>,
}

impl Share {
    /// Who is told while the file is copied.
    pub(super) fn audience(&self) -> &Audience {
        &self.audience
    }

    /// The file is done and has so many bytes, of which so many were there before; none where it failed.
    pub(super) fn end(self, bytes: u64, found: u64) {
        self.heard.reached(bytes, found);
    }
}

struct Heard {
    meter: Arc<Meter>,
    /// Bytes that have arrived, and those among them that were there before, as they were told last.
    last: Mutex<(u64, u64)>,
}

impl Heard {
    fn reached(&self, bytes: u64, found: u64) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        self.meter.bytes.fetch_add(signed(bytes) - signed(last.0), Ordering::Relaxed);
        self.meter.found.fetch_add(signed(found) - signed(last.1), Ordering::Relaxed);
        *last = (bytes, found);
    }
}

impl Observer for Heard {
    fn progress(&self, progress: Progress) {
        if progress.phase == Phase::Copying {
            self.reached(progress.bytes, progress.resumed);
        }
        self.meter.tell_in_time();
    }
}
