//! What stands at the destination: replaced, kept, or replaced where it is older; never a directory by a file.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, symlink as make_symlink};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use orbit_engine::{CopyError, FileKind, OnError, Overwrite, Placement, TreeOutcome};
use orbit_tests::files;
use orbit_tests::lab::FileSystem;
use orbit_tests::metadata::set_times;
use orbit_tests::trees::{self, Aspect, Kind, Tree};
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};

use super::scene::{Scene, directory, file, files_in, set_mode, symlink};
use super::{copied, failure, placed, plain};

const SIZE: u64 = 5000;

/// When the file at the destination was modified, against the source.
fn at(nanoseconds: i64) -> SystemTime {
    let base = UNIX_EPOCH + Duration::new(1_000_000_000, 500_000_000);
    let distance = Duration::from_nanos(nanoseconds.unsigned_abs());
    if nanoseconds < 0 { base - distance } else { base + distance }
}

/// A file and a link in the source; others under these names at the destination, so much younger.
fn plant(scene: &Scene, younger: i64) {
    for (root, seed, time) in [(scene.from(), 1, at(0)), (scene.to(), 2, at(younger))] {
        let path = file(&root, "folder/file", seed, SIZE + seed);
        set_times(&path, time, time);
        let _ = fs::remove_file(root.join("link"));
        symlink(&root, "link", format!("target{seed}"));
        set_link_time(&root.join("link"), time);
        file(&scene.from(), "folder/new", 3, SIZE);
        let _ = fs::remove_file(scene.to().join("folder/new"));
    }
}

fn set_link_time(path: &Path, time: SystemTime) {
    let since = time.duration_since(UNIX_EPOCH).expect("after the epoch");
    let seconds = i64::try_from(since.as_secs()).expect("a time of our own");
    let time = Timespec { tv_sec: seconds, tv_nsec: since.subsec_nanos().into() };
    let times = Timestamps { last_access: time, last_modification: time };
    utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW).expect("set the times of a link");
}

/// Seed of what the file at the destination holds, and the target of the link.
#[track_caller]
fn found(scene: &Scene) -> (u64, String) {
    let content = fs::read(scene.to().join("folder/file")).expect("it is there");
    let seed = [1, 2].into_iter().find(|&seed| content == files::content(seed, SIZE + seed)).expect("whole");
    let target = fs::read_link(scene.to().join("link")).expect("it is a link");
    (seed, target.to_str().expect("a target of our own").to_owned())
}

#[track_caller]
fn assert_policy(scene: &Scene, placement: Placement, policy: Overwrite, younger: i64, replaced: bool) {
    plant(scene, younger);
    let outcome: TreeOutcome = copied(&placed(placement).overwrite(policy), &scene.from(), &scene.to());
    let seed = if replaced { 1 } else { 2 };
    assert_eq!(found(scene), (seed, format!("target{seed}")), "{placement}, {policy}, {younger}");
    let counted = (outcome.files, outcome.symlinks, outcome.kept, outcome.kept_bytes);
    let expected = if replaced { (2, 1, 0, 0) } else { (1, 0, 2, SIZE + 1) };
    assert_eq!(counted, expected, "{placement}, {policy}, {younger}");
    files::assert_same_content(&scene.from().join("folder/new"), &scene.to().join("folder/new"));
    Tree::of(&scene.to()).assert_no_staging();
}

#[test]
fn the_policy_decides_to_the_nanosecond() {
    let test = "the_policy_decides_to_the_nanosecond";
    for file_system in [FileSystem::Ext4, FileSystem::Xfs, FileSystem::Tmpfs] {
        let Some(scene) = Scene::on(test, file_system) else { continue };
        for placement in [Placement::Staged, Placement::InPlace] {
            for younger in [-1, 0, 1, -3_000_000_000, 3_000_000_000] {
                assert_policy(&scene, placement, Overwrite::Always, younger, true);
                assert_policy(&scene, placement, Overwrite::Never, younger, false);
                assert_policy(&scene, placement, Overwrite::Newer, younger, younger < 0);
            }
        }
    }
}

/// Kept means untouched: the inode, its times and its mode; and nothing is read of either.
#[test]
fn what_is_kept_is_not_touched() {
    let test = "what_is_kept_is_not_touched";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    for policy in [Overwrite::Never, Overwrite::Newer] {
        for &placement in Placement::ALL {
            plant(&scene, 5);
            set_mode(&scene.to().join("folder/file"), 0o640);
            let status = |path: &str| {
                let status = fs::symlink_metadata(scene.to().join(path)).unwrap();
                (status.ino(), status.mode(), status.ctime(), status.ctime_nsec(), status.mtime_nsec())
            };
            let before = ["folder/file", "link"].map(status);
            let outcome = copied(&placed(placement).overwrite(policy), &scene.from(), &scene.to());
            assert_eq!((["folder/file", "link"].map(status), outcome.bytes), (before, SIZE));
        }
    }
}

/// Not only the content changes: a file takes the place of a link, and a link that of a file.
#[test]
fn kinds_replace_each_other() {
    let test = "kinds_replace_each_other";
    let Some(scene) = Scene::on(test, FileSystem::Xfs) else { return };
    file(&scene.from(), "file", 1, SIZE);
    symlink(&scene.from(), "link", "file");
    for &placement in Placement::ALL {
        for (policy, kept) in [(Overwrite::Always, 0), (Overwrite::Never, 2)] {
            directory(&scene.to(), "");
            make_symlink("anywhere", scene.to().join("file")).unwrap();
            file(&scene.to(), "link", 2, 10);
            let outcome = copied(&placed(placement).overwrite(policy), &scene.from(), &scene.to());
            assert_eq!(outcome.kept, kept);
            if kept == 0 {
                trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
            } else {
                assert_eq!(Tree::of(&scene.to()).get("file").unwrap().kind, Kind::Symlink("anywhere".into()));
            }
            trees::remove(&scene.to());
        }
    }
}

/// What stands at the destination, by name, and how it is made.
type Case = (&'static str, fn(&Path));

/// A whole directory is never removed for a file or a link, nor a file for a directory, by any policy.
#[test]
fn directories_and_others_do_not_replace_each_other() {
    let test = "directories_and_others_do_not_replace_each_other";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    let cases: [Case; 3] = [
        ("file", |root| drop(file(root, "file", 1, SIZE))),
        ("link", |root| symlink(root, "link", "anywhere")),
        ("folder", |root| files_in(root, "folder", 3, 10)),
    ];
    for (name, plant) in cases {
        plant(&scene.from());
        files_in(&scene.from(), "rest", 3, 100);
        for &policy in Overwrite::ALL {
            for &placement in Placement::ALL {
                if name == "folder" {
                    file(&scene.to(), "folder", 9, 10);
                } else {
                    files_in(&scene.to(), name, 3, 10);
                }
                let before = Tree::of(&scene.to());
                let options = placed(placement).overwrite(policy).on_error(OnError::Continue);
                let error = failure(&options, &scene.from(), &scene.to());
                let told = match &error {
                    CopyError::DestinationNotDirectory { path, kind: FileKind::Regular }
                        if name == "folder" =>
                    {
                        path
                    }
                    CopyError::DestinationNotRegular { path, kind: FileKind::Directory }
                        if name != "folder" =>
                    {
                        path
                    }
                    _ => panic!("{name}, {policy}: {error:?}"),
                };
                assert_eq!(*told, scene.to().join(name));
                let after = Tree::of(&scene.to());
                let is_there = |path: &Path| {
                    after.get(path).is_some_and(|now| now.kind == before.get(path).unwrap().kind)
                };
                assert!(before.iter().all(|(path, _)| is_there(path)), "{name}, {policy}");
                assert_eq!(after.count(|_| true), before.count(|_| true) + 4);
                trees::remove(&scene.to());
            }
        }
        trees::remove(&scene.from());
        directory(&scene.from(), "");
    }
}

/// Staged, the old file stays whole until the new one has its name; in place it keeps its inode.
#[test]
fn the_placement_decides_whose_inode_it_is() {
    let test = "the_placement_decides_whose_inode_it_is";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    for (placement, same) in
        [(Placement::Staged, false), (Placement::Resumable, false), (Placement::InPlace, true)]
    {
        plant(&scene, 0);
        let path = scene.to().join("folder/file");
        let (before, open) = (fs::metadata(&path).unwrap().ino(), File::open(&path).unwrap());
        copied(&placed(placement), &scene.from(), &scene.to());
        assert_eq!(fs::metadata(&path).unwrap().ino() == before, same, "{placement}");
        assert_eq!(open.metadata().unwrap().nlink() == 1, same, "{placement}");
        assert_eq!(found(&scene).0, 1);
    }
}

/// A second copy by the default changes nothing that can be seen.
#[test]
fn a_second_copy_leaves_the_same_tree() {
    let test = "a_second_copy_leaves_the_same_tree";
    let Some(scene) = Scene::on(test, FileSystem::Btrfs) else { return };
    super::scene::plant(&scene.from());
    for &policy in Overwrite::ALL {
        for _ in 0..3 {
            copied(&plain().overwrite(policy), &scene.from(), &scene.to());
            trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
        }
    }
}
