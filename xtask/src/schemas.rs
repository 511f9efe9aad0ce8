//! The JSON schemas of what a run leaves, under `docs/schemas/`: as the types say, and as the artefacts are.
//! `UPDATE_SCHEMAS=1 cargo test --package xtask schemas` writes them anew. Never part of a build.

use std::fs;
use std::path::{Path, PathBuf};

use orbit_engine::Strategy;
use schemars::{JsonSchema, schema_for};
use serde::Serialize;
use serde_json::Value;

use crate::record::RunRecord;
use crate::report::planted;
use crate::sample::Sample;
use crate::summary::Summary;

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

fn is_as_the_types_say<T: JsonSchema>(name: &str, title: &str) {
    let mut schema = schema_for!(T);
    schema.insert("title".to_owned(), title.into());
    let expected = serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n";
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        fs::create_dir_all(root().join("docs/schemas")).expect("the folder can be made");
        fs::write(file(name), &expected).expect("the schema can be written");
    }
    let found = fs::read_to_string(file(name)).expect("the schema is there");
    assert!(
        found == expected,
        "docs/schemas is stale: `UPDATE_SCHEMAS=1 cargo test --package xtask schemas`"
    );
}

#[test]
fn the_schemas_are_as_the_types_say() {
    is_as_the_types_say::<RunRecord>("run", "run.json, orbit.run/1");
    is_as_the_types_say::<Sample>("sample", "A line of samples.jsonl, orbit.run/1");
    is_as_the_types_say::<Summary>("summary", "summary.json, orbit.summary/1");
}

fn assert_valid(validator: &jsonschema::Validator, value: &Value, what: &str) {
    let errors: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path)).collect();
    assert!(errors.is_empty(), "{what}: {errors:?}");
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("it is JSON")
}

#[test]
fn a_planted_run_is_valid() {
    let (record, summary, samples) =
        planted::run(&[4096, 1 << 20], &[Strategy::Buffered, Strategy::ZeroCopy], &[1 << 20], 12);
    assert_valid(&validator("run"), &json(&record), "run.json");
    assert_valid(&validator("summary"), &json(&summary), "summary.json");
    let sample = validator("sample");
    samples.iter().for_each(|line| assert_valid(&sample, &json(line), "samples.jsonl"));
}

#[test]
fn curated_runs_are_valid() {
    let (run, sample, summary) = (validator("run"), validator("sample"), validator("summary"));
    let folders = fs::read_dir(root().join("results/curated")).expect("there are curated runs");
    for folder in folders.map(|entry| entry.expect("it can be listed").path()) {
        let read = |name: &str| fs::read_to_string(folder.join(name)).expect("a run has it");
        let parsed = |text: &str| serde_json::from_str::<Value>(text).expect("it is JSON");
        let what = folder.display().to_string();
        assert_valid(&run, &parsed(&read("run.json")), &what);
        assert_valid(&summary, &parsed(&read("summary.json")), &what);
        read("samples.jsonl").lines().for_each(|line| assert_valid(&sample, &parsed(line), &what));
    }
}

#[test]
fn what_is_no_artefact_is_not_valid() {
    let (record, summary, samples) = planted::run(&[4096], &[Strategy::Buffered], &[1 << 20], 12);
    for (name, value) in [("run", json(&record)), ("summary", json(&summary)), ("sample", json(&samples[0]))]
    {
        let validator = validator(name);
        let keys: Vec<String> = value.as_object().expect("an object").keys().cloned().collect();
        for key in keys {
            let mut wrong = value.clone();
            wrong[&key] = serde_json::json!({ "no": "such value" });
            // A map takes any object; what is in it is checked instead.
            assert!(!validator.is_valid(&wrong) || key == "targets", "{name}: {key}");
        }
        assert!(!validator.is_valid(&serde_json::json!({})), "{name}");
    }
}
