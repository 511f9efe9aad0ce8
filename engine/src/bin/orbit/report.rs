//! Reports for programs: JSON on one line, with integers, units in names, and words that do not change. A path that is
//! no text has its bytes in hexadecimal beside it.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use orbit_engine::{
    Attribute, CopyError, CopyOutcome, Omission, OmissionReason, Refusal, RefusalReason, Resumed,
    TuningWarning, Verified,
};
use serde_json::{Map, Value, json};

use crate::destination::Nowhere;
use crate::remedy::OF_TUNING;
use crate::units::{moved, per_second};

/// The report of a copy that succeeded.
pub(crate) fn of_outcome(source: &Path, outcome: &CopyOutcome, took: Duration) -> Value {
    let mut report = begin("orbit.copy/1");
    report.insert("status".into(), "copied".into());
    put_path(&mut report, "source", source);
    put_path(&mut report, "destination", &outcome.destination);
    put_all(
        &mut report,
        json!({
            "mechanism": outcome.mechanism.name(),
            "bytes": outcome.bytes,
            "content_bytes": outcome.content_bytes,
            "data_bytes": outcome.data_bytes,
            "duration_ns": u64::try_from(took.as_nanos()).unwrap_or(u64::MAX),
            "bytes_per_second": per_second(moved(outcome), took),
            "threads": outcome.threads,
            "moved": outcome.moved.iter().map(|moved| json!({
                "mechanism": moved.mechanism.name(), "bytes": moved.bytes,
            })).collect::<Vec<_>>(),
            "omissions": omissions(&outcome.omissions),
            "refusals": refusals(&outcome.refusals),
            "system_calls": outcome.system_calls,
            "verified": verified(outcome.verified),
            "durability": outcome.durability.name(),
            "source_changed": outcome.source_changed,
            "not_preserved": outcome.not_preserved.iter().map(|lost| json!({
                "attribute": attribute(&lost.attribute), "errno": lost.errno,
            })).collect::<Vec<_>>(),
            "resumed": resumed(outcome.resumed),
            "retries": outcome.retries,
        }),
    );
    Value::Object(report)
}

/// The report of a copy that failed. `told` is what [`error`] made of the reason, `signal` is the number of the signal that ended it.
pub(crate) fn of_error(
    source: &Path,
    destination: &Path,
    mut told: Map<String, Value>,
    signal: Option<u8>,
) -> Value {
    let mut report = failed(source, destination);
    if let Some(signal) = signal {
        told.insert("signal".into(), signal.into());
    }
    report.insert("error".into(), told.into());
    Value::Object(report)
}

/// Why something could not be copied, and what to do about it.
pub(crate) fn error(error: &CopyError, remedy: &Option<String>) -> Map<String, Value> {
    let mut told = Map::new();
    told.insert("remedy".into(), remedy.clone().into());
    told.insert("kind".into(), word(error).into());
    told.insert("message".into(), error.to_string().into());
    if let CopyError::Io { operation, path, error } = error {
        told.insert("operation".into(), word(operation).into());
        put_path(&mut told, "path", path);
        told.insert("errno".into(), error.raw_os_error().into());
    } else if let Some(path) = path_of(error) {
        put_path(&mut told, "path", path);
    }
    if let CopyError::ZeroCopyUnsupported { refusals: refused, omissions: omitted, .. } = error {
        told.insert("refusals".into(), refusals(refused));
        told.insert("omissions".into(), omissions(omitted));
    }
    told
}

/// Which entry it is about.
fn path_of(error: &CopyError) -> Option<&Path> {
    use CopyError as Error;
    match error {
        Error::Io { path, .. }
        | Error::SourceNotRegular { path, .. }
        | Error::DestinationNotRegular { path, .. }
        | Error::DanglingSymlink { path }
        | Error::SourceChanged { path }
        | Error::SourceNotDirectory { path, .. }
        | Error::DestinationNotDirectory { path, .. }
        | Error::Loop { path }
        | Error::InProgress { partial: path }
        | Error::SameFile { source: path, .. }
        | Error::ZeroCopyUnsupported { source: path, .. }
        | Error::IntoItself { source: path, .. }
        | Error::NameTaken { source: path, .. }
        | Error::ChecksumMismatch { destination: path, .. }
        | Error::Cancelled { destination: path } => Some(path),
        _ => None,
    }
}

/// The report of a copy whose destination means nothing.
pub(crate) fn of_destination(source: &Path, destination: &Path, nowhere: &Nowhere) -> Value {
    let Nowhere { message, remedy } = nowhere;
    let mut report = failed(source, destination);
    let told = json!({ "kind": "destination", "message": message, "remedy": remedy });
    report.insert("error".into(), told);
    Value::Object(report)
}

fn failed(source: &Path, destination: &Path) -> Map<String, Value> {
    let mut report = begin("orbit.copy/1");
    report.insert("status".into(), "failed".into());
    put_path(&mut report, "source", source);
    put_path(&mut report, "destination", destination);
    report
}

/// An object that says what it is.
pub(crate) fn begin(schema: &str) -> Map<String, Value> {
    Map::from_iter([("schema".to_owned(), Value::from(schema))])
}

/// Adds all members of an object.
pub(crate) fn put_all(object: &mut Map<String, Value>, more: Value) {
    if let Value::Object(more) = more {
        object.extend(more);
    }
}

/// Adds a path under `key`; what is no UTF-8 is replaced there, and whole in `KEY_hex`.
pub(crate) fn put_path(object: &mut Map<String, Value>, key: &str, path: &Path) {
    object.insert(key.into(), path.to_string_lossy().into());
    if path.to_str().is_none() {
        let hex: String =
            path.as_os_str().as_encoded_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        object.insert(format!("{key}_hex"), hex.into());
    }
}

/// Omissions as a list of objects.
pub(crate) fn omissions(omissions: &[Omission]) -> Value {
    let of = |Omission { mechanism, reason }: &Omission| {
        let mut told = Map::new();
        told.insert("mechanism".into(), mechanism.name().into());
        told.insert("reason".into(), word(reason).into());
        told.insert("message".into(), reason.to_string().into());
        if let OmissionReason::RefusedBefore(errno) = reason {
            told.insert("errno".into(), (*errno).into());
        }
        Value::Object(told)
    };
    omissions.iter().map(of).collect()
}

fn refusals(refusals: &[Refusal]) -> Value {
    let of = |refusal: &Refusal| {
        let mut told = refused(refusal.reason);
        told.insert("mechanism".into(), refusal.mechanism.name().into());
        told.insert("at_bytes".into(), refusal.at.into());
        Value::Object(told)
    };
    refusals.iter().map(of).collect()
}

/// Why a mechanism was refused.
pub(crate) fn refused(reason: RefusalReason) -> Map<String, Value> {
    let mut told = Map::new();
    told.insert("reason".into(), word(&reason).into());
    told.insert("message".into(), reason.to_string().into());
    if let RefusalReason::Errno(errno) = reason {
        told.insert("errno".into(), errno.into());
    }
    told
}

/// Why the values of a tuned file are not used.
pub(crate) fn unused(warning: &TuningWarning) -> Value {
    let mut told = Map::new();
    told.insert("reason".into(), word(&warning.staleness).into());
    told.insert("message".into(), warning.to_string().into());
    told.insert("remedy".into(), OF_TUNING.into());
    Value::Object(told)
}

fn verified(verified: Verified) -> Value {
    let level = word(&verified);
    match verified {
        Verified::Sha256(digest) => json!({ "by": level, "sha256": digest.to_string() }),
        _ => json!({ "by": level }),
    }
}

fn resumed(resumed: Resumed) -> Value {
    let how = word(&resumed);
    match resumed {
        Resumed::At(offset) => json!({ "how": how, "at_bytes": offset }),
        Resumed::StartedOver(why) => json!({ "how": how, "reason": word(&why), "message": why.to_string() }),
        _ => json!({ "how": how }),
    }
}

/// A piece of metadata: a word, or the name of an extended attribute.
pub(crate) fn attribute(attribute: &Attribute) -> String {
    match attribute {
        Attribute::Owner => "owner".to_owned(),
        Attribute::Extended(name) => name.to_string_lossy().into_owned(),
        _ => word(attribute),
    }
}

/// The name of an enum's variant as a word: `BelowThreshold { … }` is `below-threshold`. The variants are the library's
/// interface, and so are the words.
pub(crate) fn word(variant: &impl fmt::Debug) -> String {
    let text = format!("{variant:?}");
    let name = text.split(|char: char| !char.is_ascii_alphanumeric()).next().unwrap_or_default();
    let mut word = String::with_capacity(name.len() + 2);
    for char in name.chars() {
        if char.is_ascii_uppercase() && !word.is_empty() {
            word.push('-');
        }
        word.push(char.to_ascii_lowercase());
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_words() {
        let below = OmissionReason::BelowThreshold { size: 1, threshold: 2 };
        assert_eq!(word(&below), "below-threshold");
        assert_eq!(word(&Verified::Sha256(orbit_engine::Digest([0; 32]))), "sha256");
        assert_eq!(word(&RefusalReason::Errno(1)), "errno");
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_no_text_has_its_bytes_beside_it() {
        use std::os::unix::ffi::OsStrExt;
        let mut object = Map::new();
        put_path(&mut object, "source", Path::new("a"));
        put_path(&mut object, "destination", Path::new(std::ffi::OsStr::from_bytes(b"b\xff")));
        let expected = json!({ "source": "a", "destination": "b\u{fffd}", "destination_hex": "62ff" });
        assert_eq!(Value::Object(object), expected);
    }
}
