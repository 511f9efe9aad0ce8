//! What a copy costs beside moving its bytes: one file of 4 KiB, against `std::fs::copy` and the bare system calls.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use orbit_engine::{CopyOptions, Strategy, Verification, copy_file};

/// The least that a copy to a new name can do, without staging.
fn bare(source: &Path, destination: &Path) {
    let mut content = [0; 4096];
    File::open(source).and_then(|mut file| file.read_exact(&mut content)).expect("reading the fixture");
    File::create(destination).and_then(|mut file| file.write_all(&content)).expect("writing the copy");
}

fn bench(criterion: &mut Criterion) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder for the fixture");
    let (source, destination) = (folder.path().join("source"), folder.path().join("destination"));
    fs::write(&source, [7; 4096]).expect("writing the fixture");
    let mut group = criterion.benchmark_group("copy 4 KiB");
    let engine = |options: CopyOptions| {
        let (source, destination) = (source.clone(), destination.clone());
        move || drop(copy_file(&source, &destination, &options).expect("copying the fixture"))
    };
    let mut subject = |name: &str, copy: &dyn Fn()| {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || drop(fs::remove_file(&destination)),
                |()| copy(),
                criterion::BatchSize::PerIteration,
            );
        });
    };
    subject("buffered", &engine(CopyOptions::new().strategy(Strategy::Buffered)));
    subject("zero-copy", &engine(CopyOptions::new().strategy(Strategy::ZeroCopy)));
    subject("buffered, sha256", &engine(CopyOptions::new().verification(Verification::Sha256)));
    subject("std::fs::copy", &|| {
        fs::copy(&source, &destination).expect("copying the fixture");
    });
    subject("bare read and write", &|| bare(&source, &destination));
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
