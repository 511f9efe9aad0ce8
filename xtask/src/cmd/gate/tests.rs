//! Whole gates, over repositories of a few commits whose program is a worker that plants its times.

// A signal ends them.
#[cfg(unix)]
mod interrupted;
mod self_test;

use std::path::Path;
use std::process::Command;

use clap::Parser;
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::flags::{Command as Asked, Flags};

/// A worker that copies what it is asked to, and says that this took so long.
const WORKER: &str = include_str!("tests/planted_worker.rs.txt");

/// How the standard library calls the number that a program ends with.
const EXIT: &str = if cfg!(windows) { "exit code" } else { "exit status" };

const SCENARIO: &str = "schema = \"orbit.scenario/1\"\nname = \"t\"\nquestion = \"?\"\n[defaults]\ncheck = \"once\"\n\
                        [matrix]\nsize = 5000\nstrategy = \"buffered\"\n";

pub(super) fn flags(flags: &[&str]) -> GateFlags {
    match Flags::parse_from([&["xtask", "gate"], flags].concat()).command {
        Asked::Gate(flags) => *flags,
        other => panic!("{other:?} is no gate"),
    }
}

/// A repository on its branch `main`.
struct Repository(TempDir);

impl Repository {
    fn new() -> Self {
        let repository = Self(tempfile::tempdir().unwrap());
        repository.git(&["init", "--quiet", "--initial-branch", "main"]);
        repository.write(".gitignore", "/target\n");
        repository.write("s.toml", SCENARIO);
        repository
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn git(&self, arguments: &[&str]) {
        let own = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"];
        let output = Command::new("git").args(own).args(arguments).current_dir(self.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// A program `xtask` with this text.
    fn program(&self, text: &str) {
        self.write(
            "Cargo.toml",
            "[package]\nname = \"xtask\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[workspace]\n",
        );
        self.write("Cargo.lock", "version = 4\n\n[[package]]\nname = \"xtask\"\nversion = \"0.0.0\"\n");
        self.write("src/main.rs", text);
    }

    /// A worker that says its copies take so long, by this mechanism.
    fn worker(&self, milliseconds: u32, mechanism: &str) {
        self.planted(milliseconds, mechanism, 1, 0);
    }

    /// With noise of up to so many milliseconds, and a sleep of so many in truth.
    fn planted(&self, milliseconds: u32, mechanism: &str, noise: u32, sleep: u32) {
        let text = WORKER.replace("PLANTED_MS", &milliseconds.to_string());
        let text = text.replace("PLANTED_NOISE", &noise.to_string());
        let text = text.replace("PLANTED_SLEEP", &sleep.to_string());
        self.program(&text.replace("PLANTED_MECHANISM", mechanism));
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "c"]);
    }

    fn gate(&self, flags: &[&str]) -> (Result<Done>, String) {
        let mut out = Vec::new();
        let done = run(&self.flags(flags), self.path(), &mut out);
        self.is_tidy();
        (done, String::from_utf8(out).unwrap())
    }

    /// What is refused before anything is made.
    fn asked(&self, flags: &[&str]) -> Result<Done> {
        run(&self.flags(flags), self.path(), &mut Vec::new())
    }

    fn flags(&self, flags: &[&str]) -> GateFlags {
        let scenario = self.path().join("s.toml");
        self::flags(&[&["--seed", "1", "--scenarios", scenario.to_str().unwrap()], flags].concat())
    }

    /// Nothing stays but what was built.
    fn is_tidy(&self) {
        let entries = std::fs::read_dir(self.path().join("target/gate")).unwrap();
        for entry in entries {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(
                ["build", "programs", "owner", "self-test.jsonl", "samples.jsonl"].contains(&name.as_str()),
                "{name} stays"
            );
        }
        let listed =
            Command::new("git").args(["worktree", "list"]).current_dir(self.path()).output().unwrap();
        assert_eq!(String::from_utf8(listed.stdout).unwrap().lines().count(), 1);
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[cfg_attr(windows, ignore = "needs Windows: wine has neither git nor cargo")]
#[test]
fn a_slower_working_copy_is_a_regression_and_a_faster_one_is_none() {
    let repository = Repository::new();
    repository.worker(100, "read-write");
    repository.commit();
    repository.worker(115, "read-write");
    let file = |name: &str| repository.path().join("target").join(name);
    let (junit, sarif, markdown) = (file("junit.xml"), file("gate.sarif"), file("gate.md"));
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let files = [("--junit", &junit), ("--sarif", &sarif), ("--markdown", &markdown)]
        .map(|(flag, path)| [flag.to_owned(), text(path)]);
    let words: Vec<&str> = files.iter().flatten().map(String::as_str).collect();
    let (done, out) = repository.gate(&words);
    assert!(matches!(&done, Ok(Done::Regressed(line)) if line == "1 of 1 cases regressed"), "{done:?} {out}");
    assert!(
        out.contains("the working copy, with changes against ") && out.contains("| regression |"),
        "{out}"
    );
    assert!(out.contains("regression: wall time +1") && out.contains("regression: cpu time +1"), "{out}");
    let junit = std::fs::read_to_string(junit).unwrap();
    let junit = roxmltree::Document::parse(&junit).unwrap();
    let failure = junit.descendants().find(|node| node.has_tag_name("failure")).unwrap();
    assert!(failure.attribute("message").unwrap().contains("allowed are 3.0 %"));
    let sarif = json(&std::fs::read_to_string(sarif).unwrap());
    let result = &sarif["runs"][0]["results"][1];
    assert_eq!((&result["ruleId"], &result["level"]), (&"gate/wall-time".into(), &"error".into()));
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(
        (&place["artifactLocation"]["uri"], &place["region"]["startLine"]),
        (&"s.toml".into(), &7.into())
    );
    let markdown = std::fs::read_to_string(markdown).unwrap();
    assert!(
        markdown.starts_with("## Gate: regression\n") && markdown.contains("| regression |"),
        "{markdown}"
    );

    repository.worker(80, "read-write");
    let (done, out) = repository.gate(&["--format", "json", "--fail-on-inconclusive"]);
    assert!(matches!(&done, Ok(Done::Complete)), "{done:?} {out}");
    let outcome = json(&out);
    assert_eq!((&outcome["schema"], &outcome["verdict"]), (&"orbit.gate/1".into(), &"improved".into()));
    let wall = &outcome["cases"][0]["wall"];
    assert!(wall["slower_pct"].as_f64().unwrap() < -15.0 && wall["screen_blocks"] == 24, "{out}");
}

#[cfg_attr(windows, ignore = "needs Windows: wine has neither git nor cargo")]
#[test]
fn noise_is_inconclusive_and_fails_only_where_asked_for() {
    let repository = Repository::new();
    repository.planted(100, "read-write", 400, 0);
    repository.commit();
    let (done, out) = repository.gate(&["--base", "HEAD"]);
    assert!(matches!(&done, Ok(Done::Complete)) && out.contains("| inconclusive |"), "{done:?} {out}");
    let (done, out) = repository.gate(&["--base", "HEAD", "--fail-on-inconclusive"]);
    assert!(
        matches!(&done, Ok(Done::Undecided(line)) if line == "1 of 1 cases are too noisy to say"),
        "{done:?} {out}"
    );
}

#[cfg_attr(windows, ignore = "needs Windows: wine has neither git nor cargo")]
#[test]
fn flags_choose_what_is_measured() {
    let repository = Repository::new();
    repository.planted(100, "read-write", 1, 20);
    repository.write(
        "s.toml",
        &SCENARIO.replace("size = 5000", "size = [5000, 6000]\nfilesystems = [\"same\", \"a-to-a\"]"),
    );
    repository.commit();
    let folder = tempfile::tempdir().unwrap();
    let target = format!("a={}", folder.path().display());
    let flags = ["--base", "HEAD", "--format", "json", "--filter", "*/size=4*/*"];
    let error = format!("{:#}", repository.asked(&flags).unwrap_err());
    assert_eq!(error, "t: no case is left to run here");
    let flags = ["--base", "HEAD", "--format", "json", "--filter", "*/size=5*/*"];
    // Without the target one case is left; two blocks of it take longer than a second with their warm-up.
    let (_, out) = repository.gate(&[&flags[..], &["--time-budget", "1s"]].concat());
    let outcome = json(&out);
    assert!(outcome["skipped"][0]["reason"].as_str().unwrap().starts_with("there is no target a"), "{out}");
    assert_eq!((&outcome["cases"].as_array().unwrap().len(), &outcome["seed"]), (&1, &1.into()));
    let blocks = outcome["cases"][0]["wall"]["screen_blocks"].as_u64().unwrap_or(0);
    assert!(blocks < 16, "{out}");
    let (_, out) = repository.gate(&[&flags[..], &["--time-budget", "1s", "--target", &target]].concat());
    assert_eq!(
        (json(&out)["cases"].as_array().unwrap().len(), &json(&out)["skipped"]),
        (2, &Value::Array(Vec::new()))
    );
}

#[cfg_attr(windows, ignore = "needs Windows: wine has neither git nor cargo")]
#[test]
fn revisions_are_compared_and_a_lost_fast_path_is_named() {
    let repository = Repository::new();
    repository.worker(100, "reflink");
    repository.commit();
    repository.worker(100, "read-write");
    repository.commit();
    let (done, out) = repository.gate(&["--base", "HEAD^", "--head", "HEAD", "--format", "markdown"]);
    assert!(matches!(&done, Ok(Done::Regressed(_))), "{done:?} {out}");
    assert!(out.starts_with("## Gate: regression\n"), "{out}");
    assert!(out.contains("regression: mechanism: reflink on the base, read-write on the head"), "{out}");
    // Of main itself the commit before it is the base; both programs are there.
    let (done, out) = repository.gate(&["--format", "json"]);
    assert!(matches!(&done, Ok(Done::Regressed(_))), "{done:?} {out}");
    assert_eq!(json(&out)["head"], "the working copy");
    // A branch that changes nothing has its base on main.
    repository.git(&["checkout", "--quiet", "-b", "b"]);
    repository.commit();
    let (done, out) = repository.gate(&["--fail-on-inconclusive"]);
    assert!(matches!(&done, Ok(Done::Complete)) && out.contains("| pass "), "{done:?} {out}");
}

#[cfg_attr(windows, ignore = "needs Windows: wine has neither git nor cargo")]
#[test]
fn a_head_that_cannot_copy_is_a_regression_and_the_other_cases_are_measured() {
    let repository = Repository::new();
    repository.write("s.toml", &SCENARIO.replace("size = 5000", "size = [5000, 6000]"));
    repository.worker(100, "read-write");
    repository.commit();
    let good = std::fs::read_to_string(repository.path().join("src/main.rs")).unwrap();
    let line = "std::fs::copy(source, destination).unwrap();";
    for (bad, why) in [
        ("std::process::exit(9);", format!("the worker ended: {EXIT}: 9")),
        ("std::fs::write(destination, [0; 6000]).unwrap();", "wrong copy: ".to_owned()),
    ] {
        let broken = format!("if line.contains(\"size=6000\") {{ {bad} }} else {{ {line} }}");
        repository.program(&good.replace(line, &broken));
        let (done, out) = repository.gate(&[]);
        assert!(
            matches!(&done, Ok(Done::Regressed(line)) if line == "1 of 2 cases regressed"),
            "{done:?} {out}"
        );
        let told = format!("regression: the head cannot copy it, and the base can: {why}");
        assert!(out.contains(&told) && out.contains("| pass "), "{out}");
    }
}

#[cfg_attr(windows, ignore = "needs Windows: wine has neither git nor cargo")]
#[test]
fn without_a_base_there_is_a_notice() {
    let repository = Repository::new();
    repository.worker(100, "read-write");
    let notice = |out: &str| json(out)["notice"].as_str().unwrap().to_owned();
    for committed in [false, true] {
        let (done, out) = repository.gate(&["--format", "json"]);
        assert!(matches!(&done, Ok(Done::Complete)), "{committed}");
        assert_eq!(notice(&out), "the head has no commit before it: there is nothing to compare with");
        repository.commit();
    }
    repository.program("fn main() { eprintln!(\"no such command\"); std::process::exit(2) }");
    repository.commit();
    let (done, out) = repository.gate(&["--base", "HEAD", "--format", "json"]);
    assert!(matches!(&done, Ok(Done::Complete)));
    assert!(notice(&out).ends_with(&format!(
        " has no worker to measure it by: the worker ended: {EXIT}: 2, no such command"
    )));
}

#[cfg_attr(windows, ignore = "needs Windows: wine has neither git nor cargo")]
#[test]
fn what_does_not_build_is_an_error() {
    let repository = Repository::new();
    repository.program("fn main() { nothing }");
    repository.commit();
    repository.worker(100, "read-write");
    let error = |flags: &[&str]| format!("{:#}", repository.gate(flags).0.unwrap_err());
    let said = error(&["--base", "HEAD"]);
    assert!(said.starts_with("the base ") && said.contains("does not build: error[E0425]"), "{said}");
    assert_eq!(error(&["--base", "nosuch"]), "--base: there is no revision nosuch");
    assert_eq!(error(&["--head=-x"]), "--head: there is no revision -x");
    let stranger = repository.path().join("target/gate/base");
    std::fs::create_dir_all(&stranger).unwrap();
    let said = repository_error(&repository);
    assert!(said.ends_with("is there and is no worktree of this repository; remove it"), "{said}");
    assert!(stranger.exists());
}

/// Without the look at what stays.
fn repository_error(repository: &Repository) -> String {
    let at = repository.path().join("target/gate/base");
    format!("{:#}", repository::Worktree::add(repository.path(), at, "HEAD").unwrap_err())
}

#[cfg_attr(windows, ignore = "needs Windows: wine has neither git nor cargo")]
#[test]
fn a_killed_gate_leaves_nothing_that_the_next_one_minds() {
    let repository = Repository::new();
    repository.commit();
    let at = repository.path().join("target/gate/base");
    repository.git(&["worktree", "add", "--quiet", "--detach", at.to_str().unwrap(), "HEAD"]);
    assert!(at.join("s.toml").exists());
    let again = repository::Worktree::add(repository.path(), at.clone(), "HEAD").unwrap();
    drop(again);
    assert!(!at.exists());
}

#[cfg_attr(windows, ignore = "needs Windows: wine has neither git nor cargo")]
#[test]
fn cases_that_are_no_copies_by_the_engine_are_refused() {
    let repository = Repository::new();
    repository.write("s.toml", &SCENARIO.replace("strategy = \"buffered\"", "subject = \"cp\""));
    let error = repository.asked(&[]).unwrap_err().to_string();
    assert!(error.ends_with("cp is no copy by the engine, which is what revisions differ in"), "{error}");
}

#[cfg_attr(windows, ignore = "needs Windows: wine has neither git nor cargo")]
#[test]
fn a_gate_is_recorded_as_a_line_of_what_the_head_took() {
    let repository = Repository::new();
    repository.worker(100, "read-write");
    repository.commit();
    repository.worker(90, "read-write");
    let error = repository.asked(&["--record"]).unwrap_err().to_string();
    assert_eq!(error, "--record: the working copy has changes; commit them, or name a revision by --head");
    repository.commit();
    let sarif = repository.path().join("target/gate.sarif");
    for _ in 0..2 {
        // The line itself is no change of what is measured.
        let (done, out) = repository.gate(&["--record", "--sarif", sarif.to_str().unwrap()]);
        assert!(matches!(&done, Ok(Done::Complete)) && out.contains("| improved |"), "{done:?} {out}");
    }
    let text = std::fs::read_to_string(repository.path().join("results/history.jsonl")).unwrap();
    let lines: Vec<Value> = text.lines().map(json).collect();
    let (line, point) = (&lines[1], &lines[1]["cases"][0]);
    assert_eq!((lines.len(), line["schema"].as_str()), (2, Some("orbit.history/1")));
    assert_eq!(
        line["commit"],
        repository::recorded(repository.path(), &Head::WorkingCopy { is_changed: false }).unwrap()
    );
    assert_eq!(
        (&point["copies"], &point["system_calls_max"], &point["mechanisms"][0]),
        (&48.into(), &9.into(), &"read-write".into())
    );
    assert!((90_000_000..91_000_000).contains(&point["wall_median_ns"].as_u64().unwrap()), "{point}");
    let sarif = json(&std::fs::read_to_string(sarif).unwrap());
    assert_eq!(sarif["runs"][0]["results"], Value::Array(Vec::new()));
}
