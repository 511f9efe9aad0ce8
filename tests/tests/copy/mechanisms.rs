//! Which mechanism moved the bytes: the declared one, and no silent downgrade.

use std::fs;
use std::io;

use orbit_engine::{CopyOutcome, Mechanism, OmissionReason, Refusal, RefusalReason, Strategy};
use orbit_tests::lab::{self, Capability, FileSystem};
use orbit_tests::skip::unless_skipped;
use orbit_tests::{files, subprocess};
use rustix::fs::IFlags;

use super::copy_once::{Report, copy_once};
use super::{PIPE_PAYS, assert_zero_copy, copied, declared};

const MIB: u64 = 1 << 20;

/// In a process of its own, since a process remembers what was refused.
#[test]
fn the_first_copy_tells_each_refusal_with_its_errno() {
    lab::for_each_pair("the_first_copy_tells_each_refusal_with_its_errno", |from, to| {
        let source = from.join("source");
        files::create(&source, 1, MIB);
        for strategy in ["auto", "zero-copy"] {
            let command = copy_once(&["--strategy", strategy], &source, &to.join("copy"));
            let report = Report::of(subprocess::run(command));
            let mechanism: Mechanism = report.get("mechanism").parse().unwrap();
            assert_zero_copy(mechanism, from, to, MIB);
            assert_eq!(report.get("moved"), format!("{mechanism} {MIB}"));
            assert_eq!(report.all("omission"), [""; 0]);
            let Some((refused, _)) = declared(from, to, MIB) else { continue };
            let told = |(mechanism, errno): (Mechanism, i32)| {
                format!("{mechanism}: {}", io::Error::from_raw_os_error(errno))
            };
            assert_eq!(report.all("refusal"), refused.into_iter().map(told).collect::<Vec<_>>());
        }
    });
}

#[test]
fn the_second_copy_asks_only_what_was_not_refused() {
    lab::for_each_pair("the_second_copy_asks_only_what_was_not_refused", |from, to| {
        let source = from.join("source");
        files::create(&source, 1, MIB);
        let first = copied(Strategy::ZeroCopy, &source, &to.join("first"));
        let second = copied(Strategy::ZeroCopy, &source, &to.join("second"));
        assert_eq!((second.mechanism, second.refusals), (first.mechanism, vec![]));
        let Some((refused, mechanism)) = declared(from, to, MIB) else { return };
        assert_eq!(second.mechanism, mechanism);
        let omitted: Vec<_> =
            second.omissions.iter().map(|omission| (omission.mechanism, omission.reason)).collect();
        let expected: Vec<_> = refused
            .into_iter()
            .map(|(mechanism, errno)| (mechanism, OmissionReason::RefusedBefore(errno)))
            .collect();
        // Without mounts of its own a test shares what the process has learnt from others.
        assert!(expected.iter().all(|refused| omitted.contains(refused)), "{omitted:?}");
        assert!(omitted.iter().all(|(_, reason)| matches!(reason, OmissionReason::RefusedBefore(_))));
    });
}

#[test]
fn zero_copy_is_zero_copy_from_one_byte_on() {
    lab::for_each_pair("zero_copy_is_zero_copy_from_one_byte_on", |from, to| {
        let source = from.join("source");
        for size in [1, 4095, 65_535, MIB + 1] {
            files::create(&source, 1, size);
            let found = copied(Strategy::ZeroCopy, &source, &to.join("copy")).mechanism;
            assert_zero_copy(found, from, to, size);
        }
    });
}

#[test]
fn buffered_reads_and_writes_at_every_size() {
    lab::for_each_pair("buffered_reads_and_writes_at_every_size", |from, to| {
        let source = from.join("source");
        for size in [0, 1, 65_536, MIB] {
            files::create(&source, 1, size);
            let outcome = copied(Strategy::Buffered, &source, &to.join("copy"));
            assert_eq!((outcome.mechanism, outcome.refusals), (Mechanism::ReadWrite, vec![]));
            assert_eq!(outcome.omissions.len(), 4);
            assert!(outcome.omissions.iter().all(|left| left.reason == OmissionReason::BufferedStrategy));
        }
    });
}

#[test]
fn auto_shares_from_8_kib_and_copies_in_the_kernel_from_64_kib() {
    lab::for_each_pair("auto_shares_from_8_kib_and_copies_in_the_kernel_from_64_kib", |from, to| {
        let (source, destination) = (from.join("source"), to.join("copy"));
        let copy_of = |size| {
            files::create(&source, 1, size);
            copied(Strategy::Auto, &source, &destination)
        };
        let told = |outcome: &CopyOutcome, reason| {
            outcome.omissions.iter().filter(|omission| omission.reason == reason).count()
        };
        let small = copy_of(8191);
        assert_eq!(small.mechanism, Mechanism::ReadWrite);
        assert_eq!(told(&small, OmissionReason::BelowThreshold { size: 8191, threshold: 8192 }), 1);
        let shares = from.file_system() == to.file_system()
            && from.file_system().reflink(to.file_system()) == Capability::Works;
        for size in [8192, 65_535] {
            let below = copy_of(size);
            if shares {
                assert_eq!(below.mechanism, Mechanism::Reflink);
            } else if from.file_system() != FileSystem::Workspace {
                assert_eq!(below.mechanism, Mechanism::ReadWrite);
            }
            assert_eq!(told(&below, OmissionReason::BelowThreshold { size, threshold: 65_536 }), 3);
        }
        assert_zero_copy(copy_of(65_536).mechanism, from, to, 65_536);
        assert_zero_copy(copy_of(PIPE_PAYS).mechanism, from, to, PIPE_PAYS);
    });
}

/// Zero-copy that was asked for stays in the kernel, by as many threads.
#[test]
fn large_files_take_two_threads_where_there_are_two_processors() {
    let test = "large_files_take_two_threads_where_there_are_two_processors";
    lab::for_each_pair(test, |from, to| {
        let (source, destination) = (from.join("source"), to.join("copy"));
        let size = 32 * MIB + 4097;
        files::create(&source, 1, size);
        let threads = std::thread::available_parallelism().map_or(1, |count| count.get().min(2));
        for (strategy, mechanism) in [
            (Strategy::Auto, if threads > 1 { Mechanism::ReadWrite } else { Mechanism::Splice }),
            (Strategy::ZeroCopy, Mechanism::Splice),
            (Strategy::Buffered, Mechanism::ReadWrite),
        ] {
            // On a loaded machine one thread may be done before the other one runs at all.
            let tries = || copied(strategy, &source, &destination);
            let is_shared = |outcome: &CopyOutcome| {
                outcome.mechanism == Mechanism::Reflink || outcome.threads as usize == threads
            };
            let outcome = (0..10).map(|_| tries()).find(is_shared).unwrap_or_else(tries);
            files::assert_same_content(&source, &destination);
            if outcome.mechanism == Mechanism::Reflink {
                assert_eq!(outcome.threads, 1);
            } else {
                assert_eq!((outcome.mechanism, outcome.threads as usize), (mechanism, threads), "{strategy}");
            }
            fs::remove_file(&destination).unwrap();
        }
    });
}

#[test]
fn size_zero_is_read_and_the_reason_told() {
    lab::for_each_file_system("size_zero_is_read_and_the_reason_told", |place| {
        files::create(&place.join("source"), 1, 0);
        let outcome = copied(Strategy::ZeroCopy, &place.join("source"), &place.join("copy"));
        assert_eq!(outcome.mechanism, Mechanism::ReadWrite);
        assert!(outcome.omissions.iter().all(|left| left.reason == OmissionReason::UnknownLength));
    });
}

/// Btrfs refuses to share the extents of a file without copy-on-write with one that has it.
#[test]
fn one_odd_file_does_not_poison_the_next() {
    let test = "one_odd_file_does_not_poison_the_next";
    let Some(btrfs) = unless_skipped(test, lab::mount(FileSystem::Btrfs)) else { return };
    let (odd, plain, copy) = (btrfs.dir().join("odd"), btrfs.dir().join("plain"), btrfs.dir().join("copy"));
    let file = fs::File::create(&odd).unwrap();
    rustix::fs::ioctl_setflags(&file, IFlags::NOCOW).unwrap();
    fs::write(&odd, files::content(1, MIB)).unwrap();
    files::create(&plain, 2, MIB);
    let outcome = copied(Strategy::ZeroCopy, &odd, &copy);
    let reason = RefusalReason::Errno(rustix::io::Errno::INVAL.raw_os_error());
    assert_eq!(outcome.refusals, [Refusal { mechanism: Mechanism::Reflink, reason, at: 0 }]);
    files::assert_same_content(&odd, &copy);
    assert_eq!(copied(Strategy::ZeroCopy, &plain, &copy).mechanism, Mechanism::Reflink);
}
