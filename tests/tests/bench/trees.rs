//! Trees beside each other: who ran, what is shown of them, and that a wrong copy of a tree is no sample.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use orbit_tests::subprocess;

use crate::suite::{Suite, one_error, samples};

const SCENARIO: &str = r#"
schema = "orbit.scenario/1"
name = "leafy"
question = "Who is faster?"
[defaults]
blocks = 2
check = "once"
[matrix]
workload = ["small", "mix"]
destination = ["new", "directories", "existing"]
workers = ["auto", 2]
subject = ["engine", "engine-fast", "engine-process", "engine-process-fast", "cp"]
[[workload]]
name = "small"
files = 30
size = "4KiB"
files_per_directory = 4
fan_out = 2
[[workload]]
name = "mix"
files = 20
size = { median = "8KiB", sigma = 2, max = "1MiB" }
"#;

/// Two subjects obey the number of workers, three do not.
const CASES: usize = 2 * 3 * (2 * 2 + 3);

fn suite() -> Suite {
    let suite = Suite::new();
    fs::write(suite.scenario(), SCENARIO).expect("the scenario is written");
    suite
}

/// A `PATH` on which `cp` is this script; its last two arguments are the paths.
fn path_with_cp(suite: &Suite, script: &str) -> OsString {
    let folder = suite.folder.path().join("bin");
    fs::create_dir_all(&folder).expect("the folder is made");
    let said = "[ \"$1\" = --version ] && echo cp 1.0 && exit\n";
    let paths = "while [ $# -gt 2 ]; do shift; done\n";
    fs::write(folder.join("cp"), format!("#!/bin/sh\n{said}{paths}{script}\n")).expect("it is written");
    fs::set_permissions(folder.join("cp"), fs::Permissions::from_mode(0o755)).expect("it can be run");
    let paths = std::env::var_os("PATH").expect("there is a PATH");
    std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&paths))).expect("it is a PATH")
}

#[test]
fn every_subject_copies_every_tree_wherever_it_goes() {
    let suite = suite();
    let finished = suite.measure(&[]);
    suite.assert_no_fixtures();
    let stdout = String::from_utf8_lossy(&finished.stdout).into_owned();
    assert!(stdout.contains(&format!("{CASES} cases in 2 blocks, 0 invalid samples")), "{stdout}");
    for text in ["| small, new ", "| mix, directories ", "| mix, existing ", "engine-process / best program"]
    {
        assert!(stdout.contains(text), "{text}: {stdout}");
    }
    let run = suite.only_run();
    let samples = samples(&run);
    assert_eq!(samples.len(), 2 * CASES);
    for line in samples.iter().filter(|line| line.contains("/workload=small/")) {
        assert!(line.contains("\"bytes\":122880,") && !line.contains("\"wall_ns\":0,"), "{line}");
        let counted = ["engine", "engine-fast"].map(|subject| format!("/subject={subject}\""));
        let is_call = counted.iter().any(|subject| line.contains(subject));
        assert_eq!(line.contains("\"system_calls\":"), is_call, "{line}");
    }
    let page = fs::read_to_string(run.join("summary.md")).expect("a run has a summary");
    for text in ["## Trees, file systems: same", "System calls per file", "engine, workers 2", "not paired"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    subprocess::run(suite.command(&["report"])).expect_success();
    assert_eq!(fs::read_to_string(run.join("summary.md")).expect("it is there"), page);
}

/// A process inherits the peak of the one that starts it, which the suite must not let happen.
#[test]
fn the_peak_of_a_program_is_not_the_suites() {
    let suite = suite();
    let ballast_mib = 64;
    let scenario = format!("# {}\n{SCENARIO}", "x".repeat(ballast_mib << 20));
    fs::write(suite.scenario(), scenario).expect("the scenario is written");
    let filter = "*workload=small/destination=new/workers=auto/*";
    suite.measure(&["--filter", filter, "--blocks", "1"]);
    let run = suite.only_run();
    let peak = |line: &String| {
        let sample: serde_json::Value = serde_json::from_str(line).expect("a sample is JSON");
        sample["max_rss_bytes"].as_u64().map(|bytes| bytes >> 20)
    };
    for line in samples(&run) {
        // What the suite copies itself has no peak of its own.
        let is_program = ["cp", "engine-process", "engine-process-fast"];
        let is_program = is_program.iter().any(|subject| line.contains(&format!("/subject={subject}\"")));
        assert_eq!(peak(&line).is_some(), is_program, "{line}");
        assert!(peak(&line).is_none_or(|mib| (1..32).contains(&mib)), "{line}");
    }
    let page = fs::read_to_string(run.join("summary.md")).expect("a run has a summary");
    assert!(page.contains("Max RSS"), "{page}");
}

#[test]
fn a_wrong_copy_of_a_tree_ends_the_run() {
    let suite = suite();
    for (destination, script, expected) in [
        ("new", "exit 0", "cp left no "),
        (
            "new",
            "/bin/cp -r -T \"$1\" \"$2\"; rm \"$2/file-3\"",
            "expected 30 files of 122880 bytes in all and 7 directories, got ",
        ),
        ("new", "/bin/cp -r -T \"$1\" \"$2\"; mv \"$2/file-3\" \"$2/file-x\"", "file-3 is missing"),
        ("new", "/bin/cp -r -T \"$1\" \"$2\"; tr a b <\"$1/file-3\" >\"$2/file-3\"", "file-3 differs from "),
        // What is there already is kept as it is, which looks like a copy.
        ("existing", "exit 0", "wrong copy: "),
        (
            "existing",
            "/bin/cp -r \"$1\" \"$2\"",
            "expected 30 files of 122880 bytes in all and 7 directories, got ",
        ),
    ] {
        let filter = format!("*workload=small/destination={destination}/*subject=cp");
        let mut command = suite.bench(&["--filter", &filter]);
        command.env("PATH", path_with_cp(&suite, script));
        let finished = subprocess::run(command);
        let error = one_error(&finished);
        assert!(error.contains(expected), "{script}: {error}");
        assert!(suite.runs().is_empty(), "a run without a whole block keeps nothing");
    }
    suite.assert_no_fixtures();
}
