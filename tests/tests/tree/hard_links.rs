//! Hard links: the names of one file are names of one file in the copy too, whatever was there before.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use orbit_engine::{
    CopyError, CopyOptions, FileKind, OnError, Overwrite, Placement, Symlinks, TreeObserver, TreeOptions,
    TreeProgress, Verification,
};
use orbit_tests::files;
use orbit_tests::lab::FileSystem;
use orbit_tests::trees::{self, Aspect, Tree};

use super::scene::{FILE_SYSTEMS, Scene, directory, file, files_in, hard_link, symlink};
use super::{copied, failed, placed, plain};

/// Two files with three names each, one large, one that has a name elsewhere, and some with one name.
fn plant(scene: &Scene) {
    let root = scene.from();
    file(&root, "a/one", 1, 6 << 20);
    directory(&root, "b/c");
    hard_link(&root, "a/two", "a/one");
    hard_link(&root, "b/c/three", "a/one");
    file(&root, "small", 2, 500);
    hard_link(&root, "b/small", "small");
    hard_link(&root, "a/small", "small");
    fs::hard_link(file(&root, "b/elsewhere", 3, 4000), scene.path("name")).expect("a name outside the tree");
    files_in(&root, "single", 10, 3000);
}

#[test]
fn names_of_one_file_stay_names_of_one_file() {
    let test = "names_of_one_file_stay_names_of_one_file";
    for file_system in FILE_SYSTEMS {
        let Some(scene) = Scene::on(test, file_system) else { continue };
        plant(&scene);
        for &placement in Placement::ALL {
            for workers in [1, 8] {
                let options = placed(placement).workers(workers);
                let outcome = copied(&options, &scene.from(), &scene.to());
                assert_eq!((outcome.files, outcome.hard_links), (13, 4), "{placement}");
                assert_eq!(outcome.bytes, (6 << 20) + 500 + 4000 + 30_000);
                trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
                let again = copied(&options, &scene.from(), &scene.to());
                assert_eq!(again.files + again.kept + again.hard_links, 17, "{again:?}");
                trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
                trees::remove(&scene.to());
            }
        }
    }
}

/// What is there are other files under some of the names, and links between the wrong ones.
#[test]
fn merged_they_are_what_the_source_has() {
    let test = "merged_they_are_what_the_source_has";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    plant(&scene);
    for placement in [Placement::Staged, Placement::Resumable] {
        let to = scene.to();
        file(&to, "a/two", 10, 100);
        file(&to, "b/c/three", 11, 100);
        hard_link(&to, "small", "a/two");
        file(&to, "single/0", 12, 100);
        hard_link(&to, "single/1", "single/0");
        copied(&placed(placement), &scene.from(), &to);
        trees::assert_same(&scene.from(), &to, Aspect::Content);
        trees::remove(&to);
    }
}

#[test]
fn names_that_are_kept_stay_what_they_are() {
    let test = "names_that_are_kept_stay_what_they_are";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    plant(&scene);
    file(&scene.to(), "a/two", 10, 100);
    let outcome = copied(&plain().overwrite(Overwrite::Never), &scene.from(), &scene.to());
    assert_eq!((outcome.kept, outcome.files, outcome.hard_links), (1, 13, 3), "{outcome:?}");
    assert!(fs::read(scene.to().join("a/two")).unwrap() == files::content(10, 100));
    let number = |path: &str| fs::metadata(scene.to().join(path)).unwrap().ino();
    assert_eq!(number("a/one"), number("b/c/three"));
    files::assert_same_content(&scene.from().join("a/one"), &scene.to().join("a/one"));
}

/// The first name cannot be had; the others are a file of their own.
#[test]
fn where_one_name_fails_the_others_arrive() {
    let test = "where_one_name_fails_the_others_arrive";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    plant(&scene);
    for name in ["a/one", "a/two", "b/c/three"] {
        for &placement in Placement::ALL {
            directory(&scene.to(), name);
            let options = placed(placement).on_error(OnError::Continue);
            let error = failed(&options, &scene.from(), &scene.to());
            let [CopyError::DestinationNotRegular { path, kind }] = &error.failures[..] else {
                panic!("{error:?}")
            };
            assert_eq!((path, *kind), (&scene.to().join(name), FileKind::Directory));
            for other in ["a/one", "a/two", "b/c/three"].into_iter().filter(|other| *other != name) {
                files::assert_same_content(&scene.from().join(other), &scene.to().join(other));
            }
            Tree::of(&scene.to()).assert_no_staging();
            trees::remove(&scene.to());
        }
    }
}

#[test]
fn names_that_are_left_out_are_no_loss_to_the_others() {
    let test = "names_that_are_left_out_are_no_loss_to_the_others";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    plant(&scene);
    let filter = |path: &std::path::Path, _: FileKind| !path.ends_with("one") && !path.ends_with("two");
    let outcome = copied(&plain().filter(Arc::new(filter)), &scene.from(), &scene.to());
    assert_eq!((outcome.filtered, outcome.hard_links), (2, 2), "{outcome:?}");
    files::assert_same_content(&scene.from().join("a/one"), &scene.to().join("b/c/three"));
}

/// Proven once, under whichever name.
#[test]
fn verified_they_are_proven_once() {
    let test = "verified_they_are_proven_once";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    plant(&scene);
    let options = TreeOptions::new(CopyOptions::new().verification(Verification::Compare));
    let outcome = copied(&options, &scene.from(), &scene.to());
    assert_eq!((outcome.verified, outcome.files), (13, 13));
}

/// A thousand names in as many directories, by many workers at once: one file.
#[test]
fn many_names_at_once_are_one_file() {
    let test = "many_names_at_once_are_one_file";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    file(&scene.from(), "first", 1, 300_000);
    for index in 0..1000 {
        directory(&scene.from(), &format!("folder{}/{index}", index % 7));
        hard_link(&scene.from(), &format!("folder{}/{index}/name", index % 7), "first");
    }
    for placement in [Placement::Staged, Placement::InPlace] {
        for _ in 0..2 {
            let outcome = copied(&placed(placement).workers(8), &scene.from(), &scene.to());
            assert_eq!((outcome.files, outcome.hard_links, outcome.bytes), (1, 1000, 300_000));
            assert_eq!(fs::metadata(scene.to().join("first")).unwrap().nlink(), 1001);
        }
        files::assert_same_content(&scene.from().join("first"), &scene.to().join("first"));
        trees::remove(&scene.to());
    }
}

/// Whoever copies the first name does the others in the end, in the middle of files that it has read and not written yet.
/// A name that has become a small file of its own meanwhile must not come between.
#[test]
fn a_name_that_became_another_file_disturbs_no_other() {
    /// Gives the waiting name to another file while the first one is copied.
    struct Replace(std::path::PathBuf, std::sync::Once);
    impl TreeObserver for Replace {
        fn progress(&self, progress: TreeProgress) {
            if progress.bytes >= 8 << 20 {
                self.1.call_once(|| {
                    std::thread::sleep(std::time::Duration::from_millis(100));
                    fs::rename(self.0.join("other"), self.0.join("from/sub/name")).expect("it is replaced");
                });
            }
        }
    }
    let test = "a_name_that_became_another_file_disturbs_no_other";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    for round in 0..4 {
        // What is made first is listed last, and is another worker's.
        directory(&scene.from(), "sub");
        files_in(&scene.from(), "", 400, 3000);
        file(&scene.from(), "large", round, 96 << 20);
        for index in 0..60 {
            file(&scene.from(), &format!("z{index}"), 900 + index, 3000);
        }
        hard_link(&scene.from(), "sub/name", "large");
        file(scene.place().dir(), "other", 7777, 2700);
        let observer = Replace(scene.place().dir().to_owned(), std::sync::Once::new());
        let options = plain().on_error(OnError::Continue).workers(2).observer(Arc::new(observer));
        let _ = super::result(&options, &scene.from(), &scene.to());
        let (from, to) = (Tree::of(&scene.from()), Tree::of(&scene.to()));
        for (path, entry) in to.iter() {
            let is_large = path.ends_with("large") || path.ends_with("name");
            assert!(is_large || entry.kind == from.get(path).unwrap().kind, "{path:?} has another's content");
        }
        trees::remove(&scene.from());
        trees::remove(&scene.to());
    }
}

/// Directories get their names while files in others are linked to what is in them.
#[test]
fn names_in_many_directories_that_are_made_at_once_are_kept() {
    let test = "names_in_many_directories_that_are_made_at_once_are_kept";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    for index in 0..1500 {
        file(&scene.from(), &format!("a{index}/file"), index, 100);
        directory(&scene.from(), &format!("b{index}"));
        hard_link(&scene.from(), &format!("b{index}/file"), &format!("a{index}/file"));
    }
    for _ in 0..3 {
        directory(scene.place().dir(), "to");
        let outcome = copied(&plain().workers(4), &scene.from(), &scene.to());
        assert_eq!((outcome.files, outcome.hard_links), (1500, 1500));
        trees::remove(&scene.to());
    }
}

/// Where links are followed nobody knows how many names a file has.
#[test]
fn names_stay_together_where_links_are_followed() {
    let test = "names_stay_together_where_links_are_followed";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    for (link, other) in [("0", "z"), ("z", "0")] {
        file(&scene.from(), "a", 1, 3000);
        hard_link(&scene.from(), "b", "a");
        directory(&scene.from(), "deep");
        symlink(&scene.from(), link, "a");
        symlink(&scene.from(), &format!("deep/{other}"), "../a");
        copied(&plain().symlinks(Symlinks::Follow).workers(1), &scene.from(), &scene.to());
        let inode = |name: &str| fs::metadata(scene.to().join(name)).unwrap().ino();
        assert_eq!(inode("a"), inode("b"));
        trees::remove(&scene.from());
        trees::remove(&scene.to());
    }
}

/// A file system that was filled by a program that shares what is equal, or by one that keeps hard links of symbolic links.
#[test]
fn what_is_kept_may_have_one_number_under_several_names() {
    let test = "what_is_kept_may_have_one_number_under_several_names";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    for name in ["one", "two", "three"] {
        file(&scene.from(), name, 1, 3000);
        symlink(&scene.from(), &format!("{name}-link"), "one");
    }
    let options = || placed(Placement::Resumable);
    copied(&options(), &scene.from(), &scene.to());
    for name in ["two", "three", "two-link", "three-link"] {
        let first = if name.ends_with("-link") { "one-link" } else { "one" };
        let time = fs::metadata(scene.to().join("one")).unwrap().modified().unwrap();
        fs::remove_file(scene.to().join(name)).unwrap();
        fs::hard_link(scene.to().join(first), scene.to().join(name)).unwrap();
        let source = fs::File::options().write(true).open(scene.from().join(name.trim_end_matches("-link")));
        source.unwrap().set_modified(time).unwrap();
    }
    let outcome = copied(&options(), &scene.from(), &scene.to());
    assert_eq!(outcome.kept, 6, "{outcome:?}");
    let (from, to) = (Tree::of(&scene.from()), Tree::of(&scene.to()));
    assert!(from.iter().all(|(path, entry)| to.get(path).is_some_and(|there| there.kind == entry.kind)));
}

/// What is written in place under one name changes under the others: the second source is told, wherever it is.
#[test]
fn names_of_one_file_that_stand_in_two_directories_are_not_written_twice_in_place() {
    let test = "names_of_one_file_that_stand_in_two_directories_are_not_written_twice_in_place";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    for (index, name) in ["x/a", "y/b"].into_iter().enumerate() {
        file(&scene.from(), name, index as u64, 3000);
    }
    file(&scene.to(), "x/a", 9, 5000);
    directory(&scene.to(), "y");
    hard_link(&scene.to(), "y/b", "x/a");
    let options = placed(Placement::InPlace).on_error(OnError::Continue);
    let error = failed(&options, &scene.from(), &scene.to());
    assert!(matches!(&error.failures[..], [CopyError::NameTaken { .. }]), "{error:?}");
    copied(&plain(), &scene.from(), &scene.to());
    trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
}
