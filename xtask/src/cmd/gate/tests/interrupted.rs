//! Interruptions. Each in a process of its own, this program once more, because a signal reaches all of a process.

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::super::self_test;
use super::self_test::Bench;
use super::*;

/// Where a child finds the repository, and the worker that it is to measure.
const ROOT: &str = "ORBIT_TEST_ROOT";
const PROGRAM: &str = "ORBIT_TEST_WORKER";

/// Runs the test of this name, which does what a user would.
fn child(test: &str, root: &Path, worker: &Path) -> Child {
    let name = format!("cmd::gate::tests::interrupted::{test}");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", &name, "--nocapture"]).env(ROOT, root).env(PROGRAM, worker);
    command.stdout(Stdio::piped()).spawn().unwrap()
}

fn told_to_child(name: &str) -> PathBuf {
    PathBuf::from(std::env::var_os(name).expect("the parent says it"))
}

fn wait_for(what: impl Fn() -> bool) {
    let start = Instant::now();
    while !what() {
        assert!(start.elapsed() < Duration::from_secs(300), "nothing is kept");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What it says when it is interrupted.
fn interrupt(child: Child) -> String {
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

/// The flags of a gate or self-test in `root`.
fn flags(root: &Path, flags: &[&str]) -> GateFlags {
    let scenario = root.join("s.toml");
    let fixed = ["xtask", "gate", "--scenarios", scenario.to_str().unwrap()];
    match Flags::parse_from([&fixed, flags].concat()).command {
        Asked::Gate(flags) => *flags,
        other => panic!("{other:?} is no gate"),
    }
}

fn print_interruption(done: Done) {
    let Done::Interrupted(line) = done else { panic!("{done:?}") };
    println!("{line}");
}

#[test]
fn a_self_test_keeps_its_families_and_goes_on() {
    let bench = Bench::new(|worker| worker);
    let child = child("child_of_self_test", bench.repository.path(), &bench.worker);
    wait_for(|| bench.families() >= 2);
    let said = interrupt(child);
    assert!(said.contains("families are kept, `cargo xtask gate --self-test --resume` goes on"), "{said}");
    bench.repository.is_tidy();
    let kept = bench.families();
    assert!((2..450).contains(&kept), "{kept}");
    let (done, out) = bench.run(&["--runs", "4", "--resume"]);
    assert!(matches!(done, Ok(Done::Complete)), "{done:?} {out}");
    assert!(bench.families() >= kept && bench.calibration().seed == 9);
}

#[test]
#[ignore = "is the child of the test of the self-test"]
fn child_of_self_test() {
    let root = told_to_child(ROOT);
    let flags = flags(&root, &["--self-test", "--seed", "9"]);
    print_interruption(self_test::run(&told_to_child(PROGRAM), &flags, &root, &mut Vec::new()).unwrap());
}

#[test]
fn a_gate_keeps_its_rounds_and_goes_on_with_the_same_programs() {
    let repository = Repository::new();
    repository.planted(100, "read-write", 1, 100);
    repository.commit();
    let journal = repository.path().join("target/gate/samples.jsonl");
    let rounds = || std::fs::read_to_string(&journal).map_or(0, |text| text.matches("\"screen\"").count());
    let child = child("child_of_gate", repository.path(), Path::new(""));
    wait_for(|| rounds() >= 7);
    let said = interrupt(child);
    assert!(said.contains("what was built and measured is kept, `--resume` goes on"), "{said}");
    repository.is_tidy();
    let kept = rounds();
    assert!((7..16).contains(&kept), "{kept}");

    let resumed = |more: &[&str]| {
        let mut out = Vec::new();
        let flags =
            flags(repository.path(), &[&["--base", "HEAD", "--resume", "--format", "json"], more].concat());
        let done = run(&flags, repository.path(), &mut out);
        (done, String::from_utf8(out).unwrap())
    };
    let program = std::fs::read_to_string(repository.path().join("src/main.rs")).unwrap();
    repository.program(&(program.clone() + "// Another one.\n#[used]\nstatic OTHER: u8 = 1;\n"));
    let error = resumed(&[]).0.unwrap_err().to_string();
    assert!(error.starts_with("--resume: the head is not as in "), "{error}");
    repository.program(&program);
    // Two rounds take a second: with less than that kept there would be nothing to judge.
    let (done, out) = resumed(&["--time-budget", "1s"]);
    assert!(matches!(done, Ok(Done::Complete)), "{done:?} {out}");
    let outcome = json(&out);
    let blocks = outcome["cases"][0]["wall"]["screen_blocks"].as_u64().unwrap();
    assert!(blocks >= kept as u64 && outcome["seed"] == 9, "{kept} {out}");
    let error = resumed(&[]).0.unwrap_err().to_string();
    assert!(error.starts_with("--resume: nothing was interrupted; "), "{error}");
}

#[test]
#[ignore = "is the child of the test of the gate"]
fn child_of_gate() {
    let root = told_to_child(ROOT);
    print_interruption(
        run(&flags(&root, &["--base", "HEAD", "--seed", "9"]), &root, &mut Vec::new()).unwrap(),
    );
}
