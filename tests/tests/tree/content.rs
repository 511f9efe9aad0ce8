//! Whole trees: what arrives, what is counted, and what is no tree or no place for one.

use std::fs;
use std::os::unix::fs::symlink as make_symlink;
use std::path::Path;

use orbit_engine::{CopyError, CopyOptions, FileKind, Placement, Strategy, TreeOptions};
use orbit_tests::lab::{self, FileSystem};
use orbit_tests::trees::{self, Aspect, Tree};
use orbit_tests::{files, subprocess};

use super::copy_tree_once::{TreeReport, copy_tree_once};
use super::scene::{Counts, FILE_SYSTEMS, Scene, directory, fifo, file, plant};
use super::{copied, failed, failure, paths_of, placed, plain};

#[test]
fn a_tree_arrives_between_every_pair_of_file_systems() {
    let test = "a_tree_arrives_between_every_pair_of_file_systems";
    lab::for_each_pair(test, |from, to| {
        let (source, copy) = (directory(from.dir(), "tree"), to.join("copy"));
        plant(&source);
        for &strategy in Strategy::ALL {
            copied(&TreeOptions::new(CopyOptions::new().strategy(strategy)), &source, &copy);
            trees::assert_same(&source, &copy, Aspect::Content);
            fs::remove_dir_all(&copy).unwrap();
        }
        files::assert_no_litter(to.dir(), [""; 0]);
    });
}

#[test]
fn by_every_placement_it_arrives_at_a_new_place_and_again_at_an_old_one() {
    let test = "by_every_placement_it_arrives_at_a_new_place_and_again_at_an_old_one";
    for file_system in FILE_SYSTEMS {
        let Some(scene) = Scene::on(test, file_system) else { continue };
        plant(&scene.from());
        for &placement in Placement::ALL {
            for workers in [1, 8] {
                let options = placed(placement).workers(workers);
                for _ in 0..2 {
                    copied(&options, &scene.from(), &scene.to());
                    trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
                }
                fs::remove_dir_all(scene.to()).unwrap();
                files::assert_no_litter(scene.place().dir(), ["from"]);
            }
        }
    }
}

#[test]
fn what_was_done_is_counted() {
    let test = "what_was_done_is_counted";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    plant(&scene.from());
    let expected = Counts::of(&Tree::of(&scene.from()));
    let outcome = copied(&plain(), &scene.from(), &scene.to());
    let told = |outcome: &orbit_engine::TreeOutcome| Counts {
        files: outcome.files,
        bytes: outcome.bytes,
        directories: outcome.directories + outcome.merged,
        symlinks: outcome.symlinks,
        hard_links: outcome.hard_links,
    };
    assert_eq!(told(&outcome), expected);
    assert_eq!((outcome.merged, outcome.kept, outcome.filtered), (0, 0, 0));
    assert_eq!((outcome.written_bytes, outcome.data_bytes), (expected.bytes, expected.bytes));
    assert_eq!(outcome.moved.iter().map(|moved| moved.bytes).sum::<u64>(), expected.bytes);
    assert!(outcome.system_calls > expected.files && outcome.workers > 0, "{outcome:?}");
    assert_eq!(outcome.destination, scene.to());
    let again = copied(&plain(), &scene.from(), &scene.to());
    // A link that leads where it should is kept.
    assert_eq!(told(&again), Counts { symlinks: 0, ..expected });
    assert_eq!((again.merged, again.directories, again.kept), (5, 0, 3));
}

#[test]
fn what_is_only_at_the_destination_stays() {
    let test = "what_is_only_at_the_destination_stays";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    plant(&scene.from());
    for &placement in Placement::ALL {
        file(&scene.to(), "folder/other", 50, 3000);
        file(&scene.to(), "other/one", 51, 3000);
        copied(&placed(placement), &scene.from(), &scene.to());
        let mut found = Tree::of(&scene.to());
        assert_eq!(found.get("folder/other").unwrap().size(), 3000);
        for (root, name) in [("folder", "other"), ("other", "one")] {
            assert!(fs::remove_file(scene.to().join(root).join(name)).is_ok(), "{placement}: {root}");
        }
        fs::remove_dir(scene.to().join("other")).unwrap();
        found = Tree::of(&scene.to());
        Tree::of(&scene.from()).assert_is(&found, Aspect::Content);
        fs::remove_dir_all(scene.to()).unwrap();
    }
}

#[test]
fn an_empty_directory_is_a_tree() {
    let Some(scene) = Scene::on("an_empty_directory_is_a_tree", FileSystem::Ext4) else { return };
    for &placement in Placement::ALL {
        let outcome = copied(&placed(placement), &scene.from(), &scene.to());
        assert_eq!((outcome.directories, outcome.files, outcome.bytes), (1, 0, 0));
        assert!(files::list(&scene.to()).is_empty());
        fs::remove_dir(scene.to()).unwrap();
    }
}

#[test]
fn slashes_dots_and_links_on_the_way_change_nothing() {
    let test = "slashes_dots_and_links_on_the_way_change_nothing";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    plant(&scene.from());
    make_symlink("from", scene.path("link")).unwrap();
    make_symlink(".", scene.path("here")).unwrap();
    for source in ["from/", "from/.", "from//", "./from", "link", "link/", "here/from", "from/folder/.."] {
        for destination in ["to", "to/", "here/to", "to//", "./to/"] {
            copied(&plain(), &scene.path(source), &scene.path(destination));
            trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
            fs::remove_dir_all(scene.to()).unwrap();
            files::assert_no_litter(scene.place().dir(), ["from", "link", "here"]);
        }
    }
}

#[test]
fn relative_paths_are_those_of_the_process() {
    let test = "relative_paths_are_those_of_the_process";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    plant(&scene.from());
    for (directory, source, destination) in
        [("", "from", "to"), ("from", ".", "../to"), ("from", "./", "../to/")]
    {
        let mut child = copy_tree_once(&[], Path::new(source), Path::new(destination));
        child.current_dir(scene.path(directory));
        TreeReport::of(subprocess::run(child));
        trees::assert_same(&scene.from(), &scene.to(), Aspect::Content);
        fs::remove_dir_all(scene.to()).unwrap();
        files::assert_no_litter(scene.place().dir(), ["from"]);
    }
}

#[test]
fn a_source_that_is_no_directory_is_refused() {
    let test = "a_source_that_is_no_directory_is_refused";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    file(scene.place().dir(), "file", 1, 10);
    fifo(scene.place().dir(), "pipe");
    make_symlink("file", scene.path("link")).unwrap();
    for (name, expected) in
        [("file", FileKind::Regular), ("pipe", FileKind::Fifo), ("link", FileKind::Regular)]
    {
        let error = failure(&plain(), &scene.path(name), &scene.to());
        let CopyError::SourceNotDirectory { path, kind } = &error else { panic!("{error:?}") };
        assert_eq!((path, *kind), (&scene.path(name), expected));
    }
    make_symlink("missing", scene.path("dangling")).unwrap();
    for name in ["missing", "dangling"] {
        let error = failure(&plain(), &scene.path(name), &scene.to());
        let CopyError::Io { path, error, .. } = &error else { panic!("{error:?}") };
        assert_eq!((path, error.kind()), (&scene.path(name), std::io::ErrorKind::NotFound));
    }
    files::assert_no_litter(scene.place().dir(), ["from", "file", "pipe", "link", "dangling"]);
}

#[test]
fn a_destination_that_is_no_directory_is_refused() {
    let test = "a_destination_that_is_no_directory_is_refused";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    plant(&scene.from());
    file(scene.place().dir(), "file", 1, 10);
    fifo(scene.place().dir(), "pipe");
    for (name, expected) in [("file", FileKind::Regular), ("pipe", FileKind::Fifo)] {
        let error = failure(&plain(), &scene.from(), &scene.path(name));
        let CopyError::DestinationNotDirectory { path, kind } = &error else { panic!("{error:?}") };
        assert_eq!((path, *kind), (&scene.path(name), expected));
    }
    assert!(fs::read(scene.path("file")).unwrap() == files::content(1, 10));
    make_symlink("missing", scene.path("dangling")).unwrap();
    let error = failed(&plain(), &scene.from(), &scene.path("dangling"));
    assert_eq!(paths_of(&error.failures[0]), [scene.path("dangling")]);
    files::assert_no_litter(scene.place().dir(), ["from", "file", "pipe", "dangling"]);
}

/// As with `cp`, the place for the copy must be there; nothing is guessed about missing directories above it.
#[test]
fn a_destination_without_a_parent_is_refused() {
    let test = "a_destination_without_a_parent_is_refused";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    plant(&scene.from());
    for &placement in Placement::ALL {
        let error = failure(&placed(placement), &scene.from(), &scene.path("missing/to"));
        let CopyError::Io { path, error, .. } = &error else { panic!("{error:?}") };
        assert!(path.starts_with(scene.path("missing")), "{path:?}");
        assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
        files::assert_no_litter(scene.place().dir(), ["from"]);
    }
}

/// The root that was given may be a link, as the source may; below it none is followed.
#[test]
fn the_destination_may_be_a_link_to_a_directory() {
    let test = "the_destination_may_be_a_link_to_a_directory";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    plant(&scene.from());
    for &placement in Placement::ALL {
        directory(scene.place().dir(), "real");
        make_symlink("real", scene.to()).unwrap();
        copied(&placed(placement), &scene.from(), &scene.to());
        assert!(scene.to().is_symlink());
        trees::assert_same(&scene.from(), &scene.path("real"), Aspect::Content);
        fs::remove_dir_all(scene.path("real")).unwrap();
        fs::remove_file(scene.to()).unwrap();
    }
}
