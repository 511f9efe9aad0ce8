//! Runs a program and measures it from a process between it and the suite. A new process inherits the peak of memory of
//! the one that started it, so the suite, which holds samples and fixtures, must not start what it measures; the
//! launcher is this program again and does nothing else. It decides nothing about what it ran.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::clock::{Clock, Times, Usage};
use crate::system::{self, Whose};

/// First argument of this program where it is the launcher. Nobody types it, so the command line does not have it.
const LAUNCH: &str = "launch-and-measure";

/// A program that ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// Wall time from its start to its end; processor time of it and of the children that it waited for.
    pub(crate) times: Times,
    /// The most memory that it, or one of those children, had resident. The launcher's own, some 3 MiB, where it had less. None
    /// where the system does not tell.
    pub(crate) max_rss_bytes: Option<u64>,
    /// The first of what it wrote to standard error, as one line.
    pub(crate) said: String,
}

/// What the launcher writes to its standard output, as JSON.
#[derive(Debug, Serialize, Deserialize)]
struct Report {
    /// As the system gives it.
    wait_status: i32,
    wall_ns: u64,
    cpu_ns: Option<u64>,
    steal_ns: u64,
    usage: Usage,
    max_rss_bytes: Option<u64>,
}

/// Runs `program` to its end by a launcher of its own, without input; what it writes to standard output is lost.
pub(crate) fn run(program: &Path, arguments: &[OsString]) -> Result<Ended> {
    let mut said = tempfile::tempfile().context("cannot make a file for what the program says")?;
    let own = std::env::current_exe().context("cannot find this program")?;
    let mut command = Command::new(own);
    command.arg(LAUNCH).arg(program).args(arguments);
    command.stdin(Stdio::null()).stderr(said.try_clone()?);
    // Ctrl-C is for the suite, which ends after the copy that is under way.
    system::set_apart(&mut command);
    let output = command.output().with_context(|| format!("cannot launch {}", program.display()))?;
    let said = text(&mut said);
    if !output.status.success() {
        bail!("cannot run {}: {said}", program.display());
    }
    let Report { wait_status, wall_ns, cpu_ns, steal_ns, usage, max_rss_bytes } =
        serde_json::from_slice(&output.stdout).context("the launcher does not say what it saw")?;
    let (status, times) = (system::status_of(wait_status), Times { wall_ns, cpu_ns, steal_ns, usage });
    Ok(Ended { status, times, max_rss_bytes, said })
}

/// Does the launcher's work where this process was started as one, and says on `out` how the program ended; none where
/// it was not. An error is that the program did not start.
pub(crate) fn called(out: &mut impl Write) -> Option<Result<()>> {
    let mut arguments = std::env::args_os().skip(1);
    arguments.next().filter(|first| first == LAUNCH)?;
    let mut command = Command::new(arguments.next()?);
    command.args(arguments).stdout(Stdio::null());
    Some(launch(&mut command, out))
}

fn launch(command: &mut Command, out: &mut impl Write) -> Result<()> {
    let clock = Clock::of_programs();
    let ended = command.spawn().and_then(|mut child| child.wait());
    let Times { wall_ns, cpu_ns, steal_ns, usage } = clock.stop();
    let wait_status = system::raw_status(ended?);
    // Of the programs that this process waited for, which is one.
    let max_rss_bytes = system::counted(Whose::Programs).max_rss_bytes;
    let report = Report { wait_status, wall_ns, cpu_ns, steal_ns, usage, max_rss_bytes };
    Ok(serde_json::to_writer(out, &report)?)
}

/// One line, however long the program spoke.
fn text(said: &mut File) -> String {
    let mut text = Vec::new();
    let read = said.rewind().and_then(|()| said.take(1000).read_to_end(&mut text));
    read.map_or_else(|error| error.to_string(), |_| String::from_utf8_lossy(&text).trim().replace('\n', "; "))
}
