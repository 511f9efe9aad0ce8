//! Every key is read, every rule of precedence holds, and what is wrong is told with its place.

use super::*;
use crate::options::ZstdLevel;

const PATH: &str = "folder/orbit.toml";

fn read(text: &str) -> Settings {
    Settings::parse(text, PATH).unwrap()
}

fn error(text: &str) -> String {
    Settings::parse(text, PATH).unwrap_err().to_string()
}

/// A line of the file, the settings that it means, and the key and value by which they are told.
fn keys() -> Vec<(&'static str, Settings, (&'static str, &'static str))> {
    let none = Settings::default;
    vec![
        ("preset = \"fast\"", Settings { preset: Some(Preset::Fast), ..none() }, ("preset", "fast")),
        (
            "strategy = \"zero-copy\"",
            Settings { strategy: Some(Strategy::ZeroCopy), ..none() },
            ("strategy", "zero-copy"),
        ),
        (
            "use_zero_copy = false",
            Settings { strategy: Some(Strategy::Buffered), ..none() },
            ("strategy", "buffered"),
        ),
        ("use_zero_copy = true", Settings { strategy: Some(Strategy::Auto), ..none() }, ("strategy", "auto")),
        (
            "verify = \"compare\"",
            Settings { verify: Some(Verification::Compare), ..none() },
            ("verify", "compare"),
        ),
        (
            "compress = \"zstd:7\"",
            Settings { compress: ZstdLevel::new(7).map(Compression::Zstd), ..none() },
            ("compress", "zstd:7"),
        ),
        ("resume = true", Settings { resume: Some(true), ..none() }, ("resume", "true")),
        ("in_place = true", Settings { in_place: Some(true), ..none() }, ("in_place", "true")),
        (
            "max_bandwidth = \"10MiB/s\"",
            Settings { max_bandwidth: Some(Rate::new(10 << 20)), ..none() },
            ("max_bandwidth", "10MiB/s"),
        ),
        (
            "max_bandwidth = 1000",
            Settings { max_bandwidth: Some(Rate::new(1000)), ..none() },
            ("max_bandwidth", "1000/s"),
        ),
        ("reflink = \"never\"", Settings { reflink: Some(Reflink::Never), ..none() }, ("reflink", "never")),
        ("sparse = \"always\"", Settings { sparse: Some(Sparse::Always), ..none() }, ("sparse", "always")),
        (
            "preserve_metadata = true",
            Settings { preserve_metadata: Some(true), ..none() },
            ("preserve_metadata", "true"),
        ),
        (
            "fsync = \"directory\"",
            Settings { fsync: Some(Durability::FileAndDirectory), ..none() },
            ("fsync", "directory"),
        ),
        ("parallel = 64", Settings { parallel: Some(64), ..none() }, ("parallel", "64")),
        ("retries = 100", Settings { retries: Some(100), ..none() }, ("retries", "100")),
        ("direct_io = true", Settings { direct_io: Some(true), ..none() }, ("direct_io", "true")),
        (
            "tuned = \"my.toml\"",
            Settings { tuned: Some("folder/my.toml".into()), ..none() },
            ("tuned", "folder/my.toml"),
        ),
    ]
}

#[test]
fn every_key_is_read_and_told() {
    assert_eq!(read(""), Settings::default());
    for (line, settings, (key, value)) in keys() {
        assert_eq!(read(line), settings, "{line}");
        let origin = Origin::File(PATH.into());
        let effective = Effective::resolve(vec![(origin.clone(), settings)]).unwrap();
        let entries = effective.entries();
        let entry = entries.iter().find(|entry| entry.key == key).unwrap();
        assert_eq!((&*entry.value, &entry.origin), (value, &origin), "{line}");
    }
    assert_eq!(read("tuned = \"/etc/t.toml\"").tuned, Some("/etc/t.toml".into()));
}

/// Each setting changes the options; the tuned file is for the caller to load.
#[test]
fn every_setting_reaches_the_options() {
    let default = format!("{:?}", CopyOptions::new());
    for (line, settings, _) in keys() {
        let effective = Effective::resolve(vec![(Origin::Flag, settings)]).unwrap();
        let is_default = format!("{:?}", effective.options()) == default;
        let changes_nothing = line.starts_with("tuned") || line == "use_zero_copy = true";
        assert_eq!(is_default, changes_nothing, "{line}");
    }
}

#[test]
fn presets_say_what_their_options_say() {
    for &preset in Preset::ALL {
        let settings = Settings { preset: Some(preset), ..Settings::default() };
        let effective = Effective::resolve(vec![(Origin::Flag, settings)]).unwrap();
        assert_eq!(format!("{:?}", effective.options()), format!("{:?}", preset.options()));
    }
}

#[test]
fn errors_name_file_line_key_and_what_is_allowed() {
    for (text, expected) in [
        ("\nverfy = \"none\"", "folder/orbit.toml:2: unknown key `verfy`; did you mean `verify`?"),
        ("verify = \"md5\"", "folder/orbit.toml:1: verify: `md5` is none of none, compare, sha256, media"),
        (
            "compress = \"zstd:23\"",
            "folder/orbit.toml:1: compress: `zstd:23` is no compression; write zstd:1",
        ),
        ("compress = \"decompress\"", "folder/orbit.toml:1: compress: `decompress` is for single copies"),
        ("resume = \"yes\"", "folder/orbit.toml:1: resume: invalid type: string \"yes\", expected a boolean"),
        ("max_bandwidth = \"fast\"", "folder/orbit.toml:1: max_bandwidth: `fast` is no rate; write 10MiB"),
        ("max_bandwidth = -1", "folder/orbit.toml:1: max_bandwidth: `-1` is no rate"),
        (
            "fsync = \"file-and-directory\"",
            "folder/orbit.toml:1: fsync: `file-and-directory` is none of none",
        ),
        ("parallel = 65", "folder/orbit.toml:1: parallel: 65 is out of range; write a number from 0 to 64"),
        ("retries = -1", "folder/orbit.toml:1: retries: -1 is out of range; write a number from 0 to 100"),
        ("strategy = true", "folder/orbit.toml:1: strategy: invalid type: boolean `true`, expected a text"),
        ("verify = \"none\"\nresume = true\nresume = true", "folder/orbit.toml:3: resume: duplicate key"),
        ("\n\nresume", "folder/orbit.toml:3: "),
        ("\"verify\" = \"md5\"", "folder/orbit.toml:1: verify: `md5` is none of none"),
        ("\nverify.x = 1", "folder/orbit.toml:2: verify: invalid type: map, expected a text in quotes"),
        ("\ntuned = \"\"", "folder/orbit.toml:2: tuned: the name is empty; name a file"),
        (
            "strategy = \"auto\"\nuse_zero_copy = true",
            "folder/orbit.toml:2: use_zero_copy: `strategy` says the same; remove one of them",
        ),
        (
            "[copy]\nresume = true",
            "folder/orbit.toml:1: unknown key `copy`; write one of `preset`, `strategy`, `use_zero_copy`",
        ),
    ] {
        let error = error(text);
        assert!(error.starts_with(expected), "{error}");
        assert!(!error.contains('\n'));
    }
    // A key may look like the message that tells of it.
    let odd = error("\"a`, expected `b\" = 1");
    assert!(
        odd.starts_with("folder/orbit.toml:1: unknown key `a`, expected `b`; write one of `preset`"),
        "{odd}"
    );
    let missing = Settings::load("no/such/file.toml").unwrap_err().to_string();
    assert!(missing.starts_with("no/such/file.toml: "), "{missing}");
}

fn resolve(layers: &[(Origin, &str)]) -> Result<Effective, Contradiction> {
    let mut settings = layers.iter().map(|(origin, text)| (origin.clone(), read(text)));
    Effective::resolve(settings.by_ref().collect())
}

fn entry(effective: &Effective, key: &str) -> (String, Origin) {
    let entry = effective.entries().into_iter().find(|entry| entry.key == key).unwrap();
    (entry.value, entry.origin)
}

#[test]
fn the_higher_place_holds_and_presets_stand_below_all() {
    let file = Origin::File(PATH.into());
    let effective = resolve(&[
        (Origin::Flag, "verify = \"none\""),
        (Origin::Environment, "strategy = \"auto\""),
        (file.clone(), "preset = \"safe\"\nverify = \"media\"\nretries = 7"),
    ])
    .unwrap();
    let safe = Origin::Preset(Preset::Safe);
    for (key, value, origin) in [
        ("verify", "none", Origin::Flag),
        ("strategy", "auto", Origin::Environment),
        ("retries", "7", file.clone()),
        ("preset", "safe", file),
        ("fsync", "directory", safe.clone()),
        ("resume", "true", safe),
        ("in_place", "false", Origin::Default),
        ("compress", "none", Origin::Default),
    ] {
        assert_eq!(entry(&effective, key), (value.to_owned(), origin), "{key}");
    }
    let two = resolve(&[(Origin::Flag, "preset = \"fast\""), (Origin::Environment, "preset = \"safe\"")]);
    assert_eq!(entry(&two.unwrap(), "verify").0, "none");
}

#[test]
fn the_highest_place_that_asks_decides_on_the_placement() {
    for (flags, file, expected) in [
        ("", "", Placement::Staged),
        ("resume = true", "in_place = true", Placement::Resumable),
        ("in_place = true", "resume = true", Placement::InPlace),
        ("resume = false", "resume = true", Placement::Staged),
        ("resume = false", "in_place = true", Placement::InPlace),
        ("in_place = false", "resume = true", Placement::Resumable),
        ("in_place = false", "in_place = true", Placement::Staged),
        ("resume = false\nin_place = true", "resume = true", Placement::InPlace),
    ] {
        let effective = resolve(&[(Origin::Flag, flags), (Origin::Environment, file)]).unwrap();
        assert_eq!(effective.placement(), expected, "{flags} over {file}");
    }
    let denied =
        resolve(&[(Origin::Flag, "resume = false"), (Origin::Environment, "preset = \"safe\"")]).unwrap();
    assert_eq!(entry(&denied, "resume"), ("false".to_owned(), Origin::Flag));
    assert_eq!(entry(&denied, "in_place"), ("false".to_owned(), Origin::Default));
}

const PAIRS: [(&str, &str, &str); 5] = [
    ("reflink = \"always\"", "strategy = \"buffered\"", "strategy"),
    ("reflink = \"always\"", "compress = \"zstd:3\"", "compress"),
    ("reflink = \"always\"", "sparse = \"never\"", "sparse"),
    ("reflink = \"always\"", "sparse = \"always\"", "sparse"),
    ("in_place = true", "resume = true", "resume"),
];

#[test]
fn one_place_cannot_ask_for_what_cannot_be_had_together() {
    for (one, other, _) in PAIRS {
        let error = resolve(&[(Origin::Flag, &format!("{one}\n{other}"))]).unwrap_err().to_string();
        for setting in [one, other] {
            let told = setting.replace('"', "");
            assert!(error.contains(&told) && error.contains("leave one of them out"), "{error}");
        }
    }
}

#[test]
fn what_can_be_had_together_is_no_contradiction() {
    for (one, other) in [
        ("reflink = \"never\"", "strategy = \"buffered\""),
        ("reflink = \"never\"", "compress = \"zstd:3\""),
        ("reflink = \"always\"", "strategy = \"zero-copy\""),
        ("reflink = \"always\"", "sparse = \"auto\""),
        ("strategy = \"zero-copy\"", "compress = \"zstd:3\""),
        ("in_place = true", "resume = false"),
        ("in_place = true", "compress = \"zstd:3\""),
        ("resume = true", "compress = \"zstd:3\""),
    ] {
        assert!(resolve(&[(Origin::Flag, &format!("{one}\n{other}"))]).is_ok(), "{one}, {other}");
    }
}

#[test]
fn of_two_places_the_higher_one_holds() {
    for (one, other, key) in PAIRS {
        let higher = resolve(&[(Origin::Flag, one), (Origin::Environment, other)]).unwrap();
        let lower = resolve(&[(Origin::Flag, other), (Origin::Environment, one)]).unwrap();
        let expected = other.split(" = ").nth(1).unwrap().replace('"', "");
        assert_ne!(entry(&higher, key).0, expected, "{one} over {other}");
        assert_eq!(entry(&lower, key), (expected, Origin::Flag), "{other} over {one}");
        let (lost, wanted) = one.split_once(" = ").unwrap();
        assert_ne!(entry(&lower, lost).0, wanted.replace('"', ""), "{other} over {one}");
    }
    let (_, origin) = entry(
        &resolve(&[(Origin::Flag, "reflink = \"always\""), (Origin::Environment, "preset = \"network\"")])
            .unwrap(),
        "compress",
    );
    assert_eq!(origin.to_string(), "default; the preset network gives way to `reflink`");
}

/// What has given way takes nothing away from those below it, and what is contradictory in itself is told all the same.
#[test]
fn a_wish_gives_way_only_to_what_holds() {
    let file = Origin::File(PATH.into());
    for (flag, environment, lowest, key, held) in [
        ("sparse = \"never\"", "reflink = \"always\"", "strategy = \"buffered\"", "strategy", "buffered"),
        ("compress = \"zstd:3\"", "reflink = \"always\"", "sparse = \"always\"", "sparse", "always"),
        ("strategy = \"buffered\"", "reflink = \"always\"", "compress = \"zstd:1\"", "compress", "zstd:1"),
    ] {
        let layers = [(Origin::Flag, flag), (Origin::Environment, environment), (file.clone(), lowest)];
        let effective = resolve(&layers).unwrap();
        assert_eq!(entry(&effective, key), (held.to_owned(), file.clone()), "{lowest} below {flag}");
        assert_eq!(entry(&effective, "reflink").0, "auto");
        let in_itself = format!("{environment}\n{lowest}");
        assert!(resolve(&[(Origin::Flag, flag), (file.clone(), &in_itself)]).is_err(), "{in_itself}");
    }
}

#[test]
fn what_decompresses_is_neither_resumed_nor_shared() {
    let decompress = Settings { compress: Some(Compression::Decompress), ..Settings::default() };
    let safe = Settings { preset: Some(Preset::Safe), ..decompress.clone() };
    let effective = Effective::resolve(vec![(Origin::Flag, safe)]).unwrap();
    assert_eq!((effective.placement(), effective.compress()), (Placement::Staged, Compression::Decompress));
    for both in [
        Settings { resume: Some(true), ..decompress.clone() },
        Settings { reflink: Some(Reflink::Always), ..decompress },
    ] {
        assert!(Effective::resolve(vec![(Origin::Flag, both)]).is_err());
    }
}
