//! Runs that measure less than the scenario asks for: they say so, and decide nothing.

use std::fs;

use orbit_tests::subprocess;
use serde_json::Value;

use crate::suite::{CASES, Suite, one_error, record, samples};

#[test]
fn a_quick_run_is_marked_and_no_tuner_takes_it() {
    let suite = Suite::new();
    suite.measure(&["--quick"]);
    let run = suite.only_run();
    assert_eq!(samples(&run).len(), 3 * CASES);
    let record = record(&suite);
    assert_eq!(
        (record["indicative"].as_bool(), record["scenario"]["blocks"].as_u64()),
        (Some(true), Some(3))
    );
    let page = fs::read_to_string(run.join("summary.md")).expect("a run has a summary");
    assert!(page.contains("\nIndicative: "), "{page}");
    for run in [suite.latest(), run.to_str().expect("the path is text").to_owned()] {
        let refused = subprocess::run(suite.command(&["tune", &run]));
        assert!(
            one_error(&refused).contains("is indicative: `--quick` measures too little"),
            "{}",
            refused.stderr
        );
    }
    assert!(!run.join("tuned.toml").exists());
}

#[test]
fn a_whole_run_is_not_marked() {
    let suite = Suite::new();
    suite.measure(&[]);
    let record = record(&suite);
    assert_eq!((&record["indicative"], record["blocks_measured"].as_u64()), (&Value::Null, Some(12)));
    let page = fs::read_to_string(suite.only_run().join("summary.md")).expect("a run has a summary");
    assert!(!page.contains("Indicative") && page.contains("tiny, 12 blocks"), "{page}");
}

#[test]
fn a_time_budget_ends_a_run_after_a_whole_block() {
    let suite = Suite::new();
    suite.measure(&["--blocks", "10000", "--time-budget", "2s"]);
    let measured = samples(&suite.only_run()).len();
    assert_eq!(measured % CASES, 0);
    let record = record(&suite);
    assert_eq!(record["time_budget_s"].as_u64(), Some(2));
    assert_eq!(record["scenario"]["blocks"].as_u64(), Some(10_000));
    let blocks = record["blocks_measured"].as_u64().expect("it is counted");
    assert_eq!(usize::try_from(blocks).expect("it is small") * CASES, measured);
    assert!((1..10_000).contains(&blocks), "{blocks}");
    let page = fs::read_to_string(suite.only_run().join("summary.md")).expect("a run has a summary");
    assert!(page.contains(&format!("{blocks} of 10000 blocks, in a time budget of 2 s")), "{page}");
    // A run with few blocks is still a run.
    subprocess::run(suite.command(&["tune", &suite.latest()])).expect_success();
}

#[test]
fn a_budget_that_is_ample_changes_nothing() {
    let suite = Suite::new();
    suite.measure(&["--blocks", "2", "--time-budget", "1h"]);
    assert_eq!(record(&suite)["blocks_measured"].as_u64(), Some(2));
}
