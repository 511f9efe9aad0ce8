//! Holes: kept, made or filled as asked, extent by extent, and never wrong content.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Instant;

use orbit_engine::{CopyOptions, CopyOutcome, Reflink, Sparse, Strategy};
use orbit_tests::files;
use orbit_tests::lab::{self, FileSystem, Mounted};
use orbit_tests::skip::unless_skipped;

use super::copied_with;

const KIB: u64 = 1 << 10;

const MIB: u64 = 1 << 20;

const SIZE: u64 = 4 * MIB;

/// Stretches of data as `(offset, seed, length)`.
type Map = &'static [(u64, u64, u64)];

/// Maps by the name of what they leave.
const MAPS: [(&str, Map); 7] = [
    ("a leading hole", &[(MIB, 1, 3 * MIB)]),
    ("a trailing hole", &[(0, 1, MIB)]),
    ("nothing but a hole", &[]),
    ("a hole in the middle", &[(0, 1, MIB), (3 * MIB, 2, MIB)]),
    ("data in the middle", &[(MIB, 1, 64 * KIB)]),
    ("many holes", &[(0, 1, 64 * KIB), (512 * KIB, 2, 64 * KIB), (MIB, 3, 4 * KIB), (3 * MIB, 4, 128 * KIB)]),
    ("no hole", &[(0, 1, SIZE)]),
];

/// Sharing keeps the map by itself: without it, the engine has to.
fn options(strategy: Strategy, sparse: Sparse) -> CopyOptions {
    CopyOptions::new().strategy(strategy).reflink(Reflink::Never).sparse(sparse)
}

/// All but the workspace, whose file system is not known.
fn known(test: &str) -> Vec<Mounted> {
    let known = FileSystem::ALL.into_iter().filter(|&file_system| file_system != FileSystem::Workspace);
    known.filter_map(|file_system| unless_skipped(test, lab::mount(file_system))).collect()
}

/// Of each two of them, one and the same too.
fn for_each_known_pair(test: &str, body: impl Fn(&Path, &Path)) {
    let mounts = known(test);
    for (from, to) in mounts.iter().flat_map(|from| mounts.iter().map(move |to| (from, to))) {
        let (source, copy) = (from.dir().join("source"), to.dir().join("copy"));
        body(&source, &copy);
        fs::remove_file(source).expect("as prepared by this test");
        let _ = fs::remove_file(copy);
    }
}

fn data(map: &[(u64, u64, u64)]) -> u64 {
    map.iter().map(|(_, _, length)| length).sum()
}

#[track_caller]
fn assert_arrived(outcome: &CopyOutcome, source: &Path, copy: &Path) {
    files::assert_same_content(source, copy);
    assert_eq!(
        fs::metadata(copy).expect("as prepared by this test").len(),
        fs::metadata(source).expect("as prepared by this test").len()
    );
    assert_eq!(outcome.bytes, fs::metadata(source).expect("as prepared by this test").len());
}

#[test]
fn auto_keeps_every_hole_where_it_was() {
    for_each_known_pair("auto_keeps_every_hole_where_it_was", |source, copy| {
        for (name, map) in MAPS {
            files::create_sparse(source, SIZE, map);
            for &strategy in Strategy::ALL {
                let outcome = copied_with(&options(strategy, Sparse::Auto), source, copy);
                assert_arrived(&outcome, source, copy);
                assert_eq!(files::extents(copy), files::extents(source), "{name}, {strategy}: {outcome:?}");
                assert_eq!(outcome.data_bytes, data(map), "{name}, {strategy}");
                // XFS allocates ahead of what is written in order, as much again.
                assert!(files::allocated_bytes(copy) <= 2 * data(map) + 64 * KIB, "{name}, {strategy}");
            }
        }
    });
}

/// The end of a file is seldom the end of a block.
#[test]
fn an_odd_size_keeps_its_last_hole_and_its_last_bytes() {
    for_each_known_pair("an_odd_size_keeps_its_last_hole_and_its_last_bytes", |source, copy| {
        for (size, map) in [
            (SIZE + 1, &[(0, 1, 64 * KIB)][..]),
            (SIZE + 4095, &[]),
            (SIZE + 5, &[(SIZE, 1, 5)]),
            (MIB + 1, &[(MIB - 4096, 1, 4097)]),
        ] {
            files::create_sparse(source, size, map);
            for &strategy in Strategy::ALL {
                let outcome = copied_with(&options(strategy, Sparse::Auto), source, copy);
                assert_arrived(&outcome, source, copy);
                assert_eq!(files::extents(copy), files::extents(source), "{size}, {strategy}");
            }
        }
    });
}

#[test]
fn never_fills_every_hole() {
    for_each_known_pair("never_fills_every_hole", |source, copy| {
        for (name, map) in MAPS {
            files::create_sparse(source, SIZE, map);
            for &strategy in Strategy::ALL {
                let outcome = copied_with(&options(strategy, Sparse::Never), source, copy);
                assert_arrived(&outcome, source, copy);
                assert_eq!(files::extents(copy), [(0, SIZE)], "{name}, {strategy}");
                assert!(files::allocated_bytes(copy) >= SIZE, "{name}, {strategy}");
            }
        }
    });
}

/// Zeros that the source stores become holes too.
#[test]
fn always_makes_holes_of_zeros() {
    for_each_known_pair("always_makes_holes_of_zeros", |source, copy| {
        let file = File::create(source).unwrap();
        file.write_all_at(&vec![0; usize::try_from(SIZE).unwrap()], 0).unwrap();
        file.write_all_at(&files::content(1, 64 * KIB), MIB).unwrap();
        drop(file);
        assert_eq!(files::extents(source), [(0, SIZE)]);
        for &strategy in Strategy::ALL {
            let outcome = copied_with(&options(strategy, Sparse::Always), source, copy);
            assert_arrived(&outcome, source, copy);
            // However large the runs are that it looks at, no more than 1 MiB.
            assert!(files::allocated_bytes(copy) <= 2 * MIB, "{strategy}: {:?}", files::extents(copy));
            let auto = copied_with(&options(strategy, Sparse::Auto), source, copy);
            assert_arrived(&auto, source, copy);
            assert_eq!(files::extents(copy), [(0, SIZE)], "{strategy}");
        }
    });
}

/// A tebibyte with three extents costs what it holds.
#[test]
fn a_file_of_a_tebibyte_copies_in_the_time_of_its_data() {
    for_each_known_pair("a_file_of_a_tebibyte_copies_in_the_time_of_its_data", |source, copy| {
        let size = 1 << 40;
        let map = [(0, 1, 64 * KIB), (size / 2, 2, 64 * KIB), (size - 64 * KIB, 3, 64 * KIB)];
        files::create_sparse(source, size, &map);
        for &strategy in Strategy::ALL {
            let start = Instant::now();
            let outcome = copied_with(&options(strategy, Sparse::Auto), source, copy);
            // Reading it all takes minutes.
            assert!(start.elapsed().as_secs() < 5, "{strategy}: {:?}", start.elapsed());
            assert_eq!((outcome.bytes, outcome.data_bytes), (size, data(&map)));
            assert_eq!(files::extents(copy), files::extents(source), "{strategy}");
            let (from, to) = (File::open(source).unwrap(), File::open(copy).unwrap());
            for (offset, _, length) in map {
                let mut pair =
                    [vec![0; usize::try_from(length).unwrap()], vec![0; usize::try_from(length).unwrap()]];
                from.read_exact_at(&mut pair[0], offset).unwrap();
                to.read_exact_at(&mut pair[1], offset).unwrap();
                assert!(pair[0] == pair[1], "{strategy} at {offset}");
            }
            assert!(files::allocated_bytes(copy) < MIB, "{strategy}");
        }
    });
}

/// Fewer blocks than the size needs, and yet no hole.
#[test]
fn a_compressed_file_arrives_whole_and_keeps_its_holes() {
    let test = "a_compressed_file_arrives_whole_and_keeps_its_holes";
    for options_of_mount in ["compress=zstd", "compress-force=zstd"] {
        let mounted = lab::mount_with(FileSystem::Btrfs, options_of_mount);
        let Some(mounted) = unless_skipped(test, mounted) else { return };
        let (source, copy) = (mounted.dir().join("source"), mounted.dir().join("copy"));
        for hole in [0, MIB] {
            let file = File::create(&source).unwrap();
            file.write_all_at(&vec![b'a'; usize::try_from(MIB).unwrap()], 0).unwrap();
            file.write_all_at(&vec![b'b'; usize::try_from(MIB).unwrap()], MIB + hole).unwrap();
            drop(file);
            let Some(compressed) = unless_skipped(test, files::is_compressed(&source)) else { return };
            assert!(compressed);
            for &strategy in Strategy::ALL {
                let outcome = copied_with(&options(strategy, Sparse::Auto), &source, &copy);
                assert_arrived(&outcome, &source, &copy);
                assert_eq!(files::extents(&copy), files::extents(&source), "{strategy}, {hole}");
                assert_eq!(outcome.data_bytes, 2 * MIB);
            }
        }
    }
}

/// Sharing copies the map with the data, whatever is said of holes; only `never` may have to do without.
#[test]
fn a_reflink_keeps_holes_and_shares() {
    let test = "a_reflink_keeps_holes_and_shares";
    for file_system in [FileSystem::Xfs, FileSystem::Btrfs] {
        let Some(mounted) = unless_skipped(test, lab::mount(file_system)) else { continue };
        let (source, copy) = (mounted.dir().join("source"), mounted.dir().join("copy"));
        files::create_sparse(&source, SIZE, &[(MIB, 1, MIB)]);
        let outcome = copied_with(&CopyOptions::new().reflink(Reflink::Always), &source, &copy);
        assert_arrived(&outcome, &source, &copy);
        assert_eq!(files::extents(&copy), files::extents(&source));
        let Some(shares) = unless_skipped(test, files::shares_extents(&source, &copy)) else { return };
        assert!(shares);
    }
}

/// An old, longer file must not shine through a hole.
#[test]
fn nothing_of_the_old_file_is_left_in_a_hole() {
    use orbit_engine::Placement;

    let old = files::content(9, SIZE + 64 * KIB);
    for_each_known_pair("nothing_of_the_old_file_is_left_in_a_hole", |source, copy| {
        for (_, map) in MAPS.iter().filter(|(_, map)| map.len() < 3) {
            files::create_sparse(source, SIZE, map);
            for placement in [Placement::Staged, Placement::InPlace] {
                for &strategy in Strategy::ALL {
                    fs::write(copy, &old).unwrap();
                    let options = options(strategy, Sparse::Auto).placement(placement);
                    assert_arrived(&copied_with(&options, source, copy), source, copy);
                }
            }
        }
    });
}

/// Those that write where the file stands must go there first.
#[test]
fn each_mechanism_alone_passes_holes() {
    let test = "each_mechanism_alone_passes_holes";
    let Some(ext4) = unless_skipped(test, lab::mount(FileSystem::Ext4)) else { return };
    let (source, copy) = (ext4.dir().join("source"), ext4.dir().join("copy"));
    let file = File::create(&source).unwrap();
    file.set_len(4 << 20).unwrap();
    for at in [1_u64 << 20, 3 << 20] {
        file.write_all_at(&files::content(at, 70_000), at).unwrap();
    }
    for &only in orbit_engine::Mechanism::ALL {
        match orbit_engine::copy_file(&source, &copy, &CopyOptions::new().only(only)) {
            Ok(outcome) => {
                assert!(outcome.mechanism == only && outcome.data_bytes < 1 << 20, "{outcome:?}");
                files::assert_same_content(&source, &copy);
            }
            Err(error) => assert!(error.is_zero_copy_unsupported(), "{error}"),
        }
    }
}
