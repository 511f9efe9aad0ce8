//! What is proven of compressed and decompressed copies, when what is read back is not what was written.

use std::fs;
use std::time::Duration;

use orbit_engine::{CopyError, CopyOptions, Mismatch, Verification, copy_file};
use orbit_tests::faults::{self, Fault};
use orbit_tests::files;
use orbit_tests::lab::fuse::{self, Lies};
use orbit_tests::lab::{self, BLOCK, FileSystem};
use orbit_tests::skip::unless_skipped;

use super::super::copy_once::copy_once;
use super::{Ground, NEW, OLD, SIZE, decompress, zstd};

/// Damage that only reading back finds, wherever in the frames, is damage of the destination and no error of reading.
#[test]
fn frames_that_are_read_back_otherwise_fail_the_verification() {
    let test = "frames_that_are_read_back_otherwise_fail_the_verification";
    let Some(ground) = unless_skipped(test, Ground::on(FileSystem::Tmpfs, SIZE)) else { return };
    let Some(liar) = unless_skipped(test, fuse::mount()) else { return };
    let length = fs::metadata(ground.source(true)).unwrap().len();
    let verify = |options: CopyOptions, back, flip: u64, level| {
        liar.lie(Lies::default());
        let copy = liar.dir().join(if back { "back" } else { "copy.zst" });
        files::create(&copy, OLD, 5000);
        liar.lie(Lies { flip_on_read: Some(flip), ..Lies::default() });
        let result = copy_file(ground.source(back), &copy, &options.verification(level));
        liar.lie(Lies::default());
        assert!(fs::read(&copy).unwrap() == files::content(OLD, 5000));
        match result {
            Err(CopyError::ChecksumMismatch { mismatch, .. }) => mismatch,
            other => panic!("{other:?} with byte {flip} flipped"),
        }
    };
    for level in [Verification::Compare, Verification::Sha256, Verification::Media] {
        for flip in [0, 5, 1000, length / 2, length - 5, length - 1] {
            let mismatch = verify(zstd(), false, flip, level);
            // Content that is decoded to what it was not, is seen before the checksum that it does not have.
            match mismatch {
                Mismatch::Undecodable { .. } => {}
                Mismatch::Offset(_) => assert!((6..length - 4).contains(&flip), "{mismatch}"),
                _ => panic!("{mismatch}"),
            }
        }
        for flip in [0, SIZE / 2, SIZE - 1] {
            let mismatch = verify(decompress(), true, flip, level);
            assert!(matches!(mismatch, Mismatch::Offset(at) if at == flip) || level == Verification::Sha256);
        }
    }
}

/// The kernel's claim to have written is not believed.
#[test]
fn verification_catches_a_claim_of_success() {
    let test = "verification_catches_a_claim_of_success";
    let Some(ground) = unless_skipped(test, Ground::on(FileSystem::Tmpfs, SIZE)) else { return };
    for (back, level) in [(false, "compare"), (false, "sha256"), (true, "compare"), (true, "sha256")] {
        let fault = Fault::claim("pwrite64", 256 * 1024).nth(2);
        let finished = faults::inject(&ground.command(back, &["--verify", level]), &fault);
        let Some(finished) = unless_skipped(test, finished) else { return };
        ground.assert_failed(&finished, &ground.copy(back), "verification of");
    }
}

/// One byte is changed below the cache, after `fsync` and before the child knows.
#[test]
fn frames_that_the_device_changed_are_found_by_reading_the_device() {
    let test = "frames_that_the_device_changed_are_found_by_reading_the_device";
    for file_system in [FileSystem::Ext4, FileSystem::Xfs] {
        let mounts =
            lab::mount(FileSystem::Tmpfs).and_then(|from| lab::mount(file_system).map(|to| (from, to)));
        let Some((from, to)) = unless_skipped(test, mounts) else { continue };
        let source = from.dir().join("source");
        files::create(&source, NEW, SIZE);
        let frames = fs::read(copy_file(&source, &source, &zstd()).unwrap().destination).unwrap();
        let corruption = to.image().unwrap().corrupt_when_seen(&frames[100 * BLOCK..101 * BLOCK]);
        let options = ["--compress", "zstd:3", "--verify", "media"];
        let command = copy_once(&options, &source, &to.dir().join("copy"));
        let finished = faults::inject(&command, &Fault::delay_after("fsync", Duration::from_millis(400)));
        assert!(corruption.finish().is_some(), "the bytes never were in the image");
        let Some(finished) = unless_skipped(test, finished) else { return };
        assert_eq!(finished.status.code(), Some(1), "{finished:?}");
        assert!(finished.stderr.contains("copy.zst failed"), "{}", finished.stderr);
        files::assert_no_litter(to.dir(), [""; 0]);
    }
}
