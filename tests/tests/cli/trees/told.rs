//! What is said about a tree: nothing, one line, one object, or how far it is.

use std::fs;

use orbit_tests::files;
use orbit_tests::skip::unless_skipped;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::Value;

use super::{copied, grown};
use crate::progress::on_terminal;
use crate::scene::{Scene, one_object, text};

/// Takes more than a second.
const SLOW: &[&str] = &["-R", "--max-bandwidth", "1MiB"];

/// A tree that [`SLOW`] is slow with.
fn large() -> Scene {
    let scene = grown();
    for (name, seed) in [("src/large", 1), ("src/sub/large", 2)] {
        files::create(&scene.path(name), seed, 1 << 20);
    }
    scene
}

/// Values that differ from run to run are replaced by what they are.
fn redacted(mut report: Value) -> String {
    for key in ["duration_ns", "bytes_per_second", "system_calls", "workers"] {
        assert!(report[key].is_u64(), "{key} is {}", report[key]);
        report[key] = "NUMBER".into();
    }
    serde_json::to_string_pretty(&report).expect("a report is JSON")
}

#[test]
fn a_tree_reports_this() {
    let scene = grown();
    mknodat(CWD, scene.path("src/pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    insta::assert_snapshot!(redacted(copied(&scene, &["-q", "--no-zero-copy", "--verify"])));
}

#[test]
fn a_tree_that_failed_reports_this() {
    let scene = grown();
    fs::create_dir_all(scene.path("dst/one")).unwrap();
    let finished = scene.run(&["-R", "--json", "--keep-going", "--no-zero-copy", "src", "dst"]);
    assert_eq!(finished.status.code(), Some(1));
    assert_eq!(finished.stderr.lines().count(), 1, "{}", finished.stderr);
    insta::assert_snapshot!(redacted(one_object(&text(&finished))));
}

#[test]
fn a_report_has_the_remedies_that_are_said() {
    let scene = grown();
    fs::create_dir_all(scene.path("dst/one")).unwrap();
    let finished = scene.run(&["-R", "--json", "--keep-going", "src", "dst"]);
    let failure = &one_object(&text(&finished))["failures"][0];
    let told = ["message", "remedy"].map(|key| failure[key].as_str().unwrap());
    assert_eq!(finished.stderr, format!("orbit: {}\n", told.join("; ")));
}

#[test]
fn verbose_tells_the_story_in_one_line() {
    let scene = grown();
    let told =
        scene.run(&["-R", "-v", "--no-zero-copy", "--parallel", "2", "src", "dst"]).expect_success().stderr;
    assert!(told.starts_with("src -> dst: 3 files, 73.2 KiB by read-write on 2 workers in "), "{told}");
    assert!(told.ends_with("; 4 directories\n") && told.lines().count() == 1, "{told}");
    assert_eq!(scene.quietly(&["-R", "src", "dst"]), "");
}

#[test]
fn special_files_are_a_warning_unless_quiet() {
    let scene = grown();
    for name in ["src/pipe", "src/sub/pipe"] {
        mknodat(CWD, scene.path(name), FileType::Fifo, Mode::RUSR, 0).unwrap();
    }
    let said =
        |flags: &[&str]| scene.run(&[&["-R"], flags, &["src", "dst"]].concat()).expect_success().stderr;
    let told = said(&[]);
    assert!(told.starts_with("orbit: left out 2 named pipes, such as src/"), "{told}");
    assert!(told.ends_with("; --preserve-metadata makes such files again\n"), "{told}");
    assert_eq!(said(&["-v"]).matches("orbit: left out src/").count(), 2);
    assert_eq!(said(&["-q"]), "");
    assert_eq!(said(&["--preserve-metadata"]), "");
    assert_eq!(copied(&scene, &["-q"])["skipped_special"][0]["kind"], "fifo");
    assert_eq!(copied(&scene, &["--preserve-metadata"])["special"], 2);
}

#[test]
fn without_a_terminal_there_are_lines_and_only_when_asked_for() {
    let scene = large();
    assert_eq!(scene.quietly(&[SLOW, &["src", "dst"]].concat()), "");
    let told = scene.run(&[SLOW, &["--progress=always", "src", "dst2"]].concat()).expect_success().stderr;
    let lines: Vec<_> = told.lines().collect();
    assert!(lines[0].starts_with("copying: ") && lines[0].contains(" of 5 files, "), "{told}");
    assert!(lines[0].contains(" of 2.0 MiB, ") && lines[0].contains("iB/s, "), "{told}");
    assert!(lines[0].ends_with(" left"), "{told}");
    assert!(lines.last().unwrap().starts_with("done: 5 files, 2.0 MiB in "), "{told}");
    assert!(lines.len() <= 4 && !told.contains('\u{1b}'), "{told:?}");
}

#[test]
fn what_is_found_is_no_speed() {
    let scene = large();
    scene.quietly(&["-R", "--resume", "src", "dst"]);
    fs::remove_file(scene.path("dst/large")).unwrap();
    let told = scene.run(&[SLOW, &["--resume", "--progress=always", "src", "dst"]].concat());
    let told = told.expect_success().stderr;
    let last = told.lines().last().unwrap();
    let (done, rate) = last.rsplit_once(", ").unwrap();
    assert!(done.starts_with("done: 5 files, 2.0 MiB in "), "{told}");
    assert!(rate.ends_with(" KiB/s") || rate == "1.0 MiB/s", "{told}");
}

#[test]
fn a_terminal_shows_a_bar_and_keeps_nothing_of_it() {
    let scene = large();
    let shown = on_terminal(&scene, &[SLOW, &["src", "dst"]].concat());
    let Some(shown) = unless_skipped("a_terminal_shows_a_bar_of_a_tree", shown) else { return };
    for part in ["%", " of 5 files", " of 2.0 MiB", "/s, ", "s left"] {
        assert!(shown.contains(part), "{part}: {shown:?}");
    }
    assert!(shown.ends_with("\r\u{1b}[2K"), "the line is not cleared: {shown:?}");
    let shown = on_terminal(&scene, &[SLOW, &["-q", "src", "dst"]].concat()).expect("it ran before");
    assert_eq!(shown, "");
}
