//! What is said about a copy that succeeded: nothing, unless asked for or worth a warning.

use orbit_tests::faults::{self, Fault};
use orbit_tests::skip::unless_skipped;
use orbit_tests::{lab, lab::FileSystem};
use rustix::io::Errno;

use crate::scene::Scene;

#[test]
fn a_copy_that_succeeds_says_nothing() {
    let scene = Scene::new(5000);
    for arguments in [&["a", "b"][..], &["-q", "a", "b"], &["--no-zero-copy", "a", "b"]] {
        assert_eq!(scene.quietly(arguments), "");
    }
}

#[test]
fn verbose_says_what_was_done_and_why_not_by_zero_copy() {
    let scene = Scene::new(5000);
    let told = scene.run(&["-v", "--no-zero-copy", "--verify=compare", "a", "b"]).expect_success().stderr;
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines[0], "using buffered copy: the strategy is buffered");
    assert!(lines[1].starts_with("a -> b: 4.8 KiB by read-write in "), "{told}");
    assert!(lines[1].ends_with(", compared byte by byte"), "{told}");
    assert_eq!(lines.len(), 2);
}

#[test]
fn verbose_says_what_compression_came_to() {
    let scene = Scene::new(5000);
    let told = scene.run(&["-v", "--compress", "zstd", "a", "b"]).expect_success().stderr;
    // Nothing in the source repeats, so that a header is added to it.
    assert!(told.contains("a -> b.zst: 4.8 KiB as 4."), "{told}");
}

#[test]
fn verbose_says_how_often_it_was_tried() {
    let test = "verbose_says_how_often_it_was_tried";
    let scene = Scene::new(5000);
    let source = scene.path("a");
    let fault = Fault::error("?open,openat", Errno::TIMEDOUT).on(&source);
    let command = scene.command(["-v", "--retries", "2", source.to_str().unwrap(), "b"]);
    let Some(finished) = unless_skipped(test, faults::inject(&command, &fault)) else { return };
    assert!(finished.expect_success().stderr.ends_with(", tried twice\n"));
}

#[test]
fn reasons_that_differ_are_told_by_mechanism() {
    let test = "reasons_that_differ_are_told_by_mechanism";
    let Some(tmpfs) = unless_skipped(test, lab::mount(FileSystem::Tmpfs)) else { return };
    let scene = Scene::new(20_000);
    let told = scene.run(&["-v", "a", tmpfs.dir().to_str().unwrap()]).expect_success().stderr;
    let (refused, rest) = told.lines().next().unwrap().split_once("; ").unwrap();
    assert!(refused.starts_with("using buffered copy: reflink: "), "{told}");
    assert_eq!(rest, "copy-file-range, sendfile, splice: 20000 bytes is below the threshold of 65536");
}

#[test]
fn zero_copy_needs_no_reason() {
    let scene = Scene::new(5000);
    let told = scene.run(&["-v", "--zero-copy", "a", "b"]).expect_success().stderr;
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(!told.contains("read-write") && !told.contains("buffered"), "{told}");
}

#[test]
fn twice_verbose_names_every_mechanism() {
    let scene = Scene::new(5000);
    let told = scene.run(&["-vv", "--no-zero-copy", "a", "b"]).expect_success().stderr;
    for mechanism in ["reflink", "copy-file-range", "splice", "sendfile"] {
        assert!(told.contains(&format!("left out {mechanism}: the strategy is buffered\n")), "{told}");
    }
}

#[test]
fn metadata_that_was_lost_is_a_warning_unless_quiet() {
    let test = "metadata_that_was_lost_is_a_warning_unless_quiet";
    let scene = Scene::new(100);
    let Some(liar) = unless_skipped(test, lab::fuse::mount()) else { return };
    // A file system without extended attributes.
    let value = b"value";
    let set = rustix::fs::setxattr(scene.path("a"), "user.orbit", value, rustix::fs::XattrFlags::empty());
    if set.is_err() {
        return orbit_tests::skip::Skip::because("no extended attributes here").report(test);
    }
    let destination = liar.dir().join("b");
    let arguments = ["--preserve-metadata", "a", destination.to_str().unwrap()];
    let told = scene.run(&arguments).expect_success().stderr;
    assert!(told.contains("not preserved: extended attribute user.orbit"), "{told}");
    let told = scene.run(&[&["-q"], &arguments[..]].concat()).expect_success().stderr;
    assert_eq!(told, "");
}
