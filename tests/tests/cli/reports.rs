//! The reports for programs: one object a copy, integers, the same keys every time.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use orbit_tests::subprocess;
use serde_json::Value;

use crate::scene::{Scene, one_object, text};

/// Values that differ from run to run are replaced by what they are.
fn redacted(mut report: Value, scene: &Scene) -> String {
    for key in ["duration_ns", "bytes_per_second", "system_calls"] {
        if let Some(value) = report.get_mut(key) {
            assert!(value.is_u64(), "{key} is {value}");
            *value = "NUMBER".into();
        }
    }
    for key in ["source_file_system", "destination_file_system"] {
        if let Some(value) = report.get_mut(key) {
            *value = "FILE SYSTEM".into();
        }
    }
    let text = serde_json::to_string_pretty(&report).expect("a report is JSON");
    text.replace(scene.path("").to_str().expect("the path is text"), "FOLDER/")
}

#[test]
fn a_copy_reports_this() {
    let scene = Scene::new(5000);
    insta::assert_snapshot!(redacted(scene.copied(&["--no-zero-copy", "--verify"]), &scene));
}

#[test]
fn a_failed_copy_reports_this() {
    let scene = Scene::new(10);
    let finished = scene.run(&["--json", "missing", "b"]);
    assert_eq!(finished.status.code(), Some(1));
    assert_eq!(finished.stderr.lines().count(), 1);
    insta::assert_snapshot!(redacted(one_object(&text(&finished)), &scene));
}

#[test]
fn a_copy_that_failed_names_the_file_that_it_would_have_made() {
    let scene = Scene::new(10);
    let finished = scene.run(&["--json", "--compress", "zstd", "a", "none/b"]);
    assert_eq!(finished.status.code(), Some(1));
    assert_eq!(one_object(&text(&finished))["destination"], "none/b.zst");
}

#[test]
fn an_explanation_reports_this() {
    let scene = Scene::new(5000);
    fs::write(scene.path("b"), "old").unwrap();
    insta::assert_snapshot!(redacted(scene.explained(&["--preset", "safe", "--no-resume"]), &scene));
}

#[test]
fn an_explanation_reads_like_this() {
    let scene = Scene::new(5000);
    let pair = scene.explained(&[]);
    fs::write(scene.path("b.zst"), "old").unwrap();
    let told = scene.quietly(&["--explain", "--preset", "safe", "--compress", "zstd:1", "a", "b"]);
    let file_systems = format!(
        "between: {} to {}",
        pair["source_file_system"].as_str().unwrap(),
        pair["destination_file_system"].as_str().unwrap()
    );
    insta::assert_snapshot!(told.replace(&file_systems, "between: FILE SYSTEMS"));
}

#[test]
fn an_explanation_names_what_a_link_leads_to_and_where_values_come_from() {
    let scene = Scene::new(5000);
    let told = || scene.quietly(&["--explain", "a", "b"]);
    assert!(told().contains("replaces no file\n") && told().contains("by the defaults: "), "{}", told());
    fs::write(scene.path("real"), "old").unwrap();
    symlink("real", scene.path("b")).unwrap();
    assert!(told().contains("replaces a file of 3 B, through a link to real\n"), "{}", told());
    let pair = scene.explained(&[]);
    let profile = |source: &str| {
        let text = format!(
            "schema = \"orbit.tuned/1\"\n[[profile]]\nsource_fs = \"{source}\"\ndestination_fs = {}\n\
             same_device = true\nzero_copy_threshold = \"never\"\n",
            pair["destination_file_system"]
        );
        let tuned = scene.write("tuned.toml", &text);
        scene.quietly(&["--explain", "--tuned", &tuned, "a", "b"]).replace(&tuned, "TUNED")
    };
    let here = profile(pair["source_file_system"].as_str().unwrap());
    let pair_told = here.lines().find_map(|line| line.strip_prefix("between: ")).unwrap();
    let expected = format!("by the profile {pair_told} in TUNED: zero-copy from never");
    assert!(here.contains(&expected), "{here}");
    let elsewhere = profile("elsewhere");
    assert!(elsewhere.contains("by the defaults, as TUNED has no profile of this pair: "), "{elsewhere}");
}

#[test]
fn a_name_that_is_no_text_is_reported_whole() {
    let scene = Scene::new(10);
    let name = OsStr::from_bytes(b"b\xff");
    let command = scene.command([OsStr::new("--json"), OsStr::new("a"), name]);
    let report = one_object(&text(&subprocess::run(command).expect_success()));
    assert_eq!(report["destination"], "b\u{fffd}");
    assert_eq!(report["destination_hex"], "62ff");
    assert!(report.get("source_hex").is_none());
}

#[test]
fn capabilities_are_those_of_the_pair() {
    let scene = Scene::new(10);
    let report = one_object(&scene.quietly(&["capabilities", "--json"]));
    assert_eq!(report["schema"], "orbit.capabilities/1");
    let mechanisms = report["mechanisms"].as_array().unwrap();
    assert_eq!(mechanisms.len(), 4);
    for mechanism in mechanisms {
        let works = mechanism["works"].as_bool().unwrap();
        assert_eq!(mechanism["message"].is_string(), !works, "{mechanism}");
    }
    let best = report["best"].as_str().unwrap();
    let told = scene.quietly(&["capabilities", ".", "."]);
    assert!(told.contains(&format!("first by {best}")), "{told}");
    scene.assert_only(&["a"]);
}
