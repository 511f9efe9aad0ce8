//! Each file system of the lab does what is declared, on ordinary paths.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::thread;

use orbit_tests::lab::{self, Capability, FileSystem, Place};
use orbit_tests::skip::unless_skipped;
use orbit_tests::{files, subprocess};
use rustix::fs::{copy_file_range, ioctl_ficlone};
use rustix::io::Errno;
use rustix::pipe::{SpliceFlags, pipe, splice};

use super::panic_of;

const SIZE: u64 = 256 << 10;

fn assert_declared(what: &str, declared: Capability, answer: Result<(), Errno>) {
    match declared {
        Capability::Works => assert_eq!(answer, Ok(()), "{what}"),
        Capability::Refused(errno) => assert_eq!(answer, Err(errno), "{what}"),
        Capability::Undeclared => {}
    }
}

fn open_pair(from: &Place, to: &Place) -> (PathBuf, PathBuf, File, File) {
    let (source, destination) = (from.join("source"), to.join("destination"));
    files::create(&source, 7, SIZE);
    let input = File::open(&source).expect("open the source");
    let output = File::create(&destination).expect("create the destination");
    (source, destination, input, output)
}

#[test]
fn reflink_is_as_declared() {
    lab::for_each_pair("reflink_is_as_declared", |from, to| {
        let (source, destination, input, output) = open_pair(from, to);
        let answer = ioctl_ficlone(&output, &input);
        assert_declared("reflink", from.file_system().reflink(to.file_system()), answer);
        if answer.is_ok() {
            files::assert_same_content(&source, &destination);
        }
    });
}

#[test]
fn copy_file_range_is_as_declared() {
    lab::for_each_pair("copy_file_range_is_as_declared", |from, to| {
        let (source, destination, input, output) = open_pair(from, to);
        let length = usize::try_from(SIZE).unwrap();
        let answer = copy_file_range(&input, None, &output, None, length);
        let declared = from.file_system().copy_file_range(to.file_system());
        assert_declared("copy_file_range", declared, answer.map(drop));
        if answer == Ok(length) {
            files::assert_same_content(&source, &destination);
        }
    });
}

#[test]
fn splice_is_as_declared() {
    lab::for_each_pair("splice_is_as_declared", |from, to| {
        let (source, destination, input, output) = open_pair(from, to);
        let (reader, writer) = pipe().unwrap();
        let answer = (|| {
            loop {
                let taken = splice(&input, None, &writer, None, 4096, SpliceFlags::empty())?;
                if taken == 0 {
                    return Ok(());
                }
                assert_eq!(splice(&reader, None, &output, None, taken, SpliceFlags::empty())?, taken);
            }
        })();
        assert_declared("splice", from.file_system().splice(to.file_system()), answer);
        files::assert_same_content(&source, &destination);
    });
}

#[test]
fn rename_and_canonicalize_work_as_on_any_path() {
    lab::for_each_pair("rename_and_canonicalize_work_as_on_any_path", |from, to| {
        let (old, new) = (from.join("old"), to.join("new"));
        files::create(&old, 1, SIZE);
        assert_eq!(fs::canonicalize(&old).unwrap(), old);
        let renamed = fs::rename(&old, &new).map_err(|error| error.kind());
        if from.file_system() == to.file_system() {
            assert_eq!((renamed, fs::read(&new).unwrap()), (Ok(()), files::content(1, SIZE)));
        } else {
            assert_eq!(renamed, Err(io::ErrorKind::CrossesDevices));
        }
    });
}

#[test]
fn children_and_threads_reach_the_mounts() {
    lab::for_each_pair("children_and_threads_reach_the_mounts", |from, to| {
        let (source, destination) = (from.join("source"), to.join("destination"));
        thread::scope(|scope| scope.spawn(|| files::create(&source, 3, SIZE)).join().unwrap());
        let mut cp = subprocess::command("cp");
        cp.arg(&source).arg(&destination);
        subprocess::run(cp).expect_success();
        files::assert_same_content(&source, &destination);
    });
}

#[test]
fn a_thread_that_mounts_too_does_not_hide_what_it_inherited() {
    let test = "a_thread_that_mounts_too_does_not_hide_what_it_inherited";
    let Some(outer) = unless_skipped(test, lab::mount(FileSystem::Tmpfs)) else { return };
    let file = outer.dir().join("file");
    files::create(&file, 1, 1);
    let seen = thread::scope(|scope| {
        let inner =
            scope.spawn(|| lab::mount(FileSystem::Ext4).map(|inner| file.exists() && inner.dir().exists()));
        inner.join().unwrap()
    });
    if let Some(seen) = unless_skipped(test, seen) {
        assert!(seen);
    }
}

#[test]
fn a_body_that_fails_is_named_and_the_others_still_run() {
    let message = panic_of(|| {
        lab::for_each_file_system("demonstration", |place| {
            assert_ne!(place.file_system(), FileSystem::Workspace, "on purpose");
            fs::write(place.join("file"), "x").unwrap();
        });
    });
    assert_eq!(message, "demonstration failed on workspace");
}

#[test]
fn a_small_file_system_fills_up() {
    let test = "a_small_file_system_fills_up";
    for (file_system, capacity) in
        [(FileSystem::Tmpfs, 1 << 20), (FileSystem::Ext4, 1 << 20), (FileSystem::Ext4, 16 << 20)]
    {
        let mounted = match lab::mount_small(file_system, capacity) {
            Ok(mounted) => mounted,
            Err(skip) => {
                skip.report_on(test, file_system);
                continue;
            }
        };
        let filled = fs::write(mounted.dir().join("file"), files::content(1, capacity + 1));
        assert_eq!(filled.unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
    for file_system in [FileSystem::Xfs, FileSystem::Btrfs] {
        let smallest = file_system.smallest().expect("of a file system on an image");
        if let Err(skip) = lab::mount_small(file_system, smallest) {
            skip.report_on(test, file_system);
        }
    }
    assert!(panic_of(|| drop(lab::mount_small(FileSystem::Xfs, 1))).contains("xfs cannot have 1 bytes"));
}
