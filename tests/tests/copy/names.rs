//! Names are bytes, of any kind and length that the file system takes.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use orbit_engine::{CopyError, Strategy};
use orbit_tests::lab::{self, FileSystem};
use orbit_tests::{files, subprocess};

use super::copy_once::{Report, copy_once};
use super::{copied, refused};

const SIZE: u64 = 70_000;

fn names() -> Vec<OsString> {
    let bytes = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
    vec![
        "a".into(),
        "x".repeat(255).into(),
        "é".repeat(127).into(),
        OsString::from_vec(vec![0xff; 255]),
        bytes(b"\xff\xfe not UTF-8 \xc3"),
        "new\nline".into(),
        "-leading".into(),
        "--strategy".into(),
        ".hidden".into(),
        " ".into(),
        "...".into(),
        "~".into(),
        "*?[\"'\\$`".into(),
    ]
}

#[test]
fn every_name_is_copied_from_and_to() {
    lab::for_each_file_system("every_name_is_copied_from_and_to", |place| {
        for name in names() {
            let (from, to) = (place.join("from"), place.join("to"));
            fs::create_dir(&from).unwrap();
            fs::create_dir(&to).unwrap();
            files::create(&from.join(&name), 1, SIZE);
            for &strategy in Strategy::ALL {
                copied(strategy, &from.join(&name), &to.join(&name));
                copied(strategy, &from.join(&name), &to.join(&name));
                files::assert_same_content(&from.join(&name), &to.join(&name));
                files::assert_no_litter(&to, [&name]);
            }
            fs::remove_dir_all(&from).unwrap();
            fs::remove_dir_all(&to).unwrap();
        }
    });
}

#[test]
fn a_relative_name_without_a_directory_is_copied_where_the_process_is() {
    lab::for_each_file_system("a_relative_name_without_a_directory", |place| {
        files::create(&place.join("source"), 1, SIZE);
        for name in names() {
            for durability in ["none", "file-and-directory"] {
                let options = ["--durability", durability];
                let mut child = copy_once(&options, Path::new("source"), Path::new(&name));
                child.current_dir(place.dir());
                Report::of(subprocess::run(child));
                files::assert_same_content(&place.join("source"), &place.join(&name));
                files::assert_no_litter(place.dir(), [OsStr::new("source"), &name]);
                fs::remove_file(place.join(&name)).unwrap();
            }
        }
    });
}

#[test]
fn a_name_too_long_is_refused_with_the_reason() {
    lab::for_each_file_system("a_name_too_long_is_refused_with_the_reason", |place| {
        if place.file_system() == FileSystem::Workspace {
            return;
        }
        files::create(&place.join("source"), 1, SIZE);
        let error = refused(Strategy::Auto, &place.join("source"), &place.join("x".repeat(256)));
        let CopyError::Io { error, .. } = &error else { panic!("{error:?}") };
        assert_eq!(error.raw_os_error(), Some(rustix::io::Errno::NAMETOOLONG.raw_os_error()));
        files::assert_no_litter(place.dir(), ["source"]);
    });
}
