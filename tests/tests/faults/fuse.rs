//! A file system that lies: what is not on it as written is never reported as copied.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use orbit_engine::{
    Cancel, CopyError, CopyOptions, CopyOutcome, Durability, Mismatch, Observer, Operation, Phase, Placement,
    Progress, Strategy, Verification, copy_file,
};
use orbit_tests::lab::fuse::{self, Fuse, Lies, Resize};
use orbit_tests::lab::{self, FileSystem, Mounted};
use orbit_tests::skip::{Skip, unless_skipped};
use orbit_tests::{files, prompt};
use rustix::io::Errno;

use super::{KIB, NEW, OLD};

const SIZE: u64 = 300 * KIB + 7;

const IO: i32 = Errno::IO.raw_os_error();

const DQUOT: i32 = Errno::DQUOT.raw_os_error();

/// A file system that lies and one that does not, with a source on one and an old destination on the other.
struct Pair {
    liar: Fuse,
    honest: Mounted,
    source: PathBuf,
    destination: PathBuf,
}

impl Pair {
    /// The destination is on the file system that lies.
    fn to_liar() -> Result<Self, Skip> {
        Self::new(false)
    }

    /// The source is.
    fn from_liar() -> Result<Self, Skip> {
        Self::new(true)
    }

    fn new(from_liar: bool) -> Result<Self, Skip> {
        let (liar, honest) = (fuse::mount()?, lab::mount(FileSystem::Tmpfs)?);
        let (from, to) = if from_liar { (liar.dir(), honest.dir()) } else { (honest.dir(), liar.dir()) };
        let (source, destination) = (from.join("source"), to.join("copy"));
        let pair = Self { liar, honest, source, destination };
        files::create(&pair.source, NEW, SIZE);
        pair.reset();
        Ok(pair)
    }

    /// No lie, and the old destination.
    fn reset(&self) {
        self.liar.lie(Lies::default());
        files::create(&self.destination, OLD, SIZE);
    }

    fn copy(&self, lies: Lies, options: &CopyOptions) -> Result<CopyOutcome, CopyError> {
        self.liar.lie(lies);
        let result = copy_file(&self.source, &self.destination, options);
        self.liar.lie(Lies::default());
        result
    }

    #[track_caller]
    fn assert_copied(&self) {
        assert!(fs::read(&self.destination).expect("as prepared by this test") == files::content(NEW, SIZE));
        self.assert_no_litter();
    }

    /// The old destination stays.
    #[track_caller]
    fn assert_untouched(&self) {
        assert!(fs::read(&self.destination).expect("as prepared by this test") == files::content(OLD, SIZE));
        self.assert_no_litter();
    }

    #[track_caller]
    fn assert_no_litter(&self) {
        files::assert_no_litter(self.destination.parent().expect("as prepared by this test"), ["copy"]);
    }
}

/// By every strategy.
fn strategies() -> impl Iterator<Item = CopyOptions> {
    Strategy::ALL.iter().map(|&strategy| CopyOptions::new().strategy(strategy))
}

#[track_caller]
fn assert_io(error: &CopyError, operation: Operation, errno: i32) {
    let CopyError::Io { operation: found, error: system, .. } = error else { panic!("{error:?}") };
    assert_eq!((*found, system.raw_os_error()), (operation, Some(errno)), "{error:?}");
}

#[test]
fn a_byte_that_is_read_back_otherwise_is_found_by_every_verification() {
    let test = "a_byte_that_is_read_back_otherwise_is_found_by_every_verification";
    let Some(pair) = unless_skipped(test, Pair::to_liar()) else { return };
    for options in strategies() {
        for flip in [0, 70_000, SIZE - 1] {
            let lies = Lies { flip_on_read: Some(flip), ..Lies::default() };
            for level in [Verification::Compare, Verification::Sha256, Verification::Media] {
                pair.reset();
                let error = pair.copy(lies, &options.clone().verification(level)).unwrap_err();
                let CopyError::ChecksumMismatch { mismatch, .. } = error else { panic!("{error:?}") };
                if level == Verification::Compare {
                    assert_eq!(mismatch, Mismatch::Offset(flip));
                }
                pair.assert_untouched();
            }
            // The lie is there for those who do not look.
            pair.reset();
            pair.copy(lies, &options).unwrap();
            pair.assert_copied();
        }
    }
}

/// A quota is often told only when the file is closed.
#[test]
fn an_error_of_close_is_an_error_and_the_old_file_stays() {
    let test = "an_error_of_close_is_an_error_and_the_old_file_stays";
    let Some(pair) = unless_skipped(test, Pair::to_liar()) else { return };
    for options in strategies() {
        for errno in [DQUOT, IO] {
            pair.reset();
            let error = pair.copy(Lies { fail_flush: Some(errno), ..Lies::default() }, &options).unwrap_err();
            assert_io(&error, Operation::Close, errno);
            pair.assert_untouched();
        }
    }
}

#[test]
fn an_error_of_close_is_an_error_in_place_too() {
    let test = "an_error_of_close_is_an_error_in_place_too";
    let Some(pair) = unless_skipped(test, Pair::to_liar()) else { return };
    for options in strategies() {
        let options = options.placement(Placement::InPlace);
        pair.reset();
        let error = pair.copy(Lies { fail_flush: Some(DQUOT), ..Lies::default() }, &options).unwrap_err();
        assert_io(&error, Operation::Close, DQUOT);
    }
}

#[test]
fn an_error_of_sync_is_an_error_where_durability_was_asked() {
    let test = "an_error_of_sync_is_an_error_where_durability_was_asked";
    let Some(pair) = unless_skipped(test, Pair::to_liar()) else { return };
    let lies = Lies { fail_fsync: Some(IO), ..Lies::default() };
    for options in strategies() {
        for durability in [Durability::File, Durability::FileAndDirectory] {
            pair.reset();
            let error = pair.copy(lies, &options.clone().durability(durability)).unwrap_err();
            assert_io(&error, Operation::Sync, IO);
            pair.assert_untouched();
        }
        pair.reset();
        let error = pair.copy(lies, &options.clone().verification(Verification::Media)).unwrap_err();
        assert_io(&error, Operation::Sync, IO);
        pair.reset();
        pair.copy(lies, &options).unwrap();
        pair.assert_copied();
    }
}

#[test]
fn short_writes_add_up() {
    let test = "short_writes_add_up";
    let Some(pair) = unless_skipped(test, Pair::to_liar()) else { return };
    for options in strategies() {
        for most in [4096, 777] {
            pair.reset();
            let lies = Lies { most_per_write: Some(most), ..Lies::default() };
            let outcome = pair.copy(lies, &options).unwrap();
            assert_eq!(outcome.bytes, SIZE);
            pair.assert_copied();
        }
    }
}

/// In-kernel calls take a short answer for the end; what they leave out must come by another rung.
#[test]
fn short_reads_add_up() {
    let test = "short_reads_add_up";
    let Some(pair) = unless_skipped(test, Pair::from_liar()) else { return };
    for options in strategies() {
        for most in [4096, 1000] {
            pair.reset();
            let lies = Lies { most_per_read: Some(most), ..Lies::default() };
            let outcome = pair.copy(lies, &options).unwrap();
            assert_eq!(outcome.bytes, SIZE);
            pair.assert_copied();
        }
    }
}

#[test]
fn a_source_that_ends_before_its_size_is_no_copy() {
    let test = "a_source_that_ends_before_its_size_is_no_copy";
    let Some(pair) = unless_skipped(test, Pair::from_liar()) else { return };
    for options in strategies() {
        for end in [0, 1, 70_000, SIZE - 1] {
            pair.reset();
            let error = pair.copy(Lies { ends_at: Some(end), ..Lies::default() }, &options).unwrap_err();
            assert!(error.to_string().contains("source"), "{error}");
            pair.assert_untouched();
        }
    }
}

/// As in procfs: only reading tells the length.
#[test]
fn a_source_of_size_0_is_copied_whole() {
    let test = "a_source_of_size_0_is_copied_whole";
    let Some(pair) = unless_skipped(test, Pair::from_liar()) else { return };
    for options in strategies() {
        pair.reset();
        let outcome = pair.copy(Lies { told_size: Some(0), ..Lies::default() }, &options).unwrap();
        assert_eq!(outcome.bytes, SIZE);
        pair.assert_copied();
    }
}

#[test]
fn a_sector_that_cannot_be_read_or_written_ends_the_copy() {
    let test = "a_sector_that_cannot_be_read_or_written_ends_the_copy";
    let Some(from) = unless_skipped(test, Pair::from_liar()) else { return };
    let Some(to) = unless_skipped(test, Pair::to_liar()) else { return };
    for options in strategies() {
        for at in [0, 4096, 70_001] {
            from.reset();
            let lies = Lies { fail_read_from: Some((at, IO)), ..Lies::default() };
            let error = from.copy(lies, &options).unwrap_err();
            assert!(error.to_string().contains("os error 5"), "{error}");
            from.assert_untouched();
            to.reset();
            let lies = Lies { fail_write_from: Some((at, DQUOT)), ..Lies::default() };
            let error = to.copy(lies, &options).unwrap_err();
            assert!(error.to_string().contains("os error 122"), "{error}");
            to.assert_untouched();
        }
    }
}

#[test]
fn a_source_that_changes_while_it_is_read_is_told() {
    let test = "a_source_that_changes_while_it_is_read_is_told";
    let Some(pair) = unless_skipped(test, Pair::from_liar()) else { return };
    for options in strategies() {
        for resize in [Resize::Grow(10), Resize::Shrink(10)] {
            pair.reset();
            files::create(&pair.source, NEW, SIZE);
            let lies = Lies { on_read: Some(resize), ..Lies::default() };
            let error = pair.copy(lies, &options).unwrap_err();
            assert!(matches!(error, CopyError::SourceChanged { .. }), "{error:?}");
            pair.assert_untouched();
            pair.reset();
            files::create(&pair.source, NEW, SIZE);
            let outcome = pair.copy(lies, &options.clone().accept_changed_source(true)).unwrap();
            assert!(outcome.source_changed, "{outcome:?}");
            pair.assert_no_litter();
        }
    }
    files::create(&pair.source, NEW, SIZE);
}

/// Keeps what it is told, with the time.
#[derive(Default)]
struct Log {
    told: Mutex<Vec<(Instant, Progress)>>,
}

impl Observer for Log {
    fn progress(&self, progress: Progress) {
        self.told.lock().expect("as prepared by this test").push((Instant::now(), progress));
    }
}

/// Slow by 40 ms for each write, of 64 KiB at most.
fn slow() -> Lies {
    Lies { write_delay: Duration::from_millis(40), most_per_write: Some(64 << 10), ..Lies::default() }
}

#[test]
fn progress_is_told_while_a_slow_file_system_takes_its_time() {
    let test = "progress_is_told_while_a_slow_file_system_takes_its_time";
    let Some(pair) = unless_skipped(test, Pair::to_liar()) else { return };
    files::create(&pair.source, NEW, 1 << 20);
    for options in strategies() {
        // Promised are 100 ms, and a write takes 40.
        let log = prompt::within(Duration::from_millis(250), || {
            pair.reset();
            let log = Arc::new(Log::default());
            let start = Instant::now();
            pair.copy(slow(), &options.clone().observer(Arc::clone(&log) as Arc<dyn Observer>)).unwrap();
            let told = log.told.lock().unwrap();
            let times: Vec<_> = [start].into_iter().chain(told.iter().map(|(at, _)| *at)).collect();
            let longest = times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
            drop(told);
            (log, longest)
        });
        let told = log.told.lock().unwrap();
        let progress: Vec<_> = told.iter().map(|(_, progress)| progress).collect();
        assert!(
            progress.windows(2).all(|pair| pair[0].phase != pair[1].phase || pair[0].bytes <= pair[1].bytes)
        );
        assert!(
            progress.iter().all(|progress| progress.bytes <= progress.total && progress.total == 1 << 20)
        );
        assert!(progress.iter().any(|progress| progress.phase == Phase::Copying && progress.bytes > 0));
    }
}

#[test]
fn a_cancelled_copy_ends_soon_and_leaves_nothing() {
    let test = "a_cancelled_copy_ends_soon_and_leaves_nothing";
    let Some(pair) = unless_skipped(test, Pair::to_liar()) else { return };
    // Uncancelled, it would take 64 times 40 ms.
    files::create(&pair.source, NEW, 4 << 20);
    for options in strategies() {
        let error = prompt::within(Duration::from_millis(300), || {
            pair.reset();
            let cancel = Cancel::default();
            let options = options.clone().cancel(cancel.clone());
            thread::scope(|scope| {
                let canceller = scope.spawn(move || {
                    thread::sleep(Duration::from_millis(300));
                    cancel.cancel();
                    Instant::now()
                });
                let error = pair.copy(slow(), &options).unwrap_err();
                (error, canceller.join().unwrap().elapsed())
            })
        });
        assert!(matches!(error, CopyError::Cancelled { .. }), "{error:?}");
        pair.assert_untouched();
    }
    drop(pair.honest);
}
