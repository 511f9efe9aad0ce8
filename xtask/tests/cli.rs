//! The command line as a user meets it: what is refused, with which words and which exit code.

use std::path::Path;
use std::process::{Command, Output};

fn xtask(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).output().expect("xtask starts")
}

/// One line on stderr that begins with `error: `, nothing on stdout, and the exit code for a failed command.
fn refused(arguments: &[&str]) -> String {
    let output = xtask(arguments);
    let stderr = String::from_utf8(output.stderr).expect("stderr is text");
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(output.stdout.is_empty());
    stderr.strip_prefix("error: ").expect("an error begins with `error: `").trim_end().to_owned()
}

/// A path below here, as this system writes it.
fn shown(parts: &[&str]) -> String {
    parts.iter().collect::<std::path::PathBuf>().display().to_string()
}

fn scenario_file(folder: &Path, text: &str) -> String {
    let path = folder.join("s.toml");
    std::fs::write(&path, text).expect("the scenario is written");
    path.to_str().expect("the path is text").to_owned()
}

#[cfg(debug_assertions)]
#[test]
fn a_debug_build_measures_nothing() {
    assert!(refused(&["bench"]).starts_with("this is a debug build, which measures nothing"));
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().to_str().unwrap();
    assert!(
        refused(&["tune", "--results", empty]).starts_with("this is a debug build, which measures nothing")
    );
    assert!(folder.path().read_dir().unwrap().next().is_none(), "it left something");
}

#[test]
fn an_unknown_key_names_file_line_and_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let text = "schema = \"orbit.scenario/1\"\nname = \"a\"\nquestion = \"?\"\n[matrix]\nsizes = 1\n";
    let path = scenario_file(folder.path(), text);
    let error = refused(&["bench", &path]);
    assert!(error.starts_with(&format!("{path}:5: unknown field `sizes`")), "{error}");
    assert!(error.ends_with("did you mean `size`?"), "{error}");
}

#[test]
fn missing_files_are_named() {
    assert!(refused(&["bench", "no/such.toml"]).starts_with("cannot read no/such.toml: "));
    assert!(refused(&["bench", "nosuch"]).contains(&shown(&["bench-scenarios", "nosuch.toml"])));
    assert!(
        refused(&["tune", "no/such/run"])
            .starts_with(&format!("cannot read {}", shown(&["no/such/run", "run.json"])))
    );
    assert!(
        refused(&["report", "no/such/run"])
            .starts_with(&format!("cannot read {}", shown(&["no/such/run", "run.json"])))
    );
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().to_str().unwrap();
    assert!(refused(&["report", "--results", empty]).contains("measure one with `cargo xtask bench`"));
    assert!(refused(&["tune", "--check", "no/such.toml"]).starts_with("no/such.toml: "));
    assert!(
        refused(&["gate", "--history", "no/such.jsonl"])
            .contains("`cargo xtask gate --record` begins a history")
    );
    assert!(
        refused(&["gate", "--baseline", "no/such"])
            .starts_with(&format!("cannot read {}; name the folder", shown(&["no/such", "run.json"])))
    );
}

#[test]
fn a_format_is_for_comparisons() {
    assert!(
        refused(&["report", "no/such/run", "--format", "json"]).starts_with("--format is for comparing runs")
    );
    assert!(
        refused(&["report", "no/such/run", "no/such/other"])
            .starts_with(&format!("cannot read {}", shown(&["no/such/run", "run.json"])))
    );
}

#[test]
fn a_filter_that_matches_nothing_is_said() {
    assert!(
        refused(&["bench", "--filter", "nothing/*"]).starts_with("--filter nothing/*: no case of default")
    );
}

#[test]
fn usage_errors_exit_with_2() {
    for arguments in [
        &["bench", "--blocks", "0"][..],
        &["bench", "--filter", "[", "--list"],
        &["bench", "--resume", "x", "--seed", "1"],
        &["gate", "--baseline", "x", "--base", "y"],
        &["gate", "--record", "--baseline", "x"],
        &["gate", "--history", "--seed", "1"],
        &["nosuch"],
    ] {
        assert_eq!(xtask(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn every_shipped_scenario_has_cases_and_a_dry_run() {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bench-scenarios");
    let documented = std::fs::read_to_string(scenarios.join("../docs/scenarios.md")).unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(scenarios).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let list = xtask(&["bench", &name, "--list"]);
        assert!(list.status.success(), "{}", String::from_utf8_lossy(&list.stderr));
        let list = String::from_utf8(list.stdout).unwrap();
        let begins = ["size", "sparse", "workload"].map(|axis| format!(" {name}/{axis}="));
        let names_case = |line: &str| begins.iter().any(|begin| line.contains(begin));
        assert!(list.lines().count() > 1 && list.lines().all(names_case), "{list}");
        let dry_run = String::from_utf8(xtask(&["bench", &name, "--dry-run"]).stdout).unwrap();
        assert!(dry_run.contains(&format!("{} cases", list.lines().count())), "{dry_run}");
        assert!(documented.contains(&format!("| `{name}` |")), "docs/scenarios.md does not list {name}");
        seen += 1;
    }
    assert!(seen >= 8);
}

#[test]
fn a_filter_chooses_cases() {
    let list =
        String::from_utf8(xtask(&["bench", "--list", "--filter", "*/size=4KiB/*/verify=none/*"]).stdout)
            .unwrap();
    assert_eq!(list.lines().count(), 4, "{list}");
}

/// What the launcher says of a program, started by a process that holds 128 MiB.
fn launched(program: &[&str]) -> serde_json::Value {
    let ballast = vec![1_u8; 128 << 20];
    let output = xtask(&[&["launch-and-measure"], program].concat());
    assert_eq!(ballast.iter().filter(|byte| **byte == 1).count(), 128 << 20);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the launcher writes JSON")
}

#[cfg(unix)]
#[test]
fn the_peak_of_a_program_is_its_own_and_not_that_of_who_started_it() {
    let peak_mib = |program: &[&str]| launched(program)["max_rss_bytes"].as_u64().unwrap() >> 20;
    let (small, large) =
        (peak_mib(&["true"]), peak_mib(&["dd", "if=/dev/zero", "of=/dev/null", "bs=67108864", "count=1"]));
    assert!((1..32).contains(&small), "{small} MiB");
    assert!((64..96).contains(&large), "{large} MiB");
    // Of what it waited for, too.
    let within = peak_mib(&["sh", "-c", "dd if=/dev/zero of=/dev/null bs=67108864 count=1; true"]);
    assert!((64..96).contains(&within), "{within} MiB");
}

#[test]
fn the_launcher_says_how_a_program_ended() {
    let failed = launched(&[env!("CARGO_BIN_EXE_xtask"), "no-such-command"]);
    assert_eq!(failed["wait_status"], if cfg!(unix) { 2 << 8 } else { 2 });
    assert!(failed["wall_ns"].as_u64().unwrap() > 0, "{failed}");
    assert_eq!(failed["cpu_ns"].is_u64(), cfg!(unix), "{failed}");
    let missing = refused(&["launch-and-measure", "/no/such"]);
    // The system's own words.
    assert!(cfg!(windows) || missing.starts_with("No such file"), "{missing}");
}

#[cfg(unix)]
#[test]
fn processor_time_is_not_wall_time() {
    let slept = launched(&["sleep", "0.05"]);
    let [wall, cpu] = ["wall_ns", "cpu_ns"].map(|key| slept[key].as_u64().unwrap());
    assert!(wall >= 50_000_000 && cpu < wall, "{slept}");
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_no_error() {
    let command = format!("{} bench --list | head -1", env!("CARGO_BIN_EXE_xtask"));
    let output = Command::new("sh").args(["-c", &command]).output().unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The README promises less than two minutes.
#[test]
fn the_default_scenario_is_estimated_below_two_minutes() {
    let dry_run = String::from_utf8(xtask(&["bench", "--dry-run"]).stdout).unwrap();
    let seconds =
        dry_run.split("about ").nth(1).and_then(|rest| rest.split(' ').next()).expect("it says a time");
    assert!(seconds.parse::<u64>().unwrap() < 120, "{dry_run}");
}

/// The commands of the workflows and of the scripts beside them, as words. `cargo xtask` stands before each.
fn commands_of_workflows() -> Vec<Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let files = [".github/workflows", ".ci"]
        .map(|folder| std::fs::read_dir(root.join(folder)).expect("the folder is in the repository"));
    let mut commands = Vec::new();
    for file in files.into_iter().flatten() {
        let path = file.expect("the folder can be listed").path();
        let text = std::fs::read_to_string(path).expect("a file there is text").replace("\\\n", " ");
        for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            for command in line.split("cargo xtask ").skip(1) {
                let words = command
                    .split_whitespace()
                    .take_while(|word| !["&&", "||", "|", ">", ">>"].contains(word));
                commands
                    .push(words.map(|word| word.trim_matches(['\'', '"', '`', ';']).to_owned()).collect());
            }
        }
    }
    commands
}

/// A flag that was renamed would be noticed by the first pull request after it.
#[test]
fn workflows_name_commands_and_flags_that_there_are() {
    let commands = commands_of_workflows();
    let names: Vec<&str> = commands.iter().filter_map(|words| words.first()).map(String::as_str).collect();
    for name in ["bench", "gate", "tidy", "tune"] {
        assert!(names.contains(&name), "no workflow runs {name}: {names:?}");
    }
    for command in &commands {
        // What stands before it is checked first.
        let words: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
        let output = xtask(&words);
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(!xtask(&["gate", "--no-such-flag", "--help"]).status.success());
}
