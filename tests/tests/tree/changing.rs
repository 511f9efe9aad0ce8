//! A source that changes while it is walked: what changes is copied or named, the rest arrives, and every copy ends.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use orbit_engine::{CopyError, CopyOptions, OnError, Placement, TreeOptions};
use orbit_tests::files;
use orbit_tests::lab::FileSystem;
use orbit_tests::trees::{self, Aspect, Tree};

use super::scene::{Scene, directory, plant};
use super::{paths_of, result};

/// How long the source changes for each way of copying.
const TIME: Duration = Duration::from_millis(1500);

/// One change somewhere in `root`. That it fails, since another one came first, changes nothing.
fn change(root: &Path) {
    let name = |count| fastrand::usize(..count).to_string();
    let folder = root.join(name(4));
    let (path, other) = (folder.join(name(10)), root.join(name(4)).join(name(10)));
    let _ = match fastrand::usize(..10) {
        0 => fs::create_dir_all(path.join("inner")),
        1 => fs::create_dir_all(&folder)
            .and_then(|()| fs::write(&path, files::content(1, fastrand::u64(..50_000)))),
        2 => fs::remove_file(&path),
        3 => fs::remove_dir_all(&path),
        4 => fs::rename(&path, &other),
        5 => OpenOptions::new().append(true).open(&path).and_then(|mut file| file.write_all(&[7; 5000])),
        6 => OpenOptions::new().write(true).open(&path).and_then(|file| file.set_len(fastrand::u64(..3000))),
        7 => std::os::unix::fs::symlink(name(10), &path),
        8 => fs::hard_link(&path, &other),
        _ => fs::remove_file(&path).and_then(|()| fs::create_dir(&path)),
    };
}

/// Every failure is about what changes.
#[track_caller]
fn assert_about_what_changes(failures: &[CopyError], scene: &Scene) {
    let changing = [scene.from().join("changing"), scene.to().join("changing")];
    for failure in failures {
        let paths = paths_of(failure);
        let is_about = |path: &&Path| changing.iter().any(|root| path.starts_with(root));
        assert!(paths.iter().all(is_about), "{failure:?}");
    }
}

/// Copies again and again while a thread changes a part of the source.
fn assert_survived(scene: &Scene, options: &TreeOptions, anew: bool) {
    let changing = directory(&scene.from(), "changing");
    let (stop, changes) = (AtomicBool::new(false), AtomicU64::new(0));
    let stable = Tree::of(&scene.from().join("stable"));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Acquire) {
                change(&changing);
                changes.fetch_add(1, Ordering::Relaxed);
            }
        });
        let stopping = Stop(&stop);
        let begin = Instant::now();
        while begin.elapsed() < TIME {
            if let Err(error) = result(options, &scene.from(), &scene.to()) {
                assert_about_what_changes(&error.failures, scene);
            }
            stable.assert_is(&Tree::of(&scene.to().join("stable")), Aspect::Content);
            // What a resumable copy leaves of a file that changed is of use to the next one.
            if !format!("{options:?}").contains("Resumable") {
                Tree::of(&scene.to()).assert_no_staging();
            }
            if anew {
                trees::remove(&scene.to());
            }
        }
        drop(stopping);
    });
    assert!(changes.load(Ordering::Relaxed) > 300, "{changes:?} changes");
    files::assert_no_litter(scene.place().dir(), if anew { &["from"][..] } else { &["from", "to"] });
}

/// Stops the changes, also where the test panics.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Metadata is read at other times than the content.
const WAYS: [(Placement, bool, bool); 5] = [
    (Placement::Staged, false, false),
    (Placement::Staged, true, true),
    (Placement::Staged, false, true),
    (Placement::InPlace, false, false),
    (Placement::Resumable, false, false),
];

fn each_option() -> impl Iterator<Item = TreeOptions> {
    WAYS.into_iter().map(|(placement, accept, preserve)| {
        let each = CopyOptions::new().placement(placement).accept_changed_source(accept);
        TreeOptions::new(each.preserve_metadata(preserve)).on_error(OnError::Continue).workers(4)
    })
}

#[test]
fn a_source_that_changes_is_copied_to_a_new_place() {
    let test = "a_source_that_changes_is_copied_to_a_new_place";
    for file_system in [FileSystem::Ext4, FileSystem::Tmpfs] {
        let Some(scene) = Scene::on(test, file_system) else { continue };
        plant(&directory(&scene.from(), "stable"));
        for options in each_option() {
            assert_survived(&scene, &options, true);
        }
    }
}

/// What is a file now was a directory before, and the other way.
#[test]
fn a_source_that_changes_is_copied_over_what_it_was() {
    let test = "a_source_that_changes_is_copied_over_what_it_was";
    let Some(scene) = Scene::on(test, FileSystem::Btrfs) else { return };
    plant(&directory(&scene.from(), "stable"));
    for options in each_option() {
        assert_survived(&scene, &options, false);
        trees::remove(&scene.to());
    }
}

/// The changed files are counted where they are accepted, and fail by name where not.
#[test]
fn a_file_that_grows_while_it_is_copied_is_told() {
    let test = "a_file_that_grows_while_it_is_copied_is_told";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    plant(&scene.from());
    let growing = super::scene::file(&scene.from(), "many/growing", 1, 4 << 20);
    for accept in [false, true] {
        let each =
            CopyOptions::new().accept_changed_source(accept).max_bandwidth(orbit_engine::Rate::new(8 << 20));
        let options = TreeOptions::new(each).on_error(OnError::Continue).workers(2);
        let stop = AtomicBool::new(false);
        let result = thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Acquire) {
                    let mut file = OpenOptions::new().append(true).open(&growing).expect("it stays");
                    file.write_all(b"more").expect("it grows");
                    thread::sleep(Duration::from_millis(5));
                }
            });
            let _stopping = Stop(&stop);
            result(&options, &scene.from(), &scene.to())
        });
        match result {
            Ok(outcome) => assert!(accept && outcome.changed == 1, "{outcome:?}"),
            Err(error) => {
                let [CopyError::SourceChanged { path }] = &error.failures[..] else { panic!("{error:?}") };
                assert!(!accept && *path == growing);
                assert!(!scene.to().join("many/growing").exists());
            }
        }
        Tree::of(&scene.to()).assert_no_staging();
        trees::remove(&scene.to());
    }
}
