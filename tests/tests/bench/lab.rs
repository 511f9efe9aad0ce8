//! `cargo xtask lab`, for real, in a mount namespace of the test's own: what it mounts ends with the test however that
//! ends, and the lab that somebody has up stays as it is.

use std::fs;
use std::path::{Path, PathBuf};

use orbit_tests::lab::{self, FileSystem};
use orbit_tests::skip::{self, Skip};
use orbit_tests::subprocess::{self, Finished};
use orbit_tests::tool;

use crate::suite::{Suite, one_error};

const NAMES: [&str; 4] = ["xfs", "btrfs", "ext4", "tmpfs"];

/// Where the lab of a test is; none, said by name, where it cannot be made.
fn directory(test: &str, suite: &Suite) -> Option<PathBuf> {
    let ready = || -> Result<(), Skip> {
        if !rustix::process::geteuid().is_root() {
            return Err(Skip::because("not root"));
        }
        ["mkfs.xfs", "mkfs.btrfs", "mkfs.ext4"]
            .into_iter()
            .try_for_each(|name| tool::find(name).map(drop))?;
        // Mounting takes this thread, and the children that it starts, into a namespace of their own.
        lab::mount(FileSystem::Tmpfs).map(drop)
    };
    skip::unless_skipped(test, ready())?;
    Some(suite.folder.path().join("lab"))
}

fn xtask(suite: &Suite, arguments: &[&str], directory: &Path) -> Finished {
    let mut command = subprocess::command(suite.bench(&[]).get_program());
    command.arg("lab").args(arguments).arg("--dir").arg(directory);
    subprocess::run(command)
}

fn said(finished: Finished) -> String {
    String::from_utf8_lossy(&finished.expect_success().stdout).into_owned()
}

fn mounted(directory: &Path) -> Vec<&'static str> {
    // Of this thread, whose namespace the children share.
    let table = fs::read_to_string("/proc/thread-self/mountinfo").expect("the table is there");
    let point = |name: &&str| format!(" {} ", directory.join(name).display());
    NAMES.into_iter().filter(|name| table.contains(&point(name))).collect()
}

#[test]
fn a_lab_goes_up_and_down() {
    let test = "a_lab_goes_up_and_down";
    let suite = Suite::new();
    let Some(directory) = directory(test, &suite) else { return };
    assert!(said(xtask(&suite, &["status"], &directory)).starts_with("there is no lab"));
    for again in [false, true] {
        let up = said(xtask(&suite, &["up", "--size", "512MiB"], &directory));
        assert_eq!(up.starts_with("the lab was up"), again, "{up}");
        assert_eq!(up.matches(": up (").count(), NAMES.len(), "{up}");
    }
    assert_eq!(mounted(&directory), NAMES);
    for name in NAMES {
        fs::write(directory.join(name).join("file"), name).expect("it can be written to");
        let room = rustix::fs::statvfs(directory.join(name)).expect("it can be asked");
        // Where inodes are made as they are needed, there is no number of them.
        assert!(room.f_files == 0 || room.f_files >= (512 << 20) / 4096, "{name}: {} files", room.f_files);
    }
    assert_eq!(said(xtask(&suite, &["down"], &directory)), "taken down: xfs, btrfs, ext4, tmpfs\n");
    assert_eq!(mounted(&directory), [""; 0]);
    assert!(!directory.exists(), "nothing is left");
    assert!(said(xtask(&suite, &["down"], &directory)).starts_with("there is no lab"));
}

#[test]
fn a_lab_whose_making_was_cut_short_is_cleared_away() {
    let test = "a_lab_whose_making_was_cut_short_is_cleared_away";
    let suite = Suite::new();
    let Some(directory) = directory(test, &suite) else { return };
    said(xtask(&suite, &["up", "--size", "512MiB"], &directory));
    // As it stands between the mount and the note of its device, and between the note and the mount.
    let state = directory.join("lab.json");
    let text = fs::read_to_string(&state).expect("the state is there");
    let mut value: Vec<String> = text.lines().map(str::to_owned).collect();
    for line in value.iter_mut().filter(|line| line.contains("\"device\"")) {
        *line = "\"device\": null".to_owned();
    }
    fs::write(&state, value.join("\n")).expect("the state is written");
    let ext4 = directory.join("ext4");
    rustix::mount::unmount(&ext4, rustix::mount::UnmountFlags::empty()).expect("it can be unmounted");
    said(xtask(&suite, &["down"], &directory));
    assert_eq!(mounted(&directory), [""; 0]);
    assert!(!directory.exists());
}

#[test]
fn a_mount_that_is_not_the_labs_is_left_alone() {
    let test = "a_mount_that_is_not_the_labs_is_left_alone";
    let suite = Suite::new();
    let Some(directory) = directory(test, &suite) else { return };
    said(xtask(&suite, &["up", "--size", "512MiB"], &directory));
    let point = directory.join("tmpfs");
    let none = rustix::mount::UnmountFlags::empty();
    rustix::mount::unmount(&point, none).expect("it can be unmounted");
    let flags = rustix::mount::MountFlags::empty();
    rustix::mount::mount("somebody", &point, "tmpfs", flags, c"size=64k").expect("it can be mounted");
    fs::write(point.join("file"), "precious").expect("it can be written to");
    let status = said(xtask(&suite, &["status"], &directory));
    assert!(status.contains("something else is mounted there"), "{status}");
    for action in ["down", "up"] {
        let finished = xtask(&suite, &[action], &directory);
        let error = one_error(&finished);
        assert!(error.contains("is not the lab's") || error.contains("something else is mounted"), "{error}");
    }
    assert_eq!(fs::read_to_string(point.join("file")).expect("it is there"), "precious");
    rustix::mount::unmount(&point, none).expect("it can be unmounted");
    said(xtask(&suite, &["down"], &directory));
    assert!(!directory.exists());
}

#[test]
fn what_is_in_use_is_said_and_the_rest_goes() {
    let test = "what_is_in_use_is_said_and_the_rest_goes";
    let suite = Suite::new();
    let Some(directory) = directory(test, &suite) else { return };
    said(xtask(&suite, &["up", "--size", "512MiB"], &directory));
    let file = fs::File::create(directory.join("xfs/file")).expect("it can be written to");
    let finished = xtask(&suite, &["down"], &directory);
    let error = one_error(&finished);
    assert!(error.contains("xfs: cannot unmount") && error.contains("busy"), "{error}");
    assert_eq!(mounted(&directory), ["xfs"]);
    drop(file);
    assert_eq!(said(xtask(&suite, &["down"], &directory)), "taken down: xfs\n");
    assert!(!directory.exists());
}
