//! Whatever the file, the chunks and the way: the copy is the source, and its holes are no fewer than `auto` promises.

use std::fs;
use std::path::Path;

use orbit_engine::{
    Chunk, CopyOptions, Placement, Reflink, Sparse, Strategy as Way, Threshold, Tuning, Values, Verification,
};
use orbit_tests::files;
use orbit_tests::lab::{self, FileSystem};
use orbit_tests::skip::unless_skipped;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::copied_with;

const PAGE: u64 = 4096;

/// A file: its length, and stretches of data as begin, seed and length. They may overlap, touch and be unaligned.
#[derive(Debug, Clone)]
struct Shape {
    size: u64,
    data: Vec<(u64, u64, u64)>,
}

fn shape() -> impl Strategy<Value = Shape> {
    let size = prop_oneof![0..3 * PAGE, 0..(1_u64 << 20), (1_u64 << 20)..(6 << 20)];
    let stretch = (0.0..1.0_f64, 1..100_u64, prop_oneof![1..PAGE, 1..40 * PAGE], any::<bool>());
    (size, prop::collection::vec(stretch, 0..6)).prop_map(|(size, stretches)| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a place in a file"
        )]
        let begin = |share: f64, aligned: bool| {
            let begin = (share * size as f64) as u64;
            if aligned { begin - begin % PAGE } else { begin }
        };
        let data = stretches.into_iter().map(|(share, seed, length, aligned)| {
            let begin = begin(share, aligned);
            (begin, seed, length.min(size - begin))
        });
        Shape { size, data: data.filter(|(_, _, length)| *length > 0).collect() }
    })
}

fn options() -> impl Strategy<Value = CopyOptions> {
    let chunk = prop_oneof![Just(4096), Just(65_536), Just(100_000), Just(1 << 20)]
        .prop_map(|bytes| Chunk::new(bytes).expect("a chunk in range"));
    let threshold =
        prop_oneof![Just(Threshold::Always), Just(Threshold::Never), Just(Threshold::AtLeast(100_000))];
    let values = (chunk.clone(), chunk, threshold.clone(), threshold, 0..5_u32).prop_map(
        |(chunk, pipe, zero_copy, parallel, threads)| {
            Values::default()
                .with_chunk(chunk)
                .with_pipe_size(pipe)
                .with_zero_copy_threshold(zero_copy)
                .with_parallel(parallel, threads)
        },
    );
    let policy = (
        prop::sample::select(Way::ALL.to_vec()),
        prop::sample::select(Sparse::ALL.to_vec()),
        prop::sample::select(vec![Reflink::Auto, Reflink::Never]),
        prop::sample::select(Placement::ALL.to_vec()),
        prop::sample::select(vec![Verification::None, Verification::Compare, Verification::Sha256]),
    );
    let special = (any::<bool>(), any::<bool>());
    (values, policy, special).prop_map(|(values, policy, (direct, ring))| {
        let (strategy, sparse, reflink, placement, verification) = policy;
        CopyOptions::new()
            .strategy(strategy)
            .sparse(sparse)
            .reflink(reflink)
            .placement(placement)
            .verification(verification)
            .direct_io(direct)
            .io_uring(ring)
            .tuning(Tuning::uniform(values))
    })
}

fn check(place: &Path, shape: &Shape, options: &CopyOptions) {
    let (source, copy) = (place.join("source"), place.join("copy"));
    let _ = fs::remove_file(&copy);
    files::create_sparse(&source, shape.size, &shape.data);
    let outcome = copied_with(options, &source, &copy);
    assert_eq!(outcome.bytes, shape.size);
    files::assert_same_content(&source, &copy);
    let moved: u64 = outcome.moved.iter().map(|moved| moved.bytes).sum();
    assert_eq!(moved, outcome.data_bytes);
    files::assert_no_litter(place, ["source", "copy"]);
}

#[test]
fn every_copy_is_its_source() {
    let test = "every_copy_is_its_source";
    for file_system in FileSystem::ALL {
        let Some(mounted) = unless_skipped(test, lab::mount(file_system)) else { continue };
        let config = Config { cases: 120, failure_persistence: None, ..Config::default() };
        let tested = TestRunner::new(config).run(&(shape(), options()), |(shape, options)| {
            check(mounted.dir(), &shape, &options);
            Ok(())
        });
        tested.unwrap_or_else(|error| panic!("on {file_system}: {error}"));
    }
}
