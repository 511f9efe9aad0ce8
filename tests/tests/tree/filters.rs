//! Filters: what is left out is not looked at, and everything is asked about once, by the path below the source.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use orbit_engine::{CopyOptions, FileKind, Filter, Placement, Symlinks, TreeOptions};
use orbit_tests::lab::FileSystem;
use orbit_tests::nobody::as_nobody;
use orbit_tests::skip::unless_skipped;
use orbit_tests::trees::{self, Aspect, Tree};
use orbit_tests::{files, subprocess};

use super::copy_tree_once::{TreeReport, copy_tree_once};
use super::scene::{Scene, directory, fifo, file, files_in, plant, set_mode};
use super::{copied, placed, plain};

/// Keeps what it is asked, and answers by a rule.
struct Asked<F> {
    rule: F,
    asked: Mutex<BTreeMap<PathBuf, Vec<FileKind>>>,
}

impl<F: Fn(&Path, FileKind) -> bool + Send + Sync + 'static> Asked<F> {
    fn by(rule: F) -> Arc<Self> {
        Arc::new(Self { rule, asked: Mutex::default() })
    }

    fn asked(&self) -> BTreeMap<PathBuf, Vec<FileKind>> {
        self.asked.lock().expect("no filter panics").clone()
    }
}

impl<F: Fn(&Path, FileKind) -> bool + Send + Sync> Filter for Asked<F> {
    fn keeps(&self, path: &Path, kind: FileKind) -> bool {
        self.asked.lock().expect("no filter panics").entry(path.to_owned()).or_default().push(kind);
        (self.rule)(path, kind)
    }
}

#[test]
fn everything_below_the_root_is_asked_about_once_by_its_path_and_kind() {
    let test = "everything_below_the_root_is_asked_about_once_by_its_path_and_kind";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    plant(&scene.from());
    fifo(&scene.from(), "folder/pipe");
    // Further names wait while another worker copies the file.
    file(&scene.from(), "large/first", 7, 16 << 20);
    for name in ["second", "third", "fourth"] {
        let path = scene.from().join(name);
        fs::create_dir(&path).unwrap();
        fs::hard_link(scene.from().join("large/first"), path.join(name)).unwrap();
    }
    let expected: BTreeMap<_, _> = Tree::of(&scene.from())
        .iter()
        .filter(|(path, _)| !path.as_os_str().is_empty())
        .map(|(path, entry)| (path.to_owned(), vec![kind(&entry.kind)]))
        .collect();
    for &placement in Placement::ALL {
        for symlinks in [Symlinks::Preserve, Symlinks::Skip] {
            let filter = Asked::by(|_, _| true);
            let options = placed(placement).symlinks(symlinks).workers(4).filter(filter.clone());
            copied(&options, &scene.from(), &scene.to());
            assert_eq!(filter.asked(), expected);
            trees::remove(&scene.to());
        }
    }
}

fn kind(kind: &trees::Kind) -> FileKind {
    match kind {
        trees::Kind::File { .. } => FileKind::Regular,
        trees::Kind::Directory => FileKind::Directory,
        trees::Kind::Symlink(_) => FileKind::Symlink,
        trees::Kind::Fifo => FileKind::Fifo,
        trees::Kind::Socket => FileKind::Socket,
        trees::Kind::CharacterDevice(_) | trees::Kind::BlockDevice(_) => FileKind::Device,
    }
}

#[test]
fn what_is_left_out_is_not_entered_and_counted_once() {
    let test = "what_is_left_out_is_not_entered_and_counted_once";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    plant(&scene.from());
    let filter = Asked::by(|path: &Path, kind: FileKind| {
        !path.ends_with("folder") && kind != FileKind::Symlink && path.extension().is_none()
    });
    for dry in [true, false] {
        let outcome = copied(&plain().dry_run(dry).filter(filter.clone()), &scene.from(), &scene.to());
        assert_eq!((outcome.filtered, outcome.symlinks, outcome.directories), (2, 0, 2), "{outcome:?}");
    }
    assert!(filter.asked().keys().all(|path| !path.starts_with("folder") || path.ends_with("folder")));
    let copy = Tree::of(&scene.to());
    assert!(copy.get("folder").is_none() && copy.get("nowhere").is_none() && copy.get("many/39").is_some());
}

/// A link is asked about as a link, and what it leads to by the path that leads to it.
#[test]
fn followed_links_are_asked_about_as_links() {
    let test = "followed_links_are_asked_about_as_links";
    let Some(scene) = Scene::on(test, FileSystem::Tmpfs) else { return };
    files_in(scene.place().dir(), "beside", 2, 100);
    super::scene::symlink(&scene.from(), "link", "../beside");
    super::scene::symlink(&scene.from(), "other", "../beside/0");
    let filter = Asked::by(|path: &Path, _| !path.ends_with("1"));
    let options = plain().symlinks(Symlinks::Follow).filter(filter.clone());
    let outcome = copied(&options, &scene.from(), &scene.to());
    let expected = [
        ("link", FileKind::Symlink),
        ("link/0", FileKind::Regular),
        ("link/1", FileKind::Regular),
        ("other", FileKind::Symlink),
    ];
    assert_eq!(filter.asked(), expected.map(|(path, kind)| (path.into(), vec![kind])).into());
    assert_eq!((outcome.files, outcome.filtered), (2, 1));
}

/// What nobody may read is no failure where nobody wants it.
#[test]
fn what_is_left_out_may_be_closed() {
    let test = "what_is_left_out_may_be_closed";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    plant(&scene.from());
    files_in(&scene.from(), "many/closed", 3, 100);
    set_mode(&scene.from().join("many/closed"), 0o000);
    set_mode(&scene.from().join("folder/inner"), 0o755);
    let options = ["--exclude", "closed", "--on-error", "continue"];
    let child = copy_tree_once(&options, &scene.from(), &scene.path("open/to"));
    set_mode(&directory(scene.place().dir(), "open"), 0o777);
    let Some(child) = unless_skipped(test, as_nobody(&child)) else { return };
    let finished = subprocess::run(child);
    let report = TreeReport::whatever(finished);
    // What else is closed to nobody is told.
    let told: Vec<_> = report.failures().into_iter().filter(|told| told.contains("closed")).collect();
    assert!(told.is_empty(), "{told:#?}");
    assert_eq!(report.number("filtered"), 2);
}

/// What stands at the destination under a name that is left out is left alone.
#[test]
fn what_is_left_out_is_left_alone_at_the_destination() {
    let test = "what_is_left_out_is_left_alone_at_the_destination";
    let Some(scene) = Scene::on(test, FileSystem::Ext4) else { return };
    plant(&scene.from());
    files_in(&scene.to(), "folder", 3, 10);
    let before = Tree::of(&scene.to().join("folder"));
    let filter = |path: &Path, _: FileKind| !path.starts_with("folder");
    let options = TreeOptions::new(CopyOptions::new().preserve_metadata(true)).filter(Arc::new(filter));
    copied(&options, &scene.from(), &scene.to());
    before.assert_is(&Tree::of(&scene.to().join("folder")), Aspect::Everything);
    files::assert_same_content(&scene.from().join("many/0"), &scene.to().join("many/0"));
}
