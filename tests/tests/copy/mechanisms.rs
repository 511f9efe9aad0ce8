//! Which mechanism moved the bytes: the declared one, and no silent downgrade.

use std::fs;
use std::io;

use orbit_engine::{Mechanism, OmissionReason, Refusal, RefusalReason, Strategy};
use orbit_tests::lab::{self, FileSystem};
use orbit_tests::skip::unless_skipped;
use orbit_tests::{files, subprocess};
use rustix::fs::IFlags;

use super::copy_once::{Report, copy_once};
use super::{assert_zero_copy, copied, declared};

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
            assert_zero_copy(mechanism, from, to);
            assert_eq!(report.get("moved"), format!("{mechanism} {MIB}"));
            assert_eq!(report.all("omission"), [""; 0]);
            let Some((refused, _)) = declared(from, to) else { continue };
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
        let Some((refused, mechanism)) = declared(from, to) else { return };
        assert_eq!(second.mechanism, mechanism);
        let omitted: Vec<_> =
            second.omissions.iter().map(|omission| (omission.mechanism, omission.reason)).collect();
        let expected: Vec<_> = refused
            .into_iter()
            .map(|(mechanism, errno)| (mechanism, OmissionReason::RefusedBefore(errno)))
            .collect();
        assert_eq!(omitted, expected);
    });
}

#[test]
fn zero_copy_is_zero_copy_from_one_byte_on() {
    lab::for_each_pair("zero_copy_is_zero_copy_from_one_byte_on", |from, to| {
        let source = from.join("source");
        for size in [1, 4095, 65_535, MIB + 1] {
            files::create(&source, 1, size);
            assert_zero_copy(copied(Strategy::ZeroCopy, &source, &to.join("copy")).mechanism, from, to);
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
            assert_eq!(outcome.omissions.len(), 3);
            assert!(outcome.omissions.iter().all(|left| left.reason == OmissionReason::BufferedStrategy));
        }
    });
}

#[test]
fn auto_turns_at_64_kib() {
    lab::for_each_pair("auto_turns_at_64_kib", |from, to| {
        let (source, destination) = (from.join("source"), to.join("copy"));
        files::create(&source, 1, 65_535);
        let below = copied(Strategy::Auto, &source, &destination);
        assert_eq!(below.mechanism, Mechanism::ReadWrite);
        let reason = OmissionReason::BelowThreshold { size: 65_535, threshold: 65_536 };
        assert_eq!(below.omissions.iter().filter(|omission| omission.reason == reason).count(), 3);
        files::create(&source, 1, 65_536);
        assert_zero_copy(copied(Strategy::Auto, &source, &destination).mechanism, from, to);
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
