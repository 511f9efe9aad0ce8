//! Watching a copy and stopping it: progress for an observer, and the caller's wish to end. Tells and asks; decides
//! nothing about the copy.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::tuning::TuningWarning;

/// How often an observer is told; half of what is promised, for a loaded machine.
const INTERVAL: Duration = Duration::from_millis(50);

/// So long a wait does not look whether the caller wants no more. Two fit in the time after which an observer is told.
const NAP: Duration = Duration::from_millis(25);

/// A step that takes longer is asked for less the next time, so that progress and cancellation keep their pace.
const LONG_STEP: Duration = Duration::from_millis(40);

/// The first step of a watched copy: what moves 1 MB a second moves it in time.
pub(crate) const FIRST_STEP: u64 = 128 * 1024;

/// Copying this much takes a hundred times as long as starting a thread.
const LONG_COPY: u64 = 32 * 1024 * 1024;

/// No step is made smaller than this.
const SMALLEST_STEP: u64 = 64 * 1024;

/// Is told how a copy goes: at its begin and end, and at least every 100 ms between. For
/// files below 32 MiB that holds as long as single calls of the system do not take longer. It is called by the threads that copy; what it does delays them.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use orbit_engine::{CopyOptions, Observer, Progress, copy_file};
///
/// #[derive(Default)]
/// struct Last(AtomicU64);
///
/// impl Observer for Last {
///     fn progress(&self, progress: Progress) {
///         self.0.store(progress.bytes, Ordering::Relaxed);
///     }
/// }
///
/// # let folder = tempfile::tempdir()?;
/// # let (source, destination) = (folder.path().join("a"), folder.path().join("b"));
/// # std::fs::write(&source, "content")?;
/// let last = Arc::new(Last::default());
/// copy_file(&source, &destination, &CopyOptions::new().observer(last.clone()))?;
/// assert_eq!(last.0.load(Ordering::Relaxed), 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Observer: Send + Sync {
    /// How far the copy is.
    fn progress(&self, progress: Progress);

    /// The values of a tuned file are not used. Told before the first copy with them begins, and of no further copy.
    fn tuning_unused(&self, warning: &TuningWarning) {
        let _ = warning;
    }
}

/// How far a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// Bytes of the content that are done in this phase, holes included. Falls where a mechanism has to begin a range
    /// again, at the begin of each phase, and where the copy is tried again.
    pub bytes: u64,
    /// Bytes among them that an earlier copy had left ([`crate::Resumed::At`]), which say nothing about the speed. 0 in all
    /// phases but [`Phase::Copying`].
    pub resumed: u64,
    /// Length of the content; 0 where only reading tells it, as of a source that is decompressed, and as long as the source
    /// could not be opened.
    pub total: u64,
}

/// What a copy is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// The bytes are being moved.
    Copying,
    /// The destination is being read back.
    Verifying,
    /// Metadata, sync, close and rename.
    Finishing,
}

const PHASES: [Phase; 3] = [Phase::Copying, Phase::Verifying, Phase::Finishing];

/// A wish to end copies, shared by its clones. Safe to raise from any thread, and from a signal handler.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A wish that nobody has yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends every copy that was given this or a clone of it with [`crate::CopyError::Cancelled`], before its next
    /// step. A copy that is at its rename already is completed.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked for.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A flag that something else sets, such as a signal handler: true ends the copies.
impl From<Arc<AtomicBool>> for Cancel {
    fn from(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }
}

/// An observer that options can hold.
#[derive(Clone)]
pub(crate) struct Audience(pub(crate) Arc<dyn Observer>);

impl fmt::Debug for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

/// One copy as it is watched, shared by its threads.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    observer: Option<&'a Audience>,
    cancel: Option<&'a Cancel>,
    /// Ends the copy too, where the whole that it is a part of ends; nobody waits for that.
    stop: Option<&'a Cancel>,
    /// None where there is nobody to tell.
    started: Option<Instant>,
    total: AtomicU64,
    bytes: AtomicU64,
    resumed: AtomicU64,
    phase: AtomicU8,
    /// When the observer was told, since `started`.
    told_ns: AtomicU64,
    /// Held while the observer is told, so that what it hears last is what was last.
    order: Mutex<()>,
    /// Whether a thread does nothing but tell.
    telling: AtomicBool,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(observer: Option<&'a Audience>, cancel: Option<&'a Cancel>, total: u64) -> Self {
        Self {
            observer,
            cancel,
            stop: None,
            started: observer.map(|_| Instant::now()),
            total: AtomicU64::new(total),
            bytes: AtomicU64::new(0),
            resumed: AtomicU64::new(0),
            phase: AtomicU8::new(0),
            told_ns: AtomicU64::new(0),
            order: Mutex::new(()),
            telling: AtomicBool::new(false),
        }
    }

    pub(crate) fn also_ended_by(mut self, stop: &'a Cancel) -> Self {
        self.stop = Some(stop);
        self
    }

    /// Whether anybody watches or may end the copy, so that steps must be short.
    pub(crate) fn is_on(&self) -> bool {
        self.observer.is_some() || self.cancel.is_some()
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        let wants = |cancel: Option<&Cancel>| cancel.is_some_and(Cancel::is_cancelled);
        wants(self.cancel) || wants(self.stop)
    }

    /// The source, now that it is open, has this length.
    pub(crate) fn set_total(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
    }

    /// A new phase begins with nothing done.
    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
        self.bytes.store(0, Ordering::Relaxed);
        self.resumed.store(0, Ordering::Relaxed);
        self.tell();
    }

    /// So many bytes of this phase are there already.
    pub(crate) fn goes_on_at(&self, bytes: u64) {
        self.resumed.store(bytes, Ordering::Relaxed);
        self.reached(bytes);
        if bytes > 0 {
            self.tell();
        }
    }

    /// So many bytes more are done.
    pub(crate) fn advance(&self, bytes: u64) {
        let Some(started) = self.started else { return };
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.tell_in_time(started);
    }

    /// So many bytes are done in all.
    pub(crate) fn reached(&self, bytes: u64) {
        self.bytes.store(bytes, Ordering::Relaxed);
    }

    /// The copy is whole.
    pub(crate) fn done(&self, bytes: u64) {
        self.reached(bytes);
        self.tell();
    }

    /// Tells the observer unless it was told a moment ago, by whichever thread.
    fn tell_in_time(&self, started: Instant) {
        let now = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let told = self.told_ns.load(Ordering::Relaxed);
        let is_time = Duration::from_nanos(now.saturating_sub(told)) >= INTERVAL;
        let mine = || self.told_ns.compare_exchange(told, now, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if is_time && mine() {
            self.tell();
        }
    }

    fn tell(&self) {
        if let Some(Audience(observer)) = self.observer {
            let _order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
            observer.progress(Progress {
                phase: PHASES[usize::from(self.phase.load(Ordering::Relaxed))],
                bytes: self.bytes.load(Ordering::Relaxed),
                resumed: self.resumed.load(Ordering::Relaxed),
                total: self.total.load(Ordering::Relaxed),
            });
        }
    }

    /// Does a long thing while a thread of its own keeps telling the observer, also where a call of the system waits for
    /// a disk.
    pub(crate) fn meanwhile<T>(&self, long: impl FnOnce() -> T) -> T {
        let Some(started) = self.started else { return long() };
        if self.telling.swap(true, Ordering::Relaxed) {
            return long();
        }
        let (end, ended) = mpsc::channel::<()>();
        let done = thread::scope(|scope| {
            let tell = move || {
                while ended.recv_timeout(INTERVAL) == Err(mpsc::RecvTimeoutError::Timeout) {
                    self.tell_in_time(started);
                }
            };
            // Without a thread to be had, the observer waits.
            let _ = thread::Builder::new().spawn_scoped(scope, tell);
            let done = long();
            drop(end);
            done
        });
        self.telling.store(false, Ordering::Relaxed);
        done
    }

    /// Waits for a time, or until the caller wants no more; the observer is told meanwhile.
    pub(crate) fn wait_until(&self, due: Instant) {
        while !self.is_cancelled() {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            thread::sleep(left.min(NAP));
            self.advance(0);
        }
    }

    /// Does the whole of a copy of `size` bytes: with a thread that tells where the copy takes so long that starting one is
    /// nothing.
    pub(crate) fn throughout<T>(&self, size: u64, copy: impl FnOnce() -> T) -> T {
        if size >= LONG_COPY { self.meanwhile(copy) } else { copy() }
    }
}

/// How much a step is asked to move: all that it may where nobody watches, else what takes a moment.
#[derive(Debug)]
pub(crate) struct Stride {
    most: u64,
    begun: Option<Instant>,
}

impl Stride {
    /// Begins with `first` bytes where the copy is watched.
    pub(crate) fn new(watch: &Watch<'_>, first: u64) -> Self {
        Self { most: if watch.is_on() { first } else { u64::MAX }, begun: None }
    }

    /// At most so many of `left` bytes, by a step that begins now.
    pub(crate) fn begin(&mut self, left: u64) -> u64 {
        if self.most != u64::MAX {
            self.begun = Some(Instant::now());
        }
        left.min(self.most)
    }

    /// The step has ended; the next one is larger or smaller by how long it took.
    pub(crate) fn end(&mut self) {
        let Some(begun) = self.begun.take() else { return };
        let took = begun.elapsed();
        if took > LONG_STEP {
            self.most = (self.most / 2).max(SMALLEST_STEP);
        } else if took < LONG_STEP / 4 {
            self.most = self.most.saturating_mul(2).min(u64::MAX / 2);
        }
    }
}

#[cfg(test)]
mod tests;
