//! Metadata is set and read back whole, and a child tells its memory.

use std::ffi::OsStr;
use std::fs;
use std::time::{Duration, UNIX_EPOCH};

use orbit_tests::lab::{self, FileSystem};
use orbit_tests::memory::peak_memory_bytes;
use orbit_tests::metadata::{self, Metadata};
use orbit_tests::skip::Skip;
use orbit_tests::{files, subprocess};

use super::{has_role, role};

#[test]
fn everything_that_is_set_is_seen() {
    let test = "everything_that_is_set_is_seen";
    lab::for_each_file_system(test, |place| {
        let file = place.join("file");
        files::create(&file, 1, 100);
        let before = Metadata::of(&file);
        let (accessed, modified) =
            (Duration::new(1_000_000_000, 123_456_789), Duration::new(1_100_000_000, 1));
        let set = || -> Result<(), Skip> {
            metadata::set_owner(&file, 1234, 2345)?;
            metadata::set_xattr(&file, "user.empty", b"")?;
            metadata::set_xattr(&file, "user.bytes", b"\0\xff")
        };
        if let Err(skip) = set() {
            skip.report_on(test, place.file_system());
            return;
        }
        metadata::set_times(&file, UNIX_EPOCH + accessed, UNIX_EPOCH + modified);
        let after = Metadata::of(&file);
        assert_eq!(after.owner, (1234, 2345));
        assert_eq!((after.accessed, after.modified), ((1_000_000_000, 123_456_789), (1_100_000_000, 1)));
        let added = |name: &str| after.attributes.get(OsStr::new(name)).map(Vec::as_slice);
        assert_eq!((added("user.empty"), added("user.bytes")), (Some(&b""[..]), Some(&b"\0\xff"[..])));
        assert_eq!(after.attributes.len(), before.attributes.len() + 2);
        assert_eq!(after.mode, before.mode);
    });
}

#[test]
fn a_list_of_access_is_set_and_is_an_attribute() {
    let test = "a_list_of_access_is_set_and_is_an_attribute";
    lab::for_each_file_system(test, |place| {
        let file = place.join("file");
        files::create(&file, 1, 100);
        let set = metadata::add_to_acl(&file, "u:1234:r--,g:2345:rwx").and_then(|()| metadata::acl(&file));
        let entries = match set {
            Ok(entries) => entries,
            Err(skip) => return skip.report_on(test, place.file_system()),
        };
        let expected = ["user:1234:r--", "group:2345:rwx"];
        assert!(expected.iter().all(|entry| entries.iter().any(|found| found == entry)), "{entries:?}");
        let attributes = metadata::xattrs(&file);
        assert!(attributes.keys().any(|name| name == "system.posix_acl_access"), "{attributes:?}");
    });
}

/// Between any two file systems, as the system's own tool shows.
#[test]
fn what_is_seen_is_what_can_be_copied() {
    let test = "what_is_seen_is_what_can_be_copied";
    lab::for_each_pair(test, |from, to| {
        let (source, copy) = (from.join("source"), to.join("copy"));
        files::create(&source, 1, 100);
        let set = || -> Result<(), Skip> {
            metadata::set_owner(&source, 1234, 2345)?;
            metadata::set_xattr(&source, "user.name", b"value")?;
            metadata::add_to_acl(&source, "u:1234:r--")
        };
        if let Err(skip) = set() {
            return skip.report_on(test, from.file_system());
        }
        metadata::set_times(&source, UNIX_EPOCH, UNIX_EPOCH + Duration::new(1_100_000_000, 1));
        let expected = Metadata::of(&source);
        let mut cp = subprocess::command("cp");
        cp.arg("--preserve=all").arg(&source).arg(&copy);
        let finished = subprocess::run(cp);
        if to.file_system() == FileSystem::Workspace && !finished.status.success() {
            return Skip::because(finished.stderr.trim()).report_on(test, to.file_system());
        }
        finished.expect_success();
        assert_eq!(Metadata::of(&copy), expected);
    });
}

/// In its role: uses memory and tells the peak.
#[test]
fn use_memory() {
    if !has_role("metadata::use_memory") {
        return;
    }
    let before = peak_memory_bytes().unwrap();
    drop(fs::read("/proc/self/exe").unwrap());
    drop(std::hint::black_box(vec![1_u8; 64 << 20]));
    println!("\npeak {} {before}", peak_memory_bytes().unwrap());
}

#[test]
fn a_child_tells_the_memory_it_had_at_its_peak() {
    let mut child = role("metadata::use_memory");
    child.arg("--nocapture");
    let printed = String::from_utf8(subprocess::run(child).expect_success().stdout).unwrap();
    let peak = printed.lines().find_map(|line| line.strip_prefix("peak ")).unwrap();
    let numbers: Vec<u64> = peak.split(' ').map(|number| number.parse().unwrap()).collect();
    assert!(numbers[1] < 64 << 20 && (64 << 20..256 << 20).contains(&numbers[0]), "{numbers:?}");
}
