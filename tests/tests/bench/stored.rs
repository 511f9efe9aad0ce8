//! The gate against a stored run: measured by the built program, and nothing built for it.

use std::fs;
use std::path::Path;

use orbit_tests::subprocess::{self, Finished};
use serde_json::Value;

use crate::suite::{CASES, Suite};

/// Times are judged from a microsecond on.
const JUDGED: &str = "[gate]\nmin_abs = \"1us\"\n";

fn judged() -> Suite {
    let suite = Suite::new();
    let text = fs::read_to_string(suite.scenario()).expect("the scenario is there");
    fs::write(suite.scenario(), text + JUDGED).expect("the scenario is written");
    suite.measure(&[]);
    suite
}

fn gate(suite: &Suite, more: &[&str]) -> Finished {
    subprocess::run(suite.gate(&[&["--baseline", &suite.latest(), "--format", "json"], more].concat()))
}

fn outcome(finished: &Finished) -> Value {
    serde_json::from_slice(&finished.stdout).expect("the gate prints JSON")
}

/// Each line of the samples as this makes it.
fn doctored(run: &Path, change: impl Fn(&mut Value)) {
    let path = run.join("samples.jsonl");
    let text = fs::read_to_string(&path).expect("a run has samples");
    let line = |line: &str| {
        let mut sample = serde_json::from_str(line).expect("a sample is JSON");
        change(&mut sample);
        sample.to_string() + "\n"
    };
    fs::write(&path, text.lines().map(line).collect::<String>()).expect("samples are written");
}

#[test]
fn the_same_program_is_no_regression_of_its_own_run() {
    let suite = judged();
    let finished = gate(&suite, &[]);
    // Other programs may have run beside one of the two.
    assert!([Some(0), Some(3)].contains(&finished.status.code()), "{}", finished.stderr);
    let outcome = outcome(&finished);
    assert!(outcome["base"].as_str().expect("text").starts_with("the stored run 20"), "{outcome}");
    assert!(outcome["caution"].as_str().expect("text").contains("weaker"), "{outcome}");
    let cases = outcome["cases"].as_array().expect("a list");
    assert_eq!(cases.len(), CASES);
    for case in cases {
        assert_eq!(case["findings"], Value::Array(Vec::new()), "{case}");
        // As many as the run has. What is slower by these was measured again, and is no regression before that.
        let blocks = case["wall"]["screen_blocks"].as_u64().expect("a number");
        assert!(blocks == 128 || blocks == 12 && case["verdict"] != "regression", "{case}");
        let wall = |key: &str| case["wall"][key].as_f64().expect("a number");
        assert!(wall("allowed_pct") > 13.0 && wall("detectable_pct") > wall("allowed_pct"), "{case}");
    }
}

#[test]
fn a_faster_stored_run_and_fewer_system_calls_are_told() {
    let suite = judged();
    doctored(&suite.only_run(), |sample| {
        for key in ["wall_ns", "cpu_ns"] {
            sample[key] = (sample[key].as_u64().expect("a number") / 8).into();
        }
        sample["system_calls"] = 1.into();
    });
    let finished = gate(&suite, &["--filter", "*/size=256KiB/strategy=buffered/*"]);
    assert_eq!(finished.status.code(), Some(3), "{}", finished.stderr);
    let outcome = outcome(&finished);
    let [case] = outcome["cases"].as_array().expect("a list").as_slice() else { panic!("{outcome}") };
    assert_eq!((&case["verdict"], &case["wall"]["verdict"]), (&"regression".into(), &"regression".into()));
    assert!(case["findings"][0]["what"].as_str().expect("text").starts_with("system calls: 1 on the base"));
}

#[test]
fn another_machines_run_is_wrong_usage() {
    let suite = judged();
    let path = suite.only_run().join("run.json");
    let mut record: Value =
        serde_json::from_str(&fs::read_to_string(&path).expect("a run has a record")).expect("JSON");
    record["host"]["cpus"] = 4096.into();
    fs::write(&path, record.to_string()).expect("the record is written");
    let finished = gate(&suite, &[]);
    assert_eq!((finished.status.code(), finished.stdout.len()), (Some(2), 0), "{}", finished.stderr);
    assert!(finished.stderr.contains("the number of processors was 4096 and is "), "{}", finished.stderr);
    assert_eq!(finished.stderr.lines().count(), 1);
}
