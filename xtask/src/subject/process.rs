//! Peers that are programs. Wall time is from the start of the process to its end, processor time is what the system
//! charged the process and its threads. No peak of memory: a child inherits the parent's before it runs its program.

use std::fs::File;
use std::io::{Read, Seek};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use wait4::Wait4;

use crate::clock::Clock;
use crate::plan::Case;
use crate::program::Program;
use crate::sample::Measurement;
use crate::scenario::Subject;

/// A program that is given a source and a destination.
#[derive(Debug, Clone)]
pub(crate) struct Process {
    program: Program,
    /// What stands before the two paths.
    arguments: &'static [&'static str],
}

impl Process {
    pub(super) fn new(subject: Subject, program: Program) -> Self {
        let arguments: &[&str] = match subject {
            // Nobody sees it, and drawing it would count against the copy.
            Subject::Xcp => &["--no-progress"],
            _ => &[],
        };
        Self { program, arguments }
    }

    pub(super) fn measure(&self, case: &Case, source: &Path, destination: &Path) -> Result<Measurement> {
        let mut said = tempfile::tempfile().context("cannot make a file for what the program says")?;
        let mut command = Command::new(&self.program.path);
        command.args(self.arguments).arg(source).arg(destination);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said.try_clone()?);
        // Ctrl-C is for the suite, which ends after the copy that is under way.
        command.process_group(0);
        let clock = Clock::start();
        let ended = command.spawn().and_then(|mut child| child.wait4());
        let mut times = clock.stop();
        let used = ended.with_context(|| format!("cannot run {}", self.program.path.display()))?;
        if !used.status.success() {
            bail!("{}: {} ended with {}: {}", case.id, case.subject, used.status, text(&mut said));
        }
        times.cpu_ns = nanoseconds(used.rusage.utime + used.rusage.stime);
        super::whole(case, destination, times)
    }
}

/// One line, however long the program spoke.
fn text(said: &mut File) -> String {
    let mut text = Vec::new();
    let read = said.rewind().and_then(|()| said.take(1000).read_to_end(&mut text));
    read.map_or_else(|error| error.to_string(), |_| String::from_utf8_lossy(&text).trim().replace('\n', "; "))
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
