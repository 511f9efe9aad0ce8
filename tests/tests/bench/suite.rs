//! The built suite, a scenario that is measured in a second, and what a run may leave behind. One run at a time.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use orbit_tests::subprocess::{self, Finished};
use tempfile::TempDir;

/// Two sizes, two strategies, one file system: four cases.
pub(crate) const SCENARIO: &str = r#"
schema = "orbit.scenario/1"
name = "tiny"
question = "Does the suite work?"
[defaults]
blocks = 12
[matrix]
size = ["4KiB", "256KiB"]
strategy = ["zero-copy", "buffered"]
"#;

pub(crate) const CASES: usize = 4;

static RUNNING: Mutex<()> = Mutex::new(());

/// Built once, by the command that users build it with; with the program that it would build for a run, so that no test's
/// time goes into building.
static XTASK: LazyLock<PathBuf> = LazyLock::new(|| {
    let build = |package: &[&str]| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--release", "--locked"]).args(package).current_dir(root());
        cargo
    };
    let example = build(&["--package", "orbit-engine", "--example", "copy"]).status().expect("cargo starts");
    assert!(example.success(), "the engine's example does not build");
    let output = build(&["--package", "xtask", "--message-format", "json"])
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "xtask does not build");
    let messages = String::from_utf8(output.stdout).expect("cargo writes JSON");
    let key = "\"executable\":\"";
    let path = messages
        .rsplit_once(key)
        .and_then(|(_, rest)| rest.split_once('"'))
        .expect("cargo names the program");
    PathBuf::from(path.0)
});

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is in the workspace")
}

/// A folder for results with a scenario file beside it. While it lives, no other test measures.
pub(crate) struct Suite {
    pub(crate) folder: TempDir,
    before: Vec<OsString>,
    _alone: MutexGuard<'static, ()>,
}

impl Suite {
    pub(crate) fn new() -> Self {
        let alone = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::tempdir().expect("a folder for results");
        fs::write(folder.path().join("tiny.toml"), SCENARIO).expect("the scenario is written");
        Self { folder, before: fixtures(), _alone: alone }
    }

    pub(crate) fn results(&self) -> PathBuf {
        self.folder.path().join("results")
    }

    /// The newest run, as a word of the command line.
    pub(crate) fn latest(&self) -> String {
        self.results().join("latest").to_str().expect("the path is text").to_owned()
    }

    pub(crate) fn scenario(&self) -> PathBuf {
        self.folder.path().join("tiny.toml")
    }

    /// `xtask ARGUMENTS --results RESULTS`.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = subprocess::command(&*XTASK);
        command.args(arguments).arg("--results").arg(self.results());
        command
    }

    /// `xtask export`, which looks for nothing under `--results`.
    pub(crate) fn export(&self) -> Command {
        let mut command = subprocess::command(&*XTASK);
        command.arg("export");
        command
    }

    /// `xtask gate` over this scenario.
    pub(crate) fn gate(&self, more: &[&str]) -> Command {
        let mut command = subprocess::command(&*XTASK);
        command.args(["gate", "--seed", "1", "--scenarios"]).arg(self.scenario()).args(more);
        command
    }

    pub(crate) fn bench(&self, more: &[&str]) -> Command {
        let scenario = self.scenario();
        self.command(&[&["bench", scenario.to_str().expect("the path is text")], more].concat())
    }

    pub(crate) fn measure(&self, more: &[&str]) -> Finished {
        subprocess::run(self.bench(more)).expect_success()
    }

    /// The only folder with results, apart from the link `latest`.
    pub(crate) fn only_run(&self) -> PathBuf {
        let mut runs: Vec<PathBuf> = self.runs();
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs.remove(0)
    }

    pub(crate) fn runs(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.results()) else { return Vec::new() };
        let paths = entries.map(|entry| entry.expect("results can be listed").path());
        paths.filter(|path| !path.ends_with("latest")).collect()
    }

    /// Fixtures go with the run that made them, however it ended.
    pub(crate) fn assert_no_fixtures(&self) {
        assert_eq!(fixtures(), self.before);
    }
}

fn fixtures() -> Vec<OsString> {
    let mut names: Vec<OsString> = [root().join("target"), PathBuf::from("/dev/shm")]
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flatten()
        .map(|entry| entry.expect("the folder can be listed").file_name())
        .filter(|name| name.as_encoded_bytes().starts_with(b"orbit-bench-"))
        .collect();
    names.sort();
    names
}

pub(crate) fn samples(run: &Path) -> Vec<String> {
    let text = fs::read_to_string(run.join("samples.jsonl")).expect("a run has samples");
    text.lines().map(str::to_owned).collect()
}

/// The record of the only run.
pub(crate) fn record(suite: &Suite) -> serde_json::Value {
    let text = fs::read(suite.only_run().join("run.json")).expect("a run has a record");
    serde_json::from_slice(&text).expect("it is JSON")
}

/// One line, beginning with `error: `, and exit code 1.
pub(crate) fn one_error(finished: &Finished) -> &str {
    assert_eq!(finished.status.code(), Some(1), "{}", finished.stderr);
    assert_eq!(finished.stderr.lines().count(), 1, "{}", finished.stderr);
    finished.stderr.strip_prefix("error: ").expect("an error begins with `error: `").trim_end()
}

/// A `PATH` on which `program` is this script.
pub(crate) fn path_with(suite: &Suite, program: &str, script: &str) -> OsString {
    let folder = suite.folder.path().join("bin");
    fs::create_dir_all(&folder).expect("the folder is made");
    let path = folder.join(program);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("the script is written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it can be run");
    let paths = std::env::var_os("PATH").expect("there is a PATH");
    std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&paths))).expect("it is a PATH")
}
