//! Subjects side by side, between directories that the user names: who ran, what is said of those who cannot, and that a
//! peer's wrong copy is no sample.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use orbit_tests::subprocess;

use crate::suite::{Suite, one_error, path_with, samples};

const SCENARIO: &str = r#"
schema = "orbit.scenario/1"
name = "side"
question = "Who is faster?"
[defaults]
blocks = 2
[matrix]
size = ["4KiB", "256KiB"]
verify = ["none", "sha256"]
filesystems = ["a-to-b", "b-to-b"]
subject = ["engine", "engine-in-place", "std-fs-copy", "bare-write", "hash-after", "cp"]
"#;

/// What runs for each pair and size: the engine twice with each verification, every other subject once.
const CASES: usize = 2 * 2 * (2 * 2 + 4);

/// A suite with the scenario, and the directories of its targets.
fn suite() -> (Suite, [PathBuf; 2]) {
    let suite = Suite::new();
    fs::write(suite.scenario(), SCENARIO).expect("the scenario is written");
    let targets = ["a", "b"].map(|name| suite.folder.path().join(name));
    for target in &targets {
        fs::create_dir(target).expect("the target is made");
    }
    (suite, targets)
}

fn bench(suite: &Suite, targets: &[PathBuf], more: &[&str]) -> Command {
    let mut command = suite.bench(more);
    for target in targets {
        let mut argument = OsString::from("--target=");
        argument.push(target.file_name().expect("a target has a name"));
        argument.push("=");
        argument.push(target);
        command.arg(argument);
    }
    command
}

/// A `PATH` on which `cp` is this script.
fn path_with_cp(suite: &Suite, script: &str) -> OsString {
    path_with(suite, "cp", &format!("[ \"$1\" = --version ] && echo cp 1.0 && exit\n{script}"))
}

#[test]
fn every_subject_is_measured_and_shown() {
    let (suite, targets) = suite();
    let finished = subprocess::run(bench(&suite, &targets, &[])).expect_success();
    let stdout = String::from_utf8_lossy(&finished.stdout).into_owned();
    assert!(stdout.contains(&format!("{CASES} cases in 2 blocks, 0 invalid samples")), "{stdout}");
    for heading in ["engine, none / std-fs-copy", "engine, sha256 / hash-after", "engine, none / bare-write"]
    {
        assert!(stdout.contains(heading), "{heading}: {stdout}");
    }
    let run = suite.only_run();
    let samples = samples(&run);
    assert_eq!(samples.len(), 2 * CASES);
    for (subject, cases, is_engine) in [
        ("engine", 8, true),
        ("engine-in-place", 8, true),
        ("std-fs-copy", 4, false),
        ("bare-write", 4, false),
        ("hash-after", 4, false),
        ("cp", 4, false),
    ] {
        let own: Vec<&String> =
            samples.iter().filter(|line| line.contains(&format!("/subject={subject}\""))).collect();
        assert_eq!(own.len(), 2 * cases, "{subject}");
        for line in own {
            assert_eq!(line.contains("\"mechanism\":"), is_engine, "{line}");
            assert!(!line.contains("\"wall_ns\":0,") && !line.contains("\"cpu_ns\":0,"), "{line}");
        }
    }
    let page = fs::read_to_string(run.join("summary.md")).expect("a run has a summary");
    for text in
        ["## Peers, file systems: a-to-b", "## Peers, file systems: b-to-b", "Program, cp", "not paired"]
    {
        assert!(page.contains(text), "{text}: {page}");
    }
    let record = fs::read_to_string(run.join("run.json")).expect("a run has a record");
    assert!(record.contains("\"targets\"") && record.contains("\"programs\""), "{record}");
    for target in targets {
        assert_eq!(fs::read_dir(target).expect("the target is there").count(), 0, "fixtures go with the run");
    }
}

#[test]
fn a_report_of_peers_drawn_again_is_the_same() {
    let (suite, targets) = suite();
    subprocess::run(bench(&suite, &targets, &[])).expect_success();
    let read = || fs::read_to_string(suite.only_run().join("summary.md")).expect("a run has a summary");
    let first = read();
    subprocess::run(suite.command(&["report"])).expect_success();
    assert_eq!(read(), first);
}

#[test]
fn what_is_missing_is_said_in_one_line_with_the_remedy() {
    let (suite, targets) = suite();
    let empty = suite.folder.path().join("empty");
    fs::create_dir(&empty).expect("the folder is made");
    // Of the two targets only `b`, and no program at all.
    let mut command = bench(&suite, &targets[1..], &["--blocks", "1"]);
    command.env("PATH", &empty);
    let finished = subprocess::run(command).expect_success();
    let stdout = String::from_utf8_lossy(&finished.stdout).into_owned();
    let skipped: Vec<&str> = stdout.lines().filter(|line| line.starts_with("skipped ")).collect();
    assert_eq!(skipped.len(), 2, "{stdout}");
    let target = "there is no target a: `cargo xtask lab up` as root, or `--target a=DIR`";
    assert!(skipped[0].starts_with("skipped 16 cases (side/") && skipped[0].ends_with(target), "{stdout}");
    assert!(skipped[1].ends_with("cp is not installed: `apt install coreutils`"), "{stdout}");
    assert_eq!(samples(&suite.only_run()).len(), CASES / 2 - 2);
}

#[test]
fn a_program_without_a_version_is_refused() {
    let (suite, targets) = suite();
    let path = path_with_cp(&suite, "");
    fs::write(suite.folder.path().join("bin/cp"), "#!/bin/sh\necho whatever\n").expect("it is written");
    let mut command = bench(&suite, &targets, &["--blocks", "1"]);
    command.env("PATH", path);
    let finished = subprocess::run(command).expect_success();
    let stdout = String::from_utf8_lossy(&finished.stdout).into_owned();
    assert!(stdout.contains("--version` says `whatever`, which is no version of cp"), "{stdout}");
}

#[test]
fn a_peer_that_copies_wrongly_ends_the_run() {
    let (suite, targets) = suite();
    for (script, expected) in [
        // As long as the source, and something else.
        ("head -c \"$(wc -c <\"$1\")\" /dev/zero >\"$2\"", "wrong copy: "),
        ("head -c 10 \"$1\" >\"$2\"", "expected 4096 bytes, got 10"),
        ("exit 0", "cp left no "),
        ("echo no such luck >&2; exit 3", "cp ended with exit status: 3: no such luck"),
    ] {
        let path = path_with_cp(&suite, script);
        let mut command = bench(&suite, &targets, &["--filter", "*size=4KiB*subject=cp"]);
        command.env("PATH", path);
        let finished = subprocess::run(command);
        let error = one_error(&finished);
        assert!(error.contains(expected), "{error}");
        assert!(suite.runs().is_empty(), "a run without a whole block keeps nothing");
    }
}
