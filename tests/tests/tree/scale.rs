//! A million entries in little memory, and queues that never hold a tree.

use std::fs::{self, File};
use std::path::Path;
use std::thread;
use std::time::Duration;

use orbit_tests::lab::{self, FileSystem};
use orbit_tests::skip::{Skip, unless_skipped};
use orbit_tests::subprocess;
use orbit_tests::trees;

use super::copy_tree_once::{TreeReport, copy_tree_once};
use super::scene::Scene;

const MIB: u64 = 1 << 20;

/// What the issue allows for a million entries.
const MOST_MEMORY: u64 = 64 * MIB;

/// In one directory.
const FILES: u64 = 400_000;

/// In one directory, each empty.
const EMPTY: u64 = 200_000;

/// Each with [`EACH`] files.
const FOLDERS: u64 = 20_000;

const EACH: u64 = 19;

/// Kernel memory of an entry on tmpfs, with some to spare.
const ENTRY: u64 = 2048;

/// For a debug build on a loaded machine.
const DEADLINE: Duration = Duration::from_secs(300);

/// A million entries: many files in one directory, many directories in one, and many of both.
fn plant(root: &Path) {
    let many = |name: &'static str| {
        let folder = root.join(name);
        fs::create_dir(&folder).expect("a directory on a fresh file system");
        folder
    };
    let (files, empty, folders) = (many("files"), many("empty"), many("folders"));
    thread::scope(|scope| {
        scope.spawn(|| (0..FILES).for_each(|index| drop(create(&files.join(index.to_string())))));
        scope.spawn(|| {
            for index in 0..EMPTY {
                fs::create_dir(empty.join(index.to_string())).expect("an empty directory");
            }
            for folder in 0..FOLDERS {
                let folder = folders.join(folder.to_string());
                fs::create_dir(&folder).expect("a directory");
                (0..EACH).for_each(|index| drop(create(&folder.join(index.to_string()))));
            }
        });
    });
}

fn create(path: &Path) -> File {
    File::create_new(path).expect("a file on a fresh file system")
}

/// Without this much, the machine would end other programs.
fn require_memory(bytes: u64) -> Result<(), Skip> {
    let told = fs::read_to_string("/proc/meminfo").expect("read /proc/meminfo");
    let line = told.lines().find_map(|line| line.strip_prefix("MemAvailable:")).unwrap_or("0 kB");
    let available = line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) << 10;
    if available < bytes {
        return Err(Skip::because(format!("needs {} MiB of memory for a million entries", bytes / MIB)));
    }
    Ok(())
}

#[test]
fn a_million_entries_take_little_memory() {
    let test = "a_million_entries_take_little_memory";
    let entries = FILES + EMPTY + FOLDERS * (EACH + 1) + 4;
    let Some(()) = unless_skipped(test, require_memory(2 * entries * ENTRY + 256 * MIB)) else { return };
    let Some(tmpfs) = unless_skipped(test, lab::mount_with(FileSystem::Tmpfs, "nr_inodes=0")) else { return };
    let scene = Scene::of(tmpfs);
    plant(&scene.from());
    let child = copy_tree_once(&[], &scene.from(), &scene.to());
    let report = TreeReport::of(subprocess::run_within(child, DEADLINE));
    assert_eq!(report.number("files"), FILES + FOLDERS * EACH);
    assert_eq!(report.number("directories"), EMPTY + FOLDERS + 4);
    assert_eq!(trees::count(&scene.to()), trees::count(&scene.from()));
    let peak = report.number("peak_memory");
    assert!(peak < MOST_MEMORY, "{} MiB", peak / MIB);
}
