//! What is chosen for which facts and wishes.

use super::*;
use crate::tuning::Tuning;

const KERNEL: [Mechanism; 4] =
    [Mechanism::Reflink, Mechanism::CopyFileRange, Mechanism::Sendfile, Mechanism::Splice];

const LINUX: &[Mechanism] = &[
    Mechanism::Reflink,
    Mechanism::CopyFileRange,
    Mechanism::Splice,
    Mechanism::Sendfile,
    Mechanism::DirectIo,
    Mechanism::IoUring,
    Mechanism::ReadWrite,
];

const WINDOWS: &[Mechanism] = &[Mechanism::Reflink, Mechanism::CopyFileEx, Mechanism::ReadWrite];

const MACOS: &[Mechanism] =
    &[Mechanism::Reflink, Mechanism::Fcopyfile, Mechanism::DirectIo, Mechanism::ReadWrite];

fn linux(size: u64) -> Facts {
    Facts { built_in: LINUX, ..Facts::of_size(size) }
}

fn windows(size: u64) -> Facts {
    Facts { built_in: WINDOWS, is_replaceable: true, ..Facts::of_size(size) }
}

fn between(source: &str, destination: &str, size: u64, processors: u32) -> Facts {
    let same_device = source == destination;
    let pair = FileSystemPair { source: source.into(), destination: destination.into(), same_device };
    Facts { pair: Some(pair), processors, ..linux(size) }
}

fn reason(plan: &Plan, mechanism: Mechanism) -> Option<OmissionReason> {
    plan.omissions.iter().find(|omission| omission.mechanism == mechanism).map(|omission| omission.reason)
}

fn with_read_write(rungs: &[Mechanism]) -> Vec<Mechanism> {
    [rungs, &[Mechanism::ReadWrite]].concat()
}

#[test]
fn auto_turns_at_each_threshold() {
    let options = CopyOptions::new();
    assert_eq!(select(&linux(65_536), &options).rungs, with_read_write(&KERNEL));
    let below = select(&linux(65_535), &options);
    assert_eq!(below.rungs, [Mechanism::Reflink, Mechanism::ReadWrite]);
    let expected = OmissionReason::BelowThreshold { size: 65_535, threshold: 65_536 };
    assert_eq!(reason(&below, Mechanism::CopyFileRange), Some(expected));
    let small = select(&linux(8191), &options);
    assert_eq!(small.rungs, [Mechanism::ReadWrite]);
    let expected = OmissionReason::BelowThreshold { size: 8191, threshold: 8192 };
    assert_eq!(reason(&small, Mechanism::Reflink), Some(expected));
}

#[test]
fn the_tuned_thresholds_move_the_turns() {
    for (threshold, size, pays) in [
        (Threshold::Always, 1, true),
        (Threshold::AtLeast(10), 10, true),
        (Threshold::AtLeast(10), 9, false),
        (Threshold::Never, 1 << 17, false),
    ] {
        let values =
            Values::default().with_zero_copy_threshold(threshold).with_reflink_threshold(Threshold::Never);
        let rungs = select(&linux(size), &CopyOptions::new().tuning(Tuning::uniform(values))).rungs;
        let expected = if pays { with_read_write(&KERNEL[1..]) } else { with_read_write(&[]) };
        assert_eq!(rungs, expected, "{threshold} {size}");
        let values =
            Values::default().with_zero_copy_threshold(Threshold::Never).with_reflink_threshold(threshold);
        let rungs = select(&linux(size), &CopyOptions::new().tuning(Tuning::uniform(values))).rungs;
        assert_eq!(rungs.contains(&Mechanism::Reflink), pays, "{threshold} {size}");
    }
}

#[test]
fn an_explicit_strategy_beats_the_thresholds() {
    let zero_copy = CopyOptions::new().strategy(Strategy::ZeroCopy);
    assert_eq!(select(&linux(1), &zero_copy).rungs, with_read_write(&KERNEL));
    let buffered = CopyOptions::new().strategy(Strategy::Buffered);
    let plan = select(&linux(1 << 30), &buffered);
    assert_eq!(plan.rungs, [Mechanism::ReadWrite]);
    assert_eq!(reason(&plan, Mechanism::Splice), Some(OmissionReason::BufferedStrategy));
}

#[test]
fn large_files_go_through_a_pipe_of_their_own_unless_a_server_may_copy() {
    let second = |facts: Facts| select(&facts, &CopyOptions::new()).rungs[1];
    assert_eq!(second(between("ext4", "ext4", 1 << 20, 2)), Mechanism::Splice);
    assert_eq!(second(between("nfs", "nfs", 1 << 20, 2)), Mechanism::CopyFileRange);
    assert_eq!(second(between("nfs", "ext4", 1 << 20, 2)), Mechanism::Splice);
    assert_eq!(second(between("ext4", "ext4", 1 << 17, 2)), Mechanism::CopyFileRange);
    assert_eq!(second(linux(1 << 20)), Mechanism::CopyFileRange);
}

#[test]
fn two_processors_take_large_files_by_reading_and_writing() {
    let large = 64 << 20;
    let plan = select(&between("ext4", "tmpfs", large, 16), &CopyOptions::new());
    assert_eq!((plan.rungs, plan.threads), (vec![Mechanism::Reflink, Mechanism::ReadWrite], 2));
    let one = select(&between("ext4", "tmpfs", large, 1), &CopyOptions::new());
    assert_eq!((one.rungs[1], one.threads), (Mechanism::Splice, 1));
    let server = select(&between("nfs", "nfs", large, 2), &CopyOptions::new());
    assert_eq!(server.rungs[1], Mechanism::CopyFileRange);
    let zero_copy = CopyOptions::new().strategy(Strategy::ZeroCopy);
    let kernel = select(&between("ext4", "tmpfs", large, 2), &zero_copy);
    assert_eq!((kernel.rungs[1], kernel.threads), (Mechanism::Splice, 2));
    let holes = Facts { allocated: 4096, ..between("ext4", "tmpfs", large, 2) };
    assert_eq!(select(&holes, &CopyOptions::new()).threads, 1);
}

#[test]
fn tuned_threads_are_taken_whatever_the_processors() {
    let values = Values::default().with_parallel(Threshold::AtLeast(10), 5);
    let options = CopyOptions::new().tuning(Tuning::uniform(values));
    assert_eq!(select(&linux(10), &options).threads, 5);
    assert_eq!(select(&linux(9), &options).threads, 1);
}

#[test]
fn size_zero_is_read() {
    let plan = select(&linux(0), &CopyOptions::new().strategy(Strategy::ZeroCopy).direct_io(true));
    assert_eq!(plan.rungs, [Mechanism::ReadWrite]);
    assert_eq!(reason(&plan, Mechanism::Reflink), Some(OmissionReason::UnknownLength));
}

#[test]
fn reflink_policies_keep_their_word() {
    let never = select(&linux(1 << 20), &CopyOptions::new().reflink(Reflink::Never));
    assert_eq!(never.rungs, [Mechanism::Splice, Mechanism::Sendfile, Mechanism::ReadWrite]);
    let always = select(&linux(1), &CopyOptions::new().reflink(Reflink::Always));
    assert_eq!(always.rungs, [Mechanism::Reflink]);
}

#[test]
fn sparse_policies_keep_their_word() {
    let never = select(&linux(1 << 20), &CopyOptions::new().sparse(Sparse::Never));
    assert_eq!(never.rungs, [Mechanism::Splice, Mechanism::Sendfile, Mechanism::ReadWrite]);
    assert_eq!(reason(&never, Mechanism::Reflink), Some(OmissionReason::SparseNever));
    let options = CopyOptions::new().sparse(Sparse::Always).direct_io(true).io_uring(true);
    let always = select(&linux(1 << 20), &options);
    assert_eq!(always.rungs, [Mechanism::ReadWrite]);
    assert_eq!(reason(&always, Mechanism::DirectIo), Some(OmissionReason::SparseAlways));
}

#[test]
fn what_needs_care_is_read_and_written_unless_zero_copy_is_asked_for() {
    let (auto, zero_copy) = (CopyOptions::new(), CopyOptions::new().strategy(Strategy::ZeroCopy));
    let large = linux(1 << 20);
    for (options, why) in [
        (auto.clone().placement(Placement::Resumable), OmissionReason::Resumable),
        (auto.clone().max_bandwidth(crate::Rate::new(1)), OmissionReason::BandwidthLimit),
        (auto.compression(Compression::Decompress), OmissionReason::Compression),
        (zero_copy.clone().compression(Compression::Decompress), OmissionReason::Compression),
    ] {
        let plan = select(&large, &options);
        assert_eq!(plan.rungs, [Mechanism::ReadWrite]);
        assert!(KERNEL.iter().all(|kernel| reason(&plan, *kernel) == Some(why)), "{plan:?}");
    }
    let resumable = zero_copy.clone().placement(Placement::Resumable);
    assert_eq!(select(&large, &resumable).rungs[0], Mechanism::Reflink);
    let goes_on = Facts { resumes_at: 4096, ..large.clone() };
    let plan = select(&goes_on, &resumable);
    assert_eq!(plan.rungs[0], Mechanism::CopyFileRange);
    assert_eq!(reason(&plan, Mechanism::Reflink), Some(OmissionReason::GoesOn));
    let limited = zero_copy.max_bandwidth(crate::Rate::new(1));
    let plan = select(&large, &limited);
    assert_eq!(plan.rungs[0], Mechanism::CopyFileRange);
    assert_eq!(reason(&plan, Mechanism::Reflink), Some(OmissionReason::BandwidthLimit));
    assert_eq!(select(&large, &limited.reflink(Reflink::Always)).rungs, [Mechanism::Reflink]);
}

#[test]
fn threads_that_are_asked_for_are_taken() {
    let large = between("ext4", "ext4", 64 << 20, 1);
    assert_eq!(select(&large, &CopyOptions::new().threads(5)).threads, 5);
    assert_eq!(select(&large, &CopyOptions::new()).threads, 1);
    let compressed = CopyOptions::new().threads(5).compression(Compression::Decompress);
    assert_eq!(select(&large, &compressed).threads, 1);
}

#[test]
fn special_ways_of_reading_and_writing_are_for_those_who_ask() {
    let plan = select(&linux(1 << 20), &CopyOptions::new());
    let named = |special| plan.rungs.contains(&special) || reason(&plan, special).is_some();
    assert!(![Mechanism::DirectIo, Mechanism::IoUring].into_iter().any(named));
    let direct = select(&linux(1 << 20), &CopyOptions::new().direct_io(true));
    assert_eq!(direct.rungs, [Mechanism::Reflink, Mechanism::DirectIo, Mechanism::ReadWrite]);
    let ring = select(&linux(1 << 20), &CopyOptions::new().strategy(Strategy::Buffered).io_uring(true));
    assert_eq!(ring.rungs, [Mechanism::IoUring, Mechanism::ReadWrite]);
}

#[test]
fn one_mechanism_alone_is_one_rung_whatever_else_is_asked() {
    for &only in LINUX {
        let options = CopyOptions::new().strategy(Strategy::Buffered).only(only);
        let plan = select(&linux(1), &options);
        assert_eq!(plan.rungs, [only]);
        assert!(plan.omissions.iter().all(|left| left.reason == OmissionReason::OnlyAnother(only)));
    }
    let none = Facts { built_in: &[Mechanism::ReadWrite], ..Facts::of_size(1) };
    let plan = select(&none, &CopyOptions::new().only(Mechanism::Splice));
    assert_eq!(plan.rungs, []);
    assert_eq!(reason(&plan, Mechanism::Splice), Some(OmissionReason::NotBuiltIn));
}

#[test]
fn what_was_refused_before_is_not_asked_again() {
    let facts = Facts { refused_before: vec![(Mechanism::CopyFileRange, 18)], ..linux(1 << 20) };
    let plan = select(&facts, &CopyOptions::new());
    let expected = [Mechanism::Reflink, Mechanism::Splice, Mechanism::Sendfile, Mechanism::ReadWrite];
    assert_eq!(plan.rungs, expected);
    assert_eq!(reason(&plan, Mechanism::CopyFileRange), Some(OmissionReason::RefusedBefore(18)));
}

#[test]
fn a_build_without_mechanisms_reads_and_writes() {
    let facts = Facts { built_in: &[Mechanism::ReadWrite], ..Facts::of_size(1 << 20) };
    let plan = select(&facts, &CopyOptions::new().strategy(Strategy::ZeroCopy));
    assert_eq!(plan.rungs, [Mechanism::ReadWrite]);
    assert_eq!(reason(&plan, Mechanism::Splice), Some(OmissionReason::NotBuiltIn));
}

#[test]
fn windows_copies_whole_files_where_it_may_make_them() {
    let options = CopyOptions::new();
    assert_eq!(select(&windows(65_536), &options).rungs, WINDOWS);
    let reason_for = |facts: Facts, options: &CopyOptions| {
        let plan = select(&facts, options);
        assert!(!plan.rungs.contains(&Mechanism::CopyFileEx), "{plan:?}");
        reason(&plan, Mechanism::CopyFileEx).unwrap()
    };
    let zero_copy = &options.clone().strategy(Strategy::ZeroCopy);
    let kept = Facts { is_replaceable: false, ..windows(65_536) };
    assert_eq!(reason_for(kept, zero_copy), OmissionReason::MakesOwnFile);
    let sparse = Facts { allocated: 4096, ..windows(65_536) };
    assert_eq!(reason_for(sparse.clone(), zero_copy), OmissionReason::FillsHoles);
    let limited = zero_copy.clone().max_bandwidth("1M".parse().unwrap());
    assert_eq!(reason_for(windows(65_536), &limited), OmissionReason::BandwidthLimit);
    let own = zero_copy.clone().reflink(Reflink::Never);
    assert_eq!(reason_for(windows(65_536), &own), OmissionReason::ReflinkNever);
    let full = zero_copy.clone().sparse(Sparse::Never);
    assert_eq!(reason_for(sparse, &full), OmissionReason::SparseNever);
    let small = OmissionReason::BelowThreshold { size: 65_535, threshold: 65_536 };
    assert_eq!(reason_for(windows(65_535), &options), small);
    let before = Facts { refused_before: vec![(Mechanism::CopyFileEx, 50)], ..windows(65_536) };
    assert_eq!(reason_for(before, &options), OmissionReason::RefusedBefore(50));
}

#[test]
fn macos_clones_then_copies_whole_files_where_it_may_make_them() {
    let macos = |is_replaceable, allocated| Facts {
        built_in: MACOS,
        is_replaceable,
        allocated,
        ..Facts::of_size(65_536)
    };
    let options = CopyOptions::new();
    let rungs = [Mechanism::Reflink, Mechanism::Fcopyfile];
    assert_eq!(select(&macos(true, 65_536), &options).rungs, with_read_write(&rungs));
    // It shares nothing and fills holes, as these want it.
    let own = options.clone().reflink(Reflink::Never);
    assert_eq!(select(&macos(true, 65_536), &own).rungs, with_read_write(&rungs[1..]));
    let full = options.clone().sparse(Sparse::Never);
    assert_eq!(select(&macos(true, 4096), &full).rungs, with_read_write(&rungs[1..]));
    let why = |facts: &Facts| reason(&select(facts, &options), Mechanism::Fcopyfile);
    assert_eq!(why(&macos(false, 65_536)), Some(OmissionReason::MakesOwnFile));
    assert_eq!(why(&macos(true, 4096)), Some(OmissionReason::FillsHoles));
    let plan = select(&macos(true, 65_536), &options.clone().direct_io(true));
    assert_eq!(plan.rungs, [Mechanism::Reflink, Mechanism::DirectIo, Mechanism::ReadWrite]);
}

/// Elsewhere nobody wonders why it is not there.
#[test]
fn other_systems_do_not_speak_of_it_unless_asked() {
    let options = CopyOptions::new();
    for mechanism in [Mechanism::CopyFileEx, Mechanism::Fcopyfile] {
        assert_eq!(reason(&select(&linux(65_536), &options), mechanism), None);
        let only = select(&linux(65_536), &options.clone().only(mechanism));
        assert_eq!(reason(&only, mechanism), Some(OmissionReason::NotBuiltIn));
    }
}
