//! What patterns match, and which are refused.

use super::*;

/// Those of the entries that are kept; `/` at the end tells a directory.
fn kept(include: &[&str], exclude: &[&str], entries: &'static [&'static str]) -> Vec<&'static str> {
    let globs = Globs::new(include, exclude).unwrap();
    let is_kept = |entry: &&&str| match entry.strip_suffix('/') {
        Some(directory) => globs.keeps(Path::new(directory), FileKind::Directory),
        None => globs.keeps(Path::new(entry), FileKind::Regular),
    };
    entries.iter().filter(is_kept).copied().collect()
}

fn wrong(pattern: &str) -> String {
    Globs::new([], [pattern]).unwrap_err().to_string()
}

#[test]
fn a_name_is_matched_at_any_depth_and_a_path_from_the_top() {
    let entries = &["a.o", "x/a.o", "x/y/a.o", "x/a.ox", "x.o/", "x.o/b"];
    assert_eq!(kept(&[], &["*.o"], entries), ["x/a.ox", "x.o/b"]);
    assert_eq!(kept(&[], &["/*.o"], entries), ["x/a.o", "x/y/a.o", "x/a.ox", "x.o/b"]);
    assert_eq!(kept(&[], &["x/*.o"], entries), ["a.o", "x/y/a.o", "x/a.ox", "x.o/", "x.o/b"]);
    assert_eq!(kept(&[], &["/x/*.o"], entries), ["a.o", "x/y/a.o", "x/a.ox", "x.o/", "x.o/b"]);
    assert_eq!(kept(&[], &["x/**/*.o"], entries), ["a.o", "x/a.ox", "x.o/", "x.o/b"]);
    assert_eq!(kept(&[], &["**/y/*"], entries), ["a.o", "x/a.o", "x/a.ox", "x.o/", "x.o/b"]);
    assert_eq!(kept(&[], &["x/**"], entries), ["a.o", "x.o/", "x.o/b"]);
}

#[test]
fn a_slash_at_the_end_means_a_directory() {
    let entries = &["t", "t/", "x/t/", "x/t"];
    assert_eq!(kept(&[], &["t/"], entries), ["t", "x/t"]);
    assert_eq!(kept(&[], &["/t/"], entries), ["t", "x/t/", "x/t"]);
    assert_eq!(kept(&[], &["t"], entries), [""; 0]);
    assert_eq!(kept(&[], &["x/t/"], entries), ["t", "t/", "x/t"]);
    let link = Globs::new([], ["t/"]).unwrap();
    assert!(link.keeps(Path::new("t"), FileKind::Symlink));
}

#[test]
fn an_include_brings_back_what_an_exclude_matches() {
    let entries = &["a.log", "keep.log", "b.txt", "keep/", "old/"];
    assert_eq!(kept(&["keep*"], &["*.log"], entries), ["keep.log", "b.txt", "keep/", "old/"]);
    assert_eq!(kept(&["keep/"], &["*"], entries), ["keep/"]);
}

#[test]
fn includes_alone_leave_out_every_other_file_and_no_directory() {
    let entries = &["a.rs", "a.o", "src/", "src/b.rs", "src/b.o"];
    assert_eq!(kept(&["*.rs"], &[], entries), ["a.rs", "src/", "src/b.rs"]);
    assert_eq!(kept(&["src/**"], &[], entries), ["src/", "src/b.rs", "src/b.o"]);
    assert!(!Globs::new(["*.rs"], []).unwrap().keeps(Path::new("link"), FileKind::Symlink));
}

#[test]
fn without_patterns_all_is_kept() {
    let entries = &["a", "b/", "b/c"];
    assert_eq!(kept(&[], &[], entries), entries);
}

#[test]
fn no_wildcard_crosses_a_slash() {
    let entries = &["axb", "a/b", "x/a/b", "x/axb"];
    for wildcard in ["a*b", "a?b", "a[!z]b", "a[^]-]b", "a[+-z]b", "a**b"] {
        assert!(kept(&[], &[wildcard], entries).ends_with(&["a/b", "x/a/b"]), "{wildcard}");
        let path = format!("x/{wildcard}");
        assert!(kept(&[], &[&path], entries).contains(&"x/a/b"), "{path}");
    }
}

#[test]
fn classes_alternatives_and_escapes() {
    let entries = &["a1", "b2", "c3", "[1]", "*", "a", "{a,b}", "-x", "é"];
    assert_eq!(kept(&["[ab][0-9]"], &["*"], entries), ["a1", "b2"]);
    assert_eq!(kept(&["[!ab]?"], &["*"], entries), ["c3", "-x", "é"]);
    assert_eq!(kept(&["{a,c}{,3}"], &["*"], entries), ["c3", "a"]);
    assert_eq!(kept(&[r"\*", r"\[1\]", r"\{a,b\}"], &["*"], entries), ["[1]", "*", "{a,b}"]);
    assert_eq!(kept(&["[*]", "-*", "é"], &["*"], entries), ["*", "-x", "é"]);
    assert_eq!(kept(&["[]^!*-]", "[-!]x", "[a-c-]?"], &["*"], entries), ["a1", "b2", "c3", "*", "-x"]);
    assert_eq!(kept(&["[!]!-]"], &["*"], entries), ["*", "a"]);
    assert_eq!(kept(&["??"], &["*"], entries), ["a1", "b2", "c3", "-x", "é"]);
}

#[cfg(unix)]
#[test]
fn names_are_bytes() {
    use std::os::unix::ffi::OsStrExt;
    let keeps = |exclude: &str, name: &[u8]| {
        let path = Path::new(std::ffi::OsStr::from_bytes(name));
        Globs::new([], [exclude]).unwrap().keeps(path, FileKind::Regular)
    };
    for name in [&b"\xff\xfe.log"[..], b"x/\xc3.log", b"new\nline.log", b"\x1b[2J.log", b".log"] {
        assert!(!keeps("*.log", name), "{name:?}");
        assert!(!keeps("**/*.log", name) || name.ends_with(b"/.log"), "{name:?}");
        assert!(keeps("*.txt", name), "{name:?}");
    }
    assert!(!keeps("?", b"\xff") && !keeps("[!a]", b"\xff") && keeps("a", b"\xff"));
    assert!(!keeps("a?b", b"a\nb"));
}

#[test]
fn what_is_wrong_is_told_with_the_pattern() {
    for (pattern, reason) in [
        ("a[b", "a `[` is not closed"),
        ("a[]", "a `[` is not closed"),
        ("[/]", "no name has a `/`"),
        ("a{b", "unclosed alternate group"),
        ("a}", "unopened alternate group"),
        ("[z-a]", "nothing lies between `z` and `a`"),
        (r"a\", "dangling"),
        ("", "no empty part"),
        ("/", "no empty part"),
        ("a//b", "no empty part"),
        ("./a", "no `.`"),
        ("a/../b", "no `..`"),
        ("[é]", "ASCII"),
        ("x[]é]", "ASCII"),
        (r"[!\é]", "ASCII"),
    ] {
        let told = wrong(pattern);
        assert!(told.contains(&format!("`{pattern}`")) && told.contains(reason), "{told}");
    }
    assert!(Globs::new([r"\[é]", "[a]é]", "é[a]"], []).is_ok());
}

/// It would leave every file out.
#[test]
fn an_include_of_directories_alone_is_wrong() {
    let told = Globs::new(["*.rs", "src/"], []).unwrap_err().to_string();
    assert!(told.contains("`src/`") && told.contains("write src/**"), "{told}");
}

#[test]
fn what_is_too_large_is_an_error() {
    let long = format!("{}x", "?{a,b}".repeat(100_000));
    let told = Globs::new([], [long]).err().unwrap().to_string();
    assert!(told.contains("too large") && told.len() < 200, "{}", &told[..200]);
}
