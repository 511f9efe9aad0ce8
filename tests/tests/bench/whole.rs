//! A run from the first copy to the tuned file, and the engine obeying that file.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Stdio;

use orbit_engine::{
    Capability, CopyOptions, Facts, Mechanism, Tuning, ZeroCopyCapabilities, select, zero_copy_capabilities,
};
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
    for file in ["run.json", "summary.json", "summary.md", "report.html", "junit.xml"] {
        assert!(run.join(file).metadata().is_ok_and(|file| file.len() > 0), "{file}");
    }
    assert_eq!((count(&run.join("hist"), "hlog"), count(&run.join("hist"), "hgrm")), (CASES, CASES));
    assert_eq!(count(&run.join("plots"), "svg"), 3);
    let stdout = String::from_utf8_lossy(&finished.stdout).into_owned();
    assert!(
        stdout.contains("4 cases in 12 blocks, 0 invalid samples")
            && stdout.contains("summary.md")
            && stdout.ends_with("/report.html\n"),
        "{stdout}"
    );
    assert_eq!(finished.stderr, "", "no progress bar where stderr is no terminal");
}

#[test]
fn a_report_drawn_again_is_the_same() {
    let suite = Suite::new();
    suite.measure(&[]);
    let files = ["summary.md", "summary.json", "report.html", "junit.xml"];
    let read = || files.map(|file| fs::read_to_string(suite.only_run().join(file)).expect("it is there"));
    let first = read();
    subprocess::run(suite.command(&["report"])).expect_success();
    assert_eq!(read(), first);
}

/// What moves the bytes of a file of this size with values of which the threshold is `always`.
fn zero_copy(capabilities: &ZeroCopyCapabilities, always: &Tuning, size: u64) -> &'static str {
    let mut facts = Facts::of_size(size);
    facts.pair = Some(capabilities.pair.clone());
    let plan = select(&facts, &CopyOptions::new().tuning(always.clone()));
    let works = |mechanism: &Mechanism| capabilities.mechanisms.contains(&(*mechanism, Capability::Works));
    plan.rungs.into_iter().find(works).expect("some zero-copy works on Linux").name()
}

/// Changing only the threshold in the tuned file changes which mechanism the engine runs.
#[test]
fn the_engine_obeys_the_tuned_file() {
    let suite = Suite::new();
    suite.measure(&[]);
    let tuned = subprocess::run(suite.command(&["tune", &suite.latest()])).expect_success();
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
    let always = Tuning::parse(&text.replace(line, "zero_copy_threshold = \"always\""), &file)
        .expect("the engine reads what was changed");
    let [small, large] = [4096, 256 * 1024].map(|size| zero_copy(&capabilities, &always, size));
    // Sharing extents has a threshold of its own.
    let shares = capabilities.mechanisms.contains(&(Mechanism::Reflink, Capability::Works));
    let not_copied = if shares { "reflink" } else { "read-write" };
    for (threshold, small, large) in [
        ("always", small, large),
        ("never", "read-write", not_copied),
        ("256KiB", "read-write", large),
        ("257KiB", "read-write", not_copied),
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

#[test]
fn runs_of_one_second_have_names_of_their_own() {
    let suite = Suite::new();
    for _ in 0..4 {
        suite.measure(&["--blocks", "1", "--filter", "*/size=4KiB/*"]);
    }
    let runs = suite.runs();
    assert_eq!(runs.len(), 4);
    assert!(
        runs.iter().all(|run| samples(run).len() == 2 && !run.to_string_lossy().ends_with(".partial")),
        "{runs:?}"
    );
}

#[test]
fn a_folder_whose_name_is_no_text_is_written_to() {
    let suite = Suite::new();
    let results = suite.folder.path().join(OsStr::from_bytes(b"results \xff"));
    fs::create_dir(&results).expect("the folder is made");
    let mut command = subprocess::command(suite.bench(&[]).get_program());
    command.arg("bench").arg(suite.scenario()).args(["--blocks", "1", "--results"]).arg(&results);
    subprocess::run(command).expect_success();
    assert!(results.join("latest/summary.md").exists());
}

/// Where a scenario does not set the chunk, the engine's own values count, and then those of the tuned file.
#[test]
fn tuned_chunks_are_obeyed() {
    let suite = Suite::new();
    let target = root().join("target");
    let pair = zero_copy_capabilities(&target, &target).expect("the target directory can be probed").pair;
    let calls = |chunk: &str| {
        let text = format!(
            "schema = \"orbit.tuned/1\"\n[[profile]]\nsource_fs = \"{}\"\ndestination_fs = \"{}\"\n\
             same_device = true\nkernel_chunk = \"{chunk}\"\nbuffered_chunk = \"{chunk}\"\n",
            pair.source, pair.destination
        );
        let path = suite.folder.path().join("tuned.toml");
        fs::write(&path, text).expect("the file is written");
        let _ = fs::remove_dir_all(suite.results());
        let filter = ["--blocks", "1", "--filter", "*/size=256KiB/strategy=buffered/*", "--tuned"];
        suite.measure(&[&filter[..], &[path.to_str().expect("the path is text")]].concat());
        let sample = samples(&suite.only_run()).remove(0);
        let sample: serde_json::Value = serde_json::from_str(&sample).expect("a sample is JSON");
        sample["system_calls"].as_u64().expect("a sample counts calls")
    };
    // A read and a write for each chunk.
    assert_eq!(calls("64KiB"), calls("256KiB") + 2 * 3);
}

/// Copies here would not use its values, so that nothing is to be learnt from a run with them.
#[test]
fn a_tuned_file_that_does_not_hold_here_is_refused() {
    let suite = Suite::new();
    let path = suite.folder.path().join("tuned.toml");
    let text = "schema = \"orbit.tuned/1\"\n[provenance]\nengine = \"0.1.0\"\ncreated = \"2026-01-01T00:00:00Z\"\n\
                valid_until = \"9999-01-01T00:00:00Z\"\nruns = []\n\
                machine = { cpu = \"a relic\", processors = 1, kernel = \"1.0\" }\n";
    fs::write(&path, text).expect("the file is written");
    let path = path.to_str().expect("the path is text");
    let finished = subprocess::run(suite.bench(&["--tuned", path]));
    assert_ne!(finished.status.code(), Some(0));
    let named = finished.stderr.contains(&format!("{path}: measured on another machine (cpu `a relic`"));
    assert!(named && finished.stderr.contains("cargo xtask tune"), "{}", finished.stderr);
    assert!(suite.runs().is_empty());
}

/// Whoever started the run may stop reading; the run is complete all the same.
#[test]
fn a_closed_stdout_is_no_reason_to_fail() {
    let suite = Suite::new();
    let mut child = suite.bench(&["--blocks", "1"]).stdout(Stdio::piped()).spawn().expect("the suite starts");
    drop(child.stdout.take());
    assert!(child.wait().expect("the suite ends").success());
    assert!(suite.only_run().join("summary.md").exists());
}
