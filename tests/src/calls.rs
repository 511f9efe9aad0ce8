//! Counts the system calls that a child makes between two marks.
//!
//! The child calls [`mark_begin`] and [`mark_end`] around what is to be counted, so that program start and end stay
//! out. All its threads and children count; a call that another one interrupts counts once.

use std::collections::BTreeMap;
use std::fmt;
use std::process::Command;

use rustix::fs::{Access, access};

use crate::skip::Skip;
use crate::strace;
use crate::subprocess::Finished;

const BEGIN: &str = "/orbit-marker-begin";
const END: &str = "/orbit-marker-end";

/// In the child: counting begins here.
pub fn mark_begin() {
    mark(BEGIN);
}

/// In the child: counting ends here.
pub fn mark_end() {
    mark(END);
}

/// A call that changes nothing; its answer, "no such file", does not matter.
fn mark(path: &str) {
    let _ = access(path, Access::EXISTS);
}

/// Numbers of system calls by name. Displayed as one `name count` a line, sorted by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    counts: BTreeMap<String, u64>,
}

impl Calls {
    /// How often this call was made.
    #[must_use]
    pub fn of(&self, name: &str) -> u64 {
        self.counts.get(name).copied().unwrap_or(0)
    }

    /// All calls together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    fn add(&mut self, name: &str) {
        *self.counts.entry(name.to_owned()).or_default() += 1;
    }
}

impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.counts.iter().try_for_each(|(name, count)| writeln!(f, "{name} {count}"))
    }
}

/// What a child called.
#[derive(Debug)]
pub struct Counted {
    /// Between the marks, these excluded.
    pub calls: Calls,
    /// The same calls as strace wrote them, `name(arguments…`, in the order in which they began.
    pub lines: Vec<String>,
    /// Before the first mark: add it to an n counted from there to get the n of [`crate::faults::Fault::nth`].
    pub before: Calls,
    /// How the child ended.
    pub finished: Finished,
}

impl Counted {
    /// The names of the calls between the marks, one for each call, in the order in which they began.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(|line| line.split_once('(').map_or(line.as_str(), |(name, _)| name))
    }
}

/// Runs the command and counts.
///
/// # Errors
/// When strace is missing or may not trace here.
///
/// # Panics
/// When the child did not set both marks, in order and once, or hangs.
#[track_caller]
pub fn count(command: &Command) -> Result<Counted, Skip> {
    let traced = strace::run(command, &[])?;
    match read(&traced.trace) {
        Ok((before, between)) => Ok(Counted {
            calls: tally(&between),
            lines: between.iter().map(|(name, arguments)| format!("{name}({arguments}")).collect(),
            before: tally(&before),
            finished: traced.finished,
        }),
        Err(problem) => {
            panic!("{problem} in {command:?} ({}): {}", traced.finished.status, traced.finished.stderr)
        }
    }
}

/// Name and rest of a line that begins a call.
type Call<'a> = (&'a str, &'a str);

/// The calls before and between the marks.
fn read(trace: &str) -> Result<(Vec<Call<'_>>, Vec<Call<'_>>), String> {
    let lines: Vec<_> = trace.lines().filter_map(call).collect();
    let begin = position(&lines, BEGIN)?;
    let end = position(&lines, END)?;
    if end < begin {
        return Err(format!("{END} comes before {BEGIN}"));
    }
    Ok((lines[..begin].to_vec(), lines[begin + 1..end].to_vec()))
}

fn position(lines: &[Call<'_>], mark: &str) -> Result<usize, String> {
    let quoted = format!("\"{mark}\"");
    let is_mark = |(name, arguments): &Call<'_>| name.contains("access") && arguments.contains(&quoted);
    let mut found = lines.iter().enumerate().filter(|(_, line)| is_mark(line)).map(|(index, _)| index);
    match (found.next(), found.next()) {
        (Some(index), None) => Ok(index),
        (None, _) => Err(format!("no {mark}")),
        (Some(_), Some(_)) => Err(format!("more than one {mark}")),
    }
}

fn tally(lines: &[Call<'_>]) -> Calls {
    let mut calls = Calls::default();
    for (name, _) in lines {
        calls.add(name);
    }
    calls
}

/// None for signals (`---`), ends (`+++`) and resumed calls (`<...`).
fn call(line: &str) -> Option<Call<'_>> {
    let (_thread, event) = line.split_once(' ')?;
    let (name, arguments) = event.trim_start().split_once('(')?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then_some((name, arguments))
}
