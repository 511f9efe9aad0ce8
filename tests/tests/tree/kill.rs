//! Signal 9 at many moments: no name has anything but what it should, and a later copy finishes the work.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use orbit_engine::{CopyOptions, Placement, TreeOptions};
use orbit_tests::faults::{self, Attempt, Fault};
use orbit_tests::files;
use orbit_tests::lab::FileSystem;
use orbit_tests::skip::unless_skipped;
use orbit_tests::trees::{self, Aspect, Tree, is_staging};

use super::copied;
use super::copy_tree_once::copy_tree_once;
use super::scene::{Scene, file, files_in, hard_link, symlink};

const MIB: u64 = 1 << 20;

/// So many copies are killed by time.
const ROUNDS: u32 = 25;

/// Files of all sizes that take half a second at the pace of [`paced`].
fn scene(test: &str, file_system: FileSystem) -> Option<Scene> {
    let scene = Scene::on(test, file_system)?;
    for folder in 0..8 {
        files_in(&scene.from(), &format!("small/{folder}"), 30, 3000);
        file(&scene.from(), &format!("middle/{folder}"), folder, MIB);
    }
    file(&scene.from(), "large", 9, 8 * MIB);
    symlink(&scene.from(), "link", "large");
    hard_link(&scene.from(), "small/large", "large");
    Some(scene)
}

fn paced(scene: &Scene, options: &[&str]) -> Command {
    let options = [&["--max-bandwidth", "32MiB/s", "--workers", "3"], options].concat();
    copy_tree_once(&options, &scene.from(), &scene.to())
}

/// Kills the copy after this time; says whether it had ended before.
fn killed_after(mut command: Command, time: Duration) -> bool {
    let mut child = command.stdout(Stdio::null()).spawn().expect("start a child");
    thread::sleep(time);
    let ended = child.try_wait().expect("wait for a child of our own").is_some_and(|status| status.success());
    if !ended {
        child.kill().expect("kill a child of our own");
    }
    child.wait().expect("wait for a child of our own");
    ended
}

fn moment() -> Duration {
    Duration::from_millis(fastrand::u64(5..700))
}

/// Removes what a staged copy that was killed left beside `from` and `to`, and says what it was.
fn clear_staging(scene: &Scene) -> Vec<PathBuf> {
    let names = files::list(scene.place().dir());
    let others: Vec<_> =
        names.iter().filter(|name| *name != "from" && *name != "to").map(PathBuf::from).collect();
    for name in &others {
        assert!(is_staging(name), "{name:?} is neither the copy nor a staging name");
        trees::remove(&scene.place().dir().join(name));
    }
    others
}

/// Under its name every file is whole, as `new` has it or as `old`.
#[track_caller]
fn assert_whole(copy: &Tree, new: &Tree, old: Option<&Tree>) {
    for (path, entry) in copy.iter().filter(|(path, entry)| entry.is_file() && !within_staging(path)) {
        let is = |tree: &Tree| tree.get(path).is_some_and(|whole| whole.kind == entry.kind);
        assert!(is(new) || old.is_some_and(is), "{} is torn", path.display());
    }
}

/// Whether some name on the way is a staging name.
fn within_staging(path: &Path) -> bool {
    path.ancestors().any(is_staging)
}

/// The new tree is there as a whole or not at all.
#[test]
fn a_new_tree_is_there_whole_or_not_at_all() {
    let test = "a_new_tree_is_there_whole_or_not_at_all";
    for file_system in [FileSystem::Ext4, FileSystem::Tmpfs] {
        let Some(scene) = scene(test, file_system) else { continue };
        let from = Tree::of(&scene.from());
        let mut seen = BTreeSet::new();
        for _ in 0..ROUNDS {
            let ended = killed_after(paced(&scene, &[]), moment());
            let left = clear_staging(&scene);
            assert!(left.len() <= 1 && (!ended || left.is_empty()), "{left:?}");
            if scene.to().exists() {
                from.assert_is(&Tree::of(&scene.to()), Aspect::Content);
                trees::remove(&scene.to());
            } else {
                assert!(!ended);
            }
            seen.insert(ended);
        }
        assert!(seen.contains(&false), "no copy was killed");
    }
}

/// At the calls around the rename, too.
#[test]
fn a_kill_at_any_call_leaves_the_new_tree_whole_or_absent() {
    let test = "a_kill_at_any_call_leaves_the_new_tree_whole_or_absent";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    files_in(&scene.from(), "folder/inner", 5, 3000);
    file(&scene.from(), "large", 1, 300_000);
    let from = Tree::of(&scene.from());
    let options = ["--workers", "2", "--durability", "file-and-directory", "--preserve", "true"];
    let mut seen = BTreeSet::new();
    for call in [
        "/^open",
        "/^mkdir",
        "/write",
        "/^fsync",
        "/^close",
        "/^fchmod",
        "/^rename",
        "/^utimens",
        "/^statx",
        "getdents64",
    ] {
        for nth in (1..30).chain([40, 70]) {
            let child = copy_tree_once(&options, &scene.from(), &scene.to());
            let Some(attempt) = unless_skipped(test, faults::attempt(&child, &Fault::kill(call).nth(nth)))
            else {
                return;
            };
            clear_staging(&scene);
            let is_there = scene.to().exists();
            if is_there {
                from.assert_is(&Tree::of(&scene.to()), Aspect::Everything);
                trees::remove(&scene.to());
            }
            match attempt {
                Attempt::Injected(finished) => seen.insert((finished.was_killed(), is_there)),
                Attempt::NothingInjected(finished) => {
                    finished.expect_success();
                    assert!(is_there);
                    break;
                }
            };
        }
    }
    // Whichever thread makes which of the calls above: behind the rename, the directory that it happened in is synced.
    let child = copy_tree_once(&options, &scene.from(), &scene.to());
    let synced = Fault::kill("fsync").on(scene.to().parent().expect("it is in a directory"));
    let Some(killed) = unless_skipped(test, faults::inject(&child, &synced)) else { return };
    seen.insert((killed.was_killed(), scene.to().exists()));
    from.assert_is(&Tree::of(&scene.to()), Aspect::Everything);
    assert!(
        seen.contains(&(true, false)) && seen.contains(&(true, true)),
        "both sides of the rename: {seen:?}"
    );
}

#[test]
fn over_an_old_tree_no_file_is_torn() {
    let test = "over_an_old_tree_no_file_is_torn";
    for file_system in [FileSystem::Xfs, FileSystem::Tmpfs] {
        let Some(scene) = scene(test, file_system) else { continue };
        let from = Tree::of(&scene.from());
        let plant_old = || {
            trees::remove(&scene.to());
            // The rest of the directories is new.
            files_in(&scene.to(), "small/0", 30, 2000);
            file(&scene.to(), "middle/0", 50, MIB / 2);
            file(&scene.to(), "large", 51, MIB);
        };
        for _ in 0..ROUNDS {
            plant_old();
            let old = Tree::of(&scene.to());
            killed_after(paced(&scene, &["--on-error", "continue"]), moment());
            let copy = Tree::of(&scene.to());
            assert_whole(&copy, &from, Some(&old));
            for folder in 1..8 {
                let new = scene.to().join(format!("small/{folder}"));
                if new.exists() {
                    trees::assert_same(&scene.from().join(format!("small/{folder}")), &new, Aspect::Content);
                }
            }
            assert!(old.iter().all(|(path, _)| copy.get(path).is_some()), "what was there is gone");
            assert!(clear_staging(&scene).is_empty());
        }
        copied(&TreeOptions::default(), &scene.from(), &scene.to());
        let is_litter = |path: &Path| within_staging(path);
        for (path, entry) in Tree::of(&scene.to()).iter().filter(|(path, _)| !is_litter(path)) {
            assert_eq!(entry.kind, from.get(path).unwrap().kind, "{path:?}");
        }
    }
}

/// Killed and started again until it is done: nothing that was finished is copied again, and nothing is left over.
#[test]
fn a_resumable_tree_is_finished_in_the_end_however_often_it_is_killed() {
    let test = "a_resumable_tree_is_finished_in_the_end_however_often_it_is_killed";
    for file_system in [FileSystem::Ext4, FileSystem::Btrfs] {
        let Some(scene) = scene(test, file_system) else { continue };
        let from = Tree::of(&scene.from());
        let (mut finished, mut kills) = (BTreeMap::new(), 0);
        loop {
            let time = Duration::from_millis(fastrand::u64(60..250));
            let ended = killed_after(paced(&scene, &["--placement", "resumable"]), time);
            let copy = if scene.to().exists() { Tree::of(&scene.to()) } else { continue };
            assert_whole(&copy, &from, None);
            for (path, inode) in &finished {
                let now = copy.get(path).map(|entry| entry.inode);
                assert_eq!(now.as_ref(), Some(inode), "{path:?} was copied again");
            }
            let is_finished = |path: &Path| !is_staging(path) && from.get(path).is_some();
            for (path, entry) in copy.iter().filter(|(path, entry)| entry.is_file() && is_finished(path)) {
                // Killed between its name and its time, a file is not known to be finished.
                if entry.metadata.modified == from.get(path).unwrap().metadata.modified {
                    finished.insert(path.to_owned(), entry.inode);
                }
            }
            if ended {
                break;
            }
            kills += 1;
            assert!(kills < 400, "it does not get any further");
        }
        assert!(kills > 1, "it was never killed");
        from.assert_is(&Tree::of(&scene.to()), Aspect::Content);
        let again = copied(
            &TreeOptions::new(CopyOptions::new().placement(Placement::Resumable)),
            &scene.from(),
            &scene.to(),
        );
        assert_eq!(again.files, 0, "{again:?}");
    }
}

/// In place a kill may tear what was under way, and the next copy mends it.
#[test]
fn in_place_the_next_copy_mends_what_was_torn() {
    let test = "in_place_the_next_copy_mends_what_was_torn";
    let Some(scene) = scene(test, FileSystem::Ext4) else { return };
    let from = Tree::of(&scene.from());
    for _ in 0..10 {
        killed_after(paced(&scene, &["--placement", "in-place"]), moment());
        files::assert_no_litter(
            scene.place().dir(),
            if scene.to().exists() { &["from", "to"][..] } else { &["from"] },
        );
        copied(
            &TreeOptions::new(CopyOptions::new().placement(Placement::InPlace)),
            &scene.from(),
            &scene.to(),
        );
        from.assert_is(&Tree::of(&scene.to()), Aspect::Content);
        trees::remove(&scene.to());
    }
}
