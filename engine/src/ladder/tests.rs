//! What a climb does where a source ends early or a rung is refused.

use super::*;

/// What threads had done behind the place of a refusal is done again, and counts once.
#[cfg(all(target_os = "linux", not(orbit_portable)))]
#[test]
fn progress_falls_back_with_a_refusal() {
    #[derive(Default)]
    struct Last(std::sync::atomic::AtomicU64);

    impl crate::Observer for Last {
        fn progress(&self, progress: crate::Progress) {
            self.0.store(progress.bytes, std::sync::atomic::Ordering::Relaxed);
        }
    }

    let from = tempfile::tempfile().unwrap();
    from.set_len(1000).unwrap();
    let closed = std::fs::File::open("/dev/null").unwrap();
    let last = std::sync::Arc::new(Last::default());
    let audience = crate::observe::Audience(last.clone());
    let watch = Watch::new(Some(&audience), None, 1000);
    let options = crate::CopyOptions::new().only(Mechanism::CopyFileRange);
    let plan = crate::select(&crate::Facts::of_size(1000), &options);
    let volume = Volume { device: 3, mount: u64::MAX };
    let ends = Ends { from: &from, to: &closed };
    let job = Job::plain(ends, (volume, volume), 1000, &watch);
    let mut ladder = Ladder {
        plan: &plan,
        job,
        calls: &Calls::default(),
        next: 0,
        rung: None,
        limit: Limit::new(true),
        position: Position::default(),
        climb: Climb::default(),
    };
    watch.advance(900);
    let driven = ladder.take(Mechanism::CopyFileRange, Goal::At(1000));
    assert!(matches!(driven, Ok(Driven::Refused { .. })), "{driven:?}");
    std::thread::sleep(std::time::Duration::from_millis(60));
    watch.advance(1);
    assert_eq!(last.0.load(std::sync::atomic::Ordering::Relaxed), 1);
}

/// Copies a file of `length` bytes, whose status says twice as much, by reading and writing to one that has bytes behind
/// that already; gives what the ladder did and the length of the copy.
fn cut(length: u64, threads: u32, skip_zeros: bool) -> (Climb, u64) {
    let (from, to) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    from.set_len(length).unwrap();
    to.set_len(length + 4096).unwrap();
    let values = crate::Values::default()
        .with_chunk(crate::Chunk::new(4096).unwrap())
        .with_parallel(crate::Threshold::AtLeast(1), threads);
    let options = crate::CopyOptions::new().only(Mechanism::ReadWrite).tuning(crate::Tuning::uniform(values));
    let (size, watch) = (2 * length, &Watch::new(None, None, 0));
    let plan = crate::select(&crate::Facts::of_size(size), &options);
    let volume = Volume { device: 3, mount: u64::MAX };
    let ends = Ends { from: &from, to: &to };
    let job = Job { skip_zeros, ..Job::plain(ends, (volume, volume), size, watch) };
    let climb = climb(&plan, job, &Calls::default()).unwrap();
    (climb, to.metadata().unwrap().len())
}

#[test]
fn a_source_that_ends_early_ends_the_copy_where_a_length_was_given() {
    let (climb, length) = cut(10_000, 1, true);
    assert_eq!((climb.end, climb.bytes, length), (End::Complete, 10_000, 10_000));
}

#[test]
fn a_source_that_ends_early_ends_the_copy_where_threads_were_ahead() {
    let both = (0..100).map(|_| cut(4 << 20, 2, false)).find(|(climb, _)| climb.threads == 2);
    let (climb, length) = both.expect("two threads at once in one of many copies");
    assert_eq!((climb.end, climb.bytes, length), (End::Complete, 4 << 20, 4 << 20));
}
