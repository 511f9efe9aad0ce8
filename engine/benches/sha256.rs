//! Throughput of SHA-256 as verification uses it: the bound of every verified copy.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sha2::{Digest, Sha256};

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sha256");
    for size in [4 << 10, 256 << 10, 4 << 20] {
        let content = vec![0x5a_u8; size];
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(size.to_string(), |bencher| {
            bencher.iter(|| Sha256::digest(black_box(&content)));
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
