//! The limit of bytes a second: no mechanism is faster, few are slower, and what moves no bytes is not held up.
//!
//! That a copy is not faster than its limit is asserted of every copy. That it is not slower is asserted of the best of
//! some, and loosely: a loaded machine takes threads away.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use orbit_engine::{
    Cancel, CopyOptions, CopyOutcome, Mechanism, Omission, OmissionReason, Placement, Rate, Reflink,
    Strategy, Threshold, Tuning, Values, Verification,
};
use orbit_tests::files;
use orbit_tests::lab::{self, FileSystem, Mounted};
use orbit_tests::prompt;
use orbit_tests::skip::unless_skipped;

use super::copied_with;
use super::heard::{Heard, SILENCE, SOON, ends_after, longest_silence};

const KIB: u64 = 1 << 10;

const MIB: u64 = 1 << 20;

/// Some bytes too many, as a part of the limit.
const TOLERANCE: f64 = 1.05;

/// A copy that is held up may take so many times as long as it should.
const HELD_UP: f64 = 1.25;

fn seconds(bytes: u64, rate: u64) -> Duration {
    Duration::from_secs(1).mul_f64(bytes as f64 / rate as f64)
}

fn limited(options: &CopyOptions, rate: u64) -> CopyOptions {
    options.clone().max_bandwidth(Rate::new(rate))
}

fn timed<T>(body: impl FnOnce() -> T) -> (T, Duration) {
    let begin = Instant::now();
    let done = body();
    (done, begin.elapsed())
}

/// Copies `source`, and checks that it was not faster than `rate`.
#[track_caller]
fn copied_at(rate: u64, options: &CopyOptions, source: &Path, copy: &Path) -> (CopyOutcome, Duration) {
    let _ = fs::remove_file(copy);
    let options = limited(options, rate);
    let (outcome, took) = timed(|| copied_with(&options, source, copy));
    let least = seconds(outcome.data_bytes, rate).div_f64(TOLERANCE);
    assert!(took >= least, "{took:?}, below {least:?}: {options:?}");
    (outcome, took)
}

/// A file system with a file.
struct Scene {
    place: Mounted,
}

impl Scene {
    fn on(test: &str, file_system: FileSystem, size: u64) -> Option<Self> {
        let scene = Self { place: unless_skipped(test, lab::mount(file_system))? };
        files::create(&scene.source(), 1, size);
        Some(scene)
    }

    fn source(&self) -> PathBuf {
        self.place.dir().join("source")
    }

    fn copy(&self) -> PathBuf {
        self.place.dir().join("copy")
    }
}

fn by(strategy: Strategy) -> CopyOptions {
    CopyOptions::new().strategy(strategy)
}

const STRATEGIES: [Strategy; 2] = [Strategy::Buffered, Strategy::ZeroCopy];

#[test]
fn rates_from_one_mebibyte_to_one_gigabyte_a_second_are_kept() {
    let test = "rates_from_one_mebibyte_to_one_gigabyte_a_second_are_kept";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs, MIB) else { return };
    for (rate, size) in [(MIB, MIB), (10 * MIB, 5 * MIB), (100 * MIB, 50 * MIB), (1_000_000_000, 200_000_000)]
    {
        files::create(&scene.source(), 1, size);
        for strategy in STRATEGIES {
            let copy = || copied_at(rate, &by(strategy), &scene.source(), &scene.copy());
            // What is faster than many a disk may be too much for a machine.
            let most =
                if rate > 100 * MIB { Duration::from_secs(60) } else { seconds(size, rate).mul_f64(HELD_UP) };
            let outcome = prompt::within(most, copy);
            assert_eq!(outcome.mechanism.is_zero_copy(), strategy == Strategy::ZeroCopy);
        }
        files::assert_same_content(&scene.source(), &scene.copy());
    }
}

#[test]
fn low_rates_are_kept() {
    let test = "low_rates_are_kept";
    for (rate, size) in [(KIB, 500), (5 * KIB, 3 * KIB + 1), (64 * KIB, 40 * KIB)] {
        let Some(scene) = Scene::on(test, FileSystem::Tmpfs, size) else { return };
        for strategy in STRATEGIES {
            let most = seconds(size, rate).mul_f64(HELD_UP);
            prompt::within(most, || copied_at(rate, &by(strategy), &scene.source(), &scene.copy()));
            files::assert_same_content(&scene.source(), &scene.copy());
        }
    }
}

/// A mechanism, with options by which it runs.
fn mechanisms() -> Vec<(Mechanism, CopyOptions)> {
    let only = |mechanism| (mechanism, CopyOptions::new().only(mechanism));
    let threads = Values::default().with_parallel(Threshold::AtLeast(1), 4);
    vec![
        only(Mechanism::ReadWrite),
        (Mechanism::ReadWrite, by(Strategy::Buffered).tuning(Tuning::uniform(threads))),
        only(Mechanism::IoUring),
        (Mechanism::DirectIo, by(Strategy::Buffered).direct_io(true)),
        only(Mechanism::CopyFileRange),
        only(Mechanism::Splice),
        only(Mechanism::Sendfile),
    ]
}

#[test]
fn every_mechanism_keeps_the_limit_and_goes_on_under_it() {
    let test = "every_mechanism_keeps_the_limit_and_goes_on_under_it";
    // A tenth of it is no multiple of a block.
    let (rate, size) = (10_000_000, 3 * MIB + 12_345);
    for file_system in [FileSystem::Ext4, FileSystem::Xfs] {
        let Some(scene) = Scene::on(test, file_system, size) else { continue };
        for (mechanism, options) in mechanisms() {
            let (outcome, _) = copied_at(rate, &options, &scene.source(), &scene.copy());
            assert_eq!((outcome.mechanism, outcome.refusals), (mechanism, Vec::new()), "{options:?}");
            files::assert_same_content(&scene.source(), &scene.copy());
        }
    }
}

/// At no time is there more than the limit allows and a tenth of a second's bytes ahead of it.
#[test]
fn nothing_is_moved_in_bursts() {
    let test = "nothing_is_moved_in_bursts";
    let (rate, size) = (10 * MIB, 4 * MIB);
    for strategy in STRATEGIES {
        let Some(scene) = Scene::on(test, FileSystem::Tmpfs, size) else { return };
        let options = limited(&by(strategy).placement(Placement::InPlace), rate);
        let (source, copy) = (scene.source(), scene.copy());
        let begin = Instant::now();
        thread::scope(|scope| {
            let copying = scope.spawn(|| copied_with(&options, &source, &copy));
            while !copying.is_finished() {
                let length = fs::metadata(&copy).map_or(0, |status| status.len());
                let most = begin.elapsed() + Duration::from_millis(120);
                assert!(seconds(length, rate) < most, "{length} bytes in less than {most:?}");
                thread::sleep(Duration::from_millis(10));
            }
        });
    }
}

#[test]
fn a_resumable_copy_and_one_in_place_keep_the_limit() {
    let test = "a_resumable_copy_and_one_in_place_keep_the_limit";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs, 3 * MIB) else { return };
    for placement in [Placement::Resumable, Placement::InPlace] {
        copied_at(10 * MIB, &CopyOptions::new().placement(placement), &scene.source(), &scene.copy());
        files::assert_same_content(&scene.source(), &scene.copy());
    }
}

/// Copies one file to two at the same time; gives how long it takes.
fn two_at_once(scene: &Scene, options: &[CopyOptions; 2]) -> Duration {
    let copies = ["one", "other"].map(|name| scene.place.dir().join(name));
    let source = &scene.source();
    let copy = &|(options, copy): (&CopyOptions, &PathBuf)| copied_with(options, source, copy);
    let together = || {
        thread::scope(|scope| {
            options.iter().zip(&copies).for_each(|each| drop(scope.spawn(move || copy(each))));
        });
    };
    timed(together).1
}

#[test]
fn copies_share_the_limit_of_the_options_that_they_share() {
    let test = "copies_share_the_limit_of_the_options_that_they_share";
    let (rate, size) = (10 * MIB, 3 * MIB);
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs, size) else { return };
    for strategy in STRATEGIES {
        let options = limited(&by(strategy), rate);
        let took = two_at_once(&scene, &[options.clone(), options]);
        assert!(took >= seconds(2 * size, rate).div_f64(TOLERANCE), "{took:?}");
        prompt::within(seconds(2 * size, rate).mul_f64(0.9), || {
            ((), two_at_once(&scene, &[limited(&by(strategy), rate), limited(&by(strategy), rate)]))
        });
    }
}

/// A pause between copies is no credit for the next one.
#[test]
fn each_of_several_copies_keeps_the_limit() {
    let test = "each_of_several_copies_keeps_the_limit";
    let (rate, size) = (10 * MIB, MIB);
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs, size) else { return };
    let options = limited(&by(Strategy::Buffered), rate);
    for _ in 0..3 {
        let (_, took) = timed(|| copied_with(&options, &scene.source(), &scene.copy()));
        assert!(took >= seconds(size, rate).div_f64(TOLERANCE), "{took:?}");
        thread::sleep(Duration::from_millis(300));
    }
}

#[test]
fn holes_and_verification_are_not_held_up() {
    let test = "holes_and_verification_are_not_held_up";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs, MIB) else { return };
    let verified = CopyOptions::new().verification(Verification::Compare);
    let once = seconds(MIB, 2 * MIB);
    prompt::within(once * 2, || copied_at(2 * MIB, &verified, &scene.source(), &scene.copy()));
    File::options().write(true).open(scene.source()).unwrap().set_len(1 << 30).unwrap();
    for strategy in STRATEGIES {
        prompt::within(once * 2, || copied_at(2 * MIB, &by(strategy), &scene.source(), &scene.copy()));
    }
}

#[test]
fn clones_are_left_out_or_not_held_up() {
    let test = "clones_are_left_out_or_not_held_up";
    for file_system in [FileSystem::Xfs, FileSystem::Btrfs] {
        let Some(scene) = Scene::on(test, file_system, 100_000) else { continue };
        for strategy in [Strategy::Auto, Strategy::ZeroCopy] {
            let (outcome, _) = copied_at(MIB, &by(strategy), &scene.source(), &scene.copy());
            let (mechanism, reason) = (Mechanism::Reflink, OmissionReason::BandwidthLimit);
            assert!(outcome.omissions.contains(&Omission { mechanism, reason }), "{outcome:?}");
        }
        // From here on one that is watched is made range by range.
        files::create(&scene.source(), 1, 70 * MIB + 4097);
        let clone = CopyOptions::new().reflink(Reflink::Always).cancel(Cancel::new());
        let cloned = || copied_with(&limited(&clone, 2 * MIB), &scene.source(), &scene.copy());
        let (outcome, took) = timed(cloned);
        assert_eq!(outcome.mechanism, Mechanism::Reflink);
        assert!(took < seconds(70 * MIB, 2 * MIB) / 2, "{took:?}");
        files::assert_same_content(&scene.source(), &scene.copy());
    }
}

/// A page takes four seconds.
#[test]
fn a_slow_copy_is_told_and_stops_soon() {
    let test = "a_slow_copy_is_told_and_stops_soon";
    for strategy in STRATEGIES {
        let Some(scene) = Scene::on(test, FileSystem::Tmpfs, 2 * MIB) else { return };
        let (source, copy) = (scene.source(), scene.copy());
        let made = || {
            let (heard, cancel) = (Arc::new(Heard::default()), Cancel::new());
            let options = limited(&by(strategy), KIB).observer(heard.clone()).cancel(cancel.clone());
            let took = ends_after(&options, &cancel, Duration::from_secs(1), &source, &copy);
            let silence = longest_silence(heard.words().iter().map(|(when, _)| *when));
            (silence, took)
        };
        prompt::within(SILENCE, || ((), prompt::within(SOON, made)));
        files::assert_no_litter(scene.place.dir(), ["source"]);
    }
}
