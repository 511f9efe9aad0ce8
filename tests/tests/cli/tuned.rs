//! A tuned file that does not hold here, and what is no tuned file.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use orbit_engine::Machine;
use serde_json::json;

use crate::scene::{Scene, one_object, text};

/// A tuned file of another machine or time: the defaults, and a line that says why, once and where it is wanted.
#[test]
fn a_stale_tuned_file_is_told_and_not_used() {
    let scene = Scene::new(200_000);
    let pair = scene.explained(&[]);
    let file = |cpu: &str, until: &str| {
        format!(
            "schema = \"orbit.tuned/1\"\n[provenance]\nengine = \"0.1.0\"\ncreated = \"2026-01-01T00:00:00Z\"\n\
             valid_until = \"{until}\"\nruns = []\n\
             machine = {{ cpu = \"{cpu}\", processors = 1, kernel = \"1.2.3\" }}\n\
             [[profile]]\nsource_fs = {}\ndestination_fs = {}\nsame_device = true\nzero_copy_threshold = \"never\"\n",
            pair["source_file_system"], pair["destination_file_system"]
        )
    };
    let tuned = &scene.write("tuned.toml", &file("a relic", "9999-01-01T00:00:00Z"));
    fs::create_dir(scene.path("tree")).unwrap();
    fs::write(scene.path("tree/file"), "content").unwrap();
    let line = |rest: &str| {
        format!(
            "orbit: {tuned}: {rest}; the defaults are used instead; make it anew with `cargo xtask tune`\n"
        )
    };
    for arguments in [
        &["a", "b"][..],
        &["-R", "tree", "copy"],
        &["-R", "--dry-run", "tree", "other"],
        &["--explain", "a", "b"],
    ] {
        let finished = scene.run(&[&["--tuned", tuned], arguments].concat()).expect_success();
        let told = finished
            .stderr
            .strip_prefix(&format!("orbit: {tuned}: measured on another machine (cpu `a relic`, here `"));
        assert!(
            told.is_some_and(|told| told
                .ends_with("`); the defaults are used instead; make it anew with `cargo xtask tune`\n")),
            "{}",
            finished.stderr
        );
        assert_eq!(finished.stderr.lines().count(), 1);
    }
    scene.quietly(&["-q", "--tuned", tuned, "a", "b"]);
    let told = one_object(&text_of(&scene, &["--json", "--explain", "--tuned", tuned, "a", "b"]));
    assert_eq!((&told["tuned"], &told["tuned_file"]), (&json!(false), &json!(tuned)));
    assert_eq!(told["values"], pair["values"]);
    assert_eq!(told["tuning_warning"]["reason"], "other-machine");
    assert_eq!(told["tuning_warning"]["remedy"], "make it anew with `cargo xtask tune`");
    let lines = text_of(&scene, &["--explain", "--tuned", tuned, "a", "b"]);
    let by =
        format!("by the defaults, as {tuned} does not hold here: measured on another machine (cpu `a relic`");
    assert!(lines.contains(&by), "{lines}");
    let finished = scene.run(&["presets", "--effective", "--tuned", tuned]).expect_success();
    assert!(finished.stderr.contains("measured on another machine"), "{}", finished.stderr);
    let here = Machine::here();
    let mine = file(&here.cpu, "2026-01-31T00:00:00Z")
        .replace("processors = 1,", &format!("processors = {},", here.processors))
        .replace("1.2.3", &here.kernel);
    scene.write("tuned.toml", &mine);
    let finished = scene.run(&["--tuned", tuned, "a", "b"]).expect_success();
    assert_eq!(finished.stderr, line("valid until 2026-01-31T00:00:00Z only"));
    scene.write("tuned.toml", &mine.replace("2026-01-31", "9999-01-31"));
    assert_eq!(scene.explained(&["--tuned", tuned])["tuned"], true);
    let older = mine.replace("2026-01-31", "9999-01-31").replace("engine = \"0.1.0\"", "engine = \"0.0.9\"");
    scene.write("tuned.toml", &older);
    let finished = scene.run(&["--tuned", tuned, "a", "b"]).expect_success();
    assert_eq!(finished.stderr, line("measured with engine 0.0.9, which is not this one (0.1.0)"));
}

/// Standard output of a run that may warn.
fn text_of(scene: &Scene, arguments: &[&str]) -> String {
    text(&scene.run(arguments).expect_success())
}

/// Each is one line that names the file, and ends at once.
#[test]
fn a_hostile_tuned_file_holds_nobody_up() {
    let scene = Scene::new(10);
    symlink("/dev/zero", scene.path("endless")).unwrap();
    let made = Command::new("mkfifo").arg(scene.path("pipe")).status();
    assert!(made.unwrap().success());
    fs::create_dir(scene.path("directory")).unwrap();
    fs::write(scene.path("empty"), "").unwrap();
    fs::write(scene.path("binary"), [0, 159, 146, 150]).unwrap();
    fs::write(scene.path("large"), vec![b'#'; (1 << 20) + 1]).unwrap();
    fs::write(scene.path("deep"), format!("schema = {}", "[".repeat(1 << 19))).unwrap();
    fs::write(scene.path("escape"), "schema = \"\\u001b[2J\"").unwrap();
    for (name, part) in [
        ("endless", "a tuned file is a regular file"),
        ("pipe", "a tuned file is a regular file"),
        ("directory", "a tuned file is a regular file"),
        ("empty", "schema is missing"),
        ("binary", "no UTF-8"),
        ("large", "larger than 1MiB"),
        ("deep", "deep:1: schema: "),
        ("escape", "schema: ` [2J` is not what this engine reads"),
    ] {
        let error = scene.fails(2, &["--tuned", name, "a", "b"]);
        assert!(error.starts_with(&format!("orbit: {name}:")) && error.contains(part), "{name}: {error}");
        assert!(error.lines().count() == 1 && error.len() < 1000, "{error}");
    }
    assert!(!scene.path("b").exists());
}
