//! What holds for each file of a tree: every setting reaches it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant, SystemTime};

use serde_json::json;

use super::{ALL, below, copied, grown};

/// The small file is read and written, whichever strategy is asked for: that is quicker.
#[test]
fn the_mechanism_is_that_of_each_file() {
    let scene = grown();
    let bytes_read = |arguments: &[&str]| {
        let report = copied(&scene, arguments);
        let mut by_reading = 0;
        let mut in_all = 0;
        for moved in report["moved"].as_array().expect("a list") {
            let bytes = moved["bytes"].as_u64().expect("a number");
            by_reading += if moved["mechanism"] == "read-write" { bytes } else { 0 };
            in_all += bytes;
        }
        assert_eq!(in_all, 75_000);
        by_reading
    };
    assert_eq!(bytes_read(&["--no-zero-copy"]), 75_000);
    assert!([0, 5_000].contains(&bytes_read(&["--zero-copy"])), "extents may be shared");
}

#[test]
fn every_file_is_verified() {
    let scene = grown();
    for (flag, verified) in [("--verify", 3), ("--verify=compare", 3), ("--verify=none", 0)] {
        assert_eq!(copied(&scene, &[flag])["verified"], verified, "{flag}");
    }
}

#[test]
fn every_file_is_compressed_and_decompressed() {
    let scene = grown();
    let report = copied(&scene, &["--compress", "zstd"]);
    assert_eq!(report["bytes"], 75_000);
    let on_disk: u64 = ["one.zst", "sub/deep/three.zst", "sub/two.log.zst"]
        .map(|name| fs::metadata(scene.path("dst").join(name)).unwrap().len())
        .iter()
        .sum();
    assert_eq!(report["written_bytes"], on_disk);
    let told = scene.run(&["-R", "-v", "--decompress", "dst", "back"]).expect_success().stderr;
    assert!(told.starts_with("dst -> back: 3 files, ") && told.contains(" as 73.2 KiB"), "{told}");
    super::assert_tree(&scene, "back");
}

#[test]
fn two_files_that_would_get_one_name_are_told() {
    let scene = grown();
    fs::copy(scene.path("src/one"), scene.path("src/plain")).unwrap();
    scene.quietly(&["--compress", "zstd", "src/one", "src/plain"]);
    let told = scene.fails(1, &["-R", "--decompress", "--keep-going", "src", "dst"]);
    assert!(told.contains("has got the name dst/plain already; rename one of them"), "{told}");
    assert_eq!(fs::read(scene.path("dst/plain")).unwrap(), fs::read(scene.path("src/one")).unwrap());
}

#[test]
fn metadata_is_preserved_where_asked_for() {
    let scene = grown();
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    for name in ["src/one", "src/sub"] {
        fs::File::open(scene.path(name)).unwrap().set_modified(then).unwrap();
    }
    let modified = |name: &str| fs::metadata(scene.path(name)).unwrap().modified().unwrap();
    scene.quietly(&["-R", "src", "dst"]);
    assert!(modified("dst/one") != then && modified("dst/sub") != then);
    scene.quietly(&["-R", "--preserve-metadata", "src", "dst"]);
    assert!(modified("dst/one") == then && modified("dst/sub") == then);
}

#[test]
fn files_are_written_in_place_where_asked_for() {
    let scene = grown();
    scene.quietly(&["-R", "src", "dst"]);
    let inode = || fs::metadata(scene.path("dst/one")).unwrap().ino();
    let old = inode();
    scene.quietly(&["-R", "--in-place", "src", "dst"]);
    assert_eq!(inode(), old);
    scene.quietly(&["-R", "src", "dst"]);
    assert_ne!(inode(), old);
}

#[test]
fn a_resumable_copy_keeps_what_is_finished() {
    let scene = grown();
    assert_eq!(copied(&scene, &["--resume"])["files"], 3);
    let report = copied(&scene, &["--resume"]);
    let counts = ["files", "kept", "kept_bytes", "merged"].map(|key| report[key].clone());
    assert_eq!(counts, [0, 3, 75_000, 4]);
    assert_eq!(copied(&scene, &["--resume", "--verify"])["verified"], 3);
    let told = scene.run(&["-R", "-v", "--resume", "src", "dst"]).expect_success().stderr;
    assert!(told.contains("; 4 directories filled, 3 kept (73.2 KiB)\n"), "{told}");
    assert_eq!(copied(&scene, &[])["files"], 3);
    assert_eq!(below(&scene.path("dst")), ALL);
}

#[test]
fn the_limit_is_that_of_all_files_together() {
    let scene = grown();
    let begun = Instant::now();
    scene.quietly(&["-R", "--max-bandwidth", "150KB", "--parallel", "3", "src", "dst"]);
    assert!(begun.elapsed() >= Duration::from_millis(400), "{:?}", begun.elapsed());
}

#[test]
fn presets_and_the_configuration_hold_for_trees_too() {
    let scene = grown();
    let report = copied(&scene, &["--preset", "safe"]);
    assert_eq!((&report["verified"], &report["moved"][0]["mechanism"]), (&json!(3), &json!("read-write")));
    let config = scene.write("orbit.toml", "verify = \"compare\"\nparallel = 3\n");
    let report = copied(&scene, &["--config", &config]);
    assert_eq!((&report["verified"], &report["workers"]), (&json!(3), &json!(3)));
}
