//! Metadata: what is kept when asked, what is told when it cannot be, and that nothing comes along unasked.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use orbit_engine::{CopyOptions, Placement, Strategy};
use orbit_tests::faults::{self, Fault};
use orbit_tests::lab::{self, FileSystem};
use orbit_tests::metadata::{self, Metadata};
use orbit_tests::skip::{Skip, unless_skipped};
use orbit_tests::{files, subprocess, tool};
use rustix::io::Errno;

use super::copy_once::{Report, copy_once};
use super::{copied, copied_with};

const SIZE: u64 = 100_000;

const OWNER: (u32, u32) = (1234, 2345);

fn preserving(strategy: Strategy) -> CopyOptions {
    CopyOptions::new().strategy(strategy).preserve_metadata(true)
}

/// A file with one of everything, and what it has. Reading it changes the time of access: looked at before any copy.
fn source_with_everything(path: &Path) -> Result<Metadata, Skip> {
    files::create(path, 1, SIZE);
    metadata::set_owner(path, OWNER.0, OWNER.1)?;
    fs::set_permissions(path, Permissions::from_mode(0o4751)).expect("set the mode of a file of our own");
    metadata::set_xattr(path, "user.text", b"value")?;
    metadata::set_xattr(path, "user.empty", b"")?;
    metadata::set_xattr(path, "user.bytes", b"\0\xff\n")?;
    metadata::set_xattr(path, "user.long", &[b'x'; 2000])?;
    metadata::add_to_acl(path, "u:3456:r--")?;
    let (accessed, modified) = (Duration::new(1_000_000_000, 123_456_789), Duration::new(1_100_000_000, 1));
    metadata::set_times(path, UNIX_EPOCH + accessed, UNIX_EPOCH + modified);
    Ok(Metadata::of(path))
}

#[test]
fn everything_arrives_between_every_pair() {
    let test = "everything_arrives_between_every_pair";
    lab::for_each_pair(test, |from, to| {
        let (source, copy) = (from.join("source"), to.join("copy"));
        for &strategy in Strategy::ALL {
            let expected = match source_with_everything(&source) {
                Ok(expected) => expected,
                Err(skip) => return skip.report_on(test, from.file_system()),
            };
            let outcome = copied_with(&preserving(strategy), &source, &copy);
            // Before the copy is read, which changes its time of access.
            let found = Metadata::of(&copy);
            files::assert_same_content(&source, &copy);
            if to.file_system() != FileSystem::Workspace {
                assert!(outcome.not_preserved.is_empty(), "{strategy}: {outcome:?}");
                assert_eq!(found, expected, "{strategy}");
            }
            fs::remove_file(&copy).unwrap();
        }
    });
}

#[test]
fn everything_arrives_over_an_old_file_with_other_metadata() {
    let test = "everything_arrives_over_an_old_file_with_other_metadata";
    for file_system in [FileSystem::Ext4, FileSystem::Xfs, FileSystem::Btrfs, FileSystem::Tmpfs] {
        let Some(mounted) = unless_skipped(test, lab::mount(file_system)) else { continue };
        let (source, copy) = (mounted.dir().join("source"), mounted.dir().join("copy"));
        for placement in [Placement::Staged, Placement::InPlace] {
            let Some(expected) = unless_skipped(test, source_with_everything(&source)) else { break };
            files::create(&copy, 2, 2 * SIZE);
            unless_skipped(test, metadata::set_xattr(&copy, "user.old", b"old")).expect("as with the source");
            unless_skipped(test, metadata::set_owner(&copy, 77, 77)).expect("as with the source");
            copied_with(&preserving(Strategy::Auto).placement(placement), &source, &copy);
            let mut found = Metadata::of(&copy);
            // In place it is the old file, which may keep what the source has nothing to say about.
            if placement == Placement::InPlace {
                found.attributes.remove(std::ffi::OsStr::new("user.old"));
            }
            assert_eq!(found, expected, "{file_system}, {placement}");
        }
    }
}

#[test]
fn nothing_but_the_permissions_comes_unasked() {
    let test = "nothing_but_the_permissions_comes_unasked";
    lab::for_each_file_system(test, |place| {
        let (source, copy) = (place.join("source"), place.join("copy"));
        let expected = match source_with_everything(&source) {
            Ok(expected) => expected,
            Err(skip) => return skip.report_on(test, place.file_system()),
        };
        for &strategy in Strategy::ALL {
            copied(strategy, &source, &copy);
            let found = Metadata::of(&copy);
            assert_eq!(found.owner, (0, 0), "{strategy}");
            assert_eq!(found.mode & 0o7000, 0, "{strategy}");
            assert!(found.modified > expected.modified);
            assert!(found.attributes.keys().all(|name| !name.to_string_lossy().starts_with("user.")));
        }
    });
}

/// An attribute that the destination cannot have is told, and the copy succeeds.
#[test]
fn what_cannot_be_kept_is_told() {
    let test = "what_cannot_be_kept_is_told";
    let Some(ext4) = unless_skipped(test, lab::mount(FileSystem::Ext4)) else { return };
    let Some(liar) = unless_skipped(test, lab::fuse::mount()) else { return };
    let source = ext4.dir().join("source");
    let Some(expected) = unless_skipped(test, source_with_everything(&source)) else { return };
    let copy = liar.dir().join("copy");
    let outcome = copied_with(&preserving(Strategy::Auto), &source, &copy);
    files::assert_same_content(&source, &copy);
    let told = format!("{:?}", outcome.not_preserved);
    for name in expected.attributes.keys() {
        assert!(told.contains(&*name.to_string_lossy()), "{} is not in {told}", name.display());
    }
    let found = Metadata::of(&copy);
    assert_eq!((found.owner, found.modified), (expected.owner, expected.modified));
}

/// A program must not run as one who did not give it: without the owner, without the bit.
#[test]
fn set_user_id_survives_with_its_owner_only() {
    let test = "set_user_id_survives_with_its_owner_only";
    let Some(mounted) = unless_skipped(test, lab::mount(FileSystem::Ext4)) else { return };
    fs::set_permissions(mounted.dir(), Permissions::from_mode(0o777)).unwrap();
    let (source, copy) = (mounted.dir().join("source"), mounted.dir().join("copy"));
    files::create(&source, 1, SIZE);
    if unless_skipped(test, metadata::set_owner(&source, OWNER.0, OWNER.1)).is_none() {
        return;
    }
    fs::set_permissions(&source, Permissions::from_mode(0o6755)).unwrap();
    copied_with(&preserving(Strategy::Auto), &source, &copy);
    assert_eq!((Metadata::of(&copy).mode, Metadata::of(&copy).owner), (0o6755, OWNER));
    fs::remove_file(&copy).unwrap();
    let Some(mut setpriv) = unless_skipped(test, tool::find("setpriv")) else { return };
    setpriv.args(["--reuid=4321", "--regid=4321", "--clear-groups"]);
    let child = copy_once(&["--preserve", "true"], &source, &copy);
    let report = Report::of(subprocess::run(tool::wrap(setpriv, &child)));
    let found = Metadata::of(&copy);
    assert_eq!((found.mode, found.owner), (0o755, (4321, 4321)));
    assert!(!report.all("not_preserved").is_empty(), "the owner could not be set: {report:?}");
}

/// A directory hands its list on to what is made in it, which the source has allowed nobody.
#[test]
fn a_list_that_the_directory_hands_on_does_not_open_the_copy() {
    let test = "a_list_that_the_directory_hands_on_does_not_open_the_copy";
    for file_system in [FileSystem::Ext4, FileSystem::Xfs, FileSystem::Btrfs, FileSystem::Tmpfs] {
        let Some(mounted) = unless_skipped(test, lab::mount(file_system)) else { continue };
        let (source, folder) = (mounted.dir().join("source"), mounted.dir().join("folder"));
        files::create(&source, 1, SIZE);
        fs::set_permissions(&source, Permissions::from_mode(0o640)).unwrap();
        let expected = Metadata::of(&source);
        fs::create_dir(&folder).unwrap();
        if unless_skipped(test, metadata::add_to_acl(&folder, "d:u:3456:rwx")).is_none() {
            continue;
        }
        for placement in [Placement::Staged, Placement::InPlace] {
            for over in ["new", "old"] {
                let copy = folder.join(format!("{placement}-{over}"));
                if over == "old" {
                    files::create(&copy, 2, SIZE);
                }
                copied_with(&preserving(Strategy::Auto).placement(placement), &source, &copy);
                let found = Metadata::of(&copy);
                assert_eq!((found.mode, found.attributes), (0o640, expected.attributes.clone()), "{copy:?}");
            }
        }
    }
}

/// The group bits of a source with a list are the most that anybody on it may do: without it they are not the group's.
#[test]
fn a_list_that_is_lost_does_not_open_the_copy_to_its_group() {
    let test = "a_list_that_is_lost_does_not_open_the_copy_to_its_group";
    let Some(ext4) = unless_skipped(test, lab::mount(FileSystem::Ext4)) else { return };
    let (source, copy) = (ext4.dir().join("source"), ext4.dir().join("copy"));
    files::create(&source, 1, SIZE);
    fs::set_permissions(&source, Permissions::from_mode(0o600)).unwrap();
    if unless_skipped(test, metadata::add_to_acl(&source, "u:3456:rw-")).is_none() {
        return;
    }
    assert_eq!(Metadata::of(&source).mode, 0o660);
    for call in ["fsetxattr", "fgetxattr"] {
        let fault = Fault::error(call, Errno::PERM).and_later();
        let child = copy_once(&["--preserve", "true"], &source, &copy);
        let Some(finished) = unless_skipped(test, faults::inject(&child, &fault)) else { return };
        let report = Report::of(finished);
        assert!(report.get("not_preserved").contains("posix_acl_access"), "{report:?}");
        assert_eq!(Metadata::of(&copy).mode, 0o600, "{call}");
    }
}

/// Until it has its owner and its list, nobody else may look.
#[test]
fn while_metadata_is_set_the_staging_file_is_closed_to_others() {
    let test = "while_metadata_is_set_the_staging_file_is_closed_to_others";
    let Some(ext4) = unless_skipped(test, lab::mount(FileSystem::Ext4)) else { return };
    let (source, folder) = (ext4.dir().join("source"), ext4.dir().join("folder"));
    files::create(&source, 1, SIZE);
    fs::set_permissions(&source, Permissions::from_mode(0o666)).unwrap();
    fs::create_dir(&folder).unwrap();
    files::create(&folder.join("copy"), 2, SIZE);
    let child = copy_once(&["--preserve", "true"], &source, &folder.join("copy"));
    let Some(killed) = unless_skipped(test, faults::inject(&child, &Fault::kill("fchmod"))) else { return };
    assert!(!killed.status.success());
    let staging = files::list(&folder).into_iter().find(|name| name != "copy").expect("a staging file");
    assert_eq!(Metadata::of(&folder.join(staging)).mode, 0o600);
}
