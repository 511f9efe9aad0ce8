//! Runs that are stopped: what they keep, what they remove, and that they can be finished.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use orbit_tests::subprocess;
use rustix::process::{Pid, Signal, kill_process};

use crate::suite::{CASES, Suite, one_error, samples};

const BLOCKS: usize = 400;

/// Starts a run that takes seconds and waits until its first blocks are on the disk.
fn start(suite: &Suite, more: &[&str]) -> Child {
    let bench = suite.bench(&[&["--blocks", &BLOCKS.to_string(), "--seed", "3"], more].concat());
    let mut child = subprocess::with_default_signals(&bench)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the suite starts");
    let deadline = Instant::now() + Duration::from_secs(60);
    let begun = |run: &PathBuf| fs::metadata(run.join("samples.jsonl")).is_ok_and(|file| file.len() > 2000);
    while !suite.runs().iter().any(begun) {
        assert!(child.try_wait().expect("the suite can be waited for").is_none(), "it ended too early");
        assert!(Instant::now() < deadline, "no block was measured in a minute");
        thread::sleep(Duration::from_millis(5));
    }
    child
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).expect("the suite can be signalled");
}

/// Finishes the run and checks that each case has one sample a block.
fn resume(suite: &Suite, partial: &str) {
    // With the slash that completing the name in a shell adds.
    let mut command = suite.command(&["bench", "--resume", &format!("{partial}/")]);
    command.stdin(Stdio::null());
    let mut before = samples(Path::new(partial));
    before.retain(|line| line.ends_with('}'));
    before.truncate(before.len() - before.len() % CASES);
    subprocess::run(command).expect_success();
    let run = suite.only_run();
    assert!(!run.to_string_lossy().ends_with(".partial"));
    let samples = samples(&run);
    assert!(before.len() >= CASES && samples.starts_with(&before), "finished blocks are kept as they were");
    let mut seen: Vec<(&str, &str)> = samples
        .iter()
        .map(|line| line.split_once(",\"position\"").expect("a sample has a position").0)
        .map(|start| start.rsplit_once(",\"block\":").expect("a sample has a block"))
        .collect();
    assert_eq!(seen.len(), BLOCKS * CASES);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), BLOCKS * CASES, "a block was measured twice");
    suite.assert_no_fixtures();
}

#[test]
fn an_interrupted_run_says_one_line_keeps_whole_blocks_and_can_be_finished() {
    let suite = Suite::new();
    let child = start(&suite, &[]);
    signal(&child, Signal::INT);
    let output = child.wait_with_output().expect("the suite ends");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.starts_with("interrupted after "), "{stderr}");
    suite.assert_no_fixtures();
    let partial = suite.only_run();
    assert!(partial.to_string_lossy().ends_with(".partial"));
    assert!(!suite.results().join("latest").exists());
    assert_eq!(samples(&partial).len() % CASES, 0);
    assert!(stderr.contains(partial.to_str().expect("the path is text")), "{stderr}");
    for command in ["tune", "report"] {
        let refused = subprocess::run(suite.command(&[command, &format!("{}/", partial.display())]));
        assert!(one_error(&refused).contains("is not complete; go on with"), "{}", refused.stderr);
    }
    resume(&suite, partial.to_str().expect("the path is text"));
}

#[test]
fn a_killed_run_can_be_finished() {
    let suite = Suite::new();
    let mut child = start(&suite, &[]);
    signal(&child, Signal::KILL);
    child.wait().expect("the suite ends");
    let partial = suite.only_run();
    // Whatever was being written at that instant: a torn line must not be taken for a sample.
    let path = partial.join("samples.jsonl");
    let mut text = fs::read(&path).expect("a run has samples");
    text.extend_from_slice(b"{\"case\":\"torn");
    fs::write(&path, text).expect("the samples are written");
    // A killed process cannot remove its fixtures; the next run does.
    resume(&suite, partial.to_str().expect("the path is text"));
}

#[test]
fn a_run_that_is_being_measured_is_not_taken_over() {
    let suite = Suite::new();
    let mut child = start(&suite, &[]);
    let partial = suite.only_run();
    let second =
        subprocess::run(suite.command(&["bench", "--resume", partial.to_str().expect("the path is text")]));
    assert!(one_error(&second).ends_with("is being measured by another process"), "{}", second.stderr);
    assert!(child.wait().expect("the suite ends").success());
    assert_eq!(samples(&suite.only_run()).len(), BLOCKS * CASES);
}

/// What the engine obeyed is part of the run: the file may change or go.
#[test]
fn a_run_goes_on_with_the_tuned_values_that_it_began_with() {
    let suite = Suite::new();
    let tuned = suite.folder.path().join("tuned.toml");
    fs::write(&tuned, "schema = \"orbit.tuned/1\"\n").expect("the tuned file is written");
    let child = start(&suite, &["--tuned", tuned.to_str().expect("the path is text")]);
    signal(&child, Signal::INT);
    assert_eq!(child.wait_with_output().expect("the suite ends").status.code(), Some(130));
    fs::remove_file(&tuned).expect("the tuned file is removed");
    resume(&suite, suite.only_run().to_str().expect("the path is text"));
}
