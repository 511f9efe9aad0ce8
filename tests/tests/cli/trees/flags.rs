//! Every flag for trees does what it says: each test fails when its flag is ignored.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, SystemTime};

use orbit_tests::faults::{self, Attempt, Fault};
use orbit_tests::skip::unless_skipped;
use orbit_tests::{files, subprocess};
use serde_json::json;

use super::{ALL, assert_tree, below, copied, grown};
use crate::scene::{Scene, one_object, text};

/// With these flags `src` becomes these paths below `dst`, which is removed.
#[track_caller]
fn assert_copies(scene: &Scene, arguments: &[&str], expected: &[&str]) {
    scene.quietly(&[&["-R"], arguments, &["src", "dst"]].concat());
    assert_eq!(below(&scene.path("dst")), expected, "{arguments:?}");
    fs::remove_dir_all(scene.path("dst")).expect("dst is removed");
}

#[test]
fn symlinks() {
    let scene = grown();
    symlink("sub", scene.path("src/link")).unwrap();
    symlink("one", scene.path("src/other")).unwrap();
    for preserve in [&[][..], &["--symlinks", "preserve"], &["--symlinks=skip", "--symlinks=preserve"]] {
        assert_eq!(copied(&scene, preserve)["symlinks"], 2);
        assert_eq!(fs::read_link(scene.path("dst/link")).unwrap(), Path::new("sub"));
        fs::remove_dir_all(scene.path("dst")).unwrap();
    }
    assert_eq!(copied(&scene, &["--symlinks", "skip"])["skipped_symlinks"], 2);
    assert_tree(&scene, "dst");
    fs::remove_dir_all(scene.path("dst")).unwrap();
    let report = copied(&scene, &["--symlinks", "follow"]);
    assert_eq!((&report["symlinks"], &report["files"]), (&json!(0), &json!(6)));
    files::assert_same_content(&scene.path("src/sub/two.log"), &scene.path("dst/link/two.log"));
    assert!(!scene.path("dst/other").is_symlink());
    let error = scene.fails(2, &["-R", "--symlinks", "keep", "src", "dst"]);
    assert!(error.contains("preserve, follow, skip"), "{error}");
}

#[test]
fn links_that_cannot_be_followed_name_the_way_out() {
    let scene = grown();
    let follow = |flags: &[&str]| {
        scene.fails(1, &[&["-R", "--symlinks=follow", "--keep-going"], flags, &["src", "dst"]].concat())
    };
    symlink("nothing", scene.path("src/dangling")).unwrap();
    symlink("loop", scene.path("src/loop")).unwrap();
    let told = follow(&[]);
    for link in ["dangling", "loop"] {
        let line = told.lines().find(|line| line.contains(&format!("cannot inspect src/{link}: ")));
        let remedy = "; the link leads nowhere; --symlinks preserve copies the link itself";
        assert!(line.is_some_and(|line| line.ends_with(remedy)), "{told}");
    }
    symlink("..", scene.path("src/sub/up")).unwrap();
    let told = follow(&["--exclude", "dangling", "--exclude", "loop"]);
    assert!(told.ends_with("that hold it; --symlinks preserve copies the link itself\n"), "{told}");
    fs::remove_file(scene.path("src/sub/up")).unwrap();
    symlink("..", scene.path("src/up")).unwrap();
    let told =
        follow(&["--exclude", "dangling", "--exclude", "loop", "--exclude", "/up/src", "--exclude=/up/a"]);
    let remedy = "name a DST outside of SRC, or leave out the link that leads there (--exclude)\n";
    assert!(told.contains("into itself, to dst; ") && told.ends_with(remedy), "{told}");
    scene.quietly(&[
        "-R",
        "--symlinks=follow",
        "--exclude",
        "/up",
        "--exclude",
        "dangling",
        "--exclude",
        "loop",
        "src",
        "dst",
    ]);
}

/// What stands at `dst/one` after a copy over an older or newer file, and over none at `dst/sub/two.log`.
fn overwritten(flags: &[&str], age: Duration) -> Vec<u8> {
    let scene = grown();
    fs::create_dir(scene.path("dst")).expect("dst is made");
    fs::write(scene.path("dst/one"), "old").expect("a file is written");
    let set = |name: &str, time| {
        let file = fs::File::options().write(true).open(scene.path(name)).expect("a file opens");
        file.set_modified(time).expect("a time is set");
    };
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    set("src/one", then);
    set("dst/one", then + Duration::from_secs(1) - age);
    let report = copied(&scene, flags);
    files::assert_same_content(&scene.path("src/sub/two.log"), &scene.path("dst/sub/two.log"));
    let content = fs::read(scene.path("dst/one")).expect("it is there");
    let kept = u64::from(content == b"old");
    assert_eq!((&report["kept"], &report["kept_bytes"]), (&json!(kept), &json!(5000 * kept)), "{report}");
    content
}

#[test]
fn overwrite() {
    let is_kept = |flags: &[&str], age| overwritten(flags, Duration::from_secs(age)) == b"old";
    for always in [&[][..], &["--overwrite", "always"], &["--overwrite=never", "--overwrite=always"]] {
        assert!(!is_kept(always, 0) && !is_kept(always, 2));
    }
    assert!(is_kept(&["--overwrite", "never"], 0) && is_kept(&["--overwrite", "never"], 2));
    assert!(is_kept(&["--overwrite", "newer"], 0) && !is_kept(&["--overwrite", "newer"], 2));
    assert!(is_kept(&["--overwrite", "newer"], 1), "a file of the same time is not older");
    let error = grown().fails(2, &["-R", "--overwrite", "older", "src", "dst"]);
    assert!(error.contains("always, never, newer"), "{error}");
}

#[test]
fn exclude_and_include() {
    let scene = grown();
    assert_copies(&scene, &["--exclude", "*.log"], &["empty/", "one", "sub/", "sub/deep/", "sub/deep/three"]);
    assert_copies(&scene, &["--exclude=sub/"], &["empty/", "one"]);
    assert_copies(&scene, &["--exclude", "/sub/*/", "--exclude", "o*"], &["empty/", "sub/", "sub/two.log"]);
    assert_copies(&scene, &["--exclude", "deep/three"], &ALL);
    assert_copies(&scene, &["--exclude", "**/three"], &["empty/", "one", "sub/", "sub/deep/", "sub/two.log"]);
    assert_copies(&scene, &["--include", "*.log"], &["empty/", "sub/", "sub/deep/", "sub/two.log"]);
    let keep = ["--exclude", "*o*", "--include", "two*", "--include=one"];
    assert_copies(&scene, &keep, &["empty/", "one", "sub/", "sub/deep/", "sub/deep/three", "sub/two.log"]);
    assert_copies(&scene, &["--exclude", "*", "--include", "one"], &["one"]);
    assert_eq!(copied(&scene, &["--exclude", "sub", "--exclude", "one"])["filtered"], 2);
    fs::remove_dir_all(scene.path("dst")).unwrap();
    fs::write(scene.path("src/-x"), "").unwrap();
    assert_copies(&scene, &["--exclude", "-*"], &ALL);
    let all = ["--exclude", "*", "--include", "-?"];
    assert_copies(&scene, &all, &["-x"]);
}

#[test]
fn patterns_match_names_that_are_no_text() {
    let scene = grown();
    let name = OsStr::from_bytes(b"src/\xff\n.log");
    fs::write(scene.path(name), "").unwrap();
    let kept = ["empty/", "one", "sub/", "sub/deep/", "sub/deep/three"];
    assert_copies(&scene, &["--exclude", "*.log"], &kept);
}

#[test]
fn a_broken_pattern_is_wrong_usage() {
    let scene = grown();
    for (flag, pattern, reason) in [
        ("--exclude", "a[", "`a[` is wrong: a `[` is not closed"),
        ("--include", "{a", "`{a` is wrong: unclosed"),
        ("--exclude", "../x", "`../x` is wrong: "),
        ("--include", "sub/", "write sub/**"),
    ] {
        let error = scene.fails(2, &["-R", flag, pattern, "src", "dst"]);
        assert!(error.contains(reason) && error.lines().count() == 1, "{error}");
    }
    let words: [&[u8]; 5] = [b"-R", b"--exclude", b"\xff", b"src", b"dst"];
    let words = words.map(OsStr::from_bytes);
    let finished = subprocess::run(scene.command(words));
    assert_eq!(finished.status.code(), Some(2));
    assert!(finished.stderr.contains("is no UTF-8; `?` stands for any byte"), "{}", finished.stderr);
    scene.assert_only(&["a", "src"]);
}

#[test]
fn keep_going() {
    let scene = grown();
    for name in ["dst/one", "dst/sub/two.log"] {
        fs::create_dir_all(scene.path(name)).unwrap();
    }
    let stopped = scene.fails(1, &["-R", "--parallel", "1", "src", "dst"]);
    assert_eq!(stopped.lines().count(), 1, "{stopped}");
    assert!(stopped.ends_with("; --keep-going copies the rest\n"), "{stopped}");
    let told = scene.fails(1, &["-R", "--keep-going", "--parallel", "1", "src", "dst"]);
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines.len(), 3, "{told}");
    for name in ["one", "sub/two.log"] {
        let line =
            format!("orbit: cannot replace dst/{name}: it is a directory, not a regular file; move it");
        assert!(lines.iter().any(|told| told.starts_with(&line)), "{told}");
    }
    assert_eq!(lines[2], "orbit: 2 failures; 1 file of 0 B copied");
    files::assert_same_content(&scene.path("src/sub/deep/three"), &scene.path("dst/sub/deep/three"));
}

#[test]
fn parallel() {
    let scene = grown();
    for workers in [1, 3] {
        assert_eq!(copied(&scene, &["--parallel", &workers.to_string()])["workers"], workers);
    }
    let automatic = copied(&scene, &[])["workers"].clone();
    assert_eq!(copied(&scene, &["--parallel", "3", "--parallel", "0"])["workers"], automatic);
}

/// Not even a large file is then copied by two.
#[test]
fn one_worker_is_one_thread() {
    let scene = grown();
    files::create(&scene.path("src/large"), 9, 33 << 20);
    let threads = Fault::delay("?clone,?clone3", Duration::from_millis(1));
    for (workers, is_alone) in [("1", true), ("2", false)] {
        let command = scene.command(["-R", "--no-zero-copy", "--parallel", workers, "src", "dst"]);
        let attempt = faults::attempt(&command, &threads);
        let Some(attempt) = unless_skipped("one_worker_is_one_thread", attempt) else { return };
        assert_eq!(matches!(attempt, Attempt::NothingInjected(_)), is_alone, "{workers}: {attempt:?}");
    }
}

#[test]
fn a_dry_run_that_fails_says_what_would_be_copied() {
    let scene = grown();
    for name in ["dst/one", "dst/sub/two.log"] {
        fs::create_dir_all(scene.path(name)).unwrap();
    }
    let finished = scene.run(&["-R", "--dry-run", "--keep-going", "src", "dst"]);
    assert_eq!(finished.status.code(), Some(1));
    assert!(text(&finished).starts_with("would copy src to dst: 1 file, 0 B\n"));
    let told = finished.stderr;
    assert!(told.ends_with("\norbit: 2 failures; 1 file of 0 B would be copied\n"), "{told}");
    // Of what is refused as a whole there is no plan.
    scene.fails(1, &["-R", "--dry-run", "src", "no/such"]);
    scene.fails(1, &["-R", "--dry-run", "none", "dst"]);
}

#[test]
fn dry_run() {
    let scene = grown();
    symlink("one", scene.path("src/link")).unwrap();
    for flag in ["--dry-run", "--explain"] {
        let report = copied(&scene, &[flag]);
        assert_eq!(report["status"], "would-copy");
        let counts = ["files", "bytes", "directories", "symlinks"].map(|key| report[key].clone());
        assert_eq!(counts, [3, 75_000, 4, 1]);
        let told = scene.quietly(&["-R", flag, "--overwrite=newer", "--preset", "fast", "src", "dst"]);
        let lines: Vec<_> = told.lines().collect();
        assert_eq!(lines[0], "would copy src to dst: 3 files, 73.2 KiB");
        assert_eq!(lines[1], "and: 4 directories, 1 symbolic link");
        for line in ["replaces what stands there: newer", "preset = fast (flag)"] {
            assert!(lines.contains(&line), "{told}");
        }
        scene.assert_only(&["a", "src"]);
    }
    fs::create_dir(scene.path("dst")).unwrap();
    fs::write(scene.path("dst/one"), "old").unwrap();
    let report =
        one_object(&scene.quietly(&["-R", "--json", "--dry-run", "--overwrite=never", "src", "dst"]));
    assert_eq!((&report["kept"], &report["files"], &report["merged"]), (&json!(1), &json!(2), &json!(1)));
    assert_eq!(below(&scene.path("dst")), ["one"]);
}
