//! The public surface: a change of it is a change of a snapshot.

use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use orbit_engine::{
    CopyError, CopyOptions, CopyOutcome, Digest, FileKind, Mechanism, Mismatch, Omission, OmissionReason,
    Operation, Refusal, RefusalReason, Tuning,
};

/// Every `pub` item of the engine's root, attributes before it included, one a line.
fn public_items() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/src/lib.rs");
    let text = fs::read_to_string(root).expect("the engine lies beside the tests");
    let code: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    let (mut items, mut attribute) = (Vec::new(), String::new());
    for statement in code.split_inclusive([';', ']', '}']).map(str::trim) {
        let statement = statement.split_whitespace().collect::<Vec<_>>().join(" ");
        if statement.starts_with("#[") {
            attribute = format!("{statement} ");
            continue;
        }
        if statement.starts_with("pub ") {
            items.push(format!("{attribute}{statement}"));
        }
        attribute.clear();
    }
    items.join("\n")
}

#[test]
fn the_public_items_are_these() {
    insta::assert_snapshot!(public_items());
}

fn io_error(operation: Operation) -> CopyError {
    CopyError::Io { operation, path: "some/file".into(), error: io::Error::other("the system's answer") }
}

const REFUSALS: [(Mechanism, RefusalReason, u64); 3] = [
    (Mechanism::Reflink, RefusalReason::MovedNothing, 0),
    (Mechanism::CopyFileRange, RefusalReason::MovedTooMuch, 65_536),
    (Mechanism::Splice, RefusalReason::MovedNothing, 1),
];

const OMISSIONS: [OmissionReason; 7] = [
    OmissionReason::BufferedStrategy,
    OmissionReason::BelowThreshold { size: 10, threshold: 65_536 },
    OmissionReason::TunedNever,
    OmissionReason::UnknownLength,
    OmissionReason::ReflinkNever,
    OmissionReason::ReflinkAlways,
    OmissionReason::NotBuiltIn,
];

fn errors() -> Vec<CopyError> {
    let (source, destination) = (PathBuf::from("from/a"), PathBuf::from("to/b"));
    let operations = [
        Operation::OpenSource,
        Operation::Inspect,
        Operation::OpenDestination,
        Operation::CreateStaging,
        Operation::Read,
        Operation::Write,
        Operation::Copy,
        Operation::Compress,
        Operation::Decompress,
        Operation::SetMode,
        Operation::Sync,
        Operation::Close,
        Operation::Rename,
    ];
    let kinds = [
        FileKind::Directory,
        FileKind::Symlink,
        FileKind::Fifo,
        FileKind::Socket,
        FileKind::Device,
        FileKind::Other,
    ];
    let refusals = REFUSALS.map(|(mechanism, reason, at)| Refusal { mechanism, reason, at }).to_vec();
    let omissions = OMISSIONS.map(|reason| Omission { mechanism: Mechanism::Splice, reason }).to_vec();
    let digests = Mismatch::Digests { source: Digest([0x5a; 32]), destination: Digest([0x0f; 32]) };
    let mismatch = |mismatch| CopyError::ChecksumMismatch { destination: destination.clone(), mismatch };
    let mut errors: Vec<_> = operations.map(io_error).into();
    errors.extend(kinds.map(|kind| CopyError::SourceNotRegular { path: source.clone(), kind }));
    errors.push(CopyError::DestinationNotRegular { path: destination.clone(), kind: FileKind::Directory });
    errors.push(CopyError::SameFile { source: source.clone(), destination: destination.clone() });
    errors.push(CopyError::DanglingSymlink { path: destination.clone() });
    errors.push(CopyError::SourceChanged { path: source.clone() });
    errors.push(CopyError::NotBuiltIn { feature: "zstd" });
    let undecodable = Mismatch::Undecodable { reason: "it ends within a zstd frame" };
    errors.extend([Mismatch::Offset(4096), digests, undecodable].map(mismatch));
    errors.push(CopyError::ZeroCopyUnsupported { source, destination, refusals, omissions });
    errors
}

#[test]
fn errors_read_like_this() {
    let texts: Vec<_> = errors().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(texts.join("\n"));
}

/// Fatal: trying again without repairing something is in vain.
#[test]
fn errors_are_classified_like_this() {
    let class = |error: &CopyError| {
        let name = format!("{error:?}");
        let name = name.split(' ').next().unwrap_or_default().to_owned();
        format!(
            "{name}: fatal {}, zero-copy unsupported {}",
            error.is_fatal(),
            error.is_zero_copy_unsupported()
        )
    };
    let mut classes: Vec<_> = errors().iter().map(class).collect();
    classes.dedup();
    for kind in [io::ErrorKind::Interrupted, io::ErrorKind::StorageFull, io::ErrorKind::ResourceBusy] {
        let error = CopyError::Io { operation: Operation::Copy, path: "a".into(), error: kind.into() };
        classes.push(format!("{kind:?}: fatal {}", error.is_fatal()));
    }
    insta::assert_snapshot!(classes.join("\n"));
}

#[test]
fn an_error_of_the_system_is_in_the_chain_and_others_have_none() {
    let error = io_error(Operation::Read);
    let source = error.source().and_then(<dyn Error>::downcast_ref::<io::Error>).unwrap();
    assert_eq!(source.to_string(), "the system's answer");
    for error in errors() {
        assert_eq!(error.source().is_some(), matches!(error, CopyError::Io { .. }), "{error:?}");
    }
    let missing = orbit_engine::copy_file("no/such/file", "b", &CopyOptions::new()).unwrap_err();
    let source = missing.source().and_then(<dyn Error>::downcast_ref::<io::Error>).unwrap();
    assert_eq!(source.kind(), io::ErrorKind::NotFound);
}

#[test]
fn values_and_errors_travel_between_threads() {
    fn travels<T: Send + Sync + 'static>() {}
    travels::<CopyError>();
    travels::<CopyOptions>();
    travels::<CopyOutcome>();
    travels::<Tuning>();
}
