//! A file that the process may not write to is not replaced, although a rename would do it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use orbit_engine::Strategy;
use orbit_tests::lab::{self, Place};
use orbit_tests::nobody::as_nobody;
use orbit_tests::skip::{Skip, unless_skipped};
use orbit_tests::{files, subprocess};

use super::copied;
use super::copy_once::copy_once;

const SIZE: u64 = 100_000;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("set the mode of a file of our own");
}

/// A directory open to all, with a source, and an old file at the destination.
fn prepare(place: &Place) {
    set_mode(place.dir(), 0o777);
    files::create(&place.join("source"), 1, SIZE);
    files::create(&place.join("copy"), 2, SIZE);
}

#[track_caller]
fn assert_refused(test: &str, place: &Place, names: &[&str]) {
    for &strategy in Strategy::ALL {
        let command = copy_once(&["--strategy", strategy.name()], &place.join("source"), &place.join("copy"));
        let Some(command) = unless_skipped(test, as_nobody(&command)) else { return };
        let finished = subprocess::run(command);
        assert_eq!(finished.status.code(), Some(1), "{}", finished.stderr);
        assert!(finished.stderr.contains("Permission denied"), "{}", finished.stderr);
        files::assert_no_litter(place.dir(), names);
    }
}

#[test]
fn a_read_only_destination_is_refused_to_others_than_root() {
    let test = "a_read_only_destination_is_refused_to_others_than_root";
    lab::for_each_file_system(test, |place| {
        prepare(place);
        set_mode(&place.join("copy"), 0o444);
        assert_refused(test, place, &["source", "copy"]);
        assert!(fs::read(place.join("copy")).unwrap() == files::content(2, SIZE));
    });
}

#[test]
fn a_read_only_destination_is_replaced_by_root() {
    let test = "a_read_only_destination_is_replaced_by_root";
    if !rustix::process::geteuid().is_root() {
        Skip::because("needs root").report(test);
        return;
    }
    lab::for_each_file_system(test, |place| {
        prepare(place);
        set_mode(&place.join("copy"), 0o444);
        copied(Strategy::Auto, &place.join("source"), &place.join("copy"));
        files::assert_same_content(&place.join("source"), &place.join("copy"));
    });
}

#[test]
fn an_unreadable_source_is_refused_to_others_than_root() {
    let test = "an_unreadable_source_is_refused_to_others_than_root";
    lab::for_each_file_system(test, |place| {
        prepare(place);
        set_mode(&place.join("source"), 0o000);
        assert_refused(test, place, &["source", "copy"]);
        assert!(fs::read(place.join("copy")).unwrap() == files::content(2, SIZE));
    });
}

/// Staging needs a new name beside the destination. Writing in place is not done behind the caller's back.
#[test]
fn a_directory_closed_to_new_names_is_refused_to_others_than_root() {
    let test = "a_directory_closed_to_new_names_is_refused_to_others_than_root";
    lab::for_each_file_system(test, |place| {
        prepare(place);
        set_mode(&place.join("copy"), 0o666);
        set_mode(place.dir(), 0o555);
        assert_refused(test, place, &["source", "copy"]);
        set_mode(place.dir(), 0o777);
        assert!(fs::read(place.join("copy")).unwrap() == files::content(2, SIZE));
    });
}
