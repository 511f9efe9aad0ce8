//! Each step of a copy that fails is reported, with its path, and changes nothing.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use orbit_tests::calls::{self, Counted};
use orbit_tests::faults::{self, Fault};
use orbit_tests::files;
use orbit_tests::lab::FileSystem;
use orbit_tests::skip::{Skip, unless_skipped};
use orbit_tests::subprocess::Finished;
use rustix::io::Errno;

use super::{KIB, NEW, Scene};

const SIZE: u64 = 100 * KIB;

const STRATEGIES: [&str; 2] = ["zero-copy", "buffered"];

/// The call to strike, counted from the start of the child: the last one between the marks that `is_it` accepts.
fn last(counted: &Counted, is_it: impl Fn(usize, &str) -> bool) -> (String, u16) {
    let index = (0..counted.lines.len()).rev().find(|&index| is_it(index, &counted.lines[index]));
    let index = index.unwrap_or_else(|| panic!("no such call in {:#?}", counted.lines));
    let names: Vec<_> = counted.names().collect();
    let name = names[index];
    let among = names[..=index].iter().filter(|other| **other == name).count() as u64;
    let nth = u16::try_from(counted.before.of(name) + among).expect("a short program");
    (name.to_owned(), nth)
}

/// Fails the call that `is_it` accepts, told from a copy without fault, and gives how the child ended.
fn strike(
    scene: &Scene,
    options: &[&str],
    errno: Errno,
    is_it: impl Fn(&Counted, usize, &str) -> bool,
) -> Result<Finished, Skip> {
    let counted = calls::count(&scene.command(options))?;
    assert!(counted.finished.status.success(), "{}", counted.finished.stderr);
    let (name, nth) = last(&counted, |index, line| is_it(&counted, index, line));
    scene.reset();
    faults::inject(&scene.command(options), &Fault::error(&name, errno).nth(nth))
}

/// The last one before the rename is that of the staging file.
fn is_close_of_staging(counted: &Counted, index: usize, line: &str) -> bool {
    let rename = counted.names().position(|name| name.starts_with("rename")).expect("a rename");
    index < rename && line.starts_with("close(")
}

#[track_caller]
fn assert_reported(
    test: &str,
    options: &[&str],
    errnos: &[Errno],
    is_it: impl Fn(&Counted, usize, &str) -> bool,
) {
    for file_system in [FileSystem::Tmpfs, FileSystem::Xfs] {
        let Some(scene) = unless_skipped(test, Scene::on(file_system, SIZE)) else { continue };
        fs::set_permissions(scene.source(), Permissions::from_mode(0o666)).expect("open the source to all");
        for strategy in STRATEGIES {
            let options = [&["--strategy", strategy], options].concat();
            for &errno in errnos {
                let Some(finished) = unless_skipped(test, strike(&scene, &options, errno, &is_it)) else {
                    return;
                };
                scene.assert_failed(&finished, &scene.destination(), errno.raw_os_error());
            }
        }
    }
}

#[test]
fn a_close_that_reports_lost_writes_is_an_error() {
    let test = "a_close_that_reports_lost_writes_is_an_error";
    assert_reported(test, &[], &[Errno::DQUOT, Errno::IO, Errno::NOSPC], is_close_of_staging);
}

#[test]
fn a_sync_that_fails_is_an_error() {
    let test = "a_sync_that_fails_is_an_error";
    for level in ["file", "file-and-directory"] {
        let before_rename = |counted: &Counted, index: usize, line: &str| {
            let rename = counted.names().position(|name| name.starts_with("rename")).expect("a rename");
            index < rename && line.starts_with("fsync(")
        };
        assert_reported(test, &["--durability", level], &[Errno::IO, Errno::NOSPC], before_rename);
    }
}

#[test]
fn a_mode_that_cannot_be_set_is_an_error() {
    let test = "a_mode_that_cannot_be_set_is_an_error";
    assert_reported(test, &[], &[Errno::PERM, Errno::ROFS], |_, _, line| line.starts_with("fchmod"));
}

#[test]
fn a_rename_that_fails_is_an_error() {
    let test = "a_rename_that_fails_is_an_error";
    let errnos = [Errno::NOSPC, Errno::ACCESS, Errno::TXTBSY];
    assert_reported(test, &[], &errnos, |_, _, line| line.starts_with("rename"));
}

#[test]
fn a_staging_file_that_cannot_be_made_is_an_error() {
    let test = "a_staging_file_that_cannot_be_made_is_an_error";
    let errnos = [Errno::ACCESS, Errno::NOSPC, Errno::MFILE, Errno::ROFS];
    assert_reported(test, &[], &errnos, |_, _, line| line.starts_with("open") && line.contains("O_EXCL"));
}

#[test]
fn a_taken_staging_name_is_replaced_by_another_one() {
    let test = "a_taken_staging_name_is_replaced_by_another_one";
    let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Tmpfs, SIZE)) else { return };
    for errno in [Errno::EXIST, Errno::INTR] {
        let is_staging =
            |_: &Counted, _: usize, line: &str| line.starts_with("open") && line.contains("O_EXCL");
        let Some(finished) = unless_skipped(test, strike(&scene, &[], errno, is_staging)) else { return };
        finished.expect_success();
        scene.assert_copied();
    }
}

#[test]
fn a_status_that_cannot_be_read_is_an_error() {
    let test = "a_status_that_cannot_be_read_is_an_error";
    for file_system in [FileSystem::Tmpfs, FileSystem::Xfs] {
        let Some(scene) = unless_skipped(test, Scene::on(file_system, SIZE)) else { continue };
        let Some(counted) = unless_skipped(test, calls::count(&scene.command(&[]))) else { return };
        for nth in 1..=counted.calls.of("statx") {
            scene.reset();
            let nth = u16::try_from(counted.before.of("statx") + nth).unwrap();
            let fault = Fault::error("statx", Errno::IO).nth(nth);
            let finished = faults::inject(&scene.command(&[]), &fault).unwrap();
            scene.assert_failed(&finished, &scene.to.parent().unwrap().join(""), Errno::IO.raw_os_error());
        }
    }
}

#[test]
fn a_source_that_cannot_be_read_is_named() {
    let test = "a_source_that_cannot_be_read_is_named";
    let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Tmpfs, SIZE)) else { return };
    let tuned = scene.tuned(4 * KIB);
    for nth in [1, 2] {
        let command = scene.command(&["--strategy", "buffered", "--tuned", &tuned]);
        let fault = Fault::error("pread64", Errno::IO).nth(nth).on(&scene.source());
        let Some(finished) = unless_skipped(test, faults::inject(&command, &fault)) else { return };
        scene.assert_failed(&finished, &scene.source(), Errno::IO.raw_os_error());
    }
}

/// The last step is after the rename: the new file is there, but a power cut may undo it, which the caller must know.
#[test]
fn a_directory_that_cannot_be_synced_is_an_error() {
    let test = "a_directory_that_cannot_be_synced_is_an_error";
    for file_system in [FileSystem::Tmpfs, FileSystem::Xfs] {
        let Some(scene) = unless_skipped(test, Scene::on(file_system, SIZE)) else { continue };
        let options = ["--durability", "file-and-directory"];
        let is_sync = |_: &Counted, _: usize, line: &str| line.starts_with("fsync(");
        let Some(finished) = unless_skipped(test, strike(&scene, &options, Errno::IO, is_sync)) else {
            return;
        };
        assert_eq!(finished.status.code(), Some(1));
        assert!(finished.stderr.contains(scene.to.to_str().unwrap()), "{}", finished.stderr);
        assert!(fs::read(scene.destination()).unwrap() == files::content(NEW, SIZE));
        files::assert_no_litter(&scene.to, ["copy"]);
    }
}

/// Without an old file the new one has its name when it is closed: then it is taken away again.
#[test]
fn a_close_that_reports_lost_writes_leaves_no_new_file() {
    let test = "a_close_that_reports_lost_writes_leaves_no_new_file";
    for file_system in [FileSystem::Tmpfs, FileSystem::Ext4, FileSystem::Xfs, FileSystem::Btrfs] {
        let Some(scene) = unless_skipped(test, Scene::on(file_system, SIZE)) else { continue };
        for placement in ["staged", "in-place"] {
            fs::remove_file(scene.destination()).expect("remove the old destination");
            let command = scene.command(&["--placement", placement]);
            let Some(counted) = unless_skipped(test, calls::count(&command)) else { return };
            fs::remove_file(scene.destination()).expect("remove the copy");
            // The last but one: the source is closed after it.
            let (name, nth) = last(&counted, |_, line| line.starts_with("close("));
            let fault = Fault::error(&name, Errno::DQUOT).nth(nth - 1);
            let finished = faults::inject(&command, &fault).unwrap();
            assert_eq!(finished.status.code(), Some(1), "{file_system}, {placement}: {}", finished.stderr);
            assert!(finished.stderr.contains("cannot close"), "{}", finished.stderr);
            files::assert_no_litter(&scene.to, [""; 0]);
            scene.reset();
        }
    }
}

/// Before Linux 6.10 an ordinary process cannot name a file that has no name, and without `/proc` nobody can.
#[test]
fn where_a_file_cannot_be_given_a_name_one_with_a_name_is_staged() {
    let test = "where_a_file_cannot_be_given_a_name_one_with_a_name_is_staged";
    let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Ext4, SIZE)) else { return };
    for errno in [Errno::NOENT, Errno::PERM, Errno::OPNOTSUPP] {
        fs::remove_file(scene.destination()).expect("remove the old destination");
        let fault = Fault::error("linkat", errno).and_later();
        let Some(finished) = unless_skipped(test, faults::inject(&scene.command(&[]), &fault)) else {
            return;
        };
        finished.expect_success();
        scene.assert_copied();
        scene.reset();
    }
}

/// The file has no name at its first try, and gets it by `/proc` at its second.
#[test]
fn a_file_is_named_by_way_of_proc_where_the_direct_way_is_closed() {
    let test = "a_file_is_named_by_way_of_proc_where_the_direct_way_is_closed";
    let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Ext4, SIZE)) else { return };
    fs::remove_file(scene.destination()).expect("remove the old destination");
    let finished = faults::inject(&scene.command(&[]), &Fault::error("linkat", Errno::NOENT));
    let Some(finished) = unless_skipped(test, finished) else { return };
    finished.expect_success();
    scene.assert_copied();
}

#[test]
fn a_link_that_fails_is_an_error_and_leaves_nothing() {
    let test = "a_link_that_fails_is_an_error_and_leaves_nothing";
    let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Ext4, SIZE)) else { return };
    for errno in [Errno::NOSPC, Errno::DQUOT, Errno::IO] {
        fs::remove_file(scene.destination()).expect("remove the old destination");
        let fault = Fault::error("linkat", errno).and_later();
        let Some(finished) = unless_skipped(test, faults::inject(&scene.command(&[]), &fault)) else {
            return;
        };
        assert_eq!(finished.status.code(), Some(1), "{}", finished.stderr);
        files::assert_no_litter(&scene.to, [""; 0]);
        scene.reset();
    }
}
