//! Modes and owners of partial files, and of what becomes of them.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use orbit_engine::Resumed;
use orbit_tests::faults::{self, Fault};
use orbit_tests::files;
use orbit_tests::lab::{self, FileSystem};
use orbit_tests::metadata::set_owner;
use orbit_tests::skip::unless_skipped;
use orbit_tests::{subprocess, tool};

use super::super::copied_with;
use super::super::copy_once::{Report, copy_once};
use super::{MIB, SIZE, at, interrupt, left, resumable};

const USER: u32 = 4321;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("there is a file").permissions().mode() & 0o7777
}

/// Also where nothing is left to be gone on with, and where something was.
#[test]
fn a_umask_takes_nothing_away_from_a_resumable_copy() {
    let folder = tempfile::tempdir().unwrap();
    let (source, copy) = (folder.path().join("source"), folder.path().join("copy"));
    for (size, wanted) in [(100, 0o666), (SIZE, 0o777), (SIZE, 0o4664)] {
        files::create(&source, 1, size);
        fs::set_permissions(&source, Permissions::from_mode(wanted)).unwrap();
        for is_resumed in [false, size > MIB] {
            if is_resumed {
                interrupt(&resumable(), &source, &copy, 8 * MIB);
            }
            let mut umask = subprocess::command("sh");
            umask.args(["-c", "umask 077; exec \"$@\"", "sh"]);
            let child = copy_once(&["--placement", "resumable"], &source, &copy);
            let report = Report::of(subprocess::run(tool::wrap(umask, &child)));
            assert_eq!(report.get("resumed").starts_with("resumed at"), is_resumed, "{report:?}");
            assert_eq!(mode(&copy), wanted & 0o777);
            fs::remove_file(&copy).unwrap();
        }
    }
}

/// Root may write to any file; others are refused by the mode that the partial file has from its source.
#[test]
fn a_user_goes_on_with_the_copy_of_a_file_that_is_closed_to_writing() {
    let test = "a_user_goes_on_with_the_copy_of_a_file_that_is_closed_to_writing";
    let Some(place) = unless_skipped(test, lab::mount(FileSystem::Ext4)) else { return };
    fs::set_permissions(place.dir(), Permissions::from_mode(0o777)).unwrap();
    let (source, copy) = (place.dir().join("source"), place.dir().join("copy"));
    files::create(&source, 1, SIZE);
    fs::set_permissions(&source, Permissions::from_mode(0o444)).unwrap();
    let Some(setpriv) = unless_skipped(test, tool::find("setpriv")) else { return };
    let as_user = |options: &[&str]| {
        let mut outer = subprocess::command(setpriv.get_program());
        outer.args(["--reuid=4321", "--regid=4321", "--clear-groups"]);
        let options = [&["--placement", "resumable", "--max-bandwidth", "40MiB/s"], options].concat();
        subprocess::run(tool::wrap(outer, &copy_once(&options, &source, &copy)))
    };
    let stopped = as_user(&["--cancel-after", "250"]);
    assert!(stopped.stderr.contains("cancelled"), "{stopped:?}");
    assert_eq!(mode(&left(&copy, "partial")), 0o444);
    assert_eq!(fs::metadata(left(&copy, "partial")).unwrap().uid(), USER);
    let report = Report::of(as_user(&[]));
    assert!(report.get("resumed").starts_with("resumed at byte"), "{report:?}");
    files::assert_same_content(&source, &copy);
    assert_eq!(mode(&copy), 0o444);
    files::assert_no_litter(place.dir(), ["source", "copy"]);
}

/// As it is from the end of the copy to its rename, while the disk is waited for.
#[test]
fn what_was_given_to_its_owner_already_is_gone_on_with() {
    let test = "what_was_given_to_its_owner_already_is_gone_on_with";
    let folder = tempfile::tempdir().unwrap();
    let (source, copy) = (folder.path().join("source"), folder.path().join("copy"));
    files::create(&source, 1, SIZE);
    if unless_skipped(test, set_owner(&source, USER, USER)).is_none() {
        return;
    }
    let options = ["--placement", "resumable", "--preserve", "true", "--max-bandwidth", "40MiB/s"];
    let child = copy_once(&[&options[..], &["--durability", "file"]].concat(), &source, &copy);
    let Some(_) = unless_skipped(test, faults::attempt(&child, &Fault::kill("fsync"))) else { return };
    assert_eq!(fs::metadata(left(&copy, "partial")).unwrap().uid(), USER);
    let outcome = copied_with(&resumable().preserve_metadata(true), &source, &copy);
    assert!(at(outcome.resumed) >= 8 * MIB);
    files::assert_same_content(&source, &copy);
    assert_eq!(fs::metadata(&copy).unwrap().uid(), USER);
    fs::remove_file(&copy).unwrap();
    // Who does not hand it on does not take it from another user.
    interrupt(&resumable(), &source, &copy, 8 * MIB);
    set_owner(&left(&copy, "partial"), USER, USER).unwrap_or_else(|skip| panic!("{skip:?}"));
    assert!(matches!(copied_with(&resumable(), &source, &copy).resumed, Resumed::StartedOver(_)));
}
