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
    Run { folder: PathBuf::new(), record, samples }
}

fn read(runs: &[Run]) -> Vec<Vec<(String, Field)>> {
    let mut file = tempfile::tempfile().unwrap();
    let written = write(runs, &mut file).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let rows: Vec<Vec<(String, Field)>> =
        reader.get_row_iter(None).unwrap().map(|row| row.unwrap().into_columns()).collect();
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
        let wall = sample.measurement().map_or(Field::Null, |one| Field::ULong(one.wall_ns));
        assert_eq!(value(row, "wall_ns"), wall);
        let reason = match &sample.result {
            Trial::Invalid { reason } => Field::Str(reason.clone()),
            Trial::Measured(_) => Field::Null,
        };
        assert_eq!(value(row, "invalid"), reason);
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

/// A counter that samples get is not forgotten here.
#[test]
fn everything_that_a_sample_says_has_its_column() {
    let mut run = run(&[4096]);
    let Trial::Measured(measurement) = &mut run.samples[0].result else { panic!("it is measured") };
    (measurement.allocated_bytes, measurement.max_rss_bytes) = (Some(1), Some(1));
    let names: BTreeSet<&str> = COLUMNS.iter().map(|column| column.name).collect();
    assert_eq!(names.len(), COLUMNS.len());
    let sample = serde_json::to_value(&run.samples[0]).unwrap();
    for key in sample.as_object().unwrap().keys().filter(|key| *key != "result") {
        assert!(names.contains(key.as_str()), "{key}");
    }
}

#[test]
fn a_sample_of_no_case_is_an_error() {
    let mut run = run(&[4096]);
    run.samples[0].case = "other".to_owned();
    let error = format!("{:#}", write(&[run], Vec::new()).unwrap_err());
    assert!(error.ends_with("no case other"), "{error}");
}
