//! Failures: each with its full path, all of them where the copy goes on, and no more than begun where it stops.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use orbit_engine::{CopyError, CopyOptions, FileKind, OnError, Placement, Rate, TreeOptions};
use orbit_tests::files;
use orbit_tests::lab::FileSystem;
use orbit_tests::trees::{self, Aspect, Tree};

use super::scene::{Scene, directory, file, files_in, plant};
use super::{assert_named, failed, going_on, paths_of, plain};

/// Directories stand where these files are to go.
fn in_the_way(scene: &Scene, names: &[String]) -> BTreeSet<PathBuf> {
    names.iter().map(|name| directory(&scene.to(), name)).collect()
}

fn some() -> Vec<String> {
    (0..50).map(|index| format!("{}/{}", index % 5, index)).collect()
}

fn scene(test: &str, file_system: FileSystem) -> Option<Scene> {
    let scene = Scene::on(test, file_system)?;
    for folder in 0..5 {
        files_in(&scene.from(), &folder.to_string(), 200, 500);
    }
    Some(scene)
}

#[test]
fn going_on_everything_else_arrives_and_every_failure_is_told_once() {
    let test = "going_on_everything_else_arrives_and_every_failure_is_told_once";
    for file_system in [FileSystem::Ext4, FileSystem::Tmpfs] {
        let Some(scene) = scene(test, file_system) else { continue };
        for &placement in Placement::ALL {
            let expected = in_the_way(&scene, &some());
            for workers in [1, 6] {
                let each = CopyOptions::new().placement(placement);
                let options = TreeOptions::new(each).on_error(OnError::Continue).workers(workers);
                let error = failed(&options, &scene.from(), &scene.to());
                assert_eq!(error.failures.len(), 50);
                let told: BTreeSet<_> =
                    error.failures.iter().flat_map(paths_of).map(std::path::Path::to_owned).collect();
                assert_eq!(told, expected);
                assert!(error.failures.iter().all(|failure| matches!(
                    failure,
                    CopyError::DestinationNotRegular { kind: FileKind::Directory, .. }
                )));
                assert_eq!(error.outcome.files + error.outcome.kept, 950);
                let copy = Tree::of(&scene.to());
                copy.assert_no_staging();
                assert_eq!(copy.count(trees::Entry::is_file), 950);
            }
            trees::remove(&scene.to());
        }
    }
}

/// The first failure is the last thing that is begun, but for what other workers had begun already.
#[test]
fn stopping_nothing_more_is_begun() {
    let test = "stopping_nothing_more_is_begun";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    for folder in 0..40 {
        files_in(&scene.from(), &folder.to_string(), 500, 100);
    }
    let all: Vec<_> =
        (0..40).flat_map(|folder| (0..10).map(move |index| format!("{folder}/{}", index * 50))).collect();
    in_the_way(&scene, &all);
    let error = failed(&plain().workers(4), &scene.from(), &scene.to());
    // Each worker may meet one of its own.
    assert!((1..=4).contains(&error.failures.len()), "{:?}", error.failures.len());
    assert!(error.outcome.files < 10_000, "{} files after the first failure", error.outcome.files);
    let copy = Tree::of(&scene.to());
    copy.assert_no_staging();
    assert_eq!(copy.count(trees::Entry::is_file), error.outcome.files);
    assert!(copy.iter().all(|(_, entry)| !entry.is_file() || entry.size() == 100));
}

/// What was copied before a stop has its name, and directories their modes.
#[test]
fn stopping_what_is_done_is_given_its_name() {
    let test = "stopping_what_is_done_is_given_its_name";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    plant(&scene.from());
    files_in(&scene.from(), "more", 500, 2000);
    // No file system takes this name when it gets longer.
    files::create(&scene.from().join("x".repeat(255)), 1, 100);
    let each =
        CopyOptions::new().compression(orbit_engine::Compression::Zstd(orbit_engine::ZstdLevel::default()));
    let error = failed(&TreeOptions::new(each), &scene.from(), &scene.to());
    assert_eq!(error.failures.len(), 1, "{error:?}");
    files::assert_no_litter(scene.place().dir(), ["from", "to"]);
    let (from, copy) = (Tree::of(&scene.from()), Tree::of(&scene.to()));
    copy.assert_no_staging();
    for (path, entry) in copy.iter().filter(|(_, entry)| !entry.is_file()) {
        assert_eq!(entry.metadata.mode, from.get(path).unwrap().metadata.mode, "{path:?}");
    }
    assert_eq!(copy.count(|entry| entry.is_file() && entry.first_name.is_none()), error.outcome.files);
}

#[test]
fn a_failed_tree_reads_like_its_first_failure_and_says_how_many_follow() {
    let test = "a_failed_tree_reads_like_its_first_failure_and_says_how_many_follow";
    let Some(scene) = scene(test, FileSystem::Tmpfs) else { return };
    in_the_way(&scene, &some()[..1]);
    let one = failed(&going_on(), &scene.from(), &scene.to());
    assert_eq!(one.to_string(), one.failures[0].to_string());
    assert!(one.source().is_some());
    trees::remove(&scene.to());
    in_the_way(&scene, &some()[1..4]);
    let error = failed(&going_on(), &scene.from(), &scene.to());
    assert!(error.to_string().ends_with("; and 2 more failures"), "{error}");
}

/// A failed root makes nothing, whatever the policy.
#[test]
fn what_cannot_begin_makes_nothing() {
    let test = "what_cannot_begin_makes_nothing";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    let before = Tree::of(scene.place().dir());
    for options in [plain(), going_on()] {
        let error = failed(&options, &scene.path("missing"), &scene.to());
        assert_eq!(paths_of(&error.failures[0]), [scene.path("missing")]);
        before.assert_is(&Tree::of(scene.place().dir()), Aspect::Everything);
    }
}

/// What is written over in place is finished when another file fails.
#[test]
fn in_place_no_file_is_torn_by_the_failure_of_another() {
    let test = "in_place_no_file_is_torn_by_the_failure_of_another";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    file(&scene.from(), "one/large", 1, 4 << 20);
    file(&scene.from(), "sub/bad", 2, 100);
    file(&scene.to(), "one/large", 3, 5 << 20);
    directory(&scene.to(), "sub/bad");
    let each = CopyOptions::new().placement(Placement::InPlace).max_bandwidth(Rate::new(16 << 20));
    for workers in [1, 2] {
        // The other one fails when this one has begun.
        let filter = |path: &std::path::Path, _| {
            if path.ends_with("sub/bad") {
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
            true
        };
        let options = TreeOptions::new(each.clone()).workers(workers).filter(Arc::new(filter));
        let error = failed(&options, &scene.from(), &scene.to());
        assert_named(&error, &scene.to().join("sub/bad"));
        let large = fs::read(scene.to().join("one/large")).unwrap();
        assert!(
            large == files::content(1, 4 << 20) || large == files::content(3, 5 << 20),
            "{} bytes by {workers} workers",
            large.len()
        );
    }
}

/// A caller's code that panics ends the copy, in whichever thread it runs.
#[test]
fn a_panic_of_the_caller_is_passed_on() {
    let test = "a_panic_of_the_caller_is_passed_on";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    for path in ["at-the-root", "folder/below"] {
        file(&scene.from(), path, 1, 100);
        let name = std::path::Path::new(path).to_owned();
        let filter = move |path: &std::path::Path, _| {
            assert!(path != name, "as planned");
            true
        };
        let options = TreeOptions::default().workers(3).filter(Arc::new(filter));
        let (from, to) = (scene.from(), scene.to());
        let copying = std::thread::spawn(move || super::result(&options, &from, &to).is_ok());
        let begin = std::time::Instant::now();
        while !copying.is_finished() {
            assert!(begin.elapsed().as_secs() < 20, "it waits for ever");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(copying.join().is_err());
        trees::remove(&scene.from());
        files::list(scene.place().dir())
            .iter()
            .for_each(|name| trees::remove(&scene.path(name.to_str().unwrap())));
    }
}
