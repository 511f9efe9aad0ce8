//! The file system that lies is a good one until told to, and then lies in exactly that way.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use orbit_tests::lab::fuse::{self, Fuse, Lies, Resize};
use orbit_tests::skip::unless_skipped;
use orbit_tests::{files, subprocess, tool};
use rustix::io::Errno;

const SIZE: u64 = 300_000;

const DQUOT: i32 = Errno::DQUOT.raw_os_error();

const IO: i32 = Errno::IO.raw_os_error();

/// With one file of [`SIZE`] bytes.
fn mounted(test: &str) -> Option<(Fuse, PathBuf)> {
    let fuse = unless_skipped(test, fuse::mount())?;
    let path = fuse.dir().join("file");
    files::create(&path, 1, SIZE);
    Some((fuse, path))
}

fn content() -> Vec<u8> {
    files::content(1, SIZE)
}

#[test]
fn without_a_lie_it_behaves() {
    let Some((fuse, path)) = mounted("without_a_lie_it_behaves") else { return };
    assert!(fs::read(&path).unwrap() == content() && fuse.stored("file").unwrap() == content());
    let served = fuse.served();
    assert!(served.reads > 0 && served.writes > 0 && served.flushes > 0 && served.fsyncs == 0, "{served:?}");
    File::open(&path).unwrap().sync_all().unwrap();
    assert_eq!(fuse.served().fsyncs, 1);
    let other = fuse.dir().join("other");
    fs::write(&other, "other").unwrap();
    assert_eq!(files::list(fuse.dir()), ["file", "other"]);
    fs::set_permissions(&other, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::chown(&other, Some(12), Some(34)).unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::new(1_000_000_000, 123_456_789);
    File::open(&other).unwrap().set_modified(time).unwrap();
    let status = fs::metadata(&other).unwrap();
    assert_eq!((status.mode() & 0o7777, status.uid(), status.gid()), (0o640, 12, 34));
    assert_eq!((status.modified().unwrap(), status.len()), (time, 5));
    let open = File::open(&path).unwrap();
    fs::rename(&other, &path).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"other");
    let mut old = [0; 10];
    open.read_exact_at(&mut old, 100).unwrap();
    assert_eq!(old, content()[100..110]);
    OpenOptions::new().write(true).open(&path).unwrap().set_len(3).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"oth");
    fs::remove_file(&path).unwrap();
    assert_eq!(fs::read(&path).unwrap_err().kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn children_copy_there_and_back_by_the_kernels_calls() {
    let test = "children_copy_there_and_back_by_the_kernels_calls";
    let Some((fuse, path)) = mounted(test) else { return };
    let dir = tempfile::tempdir().unwrap();
    for (from, to) in
        [(path.clone(), dir.path().join("out")), (dir.path().join("out"), fuse.dir().join("in"))]
    {
        let mut cp = subprocess::command("cp");
        cp.arg(&from).arg(&to);
        subprocess::run(cp).expect_success();
        files::assert_same_content(&from, &to);
        std::io::copy(&mut File::open(&from).unwrap(), &mut File::create(&to).unwrap()).unwrap();
        files::assert_same_content(&from, &to);
    }
    let Some(mut setpriv) = unless_skipped(test, tool::find("setpriv")) else { return };
    setpriv.args(["--reuid=1234", "--clear-groups", "cat"]).arg(&path);
    assert!(subprocess::run(setpriv).expect_success().stdout == content());
}

#[test]
fn a_byte_is_read_other_than_it_was_written() {
    let Some((fuse, path)) = mounted("a_byte_is_read_other_than_it_was_written") else { return };
    for flip in [0, 131_072, 200_001, SIZE - 1] {
        fuse.lie(Lies { flip_on_read: Some(flip), ..Lies::default() });
        let mut expected = content();
        let index = usize::try_from(flip).unwrap();
        expected[index] = !expected[index];
        assert!(fs::read(&path).unwrap() == expected, "{flip}");
        assert!(fuse.stored("file").unwrap() == content());
    }
    fuse.lie(Lies { flip_on_read: Some(SIZE), ..Lies::default() });
    assert!(fs::read(&path).unwrap() == content());
}

#[test]
fn closing_and_syncing_fail() {
    let Some((fuse, path)) = mounted("closing_and_syncing_fail") else { return };
    let copy = |from: &Path, to: &Path| {
        let mut cp = subprocess::command("cp");
        cp.arg(from).arg(to);
        subprocess::run(cp)
    };
    let elsewhere = tempfile::tempdir().unwrap();
    for (errno, message) in [(DQUOT, "Disk quota exceeded"), (IO, "Input/output error")] {
        fuse.lie(Lies { fail_flush: Some(errno), fail_fsync: Some(errno), ..Lies::default() });
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        assert_eq!(file.sync_all().unwrap_err().raw_os_error(), Some(errno));
        let failed = copy(&path, &fuse.dir().join("copy"));
        assert!(failed.stderr.contains("failed to close") && failed.stderr.contains(message), "{failed:?}");
        // Nothing was written to the file that is closed here.
        copy(&path, &elsewhere.path().join("copy")).expect_success();
    }
}

#[test]
fn reads_and_writes_fail_from_an_offset_on() {
    let Some((fuse, path)) = mounted("reads_and_writes_fail_from_an_offset_on") else { return };
    let failure = Some((200_001, IO));
    fuse.lie(Lies { fail_read_from: failure, fail_write_from: failure, ..Lies::default() });
    let mut read = Vec::new();
    let error = File::open(&path).unwrap().read_to_end(&mut read).unwrap_err();
    assert_eq!((error.raw_os_error(), read.len()), (Some(IO), 200_001));
    let mut file = File::create(&path).unwrap();
    assert_eq!(file.write_all(&content()).unwrap_err().raw_os_error(), Some(IO));
    assert_eq!(fuse.stored("file").unwrap().len(), 200_001);
}

#[test]
fn reads_and_writes_are_short() {
    let Some((fuse, path)) = mounted("reads_and_writes_are_short") else { return };
    fuse.lie(Lies { most_per_read: Some(1000), most_per_write: Some(777), ..Lies::default() });
    let mut buffer = vec![0; 4096];
    assert_eq!(File::open(&path).unwrap().read(&mut buffer).unwrap(), 1000);
    assert_eq!(File::create(fuse.dir().join("new")).unwrap().write(&buffer).unwrap(), 777);
    assert!(fs::read(&path).unwrap() == content());
}

#[test]
fn the_end_comes_early_and_the_size_is_another() {
    let Some((fuse, path)) = mounted("the_end_comes_early_and_the_size_is_another") else { return };
    let size = || fs::metadata(&path).unwrap().len();
    fuse.lie(Lies { ends_at: Some(70_000), ..Lies::default() });
    assert_eq!((fs::read(&path).unwrap().len(), size()), (70_000, SIZE));
    fuse.lie(Lies { told_size: Some(0), ..Lies::default() });
    assert!(fs::read(&path).unwrap() == content() && size() == 0);
    fuse.lie(Lies { told_size: Some(SIZE + 10), ..Lies::default() });
    assert!(fs::read(&path).unwrap() == content() && size() == SIZE + 10);
}

#[test]
fn a_file_changes_while_it_is_read() {
    let Some((fuse, path)) = mounted("a_file_changes_while_it_is_read") else { return };
    let mut buffer = vec![0; 1000];
    let file = File::open(&path).unwrap();
    for (resize, expected) in [(Resize::Grow(10), SIZE + 10), (Resize::Shrink(100), SIZE - 90)] {
        fuse.lie(Lies { on_read: Some(resize), ..Lies::default() });
        let before = file.metadata().unwrap().modified().unwrap();
        assert_eq!(file.read_at(&mut buffer, 0).unwrap(), 1000);
        let status = file.metadata().unwrap();
        assert!(status.len() == expected && status.modified().unwrap() > before);
    }
}

#[test]
fn reads_and_writes_take_their_time() {
    let Some((fuse, path)) = mounted("reads_and_writes_take_their_time") else { return };
    let delay = Duration::from_millis(50);
    fuse.lie(Lies { read_delay: delay, write_delay: delay, ..Lies::default() });
    let file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let start = Instant::now();
    file.write_all_at(b"content", 0).unwrap();
    assert!((delay..delay * 100).contains(&start.elapsed()));
    file.read_exact_at(&mut [0; 7], 0).unwrap();
    assert!((delay * 2..delay * 100).contains(&start.elapsed()));
}

#[test]
fn it_goes_even_while_a_file_is_open() {
    let Some((fuse, path)) = mounted("it_goes_even_while_a_file_is_open") else { return };
    let mut file = File::open(&path).unwrap();
    let start = Instant::now();
    drop(fuse);
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!(file.read(&mut [0; 10]).unwrap_err().raw_os_error(), Some(Errno::NOTCONN.raw_os_error()));
    assert!(!path.exists());
}

#[test]
fn directories_are_made_renamed_and_removed_with_what_is_in_them() {
    let test = "directories_are_made_renamed_and_removed_with_what_is_in_them";
    let Some((fuse, _)) = mounted(test) else { return };
    let (one, other) = (fuse.dir().join("one"), fuse.dir().join("other"));
    fs::create_dir_all(one.join("inner")).unwrap();
    fs::write(one.join("inner/file"), "content").unwrap();
    assert_eq!(fs::remove_dir(&one).unwrap_err().kind(), std::io::ErrorKind::DirectoryNotEmpty);
    fs::create_dir(&other).unwrap();
    fs::rename(&one, &other).unwrap();
    assert_eq!(files::list(fuse.dir()), ["file", "other"]);
    assert_eq!(fuse.stored("other/inner/file").unwrap(), b"content");
    fs::set_permissions(&other, fs::Permissions::from_mode(0o750)).unwrap();
    assert_eq!(fs::metadata(&other).unwrap().mode(), 0o40_750);
    fs::remove_dir_all(&other).unwrap();
    assert_eq!(files::list(fuse.dir()), ["file"]);
}

#[test]
fn it_takes_two_names_for_one() {
    let Some((fuse, path)) = mounted("it_takes_two_names_for_one") else { return };
    fuse.lie(Lies { folds_names: true, ..Lies::default() });
    assert!(fs::read(fuse.dir().join("FILE")).unwrap() == content());
    let new = OpenOptions::new().write(true).create_new(true).open(fuse.dir().join("File"));
    assert_eq!(new.unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
    fs::create_dir(fuse.dir().join("Folder")).unwrap();
    fs::write(fuse.dir().join("folder/a"), "").unwrap();
    assert_eq!(files::list(&fuse.dir().join("FOLDER")), ["a"]);
    assert_eq!(files::list(fuse.dir()), ["Folder", "file"]);
    fs::remove_file(path).unwrap();
    assert_eq!(files::list(fuse.dir()), ["Folder"]);
}
