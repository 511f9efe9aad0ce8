//! Trees that were not copied whole: exit codes, and what is said and stays.

use std::fs;

use orbit_tests::lab::fuse::{self, Lies};
use orbit_tests::skip::unless_skipped;
use orbit_tests::{files, lab, subprocess};
use rustix::process::Signal;

use super::{below, grown};
use crate::scene::{Scene, one_object, text, words};
use crate::signals::{catches, end, send, start};

/// A tree with a small file, and a large one that takes a minute.
fn slow() -> (Scene, [&'static str; 6]) {
    let scene = grown();
    files::create(&scene.path("src/large"), 9, 6 << 20);
    (scene, ["-R", "--parallel=2", "--max-bandwidth", "100KiB", "src", "dst"])
}

#[test]
fn a_signal_ends_it_with_a_code_of_its_own() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let (scene, arguments) = slow();
        let child = start(&scene.command(arguments), |status| catches(status, Signal::TERM));
        send(&child, signal);
        let (status, told) = end(child);
        assert_eq!(status.code(), Some(code), "{told}");
        assert_eq!(told, "orbit: copying to dst was cancelled; the files that were finished stay\n");
        assert!(!scene.path("dst/large").exists());
        for name in below(&scene.path("dst")).iter().filter(|name| !name.ends_with('/')) {
            files::assert_same_content(&scene.path("src").join(name), &scene.path("dst").join(name));
        }
        scene.assert_only(&["a", "src", "dst"]);
    }
}

#[test]
fn a_resumable_tree_says_how_it_goes_on_and_does() {
    let (scene, arguments) = slow();
    let arguments = [&["--resume"], &arguments[..]].concat();
    let child = start(&scene.command(&arguments), |status| catches(status, Signal::TERM));
    send(&child, Signal::INT);
    let (status, told) = end(child);
    assert_eq!(status.code(), Some(130), "{told}");
    assert!(told.ends_with("what was copied is kept, the same command goes on there\n"), "{told}");
    scene.quietly(&["-R", "--resume", "src", "dst"]);
    files::assert_same_content(&scene.path("src/large"), &scene.path("dst/large"));
    assert_eq!(below(&scene.path("dst")), below(&scene.path("src")));
}

#[test]
fn the_report_names_the_signal() {
    let (scene, arguments) = slow();
    let report = scene.write("report", "");
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &format!("exec \"$0\" \"$@\" > {report}")]);
    let arguments = [&["--json"], &arguments[..]].concat();
    let command = orbit_tests::tool::wrap(shell, &scene.command(&arguments));
    let child = start(&command, |status| catches(status, Signal::TERM));
    send(&child, Signal::TERM);
    assert_eq!(end(child).0.code(), Some(143));
    let report = one_object(&fs::read_to_string(report).unwrap());
    assert_eq!((&report["status"], &report["signal"]), (&"failed".into(), &15.into()));
    let failures = report["failures"].as_array().unwrap();
    assert_eq!(failures.last().unwrap()["kind"], "cancelled", "{report}");
}

/// A copy that is not its source is worse than one that is missing.
#[test]
fn a_failed_verification_decides_the_exit_code() {
    let scene = grown();
    let test = "a_failed_verification_decides_the_exit_code";
    let Some(liar) = unless_skipped(test, fuse::mount()) else { return };
    let dst = liar.dir().to_str().unwrap();
    liar.lie(Lies { flip_on_read: Some(7), ..Lies::default() });
    let finished = scene.run(&["-R", "--json", "--keep-going", "--verify", "src", dst]);
    assert_eq!(finished.status.code(), Some(3), "{}", finished.stderr);
    let told = finished.stderr.as_str();
    assert_eq!(told.matches("orbit: verification of ").count(), 2, "{told}");
    assert!(told.ends_with("\norbit: 2 failures; 1 file of 0 B copied\n"), "{told}");
    let report = one_object(&text(&finished));
    assert_eq!(words(&report["failures"], Some("kind")), ["checksum-mismatch"; 2]);
    for failure in report["failures"].as_array().unwrap() {
        let (path, message) = (failure["path"].as_str().unwrap(), failure["message"].as_str().unwrap());
        assert!(path.starts_with(dst) && message.contains(path), "{failure}");
    }
}

#[test]
fn a_full_disk_says_so_once_and_stops() {
    let scene = grown();
    files::create(&scene.path("src/large"), 9, 2 << 20);
    let test = "a_full_disk_says_so_once_and_stops";
    let small = lab::mount_small(lab::FileSystem::Tmpfs, 1 << 20);
    let Some(small) = unless_skipped(test, small) else { return };
    let dst = small.dir().join("dst");
    let told = scene.fails(1, &["-R", "src", dst.to_str().unwrap()]);
    assert!(told.contains("No space left") && told.contains("free space there"), "{told}");
    assert!(told.ends_with("; --keep-going copies the rest\n"), "{told}");
    files::assert_no_litter(small.dir(), ["dst"]);
}

/// Nothing is left to go on with: what was copied only has another name.
#[test]
fn a_tree_whose_name_was_taken_meanwhile_does_not_ask_to_keep_going() {
    let scene = grown();
    files::create(&scene.path("src/large"), 9, 300 << 10);
    let mut command = scene.command(["-R", "--max-bandwidth", "200KiB", "src", "dst"]);
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let is_begun =
        || files::list(&scene.path("")).iter().any(|name| name.to_string_lossy().starts_with(".dst"));
    while !is_begun() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it made anything");
        std::thread::yield_now();
    }
    fs::create_dir_all(scene.path("dst/other")).unwrap();
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("cannot rename the staging file to dst: ") && !told.contains("--keep-going"),
        "{told}"
    );
}

#[test]
fn a_report_that_cannot_be_written_is_said_beside_the_failures() {
    let scene = grown();
    fs::create_dir_all(scene.path("dst/one")).unwrap();
    for (arguments, said) in [
        (&["-R", "--json", "src", "dst"][..], "orbit: cannot replace dst/one"),
        (&["-R", "--json", "--exclude=one", "src", "dst"], "orbit: cannot write to standard output"),
    ] {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", "exec \"$0\" \"$@\" > /dev/full"]);
        let finished = subprocess::run(orbit_tests::tool::wrap(shell, &scene.command(arguments)));
        assert_eq!(finished.status.code(), Some(1));
        let told = finished.stderr;
        assert!(told.starts_with("orbit: cannot write to standard output: No space left"), "{told}");
        assert!(told.lines().last().unwrap().starts_with(said), "{told}");
    }
}
