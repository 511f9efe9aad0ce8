//! A run from the first copy to the tuned file, and the engine obeying that file.

use std::fs;
use std::path::Path;

use orbit_engine::{Tuning, zero_copy_capabilities};
use orbit_tests::subprocess;

use crate::suite::{CASES, Suite, root, samples};

fn count(folder: &Path, extension: &str) -> usize {
    let entries = fs::read_dir(folder).expect("the folder is there");
    entries
        .filter(|entry| {
            entry.as_ref().is_ok_and(|entry| entry.path().extension().is_some_and(|e| e == extension))
        })
        .count()
}

#[test]
fn a_run_leaves_everything_that_it_promises() {
    let suite = Suite::new();
    let finished = suite.measure(&["--seed", "7"]);
    suite.assert_no_fixtures();
    let run = suite.only_run();
    assert!(!run.to_string_lossy().ends_with(".partial"));
    assert_eq!(fs::canonicalize(suite.results().join("latest")).expect("latest is a link"), run);
    assert_eq!(samples(&run).len(), CASES * 12);
    for file in ["run.json", "summary.json", "summary.md"] {
        assert!(run.join(file).metadata().is_ok_and(|file| file.len() > 0), "{file}");
    }
    assert_eq!((count(&run.join("hist"), "hlog"), count(&run.join("hist"), "hgrm")), (CASES, CASES));
    assert_eq!(count(&run.join("plots"), "svg"), 2);
    let stdout = String::from_utf8_lossy(&finished.stdout).into_owned();
    assert!(
        stdout.contains("4 cases in 12 blocks, 0 invalid samples") && stdout.contains("summary.md"),
        "{stdout}"
    );
    assert_eq!(finished.stderr, "", "no progress bar where stderr is no terminal");
}

#[test]
fn a_report_drawn_again_is_the_same() {
    let suite = Suite::new();
    suite.measure(&[]);
    let files = ["summary.md", "summary.json"];
    let read = || files.map(|file| fs::read_to_string(suite.only_run().join(file)).expect("it is there"));
    let first = read();
    subprocess::run(suite.command(&["report"])).expect_success();
    assert_eq!(read(), first);
}

/// Changing only the threshold in the tuned file changes which mechanism the engine runs.
#[test]
fn the_engine_obeys_the_tuned_file() {
    let suite = Suite::new();
    suite.measure(&[]);
    let tuned = subprocess::run(suite.command(&["tune"])).expect_success();
    assert!(String::from_utf8_lossy(&tuned.stdout).contains("zero-copy is"));
    let file = suite.only_run().join("tuned.toml");
    let text = fs::read_to_string(&file).expect("tune wrote the file");
    Tuning::parse(&text, &file).expect("the engine reads what tune wrote");
    let line =
        text.lines().find(|line| line.starts_with("zero_copy_threshold")).expect("the file has a threshold");

    let scenario = fs::read_to_string(suite.scenario()).expect("the scenario is there");
    let auto = scenario.replace("[\"zero-copy\", \"buffered\"]", "\"auto\"");
    fs::write(suite.scenario(), auto).expect("the scenario is written");
    let target = root().join("target");
    let capabilities = zero_copy_capabilities(&target, &target).expect("the target directory can be probed");
    let zero_copy = capabilities.best().expect("some zero-copy works on Linux").name();
    for (threshold, small, large) in [
        ("always", zero_copy, zero_copy),
        ("never", "read-write", "read-write"),
        ("256KiB", "read-write", zero_copy),
        ("257KiB", "read-write", "read-write"),
    ] {
        let changed = text.replace(line, &format!("zero_copy_threshold = \"{threshold}\""));
        let path = suite.folder.path().join("changed.toml");
        fs::write(&path, changed).expect("the file is written");
        fs::remove_dir_all(suite.results()).expect("the last run is removed");
        suite.measure(&["--blocks", "1", "--tuned", path.to_str().expect("the path is text")]);
        let samples = samples(&suite.only_run());
        let ran = |size: &str, mechanism: &str| {
            let of_size = samples.iter().filter(|line| line.contains(&format!("size={size}/")));
            of_size.clone().count() == 1
                && of_size.clone().all(|line| line.contains(&format!("\"mechanism\":\"{mechanism}\"")))
        };
        assert!(ran("4KiB", small) && ran("256KiB", large), "{threshold}: {samples:?}");
    }
}
