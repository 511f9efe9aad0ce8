//! Exit codes, and the one line that says what went wrong, on which path, and what to do about it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::process::Command;

use orbit_tests::lab::fuse::{self, Lies};
use orbit_tests::lab::{self, FileSystem};
use orbit_tests::skip::{Skip, unless_skipped};
use orbit_tests::{files, subprocess, tool};

use crate::scene::{Scene, one_object, text};

/// What is said of each, one line a failure.
#[test]
fn failures_read_like_this() {
    let scene = Scene::new(100);
    fs::create_dir(scene.path("dir")).unwrap();
    fs::hard_link(scene.path("a"), scene.path("same")).unwrap();
    symlink("nothing", scene.path("dangling")).unwrap();
    symlink("loop", scene.path("loop")).unwrap();
    let _socket = UnixListener::bind(scene.path("socket")).unwrap();
    let long = "x".repeat(256);
    let cases: [&[&str]; 11] = [
        &["missing", "b"],
        &["a/b", "c"],
        &["dir", "b"],
        &["socket", "b"],
        &["a", "socket"],
        &["a", "same"],
        &["a", "dangling"],
        &["a", "loop"],
        &["a", "no/such/dir/b"],
        &["--in-place", "a", "no/b"],
        &["a", &long],
    ];
    let told: String =
        cases.iter().map(|arguments| scene.fails(1, arguments).replace(&long, "LONG")).collect();
    assert_eq!(told.lines().count(), cases.len());
    insta::assert_snapshot!(told);
}

#[test]
fn a_machine_that_cannot_clone_says_which_flag_to_drop() {
    let scene = Scene::new(100_000);
    let Some(tmpfs) = unless_skipped("a_machine_that_cannot_clone", lab::mount(FileSystem::Tmpfs)) else {
        return;
    };
    let destination = tmpfs.dir().join("b");
    let finished = scene.run(&["--json", "--reflink=always", "a", destination.to_str().unwrap()]);
    assert_eq!(finished.status.code(), Some(1));
    assert!(finished.stderr.contains("without --reflink=always"), "{}", finished.stderr);
    let report = one_object(&text(&finished));
    assert_eq!(report["error"]["kind"], "zero-copy-unsupported");
    assert!(report["error"]["refusals"][0]["errno"].is_i64(), "{report}");
}

#[test]
fn a_full_disk_says_so() {
    let scene = Scene::new(2 << 20);
    let small = unless_skipped("a_full_disk_says_so", lab::mount_small(FileSystem::Tmpfs, 1 << 20));
    let Some(small) = small else { return };
    let error = scene.fails(1, &["a", small.dir().to_str().unwrap()]);
    assert!(error.contains("No space left") && error.contains("free space there"), "{error}");
    files::assert_no_litter(small.dir(), [""; 0]);
}

/// The tool that runs a command as somebody else.
fn setpriv() -> Result<Command, Skip> {
    if !rustix::process::geteuid().is_root() {
        return Err(Skip::because("only root can run a command as another user"));
    }
    tool::find("setpriv")
}

#[test]
fn missing_permission_names_the_way_out() {
    let scene = Scene::new(100);
    let test = "missing_permission_names_the_way_out";
    let Some(setpriv) = unless_skipped(test, setpriv()) else { return };
    for folder in [scene.path(""), scene.path("").parent().unwrap().to_path_buf()] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::write(scene.path("old"), "old").unwrap();
    for (name, mode) in [("dir", 0o755), ("closed", 0o700), ("sticky", 0o1777)] {
        fs::create_dir(scene.path(name)).unwrap();
        fs::set_permissions(scene.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    fs::write(scene.path("sticky/old"), "old").unwrap();
    fs::set_permissions(scene.path("sticky/old"), fs::Permissions::from_mode(0o666)).unwrap();
    let as_nobody = |arguments: &[&str]| {
        let mut outer = Command::new(setpriv.get_program());
        outer.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]);
        let finished = subprocess::run(tool::wrap(outer, &scene.command(arguments)));
        assert_eq!(finished.status.code(), Some(1), "{}", finished.stderr);
        finished.stderr
    };
    assert!(as_nobody(&["a", "b"]).contains("its directory must be writable; --in-place"));
    assert!(as_nobody(&["a", "old"]).contains("make it writable first (chmod u+w)"));
    fs::set_permissions(scene.path("a"), fs::Permissions::from_mode(0o600)).unwrap();
    assert!(
        as_nobody(&["a", "/tmp/never"])
            .contains("cannot open a: Permission denied (os error 13); make it readable")
    );
    assert!(as_nobody(&["--in-place", "old", "b"]).contains("its directory must be writable"));
    assert!(
        as_nobody(&["-R", "dir", "b"])
            .contains("create the directory b: Permission denied (os error 13); its directory")
    );
    let way = "each directory on the way to it must let you pass (chmod +x)";
    for arguments in [["old", "closed/b"], ["closed/a", "/tmp/never"]] {
        assert!(as_nobody(&arguments).contains(way));
    }
    // Its own file replaces nobody else's there.
    assert!(as_nobody(&["old", "sticky/old"]).contains("the old file must be yours; --in-place"));
}

#[test]
fn a_copy_that_is_not_the_source_has_an_exit_code_of_its_own() {
    let scene = Scene::new(50_000);
    let Some(liar) = unless_skipped("a_copy_that_is_not_the_source", fuse::mount()) else { return };
    liar.lie(Lies { flip_on_read: Some(7), ..Lies::default() });
    let destination = liar.dir().join("b");
    for level in ["compare", "sha256"] {
        let flag = format!("--verify={level}");
        let finished = scene.run(&["--json", &flag, "a", destination.to_str().unwrap()]);
        assert_eq!(finished.status.code(), Some(3), "{}", finished.stderr);
        assert!(finished.stderr.contains("verification of"), "{}", finished.stderr);
        assert_eq!(one_object(&text(&finished))["error"]["kind"], "checksum-mismatch");
        files::assert_no_litter(liar.dir(), [""; 0]);
    }
}

#[test]
fn capabilities_of_what_is_no_directory_fail() {
    let scene = Scene::new(10);
    for arguments in [&["capabilities", "none"][..], &["capabilities", ".", "none"], &["capabilities", "a"]] {
        let error = scene.fails(1, arguments);
        assert!(error.contains("both must be directories"), "{error}");
    }
    scene.assert_only(&["a"]);
}
