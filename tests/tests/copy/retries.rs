//! Copies of a source that changes meanwhile, tried again: what arrives is the source as it was in the end.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use orbit_engine::{
    Cancel, CopyError, CopyOptions, Observer, Phase, Placement, Progress, Resumed, Strategy, Verification,
    copy_file,
};
use orbit_tests::{files, prompt};

use super::copied_with;
use super::heard::{SILENCE, SOON, ends_after, longest_silence};

const SIZE: u64 = 5 << 20;

/// Appends a byte to the source in each of the first tries.
struct Change {
    source: PathBuf,
    left: AtomicU32,
    is_copying: AtomicBool,
    heard: Mutex<Vec<Instant>>,
}

impl Change {
    fn new(folder: &Path, changes: u32) -> Arc<Self> {
        let (left, is_copying, heard) = (AtomicU32::new(changes), AtomicBool::new(false), Mutex::default());
        Arc::new(Self { source: folder.join("source"), left, is_copying, heard })
    }
}

impl Observer for Change {
    fn progress(&self, progress: Progress) {
        self.heard.lock().expect("no observer panics").push(Instant::now());
        // The phase is still the last one while the copy waits to be tried again.
        let was_copying = self.is_copying.swap(progress.phase == Phase::Copying, Ordering::Relaxed);
        let left = self.left.load(Ordering::Relaxed);
        if !was_copying || progress.phase == Phase::Copying || left == 0 {
            return;
        }
        self.left.store(left - 1, Ordering::Relaxed);
        let source = OpenOptions::new().write(true).open(&self.source).expect("open the source");
        source.write_all_at(b"x", progress.total).expect("append to the source");
    }
}

fn options(change: &Arc<Change>, retries: u32) -> CopyOptions {
    CopyOptions::new().strategy(Strategy::Buffered).observer(change.clone()).retries(retries)
}

fn source_in(folder: &Path) -> (PathBuf, PathBuf) {
    let (source, copy) = (folder.join("source"), folder.join("copy"));
    files::create(&source, 1, SIZE);
    (source, copy)
}

#[test]
fn a_source_that_changed_is_copied_again() {
    for placement in [Placement::Staged, Placement::InPlace, Placement::Resumable] {
        let folder = tempfile::tempdir().unwrap();
        let (source, copy) = source_in(folder.path());
        let options = options(&Change::new(folder.path(), 1), 1).placement(placement);
        let outcome = copied_with(&options, &source, &copy);
        assert_eq!((outcome.retries, outcome.bytes), (1, SIZE + 1), "{placement}");
        // What was copied of a source that changed is not gone on with.
        assert_eq!(outcome.resumed, Resumed::No, "{placement}");
        files::assert_same_content(&source, &copy);
        files::assert_no_litter(folder.path(), ["source", "copy"]);
    }
}

/// What was read back is what the source was: nobody's disk is to blame.
#[test]
fn a_source_that_changes_while_it_is_verified_is_copied_again() {
    for verification in [Verification::Compare, Verification::Sha256] {
        let folder = tempfile::tempdir().unwrap();
        let (source, copy) = source_in(folder.path());
        let verified = |retries| options(&Change::new(folder.path(), 1), retries).verification(verification);
        let error = copy_file(&source, &copy, &verified(0)).unwrap_err();
        assert!(matches!(error, CopyError::SourceChanged { .. }), "{error}");
        let outcome = copied_with(&verified(1), &source, &copy);
        assert_eq!((outcome.retries, outcome.bytes), (1, SIZE + 2), "{verification}");
        // Who accepts a torn copy has asked for a proof all the same.
        let accepted = verified(1).accept_changed_source(true);
        let error = copy_file(&source, &copy, &accepted).unwrap_err();
        assert!(matches!(error, CopyError::ChecksumMismatch { .. }), "{error}");
    }
}

#[test]
fn calls_of_all_tries_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let (source, copy) = source_in(folder.path());
    let once = copied_with(&options(&Change::new(folder.path(), 0), 1), &source, &copy);
    let twice = copied_with(&options(&Change::new(folder.path(), 1), 1), &source, &copy);
    assert_eq!((once.retries, twice.retries), (0, 1));
    assert!(twice.system_calls > once.system_calls * 3 / 2, "{once:?} {twice:?}");
}

#[test]
fn a_source_that_changes_once_more_than_it_is_tried_again_is_not_copied() {
    let folder = tempfile::tempdir().unwrap();
    let (source, copy) = source_in(folder.path());
    for retries in [0, 1] {
        let change = Change::new(folder.path(), retries + 1);
        let error = copy_file(&source, &copy, &options(&change, retries)).unwrap_err();
        assert!(matches!(error, CopyError::SourceChanged { .. }), "{error}");
        files::assert_no_litter(folder.path(), ["source"]);
    }
}

/// The fifth wait is from 1.5 to 3.1 seconds after the begin.
#[test]
fn a_wait_is_told_and_ends_soon() {
    let folder = tempfile::tempdir().unwrap();
    let (source, copy) = source_in(folder.path());
    let made = || {
        let (change, cancel) = (Change::new(folder.path(), u32::MAX), Cancel::new());
        let options = options(&change, u32::MAX).cancel(cancel.clone());
        let took = ends_after(&options, &cancel, Duration::from_millis(2300), &source, &copy);
        let silence = longest_silence(change.heard.lock().unwrap().iter().copied());
        (silence, took)
    };
    prompt::within(SILENCE, || ((), prompt::within(SOON, made)));
    files::assert_no_litter(folder.path(), ["source"]);
}
