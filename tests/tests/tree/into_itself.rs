//! A directory is not copied into itself, by whatever names, and nothing is written before that is known.

use std::fs;
use std::os::unix::fs::symlink as make_symlink;
use std::path::Path;

use orbit_engine::{CopyError, Placement, Symlinks, TreeOptions};
use orbit_tests::files;
use orbit_tests::lab::{self, FileSystem};
use orbit_tests::skip::unless_skipped;
use orbit_tests::trees::{self, Aspect, Tree};

use super::scene::{Scene, directory, file, files_in, plant};
use super::{copied, failed, failure, going_on, paths_of, placed, plain};

/// The copy is refused as one into itself, and the whole file system is as it was.
#[track_caller]
fn assert_refused(scene: &Scene, source: &Path, copy: &Path) {
    let before = Tree::of(scene.place().dir());
    for &placement in Placement::ALL {
        for symlinks in [Symlinks::Preserve, Symlinks::Follow] {
            let error = failure(&placed(placement).symlinks(symlinks), source, copy);
            let CopyError::IntoItself { source: from, destination } = &error else { panic!("{error:?}") };
            assert_eq!((from.as_path(), destination.as_path()), (source, copy));
            before.assert_is(&Tree::of(scene.place().dir()), Aspect::Everything);
        }
    }
    let error = failure(&plain().dry_run(true), source, copy);
    assert!(matches!(error, CopyError::IntoItself { .. }), "{error:?}");
}

#[track_caller]
fn assert_same_refused(scene: &Scene, source: &Path, copy: &Path) {
    let before = Tree::of(scene.place().dir());
    for &placement in Placement::ALL {
        let error = failure(&placed(placement), source, copy);
        let CopyError::SameFile { source: from, destination } = &error else { panic!("{error:?}") };
        assert_eq!((from.as_path(), destination.as_path()), (source, copy));
        before.assert_is(&Tree::of(scene.place().dir()), Aspect::Everything);
    }
}

#[test]
fn a_path_within_the_source_is_refused() {
    let test = "a_path_within_the_source_is_refused";
    for file_system in [FileSystem::Ext4, FileSystem::Btrfs, FileSystem::Tmpfs] {
        let Some(scene) = Scene::on(test, file_system) else { continue };
        plant(&scene.from());
        for below in ["to", "folder/inner/to", "folder", "folder/empty", "folder/../to"] {
            assert_refused(&scene, &scene.from(), &scene.from().join(below));
        }
        assert_refused(&scene, &scene.path("from/."), &scene.path("from/folder"));
    }
}

#[test]
fn a_link_into_the_source_is_refused() {
    let test = "a_link_into_the_source_is_refused";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    plant(&scene.from());
    make_symlink("from/folder", scene.path("link")).unwrap();
    make_symlink("from", scene.path("all")).unwrap();
    assert_refused(&scene, &scene.from(), &scene.path("link/to"));
    assert_refused(&scene, &scene.from(), &scene.path("link"));
    assert_refused(&scene, &scene.path("all"), &scene.path("from/to"));
    assert_refused(&scene, &scene.path("all"), &scene.path("link/inner/to"));
}

#[test]
fn a_bind_mount_of_the_source_is_refused() {
    let test = "a_bind_mount_of_the_source_is_refused";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    plant(&scene.from());
    let at = directory(scene.place().dir(), "bound");
    let Some(bound) = unless_skipped(test, lab::bind(&scene.from(), &at)) else { return };
    assert_refused(&scene, &scene.from(), &at.join("to"));
    assert_refused(&scene, &scene.from(), &at.join("folder/to"));
    assert_refused(&scene, &at, &scene.path("from/folder/to"));
    drop(bound);
}

/// Above the place that was bound, no parent of the destination is the source; that it is in the source all the same is
/// told where the copy meets it, and nothing of the copy is copied.
#[test]
fn a_bind_mount_of_a_directory_in_the_source_ends_all_the_same() {
    let test = "a_bind_mount_of_a_directory_in_the_source_ends_all_the_same";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    plant(&scene.from());
    let at = directory(scene.place().dir(), "bound");
    let Some(bound) = unless_skipped(test, lab::bind(&scene.path("from/folder"), &at)) else { return };
    let before = Tree::of(&scene.from());
    for &placement in Placement::ALL {
        let error = failed(&going_on_placed(placement), &scene.from(), &at.join("to"));
        let [CopyError::IntoItself { .. }] = &error.failures[..] else { panic!("{error:?}") };
        let copy = Tree::of(&at.join("to"));
        copy.assert_no_staging();
        assert!(copy.get("folder/to").is_none() && copy.get("many/0").is_some());
        trees::remove(&at.join("to"));
        before.assert_is(&Tree::of(&scene.from()), Aspect::Content);
    }
    drop(bound);
}

fn going_on_placed(placement: Placement) -> TreeOptions {
    placed(placement).on_error(orbit_engine::OnError::Continue)
}

#[test]
fn source_and_destination_may_not_be_one() {
    let test = "source_and_destination_may_not_be_one";
    let Some(scene) = Scene::on(test, FileSystem::Xfs) else { return };
    plant(&scene.from());
    make_symlink("from", scene.path("link")).unwrap();
    let at = directory(scene.place().dir(), "bound");
    for copy in ["from", "from/", "from/.", "link", "link/", "from/folder/..", "from/../from"] {
        assert_same_refused(&scene, &scene.from(), &scene.path(copy));
        assert_same_refused(&scene, &scene.path(copy), &scene.from());
    }
    let Some(bound) = unless_skipped(test, lab::bind(&scene.from(), &at)) else { return };
    assert_same_refused(&scene, &scene.from(), &at);
    assert_same_refused(&scene, &at, &scene.from());
    drop(bound);
}

/// What holds the source is no part of it.
#[test]
fn a_directory_is_copied_to_one_that_holds_it() {
    let test = "a_directory_is_copied_to_one_that_holds_it";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    let outer = directory(scene.place().dir(), "outer");
    let source = outer.join("middle/source");
    plant(&directory(&outer, "middle/source"));
    let before = Tree::of(&source);
    for &placement in Placement::ALL {
        copied(&placed(placement), &source, &outer);
        before.assert_is(&Tree::of(&source), Aspect::Content);
        let copy = Tree::of(&outer);
        let found = before.iter().filter(|(path, _)| !path.as_os_str().is_empty());
        for (path, entry) in found {
            let copy = copy.get(path).unwrap_or_else(|| panic!("{path:?} is missing"));
            assert_eq!(copy.kind, entry.kind, "{path:?}");
        }
        copy.assert_no_staging();
    }
}

/// Its copy lies where it is read from: whatever comes of it, it ends.
#[test]
fn a_directory_named_like_the_way_to_it_ends() {
    let test = "a_directory_named_like_the_way_to_it_ends";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    for &placement in Placement::ALL {
        let outer = directory(scene.place().dir(), "outer");
        // outer/a/a/a to outer: what is read is written to as well.
        file(&outer, "a/a/a/file", 1, 5000);
        files_in(&outer, "a/a/a/a", 5, 100);
        let result = super::result(&going_on_placed(placement), &outer.join("a"), &outer);
        if let Err(error) = &result {
            assert!(error.failures.iter().all(|failure| !paths_of(failure).is_empty()));
        }
        Tree::of(&outer).assert_no_staging();
        assert!(fs::read(outer.join("a/a/a/file")).unwrap() == files::content(1, 5000));
        trees::remove(&outer);
    }
}

/// A mount or a followed link leads from within the source to where the copy is made.
#[test]
fn a_way_from_the_source_to_the_destination_is_not_taken() {
    let test = "a_way_from_the_source_to_the_destination_is_not_taken";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    plant(&scene.from());
    let at = directory(&scene.from(), "mounted");
    for &placement in Placement::ALL {
        directory(scene.place().dir(), "to");
        let Some(bound) = unless_skipped(test, lab::bind(&scene.to(), &at)) else { return };
        let error = failed(&going_on_placed(placement), &scene.from(), &scene.to());
        let [CopyError::IntoItself { source, .. }] = &error.failures[..] else { panic!("{error:?}") };
        assert_eq!(*source, at);
        drop(bound);
        let copy = Tree::of(&scene.to());
        copy.assert_no_staging();
        assert!(copy.get("mounted/many").is_none() && copy.get("many/39").is_some());
        trees::remove(&scene.to());
    }
    fs::remove_dir(at).unwrap();
    make_symlink("../to", scene.from().join("link")).unwrap();
    directory(scene.place().dir(), "to");
    let error = failed(&going_on().symlinks(Symlinks::Follow), &scene.from(), &scene.to());
    let told = |failure: &CopyError| matches!(failure, CopyError::IntoItself { source, .. } if source.ends_with("link"));
    assert!(error.failures.iter().any(told), "{error:?}");
    assert!(!scene.to().join("link/many").exists());
}

/// The followed link leads to what holds both: there the source is met again, and the copy under its staging name.
#[test]
fn a_followed_link_to_what_holds_both_ends_with_clear_failures() {
    let test = "a_followed_link_to_what_holds_both_ends_with_clear_failures";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    file(&scene.from(), "file", 1, 5000);
    file(scene.place().dir(), "beside/file", 2, 5000);
    make_symlink("..", scene.from().join("up")).unwrap();
    for &placement in Placement::ALL {
        let options = going_on_placed(placement).symlinks(Symlinks::Follow);
        let error = failed(&options, &scene.from(), &scene.to());
        let is_clear =
            |failure: &CopyError| matches!(failure, CopyError::IntoItself { .. } | CopyError::Loop { .. });
        assert!(error.failures.iter().all(is_clear), "{error:?}");
        let copy = Tree::of(&scene.to());
        copy.assert_no_staging();
        assert!(copy.iter().all(|(path, _)| path.components().count() <= 4), "{copy:?}");
        files::assert_same_content(&scene.from().join("file"), &scene.to().join("file"));
        trees::remove(&scene.to());
        files::assert_no_litter(scene.place().dir(), ["from", "beside"]);
    }
}
