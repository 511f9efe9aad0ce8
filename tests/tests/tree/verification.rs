//! Verification in trees: every file is proven, a lie is found and named, and what is wrong gets no name.

use std::fs;
use std::path::Path;

use orbit_engine::{
    CopyError, CopyOptions, OnError, Placement, Strategy, TreeError, TreeOptions, Verification,
};
use orbit_tests::faults::{self, Fault};
use orbit_tests::files;
use orbit_tests::lab::FileSystem;
use orbit_tests::lab::fuse::{self, Fuse, Lies};
use orbit_tests::skip::unless_skipped;
use orbit_tests::trees::{self, Aspect, Tree};

use super::copy_tree_once::{TreeReport, copy_tree_once};
use super::scene::{FILE_SYSTEMS, Scene, file, files_in, plant};
use super::{copied, failed};

/// Behind the end of all files but one.
const AT: u64 = 50_000;

const LEVELS: [Verification; 2] = [Verification::Compare, Verification::Sha256];

fn verified(level: Verification, each: CopyOptions) -> TreeOptions {
    TreeOptions::new(each.verification(level)).on_error(OnError::Continue).workers(4)
}

#[test]
fn every_file_is_proven_and_counted() {
    let test = "every_file_is_proven_and_counted";
    for file_system in FILE_SYSTEMS {
        let Some(scene) = Scene::on(test, file_system) else { continue };
        plant(&scene.from());
        for level in LEVELS {
            for &placement in Placement::ALL {
                let options = verified(level, CopyOptions::new().placement(placement));
                let outcome = copied(&options, &scene.from(), &scene.to());
                assert_eq!(outcome.verified, outcome.files, "{level}, {placement} on {file_system}");
                trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
                trees::remove(&scene.to());
            }
        }
        assert_eq!(copied(&TreeOptions::default(), &scene.from(), &scene.to()).verified, 0);
    }
}

/// Past the cache where there is one to pass, else each file fails by name.
#[test]
fn media_is_read_or_the_failure_says_so() {
    let test = "media_is_read_or_the_failure_says_so";
    for (file_system, works) in
        [(FileSystem::Ext4, true), (FileSystem::Xfs, true), (FileSystem::Tmpfs, false)]
    {
        let Some(scene) = Scene::on(test, file_system) else { continue };
        files_in(&scene.from(), "folder", 10, 5000);
        let options = verified(Verification::Media, CopyOptions::new());
        if works {
            assert_eq!(copied(&options, &scene.from(), &scene.to()).verified, 10);
        } else {
            let error = failed(&options, &scene.from(), &scene.to());
            assert_eq!(error.failures.len(), 10);
            assert_eq!(Tree::of(&scene.to()).count(trees::Entry::is_file), 0);
        }
    }
}

/// Files on an honest file system, and a lying one. One of them is long enough for the lie.
fn scene(test: &str) -> Option<(Scene, Fuse)> {
    let scene = Scene::on(test, FileSystem::Tmpfs)?;
    files_in(&scene.from(), "folder/inner", 30, 4000);
    file(&scene.from(), "folder/long", 1, 2 * AT);
    let fuse = unless_skipped(test, fuse::mount())?;
    fuse.lie(Lies { flip_on_read: Some(AT), ..Lies::default() });
    Some((scene, fuse))
}

#[track_caller]
fn assert_found(error: &TreeError, at: &Path) {
    let [CopyError::ChecksumMismatch { destination, .. }] = &error.failures[..] else { panic!("{error:?}") };
    assert_eq!(*destination, at);
    assert_eq!((error.outcome.files, error.outcome.verified), (30, 30));
}

/// All files but the one that is wrong are there.
#[track_caller]
fn assert_only_missing(source: &Path, copy: &Path, missing: &str) {
    let (source, copy) = (Tree::of(source), Tree::of(copy));
    copy.assert_no_staging();
    for (path, entry) in source.iter() {
        match copy.get(path) {
            Some(found) => assert_eq!(found.kind, entry.kind, "{path:?}"),
            None => assert_eq!(path, Path::new(missing)),
        }
    }
    assert!(copy.get(missing).is_none());
}

#[test]
fn a_destination_that_lies_is_found_out() {
    let test = "a_destination_that_lies_is_found_out";
    let Some((scene, fuse)) = scene(test) else { return };
    for level in LEVELS {
        for strategy in [Strategy::Buffered, Strategy::ZeroCopy] {
            let to = fuse.dir().join("to");
            let options = verified(level, CopyOptions::new().strategy(strategy));
            let error = failed(&options, &scene.from(), &to);
            assert_found(&error, &to.join("folder/long"));
            assert_only_missing(&scene.from(), &to, "folder/long");
            files::assert_no_litter(fuse.dir(), ["to"]);
            // Over an old file, which stays.
            fs::write(to.join("folder/long"), "old").unwrap();
            let error = failed(&options, &scene.from(), &to);
            assert_found(&error, &to.join("folder/long"));
            assert_eq!(fs::read(to.join("folder/long")).unwrap(), b"old");
            files::assert_no_litter(&to.join("folder"), ["inner", "long"]);
            fs::remove_dir_all(&to).unwrap();
        }
    }
}

/// What was read while it was copied is not what is read when it is proven.
#[test]
fn without_verification_the_lie_is_not_seen() {
    let Some((scene, fuse)) = scene("without_verification_the_lie_is_not_seen") else { return };
    let outcome = copied(&TreeOptions::default(), &scene.from(), &fuse.dir().join("to"));
    assert_eq!((outcome.files, outcome.verified), (31, 0));
    assert!(fuse.stored("to/folder/long").unwrap() == files::content(1, 2 * AT));
}

/// One write of many claims to have been made.
#[test]
fn a_write_that_was_not_made_is_found_out() {
    let test = "a_write_that_was_not_made_is_found_out";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    files_in(&scene.from(), "folder", 40, 3000);
    for level in ["compare", "sha256"] {
        let options = ["--verify", level, "--on-error", "continue", "--workers", "1"];
        let child = copy_tree_once(&options, &scene.from(), &scene.to());
        let fault = Fault::claim("?pwrite64,?write", 3000).nth(20);
        let Some(finished) = unless_skipped(test, faults::inject(&child, &fault)) else { return };
        let report = TreeReport::of_failed(finished);
        report.assert_failure(&["ChecksumMismatch", "/to/folder/"]);
        assert_eq!((report.failures().len(), report.number("files")), (1, 39), "{report:?}");
        assert_eq!(Tree::of(&scene.to()).count(trees::Entry::is_file), 39);
        trees::remove(&scene.to());
    }
}

/// What an earlier copy finished is proven too, and copied again where it is not what it should be.
#[test]
fn what_is_kept_is_proven_by_its_content() {
    let test = "what_is_kept_is_proven_by_its_content";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    plant(&scene.from());
    for level in LEVELS {
        let resumable = CopyOptions::new().placement(Placement::Resumable);
        let all = copied(&TreeOptions::new(resumable.clone()), &scene.from(), &scene.to());
        let spoiled = scene.to().join("folder/inner/deep");
        let (content, modified) =
            (files::content(99, 70_000), fs::metadata(&spoiled).unwrap().modified().unwrap());
        fs::write(&spoiled, &content).unwrap();
        fs::File::options().write(true).open(&spoiled).unwrap().set_modified(modified).unwrap();
        let unverified = copied(&TreeOptions::new(resumable.clone()), &scene.from(), &scene.to());
        assert_eq!((unverified.files, unverified.verified), (0, 0));
        assert!(fs::read(&spoiled).unwrap() == content, "size and time are those of a finished file");
        let again = copied(&verified(level, resumable), &scene.from(), &scene.to());
        assert_eq!((again.files, again.verified), (1, all.files), "{again:?}");
        trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
        trees::remove(&scene.to());
    }
}
