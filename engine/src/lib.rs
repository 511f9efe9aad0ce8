//! A file-copy engine that falls back without being noticed, verifies for real and never loses data.
//!
//! [`copy_file`] copies one regular file by the fastest mechanism that works between its two file systems: shared
//! extents, an in-kernel copy, or reading and writing. The new file takes the destination's name when it is whole.
//! [`CopyOutcome`] names the mechanism that really moved the bytes, and why the others did not. [`copy`] does the same
//! with the signature of [`std::fs::copy`]. [`send_file`] sends a file to a socket.
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
//! # Choosing
//! [`CopyOptions`] says what a copy is to do: by which [`Strategy`], with which [`Placement`], [`Sparse`] and [`Reflink`]
//! policy, [`Verification`] and [`Durability`], with or without metadata, watched by an [`Observer`], ended by a
//! [`Cancel`]. [`Tuning`] says how to be fast. [`explain()`] tells what a copy would do.
//!
//! # Features
//! `zero-copy` (default) builds the in-kernel mechanisms; `config` adds reading tuned files ([`Tuning::load`]) and
//! settings ([`Settings`], [`Effective`]); `io-uring` adds [`CopyOptions::io_uring`]; `zstd` adds
//! [`CopyOptions::compression`]; `glob` adds [`Globs`]; `cli` builds the command `orbit`.

/// The example of the README is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

mod attempt;
mod buffer;
mod capabilities;
mod compress;
#[cfg(feature = "config")]
mod config;
mod copy;
mod drive;
mod drop_in;
mod entry;
mod error;
mod explain;
mod facts;
mod failure;
#[cfg(feature = "config")]
mod fault;
#[cfg(any(all(target_os = "linux", not(orbit_portable)), target_os = "macos", windows))]
mod ffi;
mod fill;
mod holes;
mod inspect;
mod keeper;
mod ladder;
mod limit;
mod memory;
mod metadata;
mod names;
mod observe;
mod options;
mod outcome;
mod pace;
mod parallel;
mod partial;
mod placement;
mod platform;
mod retry;
mod select;
mod send;
mod setting;
mod sidecar;
mod size;
mod staging;
mod strategy;
mod survey;
mod tree;
#[cfg(feature = "config")]
mod tuned;
mod tuning;
mod verify;

pub use capabilities::{Capability, ZeroCopyCapabilities, is_zero_copy_available, zero_copy_capabilities};
#[cfg(feature = "config")]
pub use config::{ConfigError, Contradiction, Effective, Entry, Origin, Settings};
pub use copy::copy_file;
pub use drop_in::copy;
pub use error::{CopyError, FileKind, Mismatch, Operation, shown};
pub use explain::{Explanation, explain};
pub use facts::Facts;
pub use names::UnknownName;
pub use observe::{Cancel, Observer, Phase, Progress};
pub use options::{
    Compression, CopyOptions, Durability, InvalidCompression, Placement, Preset, Reflink, Sparse,
    Verification, ZstdLevel,
};
pub use outcome::{
    Attribute, CopyOutcome, Digest, Moved, NotPreserved, Omission, OmissionReason, Refusal, RefusalReason,
    Resumed, Unusable, Verified,
};
pub use select::{Plan, select};
pub use send::{SendError, SendOutcome, send_file};
pub use size::{ByteSize, InvalidRate, InvalidSize, Rate};
pub use strategy::{Mechanism, Strategy};
pub use tree::{
    Filter, Lost, OnError, Overwrite, Refused, Skipped, Symlinks, TreeError, TreeObserver, TreeOptions,
    TreeOutcome, TreeProgress, TreeTotal, copy_tree,
};
#[cfg(feature = "glob")]
pub use tree::{Globs, InvalidGlob};
#[cfg(feature = "config")]
pub use tuned::{
    Decision, Evidence, Finding, Machine, MeasuredRun, Provenance, TunedFile, TunedProfile, TuningError,
};
pub use tuning::{
    Chunk, FileSystemPair, MAX_BATCH, MAX_THREADS, MAX_WORKERS, Staleness, Threshold, Tuning, TuningWarning,
    UtcTime, Values,
};
