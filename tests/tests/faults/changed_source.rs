//! A source that changes while it is copied: the copy may be torn, so it is none.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use orbit_tests::faults::{self, Fault};
use orbit_tests::files;
use orbit_tests::lab::FileSystem;
use orbit_tests::skip::unless_skipped;

use super::{CHUNK, SMALL, Scene};

const SIZE: u64 = SMALL;

/// How long the second chunk waits: time enough to see the first one, and to change the source.
const PAUSE: Duration = Duration::from_secs(3);

/// Changes the source when the first chunk has arrived, while the second one waits.
fn change_when_begun(source: &Path, to: &Path, change: impl Fn(&Path)) {
    let start = Instant::now();
    let has_first_chunk = || {
        let names = files::list(to);
        let mut staging = names.iter().filter(|name| *name != "copy");
        staging.any(|name| fs::metadata(to.join(name)).is_ok_and(|found| found.len() >= CHUNK))
    };
    while !has_first_chunk() {
        assert!(start.elapsed() < Duration::from_secs(20), "the copy does not begin");
        thread::sleep(Duration::from_millis(2));
    }
    change(source);
}

/// For each strategy at the same time.
#[track_caller]
fn assert_noticed(test: &str, change: impl Fn(&Path) + Sync) {
    thread::scope(|scope| {
        for (strategy, call) in [("zero-copy", "copy_file_range"), ("buffered", "pwrite64")] {
            let change = &change;
            scope.spawn(move || {
                let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Tmpfs, SIZE)) else { return };
                let tuned = scene.tuned(CHUNK);
                let command = scene.command(&["--strategy", strategy, "--tuned", &tuned]);
                let fault = Fault::delay(call, PAUSE).nth(2);
                let (source, to) = (scene.source(), scene.to.as_path());
                let finished = thread::scope(|scope| {
                    scope.spawn(|| change_when_begun(&source, to, change));
                    faults::inject(&command, &fault)
                });
                let Some(finished) = unless_skipped(test, finished) else { return };
                scene.assert_failed_saying(&finished, &scene.source(), "changed while it was copied");
            });
        }
    });
}

fn open(source: &Path) -> File {
    OpenOptions::new().write(true).open(source).expect("open the source")
}

#[test]
fn a_source_that_grows_is_noticed() {
    assert_noticed("a_source_that_grows_is_noticed", |source| {
        open(source).write_all_at(b"more", SIZE).expect("append to the source");
    });
}

#[test]
fn a_source_that_shrinks_is_noticed() {
    assert_noticed("a_source_that_shrinks_is_noticed", |source| {
        open(source).set_len(CHUNK).expect("cut the source");
    });
}

#[test]
fn a_source_that_is_rewritten_is_noticed() {
    assert_noticed("a_source_that_is_rewritten_is_noticed", |source| {
        open(source).write_all_at(b"other", SIZE - 5).expect("write to the source");
    });
}

#[test]
fn a_source_that_is_rewritten_and_looks_old_is_noticed() {
    assert_noticed("a_source_that_is_rewritten_and_looks_old_is_noticed", |source| {
        let file = open(source);
        let modified = file.metadata().and_then(|found| found.modified()).expect("the time of the source");
        file.write_all_at(b"other", 0).expect("write to the source");
        file.set_modified(modified).expect("set the time of the source");
    });
}

#[test]
fn a_source_whose_mode_changes_is_noticed() {
    assert_noticed("a_source_whose_mode_changes_is_noticed", |source| {
        fs::set_permissions(source, fs::Permissions::from_mode(0o600)).expect("set the mode of the source");
    });
}
