//! Runs that cannot be trusted or cannot go on: one clear line, and nothing half written.

use std::fs;

use orbit_tests::faults::{self, Fault};
use orbit_tests::lab::{self, FileSystem};
use orbit_tests::limits::{Limit, with_limits};
use orbit_tests::skip::{self, Skip};
use orbit_tests::subprocess;
use rustix::io::Errno;

use crate::suite::{Suite, one_error};

/// A run that fails before its first block keeps nothing.
fn assert_nothing_kept(suite: &Suite) {
    suite.assert_no_fixtures();
    assert_eq!(suite.runs(), [""; 0].map(std::path::PathBuf::from));
}

/// The fast path dies without the engine noticing anything wrong: the sample must not count.
#[test]
fn a_silent_fall_to_another_mechanism_ends_the_run() {
    let test = "a_silent_fall_to_another_mechanism_ends_the_run";
    let suite = Suite::new();
    // The first call is the probe's, which must see it working.
    let fault = Fault::error("copy_file_range", Errno::INVAL).nth(2).and_later();
    let outcome = faults::inject(&suite.bench(&["--filter", "*/size=4KiB/strategy=zero-copy/*"]), &fault);
    let Some(finished) = skip::unless_skipped(test, outcome) else { return };
    let error = one_error(&finished);
    assert!(error.contains("bytes by copy-file-range, got 4096 by sendfile"), "{error}");
    assert!(error.contains("Invalid argument"), "{error}");
    assert_nothing_kept(&suite);
}

/// A write that claims to have written and did not.
#[test]
fn a_wrong_copy_ends_the_run() {
    let test = "a_wrong_copy_ends_the_run";
    let suite = Suite::new();
    let arguments = ["--filter", "*/size=4KiB/strategy=buffered/*"];
    let fault = Fault::claim("pwrite64", 4096).and_later();
    let Some(finished) = skip::unless_skipped(test, faults::inject(&suite.bench(&arguments), &fault)) else {
        return;
    };
    let error = one_error(&finished);
    assert!(error.contains("wrong copy: ") && error.contains("size=4KiB"), "{error}");
    assert_nothing_kept(&suite);
}

/// Looking for a name that is free must not go on for ever.
#[test]
fn a_file_where_the_results_go_is_one_line() {
    let suite = Suite::new();
    fs::write(suite.results(), "precious").expect("the file is written");
    let finished = subprocess::run(suite.bench(&["--blocks", "1"]));
    let error = one_error(&finished);
    assert!(error.starts_with("cannot make ") && error.contains("results"), "{error}");
    suite.assert_no_fixtures();
    assert_eq!(fs::read_to_string(suite.results()).expect("it is there"), "precious");
}

#[test]
fn a_full_disk_under_the_results_is_one_line() {
    let test = "a_full_disk_under_the_results_is_one_line";
    let suite = Suite::new();
    let Some(small) = skip::unless_skipped(test, lab::mount_small(FileSystem::Tmpfs, 1 << 20)) else {
        return;
    };
    fs::create_dir_all(suite.results()).expect("the folder is made");
    fs::remove_dir(suite.results()).expect("the folder is removed");
    std::os::unix::fs::symlink(small.dir(), suite.results()).expect("the link is made");
    fs::write(small.dir().join("ballast"), vec![0; (1 << 20) - 16 * 4096]).expect("the ballast fits");
    let finished = subprocess::run(suite.bench(&["--blocks", "2000"]));
    let error = one_error(&finished);
    assert!(error.contains("cannot write") && error.contains("samples.jsonl"), "{error}");
    assert!(error.contains("No space left on device"), "{error}");
    suite.assert_no_fixtures();
}

#[test]
fn a_file_system_without_room_for_the_fixtures_is_refused_before_anything_is_written() {
    let suite = Suite::new();
    let huge = crate::suite::SCENARIO.replace("256KiB", "1024TiB");
    fs::write(suite.scenario(), huge).expect("the scenario is written");
    let finished = subprocess::run(suite.bench(&[]));
    let error = one_error(&finished);
    assert!(error.contains("MiB free and the run needs"), "{error}");
    assert_nothing_kept(&suite);
}

#[test]
fn a_fixture_that_cannot_be_written_is_one_line() {
    let test = "a_fixture_that_cannot_be_written_is_one_line";
    let suite = Suite::new();
    let limited: Result<_, Skip> = with_limits(&suite.bench(&[]), &[Limit::FileSizeAsError(100 * 1024)]);
    let Some(command) = skip::unless_skipped(test, limited) else { return };
    let finished = subprocess::run(command);
    let error = one_error(&finished);
    assert!(error.contains("cannot write the fixture") && error.contains("File too large"), "{error}");
    assert_nothing_kept(&suite);
}
