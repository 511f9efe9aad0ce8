//! Holes, allocation and sharing are seen as they are.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::process::Command;

use orbit_tests::lab::{self, FileSystem, Mounted};
use orbit_tests::skip::unless_skipped;
use orbit_tests::{files, subprocess};

const KIB: u64 = 1 << 10;

const MIB: u64 = 1 << 20;

/// What is mounted here, of all but the workspace, whose file system is not known.
fn known(test: &str) -> Vec<Mounted> {
    let known = FileSystem::ALL.into_iter().filter(|&file_system| file_system != FileSystem::Workspace);
    known
        .filter_map(|file_system| {
            lab::mount(file_system).map_err(|skip| skip.report_on(test, file_system)).ok()
        })
        .collect()
}

#[test]
fn holes_and_data_are_where_they_were_made() {
    for mounted in known("holes_and_data_are_where_they_were_made") {
        let path = mounted.dir().join("file");
        for (data, expected) in [
            (vec![(0, 1, 64 * KIB)], vec![(0, 64 * KIB)]),
            (vec![(MIB - 64 * KIB, 1, 64 * KIB)], vec![(MIB - 64 * KIB, MIB)]),
            (
                vec![(128 * KIB, 1, 64 * KIB), (512 * KIB, 2, 128 * KIB)],
                vec![(128 * KIB, 192 * KIB), (512 * KIB, 640 * KIB)],
            ),
            (vec![], vec![]),
            (vec![(0, 1, MIB)], vec![(0, MIB)]),
        ] {
            files::create_sparse(&path, MIB, &data);
            assert_eq!(files::extents(&path), expected, "{}", mounted.file_system());
            let stored: u64 = expected.iter().map(|(start, end)| end - start).sum();
            let allocated = files::allocated_bytes(&path);
            // Some need a block for the map.
            assert!((stored..=stored + 8 * KIB).contains(&allocated), "{allocated} for {stored}");
            let mut content = vec![0; usize::try_from(MIB).unwrap()];
            for (offset, seed, length) in data {
                let offset = usize::try_from(offset).unwrap();
                let bytes = files::content(seed, length);
                content[offset..offset + bytes.len()].copy_from_slice(&bytes);
            }
            assert!(fs::read(&path).unwrap() == content);
        }
    }
}

#[test]
fn a_file_of_a_tebibyte_costs_what_it_holds() {
    for mounted in known("a_file_of_a_tebibyte_costs_what_it_holds") {
        let path = mounted.dir().join("file");
        let size = 1 << 40;
        let data = [(0, 1, 4 * KIB), (size / 2, 2, 4 * KIB), (size - 4 * KIB, 3, 4 * KIB)];
        files::create_sparse(&path, size, &data);
        let expected = data.map(|(offset, _, length)| (offset, offset + length));
        assert_eq!(files::extents(&path), expected, "{}", mounted.file_system());
        assert_eq!(fs::metadata(&path).unwrap().len(), size);
        assert!(files::allocated_bytes(&path) < MIB);
    }
}

fn cp(reflink: &str) -> Command {
    let mut cp = subprocess::command("cp");
    cp.arg(format!("--reflink={reflink}"));
    cp
}

#[test]
fn sharing_is_seen_until_it_ends() {
    let test = "sharing_is_seen_until_it_ends";
    for file_system in [FileSystem::Xfs, FileSystem::Btrfs] {
        let Some(mounted) = unless_skipped(test, lab::mount(file_system)) else { continue };
        let [source, shared, copied] = ["source", "shared", "copied"].map(|name| mounted.dir().join(name));
        files::create(&source, 1, MIB);
        for (reflink, destination) in [("always", &shared), ("never", &copied)] {
            let mut cp = cp(reflink);
            cp.arg(&source).arg(destination);
            subprocess::run(cp).expect_success();
        }
        let Some(shares) = unless_skipped(test, files::shares_extents(&source, &shared)) else { return };
        assert!(shares && !files::shares_extents(&source, &copied).unwrap(), "{file_system}");
        files::create(&shared, 2, MIB);
        assert!(!files::shares_extents(&source, &shared).unwrap(), "{file_system}");
    }
}

#[test]
fn where_nothing_is_told_nothing_is_claimed() {
    let test = "where_nothing_is_told_nothing_is_claimed";
    let Some(mounted) = unless_skipped(test, lab::mount(FileSystem::Tmpfs)) else { return };
    let file = mounted.dir().join("file");
    files::create(&file, 1, MIB);
    let skip = files::shares_extents(&file, &file).unwrap_err();
    assert!(["not tell", "not installed"].iter().any(|reason| skip.to_string().contains(reason)), "{skip}");
}

/// `compress` gives up on a file whose beginning does not shrink, `compress-force` does not, and neither compresses
/// what is written in place. What is allocated is told as if nothing were compressed.
#[test]
fn compression_is_seen_and_is_no_hole() {
    let test = "compression_is_seen_and_is_no_hole";
    for (options, expected) in [("", false), ("compress=zstd", true), ("compress-force=zstd", true)] {
        let mounted = lab::mount_with(FileSystem::Btrfs, options);
        let Some(mounted) = unless_skipped(test, mounted) else { return };
        let [path, in_place] = ["file", "in place"].map(|name| mounted.dir().join(name));
        fs::write(&path, vec![b'a'; 1 << 20]).unwrap();
        let Some(compressed) = unless_skipped(test, files::is_compressed(&path)) else { return };
        assert_eq!(compressed, expected, "{options}");
        assert_eq!((files::extents(&path), files::allocated_bytes(&path)), (vec![(0, MIB)], MIB));
        assert_eq!(fs::read(&path).unwrap(), vec![b'a'; 1 << 20]);
        files::create_no_copy_on_write(&in_place, 1, 1).unwrap();
        OpenOptions::new().write(true).open(&in_place).unwrap().write_all(&[b'a'; 1 << 20]).unwrap();
        assert!(!files::is_compressed(&in_place).unwrap());
    }
}

#[test]
fn a_file_written_in_place_is_one() {
    let test = "a_file_written_in_place_is_one";
    let Some(mounted) = unless_skipped(test, lab::mount(FileSystem::Btrfs)) else { return };
    let [plain, in_place] = ["plain", "in place"].map(|name| mounted.dir().join(name));
    files::create(&plain, 1, MIB);
    let made = files::create_no_copy_on_write(&in_place, 1, MIB);
    unless_skipped(test, made).expect("btrfs has such files");
    files::assert_same_content(&plain, &in_place);
    // The kernel shares no extent between a file with checksums and one without.
    let mut cp = cp("always");
    cp.arg(&in_place).arg(&plain);
    assert!(subprocess::run(cp).stderr.contains("Invalid argument"));
    let Some(tmpfs) = unless_skipped(test, lab::mount(FileSystem::Tmpfs)) else { return };
    assert!(files::create_no_copy_on_write(&tmpfs.dir().join("file"), 1, 1).is_err());
}
