//! Signals end a copy within moments, leave no litter, and have exit codes of their own.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use orbit_tests::faults::{self, Fault};
use orbit_tests::skip::unless_skipped;
use orbit_tests::{files, subprocess, tool};
use rustix::process::{Pid, Signal, kill_process};

use crate::scene::Scene;

/// At this rate the source takes a minute.
const RATE: &[&str] = &["--max-bandwidth", "100KiB"];

const SIZE: u64 = 6 << 20;

const DEADLINE: Duration = Duration::from_secs(30);

/// Starts a slow copy and waits until `ready` says of its status that it listens.
pub(crate) fn start(command: &Command, ready: impl Fn(&str) -> bool) -> Child {
    let mut command = subprocess::with_default_signals(command);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("orbit starts");
    let begun = Instant::now();
    loop {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        if ready(&status) {
            // Past the listening begins the copy.
            thread::sleep(Duration::from_millis(100));
            return child;
        }
        assert!(child.try_wait().expect("orbit can be waited for").is_none(), "it ended too early");
        assert!(begun.elapsed() < DEADLINE, "it does not listen");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Whether the status tells that a handler for the signal is in place.
pub(crate) fn catches(status: &str, signal: Signal) -> bool {
    bit(status, "SigCgt:", signal)
}

fn bit(status: &str, mask: &str, signal: Signal) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix(mask));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask & (1 << (signal.as_raw() - 1)) != 0
}

/// How it ended and what it said.
pub(crate) fn end(mut child: Child) -> (ExitStatus, String) {
    let begun = Instant::now();
    while child.try_wait().expect("orbit can be waited for").is_none() {
        if begun.elapsed() > DEADLINE {
            child.kill().expect("orbit can be killed");
            panic!("it does not end");
        }
        thread::sleep(Duration::from_millis(2));
    }
    let output = child.wait_with_output().expect("orbit can be waited for");
    (output.status, String::from_utf8(output.stderr).expect("stderr is text"))
}

pub(crate) fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).expect("orbit can be signalled");
}

#[test]
fn each_signal_ends_the_copy_with_its_code_and_no_litter() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let scene = Scene::new(SIZE);
        fs::write(scene.path("b"), "old").unwrap();
        let child =
            start(&scene.command([RATE, &["a", "b"]].concat()), |status| catches(status, Signal::TERM));
        let sent = Instant::now();
        send(&child, signal);
        let (status, told) = end(child);
        assert_eq!(status.code(), Some(code), "{told}");
        assert!(sent.elapsed() < Duration::from_secs(5), "{:?}", sent.elapsed());
        assert_eq!(told, "orbit: copying to b was cancelled\n");
        assert_eq!(fs::read(scene.path("b")).unwrap(), b"old");
        scene.assert_only(&["a", "b"]);
    }
}

#[test]
fn a_copy_that_can_be_resumed_says_how() {
    let scene = Scene::new(SIZE);
    let arguments = [RATE, &["--resume", "a", "b"]].concat();
    let child = start(&scene.command(arguments), |status| catches(status, Signal::TERM));
    send(&child, Signal::INT);
    let (status, told) = end(child);
    assert_eq!(status.code(), Some(130), "{told}");
    assert!(told.ends_with("what was copied is kept, the same command goes on there\n"), "{told}");
}

/// Stopped, it cannot act on the first one before the second one comes.
#[test]
fn a_second_signal_ends_the_process_at_once() {
    let scene = Scene::new(SIZE);
    let child = start(&scene.command([RATE, &["a", "b"]].concat()), |status| catches(status, Signal::TERM));
    send(&child, Signal::STOP);
    for signal in [Signal::INT, Signal::TERM, Signal::CONT] {
        send(&child, signal);
    }
    let (status, _) = end(child);
    let killed = status.signal();
    assert!(killed == Some(Signal::INT.as_raw()) || killed == Some(Signal::TERM.as_raw()), "{status}");
}

/// As `nohup` starts it.
#[test]
fn a_signal_that_was_ignored_stays_ignored() {
    let scene = Scene::new(SIZE);
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]);
    let command = tool::wrap(shell, &scene.command([RATE, &["a", "b"]].concat()));
    let child = start(&command, |status| catches(status, Signal::TERM));
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    assert!(bit(&status, "SigIgn:", Signal::HUP) && !catches(&status, Signal::HUP), "{status}");
    send(&child, Signal::HUP);
    thread::sleep(Duration::from_millis(300));
    send(&child, Signal::TERM);
    assert_eq!(end(child).0.code(), Some(143));
    files::assert_no_litter(&scene.path(""), ["a"]);
}

#[test]
fn the_report_of_a_copy_that_was_ended_names_the_signal() {
    let scene = Scene::new(SIZE);
    let report = scene.write("report", "");
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("exec \"$0\" \"$@\" > {report}")]);
    let command = tool::wrap(shell, &scene.command([RATE, &["--json", "a", "b"]].concat()));
    let child = start(&command, |status| catches(status, Signal::TERM));
    send(&child, Signal::TERM);
    assert_eq!(end(child).0.code(), Some(143));
    let report = crate::scene::one_object(&fs::read_to_string(report).unwrap());
    assert_eq!((&report["error"]["kind"], &report["error"]["signal"]), (&"cancelled".into(), &15.into()));
}

#[test]
fn probes_that_are_ended_leave_nothing() {
    let scene = Scene::new(10);
    let command = scene.command(["capabilities"]);
    let command = subprocess::with_default_signals(&command);
    let finished = faults::inject(&command, &Fault::interrupt("?copy_file_range"));
    let Some(finished) = unless_skipped("probes_that_are_ended_leave_nothing", finished) else { return };
    assert_eq!(finished.status.code(), Some(130), "{}", finished.stderr);
    assert_eq!(finished.stderr, "orbit: probing was ended\n");
    scene.assert_only(&["a"]);
}
