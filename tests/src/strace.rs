//! Runs a command under strace. What the trace says is read by `faults` and `calls`.

use std::fs;
use std::process::Command;

use crate::skip::Skip;
use crate::subprocess::{self, Finished};
use crate::tool;

/// A traced child and what strace wrote about it, one call a line, each after the number of its thread.
pub(crate) struct Traced {
    pub(crate) finished: Finished,
    pub(crate) trace: String,
}

/// Runs `command` and all its threads and children under strace with `options`.
///
/// Status and standard error are the command's own: strace ends the way its child ended.
#[track_caller]
pub(crate) fn run(command: &Command, options: &[String]) -> Result<Traced, Skip> {
    let trace = tempfile::NamedTempFile::new().expect("create a temporary file for the trace");
    let mut strace = tool::find("strace")?;
    strace.args(["-f", "-qq", "-o"]).arg(trace.path()).args(options).arg("--");
    let finished = subprocess::run(tool::wrap(strace, command));
    let trace = fs::read(trace.path()).expect("read back the trace");
    let trace = String::from_utf8_lossy(&trace).into_owned();
    if let Some(complaint) = complaint(&finished, &trace) {
        if complaint.contains("ptrace") && complaint.contains("not permitted") {
            return Err(Skip::because(complaint));
        }
        panic!("strace cannot run {command:?}: {complaint}");
    }
    Ok(Traced { finished, trace })
}

/// The line in which strace says that it did not run the command at all.
fn complaint<'a>(finished: &'a Finished, trace: &str) -> Option<&'a str> {
    let refused = trace.is_empty() && !finished.status.success();
    finished.stderr.lines().find(|line| refused && line.contains("strace: "))
}
