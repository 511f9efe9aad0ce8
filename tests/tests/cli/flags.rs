//! Every flag does what it says: each test fails when its flag is ignored. Looks at what the library says that it did or
//! would do, never at the flag's own echo.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant, SystemTime};

use orbit_tests::faults::{self, Fault};
use orbit_tests::skip::unless_skipped;
use rustix::io::Errno;
use serde_json::json;

use crate::scene::{Scene, words};

const SMALL: u64 = 5000;

const MEDIUM: u64 = 700_000;

/// Of a file that several threads copy.
const LARGE: u64 = 33 << 20;

/// What would be tried.
fn rungs(scene: &Scene, arguments: &[&str]) -> Vec<String> {
    let explained = scene.explained(arguments);
    words(&explained["rungs"], None).into_iter().map(str::to_owned).collect()
}

/// Why mechanisms are left out, once each.
fn reasons(scene: &Scene, arguments: &[&str]) -> Vec<String> {
    let explained = scene.explained(arguments);
    let mut reasons: Vec<_> =
        words(&explained["omissions"], Some("reason")).into_iter().map(str::to_owned).collect();
    reasons.sort_unstable();
    reasons.dedup();
    reasons
}

#[test]
fn strategies() {
    let small = Scene::new(SMALL);
    for auto in [&[][..], &["--strategy", "auto"], &["--strategy=auto"]] {
        assert_eq!(reasons(&small, auto), ["below-threshold"]);
    }
    for zero_copy in [&["--zero-copy"][..], &["--strategy", "zero-copy"]] {
        assert!(rungs(&small, zero_copy).contains(&"copy-file-range".to_owned()));
        assert_ne!(small.copied(zero_copy)["mechanism"], "read-write");
    }
    let medium = Scene::new(MEDIUM);
    for buffered in [&["--no-zero-copy"][..], &["--strategy", "buffered"]] {
        assert_eq!(rungs(&medium, buffered), ["read-write"]);
        assert_eq!(medium.copied(buffered)["mechanism"], "read-write");
    }
}

#[test]
fn reflink() {
    let scene = Scene::new(MEDIUM);
    assert_eq!(rungs(&scene, &["--reflink=always"]), ["reflink"]);
    assert_eq!(rungs(&scene, &["--reflink"]), ["reflink"]);
    assert_eq!(reasons(&scene, &["--reflink=never"]), ["reflink-never"]);
    assert_eq!(reasons(&scene, &["--reflink=never", "--reflink=auto"]), [""; 0]);
}

#[test]
fn sparse() {
    let scene = Scene::new(MEDIUM);
    assert_eq!(reasons(&scene, &["--sparse", "always"]), ["sparse-always"]);
    assert_eq!(reasons(&scene, &["--sparse=never"]), ["sparse-never"]);
    assert_eq!(reasons(&scene, &["--sparse=never", "--sparse=auto"]), [""; 0]);
}

#[test]
fn direct_io() {
    let scene = Scene::new(MEDIUM);
    let has = |arguments: &[&str]| rungs(&scene, arguments).contains(&"direct-io".to_owned());
    assert!(has(&["--direct-io"]) && !has(&[]));
    assert!(!has(&["--direct-io", "--no-direct-io"]) && has(&["--no-direct-io", "--direct-io"]));
}

#[test]
fn parallel() {
    let scene = Scene::new(LARGE);
    assert_eq!(scene.explained(&["--parallel", "3"])["threads"], 3);
    assert_eq!(scene.explained(&["--parallel", "3", "--parallel", "1"])["threads"], 1);
    let automatic = scene.explained(&[])["threads"].clone();
    assert_eq!(scene.explained(&["--parallel", "0"])["threads"], automatic);
    scene.fails(2, &["--parallel", "65", "a", "b"]);
}

#[test]
fn tuned() {
    let scene = Scene::new(MEDIUM);
    let pair = scene.explained(&[]);
    let text = format!(
        "schema = \"orbit.tuned/1\"\n[[profile]]\nsource_fs = {}\ndestination_fs = {}\nsame_device = true\n\
         zero_copy_threshold = \"never\"\n",
        pair["source_file_system"], pair["destination_file_system"]
    );
    let tuned = scene.write("tuned.toml", &text);
    let explained = scene.explained(&["--tuned", &tuned]);
    assert_eq!((&explained["tuned"], &pair["tuned"]), (&json!(true), &json!(false)));
    assert_eq!(explained["values"].get("zero_copy_threshold_bytes"), Some(&json!(null)));
    assert_eq!(pair["values"]["zero_copy_threshold_bytes"], 65_536);
    assert_eq!(reasons(&scene, &["--tuned", &tuned]), ["tuned-never"]);
    assert_eq!(scene.copied(&["--tuned", &tuned])["mechanism"], "read-write");
    let broken = scene.write("broken.toml", "schema = 1\n");
    for file in [&broken, "no/such.toml"] {
        let error = scene.fails(2, &["--tuned", file, "a", "b"]);
        assert!(error.contains(file) && error.contains("flag"), "{error}");
    }
}

#[test]
fn compression() {
    let scene = Scene::new(SMALL);
    assert_eq!(scene.explained(&["--compress", "zstd:5"])["compression"], "zstd:5");
    assert_eq!(scene.explained(&["--compress=zstd"])["compression"], "zstd:3");
    assert_eq!(scene.explained(&["--decompress"])["compression"], "decompress");
    for none in [&["--no-compress"][..], &["--compress", "none"], &["--compress", "zstd:5", "--no-compress"]]
    {
        assert_eq!(scene.explained(none)["compression"], "none");
    }
    let report = scene.copied(&["--compress", "zstd"]);
    assert_eq!((&report["destination"], &report["content_bytes"]), (&json!("b.zst"), &json!(SMALL)));
    assert_eq!(fs::metadata(scene.path("b.zst")).unwrap().len(), report["bytes"].as_u64().unwrap());
    fs::create_dir(scene.path("back")).unwrap();
    scene.quietly(&["--decompress", "b.zst", "back"]);
    orbit_tests::files::assert_same_content(&scene.path("a"), &scene.path("back/b"));
    let error = scene.fails(1, &["--decompress", "a", "c"]);
    assert!(error.contains("cannot decompress a"), "{error}");
    for refused in ["zstd:23", "gzip", "decompress"] {
        scene.fails(2, &["--compress", refused, "a", "b"]);
    }
}

#[test]
fn preserve_metadata() {
    let scene = Scene::new(SMALL);
    let modified = || fs::metadata(scene.path("b")).unwrap().modified().unwrap();
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    fs::File::options().write(true).open(scene.path("a")).unwrap().set_modified(then).unwrap();
    scene.quietly(&["--preserve-metadata", "a", "b"]);
    assert_eq!(modified(), then);
    scene.quietly(&["--preserve-metadata", "--no-preserve-metadata", "a", "b"]);
    assert_ne!(modified(), then);
}

#[test]
fn in_place() {
    let scene = Scene::new(SMALL);
    fs::write(scene.path("b"), "old").unwrap();
    let inode = || fs::metadata(scene.path("b")).unwrap().ino();
    let old = inode();
    scene.quietly(&["--in-place", "a", "b"]);
    assert_eq!(inode(), old);
    scene.assert_copied();
    scene.quietly(&["--in-place", "--no-in-place", "a", "b"]);
    assert_ne!(inode(), old);
}

#[test]
fn verification() {
    let scene = Scene::new(SMALL);
    for (flags, by) in [
        (&["--verify"][..], "sha256"),
        (&["--verify=sha256"], "sha256"),
        (&["--verify=compare"], "compared"),
        (&["--verify=none"], "no"),
        (&["--verify", "--no-verify"], "no"),
        (&["--no-verify", "--verify"], "sha256"),
        (&[], "no"),
    ] {
        assert_eq!(scene.copied(flags)["verified"]["by"], by, "{flags:?}");
    }
    assert_eq!(scene.explained(&["--verify=media"])["verification"], "media");
}

#[test]
fn durability() {
    let scene = Scene::new(SMALL);
    for (flags, level) in [
        (&["--fsync"][..], "file-and-directory"),
        (&["--fsync=directory"], "file-and-directory"),
        (&["--fsync=file"], "file"),
        (&["--fsync=none"], "none"),
        (&["--fsync", "--no-fsync"], "none"),
        (&[], "none"),
    ] {
        assert_eq!(scene.copied(flags)["durability"], level, "{flags:?}");
    }
}

#[test]
fn resume() {
    let scene = Scene::new(SMALL);
    assert_eq!(scene.explained(&["--resume"])["placement"], "resumable");
    assert_eq!(scene.explained(&["--resume", "--no-resume"])["placement"], "staged");
}

#[test]
fn retries() {
    let scene = Scene::new(SMALL);
    let source = scene.path("a");
    let fault = Fault::error("?open,openat", Errno::TIMEDOUT).on(&source);
    for (retries, code) in [("1", Some(0)), ("0", Some(1))] {
        let command = scene.command(["--json", "--retries", retries, source.to_str().unwrap(), "b"]);
        let Some(finished) = unless_skipped("retries", faults::inject(&command, &fault)) else { return };
        assert_eq!(finished.status.code(), code, "{}", finished.stderr);
        if code == Some(0) {
            let report = crate::scene::one_object(&crate::scene::text(&finished));
            assert_eq!(report["retries"], 1);
        } else {
            assert!(finished.stderr.contains("--retries N tries again"), "{}", finished.stderr);
        }
    }
}

#[test]
fn max_bandwidth() {
    let scene = Scene::new(MEDIUM);
    assert_eq!(reasons(&scene, &["--max-bandwidth", "1MiB/s"]), ["bandwidth-limit"]);
    assert_eq!(reasons(&scene, &["--max-bandwidth", "1M", "--max-bandwidth", "0"]), [""; 0]);
    let begun = Instant::now();
    scene.quietly(&["--max-bandwidth", "2MB", "a", "b"]);
    assert!(begun.elapsed() >= Duration::from_millis(320), "{:?}", begun.elapsed());
    let error = scene.fails(2, &["--max-bandwidth", "10mb", "a", "b"]);
    assert!(error.contains("write 10MiB, 10MiB/s or 10M"), "{error}");
}

#[test]
fn presets() {
    let scene = Scene::new(SMALL);
    let of = |preset| {
        let told = scene.explained(&["--preset", preset]);
        ["placement", "verification", "durability", "compression"].map(|key| told[key].clone())
    };
    assert_eq!(of("fast"), ["in-place", "none", "none", "none"]);
    assert_eq!(of("safe"), ["resumable", "sha256", "file-and-directory", "none"]);
    assert_eq!(of("network"), ["resumable", "sha256", "none", "zstd:3"]);
    assert!(rungs(&scene, &["--preset", "fast"]).contains(&"copy-file-range".to_owned()));
    let error = scene.fails(2, &["--preset", "saef", "a", "b"]);
    assert!(error.contains("fast, safe, network") && error.contains("'safe'"), "{error}");
}

#[test]
fn source_and_destination_by_flags() {
    let scene = Scene::new(SMALL);
    for form in [&["-s", "a", "-d", "b"][..], &["--source=a", "--dest", "b"], &["-sa", "-db"]] {
        scene.quietly(form);
        scene.assert_copied();
        fs::remove_file(scene.path("b")).unwrap();
    }
}

#[test]
fn a_flag_with_a_value_of_its_own_choice_does_not_take_the_path_behind_it() {
    let scene = Scene::new(SMALL);
    for flag in ["--verify", "--fsync", "-R"] {
        scene.quietly(&[flag, "a", "b"]);
        scene.assert_copied();
        fs::remove_file(scene.path("b")).unwrap();
    }
    scene.quietly(&["--explain", "--reflink", "a", "b"]);
}

#[test]
fn a_value_may_stand_behind_a_space() {
    let scene = Scene::new(SMALL);
    assert_eq!(scene.explained(&["--reflink", "never"])["settings"]["reflink"]["value"], "never");
    assert_eq!(scene.copied(&["--verify", "compare"])["verified"]["by"], "compared");
    assert_eq!(scene.copied(&["--fsync", "file"])["durability"], "file");
    scene.quietly(&["--progress", "never", "a", "b"]);
}

#[test]
fn a_dry_run_changes_nothing() {
    let scene = Scene::new(SMALL);
    for flag in ["--dry-run", "--explain"] {
        assert!(scene.quietly(&[flag, "a", "b"]).starts_with("would copy a"));
        scene.assert_only(&["a"]);
    }
    assert!(scene.fails(1, &["--explain", "a", "no/such/b"]).contains("mkdir -p"));
}
