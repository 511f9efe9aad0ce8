//! Resumable trees: what is finished is not copied again, what is not goes on, and what changed is copied anew.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use orbit_engine::{Cancel, Compression, CopyOptions, Placement, Rate, TreeOptions, ZstdLevel};
use orbit_tests::files;
use orbit_tests::lab::FileSystem;
use orbit_tests::metadata::{self, set_times};
use orbit_tests::skip::unless_skipped;
use orbit_tests::trees::{self, Aspect, Tree, is_staging};

use super::heard::StopAt;
use super::scene::{FILE_SYSTEMS, Scene, file, files_in, plant, set_mode};
use super::{copied, failed, placed};

const MIB: u64 = 1 << 20;

fn resumable() -> CopyOptions {
    CopyOptions::new().placement(Placement::Resumable)
}

/// Every file of the copy has the time of its source, to the nanosecond.
#[test]
fn finished_files_have_the_time_of_their_source_and_are_kept() {
    let test = "finished_files_have_the_time_of_their_source_and_are_kept";
    for file_system in FILE_SYSTEMS {
        let Some(scene) = Scene::on(test, file_system) else { continue };
        plant(&scene.from());
        let first = copied(&TreeOptions::new(resumable()), &scene.from(), &scene.to());
        let (from, before) = (Tree::of(&scene.from()), Tree::of(&scene.to()));
        for (path, entry) in before.iter().filter(|(_, entry)| entry.is_file()) {
            assert_eq!(entry.metadata.modified, from.get(path).unwrap().metadata.modified, "{path:?}");
        }
        let second = copied(&TreeOptions::new(resumable()), &scene.from(), &scene.to());
        let kept = first.files + first.symlinks;
        assert_eq!((second.files, second.kept, second.kept_bytes), (0, kept, first.bytes), "{second:?}");
        assert_eq!((second.data_bytes, second.resumed), (0, 0));
        let after = Tree::of(&scene.to());
        for (path, entry) in before.iter().filter(|(_, entry)| entry.is_file()) {
            assert_eq!(after.get(path).unwrap().inode, entry.inode, "{path:?} was copied again");
        }
    }
}

/// Changes the scene; the second makes a file look later.
type Change = fn(&Scene, &dyn Fn(&Path, Duration));

/// Another size, or another time by a nanosecond, on either side.
#[test]
fn what_changed_is_copied_again_and_nothing_else() {
    let test = "what_changed_is_copied_again_and_nothing_else";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    plant(&scene.from());
    copied(&TreeOptions::new(resumable()), &scene.from(), &scene.to());
    let later = |path: &Path, by: Duration| {
        let status = fs::metadata(path).unwrap();
        set_times(path, status.accessed().unwrap(), status.modified().unwrap() + by);
    };
    let changes: [Change; 4] = [
        |scene, later| later(&scene.from().join("many/3"), Duration::from_nanos(1)),
        |scene, later| later(&scene.to().join("many/4"), Duration::from_nanos(1)),
        |scene, _| {
            let path = scene.from().join("many/5");
            let modified = fs::metadata(&path).unwrap().modified().unwrap();
            fs::write(&path, "shorter").unwrap();
            set_times(&path, modified, modified);
        },
        |scene, _| fs::remove_file(scene.to().join("many/6")).unwrap(),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        change(&scene, &later);
        let again = copied(&TreeOptions::new(resumable()), &scene.from(), &scene.to());
        assert_eq!(again.files, 1, "change {index}: {again:?}");
        trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
    }
}

/// A copy that is stopped once `bytes` have arrived.
#[track_caller]
fn interrupt(each: &CopyOptions, scene: &Scene, bytes: u64) {
    let cancel = Cancel::new();
    let stop = Arc::new(StopAt::new(0, bytes, &cancel));
    let each = each.clone().cancel(cancel).max_bandwidth(Rate::new(40 * MIB));
    let options = TreeOptions::new(each).workers(1).observer(stop);
    failed(&options, &scene.from(), &scene.to());
}

#[test]
fn an_interrupted_file_goes_on_where_it_stopped() {
    let test = "an_interrupted_file_goes_on_where_it_stopped";
    for file_system in [FileSystem::Ext4, FileSystem::Tmpfs] {
        let Some(scene) = Scene::on(test, file_system) else { continue };
        file(&scene.from(), "folder/large", 1, 20 * MIB + 12_345);
        for each in [resumable(), resumable().preserve_metadata(true)] {
            interrupt(&each, &scene, 12 * MIB);
            assert!(Tree::of(&scene.to()).iter().any(|(path, _)| is_staging(path)));
            assert!(!scene.to().join("folder/large").exists());
            let outcome = copied(&TreeOptions::new(each), &scene.from(), &scene.to());
            assert_eq!((outcome.files, outcome.resumed), (1, 1), "{outcome:?}");
            assert!(outcome.data_bytes < 16 * MIB && outcome.bytes == 20 * MIB + 12_345, "{outcome:?}");
            files::assert_same_content(&scene.from().join("folder/large"), &scene.to().join("folder/large"));
            files::assert_no_litter(&scene.to().join("folder"), ["large"]);
            trees::remove(&scene.to());
        }
    }
}

/// The part belongs to another content: nothing of it is believed.
#[test]
fn an_interrupted_file_that_changed_starts_over() {
    let test = "an_interrupted_file_that_changed_starts_over";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    file(&scene.from(), "folder/large", 1, 20 * MIB);
    interrupt(&resumable(), &scene, 12 * MIB);
    file(&scene.from(), "folder/large", 2, 20 * MIB);
    let outcome = copied(&TreeOptions::new(resumable()), &scene.from(), &scene.to());
    assert_eq!((outcome.resumed, outcome.data_bytes), (0, 20 * MIB), "{outcome:?}");
    files::assert_same_content(&scene.from().join("folder/large"), &scene.to().join("folder/large"));
    files::assert_no_litter(&scene.to().join("folder"), ["large"]);
}

/// A finished file is not copied again for what its owner, mode, attributes and lists have become, or for what an earlier
/// copy was not to keep.
#[test]
fn a_kept_file_gets_the_metadata_that_is_to_be_preserved() {
    let test = "a_kept_file_gets_the_metadata_that_is_to_be_preserved";
    for file_system in [FileSystem::Ext4, FileSystem::Xfs, FileSystem::Btrfs] {
        let Some(scene) = Scene::on(test, file_system) else { continue };
        for name in ["attribute", "list", "mode", "listless"] {
            file(&scene.from(), name, 1, 3000);
        }
        let path = |name: &str| scene.from().join(name);
        let set = |name: &str, value: &[u8]| metadata::set_xattr(&path("attribute"), name, value);
        let early =
            set("user.early", b"early").and_then(|()| metadata::add_to_acl(&path("listless"), "u:3456:r"));
        if unless_skipped(test, early).is_none() {
            continue;
        }
        copied(&TreeOptions::new(resumable()), &scene.from(), &scene.to());
        let preserve = || TreeOptions::new(resumable().preserve_metadata(true));
        let assert_kept = || {
            let outcome = copied(&preserve(), &scene.from(), &scene.to());
            assert_eq!((outcome.kept, outcome.data_bytes), (4, 0), "{outcome:?}");
            trees::assert_same(&scene.from(), &scene.to(), Aspect::Everything);
        };
        assert_kept();
        set("user.late", b"late").expect("it could be set before");
        set("user.early", b"other").expect("it could be set before");
        metadata::add_to_acl(&path("list"), "u:3456:r").expect("it could be added before");
        rustix::fs::removexattr(path("listless"), "system.posix_acl_access").expect("it was added");
        set_mode(&path("mode"), 0o640);
        assert_kept();
        assert_kept();
    }
}

/// The size of the source says nothing about that of the frames: the time does.
#[test]
fn compressed_and_decompressed_files_are_kept_by_their_time() {
    let test = "compressed_and_decompressed_files_are_kept_by_their_time";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    plant(&scene.from());
    let back = scene.path("back");
    for (each, source, copy) in [
        (resumable().compression(Compression::Zstd(ZstdLevel::default())), scene.from(), scene.to()),
        (resumable().compression(Compression::Decompress), scene.to(), back.clone()),
    ] {
        let first = copied(&TreeOptions::new(each.clone()), &source, &copy);
        let second = copied(&TreeOptions::new(each.clone()), &source, &copy);
        let kept = first.files + first.symlinks;
        assert_eq!((second.files, second.kept), (0, kept), "{second:?}");
        let path = source.join(if copy == back { "many/7.zst" } else { "many/7" });
        let time = fs::metadata(&path).unwrap().modified().unwrap() + Duration::from_secs(1);
        File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        let third = copied(&TreeOptions::new(each), &source, &copy);
        assert_eq!((third.files, third.kept), (1, kept - 1), "{third:?}");
    }
    trees::assert_same(&scene.from(), &back, Aspect::Content);
}

/// What other placements left has other times, or is taken for finished where its metadata was kept.
#[test]
fn copies_by_other_placements_are_believed_by_the_same_rule() {
    let test = "copies_by_other_placements_are_believed_by_the_same_rule";
    let Some(scene) = Scene::on(test, FileSystem::Xfs) else { return };
    files_in(&scene.from(), "folder", 20, 3000);
    copied(&placed(Placement::Staged), &scene.from(), &scene.to());
    let outcome = copied(&TreeOptions::new(resumable()), &scene.from(), &scene.to());
    assert_eq!((outcome.files, outcome.kept), (20, 0));
    trees::remove(&scene.to());
    let preserving = TreeOptions::new(CopyOptions::new().preserve_metadata(true));
    copied(&preserving, &scene.from(), &scene.to());
    let before = fs::metadata(scene.to().join("folder/3")).unwrap().ino();
    let outcome = copied(&TreeOptions::new(resumable()), &scene.from(), &scene.to());
    assert_eq!((outcome.files, outcome.kept), (0, 20));
    assert_eq!(fs::metadata(scene.to().join("folder/3")).unwrap().ino(), before);
}
