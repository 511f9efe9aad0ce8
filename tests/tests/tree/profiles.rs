//! Which profile of a tuned file a tree is copied by: that of its roots, and for each file that of where it is.

use std::fs;
use std::path::Path;

use orbit_engine::{
    CopyOptions, FileSystemPair, Threshold, TreeOptions, TreeOutcome, Tuning, Values, zero_copy_capabilities,
};
use orbit_tests::lab::{self, FileSystem};
use orbit_tests::skip::unless_skipped;
use orbit_tests::trees;

use super::copied;
use super::scene::{Scene, directory, file};

const KIB: u64 = 1024;

/// One that is read and written in one step, and one that is not.
const SIZES: [u64; 2] = [6000, 300 * KIB];
const BYTES: u64 = SIZES[0] + SIZES[1];

fn pair(from: &Path, to: &Path) -> FileSystemPair {
    zero_copy_capabilities(from, to).expect("both directories take files").pair
}

fn always_or_never(is_zero_copy: bool) -> Values {
    let threshold = if is_zero_copy { Threshold::Always } else { Threshold::Never };
    Values::default().with_zero_copy_threshold(threshold)
}

fn plant(root: &Path) {
    for (index, size) in SIZES.into_iter().enumerate() {
        file(root, &format!("folder/file{index}"), 1, size);
    }
}

fn zero_copy_bytes(outcome: &TreeOutcome) -> u64 {
    let zero_copy = outcome.moved.iter().filter(|moved| moved.mechanism.is_zero_copy());
    zero_copy.map(|moved| moved.bytes).sum()
}

#[test]
fn the_pair_of_the_roots_chooses() {
    let test = "the_pair_of_the_roots_chooses";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    let Some(other) = unless_skipped(test, lab::mount(FileSystem::Tmpfs)) else { return };
    plant(&scene.from());
    let away = other.dir().join("to");
    let (within, between) = (pair(&scene.from(), scene.place().dir()), pair(&scene.from(), other.dir()));
    assert_ne!(within, between);
    for (workers, is_zero_copy) in [(2, true), (3, false)] {
        let here = always_or_never(is_zero_copy).with_tree_workers(workers);
        let there = always_or_never(!is_zero_copy).with_tree_workers(5 - workers);
        let tuning =
            Tuning::default().with_profile(within.clone(), here).with_profile(between.clone(), there);
        let options = TreeOptions::new(CopyOptions::new().tuning(tuning));
        for (to, workers, is_zero_copy) in
            [(scene.to(), workers, is_zero_copy), (away.clone(), 5 - workers, !is_zero_copy)]
        {
            let outcome = copied(&options, &scene.from(), &to);
            assert_eq!(outcome.workers, workers);
            assert_eq!(zero_copy_bytes(&outcome), if is_zero_copy { BYTES } else { 0 }, "{outcome:?}");
            trees::remove(&to);
        }
    }
}

/// Also small files, which are moved in one step.
#[test]
fn files_below_a_mount_point_have_the_profile_of_what_is_mounted() {
    let test = "files_below_a_mount_point_have_the_profile_of_what_is_mounted";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    for mounted in [FileSystem::Tmpfs, FileSystem::Ext4] {
        let Some(other) = unless_skipped(test, lab::mount(mounted)) else { continue };
        let from = directory(scene.place().dir(), mounted.name());
        let point = directory(&from, "mounted");
        plant(&from);
        plant(other.dir());
        let Some(bound) = unless_skipped(test, lab::bind(other.dir(), &point)) else { continue };
        let (roots, nested) = (pair(&from, scene.place().dir()), pair(other.dir(), scene.place().dir()));
        assert_ne!(roots, nested);
        for (of_roots, of_nested, expected) in
            [(true, true, 2 * BYTES), (true, false, BYTES), (false, true, BYTES), (false, false, 0)]
        {
            let tuning = Tuning::default()
                .with_profile(roots.clone(), always_or_never(of_roots))
                .with_profile(nested.clone(), always_or_never(of_nested));
            let options = TreeOptions::new(CopyOptions::new().tuning(tuning).preserve_metadata(false));
            let outcome = copied(&options, &from, &scene.to());
            assert_eq!((outcome.files, zero_copy_bytes(&outcome)), (4, expected), "{outcome:?}");
            trees::remove(&scene.to());
        }
        drop(bound);
        fs::remove_dir(point).expect("nothing is mounted there");
    }
}
