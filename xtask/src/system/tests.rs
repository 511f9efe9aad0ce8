//! What every system must do alike, and what it must refuse.

use std::fs;

use super::*;

#[test]
fn a_pointer_leads_to_the_last_name_that_it_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let pointer = folder.path().join("latest");
    for name in ["a", "b"] {
        fs::create_dir(folder.path().join(name)).unwrap();
        point(OsStr::new(name), &pointer).unwrap();
        let expected = fs::canonicalize(folder.path().join(name)).unwrap();
        assert_eq!(follow(&pointer).unwrap(), expected);
        assert_eq!(follow(&expected).unwrap(), expected);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "it left something");
    assert!(follow(&folder.path().join("none")).is_err());
}

#[test]
fn a_status_is_passed_on_as_a_number() {
    let own = std::env::current_exe().unwrap();
    for argument in ["--list", "--no-such-flag"] {
        let status = Command::new(&own).arg(argument).output().unwrap().status;
        assert_eq!(status_of(raw_status(status)), status);
        assert_eq!(status.success(), argument == "--list");
    }
}

#[test]
fn a_directory_has_a_device_and_room() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, vec![1; 100_000]).unwrap();
    assert_eq!(device(folder.path()).unwrap(), device(&file).unwrap());
    let room = room(folder.path()).unwrap();
    assert!(room.block_bytes >= 512 && room.free_bytes > 0, "{room:?}");
    let allocated = allocated_bytes(&fs::metadata(&file).unwrap());
    assert!(allocated.is_none_or(|bytes| bytes < 10_000_000), "{allocated:?}");
    let none = folder.path().join("none");
    assert!(device(&none).is_err() && super::room(&none).is_err());
}

#[test]
fn only_a_plain_file_is_opened_as_ones_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let open = open_own_file(&file).unwrap();
    open.try_lock().unwrap();
    let again = open_own_file(&file).unwrap();
    assert!(again.try_lock().is_err(), "one at a time has the lock");
    assert!(open_own_file(folder.path()).is_none() && open_own_file(&folder.path().join("none")).is_none());
    #[cfg(unix)]
    {
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(open_own_file(&link).is_none());
    }
}

#[test]
fn what_is_not_there_is_refused_with_a_reason() {
    let file = tempfile::tempfile().unwrap();
    if !cfg!(target_os = "linux") {
        for refused in [uncache(&file), may_drop_caches(), may_mount(), may_send(), mount_table().map(drop)] {
            assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::Unsupported);
        }
        assert!(shared_memory().unwrap_err().contains("--target NAME=DIR"));
    }
    if !SEES_HOLES {
        assert_eq!(next_data(&file, 0).unwrap_err().kind(), io::ErrorKind::Unsupported);
    }
    assert_eq!(cpu_ns().is_some(), KNOWS_PROCESSOR_TIME);
}
