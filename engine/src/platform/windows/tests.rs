//! What each call does here, on the file system of the temporary directory.

use std::io::Write;
use std::ops::ControlFlow;

use super::*;

fn calls() -> Calls {
    Calls::default()
}

fn file(path: &Path, content: &[u8]) -> File {
    let mut file = OpenOptions::new().read(true).write(true).create_new(true).open(path).unwrap();
    file.write_all(content).unwrap();
    file
}

#[test]
fn one_file_by_two_names_is_one_and_its_copy_is_another() {
    let folder = tempfile::tempdir().unwrap();
    let [one, other, copy] = ["one", "other", "copy"].map(|name| folder.path().join(name));
    let first = file(&one, b"content");
    std::fs::hard_link(&one, &other).unwrap();
    std::fs::copy(&one, &copy).unwrap();
    let (second, copied) = (look(&other, true).unwrap(), look(&copy, true).unwrap());
    assert!(same_file(&calls(), &first, &second).unwrap());
    assert!(!same_file(&calls(), &first, &copied).unwrap());
    let status = status(&calls(), &first).unwrap();
    assert_eq!((status.kind, status.size, status.links, status.mode), (FileKind::Regular, 7, 2, 0o666));
    assert!(status.inode != 0);
    assert_eq!(status.number(), super::status(&calls(), &second).unwrap().number());
    assert!(status.number() != super::status(&calls(), &copied).unwrap().number());
}

#[test]
fn read_only_hidden_and_times_are_read_and_written() {
    let folder = tempfile::tempdir().unwrap();
    let (path, other) = (folder.path().join("file"), folder.path().join("other"));
    let (from, to) = (file(&path, b""), file(&other, b""));
    let time = (1_600_000_000, 123_456_700);
    set_times(&calls(), &from, (0, 0), time).unwrap();
    assert_eq!(status(&calls(), &from).unwrap().version.modified, time);
    set_attribute(&calls(), &from, "windows.attributes".as_ref(), &2_u32.to_le_bytes()).unwrap();
    set_mode(&calls(), &from, 0o444).unwrap();
    assert_eq!(status(&calls(), &from).unwrap().mode, 0o444);
    hand_on(&from, &to, "windows.attributes");
    let is_hidden = attribute(&calls(), &to, "windows.attributes".as_ref()).unwrap()[0] & 2 != 0;
    assert!(is_hidden);
    assert_eq!(status(&calls(), &to).unwrap().mode, 0o666);
    set_mode(&calls(), &from, 0o666).unwrap();
    assert_eq!(status(&calls(), &from).unwrap().mode, 0o666);
    assert!(set_attribute(&calls(), &to, "user.other".as_ref(), &[]).is_err());
}

fn hand_on(from: &File, to: &File, name: &str) {
    assert!(attributes(&calls(), from).unwrap().iter().any(|known| known == name));
    let value = attribute(&calls(), from, name.as_ref()).unwrap();
    set_attribute(&calls(), to, name.as_ref(), &value).unwrap();
    assert_eq!(attribute(&calls(), to, name.as_ref()).unwrap(), value, "{name}");
}

#[test]
#[ignore = "needs Windows: wine does not change when a file was created"]
fn when_a_file_was_created_is_read_and_written() {
    let folder = tempfile::tempdir().unwrap();
    let [from, to] = ["from", "to"].map(|name| file(&folder.path().join(name), b""));
    set_attribute(&calls(), &from, "windows.created".as_ref(), &131_000_000_000_000_000_i64.to_le_bytes())
        .unwrap();
    hand_on(&from, &to, "windows.created");
}

#[test]
fn a_file_that_may_not_be_written_to_is_found_before_it_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let file = file(&path, b"");
    assert!(check_writable(&calls(), At::path(&path)).is_ok());
    assert!(check_writable(&calls(), At::path(folder.path())).is_ok());
    set_mode(&calls(), &file, 0o444).unwrap();
    drop(file);
    let error = check_writable(&calls(), At::path(&path)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    remove_file(&calls(), At::path(&path)).unwrap();
    assert!(!path.exists());
}

#[test]
fn a_rename_replaces_only_where_it_may() {
    let folder = tempfile::tempdir().unwrap();
    let [one, other] = ["one", "other"].map(|name| folder.path().join(name));
    for path in [&one, &other] {
        drop(file(path, path.as_os_str().as_encoded_bytes()));
    }
    let error = rename_new(&calls(), At::path(&one), At::path(&other)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    rename(&calls(), At::path(&one), At::path(&other)).unwrap();
    assert_eq!(std::fs::read(&other).unwrap(), one.as_os_str().as_encoded_bytes());
    assert!(!one.exists());
}

#[test]
#[ignore = "needs Windows: wine does not replace what somebody has open"]
fn a_file_that_somebody_reads_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let [one, other] = ["one", "other"].map(|name| folder.path().join(name));
    let (_, old) = (file(&one, b"new"), file(&other, b"old"));
    let reader = File::open(&other).unwrap();
    drop(old);
    rename(&calls(), At::path(&one), At::path(&other)).unwrap();
    assert_eq!(std::fs::read(&other).unwrap(), b"new");
    assert_eq!(io::read_to_string(reader).unwrap(), "old");
}

#[test]
fn names_of_devices_are_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["NUL", "com1.txt", "file:stream", "dot."] {
        let path = folder.path().join(name);
        let refusals = [
            open_destination(&calls(), At::path(&path)).map(|_| ()),
            create_exclusive(&calls(), At::path(&path), 0o600).map(|_| ()),
            create_directory(&calls(), At::path(&path), 0o700),
        ];
        for refusal in refusals {
            let error = refusal.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            assert!(error.to_string().contains("choose another name"), "{error}");
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_device_is_no_regular_file() {
    let file = File::open("NUL").unwrap();
    assert_eq!(status(&calls(), &file).unwrap().kind, FileKind::Device);
}

#[test]
fn the_file_system_has_a_name() {
    let file = tempfile::tempfile().unwrap();
    assert!(!file_system(&calls(), &file).unwrap().is_empty());
}

#[test]
fn the_system_makes_a_whole_copy_where_the_name_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let (source, copy) = (folder.path().join("source"), folder.path().join("copy"));
    let content = vec![7; 300_000];
    let from = file(&source, &content);
    set_mode(&calls(), &from, 0o444).unwrap();
    let mut go_on = |_| ControlFlow::Continue(());
    let made = copy_new(&calls(), &from, At::path(&copy), &mut go_on).unwrap().unwrap();
    assert_eq!(status(&calls(), &made).unwrap().mode, 0o666, "it can be written to, whatever the source is");
    assert_eq!(std::fs::read(&copy).unwrap(), content);
    let error = copy_new(&calls(), &from, At::path(&copy), &mut go_on).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    assert!(copy.exists());
}

#[test]
#[ignore = "needs Windows: wine's CopyFileExW never calls its routine"]
fn a_whole_copy_tells_how_far_it_is_and_ends_when_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (source, copy) = (folder.path().join("source"), folder.path().join("copy"));
    let from = file(&source, &vec![7; 16 << 20]);
    let mut heard = Vec::new();
    let mut listen = |bytes| {
        heard.push(bytes);
        ControlFlow::Continue(())
    };
    copy_new(&calls(), &from, At::path(&copy), &mut listen).unwrap().unwrap();
    assert!(heard.is_sorted() && heard.len() > 1, "{heard:?}");
    assert_eq!(heard.last(), Some(&(16 << 20)));
    remove_file(&calls(), At::path(&copy)).unwrap();
    let mut end = |_| ControlFlow::Break(());
    assert!(copy_new(&calls(), &from, At::path(&copy), &mut end).unwrap().is_none());
    assert!(!copy.exists());
}

#[test]
#[ignore = "needs Windows: wine's CopyFileExW never calls its routine"]
fn an_observer_that_panics_in_the_middle_ends_the_copy() {
    let folder = tempfile::tempdir().unwrap();
    let (source, copy) = (folder.path().join("source"), folder.path().join("copy"));
    let from = file(&source, &vec![7; 1 << 20]);
    let ended = std::panic::catch_unwind(|| {
        copy_new(&calls(), &from, At::path(&copy), &mut |_| panic!("the observer")).map(|_| ())
    });
    assert!(ended.is_err() && !copy.exists());
}

#[test]
#[ignore = "needs Windows: wine stores holes and does not tell where they are"]
fn holes_are_made_and_found() {
    let file = tempfile::tempfile().unwrap();
    allow_holes(&calls(), &file);
    file.set_len(16 << 20).unwrap();
    write_at(&calls(), &file, &[7; 65_536], 8 << 20).unwrap();
    let status = status(&calls(), &file).unwrap();
    assert!(status.allocated < 1 << 20, "{status:?}");
    let data = next_data(&calls(), &file, 0).unwrap().unwrap();
    assert!((1 << 20..=8 << 20).contains(&data), "{data}");
    let hole = next_hole(&calls(), &file, data).unwrap().unwrap();
    assert!(((8 << 20) + 65_536..16 << 20).contains(&hole), "{hole}");
    assert_eq!(next_data(&calls(), &file, hole).unwrap(), None);
}

#[test]
fn clusters_are_shared_or_the_volume_says_that_it_cannot() {
    let folder = tempfile::tempdir().unwrap();
    let content: Vec<u8> = (0..=250).cycle().take(200_001).collect();
    let from = file(&folder.path().join("source"), &content);
    let to = file(&folder.path().join("copy"), b"");
    match reflink(&calls(), &from, &to) {
        Ok(()) => assert_eq!(std::fs::read(folder.path().join("copy")).unwrap(), content),
        Err(error) => {
            let meaning = meaning(&error, false);
            assert_eq!(meaning, super::super::Meaning::Refused { every_file: true }, "{error}");
            assert_eq!(to.metadata().unwrap().len(), 0);
        }
    }
}
