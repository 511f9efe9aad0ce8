//! `orbit -R`: where a tree goes, and what is refused.

#[path = "trees/ended.rs"]
mod ended;
#[path = "trees/flags.rs"]
mod flags;
#[path = "trees/settings.rs"]
mod settings;
#[path = "trees/told.rs"]
mod told;

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use orbit_tests::files;
use serde_json::Value;

use crate::scene::{Scene, one_object, text};

/// What lies below `src`, as [`below`] tells it.
const ALL: [&str; 6] = ["empty/", "one", "sub/", "sub/deep/", "sub/deep/three", "sub/two.log"];

const FILES: [&str; 3] = ["one", "sub/deep/three", "sub/two.log"];

/// A scene with a tree `src` beside the file `a`.
fn grown() -> Scene {
    let scene = Scene::new(10);
    for directory in ["src/empty", "src/sub/deep"] {
        fs::create_dir_all(scene.path(directory)).expect("a directory is made");
    }
    for (name, size) in FILES.into_iter().zip([5000, 0, 70_000]) {
        files::create(&scene.path("src").join(name), size, size);
    }
    scene
}

/// Every path below the directory, sorted; a directory has a slash at its end.
#[track_caller]
pub(crate) fn below(directory: &Path) -> Vec<String> {
    let mut paths = Vec::new();
    for name in files::list(directory) {
        let name = name.to_str().expect("the name is text");
        let path = directory.join(name);
        if path.symlink_metadata().expect("it is there").is_dir() {
            paths.push(format!("{name}/"));
            paths.extend(below(&path).into_iter().map(|below| format!("{name}/{below}")));
        } else {
            paths.push(name.to_owned());
        }
    }
    paths.sort();
    paths
}

/// `dst` is the tree, and nothing but that.
#[track_caller]
fn assert_tree(scene: &Scene, dst: &str) {
    assert_eq!(below(&scene.path(dst)), ALL);
    for name in FILES {
        files::assert_same_content(&scene.path("src").join(name), &scene.path(dst).join(name));
    }
}

/// The report of a copy of `src` to `dst` that succeeds.
#[track_caller]
fn copied(scene: &Scene, arguments: &[&str]) -> Value {
    one_object(&scene.quietly(&[&["-R", "--json"], arguments, &["src", "dst"]].concat()))
}

#[test]
fn dst_names_the_copy_whether_it_exists_or_not() {
    let scene = grown();
    for flag in ["-R", "--recursive", "-R"] {
        assert_eq!(scene.quietly(&[flag, "src", "dst"]), "");
        assert_tree(&scene, "dst");
    }
    scene.quietly(&["-R", "-s", "src", "-d", "other"]);
    assert_tree(&scene, "other");
    scene.assert_only(&["a", "src", "dst", "other"]);
}

#[test]
fn what_stands_in_dst_alone_stays() {
    let scene = grown();
    fs::create_dir_all(scene.path("dst/sub")).unwrap();
    for name in ["dst/old", "dst/sub/old", "dst/one"] {
        fs::write(scene.path(name), "old").unwrap();
    }
    scene.quietly(&["-R", "src", "dst"]);
    for name in ["dst/old", "dst/sub/old"] {
        assert_eq!(fs::read(scene.path(name)).unwrap(), b"old");
        fs::remove_file(scene.path(name)).unwrap();
    }
    assert_tree(&scene, "dst");
}

#[test]
fn a_slash_at_the_end_changes_nothing() {
    let scene = grown();
    for (src, dst) in
        [("src/", "dst"), ("src", "dst/"), ("src/", "dst/"), ("./src//", "./dst//"), ("src/.", "dst")]
    {
        for _ in ["to a new directory", "to one that exists"] {
            scene.quietly(&["-R", src, dst]);
            assert_tree(&scene, "dst");
        }
        fs::remove_dir_all(scene.path("dst")).unwrap();
    }
    scene.assert_only(&["a", "src"]);
}

#[test]
fn src_may_be_a_link() {
    let scene = grown();
    symlink("src", scene.path("link")).unwrap();
    for src in ["link", "link/"] {
        scene.quietly(&["-R", src, "dst"]);
        assert_tree(&scene, "dst");
        fs::remove_dir_all(scene.path("dst")).unwrap();
    }
}

#[test]
fn a_file_is_copied_as_one() {
    let scene = grown();
    scene.quietly(&["-R", "a", "b"]);
    scene.assert_copied();
    scene.quietly(&["-R", "a", "src/empty"]);
    files::assert_same_content(&scene.path("a"), &scene.path("src/empty/a"));
    for flag in [
        &["--symlinks", "skip"][..],
        &["--overwrite", "always"],
        &["--exclude", "x"],
        &["--include", "x"],
        &["--keep-going"],
    ] {
        let error = scene.fails(2, &[&["-R"], flag, &["a", "b"]].concat());
        let told = format!("a is no directory, and {} speaks of trees; leave it out\n", flag[0]);
        assert!(error.ends_with(&told), "{error}");
        assert!(scene.fails(1, &[&["-R"], flag, &["none", "b"]].concat()).contains("cannot open none"));
    }
    assert_eq!(one_object(&scene.quietly(&["-R", "--json", "a", "b"]))["schema"], "orbit.copy/1");
}

#[test]
fn what_is_missing_is_a_tree_that_was_not_copied() {
    let scene = grown();
    let finished = scene.run(&["-R", "--json", "none", "dst"]);
    assert_eq!(finished.status.code(), Some(1));
    let report = one_object(&text(&finished));
    assert_eq!((&report["schema"], &report["status"]), (&"orbit.tree/1".into(), &"failed".into()));
    assert_eq!((&report["failures"][0]["path"], &report["files"]), (&"none".into(), &0.into()));
    scene.assert_only(&["a", "src"]);
}

#[test]
fn a_directory_is_copied_only_when_it_is_said() {
    let scene = grown();
    let error = scene.fails(1, &["src", "dst"]);
    assert!(error.contains("it is a directory") && error.ends_with("; -R copies directories\n"), "{error}");
    scene.assert_only(&["a", "src"]);
}

#[test]
fn flags_that_speak_of_trees_need_it_to_be_said() {
    let scene = grown();
    for flag in [
        &["--symlinks", "skip"][..],
        &["--overwrite=never"],
        &["--exclude", "x"],
        &["--include", "x"],
        &["--keep-going"],
    ] {
        let error = scene.fails(2, &[flag, &["src", "dst"]].concat());
        let (name, _) = flag[0].split_once('=').unwrap_or((flag[0], ""));
        assert!(error.contains(&format!("'{name}' speaks of trees and needs '--recursive'")), "{error}");
        scene.quietly(&[&["-R"], flag, &["src/empty", "dst"]].concat());
    }
}

#[test]
fn hard_links_stay_hard_links() {
    let scene = grown();
    fs::hard_link(scene.path("src/one"), scene.path("src/sub/again")).unwrap();
    let report = copied(&scene, &[]);
    assert_eq!((&report["files"], &report["hard_links"]), (&3.into(), &1.into()));
    let inode = |name: &str| fs::metadata(scene.path(name)).unwrap().ino();
    assert_eq!(inode("dst/one"), inode("dst/sub/again"));
}

#[test]
fn a_missing_parent_of_dst_is_told() {
    let scene = grown();
    let error = scene.fails(1, &["-R", "src", "no/such/dst"]);
    assert!(error.ends_with("make the directory first: mkdir -p no/such\n"), "{error}");
    scene.assert_only(&["a", "src"]);
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_written() {
    let scene = grown();
    fs::write(scene.path("file"), "old").unwrap();
    symlink("src", scene.path("link")).unwrap();
    symlink("none", scene.path("dangling")).unwrap();
    for (src, dst, reason) in [
        ("src", "src", "are the same file"),
        ("link", "src/", "are the same file"),
        ("src", "src/sub/new", "into itself, to src/sub/new; name a DST outside of SRC"),
        ("link", "src/new", "into itself"),
        ("src", "file", "cannot copy a directory to file: there is a regular file; move it away first"),
        ("src", "file/", "cannot copy a directory to file: there is a regular file; move it away first"),
        ("src", "dangling", "cannot replace dangling: it is a symbolic link"),
        ("src", "dangling/", "cannot replace dangling: it is a symbolic link"),
    ] {
        let error = scene.fails(1, &["-R", src, dst]);
        assert!(error.contains(reason) && error.lines().count() == 1, "{src} {dst}: {error}");
        assert!(!error.contains("--keep-going"), "{error}");
        assert_eq!(below(&scene.path("src")), ALL);
        scene.assert_only(&["a", "src", "file", "link", "dangling"]);
    }
    assert_eq!(fs::read(scene.path("file")).unwrap(), b"old");
}
