//! What a copy did, in lines for people: what `--verbose` says, and the warnings that are said without it.

use std::path::Path;
use std::time::Duration;

use orbit_engine::{CopyOutcome, Mechanism, Resumed, Tuning, Verified, shown};

use crate::remedy::{self, with_remedy};
use crate::units::{duration, moved, rate, size};

/// Which lines are wanted: none, the story, or every mechanism too.
pub(crate) fn of(source: &Path, outcome: &CopyOutcome, took: Duration, verbose: u8) -> Vec<String> {
    let mut lines = Vec::new();
    if verbose >= 2 {
        lines.extend(outcome.omissions.iter().map(|omission| format!("left out {omission}")));
        lines.extend(outcome.refusals.iter().map(|refusal| format!("refused {refusal}")));
    }
    if verbose >= 1 {
        lines.extend(fallback(outcome));
        lines.push(done(source, outcome, took));
    }
    lines
}

/// What must not stay unnoticed although the copy succeeded.
pub(crate) fn warnings(outcome: &CopyOutcome) -> Vec<String> {
    let destination = shown(&outcome.destination);
    let mut lines = Vec::new();
    if let Resumed::StartedOver(_) = outcome.resumed {
        lines.push(format!("{destination}: {}", outcome.resumed));
    }
    lines.extend(outcome.not_preserved.iter().map(|lost| format!("{destination}: not preserved: {lost}")));
    lines
}

/// A tuned file whose values are not used; none where they are, or where there is none.
pub(crate) fn unused(tuning: &Tuning) -> Option<String> {
    tuning.warning().map(|warning| with_remedy(warning.to_string(), Some(remedy::OF_TUNING.to_owned())))
}

/// Why the bytes went through this process; none where they did not.
fn fallback(outcome: &CopyOutcome) -> Option<String> {
    if outcome.mechanism.is_zero_copy() {
        return None;
    }
    let mut reasons: Vec<(String, Vec<Mechanism>)> = Vec::new();
    let omitted = outcome.omissions.iter().map(|omission| (omission.mechanism, omission.reason.to_string()));
    let refused = outcome.refusals.iter().map(|refusal| (refusal.mechanism, refusal.reason.to_string()));
    for (mechanism, reason) in refused.chain(omitted).filter(|(mechanism, _)| mechanism.is_zero_copy()) {
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, mechanisms)) => mechanisms.push(mechanism),
            None => reasons.push((reason, vec![mechanism])),
        }
    }
    let why = match reasons.as_slice() {
        // One reason for all needs no names.
        [(reason, _)] => reason.clone(),
        several => several
            .iter()
            .map(|(reason, mechanisms)| {
                let names: Vec<_> = mechanisms.iter().map(|mechanism| mechanism.name()).collect();
                format!("{}: {reason}", names.join(", "))
            })
            .collect::<Vec<_>>()
            .join("; "),
    };
    Some(format!("using buffered copy: {why}"))
}

fn done(source: &Path, outcome: &CopyOutcome, took: Duration) -> String {
    let CopyOutcome { destination, mechanism, bytes, content_bytes, threads, .. } = outcome;
    let mut line = format!("{} -> {}: {}", shown(source), shown(destination), size(*content_bytes));
    if bytes != content_bytes {
        line += &format!(" as {}", size(*bytes));
    }
    line += &format!(" by {mechanism}");
    if *threads > 1 {
        line += &format!(" on {threads} threads");
    }
    line += &format!(" in {}, {}", duration(took), rate(moved(outcome), took));
    if outcome.verified != Verified::No {
        line += &format!(", {}", outcome.verified);
    }
    if let Resumed::At(_) = outcome.resumed {
        line += &format!(", {}", outcome.resumed);
    }
    match outcome.retries {
        0 => {}
        1 => line += ", tried twice",
        times => line += &format!(", tried {} times", times + 1),
    }
    line
}
