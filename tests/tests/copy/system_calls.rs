//! `outcome.system_calls` is the truth, as strace tells it, and small copies make few.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use orbit_tests::calls::{self, Counted};
use orbit_tests::faults::{self, Attempt, Fault};
use orbit_tests::files;
use orbit_tests::lab::{self, FileSystem};
use orbit_tests::skip::unless_skipped;

use super::copy_once::{Report, copy_once};

/// Calls that the language's runtime makes between the marks, not the engine.
const NOT_THE_ENGINES: [(&str, &str); 18] = [
    ("brk", "memory allocation"),
    ("mmap", "memory allocation"),
    ("munmap", "memory allocation"),
    ("mremap", "memory allocation"),
    ("mprotect", "memory allocation, stack of a thread"),
    ("madvise", "stack of a thread"),
    ("getrandom", "seed of the staging name"),
    ("clone", "start of a thread"),
    ("clone3", "start of a thread"),
    ("rt_sigaction", "start of a thread"),
    ("rt_sigprocmask", "start and end of a thread"),
    ("sched_getaffinity", "stack of a thread"),
    ("gettid", "start of a thread"),
    ("rseq", "start of a thread"),
    ("set_robust_list", "start of a thread"),
    ("sigaltstack", "start and end of a thread"),
    ("futex", "waiting for a thread"),
    ("exit", "end of a thread"),
];

/// Before it closes a file, a debug build of the language's runtime asks whether it is open.
const ASSERTION: &str = "F_GETFD";

pub(super) fn made_by_the_engine(counted: &Counted) -> usize {
    let is_the_engines = |line: &&String| {
        let name = line.split('(').next();
        NOT_THE_ENGINES.iter().all(|(other, _)| name != Some(other)) && !line.contains(ASSERTION)
    };
    counted.lines.iter().filter(is_the_engines).count()
}

/// Runs the copy and gives the number of its system calls, after proving that the outcome names the same number.
#[track_caller]
fn counted(test: &str, command: &Command, mechanism: &str) -> Option<usize> {
    let counted = unless_skipped(test, calls::count(command))?;
    let made = made_by_the_engine(&counted);
    let report = Report::of(counted.finished);
    assert_eq!(report.get("mechanism"), mechanism);
    assert_eq!(report.get("system_calls"), made.to_string(), "strace saw {:#?}", counted.lines);
    Some(made)
}

#[test]
fn a_small_buffered_copy_counts_right_and_makes_at_most_11() {
    let test = "a_small_buffered_copy_counts_right_and_makes_at_most_11";
    let Some(ext4) = unless_skipped(test, lab::mount(FileSystem::Ext4)) else { return };
    files::create(&ext4.dir().join("source"), 1, 4096);
    for strategy in ["auto", "buffered"] {
        let options = ["--strategy", strategy];
        let _ = fs::remove_file(ext4.dir().join("copy"));
        let command = copy_once(&options, &ext4.dir().join("source"), &ext4.dir().join("copy"));
        let Some(made) = counted(test, &command, "read-write") else { return };
        assert!(made <= 11, "{made}");
    }
}

#[test]
fn copy_file_range_counts_right() {
    let test = "copy_file_range_counts_right";
    let Some(ext4) = unless_skipped(test, lab::mount(FileSystem::Ext4)) else { return };
    files::create(&ext4.dir().join("source"), 1, 200 << 10);
    let options = ["--strategy", "zero-copy"];
    let command = copy_once(&options, &ext4.dir().join("source"), &ext4.dir().join("copy"));
    counted(test, &command, "copy-file-range");
}

#[test]
fn reflink_counts_right() {
    let test = "reflink_counts_right";
    let Some(xfs) = unless_skipped(test, lab::mount(FileSystem::Xfs)) else { return };
    files::create(&xfs.dir().join("source"), 1, 1 << 20);
    let command = copy_once(&[], &xfs.dir().join("source"), &xfs.dir().join("copy"));
    counted(test, &command, "reflink");
}

#[test]
fn splice_counts_right() {
    let test = "splice_counts_right";
    let Some(from) = unless_skipped(test, lab::mount(FileSystem::Workspace)) else { return };
    let Some(to) = unless_skipped(test, lab::mount(FileSystem::Tmpfs)) else { return };
    files::create(&from.dir().join("source"), 1, 3 << 20);
    let command = copy_once(&[], &from.dir().join("source"), &to.dir().join("copy"));
    counted(test, &command, "splice");
}

#[test]
fn replacing_counts_right() {
    let test = "replacing_counts_right";
    let Some(place) = unless_skipped(test, lab::mount(FileSystem::Workspace)) else { return };
    let (source, copy) = (place.dir().join("source"), place.dir().join("copy"));
    files::create(&source, 1, 4096);
    files::create(&copy, 2, 4096);
    counted(test, &copy_once(&[], &source, &copy), "read-write");
}

#[test]
fn replacing_through_a_symbolic_link_counts_right() {
    let test = "replacing_through_a_symbolic_link_counts_right";
    let Some(place) = unless_skipped(test, lab::mount(FileSystem::Workspace)) else { return };
    let (source, link) = (place.dir().join("source"), place.dir().join("link"));
    files::create(&source, 1, 4096);
    files::create(&place.dir().join("copy"), 2, 4096);
    symlink("copy", &link).unwrap();
    counted(test, &copy_once(&[], &source, &link), "read-write");
}

/// Below 1 MiB one thread hashes both sides, from there on two.
#[test]
fn verified_copies_count_right() {
    let test = "verified_copies_count_right";
    let Some(place) = unless_skipped(test, lab::mount(FileSystem::Workspace)) else { return };
    for level in ["compare", "sha256"] {
        for size in [4096, 3 << 20] {
            let (source, copy) = (place.dir().join("source"), place.dir().join("copy"));
            files::create(&source, 1, size);
            let _ = fs::remove_file(&copy);
            let options = ["--strategy", "buffered", "--verify", level];
            counted(test, &copy_once(&options, &source, &copy), "read-write");
        }
    }
}

#[test]
fn durable_copies_and_changed_modes_count_right() {
    let test = "durable_copies_and_changed_modes_count_right";
    let Some(place) = unless_skipped(test, lab::mount(FileSystem::Workspace)) else { return };
    let (source, copy) = (place.dir().join("source"), place.dir().join("copy"));
    files::create(&source, 1, 4096);
    fs::set_permissions(&source, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    let options = ["--durability", "file-and-directory"];
    counted(test, &copy_once(&options, &source, &copy), "read-write");
}

#[test]
fn a_tuned_copy_counts_right() {
    let test = "a_tuned_copy_counts_right";
    let Some(place) = unless_skipped(test, lab::mount(FileSystem::Workspace)) else { return };
    let (source, copy, tuned) =
        (place.dir().join("source"), place.dir().join("copy"), place.dir().join("tuned.toml"));
    files::create(&source, 1, 4096);
    let profile = "[[profile]]\nsource_fs = \"a\"\ndestination_fs = \"b\"\nsame_device = true\n";
    fs::write(&tuned, format!("schema = \"orbit.tuned/1\"\n{profile}")).unwrap();
    let options = ["--tuned", tuned.to_str().unwrap()];
    counted(test, &copy_once(&options, &source, &copy), "read-write");
}

/// One would undo the other: a new owner takes set-id bits away, a list changes the mode, everything changes the times.
#[test]
fn metadata_is_set_in_the_order_in_which_it_lasts() {
    let test = "metadata_is_set_in_the_order_in_which_it_lasts";
    let Some(ext4) = unless_skipped(test, lab::mount(FileSystem::Ext4)) else { return };
    let (source, copy) = (ext4.dir().join("source"), ext4.dir().join("copy"));
    files::create(&source, 1, 4096);
    if unless_skipped(test, orbit_tests::metadata::set_owner(&source, 1, 2)).is_none()
        || unless_skipped(test, orbit_tests::metadata::set_xattr(&source, "user.a", b"b")).is_none()
    {
        return;
    }
    let command = copy_once(&["--preserve", "true", "--durability", "file"], &source, &copy);
    let Some(counted) = unless_skipped(test, calls::count(&command)) else { return };
    let ordered = ["pwrite64", "fchown", "fsetxattr", "fchmod", "utimensat", "fsync", "linkat"];
    let found: Vec<&str> = counted.names().filter(|name| ordered.contains(name)).collect();
    assert_eq!(found, ordered, "{:#?}", counted.lines);
}

/// Locks, looks, blocks read back and lines of the sidecar are calls too.
#[test]
fn a_resumable_copy_counts_right_from_the_begin_and_from_where_another_stopped() {
    let test = "a_resumable_copy_counts_right_from_the_begin_and_from_where_another_stopped";
    let folder = tempfile::tempdir().unwrap();
    let (source, copy) = (folder.path().join("source"), folder.path().join("copy"));
    files::create(&source, 1, 5 << 20);
    let options = ["--placement", "resumable", "--strategy", "buffered"];
    let command = copy_once(&options, &source, &copy);
    if counted(test, &command, "read-write").is_none() {
        return;
    }
    let paced = [&options[..], &["--max-bandwidth", "20MiB/s"]].concat();
    let killed = faults::attempt(&copy_once(&paced, &source, &copy), &Fault::kill("/^rename"));
    assert!(matches!(unless_skipped(test, killed), Some(Attempt::Injected(_))));
    counted(test, &command, "read-write");
}
