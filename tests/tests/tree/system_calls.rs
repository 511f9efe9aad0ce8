//! How many system calls a small file takes, told from the difference between two trees, and which ones a tree takes once.

use std::collections::BTreeMap;

use orbit_tests::calls::{self, Counted};
use orbit_tests::lab::FileSystem;
use orbit_tests::skip::unless_skipped;
use orbit_tests::trees;

use super::copy_tree_once::{TreeReport, copy_tree_once};
use super::scene::{Scene, directory, files_in};

/// Calls for memory and for threads, which the language's runtime makes, and not for each file.
const OF_THE_RUNTIME: [&str; 18] = [
    "brk",
    "mmap",
    "munmap",
    "mremap",
    "mprotect",
    "madvise",
    "getrandom",
    "clone",
    "clone3",
    "rt_sigaction",
    "rt_sigprocmask",
    "sched_getaffinity",
    "gettid",
    "rseq",
    "set_robust_list",
    "sigaltstack",
    "futex",
    "exit",
];

/// Before it closes a file, a debug build of the language's runtime asks whether it is open.
const ASSERTION: &str = "F_GETFD";

/// The engine's calls by name, without listing directories, whose number depends on the file system.
fn made(counted: &Counted) -> BTreeMap<String, u64> {
    let mut made = BTreeMap::new();
    for (name, line) in counted.names().zip(&counted.lines) {
        if !OF_THE_RUNTIME.contains(&name) && !line.contains(ASSERTION) && name != "getdents64" {
            *made.entry(name.to_owned()).or_default() += 1;
        }
    }
    made
}

#[track_caller]
fn counted(test: &str, options: &[&str], scene: &Scene, from: &str) -> Option<Counted> {
    trees::remove(&scene.to());
    let counted = calls::count(&copy_tree_once(options, &scene.path(from), &scene.to()));
    let counted = unless_skipped(test, counted)?;
    assert!(counted.finished.status.success(), "{}", counted.finished.stderr);
    Some(counted)
}

/// Calls for each of the files that the larger tree has more, with the names of those.
fn for_each_file(test: &str, options: &[&str], scene: &Scene) -> Option<(f64, Vec<String>)> {
    let few = made(&counted(test, options, scene, "few")?);
    let many = made(&counted(test, options, scene, "many")?);
    let more =
        many.iter().map(|(name, count)| (name, count - few.get(name).copied().unwrap_or(0).min(*count)));
    let more: Vec<_> = more.filter(|(_, count)| *count > 0).collect();
    let total: u64 = more.iter().map(|(_, count)| *count).sum();
    Some((total as f64 / MORE as f64, more.iter().map(|(name, count)| format!("{name} {count}")).collect()))
}

const FEW: u64 = 200;

/// So many files more has the larger tree.
const MORE: u64 = 400;

/// Two trees of three directories, the one with [`MORE`] files more.
fn scene(test: &str, file_system: FileSystem) -> Option<Scene> {
    let scene = Scene::on(test, file_system)?;
    for folder in ["one", "two"] {
        files_in(scene.place().dir(), &format!("few/{folder}"), FEW / 2, 4096);
        files_in(scene.place().dir(), &format!("many/{folder}"), (FEW + MORE) / 2, 4096);
    }
    Some(scene)
}

#[test]
fn a_small_file_takes_at_most_eight_calls() {
    let test = "a_small_file_takes_at_most_eight_calls";
    for file_system in [FileSystem::Ext4, FileSystem::Tmpfs] {
        let Some(scene) = scene(test, file_system) else { continue };
        for placement in ["in-place", "staged"] {
            for workers in ["1", "4", "0"] {
                let options = ["--placement", placement, "--workers", workers];
                let Some((calls, which)) = for_each_file(test, &options, &scene) else { return };
                assert!(
                    calls <= 8.0,
                    "{calls} by {placement}, {workers} workers on {file_system}: {which:?}"
                );
            }
        }
    }
}

/// Workers are not woken for each file.
#[test]
fn handing_files_to_workers_costs_little() {
    let test = "handing_files_to_workers_costs_little";
    let Some(scene) = scene(test, FileSystem::Tmpfs) else { return };
    for workers in ["1", "2", "4"] {
        let options = ["--placement", "in-place", "--workers", workers];
        let Some(counted) = counted(test, &options, &scene, "many") else { return };
        let futex = counted.calls.of("futex");
        assert!(futex <= FEW + MORE, "{futex} futex calls for {} files by {workers} workers", FEW + MORE);
    }
}

#[test]
fn a_directory_takes_few_calls() {
    let test = "a_directory_takes_few_calls";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    for folder in 0..50 {
        directory(scene.place().dir(), &format!("few/{folder}"));
    }
    for folder in 0..50 + MORE {
        directory(scene.place().dir(), &format!("many/{folder}"));
    }
    let Some((calls, which)) = for_each_file(test, &[], &scene) else { return };
    assert!(calls <= 10.0, "{calls}: {which:?}");
}

/// `outcome.system_calls` is the truth, as strace tells it.
#[test]
fn the_outcome_counts_its_calls_right() {
    let test = "the_outcome_counts_its_calls_right";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    super::scene::plant(&scene.path("from"));
    for options in [
        &["--workers", "1"][..],
        &["--workers", "4"],
        &["--placement", "in-place", "--durability", "file-and-directory"],
        &["--placement", "resumable", "--verify", "sha256"],
        &["--preserve", "true"],
        &["--symlinks", "follow", "--exclude", "nowhere"],
        &["--dry-run", "true"],
    ] {
        let Some(counted) = counted(test, options, &scene, "from") else { return };
        let made: u64 = made(&counted).values().sum::<u64>() + counted.calls.of("getdents64");
        let (calls, lines) = (counted.calls, counted.lines);
        let told = TreeReport::of(counted.finished).number("system_calls");
        assert_eq!(told, made, "{options:?}: strace saw {calls} {lines:#?}");
    }
}
