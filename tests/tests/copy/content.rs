//! What arrives: content, length and permission bits, and nothing else.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use orbit_engine::{CopyOutcome, Strategy};
use orbit_tests::{files, lab, subprocess, tool};

use super::copied;
use super::copy_once::{Report, copy_once};

const SIZES: [u64; 7] = [0, 1, 4095, 65_535, 65_536, (1 << 20) + 1, (5 << 20) + 3];

const MODES: [u32; 4] = [0o644, 0o600, 0o444, 0o755];

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).expect("the file exists").permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("set the mode of a file of our own");
}

#[track_caller]
fn assert_bytes(outcome: &CopyOutcome, size: u64) {
    assert_eq!(outcome.bytes, size);
    assert_eq!(outcome.moved.iter().map(|moved| moved.bytes).sum::<u64>(), size);
}

#[test]
fn every_size_arrives_by_every_strategy_between_every_pair() {
    lab::for_each_pair("every_size_arrives_by_every_strategy_between_every_pair", |from, to| {
        let (source, destination) = (from.join("source"), to.join("copy"));
        for size in SIZES {
            files::create(&source, size, size);
            let expected = files::content(size, size);
            for &strategy in Strategy::ALL {
                assert_bytes(&copied(strategy, &source, &destination), size);
                assert!(fs::read(&destination).unwrap() == expected, "{strategy} {size}: wrong content");
                files::assert_no_litter(to.dir(), ["copy"]);
                fs::remove_file(&destination).unwrap();
            }
            assert!(fs::read(&source).unwrap() == expected, "{size}: the source changed");
        }
        files::assert_no_litter(from.dir(), ["source"]);
    });
}

#[test]
fn permission_bits_arrive() {
    lab::for_each_file_system("permission_bits_arrive", |place| {
        let (source, destination) = (place.join("source"), place.join("copy"));
        files::create(&source, 1, 100);
        for wanted in MODES {
            set_mode(&source, wanted);
            for &strategy in Strategy::ALL {
                copied(strategy, &source, &destination);
                assert_eq!(mode(&destination), wanted, "{strategy}");
                fs::remove_file(&destination).unwrap();
            }
        }
    });
}

#[test]
fn permission_bits_are_those_of_the_source_and_not_of_what_was_replaced() {
    lab::for_each_file_system("permission_bits_are_those_of_the_source", |place| {
        let (source, destination) = (place.join("source"), place.join("copy"));
        files::create(&source, 1, 100);
        set_mode(&source, 0o640);
        for old in [0o600, 0o666, 0o777] {
            files::create(&destination, 2, 50);
            set_mode(&destination, old);
            copied(Strategy::Auto, &source, &destination);
            assert_eq!(mode(&destination), 0o640, "over {old:o}");
        }
    });
}

#[test]
fn a_umask_takes_nothing_away() {
    let test = "a_umask_takes_nothing_away";
    lab::for_each_file_system(test, |place| {
        let (source, destination) = (place.join("source"), place.join("copy"));
        files::create(&source, 1, 100);
        for wanted in MODES {
            set_mode(&source, wanted);
            for &strategy in Strategy::ALL {
                let mut umask = subprocess::command("sh");
                umask.args(["-c", "umask 077; exec \"$@\"", "sh"]);
                let copy = copy_once(&["--strategy", strategy.name()], &source, &destination);
                Report::of(subprocess::run(tool::wrap(umask, &copy)));
                assert_eq!(mode(&destination), wanted, "{strategy}");
                fs::remove_file(&destination).unwrap();
            }
        }
    });
}

/// The owner is not copied, so a program must not run as the one who copied it.
#[test]
fn set_user_id_does_not_survive() {
    lab::for_each_file_system("set_user_id_does_not_survive", |place| {
        let (source, destination) = (place.join("source"), place.join("copy"));
        files::create(&source, 1, 100);
        set_mode(&source, 0o6755);
        for &strategy in Strategy::ALL {
            copied(strategy, &source, &destination);
            assert_eq!(mode(&destination), 0o755, "{strategy}");
        }
    });
}

#[test]
fn a_symbolic_link_is_followed_to_the_source() {
    lab::for_each_file_system("a_symbolic_link_is_followed_to_the_source", |place| {
        files::create(&place.join("source"), 1, 100);
        std::os::unix::fs::symlink("source", place.join("link")).unwrap();
        copied(Strategy::Auto, &place.join("link"), &place.join("copy"));
        assert!(place.join("copy").symlink_metadata().unwrap().is_file());
        files::assert_same_content(&place.join("source"), &place.join("copy"));
    });
}
