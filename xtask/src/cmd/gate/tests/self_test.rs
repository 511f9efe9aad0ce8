//! Whole self-tests of a worker that plants its times.

use std::path::PathBuf;

use super::super::self_test;
use super::*;
use crate::gate::{Calibration, Count};
use crate::program;

const BOTH: &str = "strategy = [\"zero-copy\", \"buffered\"]";

pub(super) struct Bench {
    pub(super) repository: Repository,
    pub(super) worker: PathBuf,
}

impl Bench {
    /// With this change to the worker.
    pub(super) fn new(change: fn(String) -> String) -> Self {
        let repository = Repository::new();
        repository.write("s.toml", &SCENARIO.replace("strategy = \"buffered\"", BOTH));
        repository.worker(100, "read-write");
        let text = std::fs::read_to_string(repository.path().join("src/main.rs")).unwrap();
        repository.program(&change(text));
        let worker = program::build(repository.path(), &["--package", "xtask"], None).unwrap().unwrap();
        Self { repository, worker }
    }

    pub(super) fn run(&self, flags: &[&str]) -> (Result<Done>, String) {
        let mut out = Vec::new();
        let flags = self.flags(flags);
        let done = self_test::run(&self.worker, &flags, self.repository.path(), &mut out);
        self.repository.is_tidy();
        (done, String::from_utf8(out).unwrap())
    }

    fn flags(&self, flags: &[&str]) -> GateFlags {
        let scenario = self.repository.path().join("s.toml");
        let fixed = ["xtask", "gate", "--self-test", "--scenarios", scenario.to_str().unwrap()];
        match Flags::parse_from([&fixed, flags].concat()).command {
            Asked::Gate(flags) => *flags,
            other => panic!("{other:?} is no gate"),
        }
    }

    pub(super) fn calibration(&self) -> Calibration {
        let path = self.repository.path().join("results/calibration.json");
        Calibration::parse(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    fn asked(&self, flags: &[&str]) -> String {
        let flags = self.flags(flags);
        let done = self_test::run(&self.worker, &flags, self.repository.path(), &mut Vec::new());
        format!("{:#}", done.unwrap_err())
    }

    fn journal(&self) -> PathBuf {
        self.repository.path().join("target/gate/self-test.jsonl")
    }

    pub(super) fn families(&self) -> usize {
        std::fs::read_to_string(self.journal()).map_or(0, |text| text.lines().count().saturating_sub(1))
    }
}

#[cfg_attr(windows, ignore = "needs Windows: wine has neither git nor cargo")]
#[test]
fn what_is_planted_is_found_and_counted_and_more_is_added() {
    let bench = Bench::new(|worker| worker);
    let (done, out) = bench.run(&["--runs", "4", "--seed", "5"]);
    assert!(matches!(done, Ok(Done::Complete)), "{done:?} {out}");
    assert!(out.contains("| false alarms, nothing planted ") && out.contains(" 2 of 2 | 100.0 % |"), "{out}");
    let found = bench.calibration();
    let counts: Vec<(u64, u64)> = found.rates.iter().map(|rate| (rate.found, rate.families)).collect();
    assert_eq!(counts, [(0, 4), (0, 5), (2, 2), (2, 2), (1, 1)]);
    assert_eq!((found.seed, found.equal_cases, found.cases.len()), (5, 4 * 2 + 5, 2));

    let (done, out) = bench.run(&["--runs", "8", "--resume", "--format", "json"]);
    assert!(matches!(done, Ok(Done::Complete)), "{done:?} {out}");
    let more = bench.calibration();
    assert_eq!(json(&out), serde_json::to_value(&more).unwrap());
    assert_eq!((more.rates[0].families, more.seed, &more.started), (8, 5, &found.started));
    assert_eq!(bench.families(), 18);
    bench
        .repository
        .write("s.toml", &SCENARIO.replace("strategy = \"buffered\"", BOTH).replace("5000", "5001"));
    let error = bench.run(&["--resume"]).0.unwrap_err().to_string();
    assert!(error.starts_with("--resume: the scenario is not as in "), "{error}");
}

#[cfg_attr(windows, ignore = "needs Windows: wine has neither git nor cargo")]
#[test]
fn what_is_not_found_is_a_bound_that_is_missed() {
    let bench =
        Bench::new(|worker| worker.replace("slower_pct", "nothing").replace("\"splice\"", "\"read-write\""));
    let (done, out) = bench.run(&["--runs", "4"]);
    let Ok(Done::Missed(lines)) = done else { panic!("{done:?} {out}") };
    let expected = [
        "10 % slower, found by wall time: 0 of 2, where ≥ 80 % is promised",
        "20 % slower, found by wall time: 0 of 2, where ≥ 95 % is promised",
        "another mechanism, found: 0 of 1, where ≥ 100 % is promised",
    ];
    assert_eq!(lines, expected);
    let count = |wanted| bench.calibration().rates.into_iter().find(|rate| rate.count == wanted).unwrap();
    assert!(!count(Count::TenPercentFound).holds && count(Count::FalseAlarms).holds);
}

#[cfg_attr(windows, ignore = "needs Windows: wine has neither git nor cargo")]
#[test]
fn a_self_test_needs_something_to_plant_and_copies_that_work() {
    let bench = Bench::new(|worker| worker);
    let error = bench.asked(&["--filter", "*/strategy=buffered/*"]);
    assert!(
        error.starts_with("no case is left that is copied by zero-copy and, alike in all else, buffered"),
        "{error}"
    );
    let bench = Bench::new(|worker| {
        worker.replace("std::fs::copy(source, destination).unwrap();", "panic!(\"{destination}{source}\");")
    });
    let error = bench.asked(&[]);
    assert!(error.starts_with(&format!("a copy failed: the worker ended: {EXIT}: 101")), "{error}");
}
