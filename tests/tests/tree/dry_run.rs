//! A dry run changes nothing and counts what the copy then does.

use std::fs;
use std::os::unix::fs::symlink as make_symlink;

use orbit_engine::{
    Compression, CopyOptions, OnError, Overwrite, Placement, Symlinks, TreeOptions, TreeOutcome, ZstdLevel,
};
use orbit_tests::lab::FileSystem;
use orbit_tests::trees::{self, Aspect, Tree};

use super::scene::{Scene, directory, fifo, file, hard_link, plant};
use super::{paths_of, result};

/// What both runs count, other than what only a copy knows.
fn counted(outcome: &TreeOutcome) -> [u64; 11] {
    [
        outcome.files,
        outcome.bytes,
        outcome.directories,
        outcome.merged,
        outcome.symlinks,
        outcome.hard_links,
        outcome.special,
        outcome.kept,
        outcome.kept_bytes,
        outcome.filtered,
        outcome.skipped_symlinks,
    ]
}

/// Something of everything, and some of it at the destination.
fn scene(test: &str, merged: bool) -> Option<Scene> {
    let scene = Scene::on(test, FileSystem::Ext4)?;
    plant(&scene.from());
    fifo(&scene.from(), "pipe");
    hard_link(&scene.from(), "folder/pipe", "pipe");
    if merged {
        file(&scene.to(), "many/0", 5, 20);
        file(&scene.to(), "folder/same", 5, 30);
        file(&scene.to(), "foreign", 6, 30);
        directory(&scene.to(), "folder/inner");
        make_symlink("elsewhere", scene.to().join("nowhere")).expect("a link");
    }
    Some(scene)
}

fn ways() -> Vec<(&'static str, TreeOptions)> {
    let plain = TreeOptions::default;
    let each = CopyOptions::new;
    let filter = |path: &std::path::Path, _| !path.ends_with("many");
    vec![
        ("plain", plain()),
        ("never", plain().overwrite(Overwrite::Never)),
        ("newer", plain().overwrite(Overwrite::Newer)),
        ("skip", plain().symlinks(Symlinks::Skip)),
        ("filter", plain().filter(std::sync::Arc::new(filter))),
        ("preserve", TreeOptions::new(each().preserve_metadata(true))),
        ("in place", TreeOptions::new(each().placement(Placement::InPlace))),
        ("resumable", TreeOptions::new(each().placement(Placement::Resumable))),
        ("compress", TreeOptions::new(each().compression(Compression::Zstd(ZstdLevel::default())))),
        ("follow", plain().symlinks(Symlinks::Follow).on_error(OnError::Continue)),
    ]
}

/// Outcome and, sorted, what failures name.
fn told(options: &TreeOptions, scene: &Scene) -> (Box<TreeOutcome>, Vec<String>) {
    match result(options, &scene.from(), &scene.to()) {
        Ok(outcome) => (outcome.into(), Vec::new()),
        Err(error) => {
            let mut failed: Vec<_> =
                error.failures.iter().map(|failure| format!("{:?}", paths_of(failure))).collect();
            failed.sort();
            (error.outcome, failed)
        }
    }
}

#[test]
fn it_changes_nothing_and_counts_what_the_copy_does() {
    let test = "it_changes_nothing_and_counts_what_the_copy_does";
    for merged in [false, true] {
        for (way, options) in ways() {
            let Some(scene) = scene(test, merged) else { return };
            let before = Tree::of(scene.place().dir());
            let changed = fs::metadata(scene.place().dir()).unwrap().modified().unwrap();
            let (dry, dry_failures) = told(&options.clone().dry_run(true), &scene);
            before.assert_is(&Tree::of(scene.place().dir()), Aspect::Everything);
            assert_eq!(changed, fs::metadata(scene.place().dir()).unwrap().modified().unwrap());
            let (real, failures) = told(&options, &scene);
            assert_eq!(counted(&dry), counted(&real), "{way}, merged {merged}");
            let skipped = |outcome: &TreeOutcome| {
                let mut paths: Vec<_> =
                    outcome.skipped_special.iter().map(|skipped| skipped.path.clone()).collect();
                paths.sort();
                paths
            };
            assert_eq!(skipped(&dry), skipped(&real), "{way}");
            assert_eq!(dry_failures, failures, "{way}");
            assert!(dry.moved.is_empty() && dry.written_bytes == 0 && dry.data_bytes == 0, "{dry:?}");
        }
    }
}

/// What stands in the way is found without a copy, too.
#[test]
fn it_finds_what_stands_in_the_way() {
    let test = "it_finds_what_stands_in_the_way";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    plant(&scene.from());
    file(&scene.to(), "folder", 1, 10);
    directory(&scene.to(), "file3/inner");
    let options = TreeOptions::default().on_error(OnError::Continue);
    let (dry, dry_failures) = told(&options.clone().dry_run(true), &scene);
    assert_eq!(dry_failures.len(), 2, "{dry_failures:?}");
    let (real, failures) = told(&options, &scene);
    assert_eq!((counted(&dry), dry_failures), (counted(&real), failures));
    trees::remove(&scene.to());
}

/// What a second run would do is nothing where everything is kept.
#[test]
fn a_copy_that_is_done_has_nothing_left_to_do() {
    let test = "a_copy_that_is_done_has_nothing_left_to_do";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    plant(&scene.from());
    let options = TreeOptions::new(CopyOptions::new().placement(Placement::Resumable));
    let (real, _) = told(&options, &scene);
    let (dry, _) = told(&options.dry_run(true), &scene);
    assert_eq!((dry.files, dry.bytes), (0, 0), "{dry:?}");
    assert_eq!((dry.kept_bytes, dry.merged), (real.bytes, real.directories), "{dry:?}");
}
