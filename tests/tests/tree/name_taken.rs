//! Two entries of the source that get one name: the second fails, by both names, and the first stays whole.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use orbit_engine::{
    Compression, CopyError, CopyOptions, OnError, Placement, TreeError, TreeOptions, ZstdLevel,
};
use orbit_tests::files;
use orbit_tests::lab::fuse::{self, Lies};
use orbit_tests::lab::{self, FileSystem};
use orbit_tests::skip::unless_skipped;
use orbit_tests::trees::{self, Tree};

use super::scene::{FILE_SYSTEMS, Scene, file, files_in, symlink};
use super::{copied, failed};

const SIZE: u64 = 5000;

fn going_on(placement: Placement) -> TreeOptions {
    TreeOptions::new(CopyOptions::new().placement(placement)).on_error(OnError::Continue)
}

/// Pairs of names that differ in case: files, a file and a link, directories, and names that have nobody beside them.
fn plant(root: &Path) {
    file(root, "Readme", 1, SIZE);
    file(root, "README", 2, SIZE + 1);
    file(root, "alone", 3, SIZE);
    files_in(root, "Folder", 5, 100);
    files_in(root, "folder", 5, 101);
    file(root, "last/a", 4, SIZE);
    file(root, "last/A", 5, SIZE + 1);
    file(root, "last/B", 6, SIZE + 2);
}

/// Each failure names the entry that came too late, and its name.
#[track_caller]
fn assert_taken(error: &TreeError, from: &Path, to: &Path, pairs: &[[&str; 2]]) {
    let mut late = Vec::new();
    for failure in &error.failures {
        let CopyError::NameTaken { source, destination } = failure else { panic!("{failure:?}") };
        let below = source.strip_prefix(from).expect("a path below the source");
        let name = destination.strip_prefix(to).expect("a path below the destination");
        assert!(name.as_os_str().eq_ignore_ascii_case(below), "{failure:?}");
        late.push(below.to_owned());
    }
    let came_late = |name: &&&str| late.iter().any(|late| late == Path::new(name));
    let one_of_each = pairs.iter().all(|pair| pair.iter().filter(came_late).count() == 1);
    assert!(one_of_each && late.len() == pairs.len(), "late: {late:?}, of {pairs:?}");
}

/// Of each pair one is there, whole, with the name it has in the source.
#[track_caller]
fn assert_first_is_whole(from: &Path, to: &Path) {
    let (from, to) = (Tree::of(from), Tree::of(to));
    to.assert_no_staging();
    for (path, entry) in to.iter() {
        let source = from.get(path).unwrap_or_else(|| panic!("{path:?} is not in the source"));
        assert_eq!(entry.kind, source.kind, "{path:?}");
    }
    assert_eq!(to.count(trees::Entry::is_file), 5 + 4);
}

const PAIRS: [[&str; 2]; 3] = [["Readme", "README"], ["Folder", "folder"], ["last/a", "last/A"]];

/// Copies to a place that folds names: to a new tree or an empty one, and again into it, which changes nothing.
#[track_caller]
fn assert_taken_twice(from: &Path, to: &Path) {
    for placement in [Placement::Staged, Placement::InPlace] {
        for (workers, is_new) in [(1, true), (1, false), (4, true), (4, false), (8, true), (8, false)] {
            if !is_new {
                fs::create_dir(to).expect("an empty tree");
            }
            for time in ["first", "second", "third"] {
                // What a failure prints.
                let _ = write!(
                    std::io::stderr(),
                    "{placement}, {workers} workers, new {is_new}, the {time} time; "
                );
                let error = failed(&going_on(placement).workers(workers), from, to);
                assert_taken(&error, from, to, &PAIRS);
                if time == "first" {
                    assert_first_is_whole(from, to);
                }
                Tree::of(to).assert_no_staging();
                assert_eq!(Tree::of(to).count(trees::Entry::is_file), 5 + 4);
            }
            fs::remove_dir_all(to).expect("remove the copy");
        }
    }
}

#[test]
fn a_place_that_folds_names_keeps_the_first_of_two() {
    let test = "a_place_that_folds_names_keeps_the_first_of_two";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    plant(&scene.from());
    let Some(fuse) = unless_skipped(test, fuse::mount()) else { return };
    fuse.lie(Lies { folds_names: true, ..Lies::default() });
    assert_taken_twice(&scene.from(), &fuse.dir().join("to"));
}

#[test]
fn a_case_folding_ext4_keeps_the_first_of_two() {
    let test = "a_case_folding_ext4_keeps_the_first_of_two";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    plant(&scene.from());
    let Some(folding) = unless_skipped(test, lab::mount_with_folded_names()) else { return };
    let folded = folding.dir().join("folded");
    fs::create_dir(&folded).unwrap();
    if unless_skipped(test, lab::fold_names(&folded)).is_some() {
        assert_taken_twice(&scene.from(), &folded.join("to"));
    }
}

/// An old file under the name in another case is what the first one replaces, and not the second.
#[test]
fn an_old_file_is_replaced_by_the_first_alone() {
    let test = "an_old_file_is_replaced_by_the_first_alone";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    file(&scene.from(), "Readme", 1, SIZE);
    file(&scene.from(), "README", 2, SIZE + 1);
    let Some(fuse) = unless_skipped(test, fuse::mount()) else { return };
    fuse.lie(Lies { folds_names: true, ..Lies::default() });
    let to = fuse.dir().join("to");
    for placement in [Placement::Staged, Placement::InPlace] {
        file(&to, "readme", 3, 10);
        let error = failed(&going_on(placement), &scene.from(), &to);
        assert_taken(&error, &scene.from(), &to, &[["Readme", "README"]]);
        let CopyError::NameTaken { source, .. } = &error.failures[0] else { unreachable!() };
        let first = if source.ends_with("README") { 1 } else { 2 };
        let found = fs::read(to.join("README")).unwrap();
        assert!(found == files::content(first, SIZE + first - 1), "{placement}");
        assert_eq!(files::list(&to).len(), 1);
        fs::remove_dir_all(&to).unwrap();
    }
}

/// `a` stays `a`, and what `a.zst` holds would be `a` too.
#[test]
fn decompressed_files_take_no_name_from_others() {
    let test = "decompressed_files_take_no_name_from_others";
    for file_system in FILE_SYSTEMS {
        let Some(scene) = Scene::on(test, file_system) else { continue };
        let plain = scene.path("plain");
        file(&plain, "one/a", 1, SIZE);
        file(&plain, "two", 2, SIZE);
        let each = CopyOptions::new().compression(Compression::Zstd(ZstdLevel::default()));
        copied(&TreeOptions::new(each), &plain, &scene.from());
        file(&scene.from(), "one/a", 3, SIZE + 1);
        symlink(&scene.from(), "two", "one/a");
        for &placement in Placement::ALL {
            let each = CopyOptions::new().compression(Compression::Decompress).placement(placement);
            for _ in 0..2 {
                let options = TreeOptions::new(each.clone()).on_error(OnError::Continue);
                let error = failed(&options, &scene.from(), &scene.to());
                assert_eq!(error.failures.len(), 2, "{placement}: {error:?}");
                for failure in &error.failures {
                    let CopyError::NameTaken { source, destination } = failure else { panic!("{failure:?}") };
                    let names = [["one/a", "one/a.zst"], ["two", "two.zst"]];
                    let pair = names.iter().find(|[name, _]| *destination == scene.to().join(name));
                    let pair = pair.unwrap_or_else(|| panic!("{failure:?}"));
                    assert!(pair.iter().any(|name| *source == scene.from().join(name)), "{failure:?}");
                }
            }
            let found = fs::read(scene.to().join("one/a")).unwrap();
            assert!(found == files::content(1, SIZE) || found == files::content(3, SIZE + 1));
            files::assert_no_litter(&scene.to(), ["one", "two"]);
            Tree::of(&scene.to()).assert_no_staging();
            trees::remove(&scene.to());
        }
    }
}

/// Compressed, each name gets longer, and no two become one.
#[test]
fn compressed_files_keep_names_of_their_own() {
    let test = "compressed_files_keep_names_of_their_own";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    for (index, name) in ["a", "a.zst", "a.zst.zst"].into_iter().enumerate() {
        file(&scene.from(), name, index as u64, SIZE);
    }
    let each = CopyOptions::new().compression(Compression::Zstd(ZstdLevel::default()));
    for _ in 0..2 {
        let outcome = copied(&TreeOptions::new(each.clone()), &scene.from(), &scene.to());
        assert_eq!(outcome.files, 3);
        files::assert_no_litter(&scene.to(), ["a.zst", "a.zst.zst", "a.zst.zst.zst"]);
    }
}
