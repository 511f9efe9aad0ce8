//! Named pipes, sockets and devices: made again with their metadata, else left out and told, and never read.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;

use orbit_engine::{CopyOptions, FileKind, Overwrite, Placement, Skipped, TreeOptions};
use orbit_tests::faults::{self, Attempt, Fault};
use orbit_tests::lab::FileSystem;
use orbit_tests::nobody::{NOBODY, as_nobody};
use orbit_tests::skip::{Skip, unless_skipped};
use orbit_tests::trees::{self, Aspect, Kind, Tree};
use orbit_tests::{files, metadata, subprocess};
use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
use rustix::io::Errno;

use super::copy_tree_once::{TreeReport, copy_tree_once};
use super::scene::{FILE_SYSTEMS, Scene, directory, fifo, file, set_mode};
use super::{copied, failure, placed};

/// The number of a device that this machine has not, near the largest that XFS takes.
const DEVICE: (u32, u32) = (500, 70_000);

fn device(scene: &Scene, name: &str, kind: FileType) {
    let number = makedev(DEVICE.0, DEVICE.1);
    let mode = Mode::from_raw_mode(0o620);
    mknodat(CWD, scene.from().join(name), kind, mode, number).expect("a device, as root");
}

/// A pipe, a socket and, as root, two devices among files. Nothing, reported, for others.
fn scene(test: &str, file_system: FileSystem) -> Option<Scene> {
    if !rustix::process::geteuid().is_root() {
        Skip::because("needs root: devices are made").report(test);
        return None;
    }
    let scene = Scene::on(test, file_system)?;
    file(&scene.from(), "folder/file", 1, 5000);
    fifo(&scene.from(), "folder/pipe");
    // A path to a socket is short.
    let short = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(scene.from(), short.path().join("s")).expect("a link");
    drop(UnixListener::bind(short.path().join("s/folder/socket")).expect("a socket"));
    device(&scene, "folder/characters", FileType::CharacterDevice);
    device(&scene, "folder/blocks", FileType::BlockDevice);
    metadata::set_owner(&scene.from().join("folder/file"), 12, 34).expect("as root");
    std::os::unix::fs::chown(scene.from().join("folder/pipe"), Some(56), Some(78)).expect("as root");
    Some(scene)
}

fn preserving(placement: Placement) -> TreeOptions {
    TreeOptions::new(CopyOptions::new().preserve_metadata(true).placement(placement))
}

#[test]
fn with_their_metadata_they_are_made_again() {
    let test = "with_their_metadata_they_are_made_again";
    for file_system in FILE_SYSTEMS {
        let Some(scene) = scene(test, file_system) else { continue };
        for &placement in Placement::ALL {
            for _ in 0..2 {
                let outcome = copied(&preserving(placement), &scene.from(), &scene.to());
                assert_eq!(outcome.special + outcome.files + outcome.kept, 5, "{outcome:?}");
                assert!(
                    outcome.skipped_special.is_empty() && outcome.not_preserved.is_empty(),
                    "{outcome:?}"
                );
                trees::assert_same(&scene.from(), &scene.to(), Aspect::Everything);
            }
            let copy = Tree::of(&scene.to());
            let number = makedev(DEVICE.0, DEVICE.1);
            assert_eq!(copy.get("folder/characters").unwrap().kind, Kind::CharacterDevice(number));
            assert_eq!(copy.get("folder/blocks").unwrap().kind, Kind::BlockDevice(number));
            trees::remove(&scene.to());
        }
    }
}

#[test]
fn without_they_are_left_out_and_told() {
    let test = "without_they_are_left_out_and_told";
    let Some(scene) = scene(test, FileSystem::Ext4) else { return };
    let skipped = |name: &str, kind| Skipped { path: scene.from().join("folder").join(name), kind };
    for &placement in Placement::ALL {
        let outcome = copied(&placed(placement), &scene.from(), &scene.to());
        let mut told = outcome.skipped_special;
        told.sort_by(|one, other| one.path.cmp(&other.path));
        let expected = [
            skipped("blocks", FileKind::Device),
            skipped("characters", FileKind::Device),
            skipped("pipe", FileKind::Fifo),
            skipped("socket", FileKind::Socket),
        ];
        assert_eq!((told.as_slice(), outcome.special), (&expected[..], 0));
        files::assert_no_litter(&scene.to().join("folder"), ["file"]);
        trees::remove(&scene.to());
    }
}

#[test]
fn names_of_one_pipe_are_one_pipe() {
    let test = "names_of_one_pipe_are_one_pipe";
    let Some(scene) = scene(test, FileSystem::Ext4) else { return };
    fs::hard_link(scene.from().join("folder/pipe"), scene.from().join("other")).unwrap();
    copied(&preserving(Placement::Staged), &scene.from(), &scene.to());
    trees::assert_same(&scene.from(), &scene.to(), Aspect::Everything);
}

/// Where a device may not be made, its failure names it, and what is no device is made.
#[test]
fn a_device_that_may_not_be_made_is_named() {
    let test = "a_device_that_may_not_be_made_is_named";
    let Some(scene) = scene(test, FileSystem::Ext4) else { return };
    set_mode(scene.place().dir(), 0o777);
    let options = ["--preserve", "true", "--on-error", "continue"];
    let child = as_nobody(&copy_tree_once(&options, &scene.from(), &scene.to()));
    let Some(child) = unless_skipped(test, child) else { return };
    let report = TreeReport::of_failed(subprocess::run(child));
    for name in ["characters", "blocks"] {
        report.assert_failure(&["CreateSpecial", &format!("to/folder/{name}"), "code: 1,"]);
    }
    assert_eq!((report.failures().len(), report.number("special")), (2, 2), "{report:?}");
    let copy = Tree::of(&scene.to());
    assert_eq!(copy.get("folder/pipe").unwrap().kind, Kind::Fifo);
    assert_eq!(copy.get("folder/pipe").unwrap().metadata.owner, (NOBODY, NOBODY));
}

/// What stands there goes by the same policy as files; a pipe there is never written to.
#[test]
fn what_stands_in_their_place_and_they_themselves_are_replaced_by_policy() {
    let test = "what_stands_in_their_place_and_they_themselves_are_replaced_by_policy";
    let Some(scene) = scene(test, FileSystem::Tmpfs) else { return };
    let swapped = || {
        file(&scene.to(), "folder/pipe", 9, 100);
        fifo(&directory(&scene.to(), "folder"), "file");
    };
    for &placement in Placement::ALL {
        swapped();
        let never = preserving(placement).overwrite(Overwrite::Never);
        let outcome = copied(&never, &scene.from(), &scene.to());
        assert_eq!(outcome.kept, 2, "{outcome:?}");
        let copy = Tree::of(&scene.to());
        assert_eq!(copy.get("folder/file").unwrap().kind, Kind::Fifo);
        assert!(copy.get("folder/pipe").unwrap().is_file());
        copied(&preserving(placement), &scene.from(), &scene.to());
        trees::assert_same(&scene.from(), &scene.to(), Aspect::Everything);
        trees::remove(&scene.to());
    }
}

#[test]
fn a_directory_in_the_place_of_a_pipe_is_refused() {
    let test = "a_directory_in_the_place_of_a_pipe_is_refused";
    let Some(scene) = scene(test, FileSystem::Tmpfs) else { return };
    directory(&scene.to(), "folder/pipe/inner");
    let error = failure(
        &preserving(Placement::Staged).on_error(orbit_engine::OnError::Continue),
        &scene.from(),
        &scene.to(),
    );
    let orbit_engine::CopyError::DestinationNotRegular { path, kind } = &error else { panic!("{error:?}") };
    assert_eq!((path, *kind), (&scene.to().join("folder/pipe"), FileKind::Directory));
}

/// An access control list is kept; where it cannot be, nobody gets more than it allows.
#[test]
fn their_access_control_lists_are_kept() {
    let test = "their_access_control_lists_are_kept";
    for file_system in [FileSystem::Ext4, FileSystem::Xfs, FileSystem::Btrfs] {
        let Some(scene) = scene(test, file_system) else { continue };
        let pipe = scene.from().join("folder/pipe");
        set_mode(&pipe, 0o600);
        if unless_skipped(test, metadata::add_to_acl(&pipe, "u:3456:rw,g::---,m::rw")).is_none() {
            continue;
        }
        copied(&preserving(Placement::Staged), &scene.from(), &scene.to());
        assert_eq!(metadata::acl(&scene.to().join("folder/pipe")).unwrap(), metadata::acl(&pipe).unwrap());
        trees::remove(&scene.to());
        let child = copy_tree_once(&["--preserve", "true"], &scene.from(), &scene.to());
        let Some(Attempt::Injected(finished)) =
            unless_skipped(test, faults::attempt(&child, &Fault::error("setxattr", Errno::NOTSUP).nth(1)))
        else {
            return;
        };
        let report = TreeReport::whatever(finished);
        assert_eq!(report.all("not_preserved"), ["extended attribute system.posix_acl_access 1"]);
        assert_eq!(fs::metadata(scene.to().join("folder/pipe")).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

/// In a user namespace that does not know the owner, the system calls it invalid.
#[test]
fn an_owner_that_cannot_be_is_told_as_that_of_files() {
    let test = "an_owner_that_cannot_be_is_told_as_that_of_files";
    let Some(scene) = scene(test, FileSystem::Tmpfs) else { return };
    std::os::unix::fs::symlink("file", scene.from().join("folder/link")).expect("a link");
    std::os::unix::fs::lchown(scene.from().join("folder/link"), Some(56), Some(78)).expect("as root");
    let child = copy_tree_once(&["--preserve", "true"], &scene.from(), &scene.to());
    let Some(Attempt::Injected(finished)) =
        unless_skipped(test, faults::attempt(&child, &Fault::error("fchownat", Errno::INVAL)))
    else {
        return;
    };
    let report = TreeReport::whatever(finished);
    assert!(report.failures().is_empty(), "{report:?}");
    // The first one of each thread.
    assert!(matches!(&report.all("not_preserved")[..], [owner] if owner.starts_with("owner ")), "{report:?}");
}
