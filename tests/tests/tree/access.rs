//! Another user than root: what may not be read is named, the rest arrives, and read-only directories are no obstacle.

use std::os::unix::fs::chown;
use std::path::Path;

use orbit_tests::lab::FileSystem;
use orbit_tests::nobody::{NOBODY, as_nobody};
use orbit_tests::skip::{Skip, unless_skipped};
use orbit_tests::trees::{self, Aspect, Tree};
use orbit_tests::{files, subprocess};

use super::copy_tree_once::{TreeReport, copy_tree_once};
use super::scene::{FILE_SYSTEMS, Scene, directory, file, files_in, set_mode};

/// Everything below belongs to nobody, who is to copy it to beside it.
fn give(scene: &Scene) {
    set_mode(scene.place().dir(), 0o777);
    let paths: Vec<_> = Tree::of(&scene.from()).iter().map(|(path, _)| scene.from().join(path)).collect();
    for path in paths {
        std::os::unix::fs::lchown(path, Some(NOBODY), Some(NOBODY)).expect("give a file away as root");
    }
}

fn scene(test: &str, file_system: FileSystem) -> Option<Scene> {
    if !rustix::process::geteuid().is_root() {
        Skip::because("needs root: files of two users are made").report(test);
        return None;
    }
    let scene = Scene::on(test, file_system)?;
    files_in(&scene.from(), "open", 20, 3000);
    file(&scene.from(), "open/inner/file", 1, 5000);
    Some(scene)
}

#[track_caller]
fn copy_as_nobody(test: &str, options: &[&str], source: &Path, copy: &Path) -> Option<TreeReport> {
    let child = unless_skipped(test, as_nobody(&copy_tree_once(options, source, copy)))?;
    Some(TreeReport::whatever(subprocess::run(child)))
}

/// What nobody may not read, of the kinds that there are.
fn close_some(scene: &Scene) -> [&'static str; 4] {
    let root = scene.from();
    files_in(&root, "closed", 3, 100);
    files_in(&root, "unsearchable", 3, 100);
    files_in(&root, "unlistable", 3, 100);
    set_mode(&file(&root, "open/secret", 7, 100), 0o600);
    give(scene);
    for (path, mode) in [("closed", 0o700), ("unsearchable", 0o744), ("unlistable", 0o711)] {
        chown(root.join(path), Some(0), Some(0)).expect("take a directory back");
        set_mode(&root.join(path), mode);
    }
    chown(root.join("open/secret"), Some(0), Some(0)).expect("take a file back");
    ["closed", "unsearchable", "unlistable", "open/secret"]
}

#[test]
fn what_may_not_be_read_is_named_and_the_rest_arrives() {
    let test = "what_may_not_be_read_is_named_and_the_rest_arrives";
    for file_system in FILE_SYSTEMS {
        let Some(scene) = scene(test, file_system) else { continue };
        let closed = close_some(&scene);
        for placement in ["staged", "in-place", "resumable"] {
            let options = ["--on-error", "continue", "--placement", placement];
            let Some(report) = copy_as_nobody(test, &options, &scene.from(), &scene.to()) else { return };
            for path in closed {
                let full = format!("{:?}", scene.from().join(path)).trim_matches('"').to_owned();
                report.assert_failure(&[&full, "code: 13"]);
            }
            // One for each, and for the directory that can be listed one for each file in it.
            assert!(report.failures().len() <= 3 + 3, "{:#?}", report.failures());
            let found = Tree::of(&scene.to());
            found.assert_no_staging();
            assert_eq!(found.count(trees::Entry::is_file), 21);
            trees::assert_same(
                &scene.from().join("open/inner"),
                &scene.to().join("open/inner"),
                Aspect::Content,
            );
            assert!(found.get("open/secret").is_none());
            trees::remove(&scene.to());
        }
    }
}

#[test]
fn the_first_that_may_not_be_read_ends_the_copy_where_that_is_wanted() {
    let test = "the_first_that_may_not_be_read_ends_the_copy_where_that_is_wanted";
    let Some(scene) = scene(test, FileSystem::Ext4) else { return };
    close_some(&scene);
    let Some(report) = copy_as_nobody(test, &[], &scene.from(), &scene.to()) else { return };
    report.assert_failure(&["code: 13"]);
    let (from, to) = (Tree::of(&scene.from()), Tree::of(&scene.to()));
    to.assert_no_staging();
    for (path, entry) in to.iter().filter(|(_, entry)| entry.is_file()) {
        assert_eq!(Some(&entry.kind), from.get(path).map(|entry| &entry.kind), "{path:?} is not whole");
    }
}

/// The source's root itself.
#[test]
fn a_root_that_may_not_be_read_is_an_error_and_makes_nothing() {
    let test = "a_root_that_may_not_be_read_is_an_error_and_makes_nothing";
    let Some(scene) = scene(test, FileSystem::Ext4) else { return };
    set_mode(scene.place().dir(), 0o777);
    set_mode(&scene.from(), 0o700);
    let Some(report) = copy_as_nobody(test, &[], &scene.from(), &scene.to()) else { return };
    report.assert_failure(&["from\"", "code: 13"]);
    files::assert_no_litter(scene.place().dir(), ["from"]);
}

#[test]
fn a_place_that_may_not_be_written_to_is_an_error() {
    let test = "a_place_that_may_not_be_written_to_is_an_error";
    let Some(scene) = scene(test, FileSystem::Ext4) else { return };
    give(&scene);
    set_mode(scene.place().dir(), 0o755);
    for placement in ["staged", "in-place", "resumable"] {
        let options = ["--placement", placement];
        let Some(report) = copy_as_nobody(test, &options, &scene.from(), &scene.to()) else { return };
        report.assert_failure(&["to\"", "code: 13"]);
        files::assert_no_litter(scene.place().dir(), ["from"]);
    }
    // Within a tree that may be written to, only what lies there fails.
    files_in(scene.place().dir(), "to/open", 1, 10);
    set_mode(&scene.to(), 0o777);
    file(&scene.from(), "other", 5, 5000);
    give(&scene);
    set_mode(scene.place().dir(), 0o755);
    let report = copy_as_nobody(test, &["--on-error", "continue"], &scene.from(), &scene.to()).unwrap();
    report.assert_failure(&["to/open", "code: 13"]);
    files::assert_same_content(&scene.from().join("other"), &scene.to().join("other"));
    Tree::of(&scene.to()).assert_no_staging();
}

/// Nobody but root could write into the copy of such a directory once it has its mode.
#[test]
fn read_only_directories_arrive_with_what_is_in_them() {
    let test = "read_only_directories_arrive_with_what_is_in_them";
    for file_system in FILE_SYSTEMS {
        let Some(scene) = scene(test, file_system) else { continue };
        files_in(&scene.from(), "readonly/inner/last", 10, 2000);
        directory(&scene.from(), "readonly/empty");
        give(&scene);
        for (path, mode) in [
            ("readonly/inner/last", 0o555),
            ("readonly/inner", 0o500),
            ("readonly/empty", 0o555),
            ("readonly", 0o555),
        ] {
            set_mode(&scene.from().join(path), mode);
        }
        set_mode(&scene.from(), 0o555);
        for placement in ["staged", "in-place", "resumable"] {
            for preserve in ["false", "true"] {
                let options = ["--placement", placement, "--preserve", preserve, "--workers", "4"];
                let report = copy_as_nobody(test, &options, &scene.from(), &scene.to());
                let Some(report) = report else { return };
                assert!(report.failures().is_empty(), "{file_system}, {placement}: {report:?}");
                trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
                // Into the copy, which is as read-only as the source: with nothing to write, and with everything.
                for overwrite in ["never", "always"] {
                    let options = [&options[..], &["--overwrite", overwrite]].concat();
                    let again = copy_as_nobody(test, &options, &scene.from(), &scene.to()).unwrap();
                    assert!(again.failures().is_empty(), "{file_system}, {placement}: {again:?}");
                    trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
                }
                trees::remove(&scene.to());
            }
        }
    }
}

/// A read-only directory that an ended copy left is filled by the next one, and keeps its mode; one of somebody else is not.
#[test]
fn read_only_directories_that_are_there_are_filled() {
    let test = "read_only_directories_that_are_there_are_filled";
    let Some(scene) = scene(test, FileSystem::Ext4) else { return };
    files_in(&scene.from(), "readonly/inner", 10, 2000);
    give(&scene);
    for preserve in ["false", "true"] {
        let [readonly, inner] = ["readonly", "readonly/inner"].map(|path| directory(&scene.to(), path));
        for path in [&scene.to(), &readonly, &inner] {
            chown(path, Some(NOBODY), Some(NOBODY)).expect("give a directory away as root");
        }
        set_mode(&readonly, 0o2511);
        set_mode(&inner, 0o555);
        let options = ["--preserve", preserve];
        let Some(report) = copy_as_nobody(test, &options, &scene.from(), &scene.to()) else { return };
        assert!(report.failures().is_empty(), "{report:?}");
        let copy = Tree::of(&scene.to());
        let mode = |path: &str| copy.get(path).expect("it was there").metadata.mode;
        let expected = if preserve == "true" { (0o755, 0o755) } else { (0o2511, 0o555) };
        assert_eq!((mode("readonly"), mode("readonly/inner")), expected);
        assert_eq!(copy.count(trees::Entry::is_file), Tree::of(&scene.from()).count(trees::Entry::is_file));
        trees::remove(&scene.to());
    }
    let readonly = directory(&scene.to(), "readonly");
    set_mode(&readonly, 0o555);
    chown(scene.to(), Some(NOBODY), Some(NOBODY)).expect("give a directory away as root");
    let report = copy_as_nobody(test, &["--on-error", "continue"], &scene.from(), &scene.to()).unwrap();
    report.assert_failure(&["to/readonly/inner", "code: 13"]);
    assert_eq!(Tree::of(&scene.to()).get("readonly").expect("it was there").metadata.mode, 0o555);
}

/// Nobody owns what root made; that it cannot be kept is told once, with the number of entries.
#[test]
fn owners_that_cannot_be_kept_are_told_once() {
    let test = "owners_that_cannot_be_kept_are_told_once";
    let Some(scene) = scene(test, FileSystem::Ext4) else { return };
    set_mode(scene.place().dir(), 0o777);
    let Some(report) = copy_as_nobody(test, &["--preserve", "true"], &scene.from(), &scene.to()) else {
        return;
    };
    assert!(report.failures().is_empty(), "{report:?}");
    let entries = Tree::of(&scene.from()).count(|_| true);
    assert_eq!(report.all("not_preserved"), [format!("owner {entries}")]);
}
