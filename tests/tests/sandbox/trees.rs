//! What looks at trees sees every difference, at any depth, and a directory is seen where it is bound to.

use std::fs::{self, File, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use orbit_tests::lab::{self, FileSystem};
use orbit_tests::metadata::set_times;
use orbit_tests::skip::unless_skipped;
use orbit_tests::trees::{self, Aspect, Count, Kind, Tree};
use orbit_tests::{files, subprocess};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::panic_of;

/// One of everything, whose times no clock will tell again.
fn plant(root: &Path) {
    fs::create_dir_all(root.join("folder/empty")).expect("the tree is made for this");
    files::create(&root.join("file"), 1, 5000);
    files::create(&root.join("folder/other"), 2, 70_000);
    symlink("../file", root.join("folder/link")).expect("the tree is made for this");
    fs::hard_link(root.join("file"), root.join("folder/same")).expect("the tree is made for this");
    mknodat(CWD, root.join("pipe"), FileType::Fifo, Mode::RUSR, 0).expect("the tree is made for this");
    for path in ["file", "folder/other", "folder/empty", "folder", ""] {
        set_times(&root.join(path), UNIX_EPOCH, UNIX_EPOCH + Duration::new(1_000_000_000, 123));
    }
}

/// A change of a tree and a word of what is to be told of it.
type Change = (&'static str, fn(&Path));

/// What the content is.
const CHANGES: [Change; 9] = [
    ("is missing", |root| fs::remove_dir(root.join("folder/empty")).expect("the tree is made for this")),
    ("is too much", |root| fs::write(root.join("folder/new"), "").expect("the tree is made for this")),
    ("instead of File", |root| files::create(&root.join("folder/other"), 3, 70_000)),
    ("instead of File", |root| files::create(&root.join("folder/other"), 2, 69_999)),
    ("instead of Symlink", |root| {
        fs::remove_file(root.join("folder/link")).expect("the tree is made for this");
        symlink("../other", root.join("folder/link")).expect("the tree is made for this");
    }),
    ("instead of Fifo", |root| {
        fs::remove_file(root.join("pipe")).expect("the tree is made for this");
        fs::write(root.join("pipe"), "").expect("the tree is made for this");
    }),
    ("a name of None", |root| {
        let content = fs::read(root.join("file")).expect("the tree is made for this");
        fs::remove_file(root.join("folder/same")).expect("the tree is made for this");
        fs::write(root.join("folder/same"), content).expect("the tree is made for this");
    }),
    ("mode 700 instead of 755", |root| {
        fs::set_permissions(root.join("folder"), Permissions::from_mode(0o700))
            .expect("the tree is made for this");
    }),
    ("instead of Directory", |root| {
        fs::remove_dir(root.join("folder/empty")).expect("the tree is made for this");
        fs::write(root.join("folder/empty"), "").expect("the tree is made for this");
    }),
];

#[test]
fn every_change_of_a_tree_is_told() {
    let folder = tempfile::tempdir().expect("the tree is made for this");
    let (root, other) = (folder.path().join("tree"), folder.path().join("other"));
    for (index, (told, change)) in CHANGES.into_iter().enumerate() {
        for tree in [&root, &other] {
            trees::remove(tree);
            plant(tree);
        }
        trees::assert_same(&root, &other, Aspect::Content);
        change(&other);
        let panic = panic_of(|| trees::assert_same(&root, &other, Aspect::Content));
        assert!(panic.contains(told), "change {index}: {panic}");
    }
}

#[test]
fn what_is_beside_the_content_is_told_where_it_is_asked_for() {
    let folder = tempfile::tempdir().expect("the tree is made for this");
    let (root, other) = (folder.path().join("tree"), folder.path().join("other"));
    plant(&root);
    plant(&other);
    let later = UNIX_EPOCH + Duration::new(1_000_000_000, 124);
    set_times(&other.join("folder"), UNIX_EPOCH, later);
    fs::set_permissions(other.join("file"), Permissions::from_mode(0o4644))
        .expect("the tree is made for this");
    trees::assert_same(&root, &other, Aspect::Content);
    let differences = Tree::of(&root).differences(&Tree::of(&other), Aspect::Everything);
    assert!(differences.iter().any(|told| told.contains("mode 4644 instead of 644")), "{differences:?}");
    assert!(differences.iter().any(|told| told.contains("124")), "{differences:?}");
}

/// Beyond the longest path, with names of all kinds.
#[test]
fn deep_trees_are_made_seen_counted_and_removed() {
    let folder = tempfile::tempdir().expect("the tree is made for this");
    let root = folder.path().join("tree");
    let names: Vec<_> = (0..3000).map(|level| format!("{level}")).collect();
    let end = trees::make_chain(&root, &names);
    let mode = Mode::from_raw_mode(0o644);
    let flags = rustix::fs::OFlags::CREATE | rustix::fs::OFlags::WRONLY;
    let mut file =
        File::from(rustix::fs::openat(&end, "file", flags, mode).expect("the tree is made for this"));
    file.write_all(b"at the end").expect("the tree is made for this");
    assert_eq!(trees::count(&root), Count { directories: 3001, files: 1, others: 0 });
    let tree = Tree::of(&root);
    let (path, entry) = tree.iter().find(|(_, entry)| entry.is_file()).expect("the tree is made for this");
    assert!(path.as_os_str().len() > 10_000 && entry.size() == 10);
    assert!(matches!(tree.get("0/1/2").expect("the tree is made for this").kind, Kind::Directory));
    let mut found = String::new();
    let end = trees::open_chain(&root, &names);
    let file = rustix::fs::openat(&end, "file", rustix::fs::OFlags::RDONLY, Mode::empty())
        .expect("the tree is made for this");
    File::from(file).read_to_string(&mut found).expect("the tree is made for this");
    assert_eq!(found, "at the end");
    trees::remove(&root);
    assert!(files::list(folder.path()).is_empty());
}

#[test]
fn names_of_staging_are_litter() {
    let folder = tempfile::tempdir().expect("the tree is made for this");
    fs::write(folder.path().join("a.orbit-b"), "").expect("the tree is made for this");
    Tree::of(folder.path()).assert_no_staging();
    fs::create_dir(folder.path().join(".name.orbit-0123")).expect("the tree is made for this");
    assert!(panic_of(|| Tree::of(folder.path()).assert_no_staging()).contains(".name.orbit-0123"));
}

#[test]
fn a_bound_directory_is_seen_at_both_places_by_children_too() {
    let test = "a_bound_directory_is_seen_at_both_places_by_children_too";
    let Some(tmpfs) = unless_skipped(test, lab::mount(FileSystem::Tmpfs)) else { return };
    let (one, other) = (tmpfs.dir().join("one"), tmpfs.dir().join("other"));
    fs::create_dir(&one).expect("the tree is made for this");
    fs::create_dir(&other).expect("the tree is made for this");
    let Some(bound) = unless_skipped(test, lab::bind(&one, &other)) else { return };
    fs::write(one.join("file"), "seen").expect("the tree is made for this");
    let mut cat = subprocess::command("cat");
    cat.arg(other.join("file"));
    assert_eq!(subprocess::run(cat).expect_success().stdout, b"seen");
    assert_eq!(trees::count(tmpfs.dir()).files, 2);
    drop(bound);
    assert!(files::list(&other).is_empty());
}

#[test]
fn ext4_folds_names_where_it_is_told_to() {
    let test = "ext4_folds_names_where_it_is_told_to";
    let Some(ext4) = unless_skipped(test, lab::mount_with_folded_names()) else { return };
    let folder = ext4.dir().join("folded");
    fs::create_dir(&folder).expect("the tree is made for this");
    if unless_skipped(test, lab::fold_names(&folder)).is_some() {
        fs::write(folder.join("a"), "same").expect("the tree is made for this");
        assert_eq!(fs::read(folder.join("A")).expect("the tree is made for this"), b"same");
    }
}
