//! What scenarios may ask for beyond sizes and strategies, in whole runs: budgets, compression, holes, sending, export.

use std::fs;
use std::path::{Path, PathBuf};

use orbit_tests::subprocess;
use serde_json::Value;

use crate::suite::{Suite, one_error, root};

const HEAD: &str = "schema = \"orbit.scenario/1\"\nname = \"tiny\"\nquestion = \"Does the suite work?\"\n";

fn suite(tail: &str) -> Suite {
    let suite = Suite::new();
    fs::write(suite.scenario(), format!("{HEAD}{tail}")).expect("the scenario is written");
    suite
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).expect("it is there")).expect("it is JSON")
}

fn samples(run: &Path) -> Vec<Value> {
    crate::suite::samples(run).iter().map(|line| serde_json::from_str(line).expect("it is JSON")).collect()
}

fn of<'a>(samples: &'a [Value], part: &str) -> Vec<&'a Value> {
    let found: Vec<&Value> =
        samples.iter().filter(|sample| sample["case"].as_str().is_some_and(|id| id.contains(part))).collect();
    assert!(!found.is_empty(), "no sample of {part}");
    found
}

#[test]
fn a_broken_budget_is_told_by_case_and_counter_and_exits_with_3() {
    let budget = |max: u64| {
        format!(
            "[matrix]\nsize = [\"4KiB\", \"8KiB\"]\nstrategy = \"buffered\"\n\
             [[budget]]\ncounter = \"system_calls\"\nmax = {max}\ncases = {{ size = \"4KiB\" }}\n\
             [[budget]]\ncounter = \"retries\"\nmax = 0\n"
        )
    };
    let held = suite(&budget(1000));
    held.measure(&["--blocks", "1"]);
    assert_eq!(json(&held.only_run().join("summary.json"))["budgets"].as_array().map(Vec::len), Some(3));
    drop(held);

    let broken = suite(&budget(1));
    let finished = subprocess::run(broken.bench(&["--blocks", "1"]));
    assert_eq!(finished.status.code(), Some(3), "{}", finished.stderr);
    let line = finished.stderr.trim_end();
    assert!(
        line.starts_with("over budget: tiny/size=4KiB/") && line.ends_with(", the budget is 1"),
        "{line}"
    );
    assert_eq!(line.lines().count(), 1, "{line}");
    // Measured whole, all the same.
    let page = fs::read_to_string(broken.only_run().join("summary.md")).expect("the run is complete");
    assert!(page.contains("## Budgets") && page.contains(" |      1 | no    |"), "{page}");
}

#[test]
fn a_budget_that_counts_nothing_is_refused() {
    let suite = suite("[matrix]\nsize = 1\nsubject = \"cp\"\n[[budget]]\ncounter = \"bytes\"\nmax = 1\n");
    let finished = subprocess::run(suite.bench(&["--list"]));
    let error = one_error(&finished);
    assert_eq!(error, "tiny: a budget for bytes matches no case whose subject counts them");
}

/// The copy is decoded and compared; text becomes smaller.
#[test]
fn compressed_copies_are_measured_and_smaller() {
    let suite = suite(
        "[defaults]\ncontent = \"text\"\n[matrix]\nsize = \"1MiB\"\nstrategy = [\"auto\", \"zero-copy\"]\n\
         compression = [\"none\", \"zstd\"]\n",
    );
    suite.measure(&["--blocks", "2"]);
    suite.assert_no_fixtures();
    let run = suite.only_run();
    let samples = samples(&run);
    for sample in of(&samples, "compression=zstd:3") {
        let bytes = sample["bytes"].as_u64().expect("a number");
        assert!((200_000..500_000).contains(&bytes), "{sample}");
    }
    assert!(of(&samples, "compression=none").iter().all(|sample| sample["bytes"] == 1 << 20));
    let skipped = json(&run.join("run.json"))["skipped"].to_string();
    assert!(skipped.contains("what is compressed goes through memory"), "{skipped}");
}

#[test]
fn holes_stay_holes_and_what_copies_take_is_told() {
    let suite = suite(
        "[matrix]\nsparse = \"holes\"\nstrategy = \"buffered\"\nsubject = [\"engine\", \"std-fs-copy\"]\n\
         [[sparse]]\nname = \"holes\"\nextents = 4\nextent_size = \"64KiB\"\nhole_size = \"960KiB\"\n",
    );
    suite.measure(&["--blocks", "2"]);
    let run = suite.only_run();
    let samples = samples(&run);
    for sample in of(&samples, "subject=engine") {
        assert_eq!(sample["bytes"], 4 << 20);
        assert!(sample["allocated_bytes"].as_u64().is_some_and(|bytes| bytes < 2 << 20), "{sample}");
    }
    assert!(of(&samples, "subject=std-fs-copy").iter().all(|sample| sample["allocated_bytes"].is_u64()));
    let page = fs::read_to_string(run.join("summary.md")).expect("the run is complete");
    assert!(page.contains("4 MiB, holes") && page.contains("Allocated"), "{page}");
}

#[test]
fn sending_is_measured_against_its_bound() {
    let suite = suite(
        "[matrix]\nsize = \"1MiB\"\nsubject = [\"engine-send-file\", \"bare-send\"]\n\
         [[budget]]\ncounter = \"bytes\"\nmax = 1048576\n",
    );
    suite.measure(&["--blocks", "2"]);
    suite.assert_no_fixtures();
    let run = suite.only_run();
    let samples = samples(&run);
    assert!(of(&samples, "engine-send-file").iter().all(|sample| sample["system_calls"].is_u64()));
    assert!(of(&samples, "bare-send").iter().all(|sample| sample["bytes"] == 1 << 20));
    let page = fs::read_to_string(run.join("summary.md")).expect("the run is complete");
    assert!(page.contains("engine-send-file / bare-send"), "{page}");
}

#[test]
fn shipped_scenarios_are_listed_by_tag() {
    let suite = Suite::new();
    let list = |more: &[&str]| {
        let arguments = [&["bench", "--list-scenarios"], more].concat();
        let finished = subprocess::run(suite.command(&arguments)).expect_success();
        String::from_utf8(finished.stdout).expect("it is text")
    };
    let shipped = fs::read_dir(root().join("bench-scenarios")).expect("there are scenarios").count();
    assert_eq!(list(&[]).lines().count(), shipped);
    let tagged = list(&["--tag", "lab", "--tag", "trees"]);
    assert_eq!(
        tagged.lines().map(|line| line.split(' ').next()).collect::<Vec<_>>(),
        [Some("tree-scaling"), Some("trees")]
    );
    let none = subprocess::run(suite.command(&["bench", "--list-scenarios", "--tag", "no-such"]));
    assert!(one_error(&none).starts_with("no scenario has the tag no-such"));
}

/// Every artefact of a real run is as its schema says.
#[test]
fn a_run_is_valid_by_the_schemas() {
    let suite = suite(
        "[matrix]\nsize = [\"4KiB\", \"1MiB\"]\nstrategy = [\"zero-copy\", \"buffered\"]\nsubject = [\"engine\", \"cp\"]\n",
    );
    suite.measure(&["--blocks", "6"]);
    let run = suite.only_run();
    let assert_valid = |name: &str, values: &[Value]| {
        let schema = json(&root().join("docs/schemas").join(name));
        let validator = jsonschema::validator_for(&schema).expect("it is a schema");
        for value in values {
            let errors: Vec<String> = validator.iter_errors(value).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{name}: {errors:?}");
        }
    };
    assert_valid("run.schema.json", &[json(&run.join("run.json"))]);
    assert_valid("summary.schema.json", &[json(&run.join("summary.json"))]);
    assert_valid("sample.schema.json", &samples(&run));
    let folder = run.to_str().expect("the path is text");
    let compared =
        subprocess::run(suite.command(&["report", folder, folder, "--format", "json"])).expect_success();
    let compared = serde_json::from_slice(&compared.stdout).expect("it is JSON");
    assert_valid("run-comparison.schema.json", &[compared]);
}

#[test]
fn runs_are_exported_into_one_file() {
    let suite = suite("[matrix]\nsize = \"4KiB\"\n");
    suite.measure(&["--blocks", "2"]);
    suite.measure(&["--blocks", "3"]);
    let runs = suite.runs();
    let file = suite.folder.path().join("runs.parquet");
    let export = |runs: &[PathBuf]| {
        let mut command = suite.export();
        command.args(runs).arg("--parquet").arg(&file);
        subprocess::run(command)
    };
    let finished = export(&runs).expect_success();
    let said = String::from_utf8(finished.stdout).expect("it is text");
    assert!(said.starts_with("5 samples of 2 runs in "), "{said}");
    let bytes = fs::read(&file).expect("it is written");
    assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));

    let twice = export(&[runs[0].clone(), suite.results().join("latest"), runs[1].clone()]);
    assert!(
        one_error(&twice).ends_with(" is named twice; its samples would count twice"),
        "{}",
        twice.stderr
    );
    let partial = runs[0].with_extension("partial");
    fs::rename(&runs[0], &partial).expect("it is renamed");
    // The one that is complete comes first, so that something is written when the other one is met.
    let interrupted = export(&[runs[1].clone(), partial]);
    assert!(one_error(&interrupted).contains(" is not complete; go on with "), "{}", interrupted.stderr);
    assert_eq!(fs::read(&file).expect("it is still there"), bytes);
    let names = fs::read_dir(suite.folder.path()).expect("it can be listed");
    assert_eq!(names.count(), 3, "the scenario, the results, the file");
}

/// What a later suite may write is refused by the name of its schema, by every command that reads runs.
#[test]
fn a_run_of_a_later_schema_is_refused_in_one_line() {
    let suite = Suite::new();
    let run = suite.folder.path().join("later");
    fs::create_dir(&run).expect("the folder is made");
    fs::write(run.join("run.json"), "{\"schema\": \"orbit.run/2\"}").expect("the record is written");
    let mut export = suite.export();
    export.arg(&run).arg("--parquet").arg(suite.folder.path().join("runs.parquet"));
    let folder = run.to_str().expect("the path is text");
    for command in [suite.command(&["report", folder]), suite.command(&["tune", folder]), export] {
        let finished = subprocess::run(command);
        let error = one_error(&finished);
        assert!(
            error.contains("run.json: schema is `orbit.run/2`; this suite reads `orbit.run/1`"),
            "{error}"
        );
    }
}
