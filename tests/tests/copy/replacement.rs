//! What stood at the destination is replaced in one instant, or stays.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, symlink};

use rustix::io::Errno;

use orbit_engine::{CopyError, CopyOptions, FileKind, Operation, Strategy, copy_file};
use orbit_tests::files;
use orbit_tests::lab::{self, FileSystem, Place};

use super::{copied, refused};

const NEW: u64 = 1;
const OLD: u64 = 2;
const SIZE: u64 = 100_000;

fn new_content() -> Vec<u8> {
    files::content(NEW, SIZE)
}

fn old_content() -> Vec<u8> {
    files::content(OLD, SIZE + 1)
}

/// A source, and an old file at the destination.
fn source_and_old(place: &Place) {
    files::create(&place.join("source"), NEW, SIZE);
    files::create(&place.join("copy"), OLD, SIZE + 1);
}

#[test]
fn an_existing_file_is_replaced_and_others_keep_what_they_hold() {
    lab::for_each_file_system("an_existing_file_is_replaced_and_others_keep_what_they_hold", |place| {
        for &strategy in Strategy::ALL {
            source_and_old(place);
            fs::hard_link(place.join("copy"), place.join("other name")).unwrap();
            let mut reader = File::open(place.join("copy")).unwrap();
            copied(strategy, &place.join("source"), &place.join("copy"));
            assert!(fs::read(place.join("copy")).unwrap() == new_content(), "{strategy}");
            assert!(fs::read(place.join("other name")).unwrap() == old_content(), "{strategy}");
            let mut read = Vec::new();
            reader.read_to_end(&mut read).unwrap();
            assert!(read == old_content(), "{strategy}: a reader saw the file change");
            files::assert_no_litter(place.dir(), ["source", "copy", "other name"]);
            fs::remove_file(place.join("other name")).unwrap();
        }
    });
}

#[test]
fn a_symbolic_link_is_followed_and_stays_a_link() {
    lab::for_each_pair("a_symbolic_link_is_followed_and_stays_a_link", |from, to| {
        source_and_old(from);
        let (far, link) = (from.join("copy"), to.join("link"));
        symlink(&far, to.join("far")).unwrap();
        symlink("far", &link).unwrap();
        for &strategy in Strategy::ALL {
            files::create(&far, OLD, SIZE + 1);
            copied(strategy, &from.join("source"), &link);
            assert_eq!(fs::read_link(&link).unwrap().to_str(), Some("far"));
            assert_eq!(fs::read_link(to.join("far")).unwrap(), far);
            assert!(far.symlink_metadata().unwrap().is_file() && fs::read(&far).unwrap() == new_content());
        }
        files::assert_no_litter(from.dir(), ["source", "copy"]);
        files::assert_no_litter(to.dir(), ["far", "link"]);
    });
}

#[test]
fn a_link_to_nothing_or_in_a_circle_is_refused() {
    lab::for_each_file_system("a_link_to_nothing_or_in_a_circle_is_refused", |place| {
        source_and_old(place);
        symlink("missing", place.join("link")).unwrap();
        symlink("circle", place.join("circle")).unwrap();
        for &strategy in Strategy::ALL {
            let error = refused(strategy, &place.join("source"), &place.join("link"));
            let path = place.join("link");
            assert!(
                matches!(&error, CopyError::DanglingSymlink { path: named } if *named == path),
                "{error:?}"
            );
            let error = refused(strategy, &place.join("source"), &place.join("circle"));
            let expected = Operation::OpenDestination;
            assert!(matches!(&error, CopyError::Io { operation, .. } if *operation == expected), "{error:?}");
        }
        files::assert_no_litter(place.dir(), ["source", "copy", "link", "circle"]);
    });
}

#[test]
fn a_directory_or_what_is_written_like_one_is_refused() {
    lab::for_each_file_system("a_directory_or_what_is_written_like_one_is_refused", |place| {
        source_and_old(place);
        fs::create_dir(place.join("directory")).unwrap();
        symlink("directory", place.join("link")).unwrap();
        for destination in ["directory", "directory/", "link", "directory/.", "directory/.."] {
            let destination = place.join(destination);
            for &strategy in Strategy::ALL {
                let error = refused(strategy, &place.join("source"), &destination);
                let CopyError::DestinationNotRegular { path, kind } = &error else { panic!("{error:?}") };
                assert_eq!((path, *kind), (&destination, FileKind::Directory));
            }
        }
        for (destination, errno) in [("copy/", Errno::NOTDIR), ("new/", Errno::NOENT)] {
            let destination = place.join(destination);
            for &strategy in Strategy::ALL {
                let error = refused(strategy, &place.join("source"), &destination);
                let CopyError::Io { operation, path, error } = &error else { panic!("{error:?}") };
                assert_eq!((*operation, path), (Operation::OpenDestination, &destination));
                assert_eq!(error.raw_os_error(), Some(errno.raw_os_error()));
            }
        }
        assert!(fs::read(place.join("copy")).unwrap() == old_content());
        files::assert_no_litter(place.dir(), ["source", "copy", "directory", "link"]);
        files::assert_no_litter(&place.join("directory"), [""; 0]);
    });
}

#[test]
fn no_directory_is_made() {
    lab::for_each_file_system("no_directory_is_made", |place| {
        source_and_old(place);
        let destination = place.join("missing/copy");
        let error = refused(Strategy::Auto, &place.join("source"), &destination);
        assert!(error.to_string().contains(destination.to_str().unwrap()), "{error}");
        files::assert_no_litter(place.dir(), ["source", "copy"]);
    });
}

/// Between opening and renaming there is no instant in which the name is free or the file incomplete.
#[test]
fn a_reader_sees_the_old_file_or_the_new_one_at_every_moment() {
    lab::for_each_file_system("a_reader_sees_the_old_file_or_the_new_one_at_every_moment", |place| {
        source_and_old(place);
        let (source, copy) = (place.join("source"), place.join("copy"));
        let (new, old) = (new_content(), old_content());
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for round in 0..30 {
                    let strategy = Strategy::ALL[round % 3];
                    copy_file(&source, &copy, &CopyOptions::new().strategy(strategy)).unwrap();
                }
            });
            while !writer.is_finished() {
                let read = fs::read(&copy).unwrap();
                assert!(read == new || read == old, "{} bytes, neither old nor new", read.len());
            }
            writer.join().unwrap();
        });
    });
}

#[test]
fn a_replaced_file_is_a_new_one() {
    let test = "a_replaced_file_is_a_new_one";
    lab::for_each_file_system(test, |place| {
        if place.file_system() == FileSystem::Workspace {
            return;
        }
        source_and_old(place);
        let inode = || fs::metadata(place.join("copy")).unwrap().ino();
        let before = inode();
        copied(Strategy::Auto, &place.join("source"), &place.join("copy"));
        assert_ne!(inode(), before);
    });
}
