//! Children: run to their end with all output kept, and never allowed to hang a test.
//!
//! Where the test itself is killed, a child that hangs lives on, and with it the mounts of its test.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::tool;

/// How long [`run`] waits. Far above what any test needs on a loaded machine: reaching it means a hang.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// A child that ended.
#[derive(Debug)]
pub struct Finished {
    /// Exit code or signal.
    pub status: ExitStatus,
    /// Everything it wrote to standard output.
    pub stdout: Vec<u8>,
    /// Everything it wrote to standard error, invalid UTF-8 replaced.
    pub stderr: String,
}

impl Finished {
    /// Returns itself for further checks.
    ///
    /// # Panics
    /// When the child did not exit with code 0; the message has its standard error.
    #[track_caller]
    pub fn expect_success(self) -> Self {
        assert!(self.status.success(), "the child failed ({}): {}", self.status, self.stderr);
        self
    }

    /// Whether signal 9 ended it.
    #[must_use]
    pub fn was_killed(&self) -> bool {
        self.status.signal() == Some(Signal::KILL.as_raw())
    }
}

/// A command for `binary`, typically `env!("CARGO_BIN_EXE_copy-once")`, shielded from the caller's settings: no
/// `ORBIT_*` variable reaches it and its messages are in English.
pub fn command(binary: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(binary);
    let settings = std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"ORBIT_"));
    for (name, _) in settings {
        command.env_remove(name);
    }
    command.env("LC_ALL", "C");
    command
}

/// The command with the default actions of the signals that end programs, also where whoever runs the tests ignores
/// them, as a shell does for its jobs in the background.
pub fn with_default_signals(command: &Command) -> Command {
    let mut env = Command::new("env");
    env.arg("--default-signal=HUP,INT,TERM");
    tool::wrap(env, command)
}

/// [`run_within`] the [`DEADLINE`].
///
/// # Panics
/// As [`run_within`].
#[track_caller]
pub fn run(command: Command) -> Finished {
    run_within(command, DEADLINE)
}

/// Runs the command to its end, without input, as the leader of its own process group.
///
/// # Panics
/// When it cannot be started, or does not end in time: it and all of its group are then killed first.
#[track_caller]
pub fn run_within(mut command: Command, deadline: Duration) -> Finished {
    // Files, not pipes: a child can fill them without a thread on this side that reads.
    let (mut stdout, mut stderr) = (unnamed_file(), unnamed_file());
    command.stdin(Stdio::null()).stdout(handle(&stdout)).stderr(handle(&stderr)).process_group(0);
    let status = wait(spawn(&mut command), deadline);
    let error_text = String::from_utf8_lossy(&content(&mut stderr)).into_owned();
    match status {
        Some(status) => Finished { status, stdout: content(&mut stdout), stderr: error_text },
        None => panic!("{command:?} was killed after {deadline:?}; it said: {error_text}"),
    }
}

/// Starts the command, whose program may have been written just now. While another thread of the tests starts one, that
/// child has all open that is open here, for a moment, and the kernel runs nothing that is open for writing.
///
/// # Panics
/// When it cannot be started.
#[track_caller]
pub fn spawn(command: &mut Command) -> Child {
    let start = Instant::now();
    loop {
        match command.spawn() {
            Ok(child) => return child,
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy && start.elapsed() < DEADLINE => {
                thread::sleep(Duration::from_millis(1));
            }
            Err(error) => panic!("cannot start {}: {error}", command.get_program().display()),
        }
    }
}

/// The exit status, or `None` when the deadline passed and the group was killed.
#[track_caller]
fn wait(mut child: Child, deadline: Duration) -> Option<ExitStatus> {
    let start = Instant::now();
    let mut pause = Duration::from_micros(200);
    loop {
        if let Some(status) = child.try_wait().expect("wait for a child of our own") {
            return Some(status);
        }
        if start.elapsed() > deadline {
            // The group may have ended in this very moment; `wait` below is what matters.
            let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
            child.wait().expect("wait for a child of our own");
            return None;
        }
        thread::sleep(pause);
        // Slowly growing: a child that ended is found late by a quarter of its time at most.
        pause = (pause * 5 / 4).min(Duration::from_millis(10));
    }
}

#[track_caller]
fn unnamed_file() -> File {
    tempfile::tempfile().expect("create an unnamed temporary file")
}

#[track_caller]
fn handle(file: &File) -> File {
    file.try_clone().expect("duplicate a file descriptor")
}

#[track_caller]
fn content(file: &mut File) -> Vec<u8> {
    let mut bytes = Vec::new();
    file.rewind().and_then(|()| file.read_to_end(&mut bytes)).expect("read back a child's output");
    bytes
}
