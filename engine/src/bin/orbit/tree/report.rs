//! The report of a tree for programs: one object whose keys are the same every time.

use std::path::Path;

use orbit_engine::{CopyError, Lost, Refused, Skipped, TreeOutcome};
use serde_json::{Map, Value, json};

use super::Ended;
use crate::report::{attribute, begin, error, put_all, put_path, refused, word};
use crate::units::per_second;

/// The report of a copy, or of a dry run, however it ended. `remedy` says what to do about a failure.
pub(super) fn of(
    source: &Path,
    ended: &Ended,
    dry_run: bool,
    remedy: impl Fn(&CopyError) -> Option<String>,
) -> Value {
    let failure = |failure| Value::Object(error(failure, &remedy(failure)));
    let (outcome, failures, took) = (ended.outcome(), ended.failures(), ended.took);
    let mut report = begin("orbit.tree/1");
    report.insert("status".into(), status(failures, dry_run).into());
    put_path(&mut report, "source", source);
    put_path(&mut report, "destination", &outcome.destination);
    put_all(&mut report, counts(outcome));
    put_all(&mut report, lists(outcome));
    put_all(
        &mut report,
        json!({
            "duration_ns": u64::try_from(took.as_nanos()).unwrap_or(u64::MAX),
            "bytes_per_second": per_second(outcome.data_bytes, took),
            "failures": failures.iter().map(failure).collect::<Vec<_>>(),
            "signal": ended.signal,
        }),
    );
    Value::Object(report)
}

const fn status(failures: &[CopyError], dry_run: bool) -> &'static str {
    match (failures.is_empty(), dry_run) {
        (false, _) => "failed",
        (true, true) => "would-copy",
        (true, false) => "copied",
    }
}

fn counts(outcome: &TreeOutcome) -> Value {
    json!({
        "files": outcome.files,
        "bytes": outcome.bytes,
        "data_bytes": outcome.data_bytes,
        "written_bytes": outcome.written_bytes,
        "directories": outcome.directories,
        "merged": outcome.merged,
        "symlinks": outcome.symlinks,
        "hard_links": outcome.hard_links,
        "special": outcome.special,
        "kept": outcome.kept,
        "kept_bytes": outcome.kept_bytes,
        "filtered": outcome.filtered,
        "skipped_symlinks": outcome.skipped_symlinks,
        "verified": outcome.verified,
        "resumed": outcome.resumed,
        "retries": outcome.retries,
        "changed": outcome.changed,
        "system_calls": outcome.system_calls,
        "workers": outcome.workers,
    })
}

fn lists(outcome: &TreeOutcome) -> Value {
    json!({
        "skipped_special": outcome.skipped_special.iter().map(skipped).collect::<Vec<_>>(),
        "moved": outcome.moved.iter().map(|moved| json!({
            "mechanism": moved.mechanism.name(), "bytes": moved.bytes,
        })).collect::<Vec<_>>(),
        "refusals": outcome.refusals.iter().map(refusal).collect::<Vec<_>>(),
        "not_preserved": outcome.not_preserved.iter().map(lost).collect::<Vec<_>>(),
    })
}

fn skipped(Skipped { path, kind }: &Skipped) -> Value {
    let mut told = Map::new();
    put_path(&mut told, "path", path);
    told.insert("kind".into(), word(kind).into());
    Value::Object(told)
}

fn refusal(refusal: &Refused) -> Value {
    let mut told = refused(refusal.reason);
    told.insert("mechanism".into(), refusal.mechanism.name().into());
    told.insert("files".into(), refusal.files.into());
    Value::Object(told)
}

fn lost(lost: &Lost) -> Value {
    let mut told = Map::new();
    told.insert("attribute".into(), attribute(&lost.attribute).into());
    told.insert("errno".into(), lost.errno.into());
    told.insert("entries".into(), lost.entries.into());
    put_path(&mut told, "example", &lost.example);
    Value::Object(told)
}
