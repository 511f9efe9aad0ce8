//! Children are limited, shielded and never hang; skips are seen.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use orbit_tests::lab::FileSystem;
use orbit_tests::limits::{Limit, with_limits};
use orbit_tests::skip::{FORBID_SKIPS, Skip, unless_skipped};
use orbit_tests::subprocess;

use super::{has_role, panic_of, role};

#[test]
fn report_skips() {
    if has_role("children::report_skips") {
        Skip::because("no reason").report("demonstration");
        Skip::because("no reason").report_on("demonstration", FileSystem::Xfs);
    }
}

#[test]
fn a_skip_is_reported_by_name_even_when_captured_or_forbidden() {
    let finished = subprocess::run(role("children::report_skips")).expect_success();
    let lines: Vec<_> = finished.stderr.lines().filter(|line| line.starts_with("SKIPPED")).collect();
    assert_eq!(lines, ["SKIPPED demonstration: no reason", "SKIPPED demonstration on xfs: no reason"]);
    let mut forbidden = role("children::report_skips");
    forbidden.env(FORBID_SKIPS, "1");
    assert!(!subprocess::run(forbidden).status.success());
}

#[test]
fn limits_hold_in_the_child() {
    let test = "limits_hold_in_the_child";
    let dir = tempfile::tempdir().unwrap();
    let mut dd = subprocess::command("dd");
    dd.current_dir(dir.path()).args(["if=/dev/zero", "of=file", "bs=1000", "count=3"]);
    let Some(by_signal) = unless_skipped(test, with_limits(&dd, &[Limit::FileSize(1500)])) else { return };
    assert_eq!(subprocess::run(by_signal).status.code(), None);
    let by_error = with_limits(&dd, &[Limit::FileSizeAsError(1500)]).unwrap();
    let finished = subprocess::run(by_error);
    assert!(finished.stderr.contains("File too large"), "{finished:?}");
    assert_eq!(fs::metadata(dir.path().join("file")).unwrap().len(), 1500);
    let mut ulimit = subprocess::command("sh");
    ulimit.args(["-c", "ulimit -n"]);
    let few = with_limits(&ulimit, &[Limit::OpenFiles(32)]).unwrap();
    assert_eq!(subprocess::run(few).expect_success().stdout, b"32\n");
}

#[test]
fn a_child_that_hangs_is_killed_with_its_children() {
    let dir = tempfile::tempdir().unwrap();
    let mut hang = subprocess::command("sh");
    hang.current_dir(dir.path()).args(["-c", "sleep 30 & echo $! >pid; echo why >&2; wait"]);
    let start = Instant::now();
    let message = panic_of(move || drop(subprocess::run_within(hang, Duration::from_millis(300))));
    assert!(start.elapsed() < Duration::from_secs(10) && message.ends_with("it said: why\n"), "{message}");
    let pid = fs::read_to_string(dir.path().join("pid")).unwrap();
    let state = || fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    while !(state().is_empty() || state().contains(") Z ")) {
        assert!(start.elapsed() < Duration::from_secs(20), "the grandchild lives: {}", state());
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_child_sees_no_settings_of_the_caller_and_all_its_output_is_kept() {
    let mut child = subprocess::command("sh");
    child.args(["-c", "head -c 1000000 /dev/zero; env | grep ORBIT_ >&2; exit 3"]);
    let finished = subprocess::run(child);
    assert_eq!(
        (finished.status.code(), finished.stdout.len(), finished.stderr.as_str()),
        (Some(3), 1_000_000, "")
    );
}
