//! Trees.

use std::fs;
use std::path::PathBuf;

use orbit_engine::{CopyOptions, Placement, TreeOptions, copy_tree};

use crate::sandbox::{Folder, is_read_only, same, set_read_only};

/// `root/{a, read-only/b, empty, linked, other}`, where two are one file.
fn tree(folder: &Folder) -> PathBuf {
    let root = folder.path("root");
    for directory in ["read-only", "empty"] {
        fs::create_dir_all(root.join(directory)).expect("make a directory");
    }
    folder.file("root/a", 300_000);
    folder.file("root/read-only/b", 10);
    folder.file("root/linked", 1000);
    fs::hard_link(root.join("linked"), root.join("other")).expect("link");
    set_read_only(&root.join("read-only"), true);
    set_read_only(&root.join("a"), true);
    root
}

#[test]
fn a_tree_is_copied_merged_and_updated() {
    let folder = Folder::new();
    let (root, copy) = (tree(&folder), folder.path("copy"));
    for round in 0..2 {
        if round == 1 {
            set_read_only(&copy.join("a"), false);
        }
        let outcome = copy_tree(&root, &copy, &TreeOptions::new(CopyOptions::new())).expect("copy");
        assert_eq!((outcome.files, outcome.hard_links), (3, 1), "{outcome:?}");
        for name in ["a", "read-only/b", "linked", "other"] {
            same(&root.join(name), &copy.join(name));
        }
        assert!(copy.join("empty").is_dir() && is_read_only(&copy.join("a")));
        // Wine knows no directories that are read-only.
        assert_eq!(is_read_only(&copy.join("read-only")), is_read_only(&root.join("read-only")));
    }
    folder.holds(&["copy", "root"]);
    for path in [copy, root] {
        set_read_only(&path.join("a"), false);
        set_read_only(&path.join("read-only"), false);
    }
}

#[test]
fn a_finished_file_gets_the_metadata_that_it_has_not() {
    let folder = Folder::new();
    let (root, copy) = (folder.path("root"), folder.path("copy"));
    fs::create_dir(&root).expect("make a directory");
    let (source, copied) = (folder.file("root/file", 100_000), copy.join("file"));
    let resumable = CopyOptions::new().placement(Placement::Resumable);
    copy_tree(&root, &copy, &TreeOptions::new(resumable.clone())).expect("copy");
    set_read_only(&source, true);
    let options = TreeOptions::new(resumable.preserve_metadata(true));
    let outcome = copy_tree(&root, &copy, &options).expect("copy");
    assert!(is_read_only(&copied) && outcome.data_bytes == 0, "{outcome:?}");
    for path in [source, copied] {
        set_read_only(&path, false);
    }
}

#[test]
fn a_tree_is_not_copied_into_itself() {
    let folder = Folder::new();
    let root = folder.path("root");
    fs::create_dir_all(root.join("inner")).expect("make directories");
    for destination in [root.join("copy"), root.join("inner"), root.join("inner").join("copy")] {
        let error =
            copy_tree(&root, &destination, &TreeOptions::new(CopyOptions::new())).expect_err("into itself");
        assert!(error.to_string().contains("itself"), "{error}");
    }
    assert!(!root.join("copy").exists());
}
