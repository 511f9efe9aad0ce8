//! Few descriptors and many workers.

use std::os::unix::fs::symlink as make_symlink;

use orbit_tests::lab::{self, FileSystem};
use orbit_tests::limits::{Limit, with_limits};
use orbit_tests::skip::unless_skipped;
use orbit_tests::subprocess;
use orbit_tests::trees::{self, Aspect};

use super::copy_tree_once::{TreeReport, copy_tree_once};
use super::scene::{Scene, directory, file, files_in, plant};

/// Wide, deep, and with files that take a pipe each.
fn wide(test: &str) -> Option<Scene> {
    let scene = Scene::on(test, FileSystem::Ext4)?;
    plant(&scene.from());
    for index in 0..40 {
        files_in(&scene.from(), &format!("wide/{index}"), 20, 3000);
    }
    for index in 0..12 {
        file(&scene.from(), &format!("large/{index}"), index, 3 << 20);
    }
    directory(&scene.from(), &"deep/".repeat(200));
    Some(scene)
}

#[test]
fn thirty_two_descriptors_suffice_for_sixteen_workers() {
    let test = "thirty_two_descriptors_suffice_for_sixteen_workers";
    let Some(scene) = wide(test) else { return };
    let Some(elsewhere) = unless_skipped(test, lab::mount(FileSystem::Tmpfs)) else { return };
    for options in [
        &[][..],
        &["--strategy", "zero-copy"],
        &["--placement", "resumable", "--verify", "sha256"],
        &["--placement", "in-place", "--preserve", "true", "--durability", "file-and-directory"],
        &["--strategy", "buffered", "--io-uring", "true"],
        &["--count-ahead", "true"],
    ] {
        // To another file system each large file takes a pipe.
        for copy in [scene.to(), elsewhere.dir().join("to")] {
            let options = [&["--workers", "16"], options].concat();
            let child = copy_tree_once(&options, &scene.from(), &copy);
            let limited = with_limits(&child, &[Limit::OpenFiles(32)]);
            let Some(limited) = unless_skipped(test, limited) else { return };
            let report = TreeReport::of(subprocess::run(limited));
            assert!((1..=16).contains(&report.number("workers")), "{report:?}");
            trees::assert_same(&scene.from(), &copy, Aspect::Content);
            // Into what is there already, too.
            let again = with_limits(&child, &[Limit::OpenFiles(32)]).unwrap();
            TreeReport::of(subprocess::run(again));
            trees::assert_same(&scene.from(), &copy, Aspect::Content);
            trees::remove(&copy);
        }
    }
}

/// The longest chain of links to directories needs no more either.
#[test]
fn followed_links_need_no_more_descriptors() {
    let test = "followed_links_need_no_more_descriptors";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    for level in 0..60 {
        directory(scene.place().dir(), &format!("chain/{level}"));
        let next = scene.path("chain").join((level + 1).to_string());
        make_symlink(next, scene.path("chain").join(level.to_string()).join("next")).unwrap();
    }
    file(scene.place().dir(), "chain/60/file", 1, 5000);
    make_symlink("../chain/0", scene.from().join("first")).unwrap();
    let child = copy_tree_once(&["--workers", "16", "--symlinks", "follow"], &scene.from(), &scene.to());
    let Some(limited) = unless_skipped(test, with_limits(&child, &[Limit::OpenFiles(32)])) else { return };
    let report = TreeReport::of(subprocess::run(limited));
    assert_eq!((report.number("files"), report.number("directories")), (1, 62));
}

/// Too few end the copy with that reason or fewer workers do it: no copy hangs, and none leaves litter.
#[test]
fn with_ever_fewer_descriptors_a_copy_ends_well_or_fails_clearly() {
    let test = "with_ever_fewer_descriptors_a_copy_ends_well_or_fails_clearly";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    plant(&scene.from());
    for count in (4..32).rev() {
        let child = copy_tree_once(&["--workers", "4"], &scene.from(), &scene.to());
        let Some(limited) = unless_skipped(test, with_limits(&child, &[Limit::OpenFiles(count)])) else {
            return;
        };
        let report = TreeReport::whatever(subprocess::run(limited));
        println!("{count}: {report:?}");
        if report.failures().is_empty() {
            trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
        } else {
            assert!(count < 20, "{count} are too few: {report:?}");
            report.assert_failure(&["Too many open files"]);
        }
        trees::remove(&scene.to());
        orbit_tests::files::assert_no_litter(scene.place().dir(), ["from"]);
    }
}
