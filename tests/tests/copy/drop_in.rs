//! `orbit_engine::copy` beside `std::fs::copy`: the same result for the same files, and no data lost where that loses it.

use std::error::Error;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use orbit_engine::{CopyError, copy};
use orbit_tests::lab::{self, FileSystem, Place};
use orbit_tests::skip::{Skip, unless_skipped};
use orbit_tests::{files, subprocess};

const SIZE: u64 = 100_000;

type Copy = fn(&Path, &Path) -> io::Result<u64>;

const BOTH: [(&str, Copy); 2] =
    [("std", |from, to| fs::copy(from, to)), ("orbit", |from, to| copy(from, to))];

/// What a copy comes to, as far as both must agree.
#[derive(Debug, PartialEq, Eq)]
struct Result {
    answer: std::result::Result<u64, io::ErrorKind>,
    content: Option<Vec<u8>>,
    mode: Option<u32>,
}

/// Prepares a fresh directory, copies `source` to `destination` in it, and looks at what is at `look`.
fn result(
    place: &Place,
    copy: Copy,
    prepare: impl Fn(&Path),
    [source, destination, look]: [&str; 3],
) -> Result {
    let dir = place.join("scene");
    fs::create_dir(&dir).expect("a fresh place");
    prepare(&dir);
    let answer = copy(&dir.join(source), &dir.join(destination)).map_err(|error| error.kind());
    let found = dir.join(look);
    let content = fs::read(&found).ok();
    let mode = fs::metadata(&found).ok().map(|found| found.mode() & 0o7777);
    fs::remove_dir_all(&dir).expect("a directory of our own");
    Result { answer, content, mode }
}

#[track_caller]
fn assert_alike(place: &Place, what: &str, prepare: impl Fn(&Path), names: [&str; 3]) {
    let [std, orbit] = BOTH.map(|(_, copy)| result(place, copy, &prepare, names));
    assert_eq!(orbit, std, "{what}");
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("a file of our own");
}

#[test]
fn it_does_what_the_standard_library_does() {
    lab::for_each_file_system("it_does_what_the_standard_library_does", |place| {
        let names = ["source", "copy", "copy"];
        for size in [0, 1, SIZE, 3 << 20] {
            let new = |dir: &Path| files::create(&dir.join("source"), 1, size);
            assert_alike(place, "a new file", new, names);
            let longer = |dir: &Path| {
                new(dir);
                files::create(&dir.join("copy"), 2, size + 10);
            };
            assert_alike(place, "over a longer file", longer, names);
        }
        for mode in [0o400, 0o600, 0o644, 0o755, 0o777, 0o070] {
            let with_mode = |old: Option<u32>| {
                move |dir: &Path| {
                    files::create(&dir.join("source"), 1, SIZE);
                    set_mode(&dir.join("source"), mode);
                    if let Some(old) = old {
                        files::create(&dir.join("copy"), 2, SIZE);
                        set_mode(&dir.join("copy"), old);
                    }
                }
            };
            assert_alike(place, "the mode of a new file", with_mode(None), names);
            assert_alike(place, "the mode of a replaced file", with_mode(Some(0o660)), names);
        }
        let links = |dir: &Path| {
            files::create(&dir.join("source"), 1, SIZE);
            files::create(&dir.join("target"), 2, 7);
            symlink("target", dir.join("copy")).unwrap();
            symlink("later", dir.join("dangling")).unwrap();
            symlink("source", dir.join("soft")).unwrap();
            fs::create_dir(dir.join("directory")).unwrap();
        };
        assert_alike(place, "through a link", links, ["source", "copy", "target"]);
        assert_alike(place, "through a link to nothing", links, ["source", "dangling", "later"]);
        assert_alike(place, "from a link", links, ["soft", "new", "new"]);
        assert_alike(place, "no source", links, ["missing", "new", "new"]);
        assert_alike(place, "a directory as source", links, ["directory", "new", "new"]);
        assert_alike(place, "a directory as destination", links, ["source", "directory", "directory"]);
        assert_alike(place, "no parent", links, ["source", "missing/new", "missing/new"]);
    });
}

#[test]
fn a_device_takes_the_bytes() {
    let test = "a_device_takes_the_bytes";
    let Some(place) = unless_skipped(test, lab::mount(FileSystem::Tmpfs)) else { return };
    files::create(&place.dir().join("source"), 1, SIZE);
    assert_eq!(copy(place.dir().join("source"), "/dev/null").unwrap(), SIZE);
}

/// The standard library empties the file.
#[test]
fn a_file_is_not_copied_onto_itself() {
    lab::for_each_file_system("a_file_is_not_copied_onto_itself", |place| {
        files::create(&place.join("file"), 1, SIZE);
        fs::hard_link(place.join("file"), place.join("hard")).unwrap();
        for other in ["file", "hard"] {
            let error = copy(place.join("file"), place.join(other)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            let ours = error.get_ref().and_then(<dyn Error + Send + Sync>::downcast_ref::<CopyError>);
            assert!(matches!(ours, Some(CopyError::SameFile { .. })), "{error:?}");
        }
        assert!(fs::read(place.join("file")).unwrap() == files::content(1, SIZE));
    });
}

/// Run again by itself as another user: in a directory that takes no new file, an existing one is still written.
#[test]
fn where_nothing_can_be_staged_an_existing_file_is_written_in_place() {
    const CHILD: &str = "ORBIT_TEST_DROP_IN";
    let test = "where_nothing_can_be_staged_an_existing_file_is_written_in_place";
    if let Some(dir) = std::env::var_os(CHILD) {
        let dir = Path::new(&dir);
        assert_eq!(copy(dir.join("source"), dir.join("copy")).unwrap(), SIZE);
        let error = copy(dir.join("source"), dir.join("new")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        return;
    }
    if !rustix::process::geteuid().is_root() {
        Skip::because("needs root: to be another user").report(test);
        return;
    }
    let Some(place) = unless_skipped(test, lab::mount(FileSystem::Tmpfs)) else { return };
    let dir = place.dir();
    files::create(&dir.join("source"), 1, SIZE);
    files::create(&dir.join("copy"), 2, SIZE + 1);
    let inode = fs::metadata(dir.join("copy")).unwrap().ino();
    std::os::unix::fs::chown(dir.join("copy"), Some(65534), Some(65534)).unwrap();
    let mut child = subprocess::command(std::env::current_exe().unwrap());
    child.args(["--exact", &format!("drop_in::{test}")]);
    let Some(child) = unless_skipped(test, orbit_tests::nobody::as_nobody(&child)) else { return };
    let mut child = child;
    child.env(CHILD, dir);
    subprocess::run(child).expect_success();
    files::assert_same_content(&dir.join("source"), &dir.join("copy"));
    assert_eq!(fs::metadata(dir.join("copy")).unwrap().ino(), inode);
    files::assert_no_litter(dir, ["source", "copy"]);
}

/// One import is all that changes.
#[test]
fn it_takes_what_the_standard_library_takes() {
    fn calls<P: AsRef<Path>, Q: AsRef<Path>>(copy: fn(P, Q) -> io::Result<u64>) -> usize {
        copy as usize
    }
    assert_ne!(calls::<&str, String>(fs::copy), 0);
    assert_ne!(calls::<&str, String>(copy), 0);
}
