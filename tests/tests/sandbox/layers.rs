//! An overlay is one: the lower layer shines through, what is written goes up, and it is gone with its owner.

use std::fs;

use orbit_tests::lab::{self, FileSystem};
use orbit_tests::skip::unless_skipped;
use orbit_tests::{files, subprocess};
use rustix::fs::statfs;

use super::panic_of;

const SIZE: u64 = 256 << 10;

const OVERLAYFS_MAGIC: u64 = 0x794c_7630;

#[test]
fn what_is_written_goes_to_the_upper_layer() {
    let test = "what_is_written_goes_to_the_upper_layer";
    for base in [FileSystem::Tmpfs, FileSystem::Ext4, FileSystem::Xfs, FileSystem::Btrfs] {
        let overlay = lab::mount_overlay(base, |lower| files::create(&lower.join("old"), 1, SIZE));
        let Some(overlay) = unless_skipped(test, overlay) else { continue };
        assert_eq!(overlay.base(), base);
        assert_eq!(u64::try_from(statfs(overlay.dir()).unwrap().f_type), Ok(OVERLAYFS_MAGIC));
        assert_eq!(files::list(overlay.dir()), ["old"]);
        assert_eq!(files::list(&overlay.upper()), [""; 0]);
        let mut cp = subprocess::command("cp");
        cp.current_dir(overlay.dir()).args(["old", "new"]);
        subprocess::run(cp).expect_success();
        files::assert_same_content(&overlay.dir().join("old"), &overlay.dir().join("new"));
        assert_eq!(files::list(&overlay.upper()), ["new"]);
        fs::rename(overlay.dir().join("new"), overlay.dir().join("old")).unwrap();
        assert_eq!(files::list(overlay.dir()), ["old"]);
    }
}

#[test]
fn an_overlay_is_taken_down_before_what_it_lies_on() {
    let test = "an_overlay_is_taken_down_before_what_it_lies_on";
    let Some(overlay) = unless_skipped(test, lab::mount_overlay(FileSystem::Tmpfs, |_| {})) else { return };
    let ours = || {
        let mounts = fs::read_to_string("/proc/thread-self/mounts").unwrap();
        mounts.lines().filter(|line| line.contains("/sandbox/mounts/")).count()
    };
    assert_eq!(ours(), 2);
    drop(overlay);
    assert_eq!(ours(), 0);
}

#[test]
fn an_overlay_needs_a_base_that_can_bear_it() {
    let message = panic_of(|| drop(lab::mount_overlay(FileSystem::Workspace, |_| {})));
    assert!(message.contains("needs a file system"), "{message}");
}
