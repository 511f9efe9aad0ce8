//! Tuning from the first copy to the file that the engine obeys: measured in seconds, decided, validated, checked.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use orbit_engine::{Decision, Threshold, TunedFile, Tuning};
use orbit_tests::subprocess;

use crate::suite::{Suite, one_error};

fn text(path: &Path) -> &str {
    path.to_str().expect("the path is text")
}

fn stdout(finished: &subprocess::Finished) -> String {
    String::from_utf8_lossy(&finished.stdout).into_owned()
}

/// So few blocks decide nothing, and that is said of every value.
#[test]
fn a_pair_is_measured_decided_validated_and_explained() {
    let suite = Suite::new();
    let target = format!("disk={}", suite.folder.path().display());
    let tune = suite.command(&["tune", "--target", &target, "--time-budget", "12s", "--seed", "7"]);
    let tuned = subprocess::run_within(tune, Duration::from_secs(240)).expect_success();
    let said = stdout(&tuned);
    // Where the machine has so much else to do that a block of validation is all that fits, nothing is.
    let one_block = said.contains(" cases in 1 blocks") && said.contains("nothing was held out");
    let is_validated = said.contains("held-out sizes and ") || one_block;
    assert!(is_validated && said.contains("zero_copy_threshold"), "{said}");
    suite.assert_no_fixtures();
    let folder: PathBuf = suite.runs().remove(0);
    let runs = fs::read_dir(folder.join("runs")).expect("the runs are kept");
    assert_eq!(runs.filter(|run| !run.as_ref().is_ok_and(|run| run.file_name() == "latest")).count(), 6);
    for page in ["tune.md", "tune.html"] {
        let page = fs::read_to_string(folder.join(page)).expect("the page is there");
        assert!(page.contains("Ratios of times over file size"));
    }

    let path = folder.join("tuned.toml");
    assert_eq!(Tuning::load(&path).expect("the engine reads it").warning(), None);
    let file = TunedFile::load(&path).expect("it is a tuned file");
    let [profile] = file.profiles.as_slice() else { panic!("{file:?}") };
    let evidence = profile.evidence.expect("there is evidence");
    let chunk = evidence.buffered_chunk.expect("it is said");
    assert!(chunk.blocks.is_some_and(|blocks| blocks > 0) && chunk.decision != Decision::NotMeasured);
    assert!(evidence.tree_batch.is_some() && evidence.parallel_threshold.is_some());
    assert_eq!(file.provenance.expect("it is known").runs.len(), 4);

    let explained = subprocess::run(suite.command(&["tune", "--explain", text(&path)])).expect_success();
    assert!(stdout(&explained).contains("95 % interval"), "{}", stdout(&explained));
    let compared = subprocess::run(suite.command(&["tune", "--compare", text(&path), text(&path)]));
    let compared = stdout(&compared.expect_success());
    assert!(compared.contains(" values that both measured, ") && compared.lines().count() == 1, "{compared}");
    let check = |path: &Path| subprocess::run(suite.command(&["tune", "--check", text(path)]));
    assert!(stdout(&check(&path).expect_success()).contains("holds on this machine until "));
    let old = suite.folder.path().join("old.toml");
    let elsewhere =
        fs::read_to_string(&path).expect("it can be read").replace("processors = ", "processors = 9");
    fs::write(&old, elsewhere).expect("the file is written");
    let stale = check(&old);
    assert_eq!(stale.status.code(), Some(5), "{}", stale.stderr);
    assert!(stale.stderr.contains("measured on another machine (processors "), "{}", stale.stderr);

    let scenario = suite.folder.path().join("tuned-scenario.toml");
    let axes = crate::suite::SCENARIO
        .replace("strategy = [\"zero-copy\", \"buffered\"]", "tuning = [\"default\", \"tuned\"]");
    fs::write(&scenario, axes).expect("the scenario is written");
    let bench = |more: &[&str]| {
        subprocess::run(suite.command(&[&["bench", text(&scenario), "--blocks", "2"], more].concat()))
    };
    bench(&["--tuned", text(&path)]).expect_success();
    assert!(one_error(&bench(&[])).ends_with("name it by --tuned FILE"));
}

#[test]
fn a_bench_that_tunes_writes_the_file_into_its_run() {
    let suite = Suite::new();
    let measured = suite.measure(&["--tune"]);
    assert!(stdout(&measured).contains("zero-copy is"), "{}", stdout(&measured));
    assert!(suite.only_run().join("tuned.toml").exists() && suite.only_run().join("tune.html").exists());
}

/// What an earlier tuning said stays where so few blocks prove nothing better.
#[test]
fn a_value_that_was_tuned_stays() {
    let suite = Suite::new();
    suite.measure(&["--tune"]);
    let run = suite.only_run();
    let tuned = run.join("tuned.toml");
    let threshold = |path: &Path| {
        let file = TunedFile::load(path).expect("it is a tuned file");
        file.profiles.first().expect("a pair was measured").zero_copy_threshold.expect("it is said")
    };
    assert_eq!(threshold(&tuned), Threshold::AtLeast(64 << 10));
    let earlier = suite.folder.path().join("earlier.toml");
    let content = fs::read_to_string(&tuned).expect("it can be read");
    let content = content.replace("\nzero_copy_threshold = \"64KiB\"", "\nzero_copy_threshold = \"48KiB\"");
    fs::write(&earlier, content).expect("the file is written");
    let later = suite.folder.path().join("later.toml");
    let words = ["tune", text(&run), "--tuned", text(&earlier), "--output", text(&later)];
    let said = stdout(&subprocess::run(suite.command(&words)).expect_success());
    assert!(said.contains("48KiB kept: "), "{said}");
    assert_eq!(threshold(&later), Threshold::AtLeast(48 << 10));
}

/// Runs of two classes of machines become two files, each for its own.
#[test]
fn a_fleet_is_tuned_class_by_class() {
    let suite = Suite::new();
    suite.measure(&[]);
    let here = suite.only_run();
    let there = suite.folder.path().join("there");
    fs::create_dir(&there).expect("the folder is made");
    fs::copy(here.join("samples.jsonl"), there.join("samples.jsonl")).expect("the samples are copied");
    let record = fs::read_to_string(here.join("run.json")).expect("a run has a record");
    let mut record: serde_json::Value = serde_json::from_str(&record).expect("it is JSON");
    record["host"]["cpu"] = "Another CPU".into();
    fs::write(there.join("run.json"), record.to_string()).expect("the record is written");
    let output = suite.folder.path().join("fleet");
    let runs = ["tune", text(&here), text(&there), "--output", text(&output)];
    subprocess::run(suite.command(&runs)).expect_success();
    let files: Vec<TunedFile> = fs::read_dir(&output)
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| TunedFile::load(path).expect("it is a tuned file"))
        .collect();
    assert_eq!(files.len(), 2);
    let cpus: Vec<&str> =
        files.iter().filter_map(|file| Some(file.provenance.as_ref()?.machine.cpu.as_str())).collect();
    assert!(cpus.contains(&"Another CPU") && cpus[0] != cpus[1], "{cpus:?}");
}
