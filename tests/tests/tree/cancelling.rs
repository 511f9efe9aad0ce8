//! A copy that is no longer wanted ends soon, and what it leaves is whole.

use std::fs;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use orbit_engine::{Cancel, CopyError, CopyOptions, OnError, Placement, Rate, TreeError, TreeOptions};
use orbit_tests::lab::FileSystem;
use orbit_tests::trees::{self, Aspect, Tree, is_staging};
use orbit_tests::{files, prompt};

use super::heard::StopAt;
use super::scene::{Scene, file, files_in, plant};
use super::{copied, failed};

const MIB: u64 = 1 << 20;

/// What is promised.
const SOON: Duration = Duration::from_millis(300);

/// Many small files and some that take seconds at a pace.
fn scene(test: &str, file_system: FileSystem) -> Option<Scene> {
    let scene = Scene::on(test, file_system)?;
    for folder in 0..20 {
        files_in(&scene.from(), &format!("small/{folder}"), 100, 3000);
    }
    for index in 0..6 {
        file(&scene.from(), &format!("large/{index}"), index, 12 * MIB);
    }
    Some(scene)
}

/// A copy of so many bytes a second that is stopped once so much has arrived, and ends soon. It begins with nothing but
/// what `prepare` puts there.
#[track_caller]
fn stopped(
    scene: &Scene,
    each: &CopyOptions,
    (rate, files, bytes): (u64, u64, u64),
    prepare: impl Fn(),
) -> TreeError {
    prompt::within(SOON, || {
        trees::remove(&scene.to());
        prepare();
        stopped_once(scene, each, rate, files, bytes)
    })
}

/// Gives how long it took to end, too.
#[track_caller]
fn stopped_once(
    scene: &Scene,
    each: &CopyOptions,
    rate: u64,
    files: u64,
    bytes: u64,
) -> (TreeError, Duration) {
    let cancel = Cancel::new();
    let stop = Arc::new(StopAt::new(files, bytes, &cancel));
    let each = each.clone().cancel(cancel).max_bandwidth(Rate::new(rate));
    let options = TreeOptions::new(each).on_error(OnError::Continue).workers(4).observer(stop.clone());
    let error = failed(&options, &scene.from(), &scene.to());
    let took = stop.stopped().elapsed();
    let Some(CopyError::Cancelled { .. }) = error.failures.last() else { panic!("{error:?}") };
    let others = &error.failures[..error.failures.len() - 1];
    assert!(others.is_empty(), "{others:?}");
    (error, took)
}

/// Every file at the destination is whole; nothing else is there.
#[track_caller]
fn assert_whole(scene: &Scene, error: &TreeError) {
    files::assert_no_litter(scene.place().dir(), ["from", "to"]);
    let (from, to) = (Tree::of(&scene.from()), Tree::of(&scene.to()));
    to.assert_no_staging();
    for (path, entry) in to.iter() {
        let source = from.get(path).unwrap_or_else(|| panic!("{path:?} is not in the source"));
        assert_eq!(entry.kind, source.kind, "{path:?}");
        assert_eq!(entry.metadata.mode & 0o777, source.metadata.mode & 0o777, "{path:?}");
    }
    let files = to.count(trees::Entry::is_file);
    assert_eq!(error.outcome.files, files);
    assert!(files > 0 && files < from.count(trees::Entry::is_file), "{files} files");
}

#[test]
fn it_ends_soon_and_leaves_whole_files() {
    let test = "it_ends_soon_and_leaves_whole_files";
    for file_system in [FileSystem::Ext4, FileSystem::Xfs, FileSystem::Tmpfs] {
        let Some(scene) = scene(test, file_system) else { continue };
        for placement in [Placement::Staged, Placement::InPlace] {
            for files in [5, 300] {
                let each = CopyOptions::new().placement(placement);
                let error = stopped(&scene, &each, (24 * MIB, files, 2 * MIB), || {});
                assert_whole(&scene, &error);
                // What is left is no obstacle.
                copied(&TreeOptions::new(each), &scene.from(), &scene.to());
                trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
                trees::remove(&scene.to());
            }
        }
    }
}

/// Into a tree that is there: its old files stay where the new ones have not come.
#[test]
fn over_an_old_tree_every_file_is_the_old_or_the_new_one() {
    let test = "over_an_old_tree_every_file_is_the_old_or_the_new_one";
    let Some(scene) = scene(test, FileSystem::Ext4) else { return };
    let error = stopped(&scene, &CopyOptions::new(), (24 * MIB, 5, 2 * MIB), || {
        for index in 0..6 {
            file(&scene.to(), &format!("large/{index}"), 50 + index, 5000);
        }
    });
    let copy = Tree::of(&scene.to());
    copy.assert_no_staging();
    let mut new = 0;
    for index in 0..6 {
        let found = fs::read(scene.to().join(format!("large/{index}"))).unwrap();
        let is_new = found == files::content(index, 12 * MIB);
        assert!(is_new || found == files::content(50 + index, 5000), "{index} is torn");
        new += u64::from(is_new);
    }
    let small = copy.count(|entry| entry.size() == 3000);
    assert_eq!(error.outcome.files, new + small);
}

/// Resumable, parts are left too, with what is needed to go on; a second copy goes on and leaves nothing.
#[test]
fn a_resumable_copy_leaves_parts_and_goes_on_there() {
    let test = "a_resumable_copy_leaves_parts_and_goes_on_there";
    let Some(scene) = scene(test, FileSystem::Ext4) else { return };
    let each = CopyOptions::new().placement(Placement::Resumable);
    // So slow that the wish is heard within a file; and in the middle of one, in whichever order they come, with or
    // without the small ones before.
    let error = stopped(&scene, &each, (60 * MIB, 0, 34 * MIB), || {});
    let copy = Tree::of(&scene.to());
    let parts = copy.iter().filter(|(path, _)| is_staging(path)).count();
    assert!(parts > 0, "{copy:?}");
    let from = Tree::of(&scene.from());
    for (path, entry) in copy.iter().filter(|(path, _)| !is_staging(path)) {
        assert_eq!(entry.kind, from.get(path).expect("in the source").kind, "{path:?}");
    }
    let again = copied(&TreeOptions::new(each), &scene.from(), &scene.to());
    trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
    Tree::of(&scene.to()).assert_no_staging();
    assert!(again.resumed > 0 && again.kept == error.outcome.files, "{again:?}");
    assert!(again.data_bytes < again.bytes, "{again:?}");
}

#[test]
fn a_wish_before_the_begin_makes_nothing() {
    let test = "a_wish_before_the_begin_makes_nothing";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    plant(&scene.from());
    for &placement in Placement::ALL {
        let cancel = Cancel::new();
        cancel.cancel();
        let options = TreeOptions::new(CopyOptions::new().cancel(cancel).placement(placement));
        let error = failed(&options, &scene.from(), &scene.to());
        let [CopyError::Cancelled { destination }] = &error.failures[..] else { panic!("{error:?}") };
        assert_eq!((destination, error.outcome.files), (&scene.to(), 0));
        if scene.to().exists() {
            assert_eq!(Tree::of(&scene.to()).count(trees::Entry::is_file), 0);
            trees::remove(&scene.to());
        }
        files::assert_no_litter(scene.place().dir(), ["from"]);
    }
}

/// While it only counts, and while every worker waits for the pace.
#[test]
fn a_dry_run_and_a_slow_copy_end_soon_too() {
    let test = "a_dry_run_and_a_slow_copy_end_soon_too";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    for folder in 0..300 {
        files_in(&scene.from(), &folder.to_string(), 200, 10);
    }
    for dry in [true, false] {
        prompt::within(SOON, || {
            let cancel = Cancel::new();
            let slow = CopyOptions::new().max_bandwidth(Rate::new(100)).cancel(cancel.clone());
            let options = TreeOptions::new(slow).dry_run(dry).workers(8);
            let took = thread::scope(|scope| {
                let (from, to) = (scene.from(), scene.to());
                let copying = scope.spawn(move || (super::result(&options, &from, &to), Instant::now()));
                thread::sleep(Duration::from_millis(30));
                let cancelled = Instant::now();
                cancel.cancel();
                let (result, ended) = copying.join().expect("no copy panics");
                let told = result.err().map(|error| error.failures);
                // A count may have ended before.
                assert!(told.is_none_or(|failures| matches!(failures[..], [CopyError::Cancelled { .. }])));
                ended.saturating_duration_since(cancelled)
            });
            trees::remove(&scene.to());
            ((), took)
        });
    }
}
