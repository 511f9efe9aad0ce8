//! Signal 9 at every system call of a copy: the old content, the new content or nothing, and never a torn file.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use orbit_engine::{CopyOptions, copy_file};
use orbit_tests::calls::{self, Counted};
use orbit_tests::faults::{self, Attempt, Fault};
use orbit_tests::files;
use orbit_tests::lab::FileSystem;
use orbit_tests::skip::{Skip, unless_skipped};

use super::{KIB, NEW, OLD, Scene};

const SIZE: u64 = 48 * KIB;

const CHUNK: u64 = 16 * KIB;

/// What stands at the destination after a kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    Old,
    New,
    Nothing,
}

#[track_caller]
fn found(scene: &Scene) -> Found {
    if !scene.destination().exists() {
        Found::Nothing
    } else if scene.is_at_destination(OLD) {
        Found::Old
    } else {
        assert!(scene.is_at_destination(NEW), "the destination is torn");
        Found::New
    }
}

/// Beside the destination lies at most one staging file, open to nobody to whom the source is closed.
#[track_caller]
fn assert_only_staging(scene: &Scene) {
    let names = files::list(&scene.to);
    let others: Vec<_> = names.iter().filter(|name| *name != "copy").collect();
    assert!(others.len() <= 1, "{others:?}");
    for name in others {
        assert!(name.as_encoded_bytes().starts_with(b".copy.orbit-"), "{name:?}");
        let mode = fs::metadata(scene.to.join(name)).expect("litter").permissions().mode() & 0o777;
        assert_eq!(mode & !0o640, 0, "{name:?} has mode {mode:o}");
    }
}

/// Kills at each call of this name from the mark on until there are no more; gives what was found.
fn kill_at_each(
    scene: &Scene,
    options: &[&str],
    over: Found,
    name: &str,
    counted: &Counted,
) -> Result<BTreeSet<Found>, Skip> {
    let mut seen = BTreeSet::new();
    let first = u16::try_from(counted.before.of(name)).expect("a short program") + 1;
    for nth in first.. {
        scene.reset();
        if over == Found::Nothing {
            fs::remove_file(scene.destination()).expect("remove the old destination");
        }
        match faults::attempt(&scene.command(options), &Fault::kill(name).nth(nth))? {
            Attempt::Injected(finished) => assert!(finished.was_killed(), "{finished:?}"),
            Attempt::NothingInjected(finished) => {
                finished.expect_success();
                scene.assert_copied();
                break;
            }
        }
        let found = found(scene);
        assert!(found == over || found == Found::New, "{found:?} after a kill at {name} {nth}");
        assert_only_staging(scene);
        seen.insert(found);
        copy_file(scene.source(), scene.destination(), &CopyOptions::new()).expect("a later copy");
        files::assert_same_content(&scene.source(), &scene.destination());
    }
    Ok(seen)
}

fn sweep(test: &str, scene: Result<Scene, Skip>, strategy: &str, over: Found) {
    sweep_with(test, scene, strategy, over, "false");
}

fn sweep_with(test: &str, scene: Result<Scene, Skip>, strategy: &str, over: Found, preserve: &str) {
    let Some(scene) = unless_skipped(test, scene) else { return };
    fs::set_permissions(scene.source(), fs::Permissions::from_mode(0o640))
        .expect("close the source to others");
    let tuned = scene.tuned(CHUNK);
    let options = [
        "--strategy",
        strategy,
        "--tuned",
        &tuned,
        "--durability",
        "file-and-directory",
        "--verify",
        "compare",
        "--preserve",
        preserve,
    ];
    if over == Found::Nothing {
        fs::remove_file(scene.destination()).expect("remove the old destination");
    }
    let Some(counted) = unless_skipped(test, calls::count(&scene.command(&options))) else { return };
    let names: BTreeSet<_> = counted.names().collect();
    let mut seen = BTreeSet::new();
    for name in names {
        let Some(found) = unless_skipped(test, kill_at_each(&scene, &options, over, name, &counted)) else {
            return;
        };
        seen.extend(found);
    }
    assert_eq!(seen, BTreeSet::from([over, Found::New]), "the sweep reached both sides of the rename");
}

#[test]
fn a_buffered_copy_over_an_old_file_is_never_torn() {
    let test = "a_buffered_copy_over_an_old_file_is_never_torn";
    sweep(test, Scene::on(FileSystem::Tmpfs, SIZE), "buffered", Found::Old);
}

#[test]
fn a_buffered_copy_to_a_new_file_is_never_torn() {
    let test = "a_buffered_copy_to_a_new_file_is_never_torn";
    sweep(test, Scene::on(FileSystem::Tmpfs, SIZE), "buffered", Found::Nothing);
}

#[test]
fn a_copy_in_the_kernel_over_an_old_file_is_never_torn() {
    let test = "a_copy_in_the_kernel_over_an_old_file_is_never_torn";
    sweep(test, Scene::on(FileSystem::Ext4, SIZE), "zero-copy", Found::Old);
}

#[test]
fn a_copy_in_the_kernel_to_a_new_file_is_never_torn() {
    let test = "a_copy_in_the_kernel_to_a_new_file_is_never_torn";
    sweep(test, Scene::on(FileSystem::Tmpfs, SIZE), "zero-copy", Found::Nothing);
}

#[test]
fn a_reflink_over_an_old_file_is_never_torn() {
    let test = "a_reflink_over_an_old_file_is_never_torn";
    sweep(test, Scene::on(FileSystem::Xfs, SIZE), "zero-copy", Found::Old);
}

#[test]
fn a_splice_over_an_old_file_is_never_torn() {
    let test = "a_splice_over_an_old_file_is_never_torn";
    sweep(test, Scene::across(SIZE), "zero-copy", Found::Old);
}

/// At no call is the staging file open to anybody to whom the source is closed.
#[test]
fn a_copy_with_its_metadata_is_never_torn() {
    let test = "a_copy_with_its_metadata_is_never_torn";
    sweep_with(test, Scene::on(FileSystem::Ext4, SIZE), "buffered", Found::Old, "true");
    sweep_with(test, Scene::on(FileSystem::Tmpfs, SIZE), "zero-copy", Found::Nothing, "true");
}

/// Where the file system can, a copy to a new name has no name until it is whole: nothing is left of it.
#[test]
fn a_killed_copy_to_a_new_name_leaves_nothing() {
    let test = "a_killed_copy_to_a_new_name_leaves_nothing";
    for file_system in [FileSystem::Ext4, FileSystem::Xfs, FileSystem::Btrfs, FileSystem::Tmpfs] {
        let Some(scene) = unless_skipped(test, Scene::on(file_system, SIZE)) else { continue };
        fs::remove_file(scene.destination()).expect("remove the old destination");
        let options = ["--strategy", "buffered"];
        for call in ["pwrite64", "linkat"] {
            let killed = faults::inject(&scene.command(&options), &Fault::kill(call));
            let Some(killed) = unless_skipped(test, killed) else { return };
            assert!(killed.was_killed(), "{killed:?}");
            files::assert_no_litter(&scene.to, [""; 0]);
        }
    }
}
