//! What is wanted of each file holds in trees: strategy, holes, shared extents, tuning, threads, retries.

use std::fs;
use std::os::unix::fs::MetadataExt;

use orbit_engine::{
    CopyOptions, Mechanism, Reflink, RefusalReason, Sparse, Strategy, Threshold, TreeOptions, TreeOutcome,
    Tuning, Values,
};
use orbit_tests::faults::{self, Fault};
use orbit_tests::files;
use orbit_tests::lab::FileSystem;
use orbit_tests::skip::unless_skipped;
use orbit_tests::trees::{self, Aspect};
use rustix::io::Errno;

use super::copy_tree_once::{TreeReport, copy_tree_once};
use super::scene::{Scene, file, files_in};
use super::{copied, failed};

const MIB: u64 = 1 << 20;

/// Files, each large enough for every mechanism.
const FILES: u64 = 6;

/// What moved the bytes of a tree of [`FILES`] files of one mebibyte.
#[track_caller]
fn mechanisms(scene: &Scene, each: CopyOptions) -> Vec<Mechanism> {
    outcome(scene, each).moved.iter().map(|moved| moved.mechanism).collect()
}

#[track_caller]
fn outcome(scene: &Scene, each: CopyOptions) -> TreeOutcome {
    trees::remove(&scene.to());
    let outcome = copied(&TreeOptions::new(each).workers(3), &scene.from(), &scene.to());
    trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
    assert_eq!(outcome.moved.iter().map(|moved| moved.bytes).sum::<u64>(), FILES * MIB, "{outcome:?}");
    outcome
}

fn scene(test: &str, file_system: FileSystem) -> Option<Scene> {
    let scene = Scene::on(test, file_system)?;
    for index in 0..FILES {
        file(&scene.from(), &format!("folder{}/file{index}", index % 2), index, MIB);
    }
    Some(scene)
}

fn by(strategy: Strategy) -> CopyOptions {
    CopyOptions::new().strategy(strategy)
}

#[test]
fn the_strategy_holds_for_every_file() {
    let test = "the_strategy_holds_for_every_file";
    for (file_system, mechanism) in [
        (FileSystem::Xfs, Mechanism::Reflink),
        (FileSystem::Btrfs, Mechanism::Reflink),
        (FileSystem::Ext4, Mechanism::Splice),
        (FileSystem::Tmpfs, Mechanism::Splice),
    ] {
        let Some(scene) = scene(test, file_system) else { continue };
        assert_eq!(mechanisms(&scene, by(Strategy::ZeroCopy)), [mechanism], "{file_system}");
        assert_eq!(mechanisms(&scene, by(Strategy::Auto)), [mechanism], "{file_system}");
        assert_eq!(mechanisms(&scene, by(Strategy::Buffered)), [Mechanism::ReadWrite], "{file_system}");
    }
}

#[test]
fn one_mechanism_alone_can_be_asked_for() {
    let test = "one_mechanism_alone_can_be_asked_for";
    let Some(scene) = scene(test, FileSystem::Ext4) else { return };
    for mechanism in [Mechanism::CopyFileRange, Mechanism::Sendfile, Mechanism::ReadWrite] {
        assert_eq!(mechanisms(&scene, CopyOptions::new().only(mechanism)), [mechanism]);
    }
    assert_eq!(mechanisms(&scene, by(Strategy::Buffered).direct_io(true)), [Mechanism::DirectIo]);
    assert_eq!(mechanisms(&scene, by(Strategy::Buffered).io_uring(true)), [Mechanism::IoUring]);
    trees::remove(&scene.to());
    let never = TreeOptions::new(CopyOptions::new().reflink(Reflink::Always));
    let error = failed(&never, &scene.from(), &scene.to());
    assert!(error.failures[0].is_zero_copy_unsupported(), "{error:?}");
}

/// Tiny and empty files too, as far as the file system can.
#[test]
fn extents_are_shared_unless_forbidden() {
    let test = "extents_are_shared_unless_forbidden";
    for file_system in [FileSystem::Xfs, FileSystem::Btrfs] {
        let Some(scene) = scene(test, file_system) else { continue };
        let names = |dir: &str| (scene.from().join(dir).join("file0"), scene.to().join(dir).join("file0"));
        for (reflink, shared) in [(Reflink::Auto, true), (Reflink::Always, true), (Reflink::Never, false)] {
            outcome(&scene, CopyOptions::new().reflink(reflink));
            let (source, copy) = names("folder0");
            let shares = files::shares_extents(&source, &copy);
            let Some(shares) = unless_skipped(test, shares) else { return };
            assert_eq!(shares, shared, "{reflink} on {file_system}");
        }
    }
}

/// Told once for all, with the number of files, and not asked again for each file.
#[test]
fn refusals_are_counted_by_reason() {
    let test = "refusals_are_counted_by_reason";
    let Some(scene) = scene(test, FileSystem::Ext4) else { return };
    let outcome = outcome(&scene, by(Strategy::ZeroCopy));
    let reason = RefusalReason::Errno(Errno::OPNOTSUPP.raw_os_error());
    let found = outcome.refusals.iter().find(|refused| refused.mechanism == Mechanism::Reflink);
    let found = found.unwrap_or_else(|| panic!("{:?}", outcome.refusals));
    assert!(found.reason == reason && (1..=FILES).contains(&found.files), "{found:?}");
    assert_eq!(outcome.refusals.len(), 1, "{:?}", outcome.refusals);
}

#[test]
fn holes_stay_holes_and_data_stays_where_it_is() {
    let test = "holes_stay_holes_and_data_stays_where_it_is";
    for file_system in [FileSystem::Ext4, FileSystem::Xfs, FileSystem::Tmpfs] {
        let Some(scene) = Scene::on(test, file_system) else { continue };
        for index in 0..4 {
            let path = file(&scene.from(), &format!("folder/sparse{index}"), 1, 0);
            files::create_sparse(&path, 300 * MIB, &[(MIB, index, 9000), (250 * MIB, 7, 100)]);
        }
        for (sparse, most) in [(Sparse::Auto, MIB), (Sparse::Always, MIB)] {
            let each = CopyOptions::new().sparse(sparse).reflink(Reflink::Never).strategy(Strategy::Buffered);
            if sparse == Sparse::Always {
                // Every zero is read.
                fs::remove_file(scene.from().join("folder/sparse3")).unwrap();
                fs::remove_file(scene.from().join("folder/sparse2")).unwrap();
            }
            let outcome = copied(&TreeOptions::new(each).workers(4), &scene.from(), &scene.to());
            let left = files::list(&scene.from().join("folder")).len() as u64;
            assert_eq!(outcome.bytes, left * 300 * MIB);
            for name in files::list(&scene.to().join("folder")) {
                let copy = scene.to().join("folder").join(&name);
                assert!(fs::metadata(&copy).unwrap().blocks() * 512 < most, "{name:?}, {sparse}");
                files::assert_same_content(&scene.from().join("folder").join(&name), &copy);
            }
            trees::remove(&scene.to());
        }
    }
}

/// A profile of the tuning decides for trees as for files.
#[test]
fn the_tuning_holds_for_every_file() {
    let test = "the_tuning_holds_for_every_file";
    let Some(scene) = scene(test, FileSystem::Ext4) else { return };
    let never = Tuning::uniform(Values::default().with_zero_copy_threshold(Threshold::Never));
    assert_eq!(mechanisms(&scene, by(Strategy::Auto).tuning(never)), [Mechanism::ReadWrite]);
    let always = Tuning::uniform(Values::default().with_zero_copy_threshold(Threshold::AtLeast(1)));
    assert_eq!(mechanisms(&scene, by(Strategy::Auto).tuning(always)), [Mechanism::Splice]);
}

/// A tree of few large files is copied by the threads that one large file is copied by, and arrives whole.
#[test]
fn large_files_by_several_threads_arrive_whole() {
    let test = "large_files_by_several_threads_arrive_whole";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    for index in 0..3 {
        file(&scene.from(), &format!("large{index}"), index, 40 * MIB + 17);
    }
    files_in(&scene.from(), "small", 30, 5000);
    for strategy in [Strategy::Buffered, Strategy::ZeroCopy] {
        copied(&TreeOptions::new(by(strategy).threads(4)).workers(2), &scene.from(), &scene.to());
        trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
        trees::remove(&scene.to());
    }
}

#[test]
fn a_failure_that_passes_is_tried_again_and_counted() {
    let test = "a_failure_that_passes_is_tried_again_and_counted";
    let Some(scene) = scene(test, FileSystem::Ext4) else { return };
    let fault = Fault::error("pwrite64", Errno::BUSY);
    for (retries, succeeds) in [("0", false), ("2", true)] {
        trees::remove(&scene.to());
        let options = ["--strategy", "buffered", "--workers", "1", "--retries", retries];
        let child = copy_tree_once(&options, &scene.from(), &scene.to());
        let Some(finished) = unless_skipped(test, faults::inject(&child, &fault)) else { return };
        let report = TreeReport::whatever(finished);
        assert_eq!(report.failures().is_empty(), succeeds, "{report:?}");
        assert_eq!(report.number("retries"), u64::from(succeeds), "{report:?}");
    }
    trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
}
