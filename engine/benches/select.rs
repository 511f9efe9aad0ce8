//! Cost of choosing the rungs of a copy: what every copy pays before anything is opened twice.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use orbit_engine::{CopyOptions, Facts, FileSystemPair, Tuning, Values, select};

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("select");
    let untuned = CopyOptions::new();
    for size in [4 << 10, 1 << 20] {
        let facts = Facts::of_size(size);
        group.bench_function(format!("untuned/{size}"), |bencher| {
            bencher.iter(|| select(black_box(&facts), black_box(&untuned)));
        });
    }
    let pair = |index: u32| FileSystemPair {
        source: format!("fs{index}"),
        destination: "ext4".into(),
        same_device: false,
    };
    let tuning =
        (0..16).fold(Tuning::default(), |tuning, index| tuning.with_profile(pair(index), Values::default()));
    let tuned = CopyOptions::new().tuning(tuning);
    let mut facts = Facts::of_size(1 << 20);
    facts.pair = Some(pair(15));
    group.bench_function("tuned/last of 16 profiles", |bencher| {
        bencher.iter(|| select(black_box(&facts), black_box(&tuned)));
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
