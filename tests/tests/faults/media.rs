//! Verification of the medium: what the device gives back, not what the cache still has.

use std::fs;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use orbit_tests::calls;
use orbit_tests::faults::{self, Fault};
use orbit_tests::files;
use orbit_tests::lab::{self, BLOCK, FileSystem, Mounted};
use orbit_tests::skip::{Skip, unless_skipped};
use orbit_tests::subprocess::{self, Finished};
use rustix::fs::{Advice, fadvise};

use super::copy_once::{Report, copy_once};
use super::{KIB, NEW, OLD};

const SIZE: u64 = 1024 * KIB;

/// What is corrupted, as an offset in the file.
const AT: usize = 100 * BLOCK;

/// Much more than the corruption needs.
const TIME: Duration = Duration::from_millis(400);

/// The source is on another file system, so that its bytes are not found in the image.
struct Medium {
    source: Mounted,
    destination: Mounted,
}

impl Medium {
    fn new(file_system: FileSystem) -> Result<Self, Skip> {
        let medium = Self { source: lab::mount(FileSystem::Tmpfs)?, destination: lab::mount(file_system)? };
        files::create(&medium.source.dir().join("source"), NEW, SIZE);
        files::create(&medium.copy(), OLD, SIZE);
        Ok(medium)
    }

    fn copy(&self) -> std::path::PathBuf {
        self.destination.dir().join("copy")
    }

    /// Copies by the child; meanwhile one byte is changed below the cache, after `fsync` and before the child knows.
    fn copy_corrupted(&self, options: &[&str]) -> Result<Finished, Skip> {
        let content = files::content(NEW, SIZE);
        let image = self.destination.image().expect("it is on an image");
        let corruption = image.corrupt_when_seen(&content[AT..AT + BLOCK]);
        let command = copy_once(options, &self.source.dir().join("source"), &self.copy());
        let finished = faults::inject(&command, &Fault::delay_after("fsync", TIME))?;
        assert!(corruption.finish().is_some(), "the bytes never were in the image");
        Ok(finished)
    }
}

fn uncached(path: &Path) -> Vec<u8> {
    let mut file = File::open(path).expect("as prepared by this test");
    fadvise(&file, 0, None, Advice::DontNeed).expect("as prepared by this test");
    let mut content = Vec::new();
    file.read_to_end(&mut content).expect("as prepared by this test");
    content
}

#[test]
fn a_byte_that_the_device_changed_is_found() {
    let test = "a_byte_that_the_device_changed_is_found";
    for file_system in [FileSystem::Ext4, FileSystem::Xfs] {
        for strategy in ["zero-copy", "buffered"] {
            let Some(medium) = unless_skipped(test, Medium::new(file_system)) else { continue };
            let finished = medium.copy_corrupted(&["--strategy", strategy, "--verify", "media"]);
            let Some(finished) = unless_skipped(test, finished) else { return };
            assert_eq!(finished.status.code(), Some(1), "{finished:?}");
            assert!(finished.stderr.contains("verification of"), "{}", finished.stderr);
            assert!(fs::read(medium.copy()).unwrap() == files::content(OLD, SIZE));
            files::assert_no_litter(medium.destination.dir(), ["copy"]);
        }
    }
}

/// Btrfs finds it itself, by its own checksums.
#[test]
fn a_block_that_the_device_no_longer_gives_ends_the_copy() {
    let test = "a_block_that_the_device_no_longer_gives_ends_the_copy";
    let Some(medium) = unless_skipped(test, Medium::new(FileSystem::Btrfs)) else { return };
    let finished = medium.copy_corrupted(&["--verify", "media"]);
    let Some(finished) = unless_skipped(test, finished) else { return };
    assert_eq!(finished.status.code(), Some(1), "{finished:?}");
    assert!(finished.stderr.contains("Input/output error"), "{}", finished.stderr);
    assert!(fs::read(medium.copy()).unwrap() == files::content(OLD, SIZE));
    files::assert_no_litter(medium.destination.dir(), ["copy"]);
}

/// Why there is a level of its own: the others read what is cached.
#[test]
fn a_byte_that_the_device_changed_is_not_seen_in_the_cache() {
    let test = "a_byte_that_the_device_changed_is_not_seen_in_the_cache";
    let Some(medium) = unless_skipped(test, Medium::new(FileSystem::Ext4)) else { return };
    let finished = medium.copy_corrupted(&["--verify", "compare", "--durability", "file"]);
    let Some(finished) = unless_skipped(test, finished) else { return };
    finished.expect_success();
    assert!(fs::read(medium.copy()).unwrap() == files::content(NEW, SIZE));
    assert!(uncached(&medium.copy()) != files::content(NEW, SIZE));
}

#[test]
fn what_the_device_kept_is_proven() {
    let test = "what_the_device_kept_is_proven";
    lab::for_each_pair(test, |from, to| {
        files::create(&from.join("source"), NEW, SIZE);
        let command = copy_once(&["--verify", "media"], &from.join("source"), &to.join("copy"));
        let finished = subprocess::run(command);
        // There is no device, which must not be called proven.
        if to.file_system() == FileSystem::Tmpfs {
            assert_eq!(finished.status.code(), Some(1));
            assert!(finished.stderr.contains("verify by `compare` or `sha256`"), "{}", finished.stderr);
            files::assert_no_litter(to.dir(), [""; 0]);
            return;
        }
        assert_eq!(Report::of(finished).get("verified"), "compared with what is on the device");
        files::assert_same_content(&from.join("source"), &to.join("copy"));
    });
}

/// Each alone would do on most file systems, but not on all.
#[test]
fn the_medium_is_read_directly_and_with_nothing_cached() {
    let test = "the_medium_is_read_directly_and_with_nothing_cached";
    let Some(medium) = unless_skipped(test, Medium::new(FileSystem::Ext4)) else { return };
    let source = medium.source.dir().join("source");
    let counted = calls::count(&copy_once(&["--verify", "media"], &source, &medium.copy()));
    let Some(counted) = unless_skipped(test, counted) else { return };
    let place = |is_it: fn(&str) -> bool| counted.lines.iter().position(|line| is_it(line));
    let order = [
        place(|line| line.starts_with("fsync")),
        place(|line| line.starts_with("fadvise64") && line.contains("DONTNEED")),
        place(|line| line.contains("F_SETFL") && line.contains("O_DIRECT")),
    ];
    assert!(order.iter().all(Option::is_some) && order.is_sorted(), "{:#?}", counted.lines);
}
