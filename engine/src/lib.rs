//! A file-copy engine that falls back without being noticed, verifies for real and never loses data.
//!
//! [`copy_file`] copies one regular file by the fastest mechanism that works between its two file systems: shared
//! extents, an in-kernel copy, or reading and writing. The destination is written under a staging name and renamed when
//! it is whole. [`CopyOutcome`] names the mechanism that really moved the bytes, and why the faster ones did not.
//!
//! ```
//! use orbit_engine::{CopyOptions, Verification, copy_file};
//! # let folder = tempfile::tempdir()?;
//! # let (source, destination) = (folder.path().join("a"), folder.path().join("b"));
//! # std::fs::write(&source, vec![7; 100_000])?;
//! let options = CopyOptions::new().verification(Verification::Sha256);
//! let outcome = copy_file(&source, &destination, &options)?;
//! println!("{} bytes by {}, {}", outcome.bytes, outcome.mechanism, outcome.verified);
//! for refusal in &outcome.refusals {
//!     println!("not by {refusal}");
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The library prints nothing, installs no signal handler, reads no environment variable, and joins every thread that
//! it starts.
//!
//! Features: `zero-copy` (default) builds the in-kernel mechanisms; `config` adds reading tuned files
//! ([`Tuning::load`]).

/// The example of the README is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

mod attempt;
mod buffer;
mod capabilities;
mod copy;
mod drive;
mod drop_in;
mod error;
mod facts;
#[cfg(all(target_os = "linux", not(orbit_portable)))]
mod ffi;
mod holes;
mod inspect;
mod ladder;
mod memory;
mod metadata;
mod names;
mod observe;
mod options;
mod outcome;
mod parallel;
mod placement;
mod platform;
mod select;
mod size;
mod staging;
mod strategy;
mod tuning;
mod verify;

pub use capabilities::{Capability, ZeroCopyCapabilities, is_zero_copy_available, zero_copy_capabilities};
pub use copy::copy_file;
pub use drop_in::copy;
pub use error::{CopyError, FileKind, Mismatch, Operation};
pub use facts::Facts;
pub use names::UnknownName;
pub use observe::{Cancel, Observer, Phase, Progress};
pub use options::{CopyOptions, Durability, Placement, Reflink, Sparse, Verification};
pub use outcome::{
    Attribute, CopyOutcome, Digest, Moved, NotPreserved, Omission, OmissionReason, Refusal, RefusalReason,
    Verified,
};
pub use select::{Plan, select};
pub use size::{ByteSize, InvalidSize};
pub use strategy::{Mechanism, Strategy};
pub use tuning::{Chunk, FileSystemPair, MAX_THREADS, Threshold, Tuning, Values};
#[cfg(feature = "config")]
pub use tuning::{Decision, Evidence, Provenance, TunedFile, TunedProfile, TuningError};
