//! Content that is compressed or decompressed on its way: what arrives, under which name, and what the zstd tool says to it.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use orbit_engine::{
    Compression, CopyError, CopyOptions, CopyOutcome, Mechanism, OmissionReason, Operation, Placement,
    Reflink, Sparse, Strategy, Verification, Verified, ZstdLevel, copy_file,
};
use orbit_tests::lab::{self, FileSystem, Place};
use orbit_tests::skip::{Skip, unless_skipped};
use orbit_tests::{files, subprocess, tool};

use super::copied_with;
use super::copy_once::{Report, copy_once};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

fn zstd(level: u8) -> CopyOptions {
    CopyOptions::new().compression(Compression::Zstd(ZstdLevel::new(level).expect("a level of zstd")))
}

fn decompress() -> CopyOptions {
    CopyOptions::new().compression(Compression::Decompress)
}

/// Runs the zstd tool; gives what it printed.
#[track_caller]
fn run_tool(arguments: &[&str], files: &[&Path]) -> Result<String, Skip> {
    let mut tool = tool::find("zstd")?;
    tool.args(arguments).args(files);
    let finished = subprocess::run(tool).expect_success();
    Ok(String::from_utf8_lossy(&finished.stdout).into_owned() + &finished.stderr)
}

/// Each has content of another kind: none, one byte, around a block of the format, more than a window, and compressible.
fn contents(place: &Path) -> Vec<PathBuf> {
    let sizes = [0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 128 * KIB, 128 * KIB + 1, 3 * MIB];
    let random = sizes.map(|size| {
        let path = place.join(format!("random-{size}"));
        files::create(&path, size, size);
        path
    });
    let text: String = (0..200_000).map(|line| format!("line {line} of a text\n")).collect();
    let path = place.join("text");
    fs::write(&path, text).expect("write a source");
    random.into_iter().chain([path]).collect()
}

#[track_caller]
fn assert_told(outcome: &CopyOutcome, source: &Path, destination: &Path) {
    let length = |path: &Path| fs::metadata(path).expect("a file of this test").len();
    assert_eq!(outcome.destination, destination);
    assert_eq!((outcome.content_bytes, outcome.data_bytes), (length(source), length(source)));
    assert_eq!(outcome.bytes, length(destination));
    assert_eq!(outcome.mechanism, Mechanism::ReadWrite);
}

#[track_caller]
fn assert_read_by_the_tool(source: &Path, level: u8, place: &Path) -> Result<(), Skip> {
    let (copy, back) = (place.join("copy.zst"), place.join("back"));
    let outcome = copied_with(&zstd(level), source, &place.join("copy"));
    assert_told(&outcome, source, &copy);
    run_tool(&["-q", "-t"], &[&copy])?;
    run_tool(&["-q", "-d", "-f", "-o"], &[&back, &copy])?;
    files::assert_same_content(source, &back);
    assert!(!place.join("copy").exists());
    Ok(())
}

#[test]
fn what_is_compressed_is_what_the_tool_reads() {
    let test = "what_is_compressed_is_what_the_tool_reads";
    lab::for_each_file_system(test, |place| {
        for source in contents(place.dir()) {
            if unless_skipped(test, assert_read_by_the_tool(&source, 3, place.dir())).is_none() {
                return;
            }
        }
    });
}

#[test]
fn what_is_compressed_at_any_level_is_what_the_tool_reads() {
    let test = "what_is_compressed_at_any_level_is_what_the_tool_reads";
    let Some(place) = unless_skipped(test, lab::mount(FileSystem::Tmpfs)) else { return };
    let sources = contents(place.dir());
    for level in 1..=22 {
        // The large ones take their time at high levels.
        for source in sources.iter().filter(|path| level < 5 || fs::metadata(path).unwrap().len() < MIB) {
            if unless_skipped(test, assert_read_by_the_tool(source, level, place.dir())).is_none() {
                return;
            }
        }
    }
}

/// The size is in the header of the one frame, and so is that there is a checksum.
#[test]
fn the_tool_lists_content_size_and_checksum() {
    let test = "the_tool_lists_content_size_and_checksum";
    let Some(place) = unless_skipped(test, lab::mount(FileSystem::Tmpfs)) else { return };
    for (source, size) in contents(place.dir()).iter().map(|path| (path, fs::metadata(path).unwrap().len())) {
        let outcome = copied_with(&zstd(3), source, &place.dir().join("copy"));
        let listed = run_tool(&["-l", "-v"], &[&outcome.destination]);
        let Some(listed) = unless_skipped(test, listed) else { return };
        assert!(listed.contains(&format!("({size} B)")), "{listed}");
        assert!(listed.contains("Check: XXH64"), "{listed}");
        assert!(listed.contains("Frames: 1"), "{listed}");
    }
}

#[test]
fn what_the_tool_compressed_is_decompressed() {
    let test = "what_the_tool_compressed_is_decompressed";
    lab::for_each_file_system(test, |place| {
        for source in contents(place.dir()) {
            let frames = place.join("frames.zst");
            for arguments in [
                &["-q", "-f", "-1", "-o"][..],
                &["-q", "-f", "-9", "-o"],
                &["-q", "-f", "--no-check", "--no-content-size", "-o"],
                &["-q", "-f", "-B128KiB", "-T2", "-o"],
            ] {
                if unless_skipped(test, run_tool(arguments, &[&frames, &source])).is_none() {
                    return;
                }
                for level in [Verification::None, Verification::Compare, Verification::Sha256] {
                    let copy = place.join("copy");
                    let outcome = copied_with(&decompress().verification(level), &frames, &copy);
                    files::assert_same_content(&source, &copy);
                    assert_eq!((outcome.bytes, &outcome.destination), (outcome.content_bytes, &copy));
                    assert_eq!(outcome.bytes, fs::metadata(&source).unwrap().len());
                    assert_eq!(outcome.verified == Verified::No, level == Verification::None);
                }
            }
        }
    });
}

#[test]
fn frames_one_after_another_are_one_content() {
    let test = "frames_one_after_another_are_one_content";
    let Some(place) = unless_skipped(test, lab::mount(FileSystem::Tmpfs)) else { return };
    let path = |name: &str| place.dir().join(name);
    let (mut frames, mut content) = (Vec::new(), Vec::new());
    for source in contents(place.dir()) {
        let outcome = copied_with(&zstd(3), &source, &path("copy"));
        frames.extend(fs::read(outcome.destination).unwrap());
        content.extend(fs::read(source).unwrap());
    }
    fs::write(path("frames"), frames).unwrap();
    copied_with(&decompress(), &path("frames"), &path("back"));
    assert!(fs::read(path("back")).unwrap() == content);
}

/// More content than the window of the highest level, which is as large as the tool allows without being asked.
#[test]
fn the_tool_reads_the_highest_level_of_a_large_file() {
    let test = "the_tool_reads_the_highest_level_of_a_large_file";
    let Some(place) = unless_skipped(test, lab::mount(FileSystem::Tmpfs)) else { return };
    let (source, back) = (place.dir().join("source"), place.dir().join("back"));
    files::create_sparse(&source, 130 * MIB + 1, &[(100 * MIB, 1, 5000)]);
    let outcome = copied_with(&zstd(22), &source, &place.dir().join("copy"));
    let listed = run_tool(&["-l", "-v"], &[&outcome.destination]);
    let Some(listed) = unless_skipped(test, listed) else { return };
    assert!(listed.contains("Window Size: 128 MiB"), "{listed}");
    run_tool(&["-q", "-d", "-o"], &[&back, &outcome.destination]).unwrap();
    files::assert_same_content(&source, &back);
    copied_with(&decompress(), &outcome.destination, &back);
    files::assert_same_content(&source, &back);
}

#[test]
fn a_large_file_goes_there_and_back_proven_each_time() {
    lab::for_each_pair("a_large_file_goes_there_and_back_proven_each_time", |from, to| {
        let (source, back) = (from.join("source"), from.join("back"));
        files::create(&source, 1, 5 * MIB + 1);
        for (level, is_proven) in [
            (Verification::Compare, (|verified| verified == Verified::Compared) as fn(Verified) -> bool),
            (Verification::Sha256, |verified| matches!(verified, Verified::Sha256(_))),
            (Verification::Media, |verified| verified == Verified::Media),
        ] {
            let has_no_medium =
                |place: &Place| level == Verification::Media && place.file_system() == FileSystem::Tmpfs;
            if has_no_medium(from) || has_no_medium(to) {
                continue;
            }
            let there = copied_with(&zstd(1).verification(level), &source, &to.join("copy"));
            let again = copied_with(&decompress().verification(level), &there.destination, &back);
            assert!(is_proven(there.verified) && is_proven(again.verified), "{there:?} {again:?}");
            if level == Verification::Sha256 {
                assert_eq!(there.verified, again.verified, "the digest is that of the content");
            }
            files::assert_same_content(&source, &back);
        }
        files::assert_no_litter(to.dir(), ["copy.zst"]);
    });
}

#[test]
fn forty_mebibytes_go_there_and_back() {
    let test = "forty_mebibytes_go_there_and_back";
    let Some(place) = unless_skipped(test, lab::mount(FileSystem::Ext4)) else { return };
    let (source, copy, back) =
        (place.dir().join("source"), place.dir().join("copy"), place.dir().join("back"));
    let repeated = files::content(1, MIB).repeat(40);
    for is_random in [true, false] {
        if is_random {
            files::create(&source, 1, 40 * MIB);
        } else {
            fs::write(&source, &repeated).unwrap();
        }
        let outcome = copied_with(&zstd(3).verification(Verification::Compare), &source, &copy);
        assert_eq!(outcome.bytes < 4 * MIB, !is_random, "{outcome:?}");
        copied_with(&decompress(), &outcome.destination, &back);
        files::assert_same_content(&source, &back);
    }
}

#[test]
fn the_new_file_is_called_zst_and_says_so() {
    let test = "the_new_file_is_called_zst_and_says_so";
    let Some(place) = unless_skipped(test, lab::mount(FileSystem::Ext4)) else { return };
    let (source, to) = (place.dir().join("source"), place.dir().join("to"));
    files::create(&source, 1, 1000);
    for (name, expected) in [("copy", "copy.zst"), ("copy.zst", "copy.zst"), ("a.tar", "a.tar.zst")] {
        for placement in [Placement::Staged, Placement::InPlace] {
            fs::create_dir(&to).unwrap();
            let outcome = copied_with(&zstd(3).placement(placement), &source, &to.join(name));
            assert_eq!(outcome.destination, to.join(expected));
            files::assert_no_litter(&to, [expected]);
            fs::remove_dir_all(&to).unwrap();
        }
    }
    let error = copy_file(&source, place.dir().join("no/copy"), &zstd(3)).unwrap_err();
    assert!(error.to_string().contains("no/copy.zst"), "{error}");
    let itself = copied_with(&zstd(3), &source, &source).destination;
    let error = copy_file(&itself, &itself, &zstd(3)).unwrap_err();
    assert!(matches!(error, CopyError::SameFile { .. }), "{error}");
    let error = copy_file(&source, place.dir().join("x/"), &zstd(3)).unwrap_err();
    assert!(matches!(&error, CopyError::Io { operation: Operation::OpenDestination, .. }), "{error}");
}

#[test]
fn a_name_without_room_for_the_ending_is_refused_by_its_whole_length() {
    let test = "a_name_without_room_for_the_ending_is_refused_by_its_whole_length";
    let Some(place) = unless_skipped(test, lab::mount(FileSystem::Ext4)) else { return };
    files::create(&place.dir().join("source"), 1, 1000);
    let copy = |length| copy_file(place.dir().join("source"), place.dir().join("x".repeat(length)), &zstd(3));
    let error = copy(252).unwrap_err();
    assert!(error.to_string().contains(&format!("{}.zst: File name too long", "x".repeat(252))), "{error}");
    files::assert_no_litter(place.dir(), ["source"]);
    assert!(copy(251).is_ok());
}

/// The inode stays, and nothing of the longer old content does.
#[test]
fn a_file_that_stands_there_is_written_in_place() {
    lab::for_each_file_system("a_file_that_stands_there_is_written_in_place", |place| {
        let (source, copy, back) = (place.join("source"), place.join("copy.zst"), place.join("back"));
        files::create(&source, 1, 100_000);
        for path in [&copy, &back] {
            files::create(path, 2, MIB);
        }
        let (there, here) = (fs::metadata(&copy).unwrap().ino(), fs::metadata(&back).unwrap().ino());
        let in_place =
            |options: CopyOptions| options.placement(Placement::InPlace).verification(Verification::Compare);
        copied_with(&in_place(zstd(3)), &source, &copy);
        copied_with(&in_place(decompress()), &copy, &back);
        files::assert_same_content(&source, &back);
        let found = (fs::metadata(&copy).unwrap().ino(), fs::metadata(&back).unwrap().ino());
        assert_eq!(found, (there, here));
    });
}

#[test]
fn generated_files_are_compressed_whole() {
    let test = "generated_files_are_compressed_whole";
    let Some(place) = unless_skipped(test, lab::mount(FileSystem::Tmpfs)) else { return };
    let (copy, back) = (place.dir().join("copy"), place.dir().join("back"));
    // Of reported size 0, and of a page.
    for source in ["/proc/kallsyms", "/proc/version", "/sys/devices/system/cpu/possible"].map(Path::new) {
        let expected = fs::read(source).unwrap();
        for level in [Verification::None, Verification::Sha256] {
            let outcome = copied_with(&zstd(3).verification(level), source, &copy);
            assert_eq!(outcome.content_bytes, expected.len() as u64, "{outcome:?}");
            let frames = outcome.destination;
            assert_eq!(outcome.bytes, fs::metadata(&frames).unwrap().len());
            fs::set_permissions(&frames, fs::Permissions::from_mode(0o644)).unwrap();
            copied_with(&decompress(), &frames, &back);
            assert!(fs::read(&back).unwrap() == expected, "{}", source.display());
        }
    }
}

/// Holes are read as zeros, and come back as holes where zeros are to be holes.
#[test]
fn holes_come_back_as_asked() {
    lab::for_each_file_system("holes_come_back_as_asked", |place| {
        let (source, back) = (place.join("source"), place.join("back"));
        files::create_sparse(&source, 12 * MIB, &[(MIB, 1, 70_000), (8 * MIB, 2, 4096)]);
        let frames = copied_with(&zstd(3), &source, &place.join("copy")).destination;
        for &sparse in Sparse::ALL {
            let outcome = copied_with(&decompress().sparse(sparse), &frames, &back);
            files::assert_same_content(&source, &back);
            let is_sparse = files::allocated_bytes(&back) < MIB;
            assert_eq!(is_sparse, sparse == Sparse::Always, "{sparse} on {}", place.file_system());
            assert_eq!(outcome.data_bytes < MIB, sparse == Sparse::Always, "{outcome:?}");
            fs::remove_file(&back).unwrap();
        }
    });
}

/// A file system that sees a file grow allocates ahead of it (XFS), where the hole is to be.
#[test]
fn a_hole_behind_much_data_takes_no_space() {
    lab::for_each_file_system("a_hole_behind_much_data_takes_no_space", |place| {
        let (source, back) = (place.join("source"), place.join("back"));
        files::create_sparse(&source, 24 * MIB, &[(0, 1, 8 * MIB), (20 * MIB, 2, 4096)]);
        let frames = copied_with(&zstd(3), &source, &place.join("copy")).destination;
        copied_with(&decompress().sparse(Sparse::Always), &frames, &back);
        files::assert_same_content(&source, &back);
        assert!(files::allocated_bytes(&back) < 9 * MIB, "{}", files::allocated_bytes(&back));
    });
}

/// What reads and writes in a special way, by threads or in the kernel, does not get the bytes.
#[test]
fn whatever_else_is_asked_everything_is_read_and_written() {
    let test = "whatever_else_is_asked_everything_is_read_and_written";
    let Some(place) = unless_skipped(test, lab::mount(FileSystem::Xfs)) else { return };
    let (source, back) = (place.dir().join("source"), place.dir().join("back"));
    files::create(&source, 1, 9 * MIB);
    let asked: [fn(CopyOptions) -> CopyOptions; 4] = [
        |options| options.strategy(Strategy::ZeroCopy),
        |options| options.direct_io(true),
        |options| options.io_uring(true),
        |options| options.threads(4),
    ];
    for ask in asked {
        let there = copied_with(&ask(zstd(3)), &source, &place.dir().join("copy"));
        let again = copied_with(&ask(decompress()), &there.destination, &back);
        for outcome in [there, again] {
            assert_eq!((outcome.mechanism, outcome.threads), (Mechanism::ReadWrite, 1));
            let mut reasons = outcome.omissions.iter().map(|omission| omission.reason);
            assert!(reasons.all(|reason| reason == OmissionReason::Compression), "{:?}", outcome.omissions);
        }
        files::assert_same_content(&source, &back);
    }
    for options in [zstd(3), decompress()] {
        let always = copy_file(&source, place.dir().join("no"), &options.reflink(Reflink::Always));
        assert!(always.unwrap_err().is_zero_copy_unsupported());
    }
}

#[test]
fn the_mode_is_that_of_the_source_and_all_metadata_where_asked() {
    let test = "the_mode_is_that_of_the_source_and_all_metadata_where_asked";
    let Some(place) = unless_skipped(test, lab::mount(FileSystem::Ext4)) else { return };
    let (source, back) = (place.dir().join("source"), place.dir().join("back"));
    files::create(&source, 1, 1000);
    fs::set_permissions(&source, fs::Permissions::from_mode(0o640)).unwrap();
    for preserve in [false, true] {
        let there =
            copied_with(&zstd(3).preserve_metadata(preserve), &source, &place.dir().join("copy")).destination;
        copied_with(&decompress().preserve_metadata(preserve), &there, &back);
        let found = [&source, &there, &back].map(|path| fs::metadata(path).unwrap());
        assert!(found.iter().all(|found| found.mode() & 0o7777 == 0o640));
        assert_eq!(found[0].modified().unwrap() == found[2].modified().unwrap(), preserve);
    }
}

/// In a child, since a test's own memory is that of all tests beside it.
#[test]
fn memory_does_not_grow_with_what_is_compressed() {
    let test = "memory_does_not_grow_with_what_is_compressed";
    let Some(place) = unless_skipped(test, lab::mount(FileSystem::Ext4)) else { return };
    let (source, frames, back) =
        (place.dir().join("source"), place.dir().join("copy.zst"), place.dir().join("back"));
    files::create(&source, 1, 150 * MIB);
    let peak = |options: &[&str], from: &Path, to: &Path| {
        let report = Report::of(subprocess::run(copy_once(options, from, to)));
        assert!(report.get("peak_memory").parse::<u64>().unwrap() <= 16 * MIB, "{report:?}");
    };
    for verify in ["none", "compare", "sha256"] {
        peak(&["--compress", "zstd:3", "--verify", verify], &source, &frames);
        peak(&["--decompress", "true", "--verify", verify], &frames, &back);
    }
    peak(&["--decompress", "true", "--sparse", "always"], &frames, &back);
    files::assert_same_content(&source, &back);
}
