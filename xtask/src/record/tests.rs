//! Runs on the disk: what is read of broken ones, and of earlier versions.

use super::*;
use crate::sample::Trial;

fn sample(block: u32, position: u32) -> Sample {
    let result = Trial::Invalid { reason: "planted".into() };
    Sample { case: format!("case {position}"), block, position, result }
}

#[test]
fn a_torn_line_and_a_torn_block_are_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("samples.jsonl");
    let samples = [sample(0, 0), sample(0, 1), sample(1, 0)];
    let mut text = lines(&samples).unwrap();
    text.extend_from_slice(b"{\"case\":\"torn");
    fs::write(&path, text).unwrap();
    assert_eq!(read_samples(&path).unwrap(), samples);
    assert_eq!(whole_blocks(samples.to_vec(), 2), samples[..2]);
}

#[test]
fn another_version_is_refused_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("run.json"), "{\"schema\": \"orbit.run/2\", \"run\": [1]}").unwrap();
    let error = format!("{:#}", Run::load(folder.path()).unwrap_err());
    let expected =
        "run.json: schema is `orbit.run/2`; this suite reads `orbit.run/1`, update it to read later ones";
    assert!(error.ends_with(expected) && error.lines().count() == 1, "{error}");
}

/// Runs that the documentation cites were written by earlier versions of this program.
#[test]
fn curated_runs_are_read() {
    let curated = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/curated");
    let folders = fs::read_dir(curated).unwrap().map(|entry| entry.unwrap().path());
    // The others are tunings, which are read where they are written.
    let folders: Vec<_> = folders.filter(|folder| folder.join("run.json").exists()).collect();
    assert!(!folders.is_empty());
    for folder in folders {
        let run = Run::load(&folder).unwrap();
        assert_eq!(run.samples.len(), run.record.cases.len() * run.record.scenario.blocks as usize);
        assert!(
            run.samples.iter().all(|sample| sample.measurement().is_some_and(|one| one.cpu_ns > Some(0)))
        );
    }
}

#[test]
fn a_broken_line_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("samples.jsonl");
    fs::write(&path, "{}\n").unwrap();
    let error = format!("{:#}", read_samples(&path).unwrap_err());
    assert!(error.contains("samples.jsonl:1: "), "{error}");
}
