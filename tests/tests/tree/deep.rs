//! Trees deeper than any path: three thousand levels, and names so long that a few of them are too much.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use orbit_engine::{CopyError, CopyOptions, FileKind, Placement, Symlinks, TreeOptions, Verification};
use orbit_tests::lab::FileSystem;
use orbit_tests::limits::{Limit, with_limits};
use orbit_tests::skip::unless_skipped;
use orbit_tests::trees::{self, Aspect, Tree};
use orbit_tests::{files, subprocess};
use rustix::fs::{Mode, OFlags, mkdirat, openat, symlinkat};

use super::copy_tree_once::{TreeReport, copy_tree_once};
use super::scene::{FILE_SYSTEMS, Scene};
use super::{copied, failure, placed, plain};

/// As deep as the issue asks for.
const DEPTH: usize = 3000;

/// The longest path that a call takes.
const PATH_MAX: usize = 4096;

/// A chain of directories with a file and a link in its last one and in every hundredth.
fn plant(root: &Path, names: &[String]) {
    std::fs::remove_dir(root).expect("the empty source");
    trees::make_chain(root, names);
    for level in (0..names.len()).step_by(100).chain([names.len()]) {
        let directory = trees::open_chain(root, &names[..level]);
        write(&directory, "file", &files::content(level as u64, 3000));
        symlinkat("file", &directory, "link").expect("a link at any depth");
    }
}

fn write(directory: impl AsFd, name: &str, content: &[u8]) {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
    let file = openat(directory, name, flags, Mode::from_raw_mode(0o644)).expect("a file at any depth");
    File::from(file).write_all(content).expect("write a file of our own");
}

fn narrow() -> Vec<String> {
    (0..DEPTH).map(|level| format!("{}", level % 10)).collect()
}

/// A hundred and twenty levels of the longest names.
fn long() -> Vec<String> {
    (0..120).map(|level| format!("{level:0>255}")).collect()
}

fn deep_path(root: &Path, names: &[String], last: &str) -> PathBuf {
    names.iter().fold(root.to_owned(), |path, name| path.join(name)).join(last)
}

#[test]
fn three_thousand_levels_arrive() {
    let test = "three_thousand_levels_arrive";
    for file_system in FILE_SYSTEMS {
        let Some(scene) = Scene::on(test, file_system) else { continue };
        plant(&scene.from(), &narrow());
        for &placement in Placement::ALL {
            for _ in 0..2 {
                let outcome = copied(&placed(placement), &scene.from(), &scene.to());
                assert_eq!(outcome.directories + outcome.merged, DEPTH as u64 + 1);
            }
            trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
            trees::remove(&scene.to());
            files::assert_no_litter(scene.place().dir(), ["from"]);
        }
    }
}

#[test]
fn paths_far_beyond_the_longest_arrive_with_everything() {
    let test = "paths_far_beyond_the_longest_arrive_with_everything";
    for file_system in FILE_SYSTEMS {
        let Some(scene) = Scene::on(test, file_system) else { continue };
        plant(&scene.from(), &long());
        let each = CopyOptions::new().preserve_metadata(true).verification(Verification::Sha256);
        for &placement in Placement::ALL {
            let options = TreeOptions::new(each.clone().placement(placement));
            let outcome = copied(&options, &scene.from(), &scene.to());
            assert_eq!(outcome.verified, outcome.files);
            trees::assert_same(&scene.from(), &scene.to(), Aspect::Everything);
            trees::remove(&scene.to());
        }
        let followed = copied(&plain().symlinks(Symlinks::Follow), &scene.from(), &scene.to());
        assert_eq!((followed.symlinks, followed.files), (0, 6));
    }
}

/// The whole path, which no call would take.
#[test]
fn a_failure_at_the_end_is_named_in_full() {
    let test = "a_failure_at_the_end_is_named_in_full";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    for names in [narrow(), long()] {
        plant(&scene.from(), &names);
        mkdirat(trees::make_chain(&scene.to(), &names), "file", Mode::RWXU).unwrap();
        let error = failure(&super::going_on(), &scene.from(), &scene.to());
        let expected = deep_path(&scene.to(), &names, "file");
        assert!(expected.as_os_str().len() > PATH_MAX);
        let CopyError::DestinationNotRegular { path, kind } = &error else { panic!("{error:?}") };
        assert!(*path == expected && *kind == FileKind::Directory, "{} bytes", path.as_os_str().len());
        trees::remove(&scene.to());
        trees::remove(&scene.from());
        std::fs::create_dir(scene.from()).unwrap();
    }
}

#[test]
fn few_descriptors_suffice_for_any_depth() {
    let test = "few_descriptors_suffice_for_any_depth";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    plant(&scene.from(), &narrow());
    for placement in ["staged", "in-place", "resumable"] {
        let options = ["--placement", placement, "--workers", "16", "--preserve", "true"];
        let child = copy_tree_once(&options, &scene.from(), &scene.to());
        let Some(child) = unless_skipped(test, with_limits(&child, &[Limit::OpenFiles(32)])) else { return };
        TreeReport::of(subprocess::run(child));
        trees::assert_same(&scene.from(), &scene.to(), Aspect::Everything);
        trees::remove(&scene.to());
    }
}

/// A whole subtree that is met deep in the tree is merged, filtered and counted as one near the root.
#[test]
fn what_lies_deep_is_filtered_and_counted() {
    let test = "what_lies_deep_is_filtered_and_counted";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    plant(&scene.from(), &narrow());
    let all = copied(&plain().dry_run(true), &scene.from(), &scene.to());
    assert!(!scene.to().exists());
    let filter =
        |path: &Path, kind: FileKind| kind != FileKind::Directory || path.components().count() <= 2500;
    let options = plain().filter(std::sync::Arc::new(filter));
    let some = copied(&options, &scene.from(), &scene.to());
    assert_eq!((all.directories, all.files, all.symlinks), (DEPTH as u64 + 1, 31, 31));
    assert_eq!((some.directories, some.files, some.filtered), (2501, 26, 1));
    assert_eq!(Tree::of(&scene.to()).count(trees::Entry::is_file), 26);
}
