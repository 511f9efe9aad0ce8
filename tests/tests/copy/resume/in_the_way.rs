//! Partial files that others made, or are at work on.

use std::fs::{self, File};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use orbit_engine::{Cancel, CopyError, Observer, Phase, Progress, Rate, Unusable, copy_file};
use orbit_tests::files;
use orbit_tests::metadata::set_owner;
use orbit_tests::skip::{Skip, unless_skipped};
use rustix::io::Errno;
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

use super::{MIB, SIZE, Scene, at, resumable};

/// A directory that others may write to.
#[test]
fn what_somebody_laid_in_the_way_is_neither_written_to_nor_removed() {
    let scene = Scene::new();
    let (partial, victim) = (scene.left("partial"), scene.folder.path().join("victim"));
    let refused = |what: &str| {
        let error = copy_file(scene.source(), scene.copy(), &resumable()).expect_err(what).to_string();
        assert!(error.contains(partial.to_str().unwrap()), "{what}: {error}");
        assert!(!scene.copy().exists(), "{what}");
    };
    fs::remove_file(&partial).unwrap();
    fs::write(&victim, "victim").unwrap();
    symlink(&victim, &partial).unwrap();
    refused("a symbolic link");
    fs::remove_file(&partial).unwrap();
    fs::hard_link(&victim, &partial).unwrap();
    refused("a hard link");
    fs::remove_file(&partial).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &partial, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    refused("a named pipe");
    fs::remove_file(&partial).unwrap();
    fs::create_dir(&partial).unwrap();
    refused("a directory");
    fs::remove_dir(&partial).unwrap();
    assert_eq!(fs::read(&victim).unwrap(), b"victim");
}

#[test]
fn another_users_partial_file_is_not_trusted() {
    let test = "another_users_partial_file_is_not_trusted";
    for (end, why) in [("partial", Unusable::Partial), ("resume", Unusable::Sidecar)] {
        let scene = Scene::new();
        let path = scene.left(end);
        if unless_skipped(test, set_owner(&path, 12_345, 12_345)).is_none() {
            return;
        }
        scene.assert_starts_over(why);
        assert_ne!(fs::metadata(scene.copy()).unwrap().uid(), 12_345);
    }
}

#[test]
fn two_copies_to_one_name_do_not_mix() {
    let scene = Scene::new();
    let locked = File::open(scene.left("partial")).unwrap();
    locked.lock().unwrap();
    let error = copy_file(scene.source(), scene.copy(), &resumable()).unwrap_err();
    assert!(matches!(error, CopyError::InProgress { .. }), "{error}");
    drop(locked);
    at(scene.resume());
    // From both sides at once, each copy is whole or says that the other one is at work.
    let scene = Scene::new();
    std::thread::scope(|scope| {
        let copy = || copy_file(scene.source(), scene.copy(), &resumable());
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(copy)).collect();
        let copies = threads.into_iter().map(|thread| thread.join().unwrap());
        let done = copies.filter(|copy| match copy {
            Ok(_) => true,
            Err(CopyError::InProgress { .. }) => false,
            Err(error) => panic!("{error}"),
        });
        assert!(done.count() >= 1);
    });
    files::assert_same_content(&scene.source(), &scene.copy());
    files::assert_no_litter(scene.folder.path(), ["source", "copy"]);
}

/// As a forked process has it.
fn duplicate(number: RawFd) -> Result<OwnedFd, Errno> {
    let this = pidfd_open(getpid(), PidfdFlags::empty())?;
    pidfd_getfd(&this, number, PidfdGetfdFlags::empty())
}

/// Stops a copy that has begun, and keeps what a process has that was forked meanwhile: its open files.
struct Forked {
    folder: PathBuf,
    cancel: Cancel,
    files: Mutex<Vec<OwnedFd>>,
}

impl Observer for Forked {
    fn progress(&self, progress: Progress) {
        if progress.phase != Phase::Copying || progress.bytes < 5 * MIB || self.cancel.is_cancelled() {
            return;
        }
        for entry in fs::read_dir("/proc/self/fd").expect("it is listed").flatten() {
            let is_here = fs::read_link(entry.path()).is_ok_and(|file| file.starts_with(&self.folder));
            let number = entry.file_name().to_str().and_then(|name| name.parse().ok()).expect("a number");
            if is_here && let Ok(file) = duplicate(number) {
                self.files.lock().expect("no observer panics").push(file);
            }
        }
        self.cancel.cancel();
    }
}

/// A lock lives as long as anybody has the file open, unless it is ended.
#[test]
fn a_process_that_was_forked_meanwhile_is_no_copy_at_work() {
    let test = "a_process_that_was_forked_meanwhile_is_no_copy_at_work";
    let scene = Scene { folder: tempfile::tempdir().unwrap() };
    files::create(&scene.source(), 1, SIZE);
    let able = duplicate(File::open(scene.source()).unwrap().as_raw_fd());
    let able = able.map_err(|error| Skip::because(format!("open files cannot be shared: {error}")));
    let Some(_) = unless_skipped(test, able) else { return };
    let (folder, cancel) = (scene.folder.path().to_owned(), Cancel::new());
    let forked = Arc::new(Forked { folder, cancel: cancel.clone(), files: Mutex::default() });
    let slow = resumable().max_bandwidth(Rate::new(64 * MIB));
    let options = slow.observer(forked.clone()).cancel(cancel);
    let error = copy_file(scene.source(), scene.copy(), &options).unwrap_err();
    assert!(matches!(error, CopyError::Cancelled { .. }), "{error}");
    assert!(forked.files.lock().unwrap().len() > 1, "source and partial file are open");
    assert!(at(scene.resume()) >= MIB);
}
