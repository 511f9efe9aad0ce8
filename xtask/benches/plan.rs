//! How long it takes to plan 10,000 cases, from the start of the program to the last line of `--list`:
//! `cargo bench --package xtask --bench plan`. Fails above a second.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};

const CASES: usize = 10_000;
const SLOWEST: Duration = Duration::from_secs(1);

/// 250 sizes by 2 strategies, 2 pairs, 2 verifications, 5 chunks; with exclusions, which every case is held against.
fn files() -> String {
    let sizes: Vec<String> = (1..=250).map(|size| (size * 4096).to_string()).collect();
    let mut text = head(&format!(
        "size = [{}]\nstrategy = [\"zero-copy\", \"buffered\"]\nfilesystems = [\"same\", \"cross\"]\n\
         verify = [\"none\", \"sha256\"]\nchunk = [\"engine\", \"64KiB\", \"256KiB\", \"1MiB\", \"4MiB\"]\n",
        sizes.join(", ")
    ));
    for size in 1..=20 {
        write!(text, "[[matrix.exclude]]\nsize = {size}\nchunk = \"1MiB\"\n").expect("text can be written");
    }
    text
}

/// 5 trees of a million files by 250 numbers of workers, 2 strategies, 3 chunks, 2 subjects.
fn trees() -> String {
    let workers: Vec<String> = (1..=250).map(|workers| workers.to_string()).collect();
    let names = ["a", "b", "c", "d", "e"];
    let mut text = head(&format!(
        "workload = {names:?}\nworkers = [{}]\nstrategy = [\"auto\", \"buffered\"]\nchunk = [\"engine\", \"1MiB\", \"2MiB\"]\n\
         subject = [\"engine\", \"engine-in-place\"]\n",
        workers.join(", ")
    ));
    for name in names {
        let sizes = "{ median = \"8KiB\", sigma = 2, max = \"16MiB\" }";
        write!(text, "[[workload]]\nname = \"{name}\"\nfiles = 1000000\nsize = {sizes}\n")
            .expect("text can be written");
    }
    text
}

fn head(matrix: &str) -> String {
    format!("schema = \"orbit.scenario/1\"\nname = \"t\"\nquestion = \"?\"\n[matrix]\n{matrix}")
}

fn list(scenario: &Path) -> usize {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let output = command
        .arg("bench")
        .arg(scenario)
        .arg("--list")
        .stderr(Stdio::inherit())
        .output()
        .expect("it starts");
    assert!(output.status.success());
    output.stdout.iter().filter(|byte| **byte == b'\n').count()
}

fn bench(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder for scenarios");
    let mut group = criterion.benchmark_group("plan");
    group.sample_size(10);
    for (name, text) in [("files", files()), ("trees", trees())] {
        let scenario = folder.path().join(name).with_extension("toml");
        std::fs::write(&scenario, text).expect("the scenario is written");
        let begun = Instant::now();
        let cases = list(&scenario);
        let wall = begun.elapsed();
        assert!(cases >= CASES, "{cases}");
        // `cargo test --benches` runs code that is not optimised.
        assert!(cfg!(debug_assertions) || wall < SLOWEST, "{cases} cases of {name}: {wall:?}");
        group.bench_function(format!("{cases} cases of {name}"), |bencher| bencher.iter(|| list(&scenario)));
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
