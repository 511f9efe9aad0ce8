//! What is no regular file is neither read nor replaced, and never waited for.

use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use orbit_engine::{CopyError, FileKind, Operation, Strategy};
use orbit_tests::lab::{self, Place};
use orbit_tests::skip::Skip;
use orbit_tests::{files, subprocess};
use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};

use super::copy_once::copy_once;
use super::refused;

/// Longer than any refusal takes, shorter than a hang.
const PATIENCE: Duration = Duration::from_secs(2);

fn node(place: &Place, name: &str, kind: FileType) -> PathBuf {
    let path = place.join(name);
    let null_device = if kind == FileType::CharacterDevice { makedev(1, 3) } else { 0 };
    mknodat(CWD, &path, kind, Mode::RUSR | Mode::WUSR, null_device).expect("make a special file");
    path
}

/// A child that would hang is killed and fails the test; the same copy in this process shows the error itself.
#[track_caller]
fn refused_at_once(source: &Path, destination: &Path, strategy: Strategy) -> CopyError {
    let child = copy_once(&["--strategy", strategy.name()], source, destination);
    let finished = subprocess::run_within(child, PATIENCE);
    assert_eq!(finished.status.code(), Some(1), "{}", finished.stderr);
    refused(strategy, source, destination)
}

#[test]
fn sources_that_are_no_files_are_refused_at_once() {
    lab::for_each_file_system("sources_that_are_no_files_are_refused_at_once", |place| {
        let fifo = node(place, "fifo", FileType::Fifo);
        let socket = node(place, "socket", FileType::Socket);
        let directory = place.join("directory");
        fs::create_dir(&directory).unwrap();
        let cases = [
            (fifo, FileKind::Fifo),
            (socket, FileKind::Socket),
            (directory, FileKind::Directory),
            (PathBuf::from("/dev/null"), FileKind::Device),
        ];
        for (source, expected) in &cases {
            for &strategy in Strategy::ALL {
                let error = refused_at_once(source, &place.join("copy"), strategy);
                let CopyError::SourceNotRegular { path, kind } = &error else { panic!("{error:?}") };
                assert_eq!((path, kind), (source, expected));
            }
        }
        files::assert_no_litter(place.dir(), ["fifo", "socket", "directory"]);
    });
}

#[test]
fn sources_that_do_not_open_are_refused_with_the_reason() {
    lab::for_each_file_system("sources_that_do_not_open_are_refused_with_the_reason", |place| {
        files::create(&place.join("file"), 1, 10);
        for (source, errno) in [
            (place.join("missing"), rustix::io::Errno::NOENT),
            (place.join("file/"), rustix::io::Errno::NOTDIR),
            (PathBuf::new(), rustix::io::Errno::NOENT),
        ] {
            for &strategy in Strategy::ALL {
                let error = refused_at_once(&source, &place.join("copy"), strategy);
                let CopyError::Io { operation, path, error } = &error else { panic!("{error:?}") };
                assert_eq!((*operation, path), (Operation::OpenSource, &source));
                assert_eq!(error.raw_os_error(), Some(errno.raw_os_error()));
            }
        }
        files::assert_no_litter(place.dir(), ["file"]);
    });
}

#[test]
fn destinations_that_are_no_files_are_refused_and_stay() {
    let test = "destinations_that_are_no_files_are_refused_and_stay";
    lab::for_each_file_system(test, |place| {
        let source = place.join("source");
        files::create(&source, 1, 100_000);
        let mut cases = vec![
            (node(place, "fifo", FileType::Fifo), FileKind::Fifo),
            (node(place, "socket", FileType::Socket), FileKind::Socket),
        ];
        if rustix::process::geteuid().is_root() {
            cases.push((node(place, "device", FileType::CharacterDevice), FileKind::Device));
        } else {
            Skip::because("needs root: making a device").report_on(test, place.file_system());
        }
        for (destination, expected) in &cases {
            for &strategy in Strategy::ALL {
                let error = refused_at_once(&source, destination, strategy);
                let CopyError::DestinationNotRegular { path, kind } = &error else { panic!("{error:?}") };
                assert_eq!((path, kind), (destination, expected));
            }
            let left = fs::symlink_metadata(destination).unwrap().file_type();
            assert!(left.is_fifo() || left.is_socket() || left.is_char_device());
        }
        let names = cases.iter().map(|(path, _)| path.file_name().unwrap().to_owned());
        files::assert_no_litter(place.dir(), names.chain(["source".into()]));
    });
}
