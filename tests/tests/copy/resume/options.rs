//! What is left, gone on with by options that are not those of before, or that leave the copy little choice.

use std::fs;
use std::sync::Arc;
use std::time::Instant;

use orbit_engine::{
    Cancel, Compression, CopyError, CopyOptions, Mechanism, Observer, Phase, Progress, Rate, Reflink,
    Resumed, Sparse, Strategy, Unusable, Verification, Verified, ZstdLevel, copy_file,
};
use orbit_tests::files;
use orbit_tests::lab::{self, FileSystem};
use orbit_tests::skip::unless_skipped;

use super::super::copied_with;
use super::super::heard::Heard;
use super::{MIB, SIZE, Scene, at, interrupt, resumable};

/// A clone needs no begin, and must not be kept from the whole by one.
#[test]
fn a_clone_that_is_demanded_is_made_whatever_was_left() {
    let test = "a_clone_that_is_demanded_is_made_whatever_was_left";
    let Some(xfs) = unless_skipped(test, lab::mount(FileSystem::Xfs)) else { return };
    let (source, copy) = (xfs.dir().join("source"), xfs.dir().join("copy"));
    files::create(&source, 1, SIZE);
    for demand in [resumable().reflink(Reflink::Always), resumable().only(Mechanism::Reflink)] {
        interrupt(&resumable(), &source, &copy, 8 * MIB);
        let outcome = copied_with(&demand.verification(Verification::Compare), &source, &copy);
        assert_eq!((outcome.mechanism, outcome.resumed), (Mechanism::Reflink, Resumed::No));
        assert_eq!((outcome.verified, outcome.data_bytes), (Verified::SharedExtents, SIZE));
        files::assert_same_content(&source, &copy);
        files::assert_no_litter(xfs.dir(), ["source", "copy"]);
        fs::remove_file(&copy).unwrap();
    }
}

/// `never` promises that nothing is missing, `always` that no block of zeros is there.
#[test]
fn what_has_other_holes_is_not_gone_on_with() {
    let test = "what_has_other_holes_is_not_gone_on_with";
    let Some(place) = unless_skipped(test, lab::mount(FileSystem::Ext4)) else { return };
    let (source, copy) = (place.dir().join("source"), place.dir().join("copy"));
    let size = 40 * MIB;
    files::create_sparse(&source, size, &[(0, 1, 4 * MIB), (20 * MIB, 2, 20 * MIB)]);
    for (before, after) in [(Sparse::Auto, Sparse::Never), (Sparse::Never, Sparse::Always)] {
        interrupt(&resumable().sparse(before), &source, &copy, 28 * MIB);
        let outcome = copied_with(&resumable().sparse(after), &source, &copy);
        assert_eq!(outcome.resumed, Resumed::StartedOver(Unusable::Sparse), "{before} {after}");
        files::assert_same_content(&source, &copy);
        assert_eq!(files::allocated_bytes(&copy) >= size, after == Sparse::Never, "{before} {after}");
        fs::remove_file(&copy).unwrap();
    }
    for same in [Sparse::Never, Sparse::Always] {
        let options = resumable().sparse(same);
        interrupt(&options, &source, &copy, 28 * MIB);
        at(copied_with(&options, &source, &copy).resumed);
        files::assert_same_content(&source, &copy);
        assert_eq!(files::allocated_bytes(&copy) >= size, same == Sparse::Never, "{same}");
        fs::remove_file(&copy).unwrap();
    }
}

/// Blocks are read back while the file goes past the cache.
#[test]
fn a_copy_past_the_page_cache_is_gone_on_with() {
    let test = "a_copy_past_the_page_cache_is_gone_on_with";
    for file_system in [FileSystem::Ext4, FileSystem::Xfs, FileSystem::Btrfs] {
        let Some(place) = unless_skipped(test, lab::mount(file_system)) else { continue };
        let (source, copy) = (place.dir().join("source"), place.dir().join("copy"));
        files::create(&source, 1, SIZE);
        let options = resumable().strategy(Strategy::Buffered).direct_io(true);
        interrupt(&options, &source, &copy, 8 * MIB);
        let outcome = copied_with(&options, &source, &copy);
        assert_eq!(outcome.mechanism, Mechanism::DirectIo, "{file_system:?}");
        assert!(at(outcome.resumed) >= 4 * MIB, "{file_system:?}");
        files::assert_same_content(&source, &copy);
    }
}

/// How many bytes were done, each time that bytes were copied.
fn bytes_told(heard: &Heard) -> Vec<u64> {
    let heard = heard.words();
    let copying = heard.iter().map(|(_, progress)| progress).filter(|told| told.phase == Phase::Copying);
    copying.map(|told| told.bytes).filter(|bytes| *bytes > 0).collect()
}

#[test]
fn what_was_left_counts_as_done() {
    let folder = tempfile::tempdir().unwrap();
    let (source, size) = (folder.path().join("source"), 40 * MIB);
    files::create(&source, 1, size);
    for (name, compression) in
        [("copy", Compression::None), ("copy.zst", Compression::Zstd(ZstdLevel::default()))]
    {
        let (copy, heard) = (folder.path().join(name), Arc::new(Heard::default()));
        let options = resumable().compression(compression);
        interrupt(&options, &source, &copy, 24 * MIB);
        let watched = options.observer(heard.clone()).max_bandwidth(Rate::new(40 * MIB));
        let at = at(copied_with(&watched, &source, &copy).resumed);
        let copied = bytes_told(&heard);
        assert!(copied.iter().all(|bytes| (at..=size).contains(bytes)), "{at}: {copied:?}");
        assert!(copied.len() > 3 && copied.last().is_some_and(|last| *last > at), "{at}: {copied:?}");
    }
}

#[test]
fn a_copy_that_ends_before_its_first_block_is_whole_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (source, copy) = (folder.path().join("source"), folder.path().join("copy"));
    files::create(&source, 1, SIZE);
    for compression in [Compression::None, Compression::Zstd(ZstdLevel::default())] {
        let cancel = Cancel::new();
        let stop = Arc::new(super::StopAt(MIB / 4, cancel.clone()));
        let options = resumable().compression(compression).observer(stop).cancel(cancel);
        let error = copy_file(&source, &copy, &options.max_bandwidth(Rate::new(2 * MIB))).unwrap_err();
        assert!(matches!(error, CopyError::Cancelled { .. }), "{error}");
        files::assert_no_litter(folder.path(), ["source"]);
    }
}

/// Stops a copy when it is proven, or when it is all there.
struct StopAtProof(Cancel);

impl Observer for StopAtProof {
    fn progress(&self, progress: Progress) {
        if progress.phase == Phase::Verifying {
            self.0.cancel();
        }
    }
}

/// The last block, which is shorter, is not written down.
#[test]
fn a_copy_that_is_stopped_while_it_is_proven_is_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    files::create(&source, 1, SIZE);
    for (name, compression, least) in
        [("copy", Compression::None, 12), ("copy.zst", Compression::Zstd(ZstdLevel::default()), 8)]
    {
        let copy = folder.path().join(name);
        let options = resumable().compression(compression).verification(Verification::Sha256);
        let cancel = Cancel::new();
        let paced = options.clone().max_bandwidth(Rate::new(40 * MIB));
        let stopped = paced.observer(Arc::new(StopAtProof(cancel.clone()))).cancel(cancel);
        let error = copy_file(&source, &copy, &stopped).unwrap_err();
        assert!(matches!(error, CopyError::Cancelled { .. }), "{error}");
        assert!(at(copied_with(&options, &source, &copy).resumed) >= least * MIB, "{name}");
    }
    files::assert_no_litter(folder.path(), ["source", "copy", "copy.zst"]);
}

/// A check that was ended has found nothing, neither good nor bad.
#[test]
fn what_is_left_stays_when_its_check_is_ended() {
    let scene = Scene::new();
    let cancel = Cancel::new();
    cancel.cancel();
    let error = copy_file(scene.source(), scene.copy(), &resumable().cancel(cancel)).unwrap_err();
    assert!(matches!(error, CopyError::Cancelled { .. }), "{error}");
    assert!(at(scene.resume()) >= 4 * MIB);
}

/// With damage at the end, all of it is read again.
#[test]
fn a_check_that_takes_long_is_told() {
    let scene = Scene { folder: tempfile::tempdir().unwrap() };
    let (source, copy) = (scene.source(), scene.copy());
    files::create(&source, 1, 400 * MIB);
    let slow = resumable().strategy(Strategy::Buffered).max_bandwidth(Rate::new(400 * MIB));
    super::interrupt_as(&slow, &source, &copy, 350 * MIB);
    super::damaged::damage(&scene, super::damaged::blocks(&scene) - 1);
    let heard = Arc::new(Heard::default());
    let begin = Instant::now();
    let options = CopyOptions::clone(&resumable()).observer(heard.clone());
    at(copied_with(&options, &source, &copy).resumed);
    let heard = heard.words();
    let first = heard.iter().find(|(_, told)| told.bytes > 0).expect("bytes were copied").0;
    let told = heard.iter().filter(|(when, _)| *when < first).count() as u128;
    let took = (first - begin).as_millis();
    // The begin is told in any case. Ten times a second are promised; a loaded machine may take a thread away for as long
    // again and more.
    assert!(took > 100 && told > 1 + took / 400, "{told} times in {took} ms");
    assert!(!left_anything(&scene), "it is whole");
}

fn left_anything(scene: &Scene) -> bool {
    files::list(scene.folder.path()).len() > 2
}
