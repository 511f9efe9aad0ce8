//! What a copy costs beside moving its bytes: one small file to a new name, against `std::fs::copy` and the bare system
//! calls; and over an existing file, staged and in place.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use orbit_engine::{CopyOptions, Placement, Strategy, Verification, copy_file};

const SIZES: [(&str, usize); 2] = [("4 KiB", 4 << 10), ("64 KiB", 64 << 10)];

type Subject = (&'static str, Box<dyn Fn(&Path, &Path)>);

fn engine(name: &'static str, options: CopyOptions) -> Subject {
    let copy = move |source: &Path, destination: &Path| {
        copy_file(source, destination, &options).expect("copying the fixture");
    };
    (name, Box::new(copy))
}

fn std_like(source: &Path, destination: &Path) {
    orbit_engine::copy(source, destination).expect("copying the fixture");
}

fn std_copy(source: &Path, destination: &Path) {
    fs::copy(source, destination).expect("copying the fixture");
}

/// The least that a copy to a new name can do, without staging; the buffer is made once.
fn bare() -> impl Fn(&Path, &Path) {
    let content = RefCell::new([0; 64 << 10]);
    move |source, destination| {
        let mut content = content.borrow_mut();
        let read =
            File::open(source).and_then(|mut file| file.read(&mut *content)).expect("reading the fixture");
        let mut file = File::create(destination).expect("creating the copy");
        file.write_all(&content[..read]).expect("writing the copy");
    }
}

fn to_a_new_name() -> Vec<Subject> {
    let verified = CopyOptions::new().verification(Verification::Sha256);
    vec![
        engine("staged, buffered", CopyOptions::new().strategy(Strategy::Buffered)),
        engine("staged, zero-copy", CopyOptions::new().strategy(Strategy::ZeroCopy)),
        engine("staged, sha256", verified),
        engine("in place", CopyOptions::new().placement(Placement::InPlace)),
        ("orbit_engine::copy", Box::new(std_like)),
        ("std::fs::copy", Box::new(std_copy)),
        ("bare read and write", Box::new(bare())),
    ]
}

fn over_a_file() -> Vec<Subject> {
    vec![
        engine("staged", CopyOptions::new()),
        engine("in place", CopyOptions::new().placement(Placement::InPlace)),
        ("orbit_engine::copy", Box::new(std_like)),
        ("std::fs::copy", Box::new(std_copy)),
    ]
}

/// `prepare` is given the destination before every copy, untimed.
fn group(criterion: &mut Criterion, title: &str, subjects: &[Subject], prepare: fn(&Path)) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder for the fixture");
    let (source, destination) = (folder.path().join("source"), folder.path().join("destination"));
    let mut group = criterion.benchmark_group(title);
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
    for (label, size) in SIZES {
        fs::write(&source, vec![7; size]).expect("writing the fixture");
        for (name, copy) in subjects {
            group.bench_function(BenchmarkId::new(*name, label), |bencher| {
                bencher.iter_batched(
                    || prepare(&destination),
                    |()| copy(&source, &destination),
                    BatchSize::PerIteration,
                );
            });
        }
    }
    group.finish();
}

fn bench(criterion: &mut Criterion) {
    group(criterion, "small copy to a new name", &to_a_new_name(), |destination| {
        drop(fs::remove_file(destination));
    });
    group(criterion, "small copy over a file", &over_a_file(), |destination| {
        fs::write(destination, [1; 4096]).expect("writing the file to be replaced");
    });
}

criterion_group!(benches, bench);
criterion_main!(benches);
