//! What is written is read again by the crate's reader, whole and under the names of the JSON files.

use std::collections::BTreeSet;
use std::path::PathBuf;

use orbit_engine::Strategy;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use super::*;
use crate::report::planted;
use crate::sample::Trial;

fn run(sizes: &[u64]) -> Run {
    let (record, _, samples) = planted::run(sizes, &[Strategy::Buffered], &[1 << 20], 6);
    Run { folder: PathBuf::from("results/planted"), record, samples }
}

fn read(runs: &[Run]) -> Vec<Vec<(String, Field)>> {
    let mut file = tempfile::tempfile().unwrap();
    let mut table = Table::new(&mut file).unwrap();
    runs.iter().for_each(|run| table.add(run).unwrap());
    let written = table.finish().unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    let rows: Vec<_> = rows.map(|row| row.unwrap().into_columns()).collect();
    assert_eq!(rows.len(), written);
    rows
}

fn value(row: &[(String, Field)], name: &str) -> Field {
    row.iter().find(|(own, _)| own == name).map(|(_, field)| field.clone()).unwrap()
}

#[test]
fn every_sample_of_every_run_is_a_row_with_its_values() {
    let runs = [run(&[4096, 8192]), run(&[1 << 20])];
    let rows = read(&runs);
    let samples: Vec<&Sample> = runs.iter().flat_map(|run| &run.samples).collect();
    assert_eq!(rows.len(), samples.len());
    for (row, sample) in rows.iter().zip(samples) {
        assert_eq!(value(row, "case"), Field::Str(sample.case.clone()));
        assert_eq!(value(row, "block"), Field::ULong(sample.block.into()));
        let measured = sample.measurement();
        assert_eq!(value(row, "valid"), Field::Bool(measured.is_some()));
        let wall = measured.map_or(Field::Null, |one| Field::ULong(one.wall_ns));
        assert_eq!(value(row, "wall_ns"), wall);
        let reason = match &sample.result {
            Trial::Invalid { reason } => Field::Str(reason.clone()),
            Trial::Measured(_) => Field::Null,
        };
        assert_eq!(value(row, "reason"), reason);
    }
    assert_eq!(value(&rows[0], "dirty"), Field::Bool(true));
    assert_eq!(value(&rows[0], "source_fs"), Field::Str("xfs".to_owned()));
    assert_eq!(value(&rows[0], "seed"), Field::ULong(42));
}

#[test]
fn numbers_beyond_63_bits_stay_what_they_are() {
    let mut run = run(&[4096]);
    run.record.seed = u64::MAX;
    assert_eq!(value(&read(&[run])[0], "seed"), Field::ULong(u64::MAX));
}

/// The keys of all objects in `schema`, those that stand in others too.
fn keys(schema: &serde_json::Value, found: &mut BTreeSet<String>) {
    let properties = schema["properties"].as_object();
    found.extend(properties.into_iter().flat_map(|properties| properties.keys().cloned()));
    match schema {
        serde_json::Value::Object(object) => object.values().for_each(|value| keys(value, found)),
        serde_json::Value::Array(array) => array.iter().for_each(|value| keys(value, found)),
        _ => {}
    }
}

/// What samples get later is not forgotten here.
#[test]
fn everything_that_a_sample_says_has_its_column() {
    let names: BTreeSet<&str> = COLUMNS.iter().map(|column| column.name).collect();
    assert_eq!(names.len(), COLUMNS.len());
    let mut all = BTreeSet::new();
    keys(schemars::schema_for!(Sample).as_value(), &mut all);
    assert!(all.contains("io_pressure_ns") && all.contains("reason"), "{all:?}");
    // Whether a sample is valid.
    all.remove("result");
    let forgotten: Vec<_> = all.iter().filter(|key| !names.contains(key.as_str())).collect();
    assert!(forgotten.is_empty(), "{forgotten:?}");
}

/// Each number stands in the column of its own name.
#[test]
fn what_is_measured_stands_under_its_name() {
    let mut run = run(&[4096]);
    let mut all = BTreeSet::new();
    keys(schemars::schema_for!(Sample).as_value(), &mut all);
    let mut sample = serde_json::to_value(&run.samples[0]).unwrap();
    let texts = ["case", "result", "reason", "mechanism", "refusals"];
    let numbers: Vec<_> = all.into_iter().filter(|key| !texts.contains(&key.as_str())).collect();
    (1000..).zip(&numbers).for_each(|(number, key)| sample[key] = number.into());
    run.samples = vec![serde_json::from_value(sample).unwrap()];
    let rows = read(&[run]);
    for (number, key) in (1000..).zip(&numbers) {
        assert_eq!(value(&rows[0], key), Field::ULong(number), "{key}");
    }
}

/// Both ways: no column without a word, no word without a column.
#[test]
fn every_column_is_documented() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/results.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (_, table) = text.split_once("| column | meaning |\n|---|---|\n").unwrap();
    let names = table.lines().take_while(|line| line.starts_with('|')).flat_map(|line| {
        let cell = line.split('|').nth(1).unwrap();
        cell.split(',').map(|name| name.trim().trim_matches('`'))
    });
    let documented: BTreeSet<&str> = names.collect();
    let columns: BTreeSet<&str> = COLUMNS.iter().map(|column| column.name).collect();
    assert_eq!(documented, columns);
}

#[test]
fn a_sample_of_no_case_is_an_error() {
    let mut run = run(&[4096]);
    run.samples[0].case = "other".to_owned();
    let error = Table::new(Vec::new()).unwrap().add(&run).unwrap_err().to_string();
    assert_eq!(error, "results/planted: no case other");
}
