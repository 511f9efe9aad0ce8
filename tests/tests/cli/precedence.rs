//! A flag beats the environment, which beats the configuration, which beats the preset, which beats the default; and a
//! broken configuration is an error, wherever it lies.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use orbit_tests::subprocess;
use serde_json::Value;

use crate::scene::{Scene, one_object, text};

/// Larger than every threshold.
const SIZE: u64 = 700_000;

fn explained(mut command: Command) -> Value {
    command.args(["--json", "--explain", "a", "b"]);
    let finished = subprocess::run(command).expect_success();
    one_object(&text(&finished))
}

/// The strategy, as its effect shows it.
fn strategy(told: &Value) -> &str {
    let (rungs, omissions) = (&told["rungs"], told["omissions"].as_array().expect("a list"));
    match omissions.first() {
        Some(omission) => omission["reason"].as_str().expect("a word"),
        None => rungs[0].as_str().expect("a word"),
    }
}

#[test]
fn each_layer_beats_those_below_it() {
    let scene = Scene::new(5000);
    let zero_copy = scene.write("zero-copy.toml", "strategy = \"zero-copy\"\n");
    let buffered = scene.write("buffered.toml", "use_zero_copy = false\n");
    let of = |environment: &[(&str, &str)], arguments: &[&str]| {
        let mut command = scene.command(arguments);
        command.envs(environment.iter().copied());
        strategy(&explained(command)).to_owned()
    };
    let no_zero_copy = ("ORBIT_NO_ZERO_COPY", "1");
    assert_eq!(of(&[], &[]), "below-threshold");
    assert_eq!(of(&[], &["--preset", "safe"]), "buffered-strategy");
    assert_eq!(of(&[], &["--preset", "safe", "--config", &zero_copy]), "reflink");
    assert_eq!(of(&[no_zero_copy], &["--preset", "fast", "--config", &zero_copy]), "buffered-strategy");
    assert_eq!(of(&[no_zero_copy], &["--zero-copy"]), "reflink");
    assert_eq!(of(&[no_zero_copy], &["--strategy", "auto"]), "below-threshold");
    assert_eq!(of(&[no_zero_copy], &["--reflink=always"]), "reflink-always");
    assert_eq!(of(&[], &["--preset", "network", "--reflink=always"]), "reflink-always");
    assert_eq!(of(&[], &["--preset", "fast", "--config", &buffered]), "buffered-strategy");
    assert_eq!(of(&[], &["--zero-copy", "--config", &buffered]), "reflink");
}

#[test]
fn every_key_of_the_configuration_reaches_the_copy_and_gives_way_to_its_flag() {
    let scene = Scene::new(SIZE);
    for (line, key, value, flag, flagged) in [
        ("preset = \"safe\"", "durability", "file-and-directory", &["--preset", "fast"][..], "none"),
        ("verify = \"compare\"", "verification", "compare", &["--verify=media"], "media"),
        ("verify = \"compare\"", "verification", "compare", &["--no-verify"], "none"),
        ("compress = \"zstd:7\"", "compression", "zstd:7", &["--no-compress"], "none"),
        ("compress = \"zstd:7\"", "compression", "zstd:7", &["--compress", "zstd:2"], "zstd:2"),
        ("resume = true", "placement", "resumable", &["--no-resume"], "staged"),
        ("resume = true", "placement", "resumable", &["--in-place"], "in-place"),
        ("in_place = true", "placement", "in-place", &["--no-in-place"], "staged"),
        ("fsync = \"file\"", "durability", "file", &["--fsync"], "file-and-directory"),
        ("fsync = \"directory\"", "durability", "file-and-directory", &["--no-fsync"], "none"),
    ] {
        let file = scene.write("orbit.toml", line);
        let told = scene.explained(&["--config", &file]);
        assert_eq!(told[key], value, "{line}");
        let told = scene.explained(&[&["--config", &file], flag].concat());
        assert_eq!(told[key], flagged, "{line} {flag:?}");
    }
    for (line, reason, flag, flagged) in [
        ("max_bandwidth = \"1MiB/s\"", "bandwidth-limit", &["--max-bandwidth", "0"][..], "reflink"),
        ("reflink = \"never\"", "reflink-never", &["--reflink=auto"], "reflink"),
        ("sparse = \"never\"", "sparse-never", &["--sparse=auto"], "reflink"),
        ("use_zero_copy = false", "buffered-strategy", &["--strategy=auto"], "reflink"),
    ] {
        let file = scene.write("orbit.toml", line);
        assert_eq!(strategy(&scene.explained(&["--config", &file])), reason, "{line}");
        assert_eq!(strategy(&scene.explained(&[&["--config", &file], flag].concat())), flagged, "{line}");
    }
}

#[test]
fn the_configuration_is_looked_for_in_this_order() {
    let scene = Scene::new(10);
    let level = |level: &str| format!("verify = \"{level}\"\n");
    let of = |environment: &[(&str, &str)], arguments: &[&str]| {
        let mut command = scene.command(arguments);
        command.envs(environment.iter().copied());
        explained(command)["verification"].as_str().expect("a word").to_owned()
    };
    assert_eq!(of(&[], &[]), "none");
    scene.write("home/.config/orbit/orbit.toml", &level("compare"));
    assert_eq!(of(&[], &[]), "compare");
    let xdg = scene.write("xdg/orbit/orbit.toml", &level("sha256"));
    let home = xdg.strip_suffix("/orbit/orbit.toml").unwrap();
    assert_eq!(of(&[("XDG_CONFIG_HOME", home)], &[]), "sha256");
    assert_eq!(of(&[("XDG_CONFIG_HOME", "")], &[]), "compare");
    assert_eq!(of(&[("XDG_CONFIG_HOME", "relative")], &[]), "compare");
    assert_eq!(of(&[("XDG_CONFIG_HOME", "/no/such/place")], &[]), "none");
    let named = scene.write("named.toml", &level("media"));
    assert_eq!(of(&[("XDG_CONFIG_HOME", home), ("ORBIT_CONFIG", &named)], &[]), "media");
    // Where a file stands in the place of a directory there is no configuration.
    assert_eq!(of(&[("XDG_CONFIG_HOME", &named)], &[]), "none");
    assert_eq!(of(&[("ORBIT_CONFIG", "")], &[]), "compare");
    assert_eq!(of(&[("ORBIT_CONFIG", &named)], &["--config", &xdg]), "sha256");
    assert_eq!(of(&[], &["--config", "/dev/null"]), "none");
}

#[test]
fn a_configuration_that_was_named_must_be_there_and_none_may_be_broken() {
    let scene = Scene::new(10);
    let assert_named = |environment: &[(&str, &str)], arguments: &[&str], part: &str| {
        let mut command = scene.command(arguments);
        command.envs(environment.iter().copied()).args(["a", "b"]);
        let finished = subprocess::run(command);
        assert_eq!(finished.status.code(), Some(2), "{}", finished.stderr);
        assert_eq!(finished.stderr.lines().count(), 1);
        assert!(finished.stderr.contains(part), "{}", finished.stderr);
        scene.assert_only(&["a"]);
    };
    assert_named(&[], &["--config", "no/such.toml"], "no/such.toml: No such file");
    assert_named(&[], &["--config", "no/such.toml"], "(the configuration file named by --config)");
    assert_named(&[("ORBIT_CONFIG", ".")], &[], "the configuration file named by ORBIT_CONFIG");
    assert_named(&[("ORBIT_CONFIG", "no/such.toml")], &[], "no/such.toml");
    assert_named(&[("ORBIT_TUNED", "no/such.toml")], &[], "no/such.toml");
    assert_named(&[("ORBIT_NO_ZERO_COPY", "perhaps")], &[], "ORBIT_NO_ZERO_COPY is `perhaps`");
    let usual = scene.write("home/.config/orbit/orbit.toml", "resume = true\nverfy = \"sha256\"\n");
    assert_named(&[], &[], &format!("{usual}:2: unknown key `verfy`; did you mean `verify`?"));
    assert_named(&[], &[], "(the configuration file that is read unasked; --config /dev/null reads none)");
    let endless = scene.write("endless/file", "").replace("/file", "");
    symlink("orbit", Path::new(&endless).join("orbit")).unwrap();
    assert_named(&[("XDG_CONFIG_HOME", &endless)], &[], "cannot read ");
    let wrong = scene.write("wrong.toml", "parallel = 1000\n");
    assert_named(&[], &["--config", &wrong], &format!("{wrong}:1: "));
    let both = scene.write("both.toml", "in_place = true\nresume = true\n");
    assert_named(&[], &["--config", &both], "in_place");
}

#[test]
fn the_words_of_no_zero_copy() {
    let scene = Scene::new(SIZE);
    for (value, is_forbidden) in [
        ("1", true),
        ("true", true),
        ("YES", true),
        ("0", false),
        ("false", false),
        ("no", false),
        ("", false),
    ] {
        let mut command = scene.command([""; 0]);
        command.env("ORBIT_NO_ZERO_COPY", value);
        assert_eq!(strategy(&explained(command)) == "buffered-strategy", is_forbidden, "{value}");
    }
}

#[test]
fn a_tuned_file_of_the_environment_gives_way_to_that_of_the_flag() {
    let scene = Scene::new(SIZE);
    let pair = scene.explained(&[]);
    let tuned = |name: &str, threshold: &str| {
        let text = format!(
            "schema = \"orbit.tuned/1\"\n[[profile]]\nsource_fs = {}\ndestination_fs = {}\nsame_device = true\n\
             zero_copy_threshold = \"{threshold}\"\n",
            pair["source_file_system"], pair["destination_file_system"]
        );
        scene.write(name, &text)
    };
    let (never, large) = (tuned("never.toml", "never"), tuned("large.toml", "1GiB"));
    let of = |arguments: &[&str]| {
        let mut command = scene.command(arguments);
        command.env("ORBIT_TUNED", &never);
        strategy(&explained(command)).to_owned()
    };
    assert_eq!(of(&[]), "tuned-never");
    assert_eq!(of(&["--tuned", &large]), "below-threshold");
    let beside = scene.write("beside.toml", "tuned = \"large.toml\"\n");
    assert_eq!(strategy(&scene.explained(&["--config", &beside])), "below-threshold");
}

#[test]
fn effective_settings_say_where_they_come_from() {
    let scene = Scene::new(10);
    let file = scene.write("orbit.toml", "sparse = \"never\"\npreset = \"safe\"\nretries = 9\n");
    let mut command = scene.command(["presets", "--effective", "--config", &file, "--retries", "1"]);
    command.env("ORBIT_NO_ZERO_COPY", "1");
    let told = text(&subprocess::run(command).expect_success());
    insta::assert_snapshot!(told.replace(&file, "FILE"));
    let json = scene.quietly(&["presets", "--effective", "--json", "--preset", "safe"]);
    let settings = &one_object(&json)["settings"];
    assert_eq!(settings["verify"]["origin"], "preset safe");
    assert_eq!(settings["preset"]["origin"], "flag");
    assert_eq!(settings["sparse"]["origin"], "default");
    scene.fails(2, &["presets", "--effective", "--in-place", "--resume"]);
    scene.fails(2, &["presets", "--effective", "--tuned", "no/such.toml"]);
}
