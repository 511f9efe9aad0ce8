//! One file by each way of moving its bytes, against `std::fs::copy`. For finding a way that has become slow; what is
//! published is measured by `cargo xtask bench`, in random order and with every copy checked.

use std::fs;
use std::path::Path;
use std::time::Duration;

use criterion::{
    BatchSize, BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main,
};
use orbit_engine::{CopyOptions, Strategy, Threshold, Tuning, Values, copy_file};

const SIZES: [(&str, u64); 2] = [("1 MiB", 1 << 20), ("64 MiB", 64 << 20)];

/// Name and options of each; where a way does not work, the engine falls back, and its name says so.
fn ways() -> Vec<(&'static str, CopyOptions)> {
    let buffered = || CopyOptions::new().strategy(Strategy::Buffered);
    let one_thread = Tuning::uniform(Values::default().with_parallel(Threshold::Never, 1));
    let mut ways = vec![
        ("auto", CopyOptions::new()),
        ("zero-copy", CopyOptions::new().strategy(Strategy::ZeroCopy)),
        ("buffered", buffered()),
        ("buffered, one thread", buffered().tuning(one_thread)),
        ("direct access", buffered().direct_io(true)),
    ];
    if cfg!(feature = "io-uring") {
        ways.push(("io_uring", buffered().io_uring(true)));
    }
    ways
}

/// The way with the mechanism that really moves the bytes here.
fn name(way: &str, options: &CopyOptions, source: &Path, destination: &Path) -> String {
    let outcome = copy_file(source, destination, options).expect("copying the fixture");
    format!("{way} ({})", outcome.mechanism)
}

fn bench(criterion: &mut Criterion) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder for the fixture");
    let (source, destination) = (folder.path().join("source"), folder.path().join("destination"));
    let mut group = criterion.benchmark_group("ways");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
    for (label, size) in SIZES {
        fs::write(&source, content(size)).expect("writing the fixture");
        group.throughput(Throughput::Bytes(size));
        let mut subject = |name: &str, copy: &dyn Fn()| {
            group.bench_function(BenchmarkId::new(name, label), |bencher| {
                bencher.iter_batched(
                    || drop(fs::remove_file(&destination)),
                    |()| copy(),
                    BatchSize::PerIteration,
                );
            });
        };
        for (way, options) in ways() {
            subject(&name(way, &options, &source, &destination), &|| {
                copy_file(&source, &destination, &options).expect("copying the fixture");
            });
        }
        subject("std::fs::copy", &|| {
            fs::copy(&source, &destination).expect("copying the fixture");
        });
    }
    group.finish();
}

/// No zeros, which file systems may store as nothing.
fn content(size: u64) -> Vec<u8> {
    (1..=u8::MAX).cycle().take(usize::try_from(size).expect("it fits into memory")).collect()
}

criterion_group!(benches, bench);
criterion_main!(benches);
