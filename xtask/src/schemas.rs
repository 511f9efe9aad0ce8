//! The JSON schemas of what the suite writes, under `docs/schemas/`: as the types say, and as the artefacts are.
//! `UPDATE_SCHEMAS=1 cargo test --package xtask the_schemas` writes them anew. Never part of a build.

use std::fs;
use std::path::{Path, PathBuf};

use orbit_engine::Strategy;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::{Value, json};

use crate::gate::history::{self, Entry};
use crate::gate::{self, Calibration, Outcome};
use crate::record::{self, Run, RunRecord};
use crate::report::planted;
use crate::run_comparison::{self, RunComparison};
use crate::sample::Sample;
use crate::summary::{self, Summary};
use crate::worker::{self, Reply, Request};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the workspace").to_owned()
}

fn file(name: &str) -> PathBuf {
    root().join("docs/schemas").join(name).with_extension("schema.json")
}

fn validator(name: &str) -> jsonschema::Validator {
    let text = fs::read_to_string(file(name)).expect("the schema is there");
    jsonschema::validator_for(&serde_json::from_str(&text).expect("it is JSON")).expect("it is a schema")
}

/// Of what is written, not of what would be read as well: a key that is always written is required.
fn schema_of<T: JsonSchema>(title: &str, version: Option<&str>) -> String {
    let mut schema =
        SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    if let Some(version) = version {
        schema.get_mut("properties").expect("an object has properties")["schema"] =
            json!({ "const": version });
    }
    serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n"
}

fn is_as_the_types_say(name: &str, expected: &str) {
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        fs::write(file(name), expected).expect("the schema can be written");
    }
    let found = fs::read_to_string(file(name)).expect("the schema is there");
    assert!(
        found == expected,
        "docs/schemas is stale: `UPDATE_SCHEMAS=1 cargo test --package xtask the_schemas`"
    );
}

#[test]
fn the_schemas_are_as_the_types_say() {
    let all = [
        ("run", schema_of::<RunRecord>("run.json", Some(record::SCHEMA))),
        ("sample", schema_of::<Sample>("A line of samples.jsonl; run.json names its version", None)),
        ("summary", schema_of::<Summary>("summary.json", Some(summary::SCHEMA))),
        (
            "run-comparison",
            schema_of::<RunComparison>(
                "Output of cargo xtask report RUN RUN... --format json",
                Some(run_comparison::SCHEMA),
            ),
        ),
        ("gate", schema_of::<Outcome>("Output of cargo xtask gate --format json", Some(gate::SCHEMA))),
        ("history", schema_of::<Entry>("A line of history.jsonl", Some(history::SCHEMA))),
        ("calibration", schema_of::<Calibration>("results/calibration.json", Some(gate::CALIBRATION_SCHEMA))),
        ("worker-request", schema_of::<Request>("A line to cargo xtask gate-worker", Some(worker::SCHEMA))),
        ("worker-reply", schema_of::<Reply>("A line from cargo xtask gate-worker", Some(worker::SCHEMA))),
    ];
    all.iter().for_each(|(name, expected)| is_as_the_types_say(name, expected));
    let files = fs::read_dir(root().join("docs/schemas")).expect("the folder can be listed");
    assert_eq!(files.count(), all.len(), "docs/schemas has files of no type");
}

fn assert_valid(validator: &jsonschema::Validator, value: &Value, what: &str) {
    let errors: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{what}: {errors:?}");
}

fn as_json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("it is JSON")
}

#[test]
fn calibrations_are_valid() {
    let validator = validator("calibration");
    assert_valid(&validator, &as_json(&planted::calibration()), "planted");
    let kept = fs::read_to_string(root().join("results/calibration.json")).expect("it is kept");
    assert_valid(&validator, &serde_json::from_str(&kept).expect("it is JSON"), "calibration.json");
}

#[test]
fn a_planted_run_is_valid() {
    let (record, summary, samples) =
        planted::run(&[4096, 1 << 20], &[Strategy::Buffered, Strategy::ZeroCopy], &[1 << 20], 12);
    assert_valid(&validator("run"), &as_json(&record), "run.json");
    assert_valid(&validator("summary"), &as_json(&summary), "summary.json");
    let sample = validator("sample");
    samples.iter().for_each(|line| assert_valid(&sample, &as_json(line), "samples.jsonl"));
    let run = Run { folder: PathBuf::new(), record, samples };
    let comparison = run_comparison::compare(&[run.clone(), run]).expect("there are runs");
    assert_valid(&validator("run-comparison"), &as_json(&comparison), "run-comparison");
}

#[test]
fn a_planted_history_is_valid() {
    let validator = validator("history");
    let entry = history::tests::planted(1, |_, _| 1).remove(0);
    assert_valid(&validator, &as_json(&entry), "history.jsonl");
    for key in ["schema", "date", "commit", "cases"] {
        let mut wrong = as_json(&entry);
        wrong[key] = json!({ "no": "such value" });
        assert!(!validator.is_valid(&wrong), "{key}");
    }
}

/// Also runs of earlier versions: what came since is optional.
#[test]
fn curated_runs_are_valid() {
    let (run, sample, summary) = (validator("run"), validator("sample"), validator("summary"));
    let folders = fs::read_dir(root().join("results/curated")).expect("there are curated runs");
    let folders = folders.map(|entry| entry.expect("it can be listed").path());
    for folder in folders.filter(|folder| folder.join("run.json").exists()) {
        let read = |name: &str| fs::read_to_string(folder.join(name)).expect("a run has it");
        let parsed = |text: &str| serde_json::from_str::<Value>(text).expect("it is JSON");
        let what = folder.display().to_string();
        assert_valid(&run, &parsed(&read("run.json")), &what);
        assert_valid(&summary, &parsed(&read("summary.json")), &what);
        read("samples.jsonl").lines().for_each(|line| assert_valid(&sample, &parsed(line), &what));
    }
}

/// No key of these may hold anything, or be of another version.
#[test]
fn what_is_no_artefact_is_not_valid() {
    let (record, summary, samples) = planted::run(&[4096], &[Strategy::Buffered], &[1 << 20], 12);
    let all = [
        ("run", as_json(&record)),
        ("summary", as_json(&summary)),
        ("sample", as_json(&samples[0])),
        ("calibration", as_json(&planted::calibration())),
    ];
    for (name, value) in all {
        let validator = validator(name);
        for key in value.as_object().expect("an object").keys() {
            let mut wrong = value.clone();
            wrong[key] = json!({ "no": "such value" });
            assert!(!validator.is_valid(&wrong), "{name}: {key}");
        }
        assert!(!validator.is_valid(&json!({})), "{name}");
    }
    let mut later = as_json(&record);
    later["schema"] = "orbit.run/2".into();
    assert!(!validator("run").is_valid(&later));
}
