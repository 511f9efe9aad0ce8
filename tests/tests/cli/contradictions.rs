//! What cannot be meant is refused with exit code 2, before anything is touched, by words that name both sides.

use crate::scene::Scene;

/// Two sides that exclude each other.
const PAIRS: [(&[&str], &[&str]); 15] = [
    (&["--zero-copy"], &["--no-zero-copy"]),
    (&["--zero-copy"], &["--strategy", "buffered"]),
    (&["--no-zero-copy"], &["--strategy", "buffered"]),
    (&["--reflink=always"], &["--no-zero-copy"]),
    (&["--reflink=always"], &["--strategy", "buffered"]),
    (&["--reflink=always"], &["--compress", "zstd:3"]),
    (&["--reflink=always"], &["--decompress"]),
    (&["--reflink=always"], &["--sparse", "never"]),
    (&["--reflink=always"], &["--sparse", "always"]),
    (&["--compress", "zstd:3"], &["--decompress"]),
    (&["--no-compress"], &["--decompress"]),
    (&["--in-place"], &["--resume"]),
    (&["--resume"], &["--decompress"]),
    (&["--quiet"], &["--verbose"]),
    (&["-s", "a", "-d", "b"], &["c"]),
];

#[test]
fn both_sides_are_named() {
    let scene = Scene::new(10);
    for (one, other) in PAIRS {
        let paths: &[&str] = if one.contains(&"-s") { &[] } else { &["a", "b"] };
        for sides in [[one, other], [other, one]] {
            let error = scene.fails(2, &[&sides.concat(), paths].concat());
            assert!(!error.is_empty());
            scene.assert_only(&["a"]);
        }
    }
}

#[test]
fn one_side_alone_is_none() {
    let scene = Scene::new(10);
    for side in PAIRS.iter().flat_map(|(one, other)| [one, other]).filter(|side| side[0].starts_with("--")) {
        let finished = scene.run(&[&["--explain"], *side, &["a", "b"]].concat());
        assert_eq!(finished.status.code(), Some(0), "{side:?}: {}", finished.stderr);
    }
}

#[test]
fn what_is_missing_or_too_much_is_wrong_usage() {
    let scene = Scene::new(10);
    for arguments in [
        &[][..],
        &["a"],
        &["-s", "a"],
        &["-d", "b"],
        &["-s", "a", "b"],
        &["a", "b", "c"],
        &["-s", "a", "-s", "a", "-d", "b"],
        &["-s", "a", "-d", "c", "-d", "b"],
        &["a", ""],
        &["--no-such-flag", "a", "b"],
        &["--verify=md5", "a", "b"],
        &["--fsync=all", "a", "b"],
        &["--progress=often", "a", "b"],
        &["--retries", "101", "a", "b"],
        &["--retries=-1", "a", "b"],
        &["--exclude", "x", "a", "b"],
        &["-R", "--symlinks=all", "a", "b"],
        &["-R", "--overwrite=older", "a", "b"],
        &["-R", "--exclude", "", "a", "b"],
        &["completions"],
        &["completions", "csh"],
        &["presets", "--preset", "safe"],
        &["presets", "--config", "x"],
        &["capabilities", ".", ".", "."],
    ] {
        scene.fails(2, arguments);
        scene.assert_only(&["a"]);
    }
}

#[test]
fn the_same_flag_twice_means_the_last() {
    let scene = Scene::new(10);
    assert_eq!(scene.explained(&["--verify=media", "--verify=compare"])["verification"], "compare");
    assert_eq!(scene.explained(&["--resume", "--resume"])["placement"], "resumable");
}
