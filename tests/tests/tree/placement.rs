//! Under which names a tree is written: a new one under a staging name, which is renamed once; files in what was there
//! one by one; in place nothing is.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use orbit_engine::{CopyOptions, Placement, Rate, TreeObserver, TreeOptions, TreeProgress};
use orbit_tests::calls::{self, Counted};
use orbit_tests::files;
use orbit_tests::lab::{self, FileSystem};
use orbit_tests::skip::unless_skipped;
use orbit_tests::trees::{self, Aspect, Tree, is_staging};

use super::copy_tree_once::{TreeReport, copy_tree_once};
use super::scene::{FILE_SYSTEMS, Scene, directory, file, files_in, plant};
use super::{copied, result};

const MIB: u64 = 1 << 20;

/// The calls that give names that others had, as strace wrote them.
#[track_caller]
fn renamed(test: &str, options: &[&str], scene: &Scene) -> Option<Vec<String>> {
    let counted = unless_skipped(test, calls::count(&copy_tree_once(options, &scene.from(), &scene.to())))?;
    let Counted { lines, finished, .. } = counted;
    TreeReport::of(finished);
    trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
    let is_rename = |line: &String| line.starts_with("rename") || line.starts_with("linkat");
    Some(lines.into_iter().filter(is_rename).collect())
}

#[test]
fn a_new_tree_is_renamed_once() {
    let test = "a_new_tree_is_renamed_once";
    for file_system in FILE_SYSTEMS {
        let Some(scene) = Scene::on(test, file_system) else { continue };
        files_in(&scene.from(), "folder/inner", 20, 5000);
        files_in(&scene.from(), "other", 20, 0);
        file(&scene.from(), "large", 1, 3 * MIB);
        for workers in ["1", "4"] {
            let Some(renames) = renamed(test, &["--workers", workers], &scene) else { return };
            let [only] = &renames[..] else { panic!("{renames:?}") };
            assert!(only.contains("\".to.orbit-") && only.contains("\"to\""), "{only}");
            trees::remove(&scene.to());
        }
        let Some(renames) = renamed(test, &["--placement", "in-place"], &scene) else { return };
        assert!(renames.is_empty(), "{renames:?}");
    }
}

/// What is new in an old tree is renamed at its top, and each file in what is old.
#[test]
fn in_an_old_tree_the_new_tops_and_the_files_are_renamed() {
    let test = "in_an_old_tree_the_new_tops_and_the_files_are_renamed";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    files_in(&scene.from(), "old/new/inner", 10, 5000);
    files_in(&scene.from(), "new", 10, 5000);
    files_in(&scene.from(), "old", 3, 5000);
    files_in(&scene.to(), "old", 2, 100);
    let Some(renames) = renamed(test, &[], &scene) else { return };
    let named = |name: &str| renames.iter().filter(|line| line.contains(&format!("\"{name}\""))).count();
    assert_eq!((named("new"), named("inner"), named("0"), named("1")), (2, 0, 1, 1), "{renames:#?}");
    assert!(renames.len() <= 2 + 3, "{renames:#?}");
}

/// Looks at what there is whenever it is told of progress.
struct Looking {
    place: PathBuf,
    /// Whether `to` was there, and how many staging names were, at each look.
    seen: Mutex<Vec<(bool, usize)>>,
}

impl TreeObserver for Looking {
    fn progress(&self, progress: TreeProgress) {
        let names = files::list(&self.place);
        let staging = names.iter().filter(|name| is_staging(name.as_ref())).count();
        let is_there = names.iter().any(|name| name == "to");
        if progress.bytes > 0 {
            self.seen.lock().expect("no observer panics").push((is_there, staging));
        }
    }
}

#[test]
fn until_it_is_whole_a_new_tree_has_not_its_name() {
    let test = "until_it_is_whole_a_new_tree_has_not_its_name";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    file(&scene.from(), "folder/large", 1, 4 * MIB);
    files_in(&scene.from(), "small", 50, 3000);
    for (placement, under_its_name, staging) in
        [(Placement::Staged, false, 1), (Placement::InPlace, true, 0), (Placement::Resumable, true, 0)]
    {
        let looking = Arc::new(Looking { place: scene.place().dir().to_owned(), seen: Mutex::default() });
        let each = CopyOptions::new().placement(placement).max_bandwidth(Rate::new(8 * MIB));
        copied(&TreeOptions::new(each).observer(looking.clone()), &scene.from(), &scene.to());
        let seen = looking.seen.lock().unwrap().clone();
        assert!(seen.len() > 2, "{seen:?}");
        let during = &seen[..seen.len() - 1];
        assert!(during.iter().all(|seen| *seen == (under_its_name, staging)), "{placement}: {seen:?}");
        files::assert_no_litter(scene.place().dir(), ["from", "to"]);
        trees::remove(&scene.to());
    }
}

/// Makes something under the tree's name while the tree is staged.
struct Intruder(PathBuf);

impl TreeObserver for Intruder {
    fn progress(&self, progress: TreeProgress) {
        if progress.bytes > 0 && !self.0.exists() {
            files_in(&self.0, "foreign", 3, 100);
        }
    }
}

/// Another program was faster: what it made is neither replaced nor torn. The copy is whole beside it, and says where.
#[test]
fn what_takes_the_name_meanwhile_is_not_destroyed() {
    let test = "what_takes_the_name_meanwhile_is_not_destroyed";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    file(&scene.from(), "large", 1, 2 * MIB);
    files_in(&scene.from(), "small", 50, 3000);
    let each = CopyOptions::new().max_bandwidth(Rate::new(4 * MIB));
    let options = TreeOptions::new(each).observer(Arc::new(Intruder(scene.to())));
    let result = result(&options, &scene.from(), &scene.to());
    let copy = Tree::of(&scene.to());
    assert_eq!(copy.get("foreign/2").map(trees::Entry::size), Some(100), "{result:?}");
    let error = result.expect_err("its name is taken");
    super::assert_named(&error, &scene.to());
    let names = files::list(scene.place().dir());
    let beside =
        names.iter().find(|name| is_staging(name.as_ref())).expect("the copy under its staging name");
    let told = error.failures[0].to_string();
    assert!(told.contains(beside.to_str().unwrap()), "{told}");
    trees::assert_same(&scene.from(), &scene.place().dir().join(beside), Aspect::Content);
    files::assert_no_litter(scene.place().dir(), ["from".as_ref(), "to".as_ref(), beside.as_os_str()]);
}

/// Where names cannot be longer than the root's, the staging name is shorter.
#[test]
fn a_root_with_the_longest_name_is_staged() {
    let test = "a_root_with_the_longest_name_is_staged";
    let Some(scene) = Scene::on(test, FileSystem::Xfs) else { return };
    plant(&scene.from());
    let long = scene.path(&"x".repeat(255));
    let counted = calls::count(&copy_tree_once(&[], &scene.from(), &long));
    let Some(counted) = unless_skipped(test, counted) else { return };
    let staged =
        counted.lines.iter().filter(|line| line.starts_with("rename") && line.contains(".orbit-")).count();
    assert_eq!(staged, 1, "{:?}", counted.lines);
    TreeReport::of(counted.finished);
    trees::assert_same(&scene.from(), &long, Aspect::Content);
}

/// The destination's parent may be the root of a mounted file system.
#[test]
fn what_is_mounted_is_filled_as_an_old_tree() {
    let test = "what_is_mounted_is_filled_as_an_old_tree";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    let Some(other) = unless_skipped(test, lab::mount(FileSystem::Tmpfs)) else { return };
    plant(&scene.from());
    let at = directory(&scene.to(), "many");
    let mounted = directory(other.dir(), "mounted");
    let Some(bound) = unless_skipped(test, lab::bind(&mounted, &at)) else { return };
    for &placement in Placement::ALL {
        let options = TreeOptions::new(CopyOptions::new().placement(placement));
        copied(&options, &scene.from(), &scene.to());
        trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
        trees::assert_same(&scene.from().join("many"), &mounted, Aspect::Content);
    }
    drop(bound);
    assert!(fs::read_dir(&at).unwrap().next().is_none());
}

/// Roots of mounted file systems have one number, each on its device.
#[test]
fn several_may_be_mounted_in_an_old_tree() {
    let test = "several_may_be_mounted_in_an_old_tree";
    for file_system in [FileSystem::Tmpfs, FileSystem::Ext4, FileSystem::Btrfs] {
        let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
        plant(&scene.from().join("a"));
        plant(&scene.from().join("b"));
        let mounted =
            unless_skipped(test, lab::mount(file_system)).zip(unless_skipped(test, lab::mount(file_system)));
        let Some((one, other)) = mounted else { continue };
        let (a, b) = (directory(&scene.to(), "a"), directory(&scene.to(), "b"));
        let bound = unless_skipped(test, lab::bind(one.dir(), &a))
            .zip(unless_skipped(test, lab::bind(other.dir(), &b)));
        let Some(bound) = bound else { return };
        copied(&TreeOptions::default(), &scene.from(), &scene.to());
        for name in ["a", "b"] {
            let (from, to) = (Tree::of(&scene.from().join(name)), Tree::of(&scene.to().join(name)));
            assert!(
                from.iter().all(|(path, entry)| to.get(path).is_some_and(|there| there.kind == entry.kind))
            );
        }
        drop(bound);
    }
}
