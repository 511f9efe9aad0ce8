//! Files beyond 2 GiB: no count is cut short, memory does not grow with the file, and holes cost nothing.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use orbit_engine::{CopyOptions, Mechanism, Placement, Reflink, RefusalReason, Sparse, Strategy};
use orbit_tests::lab::{self, FileSystem};
use orbit_tests::skip::unless_skipped;
use orbit_tests::{files, subprocess};

use super::copied_with;
use super::copy_once::{Report, copy_once};

const GIB: u64 = 1 << 30;
const KIB: u64 = 1 << 10;

/// Longer than 31 and 32 bits count, with marks at the edges of what one call can move and at the end.
const SIZE: u64 = 5 * GIB + 123;

const MARKS: [u64; 5] = [0, 2 * GIB - 4096, 2 * GIB, 4 * GIB - 1, SIZE - 5];

fn marked(path: &Path) {
    let file = File::create(path).expect("create the source");
    file.set_len(SIZE).expect("a sparse file");
    for mark in MARKS {
        file.write_all_at(&mark.to_le_bytes()[..5], mark).expect("write a mark");
    }
}

#[track_caller]
fn assert_marked(path: &Path) {
    let file = File::open(path).expect("open the copy");
    assert_eq!(file.metadata().expect("the copy").len(), SIZE);
    for mark in MARKS {
        let mut found = [0; 5];
        file.read_exact_at(&mut found, mark).expect("read a mark");
        assert_eq!(found, mark.to_le_bytes()[..5], "at {mark}");
    }
    let mut between = [1; 64];
    file.read_exact_at(&mut between, GIB).expect("read between the marks");
    assert_eq!(between, [0; 64]);
}

#[test]
fn files_beyond_2_gib_arrive_whole_by_every_strategy() {
    lab::for_each_pair("files_beyond_2_gib_arrive_whole_by_every_strategy", |from, to| {
        marked(&from.join("source"));
        for &strategy in Strategy::ALL {
            for placement in [Placement::Staged, Placement::InPlace] {
                let options = CopyOptions::new().strategy(strategy).placement(placement);
                let outcome = copied_with(&options, &from.join("source"), &to.join("copy"));
                assert_eq!(outcome.bytes, SIZE);
                assert_marked(&to.join("copy"));
                assert!(files::allocated_bytes(&to.join("copy")) < 1 << 20, "{outcome:?}");
                fs::remove_file(to.join("copy")).expect("remove the copy");
            }
        }
    });
}

/// A hole that is to be filled, so that every mechanism moves 2 GiB and more by itself.
#[test]
fn every_mechanism_moves_more_than_2_gib() {
    let test = "every_mechanism_moves_more_than_2_gib";
    let Some(tmpfs) = unless_skipped(test, lab::mount_with(FileSystem::Tmpfs, "size=6g")) else { return };
    let (source, copy) = (tmpfs.dir().join("source"), tmpfs.dir().join("copy"));
    let size = 2 * GIB + 4097;
    let file = File::create(&source).unwrap();
    file.set_len(size).unwrap();
    file.write_all_at(b"end", size - 3).unwrap();
    for strategy in [Strategy::ZeroCopy, Strategy::Buffered] {
        let options = CopyOptions::new().strategy(strategy).sparse(Sparse::Never);
        let outcome = copied_with(&options, &source, &copy);
        assert_eq!((outcome.bytes, outcome.data_bytes), (size, size));
        let mut end = [0; 3];
        File::open(&copy).unwrap().read_exact_at(&mut end, size - 3).unwrap();
        assert_eq!(&end, b"end");
        assert_eq!(fs::metadata(&copy).unwrap().len(), size);
        fs::remove_file(&copy).unwrap();
    }
}

/// In a child, since a test's own memory is that of all tests beside it.
#[test]
fn memory_does_not_grow_with_the_file() {
    let test = "memory_does_not_grow_with_the_file";
    lab::for_each_file_system(test, |place| {
        let source = place.join("source");
        files::create(&source, 1, 80 << 20);
        for options in [
            &["--strategy", "auto"][..],
            &["--strategy", "zero-copy"],
            &["--strategy", "buffered"],
            &["--strategy", "buffered", "--sparse", "always"],
            &["--strategy", "buffered", "--direct-io", "true"],
            &["--strategy", "buffered", "--io-uring", "true"],
            &["--strategy", "auto", "--verify", "sha256"],
            &["--strategy", "auto", "--verify", "compare"],
        ] {
            let report = Report::of(subprocess::run(copy_once(options, &source, &place.join("copy"))));
            let peak: u64 = report.get("peak_memory").parse().unwrap();
            assert!(peak <= 16 << 20, "{} KiB with {options:?}", peak / KIB);
            fs::remove_file(place.join("copy")).unwrap();
        }
    });
}

/// A file system that cannot share copies by 64 bits too.
#[test]
fn a_mechanism_that_was_asked_for_is_the_one_that_runs() {
    let test = "a_mechanism_that_was_asked_for_is_the_one_that_runs";
    let Some(ext4) = unless_skipped(test, lab::mount(FileSystem::Ext4)) else { return };
    let (source, copy) = (ext4.dir().join("source"), ext4.dir().join("copy"));
    files::create(&source, 1, (3 << 20) + 4097);
    let buffered = CopyOptions::new().strategy(Strategy::Buffered);
    for (options, mechanism) in [
        (buffered.clone().direct_io(true), Mechanism::DirectIo),
        (CopyOptions::new().direct_io(true), Mechanism::DirectIo),
        (buffered.clone().io_uring(true), Mechanism::IoUring),
        (CopyOptions::new().io_uring(true).reflink(Reflink::Never), Mechanism::IoUring),
        (buffered, Mechanism::ReadWrite),
    ] {
        let outcome = copied_with(&options, &source, &copy);
        assert_eq!((outcome.mechanism, outcome.moved.len()), (mechanism, 1), "{outcome:?}");
        files::assert_same_content(&source, &copy);
    }
}

/// Each mechanism, alone, moves every size; or says why it cannot.
#[test]
fn each_mechanism_alone_is_right_or_refused() {
    lab::for_each_pair("each_mechanism_alone_is_right_or_refused", |from, to| {
        let (source, copy) = (from.join("source"), to.join("copy"));
        for size in [0, 1, 4096, 300_001, (2 << 20) + 1] {
            files::create(&source, size, size);
            for &only in Mechanism::ALL {
                match orbit_engine::copy_file(&source, &copy, &CopyOptions::new().only(only)) {
                    Ok(outcome) => {
                        assert_eq!((outcome.mechanism, outcome.bytes), (only, size));
                        files::assert_same_content(&source, &copy);
                        fs::remove_file(&copy).expect("remove the copy");
                    }
                    Err(error) => {
                        assert!(error.is_zero_copy_unsupported() && only != Mechanism::ReadWrite, "{error}");
                    }
                }
                files::assert_no_litter(to.dir(), [""; 0]);
            }
        }
    });
}

/// Direct access that a file system does not have is no obstacle, and told.
#[test]
fn direct_access_falls_to_reading_and_writing_where_there_is_none() {
    let test = "direct_access_falls_to_reading_and_writing_where_there_is_none";
    let Some(tmpfs) = unless_skipped(test, lab::mount(FileSystem::Tmpfs)) else { return };
    let (source, copy) = (tmpfs.dir().join("source"), tmpfs.dir().join("copy"));
    files::create(&source, 1, (3 << 20) + 1);
    let options = CopyOptions::new().strategy(Strategy::Buffered).direct_io(true);
    let outcome = copied_with(&options, &source, &copy);
    assert_eq!(outcome.mechanism, Mechanism::ReadWrite);
    let unsupported = RefusalReason::Errno(rustix::io::Errno::OPNOTSUPP.raw_os_error());
    let told: Vec<_> = outcome.refusals.iter().map(|told| (told.mechanism, told.reason)).collect();
    assert_eq!(told, [(Mechanism::DirectIo, unsupported)]);
    files::assert_same_content(&source, &copy);
}
