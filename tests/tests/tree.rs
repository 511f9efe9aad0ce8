//! Trees, copied: what arrives, what is left alone, what is refused, and what a hostile tree or system does to it.
#![cfg(all(target_os = "linux", not(orbit_portable)))]

#[path = "tree/access.rs"]
mod access;
#[path = "tree/bandwidth.rs"]
mod bandwidth;
#[path = "tree/cancelling.rs"]
mod cancelling;
#[path = "tree/changing.rs"]
mod changing;
#[path = "tree/compression.rs"]
mod compression;
#[path = "tree/content.rs"]
mod content;
#[path = "child/copy_tree_once.rs"]
mod copy_tree_once;
#[path = "tree/deep.rs"]
mod deep;
#[path = "tree/dry_run.rs"]
mod dry_run;
#[path = "tree/durability.rs"]
mod durability;
#[path = "tree/each_file.rs"]
mod each_file;
#[path = "tree/errors.rs"]
mod errors;
#[path = "tree/faults.rs"]
mod faults;
#[path = "tree/filters.rs"]
mod filters;
#[path = "tree/full_disk.rs"]
mod full_disk;
#[path = "tree/hard_links.rs"]
mod hard_links;
#[path = "tree/heard.rs"]
mod heard;
#[path = "tree/into_itself.rs"]
mod into_itself;
#[path = "tree/kill.rs"]
mod kill;
#[path = "tree/limits.rs"]
mod limits;
#[path = "tree/metadata.rs"]
mod metadata;
#[path = "tree/name_taken.rs"]
mod name_taken;
#[path = "tree/names.rs"]
mod names;
#[path = "tree/observed.rs"]
mod observed;
#[path = "tree/overwrite.rs"]
mod overwrite;
#[path = "tree/placement.rs"]
mod placement;
#[path = "tree/profiles.rs"]
mod profiles;
#[path = "tree/resume.rs"]
mod resume;
#[path = "tree/scale.rs"]
mod scale;
#[path = "tree/scene.rs"]
mod scene;
#[path = "tree/special.rs"]
mod special;
#[path = "tree/swapped.rs"]
mod swapped;
#[path = "tree/symlinks.rs"]
mod symlinks;
#[path = "tree/system_calls.rs"]
mod system_calls;
#[path = "tree/verification.rs"]
mod verification;

use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use orbit_engine::{
    CopyError, CopyOptions, OnError, Placement, TreeError, TreeOptions, TreeOutcome, copy_tree,
};

/// Longer than any copy here takes on a loaded machine: reaching it means that the copy hangs.
const DEADLINE: Duration = Duration::from_secs(120);

/// The copy, in a thread of its own, so that one that hangs fails its test.
#[track_caller]
fn result(options: &TreeOptions, source: &Path, destination: &Path) -> Result<TreeOutcome, TreeError> {
    let (options, source, destination) = (options.clone(), source.to_owned(), destination.to_owned());
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        // A receiver that has gone has told why.
        let _ = sender.send(copy_tree(source, destination, &options));
    });
    match receiver.recv_timeout(DEADLINE) {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("the copy hangs"),
        Err(mpsc::RecvTimeoutError::Disconnected) => panic!("the copy panicked"),
    }
}

/// A copy that must succeed.
#[track_caller]
fn copied(options: &TreeOptions, source: &Path, destination: &Path) -> TreeOutcome {
    match result(options, source, destination) {
        Ok(outcome) => outcome,
        Err(error) => panic!("{:#?}", error.failures),
    }
}

/// A copy that must fail.
#[track_caller]
fn failed(options: &TreeOptions, source: &Path, destination: &Path) -> TreeError {
    match result(options, source, destination) {
        Ok(outcome) => panic!("it succeeded: {outcome:?}"),
        Err(error) => {
            assert!(!error.failures.is_empty(), "a failure without a reason");
            error
        }
    }
}

/// A copy that must fail for one reason, which is given.
#[track_caller]
fn failure(options: &TreeOptions, source: &Path, destination: &Path) -> CopyError {
    let mut failures = failed(options, source, destination).failures;
    assert_eq!(failures.len(), 1, "{failures:#?}");
    failures.remove(0)
}

fn plain() -> TreeOptions {
    TreeOptions::default()
}

fn going_on() -> TreeOptions {
    plain().on_error(OnError::Continue)
}

fn placed(placement: Placement) -> TreeOptions {
    TreeOptions::new(CopyOptions::new().placement(placement))
}

/// Each path that a failure names.
fn paths_of(error: &CopyError) -> Vec<&Path> {
    match error {
        CopyError::Io { path, .. }
        | CopyError::SourceNotRegular { path, .. }
        | CopyError::DestinationNotRegular { path, .. }
        | CopyError::DanglingSymlink { path }
        | CopyError::SourceChanged { path }
        | CopyError::SourceNotDirectory { path, .. }
        | CopyError::DestinationNotDirectory { path, .. }
        | CopyError::Loop { path }
        | CopyError::InProgress { partial: path }
        | CopyError::ChecksumMismatch { destination: path, .. }
        | CopyError::Cancelled { destination: path } => vec![path],
        CopyError::SameFile { source, destination }
        | CopyError::ZeroCopyUnsupported { source, destination, .. }
        | CopyError::IntoItself { source, destination }
        | CopyError::NameTaken { source, destination } => vec![source, destination],
        _ => panic!("a failure that names nothing: {error}"),
    }
}

/// Some failure names this path.
#[track_caller]
fn assert_named(error: &TreeError, path: &Path) {
    let named = error.failures.iter().any(|failure| paths_of(failure).contains(&path));
    assert!(named, "{} is not named: {:#?}", path.display(), error.failures);
}

/// The error of the system behind a failure.
fn errno(error: &CopyError) -> Option<i32> {
    match error {
        CopyError::Io { error, .. } => error.raw_os_error(),
        _ => None,
    }
}
