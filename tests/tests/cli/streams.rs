//! Standard streams that are closed, full, or whose reader has gone: never a panic.

use std::fs::File;
use std::io;
use std::process::{Command, Stdio};

use orbit_tests::{subprocess, tool};

use crate::scene::Scene;

/// Commands that write to standard output.
const WRITERS: [&[&str]; 8] = [
    &["--json", "a", "b"],
    &["--explain", "a", "b"],
    &["--help"],
    &["--version"],
    &["man"],
    &["completions", "zsh"],
    &["presets"],
    &["capabilities"],
];

/// Commands that write to standard error, with their exit codes.
const SPEAKERS: [(&[&str], i32); 4] = [
    (&["-vv", "a", "b"], 0),
    (&["missing", "b"], 1),
    (&["--no-such"], 2),
    (&["--progress=always", "a", "b"], 0),
];

/// A pipe whose reader has gone.
fn broken() -> Stdio {
    let (reader, writer) = io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let scene = Scene::new(5000);
    for arguments in WRITERS {
        let mut command = scene.command(arguments);
        let output = command.stdout(broken()).stderr(Stdio::piped()).stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
    for (arguments, code) in SPEAKERS {
        let status = scene.command(arguments).stderr(broken()).stdin(Stdio::null()).status().unwrap();
        assert_eq!(status.code(), Some(code), "{arguments:?}");
    }
}

#[test]
fn closed_streams_are_no_error() {
    let scene = Scene::new(5000);
    let closed = |arguments: &[&str]| {
        let mut shell = Command::new("sh");
        shell.args(["-c", "exec \"$0\" \"$@\" <&- >&- 2>&-"]);
        subprocess::run(tool::wrap(shell, &scene.command(arguments))).status.code()
    };
    for arguments in WRITERS {
        assert_eq!(closed(arguments), Some(0), "{arguments:?}");
    }
    for (arguments, code) in SPEAKERS {
        assert_eq!(closed(arguments), Some(code), "{arguments:?}");
    }
    scene.assert_copied();
}

#[test]
fn a_full_standard_output_is_an_error_that_is_said() {
    let scene = Scene::new(5000);
    for arguments in WRITERS {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut command = scene.command(arguments);
        let output = command.stdout(full).stderr(Stdio::piped()).stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.starts_with("orbit: cannot write to standard output: No space left"), "{told}");
    }
    for (arguments, code) in SPEAKERS {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let status = scene.command(arguments).stderr(full).stdin(Stdio::null()).status().unwrap();
        assert_eq!(status.code(), Some(code), "{arguments:?}");
    }
}

#[test]
fn a_report_of_a_failure_that_cannot_be_written_is_said_beside_the_failure() {
    let scene = Scene::new(10);
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut command = scene.command(["--json", "missing", "b"]);
    let output = command.stdout(full).stderr(Stdio::piped()).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.starts_with("orbit: cannot write to standard output: No space left"), "{told}");
    assert!(told.contains("\norbit: cannot open missing"), "{told}");
}
