//! What is synced in a tree, how often, and in which order.

use orbit_tests::calls::{self, Counted};
use orbit_tests::lab::FileSystem;
use orbit_tests::skip::unless_skipped;
use orbit_tests::trees::{self, Aspect};

use super::copy_tree_once::{TreeReport, copy_tree_once};
use super::scene::{Scene, directory, files_in, symlink};

/// Of the tree below: three in one, two in another, and the root with an empty one.
const FILES: usize = 5;

const DIRECTORIES: usize = 4;

fn scene(test: &str, file_system: FileSystem) -> Option<Scene> {
    let scene = Scene::on(test, file_system)?;
    files_in(&scene.from(), "three", 3, 5000);
    files_in(&scene.from(), "three/two", 2, 5000);
    directory(&scene.from(), "empty");
    symlink(&scene.from(), "link", "three");
    Some(scene)
}

/// `sync` and `rename`, one word for each such call between the marks, in order.
fn syncs_and_renames(counted: &Counted) -> Vec<&'static str> {
    let word = |name: &str| match name {
        "fsync" | "fdatasync" | "syncfs" | "sync" | "sync_file_range" => Some("sync"),
        name if name.starts_with("rename") => Some("rename"),
        _ => None,
    };
    counted.names().filter_map(word).collect()
}

#[track_caller]
fn counted(test: &str, scene: &Scene, placement: &str, level: &str) -> Option<Vec<&'static str>> {
    let options = ["--placement", placement, "--durability", level];
    let counted = calls::count(&copy_tree_once(&options, &scene.from(), &scene.to()));
    let counted = unless_skipped(test, counted)?;
    let words = syncs_and_renames(&counted);
    TreeReport::of(counted.finished);
    trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
    Some(words)
}

/// The root has its name when everything in it is on the disk, and then its parent is synced.
#[test]
fn a_new_tree_is_synced_as_its_level_promises() {
    let test = "a_new_tree_is_synced_as_its_level_promises";
    for file_system in [FileSystem::Ext4, FileSystem::Xfs] {
        let Some(scene) = scene(test, file_system) else { continue };
        for (level, before, after) in
            [("none", 0, 0), ("file", FILES, 0), ("file-and-directory", FILES + DIRECTORIES, 1)]
        {
            let Some(words) = counted(test, &scene, "staged", level) else { return };
            let expected = [vec!["sync"; before], vec!["rename"], vec!["sync"; after]].concat();
            assert_eq!(words, expected, "{level} on {file_system}");
            trees::remove(&scene.to());
        }
    }
}

#[test]
fn in_place_and_resumable_everything_is_synced_too() {
    let test = "in_place_and_resumable_everything_is_synced_too";
    let Some(scene) = scene(test, FileSystem::Ext4) else { return };
    let syncs = |placement: &str, level: &str| {
        let words = counted(test, &scene, placement, level);
        trees::remove(&scene.to());
        words.map(|words| words.into_iter().filter(|word| *word == "sync").count())
    };
    for placement in ["in-place", "resumable"] {
        let Some(none) = syncs(placement, "none") else { return };
        let file = syncs(placement, "file").unwrap();
        let all = syncs(placement, "file-and-directory").unwrap();
        assert_eq!((none, file), (0, FILES), "{placement}");
        assert_eq!(all, FILES + DIRECTORIES + 1, "{placement}: its parent has a new name in it");
    }
}

/// Each directory that was there is synced behind the last name that it got, once and not for each file.
#[test]
fn into_an_old_tree_each_file_and_once_each_directory_is_synced() {
    let test = "into_an_old_tree_each_file_and_once_each_directory_is_synced";
    let Some(scene) = scene(test, FileSystem::Ext4) else { return };
    counted(test, &scene, "staged", "none");
    for (level, least, most) in
        [("none", 0, 0), ("file", FILES, FILES), ("file-and-directory", FILES + 3, FILES + DIRECTORIES + 1)]
    {
        let Some(words) = counted(test, &scene, "staged", level) else { return };
        let syncs = words.iter().filter(|word| **word == "sync").count();
        assert!((least..=most).contains(&syncs), "{level}: {words:?}");
        if level == "file-and-directory" {
            assert_eq!(words.last(), Some(&"sync"), "behind the last rename: {words:?}");
        }
    }
}
