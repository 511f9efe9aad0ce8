//! Compressing and decompressing when the frames are damaged, or the system refuses or does less than asked.

#[path = "compression/ended.rs"]
mod ended;
#[path = "compression/verified.rs"]
mod verified;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use orbit_engine::{
    Compression, CopyError, CopyOptions, CopyOutcome, Operation, Placement, ZstdLevel, copy_file,
};
use orbit_tests::faults::{self, Fault};
use orbit_tests::files;
use orbit_tests::lab::fuse::{self, Lies};
use orbit_tests::lab::{self, FileSystem, Mounted};
use orbit_tests::limits::{Limit, with_limits};
use orbit_tests::skip::{Skip, unless_skipped};
use orbit_tests::subprocess::{self, Finished};
use rustix::io::Errno;

use super::copy_once::copy_once;
use super::{KIB, NEW, OLD};

const MIB: u64 = 1024 * KIB;

const SIZE: u64 = 700 * KIB + 7;

fn zstd() -> CopyOptions {
    CopyOptions::new().compression(Compression::Zstd(ZstdLevel::default()))
}

fn decompress() -> CopyOptions {
    CopyOptions::new().compression(Compression::Decompress)
}

/// A source, its frames, and a directory for copies with nothing but old files, under the names that copies will have.
struct Ground {
    from: PathBuf,
    to: PathBuf,
    size: u64,
    /// Taken down last.
    _mounts: Vec<Mounted>,
}

impl Ground {
    fn on(file_system: FileSystem, size: u64) -> Result<Self, Skip> {
        let mounted = lab::mount(file_system)?;
        Ok(Self::new(mounted.dir().join("from"), mounted.dir().join("to"), size, vec![mounted]))
    }

    fn new(from: PathBuf, to: PathBuf, size: u64, mounts: Vec<Mounted>) -> Self {
        for directory in [&from, &to] {
            fs::create_dir(directory).expect("create a directory on a fresh file system");
        }
        let ground = Self { from, to, size, _mounts: mounts };
        files::create(&ground.source(false), NEW, size);
        copy_file(ground.source(false), ground.source(true), &zstd()).expect("make the frames");
        ground.reset();
        ground
    }

    /// As before any copy.
    fn reset(&self) {
        fs::remove_dir_all(&self.to).expect("remove the destination's directory");
        fs::create_dir(&self.to).expect("create the destination's directory");
        for back in [false, true] {
            files::create(&self.copy(back), OLD, 5000);
        }
    }

    /// The content, or its frames, which are copied `back` to content.
    fn source(&self, back: bool) -> PathBuf {
        self.from.join(if back { "source.zst" } else { "source" })
    }

    fn copy(&self, back: bool) -> PathBuf {
        self.to.join(if back { "back" } else { "copy.zst" })
    }

    fn command(&self, back: bool, options: &[&str]) -> Command {
        let form = if back { ["--decompress", "true"] } else { ["--compress", "zstd:3"] };
        let options = [&form[..], options].concat();
        copy_once(&options, &self.source(back), &self.copy(back))
    }

    #[track_caller]
    fn assert_failed(&self, finished: &Finished, path: &Path, message: &str) {
        assert_eq!(finished.status.code(), Some(1), "{finished:?}");
        for part in [path.to_str().expect("a path of our own is UTF-8"), message] {
            assert!(finished.stderr.contains(part), "{} does not say {part}", finished.stderr);
        }
        self.assert_untouched();
    }

    #[track_caller]
    fn assert_untouched(&self) {
        for back in [false, true] {
            assert!(self.is_old(back), "the old destination is gone");
        }
        files::assert_no_litter(&self.to, ["back", "copy.zst"]);
    }

    fn is_old(&self, back: bool) -> bool {
        fs::read(self.copy(back)).is_ok_and(|found| found == files::content(OLD, 5000))
    }

    /// The copy is the content, or frames that the tool would read.
    fn is_new(&self, back: bool) -> bool {
        let restored = if back {
            self.copy(true)
        } else {
            let restored = self.from.join("restored");
            if copy_file(self.copy(false), &restored, &decompress()).is_err() {
                return false;
            }
            restored
        };
        fs::read(restored).is_ok_and(|found| found == files::content(NEW, self.size))
    }
}

#[track_caller]
fn refused(result: Result<CopyOutcome, CopyError>, source: &Path) -> String {
    match result {
        Err(CopyError::Io { operation: Operation::Decompress, path, error }) if path == source => {
            error.to_string()
        }
        other => panic!("{other:?}"),
    }
}

/// A small file's frame, so that every byte of it can be tried.
fn small_frame(place: &Path) -> Vec<u8> {
    let text: String = (0..60).map(|line| format!("line {line}\n")).collect();
    fs::write(place.join("small"), text).expect("write a source");
    let outcome = copy_file(place.join("small"), place.join("small"), &zstd()).expect("make a frame");
    fs::read(outcome.destination).expect("read the frame")
}

#[test]
fn frames_cut_anywhere_are_refused_and_leave_nothing() {
    let test = "frames_cut_anywhere_are_refused_and_leave_nothing";
    let Some(place) = unless_skipped(test, lab::mount(FileSystem::Tmpfs)) else { return };
    let (cut, to) = (place.dir().join("cut"), place.dir().join("to"));
    let frame = small_frame(place.dir());
    fs::create_dir(&to).unwrap();
    assert!(frame.len() > 100);
    for placement in [Placement::Staged, Placement::InPlace] {
        for length in 0..frame.len() {
            fs::write(&cut, &frame[..length]).unwrap();
            let said = refused(copy_file(&cut, to.join("back"), &decompress().placement(placement)), &cut);
            let expected = if length == 0 { "it holds no zstd frame" } else { "it ends within a zstd frame" };
            assert_eq!(said, expected, "{length}");
            files::assert_no_litter(&to, [""; 0]);
        }
    }
}

#[test]
fn a_bit_flipped_anywhere_is_noticed_and_leaves_nothing() {
    let test = "a_bit_flipped_anywhere_is_noticed_and_leaves_nothing";
    let Some(place) = unless_skipped(test, lab::mount(FileSystem::Tmpfs)) else { return };
    let (flipped, to) = (place.dir().join("flipped"), place.dir().join("to"));
    let frame = small_frame(place.dir());
    fs::create_dir(&to).unwrap();
    let mut harmless = 0;
    for (index, bit) in (0..frame.len()).flat_map(|index| (0..8).map(move |bit| (index, bit))) {
        let mut changed = frame.clone();
        changed[index] ^= 1 << bit;
        fs::write(&flipped, changed).unwrap();
        let result = copy_file(&flipped, to.join("back"), &decompress());
        // The format has bits that nobody looks at, one in its header and some between its tables.
        if result.is_ok() {
            harmless += 1;
            files::assert_same_content(&place.dir().join("small"), &to.join("back"));
            fs::remove_file(to.join("back")).unwrap();
        } else {
            refused(result, &flipped);
        }
        files::assert_no_litter(&to, [""; 0]);
    }
    assert!(harmless * 50 < frame.len() * 8, "{harmless} flips of {} bytes are harmless", frame.len());
}

/// The header of a frame can ask for any memory.
#[test]
fn a_frame_that_asks_for_a_large_window_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (frames, back) = (folder.path().join("frames"), folder.path().join("back"));
    let of_window = |log: u8| {
        // Magic, no length and no checksum, the window, a last block of no bytes.
        fs::write(&frames, [0x28, 0xb5, 0x2f, 0xfd, 0, (log - 10) << 3, 1, 0, 0]).unwrap();
        copy_file(&frames, &back, &decompress())
    };
    assert_eq!(of_window(27).unwrap().bytes, 0);
    for log in [28, 31, 41] {
        assert!(refused(of_window(log), &frames).contains("more than 128 MiB"), "{log}");
    }
}

/// What was decoded before the damage is not left as a file.
#[test]
fn damage_behind_much_content_leaves_the_old_file() {
    let test = "damage_behind_much_content_leaves_the_old_file";
    let Some(ground) = unless_skipped(test, Ground::on(FileSystem::Ext4, SIZE)) else { return };
    let frames = fs::read(ground.source(true)).unwrap();
    let mut changed = frames.clone();
    changed[frames.len() - 3] ^= 1;
    for (bytes, reason) in [
        (&changed[..], "its checksum is another"),
        (&frames[..frames.len() - 10], "it ends within a zstd frame"),
        (&[&frames, &b"more"[..]].concat(), "something else follows its zstd frames"),
    ] {
        fs::write(ground.source(true), bytes).unwrap();
        let finished = subprocess::run(ground.command(true, &[]));
        ground.assert_failed(&finished, &ground.source(true), reason);
    }
    let finished =
        subprocess::run(copy_once(&["--decompress", "true"], &ground.source(false), &ground.copy(true)));
    ground.assert_failed(&finished, &ground.source(false), "it holds no zstd frame");
}

#[test]
fn a_full_disk_is_an_error_and_gives_its_space_back() {
    let test = "a_full_disk_is_an_error_and_gives_its_space_back";
    for file_system in [FileSystem::Tmpfs, FileSystem::Ext4] {
        let mounts = lab::mount_small(file_system, 12 * MIB)
            .and_then(|small| lab::mount(FileSystem::Workspace).map(|from| (from, small)));
        let Some((from, small)) = unless_skipped(test, mounts) else { continue };
        let (source, to) = (from.dir().join("from"), small.dir().join("to"));
        let ground = Ground::new(source, to, 13 * MIB, vec![from, small]);
        for back in [false, true, false, true] {
            let finished = subprocess::run(ground.command(back, &[]));
            ground.assert_failed(&finished, &ground.copy(back), "No space left on device");
        }
    }
}

/// Not ignored, the signal of a write at the limit would end the child.
#[test]
fn a_file_size_limit_is_an_error_and_no_dead_process() {
    let test = "a_file_size_limit_is_an_error_and_no_dead_process";
    for file_system in [FileSystem::Tmpfs, FileSystem::Ext4, FileSystem::Xfs, FileSystem::Btrfs] {
        let Some(ground) = unless_skipped(test, Ground::on(file_system, SIZE)) else { continue };
        for back in [false, true] {
            let whole = fs::metadata(ground.source(!back)).unwrap().len();
            for limit in [4 * KIB, 256 * KIB, 512 * KIB, whole - 1] {
                for sparse in ["auto", "always"] {
                    ground.reset();
                    let command = ground.command(back, &["--sparse", sparse]);
                    let limited = with_limits(&command, &[Limit::FileSize(limit)]);
                    let Some(limited) = unless_skipped(test, limited) else { return };
                    let finished = subprocess::run(limited);
                    ground.assert_failed(&finished, &ground.copy(back), "File too large");
                }
            }
            let limited = with_limits(&ground.command(back, &[]), &[Limit::FileSize(whole)]).unwrap();
            subprocess::run(limited).expect_success();
            assert!(ground.is_new(back));
        }
    }
}

/// Short writes, writes of nothing, and interrupted calls.
#[test]
fn writes_that_do_less_are_gone_on_with_or_end_the_copy() {
    let test = "writes_that_do_less_are_gone_on_with_or_end_the_copy";
    let Some(ground) = unless_skipped(test, Ground::on(FileSystem::Tmpfs, SIZE)) else { return };
    for back in [false, true] {
        let reads = Fault::error("pread64", Errno::INTR).on(&ground.source(back));
        for fault in [Fault::error("pwrite64", Errno::INTR), reads] {
            ground.reset();
            let fault = fault.nth(2);
            let finished = faults::inject(&ground.command(back, &[]), &fault);
            let Some(finished) = unless_skipped(test, finished) else { return };
            finished.expect_success();
            assert!(ground.is_new(back), "{fault:?}");
        }
        ground.reset();
        let finished = faults::inject(&ground.command(back, &[]), &Fault::claim("pwrite64", 0)).unwrap();
        ground.assert_failed(&finished, &ground.copy(back), "write");
        let much = Fault::claim("pwrite64", 1 << 30);
        let finished = faults::inject(&ground.command(back, &[]), &much).unwrap();
        ground.assert_failed(&finished, &ground.copy(back), "more than it was asked to");
    }
    let Some(liar) = unless_skipped(test, fuse::mount()) else { return };
    liar.lie(Lies { most_per_write: Some(1000), most_per_read: Some(1000), ..Lies::default() });
    let there = copy_file(ground.source(false), liar.dir().join("copy"), &zstd()).unwrap();
    copy_file(there.destination, liar.dir().join("back"), &decompress()).unwrap();
    assert!(liar.stored("back").unwrap() == files::content(NEW, SIZE));
}
