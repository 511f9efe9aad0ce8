//! Faults strike where they should or fail their test, and counts are exact.

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use orbit_tests::faults::{self, Attempt, Fault};
use orbit_tests::skip::unless_skipped;
use orbit_tests::{calls, files, lab, subprocess};
use rustix::io::Errno;

use super::{has_role, panic_of, role};

/// A file with content, and a dump of it: one program that is sure to use `read`.
fn dump(dir: &Path) -> (PathBuf, Command) {
    let file = dir.join("file");
    files::create(&file, 1, 1 << 20);
    let mut od = subprocess::command("od");
    od.arg(&file);
    (file, od)
}

#[test]
fn a_call_on_one_file_fails_and_the_status_is_the_childs() {
    let test = "a_call_on_one_file_fails_and_the_status_is_the_childs";
    let dir = tempfile::tempdir().unwrap();
    let (file, od) = dump(dir.path());
    let fault = Fault::error("read", Errno::IO).on(&file);
    let Some(finished) = unless_skipped(test, faults::inject(&od, &fault)) else { return };
    assert_eq!((finished.status.code(), finished.stdout), (Some(1), b"0000000\n".to_vec()));
    assert!(finished.stderr.contains("Input/output error"), "{}", finished.stderr);
    let finished = faults::inject(&od, &fault.clone().nth(2).and_later()).unwrap();
    assert!(finished.stdout.len() > 1000);
}

#[test]
fn signal_9_strikes_before_the_call() {
    let test = "signal_9_strikes_before_the_call";
    let mut echo = subprocess::command("sh");
    echo.args(["-c", "echo one; echo two"]);
    let Some(first) = unless_skipped(test, faults::inject(&echo, &Fault::kill("write"))) else { return };
    assert!(first.was_killed() && first.stdout.is_empty(), "{first:?}");
    let second = faults::inject(&echo, &Fault::kill("write").nth(2)).unwrap();
    assert!(second.was_killed() && second.stdout == b"one\n", "{second:?}");
    let third = faults::attempt(&echo, &Fault::kill("write").nth(3)).unwrap();
    let Attempt::NothingInjected(third) = third else { panic!("there is no third write: {third:?}") };
    assert_eq!(third.expect_success().stdout, b"one\ntwo\n");
}

#[test]
fn a_claim_is_made_without_the_work_and_a_delay_only_waits() {
    let test = "a_claim_is_made_without_the_work_and_a_delay_only_waits";
    let mut echo = subprocess::command("sh");
    echo.args(["-c", "echo one"]);
    let Some(claimed) = unless_skipped(test, faults::inject(&echo, &Fault::claim("write", 4))) else {
        return;
    };
    assert_eq!(claimed.expect_success().stdout, b"");
    let time = Duration::from_millis(100);
    for fault in [Fault::delay("write", time), Fault::delay_after("write", time)] {
        let start = Instant::now();
        let delayed = faults::inject(&echo, &fault).unwrap();
        assert_eq!(delayed.expect_success().stdout, b"one\n");
        assert!(start.elapsed() >= time);
    }
}

#[test]
fn a_delay_is_before_or_after_the_work() {
    let test = "a_delay_is_before_or_after_the_work";
    let dir = tempfile::tempdir().unwrap();
    let (made, time) = (dir.path().join("made"), Duration::from_millis(1500));
    for (fault, after) in [(Fault::delay("mkdir", time), false), (Fault::delay_after("mkdir", time), true)] {
        let mut mkdir = subprocess::command("mkdir");
        mkdir.arg(&made);
        let child = thread::spawn(move || faults::inject(&mkdir, &fault).map(drop));
        while !made.exists() && !child.is_finished() {
            thread::sleep(Duration::from_millis(1));
        }
        let start = Instant::now();
        let Some(()) = unless_skipped(test, child.join().unwrap()) else { return };
        assert_eq!(start.elapsed() > time / 2, after, "{:?}", start.elapsed());
        fs::remove_dir(&made).unwrap();
    }
}

#[test]
fn a_fault_that_meets_no_call_fails_its_test() {
    let test = "a_fault_that_meets_no_call_fails_its_test";
    let outcome =
        catch_unwind(|| faults::inject(&subprocess::command("true"), &Fault::error("symlink", Errno::IO)));
    match outcome {
        Err(payload) => assert!(payload.downcast_ref::<String>().unwrap().contains("met no call")),
        Ok(Err(skip)) => skip.report(test),
        Ok(Ok(finished)) => panic!("true makes no symlink: {finished:?}"),
    }
}

#[test]
fn an_unknown_call_is_not_taken_for_a_fault() {
    let test = "an_unknown_call_is_not_taken_for_a_fault";
    let outcome =
        catch_unwind(|| faults::attempt(&subprocess::command("true"), &Fault::kill("no_such_call")));
    match outcome {
        Err(payload) => assert!(payload.downcast_ref::<String>().unwrap().contains("invalid system call")),
        Ok(Err(skip)) => skip.report(test),
        Ok(Ok(attempt)) => panic!("there is no such call: {attempt:?}"),
    }
}

#[test]
fn a_traced_child_reaches_the_mounts() {
    let test = "a_traced_child_reaches_the_mounts";
    lab::for_each_file_system(test, |place| {
        let (file, od) = dump(place.dir());
        match faults::inject(&od, &Fault::error("read", Errno::IO).on(&file)) {
            Ok(finished) => assert!(finished.stderr.contains("Input/output error")),
            Err(skip) => skip.report_on(test, place.file_system()),
        }
    });
}

/// In its role: makes known calls, some from another thread, before, between and after the marks.
#[test]
fn make_known_calls() {
    if !has_role("traces::make_known_calls") {
        return;
    }
    let sync = |times| (0..times).for_each(|_| rustix::fs::sync());
    sync(1);
    calls::mark_begin();
    sync(2);
    thread::spawn(move || sync(3)).join().unwrap();
    calls::mark_end();
    sync(4);
}

#[test]
fn only_calls_between_the_marks_count() {
    let test = "only_calls_between_the_marks_count";
    let Some(counted) = unless_skipped(test, calls::count(&role("traces::make_known_calls"))) else { return };
    assert!(counted.finished.status.success(), "{}", counted.finished.stderr);
    assert_eq!((counted.before.of("sync"), counted.calls.of("sync")), (1, 5), "{}", counted.calls);
    assert_eq!(counted.names().filter(|name| *name == "sync").count(), 5);
    assert_eq!(counted.calls.of("execve"), 0);
    assert!(counted.calls.to_string().contains("sync 5\n") && counted.calls.total() >= 5);
    let unmarked = panic_of(|| drop(calls::count(&subprocess::command("true"))));
    assert!(unmarked.contains("no /orbit-marker-begin"), "{unmarked}");
}
