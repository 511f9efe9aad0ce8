//! Progress and cancellation by every mechanism: often enough, soon enough, and nothing left.

use std::fs::{self, File};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use orbit_engine::{
    Cancel, CopyError, CopyOptions, Mechanism, Observer, Phase, Placement, Progress, Reflink, Sparse,
    Strategy, Threshold, Tuning, Values, Verification, copy_file,
};
use orbit_tests::files;
use orbit_tests::lab::{self, FileSystem, Place};
use orbit_tests::prompt;
use orbit_tests::skip::unless_skipped;

use super::heard::{Heard, SILENCE, SOON, longest_silence};

const MIB: u64 = 1 << 20;

/// Stops a copy when its first bytes have arrived; says when.
struct Stop {
    cancel: Cancel,
    stopped: Mutex<Option<Instant>>,
}

impl Observer for Stop {
    fn progress(&self, progress: Progress) {
        if progress.bytes == 0 {
            // So long that it is time for the next word after the next step already.
            thread::sleep(Duration::from_millis(110));
            return;
        }
        self.stopped.lock().expect("no observer panics").get_or_insert_with(Instant::now);
        self.cancel.cancel();
    }
}

fn one_thread() -> Tuning {
    Tuning::uniform(Values::default().with_parallel(Threshold::Never, 1))
}

/// Options by which each mechanism runs on ext4, with the bytes that it takes.
fn by_mechanism() -> Vec<(Mechanism, CopyOptions, u64)> {
    let zero_copy = CopyOptions::new().strategy(Strategy::ZeroCopy);
    let buffered = CopyOptions::new().strategy(Strategy::Buffered);
    vec![
        (Mechanism::CopyFileRange, zero_copy.clone(), 200 << 10),
        (Mechanism::Splice, zero_copy.clone().tuning(one_thread()), 40 * MIB),
        (Mechanism::Splice, zero_copy.clone(), 40 * MIB),
        (Mechanism::Sendfile, zero_copy.reflink(Reflink::Never), 200 << 10),
        (Mechanism::ReadWrite, buffered.clone().tuning(one_thread()), 40 * MIB),
        (Mechanism::ReadWrite, buffered.clone(), 40 * MIB),
        (Mechanism::ReadWrite, buffered.clone().sparse(Sparse::Always), 40 * MIB),
        (Mechanism::DirectIo, buffered.clone().direct_io(true), 40 * MIB),
        (Mechanism::IoUring, buffered.io_uring(true), 40 * MIB),
    ]
}

#[track_caller]
fn heard(options: &CopyOptions, source: &Path, destination: &Path) -> (Mechanism, Vec<(Instant, Progress)>) {
    let heard = Arc::new(Heard::default());
    let options = options.clone().observer(heard.clone()).cancel(Cancel::new());
    let outcome = super::copied_with(&options, source, destination);
    let heard = heard.words().clone();
    (outcome.mechanism, heard)
}

/// What one copy was told, without a long silence.
#[track_caller]
fn heard_in_time(mut copied: impl FnMut() -> Vec<(Instant, Progress)>) -> Vec<(Instant, Progress)> {
    prompt::within(SILENCE, || {
        let heard = copied();
        let silence = longest_silence(heard.iter().map(|(when, _)| *when));
        (heard, silence)
    })
}

#[track_caller]
fn assert_told(heard: &[(Instant, Progress)], size: u64) {
    let copying: Vec<_> = heard.iter().filter(|(_, told)| told.phase == Phase::Copying).collect();
    assert_eq!(copying.first().map(|(_, told)| told.bytes), Some(0));
    assert!(heard.iter().all(|(_, told)| told.total == size && told.bytes <= size), "{heard:?}");
    assert_eq!(heard.last().map(|(_, told)| told.bytes), Some(size));
}

#[test]
fn every_mechanism_tells_begin_end_and_what_lies_between() {
    let test = "every_mechanism_tells_begin_end_and_what_lies_between";
    let Some(ext4) = unless_skipped(test, lab::mount(FileSystem::Ext4)) else { return };
    let (source, copy) = (ext4.dir().join("source"), ext4.dir().join("copy"));
    for (mechanism, options, size) in by_mechanism() {
        files::create(&source, 1, size);
        let (found, heard) = heard(&options, &source, &copy);
        assert_eq!(found, mechanism);
        assert_told(&heard, size);
        files::assert_same_content(&source, &copy);
        fs::remove_file(&copy).unwrap();
    }
}

#[test]
fn clones_are_told_and_arrive() {
    let test = "clones_are_told_and_arrive";
    for file_system in [FileSystem::Xfs, FileSystem::Btrfs] {
        let Some(place) = unless_skipped(test, lab::mount(file_system)) else { continue };
        let (source, copy) = (place.dir().join("source"), place.dir().join("copy"));
        for size in [100_000, 70 * MIB + 4097] {
            files::create(&source, 1, size);
            let (mechanism, heard) = heard(&CopyOptions::new(), &source, &copy);
            assert_eq!(mechanism, Mechanism::Reflink);
            assert_told(&heard, size);
            files::assert_same_content(&source, &copy);
        }
    }
}

/// The slowest that this test can make: a sync to a disk, verification, and a copy of many bytes.
#[test]
fn nobody_waits_long_for_a_word() {
    let test = "nobody_waits_long_for_a_word";
    let Some(ext4) = unless_skipped(test, lab::mount(FileSystem::Ext4)) else { return };
    let (source, copy) = (ext4.dir().join("source"), ext4.dir().join("copy"));
    files::create(&source, 1, 40 * MIB);
    for strategy in [Strategy::ZeroCopy, Strategy::Buffered] {
        let options = CopyOptions::new()
            .strategy(strategy)
            .durability(orbit_engine::Durability::File)
            .verification(Verification::Sha256);
        let heard = heard_in_time(|| heard(&options, &source, &copy).1);
        let phases: Vec<_> = heard.iter().map(|(_, told)| told.phase).collect();
        for phase in [Phase::Copying, Phase::Verifying, Phase::Finishing] {
            assert!(phases.contains(&phase), "{phase:?}");
        }
    }
}

/// Few bytes take long at a high level. Of what is decompressed nobody knows the length before.
#[test]
fn compressing_and_decompressing_are_told_in_time() {
    let test = "compressing_and_decompressing_are_told_in_time";
    let Some(tmpfs) = unless_skipped(test, lab::mount(FileSystem::Tmpfs)) else { return };
    let (source, frames, back) =
        (tmpfs.dir().join("source"), tmpfs.dir().join("copy.zst"), tmpfs.dir().join("back"));
    for (level, size) in [("zstd:1", 40 * MIB), ("zstd:19", 6 * MIB)] {
        files::create(&source, 1, size);
        let options = |compression: &str| {
            CopyOptions::new().compression(compression.parse().unwrap()).verification(Verification::Compare)
        };
        let there = heard_in_time(|| heard(&options(level), &source, &frames).1);
        assert_told(&there, size);
        let again = heard_in_time(|| heard(&options("decompress"), &frames, &back).1);
        assert!(again.iter().all(|(_, told)| told.total == 0 && told.bytes <= size), "{again:?}");
        assert_eq!(again.last().map(|(_, told)| told.bytes), Some(size));
        files::assert_same_content(&source, &back);
    }
}

#[track_caller]
fn assert_cancelled(place: &Path, options: &CopyOptions, destination: &str) {
    prompt::within(SOON, || {
        let cancel = Cancel::new();
        let stop = Arc::new(Stop { cancel: cancel.clone(), stopped: Mutex::new(None) });
        let options = options.clone().observer(stop.clone()).cancel(cancel);
        let result = copy_file(place.join("source"), place.join(destination), &options);
        let ended = Instant::now();
        let Err(CopyError::Cancelled { destination }) = result else { panic!("{result:?}") };
        assert!(destination.starts_with(place));
        let stopped = stop.stopped.lock().expect("no observer panics").expect("a copy that was stopped");
        ((), ended - stopped)
    });
}

#[test]
fn every_mechanism_stops_soon_and_leaves_nothing() {
    let test = "every_mechanism_stops_soon_and_leaves_nothing";
    let Some(ext4) = unless_skipped(test, lab::mount(FileSystem::Ext4)) else { return };
    let source = ext4.dir().join("source");
    files::create(&source, 1, 40 * MIB);
    for (mechanism, options, size) in by_mechanism() {
        if size < 40 * MIB {
            continue;
        }
        assert_cancelled(ext4.dir(), &options, "copy");
        files::assert_no_litter(ext4.dir(), ["source"]);
        assert_cancelled(ext4.dir(), &options.clone().placement(Placement::InPlace), "copy");
        files::assert_no_litter(ext4.dir(), ["source"]);
        files::create(&ext4.dir().join("old"), 2, 5000);
        assert_cancelled(ext4.dir(), &options, "old");
        assert!(fs::read(ext4.dir().join("old")).unwrap() == files::content(2, 5000), "{mechanism}");
        fs::remove_file(ext4.dir().join("old")).unwrap();
    }
}

#[test]
fn verification_stops_soon_and_leaves_nothing() {
    let test = "verification_stops_soon_and_leaves_nothing";
    let Some(ext4) = unless_skipped(test, lab::mount(FileSystem::Ext4)) else { return };
    files::create(&ext4.dir().join("source"), 1, 40 * MIB);
    for level in [Verification::Compare, Verification::Sha256, Verification::Media] {
        let cancel = Cancel::new();
        let stop = Arc::new(StopAt(Phase::Verifying, cancel.clone()));
        let options = CopyOptions::new().verification(level).observer(stop).cancel(cancel);
        let result = copy_file(ext4.dir().join("source"), ext4.dir().join("copy"), &options);
        assert!(matches!(result, Err(CopyError::Cancelled { .. })), "{result:?}");
        files::assert_no_litter(ext4.dir(), ["source"]);
    }
}

#[test]
fn a_wish_before_the_name_is_given_is_heard() {
    let test = "a_wish_before_the_name_is_given_is_heard";
    let Some(tmpfs) = unless_skipped(test, lab::mount(FileSystem::Tmpfs)) else { return };
    files::create(&tmpfs.dir().join("source"), 1, 1000);
    let cancel = Cancel::new();
    let stop = Arc::new(StopAt(Phase::Finishing, cancel.clone()));
    let options = CopyOptions::new().observer(stop).cancel(cancel);
    let result = copy_file(tmpfs.dir().join("source"), tmpfs.dir().join("copy"), &options);
    assert!(matches!(result, Err(CopyError::Cancelled { .. })), "{result:?}");
    files::assert_no_litter(tmpfs.dir(), ["source"]);
}

struct StopAt(Phase, Cancel);

impl Observer for StopAt {
    fn progress(&self, progress: Progress) {
        assert!(!self.1.is_cancelled() || progress.phase == self.0, "went on to {:?}", progress.phase);
        if progress.phase == self.0 {
            self.1.cancel();
        }
    }
}

#[test]
fn a_wish_from_another_thread_is_heard_without_an_observer() {
    lab::for_each_file_system("a_wish_from_another_thread_is_heard_without_an_observer", |place: &Place| {
        let source = place.join("source");
        File::create(&source).unwrap().set_len(1 << 40).unwrap();
        let cancel = Cancel::new();
        let options = CopyOptions::new()
            .strategy(Strategy::Buffered)
            .sparse(Sparse::Always)
            .reflink(Reflink::Never)
            .cancel(cancel.clone());
        // Every byte of the hole is read as a zero, which would take minutes.
        let options = options.accept_changed_source(true);
        thread::scope(|scope| {
            let copy = scope.spawn(|| copy_file("/dev/zero", place.join("no"), &options).is_err());
            assert!(copy.join().unwrap());
        });
        cancel.cancel();
        let result = copy_file(&source, place.join("copy"), &options);
        assert!(matches!(result, Err(CopyError::Cancelled { .. })), "{result:?}");
        files::assert_no_litter(place.dir(), ["source"]);
    });
}
