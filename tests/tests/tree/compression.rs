//! Trees compressed file by file, and decompressed again.

use std::fs;

use orbit_engine::{
    Compression, CopyError, CopyOptions, OnError, Operation, Placement, Symlinks, TreeOptions, Verification,
    ZstdLevel,
};
use orbit_tests::lab::{self, FileSystem};
use orbit_tests::skip::unless_skipped;
use orbit_tests::trees::{self, Aspect, Tree};
use orbit_tests::{files, subprocess, tool};

use super::scene::{Counts, Scene, directory, fifo, file, hard_link, plant, symlink};
use super::{copied, failure};

fn compressing() -> CopyOptions {
    CopyOptions::new().compression(Compression::Zstd(ZstdLevel::default()))
}

fn decompressing() -> CopyOptions {
    CopyOptions::new().compression(Compression::Decompress)
}

#[test]
fn a_tree_is_compressed_and_comes_back_by_every_placement() {
    let test = "a_tree_is_compressed_and_comes_back_by_every_placement";
    for (file_system, back) in [(FileSystem::Ext4, FileSystem::Tmpfs), (FileSystem::Btrfs, FileSystem::Xfs)] {
        let Some(scene) = Scene::on(test, file_system) else { continue };
        let Some(other) = unless_skipped(test, lab::mount(back)) else { continue };
        plant(&scene.from());
        let from = Tree::of(&scene.from());
        let expected = Counts::of(&from);
        for &placement in Placement::ALL {
            let with = |each: CopyOptions| {
                TreeOptions::new(each.placement(placement).verification(Verification::Compare)).workers(4)
            };
            for _ in 0..2 {
                let there = copied(&with(compressing()), &scene.from(), &scene.to());
                assert_eq!(there.bytes + there.kept_bytes, expected.bytes);
                assert!(there.files == expected.files || there.kept >= expected.files, "{there:?}");
                assert_named_so(&from, &Tree::of(&scene.to()));
                let again = copied(&with(decompressing()), &scene.to(), &other.dir().join("back"));
                assert_eq!(again.bytes + again.kept_bytes, expected.bytes, "{again:?}");
                trees::assert_same(&scene.from(), &other.dir().join("back"), Aspect::Content);
            }
            trees::remove(&scene.to());
            trees::remove(&other.dir().join("back"));
        }
    }
}

/// Every regular file has `.zst` behind its name; nothing else has.
#[track_caller]
fn assert_named_so(from: &Tree, to: &Tree) {
    assert_eq!(from.count(|_| true), to.count(|_| true));
    for (path, entry) in from.iter() {
        let mut name = path.as_os_str().to_owned();
        if entry.is_file() {
            name.push(".zst");
        }
        let found = to.get(&name).unwrap_or_else(|| panic!("{name:?} is missing"));
        assert_eq!(found.is_file(), entry.is_file(), "{name:?}");
        assert_eq!(found.metadata.mode & 0o777, entry.metadata.mode & 0o777, "{name:?}");
        assert_eq!(found.first_name.is_some(), entry.first_name.is_some(), "{name:?}");
    }
}

#[test]
fn the_frames_are_those_of_the_zstd_tool() {
    let test = "the_frames_are_those_of_the_zstd_tool";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    plant(&scene.from());
    let outcome = copied(&TreeOptions::new(compressing()), &scene.from(), &scene.to());
    let written: u64 = Tree::of(&scene.to())
        .iter()
        .filter(|(_, entry)| entry.is_file() && entry.first_name.is_none())
        .map(|(_, entry)| entry.size())
        .sum();
    assert_eq!(outcome.written_bytes, written);
    let Some(mut zstd) = unless_skipped(test, tool::find("zstd")) else { return };
    zstd.args(["--test", "--quiet", "-r"]).arg(scene.to());
    subprocess::run(zstd).expect_success();
}

/// Only regular files are decompressed; what has the end of the name but is something else keeps it.
#[test]
fn others_than_compressed_files_keep_their_names() {
    let test = "others_than_compressed_files_keep_their_names";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    let plain = scene.path("plain");
    file(&plain, "folder.zst/file", 1, 5000);
    file(&plain, "empty", 2, 0);
    copied(&TreeOptions::new(compressing()), &plain, &scene.from());
    file(&scene.from(), "text", 3, 4000);
    symlink(&scene.from(), "link.zst", "text");
    fifo(&scene.from(), "pipe.zst");
    hard_link(&scene.from(), "folder.zst/other.zst", "folder.zst/file.zst");
    let options = TreeOptions::new(decompressing().preserve_metadata(true));
    copied(&options, &scene.from(), &scene.to());
    files::assert_no_litter(&scene.to(), ["folder.zst", "empty", "text", "link.zst", "pipe.zst"]);
    files::assert_no_litter(&scene.to().join("folder.zst"), ["file", "other"]);
    files::assert_same_content(&plain.join("folder.zst/file"), &scene.to().join("folder.zst/other"));
    files::assert_same_content(&scene.from().join("text"), &scene.to().join("text"));
    assert_eq!(fs::metadata(scene.to().join("empty")).unwrap().len(), 0);
}

/// Followed, a link gives its own name to what it leads to.
#[test]
fn a_followed_link_gives_its_name() {
    let test = "a_followed_link_gives_its_name";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    file(&scene.from(), "file", 1, 5000);
    symlink(&scene.from(), "link", "file");
    let options = TreeOptions::new(compressing()).symlinks(Symlinks::Follow);
    copied(&options, &scene.from(), &scene.to());
    files::assert_no_litter(&scene.to(), ["file.zst", "link.zst"]);
}

#[test]
fn a_file_that_is_no_frame_fails_alone() {
    let test = "a_file_that_is_no_frame_fails_alone";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    file(&scene.from(), "folder/noise.zst", 1, 5000);
    file(&scene.from(), "folder/plain", 2, 5000);
    directory(&scene.from(), "empty");
    for &placement in Placement::ALL {
        let options = TreeOptions::new(decompressing().placement(placement)).on_error(OnError::Continue);
        let error = failure(&options, &scene.from(), &scene.to());
        let CopyError::Io { operation: Operation::Decompress, path, .. } = &error else {
            panic!("{error:?}")
        };
        assert_eq!(*path, scene.from().join("folder/noise.zst"));
        files::assert_no_litter(&scene.to().join("folder"), ["plain"]);
        trees::remove(&scene.to());
    }
}

/// Names of one file of which only some are those of a compressed file.
#[test]
fn hard_links_whose_names_end_differently_get_their_own_content() {
    let test = "hard_links_whose_names_end_differently_get_their_own_content";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    file(&scene.from(), "a", 1, 50_000);
    let zstd = CopyOptions::new().compression(Compression::Zstd(ZstdLevel::default()));
    let packed = scene.path("packed");
    copied(&TreeOptions::new(zstd), &scene.from(), &packed);
    for name in ["b", "0", "c.zst", "0.zst"] {
        fs::hard_link(packed.join("a.zst"), packed.join(name)).unwrap();
    }
    fs::remove_file(packed.join("0")).unwrap();
    copied(&TreeOptions::new(decompressing()), &packed, &scene.to());
    let read = |path: std::path::PathBuf| fs::read(path).unwrap();
    for name in ["a", "c", "0"] {
        assert_eq!(read(scene.to().join(name)), read(scene.from().join("a")), "{name}");
    }
    assert_eq!(read(scene.to().join("b")), read(packed.join("a.zst")));
}
