//! One file, copied: what arrives, by which mechanism, what is refused, and what stays as it was.
#![cfg(all(target_os = "linux", not(orbit_portable)))]

#[path = "copy/access.rs"]
mod access;
#[path = "copy/bandwidth.rs"]
mod bandwidth;
#[path = "copy/capabilities.rs"]
mod capabilities;
#[path = "copy/compression.rs"]
mod compression;
#[path = "copy/content.rs"]
mod content;
#[path = "child/copy_once.rs"]
mod copy_once;
#[path = "copy/drop_in.rs"]
mod drop_in;
#[path = "copy/durability.rs"]
mod durability;
#[path = "copy/heard.rs"]
mod heard;
#[path = "copy/in_place.rs"]
mod in_place;
#[path = "copy/kinds.rs"]
mod kinds;
#[path = "copy/large.rs"]
mod large;
#[path = "copy/mechanisms.rs"]
mod mechanisms;
#[path = "copy/metadata.rs"]
mod metadata;
#[path = "copy/names.rs"]
mod names;
#[path = "copy/observed.rs"]
mod observed;
#[path = "copy/overlay.rs"]
mod overlay;
#[path = "copy/profiles.rs"]
mod profiles;
#[path = "copy/properties.rs"]
mod properties;
#[path = "copy/pseudo_files.rs"]
mod pseudo_files;
#[path = "copy/reflink.rs"]
mod reflink;
#[path = "copy/replacement.rs"]
mod replacement;
#[path = "copy/resume.rs"]
mod resume;
#[path = "copy/retries.rs"]
mod retries;
#[path = "copy/same_file.rs"]
mod same_file;
#[path = "copy/sparse.rs"]
mod sparse;
#[path = "copy/system_calls.rs"]
mod system_calls;
#[path = "copy/tuned.rs"]
mod tuned;
#[path = "copy/verification.rs"]
mod verification;

use std::path::Path;

use orbit_engine::{CopyError, CopyOptions, CopyOutcome, Mechanism, Strategy, copy_file};
use orbit_tests::lab::{Capability, Place};

/// A copy by `strategy` that must succeed.
#[track_caller]
fn copied(strategy: Strategy, source: &Path, destination: &Path) -> CopyOutcome {
    copied_with(&CopyOptions::new().strategy(strategy), source, destination)
}

/// A copy with `options` that must succeed.
#[track_caller]
fn copied_with(options: &CopyOptions, source: &Path, destination: &Path) -> CopyOutcome {
    copy_file(source, destination, options).unwrap_or_else(|error| panic!("{error} ({options:?})"))
}

/// A copy by `strategy` that must fail.
#[track_caller]
fn refused(strategy: Strategy, source: &Path, destination: &Path) -> CopyError {
    match copy_file(source, destination, &CopyOptions::new().strategy(strategy)) {
        Ok(outcome) => panic!("{} was copied: {outcome:?}", source.display()),
        Err(error) => error,
    }
}

/// From here on the engine uses a pipe of its own.
const PIPE_PAYS: u64 = 512 * 1024;

/// Each zero-copy mechanism that is tried for `size` bytes between two places before one works, with the errno of its
/// refusal, and the one that works; nothing where the lab does not declare it.
fn declared(from: &Place, to: &Place, size: u64) -> Option<(Vec<(Mechanism, i32)>, Mechanism)> {
    let (from, to) = (from.file_system(), to.file_system());
    let reflink = (Mechanism::Reflink, from.reflink(to));
    let ladder = if size < PIPE_PAYS {
        vec![
            reflink,
            (Mechanism::CopyFileRange, from.copy_file_range(to)),
            (Mechanism::Sendfile, from.splice(to)),
        ]
    } else {
        vec![reflink, (Mechanism::Splice, from.splice(to))]
    };
    let mut refused = Vec::new();
    for (mechanism, capability) in ladder {
        match capability {
            Capability::Works => return Some((refused, mechanism)),
            Capability::Refused(errno) => refused.push((mechanism, errno.raw_os_error())),
            Capability::Undeclared => return None,
        }
    }
    Some((refused, Mechanism::ReadWrite))
}

/// The mechanism is the declared zero-copy one; where none is declared, at least a zero-copy one.
#[track_caller]
fn assert_zero_copy(found: Mechanism, from: &Place, to: &Place, size: u64) {
    match declared(from, to, size) {
        Some((_, mechanism)) => assert_eq!(found, mechanism),
        None => assert!(found.is_zero_copy(), "{found}"),
    }
}
