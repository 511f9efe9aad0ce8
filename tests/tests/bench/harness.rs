//! The suite measured by what takes a known time, by a machine that has other work, and by itself.

use std::fs;

use orbit_tests::skip::unless_skipped;
use orbit_tests::subprocess::{self, Finished};
use orbit_tests::tool;
use serde_json::Value;

use crate::suite::{Suite, record, samples};

const KNOWN: &str = r#"
schema = "orbit.scenario/1"
name = "known"
question = "Is a known time measured?"
[defaults]
blocks = 9
[matrix]
size = "20MB"
subject = ["known-sleep", "known-rate"]
"#;

const AGAIN: &str = r#"
schema = "orbit.scenario/1"
name = "again"
question = "Does the engine agree with itself?"
[defaults]
blocks = 9
[matrix]
size = ["4KiB", "64KiB"]
strategy = ["auto", "buffered"]
subject = ["engine", "engine-again"]
"#;

/// What is within each sample may take: 1 % of a copy of a millisecond.
const MOST_OVERHEAD_NS: u64 = 10_000;

/// A busy machine delays whoever sleeps; what the suite adds by itself is there in every sample.
const TRIES: usize = 5;

fn suite(scenario: &str) -> Suite {
    let suite = Suite::new();
    fs::write(suite.scenario(), scenario).expect("the scenario is written");
    suite
}

fn summary(suite: &Suite) -> Value {
    let text = fs::read(suite.only_run().join("summary.json")).expect("a run has a summary");
    serde_json::from_slice(&text).expect("it is JSON")
}

/// What was measured of known costs, which the exit code, the words and `junit.xml` must agree with.
fn known(suite: &Suite, finished: &Finished) -> Vec<Value> {
    let known = summary(suite)["known"].as_array().expect("the costs are known").clone();
    let missed = known.iter().filter(|one| one["holds"] == false).count();
    assert_eq!(finished.status.code(), Some(if missed == 0 { 0 } else { 3 }), "{}", finished.stderr);
    assert_eq!(finished.stderr.matches("known cost missed: known/size=20000000/").count(), missed);
    let junit = fs::read_to_string(suite.only_run().join("junit.xml")).expect("a run has junit.xml");
    assert_eq!(junit.matches("<failure ").count(), missed, "{junit}");
    for one in &known {
        let off = one["off_pct"].as_f64().expect("it is a number");
        assert_eq!(
            (one["known_ns"].as_u64(), one["holds"] == true),
            (Some(20_000_000), off.abs() <= 2.0),
            "{one}"
        );
    }
    known
}

/// By the least of all samples, which other work on this machine disturbs least; the medians are judged by the suite.
#[test]
fn known_times_are_measured_within_two_percent() {
    let suite = suite(KNOWN);
    let mut least = [u64::MAX; 2];
    for _ in 0..TRIES {
        let known = known(&suite, &subprocess::run(suite.bench(&[])));
        let clocks: Vec<&str> = known.iter().filter_map(|one| one["clock"].as_str()).collect();
        assert_eq!(clocks, ["wall", "wall", "cpu"], "a sleep has no known processor time");
        for line in samples(&suite.only_run()) {
            let sample: Value = serde_json::from_str(&line).expect("a sample is JSON");
            let is_sleep = sample["case"].as_str().is_some_and(|id| id.ends_with("known-sleep"));
            let (wall, cpu) = (sample["wall_ns"].as_u64(), sample["cpu_ns"].as_u64());
            let least = &mut least[usize::from(is_sleep)];
            *least = wall.expect("it was measured").min(*least);
            assert!(!is_sleep || cpu < Some(2_000_000), "a sleep takes no processor time: {line}");
        }
        assert!(least.iter().all(|wall| *wall >= 20_000_000), "nothing takes less than its time: {least:?}");
        if least.iter().all(|wall| *wall <= 20_400_000) {
            return;
        }
        fs::remove_dir_all(suite.results()).expect("the run is removed");
    }
    panic!("in no try were sleep and work measured within 2 %: {least:?}");
}

#[test]
fn a_machine_with_other_work_is_caught() {
    let test = "a_machine_with_other_work_is_caught";
    let Some(mut command) = unless_skipped(test, tool::find("taskset")) else { return };
    let suite = suite(KNOWN);
    // Three that never rest, on the one processor that the suite may use too.
    let script = "for i in 1 2 3; do timeout 60 sh -c 'while :; do :; done' & busy=\"$busy $!\"; done; \
                  \"$@\"; code=$?; kill $busy; exit $code";
    let bench = suite.bench(&[]);
    command.args(["-c", "0", "sh", "-c", script, "busy"]).arg(bench.get_program()).args(bench.get_args());
    let known = known(&suite, &subprocess::run(command));
    let cpu = known.iter().find(|one| one["clock"] == "cpu").expect("work has a known processor time");
    assert_eq!(cpu["holds"], false, "{cpu}");
}

#[test]
fn measuring_adds_less_than_a_hundredth_of_a_millisecond_and_says_so() {
    let suite = suite(AGAIN);
    let finished = suite.measure(&["--blocks", "1"]);
    let overhead = &record(&suite)["overhead"];
    let of = |key: &str| overhead[key].as_u64().expect("it was measured");
    assert!(of("empty_wall_ns").max(of("empty_cpu_ns")) < MOST_OVERHEAD_NS, "{overhead}");
    assert!(of("empty_wall_ns") < of("reading_ns"), "{overhead}");
    let stdout = String::from_utf8_lossy(&finished.stdout).into_owned();
    assert!(
        stdout.contains("measuring takes within each sample ") && stdout.contains("less than 10.0 µs"),
        "{stdout}"
    );
}

#[test]
fn the_engine_is_set_against_itself_within_a_run_and_between_two() {
    let suite = suite(AGAIN);
    suite.measure(&[]);
    let agreement = &summary(&suite)["agreement"];
    assert_eq!(agreement["intervals"], 4);
    assert_eq!(agreement["repetitions"].as_array().map(Vec::len), Some(4));
    let page = fs::read_to_string(suite.only_run().join("summary.md")).expect("a run has a summary");
    assert!(page.contains("of 4 intervals contain 1, which is "), "{page}");
    suite.measure(&[]);
    let runs = suite.runs();
    let names: Vec<&str> = runs.iter().map(|run| run.to_str().expect("the path is text")).collect();
    let compared = subprocess::run(suite.command(&[&["report"], &names[..]].concat())).expect_success();
    let page = String::from_utf8(compared.stdout).expect("it prints text");
    assert!(
        page.contains("The same program measured both.") && page.contains(" of 8 intervals contain 1"),
        "{page}"
    );
}
