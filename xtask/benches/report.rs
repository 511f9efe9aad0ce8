//! What a report of 100,000 samples costs: `cargo bench --package xtask --bench report`. Fails above five seconds or
//! 200 MiB.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

const SAMPLES: usize = 100_000;
const SLOWEST: Duration = Duration::from_secs(5);
const MOST_BYTES: u64 = 200 << 20;

fn main() {
    // `cargo test --benches` only looks whether it works.
    let samples = if std::env::args().any(|argument| argument == "--bench") { SAMPLES } else { 1_000 };
    let folder = tempfile::tempdir().expect("a folder for the run");
    plant(folder.path(), samples);
    let suite = env!("CARGO_BIN_EXE_xtask");
    let mut command = Command::new(suite);
    command.arg("launch-and-measure").arg(suite).arg("report").arg(folder.path());
    let output = command.output().expect("the suite starts");
    let told: Value = serde_json::from_slice(&output.stdout).expect("the launcher writes JSON");
    assert_eq!(told["wait_status"], 0, "{}", String::from_utf8_lossy(&output.stderr));
    let wall = Duration::from_nanos(told["wall_ns"].as_u64().expect("it took some time"));
    // Nothing where the system does not tell.
    let most = told["max_rss_bytes"].as_u64().unwrap_or(0);
    let page = folder.path().join("report.html").metadata().expect("the report is there").len();
    let _ = writeln!(
        io::stdout(),
        "{samples} samples: {wall:.2?}, {} MiB resident, report.html has {} KiB",
        most >> 20,
        page >> 10
    );
    assert!(wall < SLOWEST && most < MOST_BYTES, "slower or larger than promised");
}

/// A run of at least so many samples: those of a curated run, over and over with other times.
fn plant(folder: &Path, samples: usize) {
    let source =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/curated/20261125T133547Z-vm-00c996b72f6b");
    let read = |name: &str| fs::read_to_string(source.join(name)).expect("the curated run is there");
    fs::write(folder.join("run.json"), read("run.json")).expect("the record is written");
    let record: Value = serde_json::from_str(&read("run.json")).expect("it is JSON");
    let cases = record["cases"].as_array().expect("a run has cases").len();
    let text = read("samples.jsonl");
    let mut first: Vec<Value> =
        text.lines().take(cases).map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
    let mut random = fastrand::Rng::with_seed(4);
    let file = fs::File::create(folder.join("samples.jsonl")).expect("the samples can be written");
    let mut out = BufWriter::new(file);
    for block in 0..samples.div_ceil(cases) {
        for sample in &mut first {
            let wall = sample["wall_ns"].as_u64().expect("every sample is valid");
            sample["block"] = json!(block);
            sample["wall_ns"] = json!(wall * random.u64(990..1010) / 1000);
            writeln!(out, "{sample}").expect("the samples can be written");
        }
    }
    out.flush().expect("the samples can be written");
}
