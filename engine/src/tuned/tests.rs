//! The format: what is read and refused, where and until when it holds, and that what is written is read.

use std::fs;
use std::path::Path;

use super::check::staleness;
use super::*;
use crate::tuning::{Chunk, FileSystemPair, Staleness, Threshold, TuningWarning, Values};

const HEAD: &str = "schema = \"orbit.tuned/1\"\n[[profile]]\nsource_fs = \"ext4\"\ndestination_fs = \"ext4\"\nsame_device = true\n";

fn error_of(tail: &str) -> String {
    Tuning::parse(&format!("{HEAD}{tail}"), "t.toml").unwrap_err().to_string()
}

#[test]
fn values_reach_their_pair() {
    let text =
        format!("{HEAD}zero_copy_threshold = \"1MiB\"\nkernel_chunk = \"2MiB\"\nbuffered_chunk = \"8KiB\"\n");
    let tuning = Tuning::parse(&text, "t.toml").unwrap();
    let pair = FileSystemPair { source: "ext4".into(), destination: "ext4".into(), same_device: true };
    let values = tuning.values(&pair);
    assert_eq!(values.zero_copy_threshold, Threshold::AtLeast(1 << 20));
    assert_eq!(values.kernel_chunk.bytes(), 2 << 20);
    assert_eq!(values.buffered_chunk.bytes(), 8 << 10);
}

#[test]
fn errors_name_file_line_and_key() {
    let unknown = error_of("zero_copy_treshold = \"1MiB\"\n");
    let expected = "t.toml:6: unknown key `zero_copy_treshold`; did you mean `zero_copy_threshold`?";
    assert_eq!(unknown, expected);
    let range = error_of("kernel_chunk = \"1KiB\"\n");
    assert_eq!(range, "t.toml:6: kernel_chunk: 1KiB is out of range; write a size from 4KiB to 128MiB");
    let kind = error_of("zero_copy_threshold = 7\n");
    assert!(kind.starts_with("t.toml:6: zero_copy_threshold: invalid type"), "{kind}");
    let syntax = error_of("kernel_chunk = 1KiB\n");
    assert!(syntax.starts_with("t.toml:6: kernel_chunk: "), "{syntax}");
}

#[test]
fn errors_name_the_key_of_the_value_also_in_one_line_tables() {
    let error = error_of("evidence = { kernel_chunk = { decision = \"accepted\", blocks = -1 } }\n");
    assert!(error.starts_with("t.toml:6: blocks: invalid value"), "{error}");
    let no_key = error_of("kernel\tchunk = 1\n");
    assert!(no_key.starts_with("t.toml:6: ") && !no_key.contains("chunk:"), "{no_key}");
}

#[test]
fn errors_are_one_printable_line() {
    for text in ["schema = \"a\\nb\\u001b[2J\"", "schema = \"orbit.tuned/1\"\n\"\\u0007\" = 1"] {
        let error = Tuning::parse(text, "t.toml").unwrap_err().to_string();
        assert!(!error.contains(char::is_control), "{error:?}");
    }
}

#[test]
fn other_schemas_and_broken_files_are_refused_whole() {
    // Also where other keys are those of that schema.
    let newer = Tuning::parse("better = true\nschema = \"orbit.tuned/2\"\n", "t.toml").unwrap_err();
    let expected = "t.toml:2: schema: `orbit.tuned/2` is not what this engine reads, `orbit.tuned/1`; make the file \
                    anew with `cargo xtask tune`";
    assert_eq!(newer.to_string(), expected);
    for text in ["", "schema", "schema = \"orbit.tuned/1\"\n[[profile]]\n", "\u{0}"] {
        assert!(Tuning::parse(text, "t.toml").is_err(), "{text:?}");
    }
    let missing = Tuning::load("no/such/file.toml").unwrap_err().to_string();
    assert!(missing.starts_with("no/such/file.toml: "), "{missing}");
}

fn provenance() -> Provenance {
    Provenance {
        engine: env!("CARGO_PKG_VERSION").into(),
        created: UtcTime::now(),
        valid_until: UtcTime::now().plus_days(90),
        machine: Machine::here(),
        runs: vec![MeasuredRun { name: "a run".into(), samples_sha256: "00".repeat(32) }],
    }
}

fn written(provenance: Provenance) -> String {
    let mut profile = TunedProfile::new("ext4", "tmpfs", false);
    profile.decision = Some(Decision::Accepted);
    profile.zero_copy_threshold = Some(Threshold::Never);
    profile.tree_batch = Some(7);
    profile.evidence = Some(Evidence {
        zero_copy_threshold: Some(Finding {
            blocks: Some(25),
            gain_pct: Some(1.5),
            gain_lower_pct: Some(0.5),
            lower: Some(Threshold::AtLeast(4096)),
            upper: Some(Threshold::Never),
            ..Finding::new(Decision::Accepted)
        }),
        pipe_size: Some(Finding { lower: Chunk::new(4096), ..Finding::new(Decision::NoEffect) }),
        tree_batch: Some(Finding { upper: Some(64), ..Finding::new(Decision::KeptDefault) }),
        tree_workers: Some(Finding::new(Decision::NotMeasured)),
        reflink_threshold: Some(Finding::new(Decision::Unsupported)),
        ..Evidence::default()
    });
    toml::to_string(&TunedFile::new(provenance, vec![profile])).unwrap()
}

fn pair() -> FileSystemPair {
    FileSystemPair { source: "ext4".into(), destination: "tmpfs".into(), same_device: false }
}

#[test]
fn what_the_tuner_writes_is_read() {
    let text = written(provenance());
    let tuning = Tuning::parse(&text, "t.toml").unwrap();
    assert_eq!((tuning.warning(), tuning.file()), (None, Some(Path::new("t.toml"))));
    let values = tuning.values(&pair());
    assert_eq!((values.zero_copy_threshold, values.tree_batch), (Threshold::Never, 7));
    for line in
        ["[provenance.machine]", "[[provenance.runs]]", "[profile.evidence.pipe_size]", "lower = \"4KiB\""]
    {
        assert!(text.lines().any(|other| other == line), "{line} in\n{text}");
    }
    let file: TunedFile = toml::from_str(&text).unwrap();
    assert_eq!(toml::to_string(&file).unwrap(), text);
}

#[test]
fn values_of_elsewhere_or_another_time_are_left_aside() {
    let here = Machine { cpu: "this one".into(), processors: 4, kernel: "6.18.44-cloud".into() };
    let now: UtcTime = "2026-11-25T12:00:00Z".parse().unwrap();
    let good = Provenance {
        engine: "0.1.7".into(),
        created: now,
        valid_until: now,
        machine: here.clone(),
        runs: Vec::new(),
    };
    let of = |machine: Machine| Provenance { machine, ..good.clone() };
    let stale = |provenance: &Provenance| staleness(provenance, &here, "0.1.0", now);
    assert_eq!(stale(&good), None);
    assert_eq!(stale(&of(Machine { kernel: "6.18.1".into(), ..here.clone() })), None);
    let other = |field, file: &str, here: &str| {
        Some(Staleness::OtherMachine { field, file: file.to_owned(), here: here.to_owned() })
    };
    for (machine, expected) in [
        (Machine { cpu: "an\u{1b}other".into(), ..here.clone() }, other("cpu", "an other", "this one")),
        (Machine { processors: 5, ..here.clone() }, other("processors", "5", "4")),
        (Machine { kernel: "6.1.44".into(), ..here.clone() }, other("kernel", "6.1.44", "6.18.44-cloud")),
        (Machine { kernel: "unknown".into(), ..here.clone() }, other("kernel", "unknown", "6.18.44-cloud")),
    ] {
        assert_eq!(stale(&of(machine)), expected);
    }
    let engine = Provenance { engine: "0.2.0".into(), ..good.clone() };
    assert_eq!(stale(&engine), Some(Staleness::OtherEngine { file: "0.2.0".into(), here: "0.1.0" }));
    let valid_until = "2026-11-25T11:59:59Z".parse().unwrap();
    let expired = Provenance { valid_until, ..good.clone() };
    assert_eq!(stale(&expired), Some(Staleness::Expired { valid_until }));
}

#[test]
fn a_stale_file_is_the_defaults_and_a_warning() {
    let valid_until = "2026-01-31T00:00:00Z".parse().unwrap();
    let stale = Provenance { valid_until, ..provenance() };
    let text = written(stale);
    let tuning = Tuning::parse(&text, "t.toml").unwrap();
    assert_eq!(tuning.values(&pair()), &Values::default());
    let Some(TuningWarning { path, staleness }) = tuning.warning() else { panic!("no warning") };
    assert_eq!((path.as_path(), staleness), (Path::new("t.toml"), &Staleness::Expired { valid_until }));
    assert_eq!(
        tuning.warning().unwrap().to_string(),
        "t.toml: valid until 2026-01-31T00:00:00Z only; the defaults are used instead"
    );
    // Once, whichever clone it is.
    let clone = tuning.clone();
    assert!(tuning.warning_to_tell().is_some() && clone.warning_to_tell().is_none());
    assert_eq!(clone, tuning);
    let unchecked = Tuning::parse_unchecked(&text, "t.toml").unwrap();
    assert_eq!((unchecked.warning(), unchecked.values(&pair()).tree_batch), (None, 7));
}

#[test]
fn this_machine_is_itself() {
    let here = Machine::here();
    assert!(here.processors > 0 && !here.cpu.is_empty() && !here.kernel.is_empty());
    assert!(
        !cfg!(target_os = "linux") || here.kernel.starts_with(|char: char| char.is_ascii_digit()),
        "{here:?}"
    );
    let class = |kernel: &str| Machine { kernel: kernel.into(), ..here.clone() }.class().kernel;
    for (kernel, expected) in [
        ("6.18.44", "6.18"),
        ("6.18-rc1", "6.18"),
        ("6", "6"),
        ("10.0.19045", "10.0"),
        ("unknown", "unknown"),
        ("", ""),
    ] {
        assert_eq!(class(kernel), expected);
    }
}

/// The error, whichever way it is read, behind the path.
fn told(path: &Path) -> String {
    let error = Tuning::load(path).unwrap_err().to_string();
    assert_eq!(Tuning::load_unchecked(path).unwrap_err().to_string(), error);
    assert_eq!(TunedFile::load(path).unwrap_err().to_string(), error);
    assert!(!error.contains(char::is_control) && error.chars().count() < 1000, "{error:?}");
    error.strip_prefix(path.to_str().unwrap()).expect("the path is named").to_owned()
}

#[test]
fn what_is_no_tuned_file_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let error = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        told(&path)
    };
    assert_eq!(
        error("empty", b""),
        ": schema is missing; a tuned file begins with `schema = \"orbit.tuned/1\"`"
    );
    assert_eq!(error("binary", b"schema = 1\n\xff\xfe"), ":2: it is no UTF-8 text, and so no tuned file");
    let deep = format!("schema = {}", "[".repeat(100_000));
    assert!(error("deep", deep.as_bytes()).starts_with(":1: "), "{}", error("deep", deep.as_bytes()));
    let [dotted, long] =
        [".a", "k"].map(|more| format!("schema = \"orbit.tuned/1\"\na{} = 1", more.repeat(100_000)));
    assert_eq!(error("dotted", dotted.as_bytes()), ": recursion limit");
    assert!(error("long", long.as_bytes()).starts_with(":2: unknown key"));
    let mut largest = HEAD.as_bytes().to_vec();
    largest.resize(1024 * 1024, b'\n');
    let path = folder.path().join("largest");
    fs::write(&path, &largest).unwrap();
    assert!(Tuning::load(&path).is_ok());
    largest.push(b'\n');
    assert!(error("large", &largest).starts_with(": it is larger than 1MiB"));
    let text = String::from_utf8(largest).unwrap();
    assert!(Tuning::parse(&text, "t.toml").unwrap_err().to_string().starts_with("t.toml: it is larger than"));
}

/// None of them holds the reader up.
#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
    let socket = folder.path().join("socket");
    let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for path in [&link, &socket, folder.path(), Path::new("/dev/null")] {
        let error = Tuning::load(path).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{}: ", path.display())), "{error}");
    }
    let error = Tuning::load(&link).unwrap_err().to_string();
    assert!(error.contains("regular file"), "{error}");
}
