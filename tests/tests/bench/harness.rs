//! The suite measured by what takes a known time.

use std::fs;

use serde_json::Value;

use crate::suite::{Suite, samples};

const SCENARIO: &str = r#"
schema = "orbit.scenario/1"
name = "known"
question = "Is a known time measured?"
[defaults]
blocks = 9
[matrix]
size = "5MB"
subject = ["known-sleep", "known-rate"]
"#;

/// Five milliseconds: the sleep's, and of work a nanosecond a byte.
const EXPECTED_NS: u64 = 5_000_000;

/// A busy machine delays whoever sleeps; what the suite adds by itself is there in every sample.
const TRIES: usize = 5;

fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values[values.len() / 2]
}

/// Of all samples of `subject` so far.
fn medians(samples: &[Value], subject: &str) -> (u64, u64) {
    let of = |key: &str| {
        let own = samples.iter().filter(|one| one["case"].as_str().is_some_and(|id| id.ends_with(subject)));
        median(own.map(|one| one[key].as_u64().expect("it was measured")).collect())
    };
    (of("wall_ns"), of("cpu_ns"))
}

#[test]
fn known_times_are_measured_within_two_percent() {
    let suite = Suite::new();
    fs::write(suite.scenario(), SCENARIO).expect("the scenario is written");
    let within = |ns: u64| ns.abs_diff(EXPECTED_NS) <= EXPECTED_NS / 50;
    let mut all: Vec<Value> = Vec::new();
    let mut seen = Vec::new();
    for _ in 0..TRIES {
        suite.measure(&[]);
        let read = |line: &String| serde_json::from_str(line).expect("a sample is JSON");
        all.extend(samples(&suite.only_run()).iter().map(read));
        fs::remove_dir_all(suite.results()).expect("the run is removed");
        let (sleep, rate) = (medians(&all, "known-sleep"), medians(&all, "known-rate"));
        if within(sleep.0) {
            assert!(rate.0 >= EXPECTED_NS, "work takes no less than its time: {rate:?}");
            assert!(sleep.1 < EXPECTED_NS / 10, "a sleep takes no processor time: {sleep:?}");
            return;
        }
        seen.push((sleep, rate));
    }
    panic!("of (wall, CPU) of sleep and work none is {EXPECTED_NS} ns within 2 %: {seen:?}");
}
