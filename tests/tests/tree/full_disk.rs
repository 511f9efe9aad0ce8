//! A destination that is full: failures, whole files, no litter, and a way on once there is room.

use std::fs;
use std::io::ErrorKind;

use orbit_engine::{CopyError, CopyOptions, OnError, Placement, Strategy, TreeError, TreeOptions};
use orbit_tests::files;
use orbit_tests::lab::{self, FileSystem, Mounted};
use orbit_tests::skip::unless_skipped;
use orbit_tests::trees::{self, Aspect, Tree, is_staging};

use super::scene::{Scene, directory, file, files_in};
use super::{copied, failed, paths_of};

const MIB: u64 = 1 << 20;

/// 12 MiB in files of all sizes, and a place that holds a part of them.
fn scene(test: &str, to: FileSystem) -> Option<(Scene, Mounted)> {
    let scene = Scene::on(test, FileSystem::Tmpfs)?;
    for folder in 0..6 {
        files_in(&scene.from(), &format!("{folder}/small"), 50, 6000);
        for index in 0..6 {
            file(&scene.from(), &format!("{folder}/middle{index}"), index, 280_000);
        }
    }
    let small = unless_skipped(test, lab::mount_small(to, 8 * MIB))?;
    Some((scene, small))
}

/// Every failure says that there is no room, and names what there was none for.
#[track_caller]
fn assert_no_room(error: &TreeError, small: &Mounted) {
    for failure in &error.failures {
        let CopyError::Io { error, .. } = failure else { panic!("{failure:?}") };
        assert_eq!(error.kind(), ErrorKind::StorageFull, "{failure:?}");
        assert!(paths_of(failure).iter().all(|path| path.starts_with(small.dir())), "{failure:?}");
    }
}

#[track_caller]
fn assert_whole(scene: &Scene, small: &Mounted, error: &TreeError) {
    files::assert_no_litter(small.dir(), ["to"]);
    let (from, to) = (Tree::of(&scene.from()), Tree::of(&small.dir().join("to")));
    to.assert_no_staging();
    for (path, entry) in to.iter() {
        assert_eq!(entry.kind, from.get(path).expect("in the source").kind, "{path:?}");
    }
    let files = to.count(trees::Entry::is_file);
    assert_eq!(error.outcome.files, files);
}

#[test]
fn what_has_no_room_fails_and_the_rest_is_whole() {
    let test = "what_has_no_room_fails_and_the_rest_is_whole";
    for file_system in [FileSystem::Tmpfs, FileSystem::Ext4] {
        let Some((scene, small)) = scene(test, file_system) else { continue };
        let to = small.dir().join("to");
        for placement in [Placement::Staged, Placement::InPlace] {
            for strategy in [Strategy::Buffered, Strategy::ZeroCopy] {
                for on_error in [OnError::Stop, OnError::Continue] {
                    // Each time the space of the last one is there again.
                    let each = CopyOptions::new().placement(placement).strategy(strategy);
                    let options = TreeOptions::new(each).on_error(on_error).workers(4);
                    let error = failed(&options, &scene.from(), &to);
                    assert_no_room(&error, &small);
                    assert_whole(&scene, &small, &error);
                    assert!(error.outcome.bytes > 2 * MIB, "{:?}", error.outcome);
                    if on_error == OnError::Continue {
                        let sum = error.outcome.files + error.failures.len() as u64;
                        assert!(sum >= 6 * 56 || error.failures.len() >= 6, "{sum}");
                    }
                    trees::remove(&to);
                }
            }
        }
    }
}

/// Old files stay where the new ones have no room.
#[test]
fn old_files_stay_where_new_ones_have_no_room() {
    let test = "old_files_stay_where_new_ones_have_no_room";
    let Some((scene, small)) = scene(test, FileSystem::Tmpfs) else { return };
    let to = small.dir().join("to");
    for folder in 0..6 {
        for index in 0..6 {
            file(&to, &format!("{folder}/middle{index}"), 90, 1000);
        }
    }
    let error = failed(&TreeOptions::default().on_error(OnError::Continue), &scene.from(), &to);
    assert_no_room(&error, &small);
    Tree::of(&to).assert_no_staging();
    let mut old = 0;
    for folder in 0..6 {
        for index in 0..6 {
            let found = fs::read(to.join(format!("{folder}/middle{index}"))).unwrap();
            let is_old = found == files::content(90, 1000);
            assert!(is_old || found == files::content(index, 280_000), "{folder}/middle{index} is torn");
            old += u32::from(is_old);
        }
    }
    assert!(old > 0);
}

/// No room for names is no room too.
#[test]
fn no_more_files_can_be_made() {
    let test = "no_more_files_can_be_made";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    for folder in 0..10 {
        files_in(&scene.from(), &folder.to_string(), 20, 10);
        directory(&scene.from(), &format!("{folder}/empty"));
    }
    let Some(small) = unless_skipped(test, lab::mount_with(FileSystem::Tmpfs, "nr_inodes=100")) else {
        return;
    };
    let to = small.dir().join("to");
    for placement in [Placement::Staged, Placement::InPlace] {
        for on_error in [OnError::Stop, OnError::Continue] {
            let options = TreeOptions::new(CopyOptions::new().placement(placement)).on_error(on_error);
            let error = failed(&options, &scene.from(), &to);
            assert_no_room(&error, &small);
            assert_whole(&scene, &small, &error);
            trees::remove(&to);
        }
    }
}

/// The parts stay; with room again, they are gone on with.
#[test]
fn a_resumable_copy_goes_on_once_there_is_room() {
    let test = "a_resumable_copy_goes_on_once_there_is_room";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    files_in(&scene.from(), "small", 50, 6000);
    file(&scene.from(), "large", 1, 40 * MIB);
    let Some(small) = unless_skipped(test, lab::mount_small(FileSystem::Tmpfs, 60 * MIB)) else { return };
    let (to, ballast) = (small.dir().join("to"), small.dir().join("ballast"));
    files::create(&ballast, 9, 30 * MIB);
    let options =
        TreeOptions::new(CopyOptions::new().placement(Placement::Resumable)).on_error(OnError::Continue);
    let error = failed(&options, &scene.from(), &to);
    assert_no_room(&error, &small);
    assert!(Tree::of(&to).iter().any(|(path, _)| is_staging(path)));
    fs::remove_file(&ballast).unwrap();
    let outcome = copied(&options, &scene.from(), &to);
    assert!(outcome.resumed == 1 && outcome.data_bytes < 30 * MIB, "{outcome:?}");
    trees::assert_same(&scene.from(), &to, Aspect::Content);
}
