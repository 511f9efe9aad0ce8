//! Progress of trees: at begin and end, often enough between, never beyond what there is.

use std::sync::Arc;
use std::time::Duration;

use orbit_engine::{
    CopyOptions, OnError, Placement, Rate, TreeOptions, TreeOutcome, TreeProgress, TreeTotal, Verification,
};
use orbit_tests::lab::FileSystem;
use orbit_tests::prompt;
use orbit_tests::trees::{self, Tree};

use super::heard::Heard;
use super::scene::{Counts, Scene, directory, file, files_in, plant};
use super::{copied, result};

const MIB: u64 = 1 << 20;

/// A copy that is watched.
#[track_caller]
fn heard(options: &TreeOptions, scene: &Scene) -> (TreeOutcome, Arc<Heard>) {
    let heard = Arc::new(Heard::default());
    let outcome = copied(&options.clone().observer(heard.clone()), &scene.from(), &scene.to());
    (outcome, heard)
}

/// 100 ms are promised, as long as single calls do not take longer.
#[track_caller]
fn assert_told_in_time(options: &TreeOptions, scene: &Scene) {
    prompt::within(Duration::from_millis(250), || {
        trees::remove(&scene.to());
        ((), heard(options, scene).1.longest_silence())
    });
}

/// Files and bytes grow from nothing to what was copied.
#[track_caller]
fn assert_grows(heard: &Heard, files: u64, bytes: u64) {
    let words = heard.words();
    let counts = |told: &TreeProgress| (told.files, told.bytes);
    assert_eq!(words.first().map(|(_, told)| counts(told)), Some((0, 0)));
    assert_eq!(words.last().map(|(_, told)| counts(told)), Some((files, bytes)));
    for pair in words.windows(2) {
        assert!(pair[0].1.files <= pair[1].1.files && pair[0].1.bytes <= pair[1].1.bytes, "{pair:?}");
    }
    assert!(words.iter().all(|(_, told)| told.files <= files && told.bytes <= bytes && told.failures == 0));
}

#[test]
fn begin_end_and_what_lies_between_are_told() {
    let test = "begin_end_and_what_lies_between_are_told";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    plant(&scene.from());
    let expected = Counts::of(&Tree::of(&scene.from()));
    for &placement in Placement::ALL {
        for workers in [1, 6] {
            let options = TreeOptions::new(CopyOptions::new().placement(placement)).workers(workers);
            let (_, told) = heard(&options, &scene);
            // A further name of a file is one more that is done.
            assert_grows(&told, expected.files + expected.hard_links, expected.bytes);
            trees::remove(&scene.to());
        }
    }
}

/// One large file, whose bytes are told while it is under way, and small ones.
#[test]
fn nobody_waits_long_for_a_word() {
    let test = "nobody_waits_long_for_a_word";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    file(&scene.from(), "large", 1, 20 * MIB);
    for folder in 0..30 {
        files_in(&scene.from(), &folder.to_string(), 100, 2000);
    }
    for each in [
        CopyOptions::new().max_bandwidth(Rate::new(20 * MIB)),
        CopyOptions::new().verification(Verification::Sha256).durability(orbit_engine::Durability::File),
    ] {
        for workers in [1, 4] {
            assert_told_in_time(&TreeOptions::new(each.clone()).workers(workers), &scene);
        }
    }
    trees::remove(&scene.to());
    let slow = CopyOptions::new().max_bandwidth(Rate::new(20 * MIB));
    let (_, told) = heard(&TreeOptions::new(slow).workers(1), &scene);
    let begun = told.words().iter().filter(|(_, told)| told.bytes % 2000 != 0).count();
    assert!(begun > 3, "{begun} words tell of a part of the large file");
}

/// A tree that has nothing to copy is told of too, as long as it takes.
#[test]
fn a_walk_over_directories_alone_is_told_in_time() {
    let test = "a_walk_over_directories_alone_is_told_in_time";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    for folder in 0..200 {
        for inner in 0..100 {
            directory(&scene.from(), &format!("{folder}/{inner}"));
        }
    }
    for dry in [false, true] {
        assert_told_in_time(&TreeOptions::default().dry_run(dry), &scene);
        trees::remove(&scene.to());
        let (outcome, told) = heard(&TreeOptions::default().dry_run(dry), &scene);
        assert_eq!(outcome.directories, 20_201);
        assert_grows(&told, 0, 0);
    }
}

#[test]
fn what_there_is_in_all_becomes_known_where_it_is_counted() {
    let test = "what_there_is_in_all_becomes_known_where_it_is_counted";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    plant(&scene.from());
    file(&scene.from(), "large", 1, 4 * MIB);
    let expected = Counts::of(&Tree::of(&scene.from()));
    let each = CopyOptions::new().max_bandwidth(Rate::new(8 * MIB));
    let (_, told) = heard(&TreeOptions::new(each.clone()), &scene);
    assert!(told.words().iter().all(|(_, told)| told.total.is_none()));
    trees::remove(&scene.to());
    let (_, told) = heard(&TreeOptions::new(each).count_ahead(true), &scene);
    let words = told.words();
    let total = TreeTotal { files: expected.files + expected.hard_links, bytes: expected.bytes };
    let totals: Vec<_> = words.iter().filter_map(|(_, told)| told.total).collect();
    assert!(
        !totals.is_empty() && totals.iter().all(|told| *told == total),
        "{totals:?} instead of {total:?}"
    );
    assert_eq!(words.last().and_then(|(_, told)| told.total), Some(total));
    let known_early = words.iter().any(|(_, told)| told.total.is_some() && told.bytes < total.bytes);
    assert!(known_early, "it is known before everything has arrived");
}

/// The filter and the policies for links decide what is counted ahead too.
#[test]
fn what_is_left_out_is_not_in_the_total() {
    let test = "what_is_left_out_is_not_in_the_total";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    plant(&scene.from());
    let filter = |path: &std::path::Path, _| !path.ends_with("many");
    // As slow as counting needs.
    let each = CopyOptions::new().max_bandwidth(Rate::new(8 * MIB));
    let options = TreeOptions::new(each).count_ahead(true).filter(Arc::new(filter));
    let (outcome, told) = heard(&options, &scene);
    let total = told.words().last().and_then(|(_, told)| told.total);
    assert_eq!(total, Some(TreeTotal { files: outcome.files + outcome.hard_links, bytes: outcome.bytes }));
}

/// What an earlier copy left needs no copying, and says so: no rate is told from it.
#[test]
fn what_was_found_is_told_apart() {
    let test = "what_was_found_is_told_apart";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    plant(&scene.from());
    let options = TreeOptions::new(CopyOptions::new().placement(Placement::Resumable));
    let (first, told) = heard(&options, &scene);
    assert!(told.words().iter().all(|(_, told)| told.found_bytes == 0));
    let (second, told) = heard(&options, &scene);
    assert_eq!((second.files, second.kept_bytes), (0, first.bytes));
    let last = told.words().last().expect("it was told").1;
    let files = first.files + first.hard_links;
    assert_eq!((last.files, last.bytes, last.found_bytes), (files, first.bytes, first.bytes));
}

/// Failures are counted as they come, and a file that failed is done.
#[test]
fn failures_are_counted() {
    let test = "failures_are_counted";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    files_in(&scene.from(), "folder", 20, 3000);
    for name in ["folder/3", "folder/7"] {
        directory(&scene.to(), name);
    }
    let heard = Arc::new(Heard::default());
    let options = TreeOptions::default().on_error(OnError::Continue).observer(heard.clone());
    let error = result(&options, &scene.from(), &scene.to()).unwrap_err();
    let last = heard.words().last().expect("it was told").1;
    assert_eq!((last.files, last.failures, error.failures.len()), (20, 2, 2));
}
