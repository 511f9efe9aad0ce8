//! Symbolic links: kept as they are, followed, or left out; those at the destination are never followed.

use std::fs;
use std::os::unix::fs::symlink as make_symlink;
use std::time::{Duration, UNIX_EPOCH};

use orbit_engine::{CopyError, CopyOptions, FileKind, Overwrite, Placement, Symlinks, TreeOptions};
use orbit_tests::files;
use orbit_tests::lab::FileSystem;
use orbit_tests::trees::{self, Aspect, Kind, Tree};
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};

use super::scene::{FILE_SYSTEMS, Scene, directory, file, files_in, hard_link, symlink};
use super::{assert_named, copied, errno, failed, failure, going_on, placed, plain};

/// Links of every kind, in a source of three files.
fn plant(scene: &Scene) {
    let root = scene.from();
    file(&root, "folder/file", 1, 5000);
    file(&root, "other", 2, 3000);
    file(scene.place().dir(), "beside/away", 3, 4000);
    symlink(&root, "to-file", "folder/file");
    symlink(&root, "to-folder", "folder");
    symlink(&root, "folder/up", "../other");
    symlink(&root, "absolute", scene.path("beside/away"));
    symlink(&root, "out", "../beside");
}

/// Links that lead nowhere, or back.
fn plant_broken(scene: &Scene) -> [&'static str; 3] {
    symlink(&scene.from(), "dangling", "is/missing");
    symlink(&scene.from(), "itself", "itself");
    symlink(&scene.from(), "folder/parent", "..");
    ["dangling", "itself", "folder/parent"]
}

#[test]
fn kept_they_lead_where_they_led() {
    let test = "kept_they_lead_where_they_led";
    for file_system in FILE_SYSTEMS {
        let Some(scene) = Scene::on(test, file_system) else { continue };
        plant(&scene);
        plant_broken(&scene);
        let long = "x/".repeat(500);
        symlink(&scene.from(), "long", &long);
        symlink(&scene.from(), "strange", " \n-a");
        for &placement in Placement::ALL {
            for _ in 0..2 {
                let outcome = copied(&placed(placement), &scene.from(), &scene.to());
                // By a resumable copy, what is finished is kept the second time.
                assert_eq!(outcome.symlinks + outcome.files + outcome.kept, 12, "{outcome:?}");
                trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
            }
            trees::remove(&scene.to());
        }
    }
}

#[test]
fn followed_they_are_what_they_lead_to() {
    let test = "followed_they_are_what_they_lead_to";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    plant(&scene);
    for &placement in Placement::ALL {
        for _ in 0..2 {
            let outcome = copied(&placed(placement).symlinks(Symlinks::Follow), &scene.from(), &scene.to());
            // Both files, the other one a second time, by each of two ways the folder, and what lies outside.
            assert_eq!((outcome.files + outcome.kept, outcome.symlinks), (8, 0), "{outcome:?}");
            let copy = Tree::of(&scene.to());
            assert_eq!(copy.count(|entry| matches!(entry.kind, Kind::Symlink(_))), 0);
            for (path, seed, size) in [
                ("to-file", 1, 5000),
                ("folder/up", 2, 3000),
                ("to-folder/file", 1, 5000),
                ("to-folder/up", 2, 3000),
                ("absolute", 3, 4000),
                ("out/away", 3, 4000),
            ] {
                let found = fs::read(scene.to().join(path)).unwrap();
                assert!(found == files::content(seed, size), "{path}");
            }
            copy.assert_no_staging();
        }
        trees::remove(&scene.to());
    }
}

#[test]
fn followed_links_that_lead_nowhere_or_back_fail_by_name_and_the_rest_arrives() {
    let test = "followed_links_that_lead_nowhere_or_back_fail_by_name_and_the_rest_arrives";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    plant(&scene);
    let broken = plant_broken(&scene);
    for &placement in Placement::ALL {
        let options = placed(placement).symlinks(Symlinks::Follow).on_error(orbit_engine::OnError::Continue);
        let error = failed(&options, &scene.from(), &scene.to());
        for path in broken {
            assert_named(&error, &scene.from().join(path));
        }
        // The folder is met by two ways, and so is the link in it that leads back.
        assert_named(&error, &scene.from().join("to-folder/parent"));
        let loops = error.failures.iter().filter(|failure| matches!(failure, CopyError::Loop { .. })).count();
        let errnos: Vec<_> = error.failures.iter().filter_map(errno).collect();
        assert_eq!((loops, error.failures.len()), (2, 4), "{error:?}");
        let (missing, looping) = (rustix::io::Errno::NOENT, rustix::io::Errno::LOOP);
        assert!(
            errnos.contains(&missing.raw_os_error()) && errnos.contains(&looping.raw_os_error()),
            "{errnos:?}"
        );
        assert_eq!(error.outcome.files, 8);
        Tree::of(&scene.to()).assert_no_staging();
        trees::remove(&scene.to());
    }
}

/// Each directory leads to the next one twice: a way that is no circle is gone, as often as it is there.
#[test]
fn two_ways_to_one_directory_are_no_loop() {
    let test = "two_ways_to_one_directory_are_no_loop";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    file(scene.place().dir(), "level4/file", 1, 10);
    for level in 0..4 {
        let folder = directory(scene.place().dir(), &format!("level{level}"));
        for way in ["left", "right"] {
            make_symlink(format!("../level{}", level + 1), folder.join(way)).unwrap();
        }
    }
    let outcome = copied(&plain().symlinks(Symlinks::Follow), &scene.path("level0"), &scene.to());
    assert_eq!((outcome.files, outcome.directories), (16, 31));
}

#[test]
fn left_out_they_are_counted() {
    let test = "left_out_they_are_counted";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    plant(&scene);
    plant_broken(&scene);
    let outcome = copied(&plain().symlinks(Symlinks::Skip), &scene.from(), &scene.to());
    assert_eq!((outcome.files, outcome.symlinks, outcome.skipped_symlinks), (2, 0, 8));
    files::assert_no_litter(&scene.to(), ["folder", "other"]);
    files::assert_no_litter(&scene.to().join("folder"), ["file"]);
}

#[test]
fn the_source_itself_is_followed_by_every_policy() {
    let test = "the_source_itself_is_followed_by_every_policy";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    plant(&scene);
    make_symlink("from", scene.path("one")).unwrap();
    make_symlink("one", scene.path("two")).unwrap();
    for &symlinks in Symlinks::ALL {
        copied(&plain().symlinks(symlinks), &scene.path("two"), &scene.to());
        assert!(!scene.to().is_symlink() && scene.to().join("other").exists());
        trees::remove(&scene.to());
    }
}

/// Their times and owner are their own.
#[test]
fn with_their_metadata_they_have_their_times_and_owner() {
    let test = "with_their_metadata_they_have_their_times_and_owner";
    for file_system in FILE_SYSTEMS {
        let Some(scene) = Scene::on(test, file_system) else { continue };
        plant(&scene);
        let time = Timespec { tv_sec: 1_000_000_000, tv_nsec: 123_456_789 };
        let times = Timestamps { last_access: time, last_modification: time };
        utimensat(CWD, scene.from().join("to-file"), &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
        if std::os::unix::fs::lchown(scene.from().join("to-file"), Some(12), Some(34)).is_err() {
            orbit_tests::skip::Skip::because("needs root: a link is given away").report(test);
            return;
        }
        let preserving = TreeOptions::new(CopyOptions::new().preserve_metadata(true));
        for _ in 0..2 {
            let outcome = copied(&preserving, &scene.from(), &scene.to());
            assert!(outcome.not_preserved.is_empty(), "{outcome:?}");
            trees::assert_same(&scene.from(), &scene.to(), Aspect::Everything);
        }
        let modified = fs::symlink_metadata(scene.to().join("to-file")).unwrap().modified().unwrap();
        assert_eq!(modified, UNIX_EPOCH + Duration::new(1_000_000_000, 123_456_789));
    }
}

/// A link where a directory is to go would lead the copy elsewhere.
#[test]
fn a_link_in_the_place_of_a_directory_is_refused_and_not_followed() {
    let test = "a_link_in_the_place_of_a_directory_is_refused_and_not_followed";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    file(&scene.from(), "folder/inner/file", 1, 5000);
    file(&scene.from(), "other", 2, 5000);
    files_in(scene.place().dir(), "canary/inner", 3, 100);
    let canary = Tree::of(&scene.path("canary"));
    directory(scene.place().dir(), "to");
    for target in ["../canary", "missing"] {
        make_symlink(target, scene.to().join("folder")).unwrap();
        for &placement in Placement::ALL {
            let options = placed(placement).on_error(orbit_engine::OnError::Continue);
            let error = failure(&options, &scene.from(), &scene.to());
            let CopyError::DestinationNotDirectory { path, kind } = &error else { panic!("{error:?}") };
            assert_eq!((path, *kind), (&scene.to().join("folder"), FileKind::Symlink));
            canary.assert_is(&Tree::of(&scene.path("canary")), Aspect::Everything);
            files::assert_same_content(&scene.from().join("other"), &scene.to().join("other"));
            files::assert_no_litter(&scene.to(), ["folder", "other"]);
        }
        fs::remove_file(scene.to().join("folder")).unwrap();
    }
}

/// A file does not go through a link to where it leads: it takes the link's place.
#[test]
fn a_link_in_the_place_of_a_file_is_replaced_and_not_followed() {
    let test = "a_link_in_the_place_of_a_file_is_replaced_and_not_followed";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    file(&scene.from(), "file", 1, 5000);
    symlink(&scene.from(), "link", "file");
    let canary = file(scene.place().dir(), "canary", 9, 5000);
    for &placement in Placement::ALL {
        for target in ["../canary", "missing", "file"] {
            directory(scene.place().dir(), "to");
            make_symlink(target, scene.to().join("file")).unwrap();
            file(&scene.to(), "link", 8, 100);
            copied(&placed(placement), &scene.from(), &scene.to());
            trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
            assert!(fs::read(&canary).unwrap() == files::content(9, 5000), "{placement}");
            trees::remove(&scene.to());
        }
    }
}

/// The names of one link are one link too, where it is kept, and each is a file where it is followed.
#[test]
fn names_of_one_link_arrive() {
    let test = "names_of_one_link_arrive";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    plant(&scene);
    hard_link(&scene.from(), "folder/same-link", "to-file");
    copied(&plain(), &scene.from(), &scene.to());
    let copy = Tree::of(&scene.to());
    assert_eq!(copy.get("folder/same-link").unwrap().kind, Kind::Symlink("folder/file".into()));
    assert_eq!(copy.get("to-file").unwrap().kind, Kind::Symlink("folder/file".into()));
    trees::remove(&scene.to());
    // From within the folder it leads nowhere.
    let error = failed(&going_on().symlinks(Symlinks::Follow), &scene.from(), &scene.to());
    assert_named(&error, &scene.from().join("folder/same-link"));
    files::assert_same_content(&scene.from().join("folder/file"), &scene.to().join("to-file"));
}

/// A link that leads where it is to lead stays, and where nothing is to be overwritten, as it is.
#[test]
fn a_link_that_stays_gets_metadata_only_where_it_may_be_overwritten() {
    let test = "a_link_that_stays_gets_metadata_only_where_it_may_be_overwritten";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    for root in [scene.from(), scene.to()] {
        directory(&root, "folder");
        symlink(&root, "folder/link", "nowhere");
    }
    let time = Timespec { tv_sec: 1_000_000_000, tv_nsec: 123_456_789 };
    let times = Timestamps { last_access: time, last_modification: time };
    utimensat(CWD, scene.from().join("folder/link"), &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
    let before = Tree::of(&scene.to());
    let options = || TreeOptions::new(CopyOptions::new().preserve_metadata(true));
    let link = |tree: &Tree| tree.get("folder/link").expect("it was made").metadata.clone();
    let outcome = copied(&options().overwrite(Overwrite::Never), &scene.from(), &scene.to());
    assert_eq!(outcome.kept, 1);
    assert_eq!(link(&Tree::of(&scene.to())).modified, link(&before).modified);
    copied(&options(), &scene.from(), &scene.to());
    assert_eq!(link(&Tree::of(&scene.to())).modified, link(&Tree::of(&scene.from())).modified);
}
