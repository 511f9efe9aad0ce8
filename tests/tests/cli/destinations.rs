//! What DST means, and names of every kind.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::process::Stdio;

use orbit_tests::files;
use orbit_tests::subprocess;

use crate::scene::{Scene, one_object, text};

#[test]
fn a_directory_gets_the_file_under_its_own_name() {
    let scene = Scene::new(100);
    fs::create_dir(scene.path("dir")).unwrap();
    symlink("dir", scene.path("link")).unwrap();
    for destination in ["dir", "dir/", "dir/.", "link", "./dir//"] {
        scene.quietly(&["a", destination]);
        files::assert_same_content(&scene.path("a"), &scene.path("dir/a"));
        files::assert_no_litter(&scene.path("dir"), ["a"]);
        fs::remove_file(scene.path("dir/a")).unwrap();
    }
    assert!(scene.fails(1, &["a", "."]).contains("are the same file"));
}

#[test]
fn a_slash_behind_what_is_no_directory_is_an_error() {
    let scene = Scene::new(100);
    fs::write(scene.path("file"), "old").unwrap();
    assert!(scene.fails(1, &["a", "none/"]).contains("mkdir -p none/"));
    assert!(scene.fails(1, &["a", "file/"]).contains("it is no directory"));
    assert!(scene.fails(1, &["dir/..", "."]).contains("names no file"));
    assert_eq!(fs::read(scene.path("file")).unwrap(), b"old");
    scene.assert_only(&["a", "file"]);
    let finished = scene.run(&["--json", "a", "none/"]);
    let report = one_object(&text(&finished));
    assert_eq!(report["error"]["kind"], "destination");
    assert_eq!(report["error"]["remedy"], "make the directory first: mkdir -p none/");
    assert_eq!(finished.status.code(), Some(1));
}

#[test]
fn names_are_bytes() {
    let scene = Scene::new(100);
    let names: [&[u8]; 6] = [b"new\nline", b"\xff\xfe", b" space ", b"-dash", b"--json", b"\x1b[31m"];
    for name in names.map(OsStr::from_bytes) {
        let arguments = ["--", "a"].map(OsStr::new).into_iter().chain([name]);
        subprocess::run(scene.command(arguments)).expect_success();
        let back = ["--", "b"].map(OsStr::new);
        let command = scene.command([back[0], name, back[1]]);
        assert_eq!(subprocess::run(command).expect_success().stderr, "");
        scene.assert_copied();
        fs::remove_file(scene.path(name)).unwrap();
    }
}

#[test]
fn names_that_would_move_a_cursor_are_escaped_in_messages() {
    let scene = Scene::new(100);
    let error = scene.fails(1, &["no\nsuch\u{1b}[2J", "b"]);
    assert!(error.starts_with(r"orbit: cannot open no\nsuch\u{1b}[2J: "), "{error}");
    assert_eq!(error.lines().count(), 1);
    for wrong in [&["a", "b", "c\u{1b}[2J\rd"][..], &["--c\u{1b}[2J\rd", "a", "b"]] {
        // Of what is a terminal's command the parser itself leaves nothing.
        let error = scene.fails(2, wrong);
        assert!(error.contains(r"c\rd") && !error.contains(['\u{1b}', '\r']), "{error}");
    }
    let named: OsString = "l\rine".into();
    subprocess::run(scene.command([OsStr::new("a"), &named])).expect_success();
    assert!(scene.run(&["-v", "l\rine", "b"]).stderr.contains(r"l\rine -> b"));
    assert!(scene.quietly(&["--explain", "l\rine", "b"]).contains(r"copy l\rine"));
}

/// The path that is told is the one to look for.
#[test]
fn bytes_that_are_no_text_are_told() {
    let scene = Scene::new(100);
    let told = |arguments: &[&[u8]]| {
        subprocess::run(scene.command(arguments.iter().map(|word| OsStr::from_bytes(word))))
    };
    let error = told(&[b"caf\xe9\n", b"b"]);
    assert_eq!(error.stderr, "orbit: cannot open caf\\xe9\\n: No such file or directory (os error 2)\n");
    let story = told(&[b"-v", b"a", b"\xff"]).expect_success().stderr;
    assert!(story.contains(r"a -> \xff: "), "{story}");
    let refused = told(&[b"a", b"\xfe/"]);
    assert!(refused.stderr.contains(r"cannot copy into \xfe/: "), "{}", refused.stderr);
    assert!(!refused.stderr.contains("mkdir"), "{}", refused.stderr);
}

#[test]
fn files_that_are_called_like_commands_need_a_slash_or_a_flag() {
    let scene = Scene::new(100);
    for name in ["presets", "capabilities", "man", "completions"] {
        fs::copy(scene.path("a"), scene.path(name)).unwrap();
        for arguments in [&[&format!("./{name}"), "b"][..], &["-s", name, "-d", "b"], &["-q", name, "b"]] {
            scene.quietly(arguments);
            scene.assert_copied();
            fs::remove_file(scene.path("b")).unwrap();
        }
        scene.quietly(&["a", name]);
    }
}

#[test]
fn a_link_is_followed_and_a_link_to_nothing_is_an_error() {
    let scene = Scene::new(100);
    fs::write(scene.path("real"), "old").unwrap();
    symlink("real", scene.path("link")).unwrap();
    symlink("nothing", scene.path("dangling")).unwrap();
    scene.quietly(&["a", "link"]);
    files::assert_same_content(&scene.path("a"), &scene.path("real"));
    assert!(scene.fails(1, &["a", "dangling"]).contains("remove the link"));
}

/// Its link leads to something without a name, and to remove it would be bad advice.
#[test]
fn standard_output_is_no_place_for_a_file() {
    let scene = Scene::new(100);
    let mut command = scene.command(["a", "/dev/stdout"]);
    let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("cannot replace /dev/stdout: it is a named pipe"), "{error}");
    assert!(!error.contains("remove"), "{error}");
}

#[test]
fn what_is_decompressed_into_a_directory_loses_its_suffix() {
    let scene = Scene::new(100);
    fs::create_dir(scene.path("dir")).unwrap();
    fs::copy(scene.path("a"), scene.path("c.zst")).unwrap();
    let destination = |arguments: &[&str]| {
        let told = scene.quietly(&[&["--json", "--explain"], arguments].concat());
        one_object(&told)["destination"].as_str().expect("a path").to_owned()
    };
    assert_eq!(destination(&["--decompress", "c.zst", "dir"]), "dir/c");
    assert_eq!(destination(&["--decompress", "a", "dir/"]), "dir/a");
    assert_eq!(destination(&["c.zst", "dir"]), "dir/c.zst");
}
