//! What wine cannot show, and Windows itself does.

use std::fs;
use std::sync::atomic::Ordering;

use orbit_engine::{
    Attribute, CopyError, CopyOptions, Mechanism, OmissionReason, Placement, Sparse, TreeOptions, copy_file,
    copy_tree,
};

use crate::sandbox::{Folder, ended_at, same};

#[test]
#[ignore = "needs Windows: wine's CopyFileExW never calls its routine"]
fn a_copy_by_the_system_is_watched_and_ended() {
    let folder = Folder::new();
    let (source, copy) = (folder.file("source", 256 << 20), folder.path("copy"));
    let (observer, options) = ended_at(u64::MAX);
    copy_file(&source, &copy, &options.only(Mechanism::CopyFileEx)).expect("copy");
    assert!(observer.heard.load(Ordering::Relaxed) > 3);
    fs::remove_file(&copy).expect("remove");
    let (_, options) = ended_at(1);
    let error = copy_file(&source, &copy, &options.only(Mechanism::CopyFileEx)).expect_err("it was ended");
    assert!(matches!(error, CopyError::Cancelled { .. }), "{error}");
    folder.holds(&["source"]);
}

#[test]
#[ignore = "needs Windows: wine has no alternate streams"]
fn alternate_streams_come_with_a_copy_by_the_system() {
    let folder = Folder::new();
    let (source, copy) = (folder.file("source", 100_000), folder.path("copy"));
    fs::write(folder.path("source:mark"), "a stream").expect("write a stream");
    copy_file(&source, &copy, &CopyOptions::new().only(Mechanism::CopyFileEx)).expect("copy");
    assert_eq!(fs::read(folder.path("copy:mark")).expect("read the stream"), b"a stream");
}

#[test]
#[ignore = "needs Windows: wine has no alternate streams"]
fn alternate_streams_are_metadata() {
    let folder = Folder::new();
    let (source, copy) = (folder.file("source", 100_000), folder.path("copy"));
    for (name, length) in [("source:mark", 8), ("source:large", 300_000)] {
        fs::write(folder.path(name), vec![7; length]).expect("write a stream");
    }
    let options = CopyOptions::new().only(Mechanism::ReadWrite);
    copy_file(&source, &copy, &options).expect("copy");
    assert!(!folder.path("copy:mark").exists());
    let outcome = copy_file(&source, &copy, &options.preserve_metadata(true)).expect("copy");
    assert_eq!(outcome.not_preserved, []);
    for (from, to) in [("source:mark", "copy:mark"), ("source:large", "copy:large")] {
        same(&folder.path(from), &folder.path(to));
    }
    same(&source, &copy);
    folder.holds(&["copy", "source"]);
}

#[test]
#[ignore = "needs Windows: wine has no alternate streams"]
fn a_copy_of_a_tree_brings_a_stream_to_a_file_that_is_there() {
    let folder = Folder::new();
    let (root, copy) = (folder.path("root"), folder.path("copy"));
    fs::create_dir(&root).expect("make a directory");
    folder.file("root/file", 100_000);
    let resumable = CopyOptions::new().placement(Placement::Resumable);
    let options = |preserve| TreeOptions::new(resumable.clone().preserve_metadata(preserve));
    copy_tree(&root, &copy, &options(false)).expect("copy");
    // Which changes the time of the file.
    let modified = fs::metadata(root.join("file")).and_then(|there| there.modified()).expect("look");
    fs::write(root.join("file:mark"), "a stream").expect("write a stream");
    let file = fs::File::options().write(true).open(root.join("file")).expect("open");
    file.set_modified(modified).expect("set the time");
    copy_tree(&root, &copy, &options(true)).expect("copy");
    assert_eq!(fs::read(copy.join("file:mark")).expect("read the stream"), b"a stream");
}

#[test]
#[ignore = "needs Windows: wine makes lists up from modes"]
fn an_access_list_of_its_own_is_told() {
    let folder = Folder::new();
    let (source, copy) = (folder.file("source", 100_000), folder.path("copy"));
    let options = CopyOptions::new().preserve_metadata(true);
    assert_eq!(copy_file(&source, &copy, &options).expect("copy").not_preserved, []);
    // Everybody, in whatever language.
    let granted = std::process::Command::new("icacls").arg(&source).args(["/grant", "*S-1-1-0:R"]).status();
    assert!(granted.expect("icacls").success());
    let lost = copy_file(&source, &copy, &options).expect("copy").not_preserved;
    assert!(matches!(&lost[..], [lost] if lost.attribute == Attribute::AccessList), "{lost:?}");
}

#[test]
#[ignore = "needs Windows: wine stores holes"]
fn holes_stay_holes_and_zeros_become_some() {
    let folder = Folder::new();
    let source = folder.path("source");
    let file = fs::File::create(&source).expect("create");
    let marked = std::process::Command::new("fsutil").args(["sparse", "setflag"]).arg(&source).status();
    assert!(marked.expect("fsutil").success());
    file.set_len(64 << 20).expect("set the length");
    std::os::windows::fs::FileExt::seek_write(&file, &[7; 65_536], 32 << 20).expect("write");
    drop(file);
    let full = folder.file("full", 0);
    fs::write(&full, vec![0; 16 << 20]).expect("write");
    let auto = copy_file(&source, folder.path("copy"), &CopyOptions::new()).expect("copy");
    assert!(auto.data_bytes < 2 << 20, "{auto:?}");
    let fills = |left: &orbit_engine::Omission| left.reason == OmissionReason::FillsHoles;
    assert!(auto.omissions.iter().any(fills), "{auto:?}");
    same(&source, &folder.path("copy"));
    let options = CopyOptions::new().sparse(Sparse::Always);
    let always = copy_file(&full, folder.path("thin"), &options).expect("copy");
    assert_eq!(always.data_bytes, 0);
    same(&full, &folder.path("thin"));
}

/// Links need a right or developer mode; junctions need none.
#[test]
#[ignore = "needs Windows: wine makes no junctions"]
fn a_junction_is_not_followed() {
    let folder = Folder::new();
    let (root, elsewhere) = (folder.path("root"), folder.path("elsewhere"));
    fs::create_dir_all(&root).expect("make a directory");
    fs::create_dir_all(&elsewhere).expect("make a directory");
    folder.file("elsewhere/secret", 10);
    let mut command = std::process::Command::new("cmd");
    command.args(["/c", "mklink", "/J"]).arg(root.join("junction")).arg(&elsewhere);
    assert!(command.status().expect("mklink").success());
    let told = copy_tree(&root, folder.path("copy"), &TreeOptions::new(CopyOptions::new()));
    let copied = folder.path("copy").join("junction");
    let is_link = fs::symlink_metadata(&copied).is_ok_and(|there| there.file_type().is_symlink());
    match told {
        Ok(outcome) => assert!(is_link && outcome.symlinks == 1, "{outcome:?}"),
        // Without the right to make links the junction is told, and nothing behind it is copied.
        Err(error) => assert!(!copied.join("secret").exists(), "{error}"),
    }
    assert!(elsewhere.join("secret").exists());
}

#[test]
#[ignore = "needs Windows: wine does not replace what somebody has open"]
fn a_file_that_somebody_reads_is_replaced() {
    let folder = Folder::new();
    let (source, copy) = (folder.file("source", 100_000), folder.path("copy"));
    fs::write(&copy, "old").expect("write");
    let reader = fs::File::open(&copy).expect("open");
    copy_file(&source, &copy, &CopyOptions::new()).expect("copy");
    same(&source, &copy);
    assert_eq!(std::io::read_to_string(reader).expect("read"), "old");
}

/// What it leads to is copied later, or never.
#[test]
#[ignore = "needs Windows: wine makes no links"]
fn a_link_to_a_directory_stays_one() {
    let folder = Folder::new();
    let root = folder.path("root");
    fs::create_dir_all(root.join("z")).expect("make a directory");
    std::os::windows::fs::symlink_dir("z", root.join("a")).expect("make a link");
    std::os::windows::fs::symlink_dir("nowhere", root.join("b")).expect("make a link");
    std::os::windows::fs::symlink_file("nothing", root.join("c")).expect("make a link");
    let outcome = copy_tree(&root, folder.path("copy"), &TreeOptions::new(CopyOptions::new())).expect("copy");
    assert_eq!(outcome.symlinks, 3);
    for (name, is_directory) in [("a", true), ("b", true), ("c", false)] {
        let copied = folder.path("copy").join(name);
        let kind = fs::symlink_metadata(&copied).expect("look").file_type();
        assert_eq!(std::os::windows::fs::FileTypeExt::is_symlink_dir(&kind), is_directory, "{name}");
        assert_eq!(fs::read_link(&copied).expect("read"), fs::read_link(root.join(name)).expect("read"));
    }
}

#[test]
#[ignore = "needs Windows: wine does not tell the long path of an open file"]
fn the_system_copies_from_a_long_path() {
    let folder = Folder::new();
    let (source, copy) = (folder.deep("deep").join("source"), folder.path("copy"));
    fs::write(&source, vec![7; 200_000]).expect("write");
    copy_file(&source, &copy, &CopyOptions::new().only(Mechanism::CopyFileEx)).expect("copy");
    same(&source, &copy);
}
