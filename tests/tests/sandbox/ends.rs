//! Mounts are seen by their thread alone, and go however it ends.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use orbit_tests::lab::fuse::Lies;
use orbit_tests::lab::{self, FileSystem};
use orbit_tests::skip::{Skip, unless_skipped};
use orbit_tests::{files, subprocess};

use super::{has_role, role};

/// The loop devices below the sandbox's mounts, seen from this thread.
fn loop_devices() -> Vec<String> {
    let mounts = fs::read_to_string("/proc/thread-self/mounts").expect("read the mounts of this thread");
    let ours = mounts.lines().filter(|line| line.contains("/sandbox/mounts/"));
    ours.filter_map(|line| line.split(' ').next()?.strip_prefix("/dev/loop")).map(str::to_owned).collect()
}

fn backing(device: &str) -> Option<String> {
    fs::read_to_string(format!("/sys/block/loop{device}/loop/backing_file")).ok()
}

/// The kernel clears a loop device some time after its last use.
fn wait_until_gone(device: &str, image: &str) {
    let start = Instant::now();
    while backing(device).as_deref() == Some(image) {
        assert!(start.elapsed() < Duration::from_secs(20), "{image} is still on loop device {device}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// In its role: holds every file system, says which loop devices and mount points, and waits to be killed.
#[test]
fn hold_everything() {
    if !has_role("ends::hold_everything") {
        return;
    }
    let mounts: Vec<_> =
        FileSystem::ALL.into_iter().filter_map(|file_system| lab::mount(file_system).ok()).collect();
    for mounted in &mounts {
        files::create(&mounted.dir().join("file"), 1, 1 << 20);
    }
    let overlay = lab::mount_overlay(FileSystem::Ext4, |_| {});
    let fuse = lab::fuse::mount();
    let _open_and_read = fuse.as_ref().map(|fuse| {
        let file = fuse.dir().join("file");
        files::create(&file, 1, 1 << 20);
        fuse.lie(Lies { read_delay: Duration::from_millis(300), ..Lies::default() });
        let open = File::open(&file).unwrap();
        (open, thread::spawn(move || while fs::read(&file).is_ok() {}))
    });
    println!("\nplace {}", mounts[0].dir().display());
    println!("held {}", loop_devices().join(" "));
    thread::sleep(subprocess::DEADLINE);
    drop((overlay, fuse));
}

#[test]
fn nothing_outlives_signal_9() {
    let mut child = role("ends::hold_everything").arg("--nocapture").stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut said = |word| lines.find_map(|line| line.strip_prefix(word).map(str::to_owned)).unwrap();
    let (place, held) = (PathBuf::from(said("place ")), said("held "));
    let images: Vec<_> = held.split_whitespace().map(|device| (device, backing(device).unwrap())).collect();
    let alive = lab::mount(FileSystem::Workspace).unwrap();
    assert!(place.exists(), "that of a living process stays");
    child.kill().unwrap();
    child.wait().unwrap();
    for (device, image) in &images {
        wait_until_gone(device, image);
    }
    let _next = lab::mount(FileSystem::Workspace).unwrap();
    assert!(!place.exists() && alive.dir().exists());
    if images.is_empty() {
        Skip::because("nothing was mounted").report("nothing_outlives_signal_9");
    }
}

#[test]
fn mounts_show_in_their_thread_only() {
    let test = "mounts_show_in_their_thread_only";
    let Some(mounted) = unless_skipped(test, lab::mount(FileSystem::Ext4)) else { return };
    assert_eq!(loop_devices().len(), 1);
    let namespace = |thread: &str| fs::read_link(format!("/proc/{thread}/ns/mnt")).unwrap();
    if namespace("self") == namespace("thread-self") {
        Skip::because("the harness runs tests in the main thread").report(test);
        return;
    }
    assert!(!fs::read_to_string("/proc/self/mounts").unwrap().contains("/sandbox/mounts"));
    let points = mounted.dir().ancestors().nth(2).unwrap();
    let outside = Path::new("/proc/self/root").join(points.strip_prefix("/").unwrap());
    assert_eq!(files::list(&outside), [""; 0]);
}

#[test]
fn nothing_outlives_a_panic() {
    let test = "nothing_outlives_a_panic";
    let inside = thread::spawn(move || {
        let mounted = unless_skipped(test, lab::mount(FileSystem::Ext4))?;
        let devices = loop_devices();
        let images: Vec<_> = devices.iter().map(|device| backing(device).unwrap()).collect();
        let failed = catch_unwind(move || {
            let _open = File::create(mounted.dir().join("file")).unwrap();
            let _dropped_before_the_file = mounted;
            panic!("on purpose");
        });
        assert!(failed.is_err());
        assert_eq!(loop_devices(), [""; 0]);
        Some((devices, images))
    });
    let Some((devices, images)) = inside.join().unwrap() else { return };
    assert_eq!(devices.len(), 1);
    wait_until_gone(&devices[0], &images[0]);
}
