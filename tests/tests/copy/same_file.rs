//! A file is not copied onto itself, by whatever name.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use orbit_engine::{CopyError, Strategy};
use orbit_tests::files;
use orbit_tests::lab::{self, FileSystem};
use orbit_tests::skip::{Skip, unless_skipped};
use rustix::mount::{UnmountFlags, mount_bind, unmount};

use super::refused;

const SIZE: u64 = 100_000;

#[track_caller]
fn assert_refused(source: &Path, destination: &Path) {
    for &strategy in Strategy::ALL {
        let error = refused(strategy, source, destination);
        assert!(matches!(error, CopyError::SameFile { .. }), "{error:?}");
        assert!(error.to_string().contains(destination.to_str().expect("a path of our own")), "{error}");
    }
    assert!(fs::read(source).expect("the file is there") == files::content(1, SIZE), "content lost");
}

#[test]
fn one_file_under_two_names_is_refused() {
    lab::for_each_file_system("one_file_under_two_names_is_refused", |place| {
        let file = place.join("file");
        files::create(&file, 1, SIZE);
        fs::create_dir(place.join("sub")).unwrap();
        fs::hard_link(&file, place.join("hard")).unwrap();
        symlink("file", place.join("soft")).unwrap();
        symlink("../soft", place.join("sub/chain")).unwrap();
        for name in ["file", "./file", "sub/../file", "hard", "soft", "sub/chain"] {
            assert_refused(&file, &place.join(name));
            assert_refused(&place.join(name), &file);
        }
        assert!(place.join("soft").is_symlink());
        files::assert_no_litter(place.dir(), ["file", "hard", "soft", "sub"]);
        files::assert_no_litter(&place.join("sub"), ["chain"]);
    });
}

#[test]
fn one_file_under_two_mounts_is_refused() {
    let test = "one_file_under_two_mounts_is_refused";
    if !rustix::process::geteuid().is_root() {
        Skip::because("needs root: bind mounts").report(test);
        return;
    }
    for file_system in [FileSystem::Ext4, FileSystem::Xfs, FileSystem::Btrfs, FileSystem::Tmpfs] {
        let Some(mounted) = unless_skipped(test, lab::mount(file_system)) else { continue };
        let (directory, window) = (mounted.dir().join("directory"), mounted.dir().join("window"));
        let (file, frame) = (directory.join("file"), mounted.dir().join("frame"));
        fs::create_dir(&directory).unwrap();
        fs::create_dir(&window).unwrap();
        files::create(&file, 1, SIZE);
        fs::write(&frame, "").unwrap();
        mount_bind(&directory, &window).unwrap();
        mount_bind(&file, &frame).unwrap();
        for other in [window.join("file"), frame.clone()] {
            assert_refused(&file, &other);
            assert_refused(&other, &file);
        }
        unmount(&window, UnmountFlags::empty()).unwrap();
        unmount(&frame, UnmountFlags::empty()).unwrap();
        files::assert_no_litter(mounted.dir(), ["directory", "window", "frame"]);
        files::assert_no_litter(&directory, ["file"]);
    }
}
