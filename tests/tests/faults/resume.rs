//! Resumable copies that are killed at any call, run out of space or cannot write down what they did: the next one makes a
//! file that is the source.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use orbit_tests::calls;
use orbit_tests::faults::{self, Attempt, Fault};
use orbit_tests::files;
use orbit_tests::lab::{self, FileSystem};
use orbit_tests::skip::{Skip, unless_skipped};
use orbit_tests::subprocess::{self, Finished};
use rustix::io::Errno;

use super::{KIB, Scene};

/// Four blocks and a part.
const SIZE: u64 = 4500 * KIB;

const CHUNK: u64 = 512 * KIB;

/// At this pace its blocks are written down while it runs.
const PACE: [&str; 4] = ["--placement", "resumable", "--max-bandwidth", "128MiB/s"];

/// Kills a copy at each call of each name from its begin on, and goes on after it; gives how many were killed, and how
/// many of these were resumed.
fn sweep(test: &str, strategy: &str, scene: &Scene) -> Option<(u32, u32)> {
    let tuned = scene.tuned(CHUNK);
    let options = [&PACE[..], &["--strategy", strategy, "--tuned", &tuned]].concat();
    fs::remove_file(scene.destination()).expect("remove the old destination");
    let counted = unless_skipped(test, calls::count(&scene.command(&options)))?;
    let names: BTreeSet<_> = counted.names().collect();
    let (mut killed, mut resumed) = (0, 0);
    for name in names {
        let first = u16::try_from(counted.before.of(name)).expect("a short program") + 1;
        for nth in first.. {
            files::create(&scene.destination(), super::OLD, SIZE);
            let attempt = faults::attempt(&scene.command(&options), &Fault::kill(name).nth(nth));
            if let Attempt::NothingInjected(finished) = unless_skipped(test, attempt)? {
                finished.expect_success();
                break;
            }
            killed += 1;
            assert!(
                scene.is_at_destination(super::OLD) || scene.is_at_destination(super::NEW),
                "torn after a kill at {name} {nth}"
            );
            let after = subprocess::run(scene.command(&options)).expect_success();
            let said = String::from_utf8_lossy(&after.stdout).into_owned();
            assert!(!said.contains("started over"), "{name} {nth}: {said}");
            resumed += u32::from(said.contains("resumed at byte"));
            scene.assert_copied();
        }
    }
    Some((killed, resumed))
}

#[test]
fn a_buffered_copy_that_is_killed_at_any_call_is_resumed_to_the_same_file() {
    let test = "a_buffered_copy_that_is_killed_at_any_call_is_resumed_to_the_same_file";
    let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Tmpfs, SIZE)) else { return };
    let Some((killed, resumed)) = sweep(test, "buffered", &scene) else { return };
    assert!(killed > 50 && resumed > 10, "{resumed} of {killed} were resumed");
}

#[test]
fn a_copy_in_the_kernel_that_is_killed_at_any_call_is_resumed_to_the_same_file() {
    let test = "a_copy_in_the_kernel_that_is_killed_at_any_call_is_resumed_to_the_same_file";
    let Some(scene) = unless_skipped(test, Scene::across(SIZE)) else { return };
    let Some((killed, resumed)) = sweep(test, "zero-copy", &scene) else { return };
    assert!(killed > 50 && resumed > 10, "{resumed} of {killed} were resumed");
}

#[test]
fn a_copy_that_ran_out_of_space_goes_on_when_there_is_some() {
    let test = "a_copy_that_ran_out_of_space_goes_on_when_there_is_some";
    goes_on_when_there_is_space(test, |command, _| Ok(subprocess::run(command)));
}

/// The disk is full before the first line of the sidecar is to be written.
#[test]
fn a_copy_that_leaves_no_room_for_its_sidecar_goes_on_when_there_is_some() {
    let test = "a_copy_that_leaves_no_room_for_its_sidecar_goes_on_when_there_is_some";
    let sidecar = partial_name().replace(".partial", ".resume");
    let late = Fault::delay("openat", Duration::from_millis(100));
    goes_on_when_there_is_space(test, |command, to| {
        faults::inject(&command, &late.clone().on(&to.join(&sidecar)))
    });
}

/// `first` runs a copy into the folder it gets, which has not enough space for it.
fn goes_on_when_there_is_space(test: &str, first: impl Fn(Command, &Path) -> Result<Finished, Skip>) {
    for file_system in [FileSystem::Tmpfs, FileSystem::Ext4, FileSystem::Xfs, FileSystem::Btrfs] {
        let capacity = file_system.smallest().expect("one that can be small").max(32 << 20);
        let Some(small) = unless_skipped(test, lab::mount_small(file_system, capacity)) else { continue };
        let folder = tempfile::tempdir().expect("a folder");
        let (source, copy, filler) =
            (folder.path().join("source"), small.dir().join("copy"), small.dir().join("filler"));
        let room = rustix::fs::statvfs(small.dir()).expect("it can be asked");
        let room = room.f_bavail * room.f_frsize;
        files::create(&source, 1, 12 << 20);
        files::create(&filler, 2, room.saturating_sub(6 << 20));
        let command = || super::copy_once(&["--placement", "resumable"], &source, &copy);
        let Some(finished) = unless_skipped(test, first(command(), small.dir())) else { return };
        assert_eq!(finished.status.code(), Some(1), "{file_system}: {}", finished.stderr);
        fs::remove_file(&filler).expect("remove what fills it");
        let after = subprocess::run(command()).expect_success();
        let said = String::from_utf8_lossy(&after.stdout);
        assert!(said.contains("resumed at byte"), "{file_system}: {said}");
        files::assert_same_content(&source, &copy);
        fs::remove_file(&copy).expect("remove the copy");
        files::assert_no_litter(small.dir(), [""; 0]);
    }
}

/// A sidecar that cannot be written is no reason to fail.
#[test]
fn a_copy_without_a_sidecar_is_a_copy() {
    let test = "a_copy_without_a_sidecar_is_a_copy";
    let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Ext4, SIZE)) else { return };
    let options = [&PACE[..], &["--strategy", "zero-copy"]].concat();
    let injected =
        faults::inject(&scene.command(&options), &Fault::error("pwrite64", Errno::NOSPC).and_later());
    let Some(finished) = unless_skipped(test, injected) else { return };
    finished.expect_success();
    scene.assert_copied();
}

/// What could not be synced may be lost, so that it is not gone on with.
#[test]
fn a_failed_sync_leaves_nothing_to_go_on_with() {
    let test = "a_failed_sync_leaves_nothing_to_go_on_with";
    let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Ext4, SIZE)) else { return };
    let options = ["--placement", "resumable", "--durability", "file"];
    let injected = faults::inject(&scene.command(&options), &Fault::error("fsync", Errno::IO));
    let Some(finished) = unless_skipped(test, injected) else { return };
    scene.assert_failed(&finished, &scene.destination(), Errno::IO.raw_os_error());
}

/// The last error of a write may come with the close.
#[test]
fn a_failed_close_leaves_nothing_to_go_on_with() {
    let test = "a_failed_close_leaves_nothing_to_go_on_with";
    let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Tmpfs, SIZE)) else { return };
    let partial = scene.to.join(partial_name());
    let options = ["--placement", "resumable"];
    let injected =
        faults::inject(&scene.command(&options), &Fault::error("close", Errno::IO).on(&partial).and_later());
    let Some(finished) = unless_skipped(test, injected) else { return };
    scene.assert_failed(&finished, &scene.destination(), Errno::IO.raw_os_error());
}

/// Between making the partial file and having its lock, another copy may take it for one that was left, and put its own in
/// its place. Renaming that would publish a part.
#[test]
fn who_is_overtaken_before_it_has_the_lock_publishes_nothing() {
    let test = "who_is_overtaken_before_it_has_the_lock_publishes_nothing";
    let Some(scene) = unless_skipped(test, Scene::on(FileSystem::Tmpfs, SIZE)) else { return };
    let options = ["--placement", "resumable", "--strategy", "buffered"];
    let partial = scene.to.join(partial_name());
    let late = Fault::delay("flock", Duration::from_millis(1500));
    let first = scene.command(&options);
    let (overtaken, other) = thread::scope(|threads| {
        let overtaken = threads.spawn(|| faults::inject(&first, &late));
        while !partial.exists() && !overtaken.is_finished() {
            thread::sleep(Duration::from_millis(5));
        }
        // It is at work for longer than the first one waits.
        let paced = [&options[..], &["--max-bandwidth", "1MiB/s"]].concat();
        let other = subprocess::run(scene.command(&paced));
        (overtaken.join().expect("no panic"), other)
    });
    let Some(overtaken) = unless_skipped(test, overtaken) else { return };
    assert!(overtaken.stderr.contains("another copy is at work"), "{overtaken:?}");
    other.expect_success();
    scene.assert_copied();
}

/// That of a destination called `copy`.
pub(super) fn partial_name() -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let (source, copy) = (folder.path().join("source"), folder.path().join("copy"));
    files::create(&source, 1, SIZE);
    let killed = faults::attempt(
        &super::copy_once(&["--placement", "resumable"], &source, &copy),
        &Fault::kill("/^rename"),
    );
    drop(killed);
    let names = files::list(folder.path());
    let found = names.iter().find(|name| name.as_encoded_bytes().ends_with(b".partial"));
    found.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
