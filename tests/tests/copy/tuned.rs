//! A tuned file: every value of it changes a copy between its pair, and no other.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use orbit_engine::{
    CopyOptions, CopyOutcome, FileSystemPair, Mechanism, Observer, OmissionReason, Progress, Strategy,
    Threshold, TreeObserver, TreeOptions, TreeProgress, Tuning, TuningWarning, copy_tree,
    zero_copy_capabilities,
};
use orbit_tests::lab::{self, Place};
use orbit_tests::{files, subprocess};

use super::copy_once::copy_once;
use super::{assert_zero_copy, copied_with};

const KIB: u64 = 1024;
const SIZE: u64 = 256 * KIB;

fn pair(from: &Place, to: &Place) -> FileSystemPair {
    zero_copy_capabilities(from.dir(), to.dir()).expect("both directories take files").pair
}

/// A tuned file with one profile.
fn text(pair: &FileSystemPair, values: &str) -> String {
    let FileSystemPair { source, destination, same_device } = pair;
    format!(
        "schema = \"orbit.tuned/1\"\n\n[[profile]]\nsource_fs = \"{source}\"\n\
         destination_fs = \"{destination}\"\nsame_device = {same_device}\n{values}\n"
    )
}

/// Copies with the tuned file read from disk, the way a program does.
#[track_caller]
fn copied_tuned(
    from: &Place,
    to: &Place,
    strategy: Strategy,
    pair: &FileSystemPair,
    values: &str,
) -> CopyOutcome {
    let file = from.join("tuned.toml");
    fs::write(&file, text(pair, values)).expect("write the tuned file");
    let tuning = Tuning::load(&file).unwrap_or_else(|error| panic!("{error}"));
    let options = CopyOptions::new().strategy(strategy).tuning(tuning);
    let outcome = copied_with(&options, &from.join("source"), &to.join("copy"));
    files::assert_same_content(&from.join("source"), &to.join("copy"));
    outcome
}

#[test]
fn the_threshold_of_the_pair_chooses_the_mechanism() {
    lab::for_each_pair("the_threshold_of_the_pair_chooses_the_mechanism", |from, to| {
        let pair = pair(from, to);
        files::create(&from.join("source"), 1, SIZE);
        let with = |values: &str| copied_tuned(from, to, Strategy::Auto, &pair, values);
        for zero_copy in ["", "zero_copy_threshold = \"256KiB\"", "zero_copy_threshold = \"always\""] {
            assert_zero_copy(with(zero_copy).mechanism, from, to, SIZE);
        }
        let above = with("zero_copy_threshold = \"262145\"");
        assert_eq!(above.mechanism, Mechanism::ReadWrite);
        let reason = OmissionReason::BelowThreshold { size: SIZE, threshold: SIZE + 1 };
        assert!(above.omissions.iter().all(|omission| omission.reason == reason), "{above:?}");
        let never = with("zero_copy_threshold = \"never\"");
        assert_eq!(never.mechanism, Mechanism::ReadWrite);
        assert!(never.omissions.iter().all(|omission| omission.reason == OmissionReason::TunedNever));
        files::create(&from.join("source"), 1, 1);
        assert_zero_copy(with("zero_copy_threshold = \"always\"").mechanism, from, to, 1);
    });
}

#[test]
fn a_strategy_that_was_asked_for_beats_the_threshold() {
    lab::for_each_file_system("a_strategy_that_was_asked_for_beats_the_threshold", |place| {
        let pair = pair(place, place);
        files::create(&place.join("source"), 1, SIZE);
        let with = |strategy, values: &str| copied_tuned(place, place, strategy, &pair, values).mechanism;
        assert_zero_copy(with(Strategy::ZeroCopy, "zero_copy_threshold = \"never\""), place, place, SIZE);
        assert_eq!(with(Strategy::Buffered, "zero_copy_threshold = \"always\""), Mechanism::ReadWrite);
    });
}

/// One more chunk is one more call by `copy_file_range` and sendfile, two by splice, two by reading and writing.
#[test]
fn chunk_sizes_are_what_one_call_moves() {
    lab::for_each_pair("chunk_sizes_are_what_one_call_moves", |from, to| {
        let pair = pair(from, to);
        files::create(&from.join("source"), 1, SIZE);
        for (strategy, key) in [(Strategy::ZeroCopy, "kernel_chunk"), (Strategy::Buffered, "buffered_chunk")]
        {
            let with = |chunk: u64| copied_tuned(from, to, strategy, &pair, &format!("{key} = \"{chunk}\""));
            with(SIZE);
            let whole = with(SIZE);
            let calls_a_chunk = match whole.mechanism {
                Mechanism::Reflink => 0,
                Mechanism::CopyFileRange | Mechanism::Sendfile => 1,
                _ => 2,
            };
            for (chunk, more_chunks) in [(SIZE / 4, 3), (4 * KIB, 63), (SIZE - 1, 1), (SIZE * 2, 0)] {
                let outcome = with(chunk);
                assert_eq!(outcome.mechanism, whole.mechanism);
                let more_calls = outcome.system_calls - whole.system_calls;
                assert_eq!(more_calls, more_chunks * calls_a_chunk, "{key} {chunk}: {outcome:?}");
            }
        }
    });
}

#[test]
fn the_other_chunk_changes_nothing() {
    lab::for_each_pair("the_other_chunk_changes_nothing", |from, to| {
        let pair = pair(from, to);
        files::create(&from.join("source"), 1, SIZE);
        for (strategy, key) in [(Strategy::Buffered, "kernel_chunk"), (Strategy::ZeroCopy, "buffered_chunk")]
        {
            let with = |values: &str| copied_tuned(from, to, strategy, &pair, values).system_calls;
            with("");
            assert_eq!(with(""), with(&format!("{key} = \"4KiB\"")), "{key}");
        }
    });
}

#[test]
fn a_profile_of_another_pair_changes_nothing() {
    lab::for_each_pair("a_profile_of_another_pair_changes_nothing", |from, to| {
        let mine = pair(from, to);
        files::create(&from.join("source"), 1, SIZE);
        let others = [
            FileSystemPair { same_device: !mine.same_device, ..mine.clone() },
            FileSystemPair { source: "other".into(), ..mine.clone() },
            FileSystemPair { destination: "other".into(), ..mine.clone() },
        ];
        for other in &others {
            let values =
                "zero_copy_threshold = \"never\"\nkernel_chunk = \"4KiB\"\nbuffered_chunk = \"4KiB\"";
            let outcome = copied_tuned(from, to, Strategy::Auto, other, values);
            assert_zero_copy(outcome.mechanism, from, to, SIZE);
            assert!(outcome.system_calls < 40, "{other}: {outcome:?}");
        }
    });
}

/// The error, in this process and from the child, which must not copy.
#[track_caller]
fn error_of(place: &Place, text: &str) -> String {
    let file = place.join("tuned.toml");
    fs::write(&file, text).expect("write the tuned file");
    let error = Tuning::load(&file).expect_err("a broken file").to_string();
    let path = file.to_str().expect("a path of our own");
    let child = copy_once(&["--tuned", path], &place.join("source"), &place.join("copy"));
    let finished = subprocess::run(child);
    assert_eq!((finished.status.code(), finished.stderr.trim_end()), (Some(2), error.as_str()));
    files::assert_no_litter(place.dir(), ["source", "tuned.toml"]);
    error.strip_prefix(path).unwrap_or_else(|| panic!("{error} does not name {path}")).to_owned()
}

#[test]
fn a_broken_file_is_refused_by_name_line_and_key() {
    let test = "a_broken_file_is_refused_by_name_line_and_key";
    lab::for_each_file_system(test, |place| {
        files::create(&place.join("source"), 1, SIZE);
        let pair = FileSystemPair { source: "a".into(), destination: "b".into(), same_device: true };
        for (values, line, key) in [
            ("zero_copy_threshold = \"sometimes\"", 7, "zero_copy_threshold"),
            ("zero_copy_threshold = 65536", 7, "zero_copy_threshold"),
            ("zero_copy_threshold = \"2PiB\"", 7, "zero_copy_threshold"),
            ("zero_copy_treshold = \"64KiB\"", 7, "zero_copy_treshold"),
            ("# a remark\nkernel_chunk = \"1KiB\"", 8, "kernel_chunk"),
            ("\n\nbuffered_chunk = \"1GiB\"", 9, "buffered_chunk"),
            ("parallel_threads = 65", 7, "parallel_threads"),
            ("tree_workers = 257", 7, "tree_workers"),
            ("tree_batch = 0", 7, "tree_batch"),
            ("tree_zero_copy_threshold = \"small\"", 7, "tree_zero_copy_threshold"),
            ("pipe_size = \"1GiB\"", 7, "pipe_size"),
            ("same_device = false", 7, "same_device"),
            ("decision = \"guessed\"", 7, "decision"),
        ] {
            let error = error_of(place, &text(&pair, values));
            assert!(error.starts_with(&format!(":{line}: ")) && error.contains(key), "{values}: {error}");
        }
        let other_schema = text(&pair, "").replace("tuned/1", "tuned/2");
        assert!(error_of(place, &other_schema).contains("orbit.tuned/2"));
        assert!(error_of(place, "schema = \"orbit.tuned/1\"\n[[profile]]\n").contains("source_fs"));
        assert!(error_of(place, "schema =\n").starts_with(":1: "));
        let missing = place.join("missing.toml");
        let error = Tuning::load(&missing).unwrap_err().to_string();
        assert!(error.starts_with(missing.to_str().unwrap()), "{error}");
    });
}

#[test]
fn a_file_of_several_profiles_serves_each_pair() {
    lab::for_each_pair("a_file_of_several_profiles_serves_each_pair", |from, to| {
        let mine = pair(from, to);
        let other = FileSystemPair { source: "other".into(), ..mine.clone() };
        let both = text(&other, "zero_copy_threshold = \"always\"")
            + text(&mine, "zero_copy_threshold = \"never\"").split_once("\n\n").unwrap().1;
        let tuning = Tuning::parse(&both, Path::new("both.toml")).unwrap();
        files::create(&from.join("source"), 1, SIZE);
        let options = CopyOptions::new().tuning(tuning);
        let outcome = copied_with(&options, &from.join("source"), &to.join("copy"));
        assert_eq!(outcome.mechanism, Mechanism::ReadWrite);
    });
}

/// Hears only of tuned files.
#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Heard {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("nobody panics while it is told"))
    }

    fn note(&self, warning: &TuningWarning) {
        self.0.lock().expect("nobody panics while it is told").push(warning.to_string());
    }
}

impl Observer for Heard {
    fn progress(&self, _: Progress) {}

    fn tuning_unused(&self, warning: &TuningWarning) {
        self.note(warning);
    }
}

impl TreeObserver for Heard {
    fn progress(&self, _: TreeProgress) {}

    fn tuning_unused(&self, warning: &TuningWarning) {
        self.note(warning);
    }
}

/// Once for a file that was loaded: not for each copy, nor for each file of a tree, and not before somebody listens.
#[test]
fn an_observer_hears_once_that_a_file_does_not_hold_here() {
    lab::for_each_file_system("an_observer_hears_once_that_a_file_does_not_hold_here", |place| {
        let pair = pair(place, place);
        let stale = text(&pair, "zero_copy_threshold = \"never\"").replace(
            "\n\n",
            "\n[provenance]\nengine = \"9.0.0\"\ncreated = \"2026-01-01T00:00:00Z\"\nvalid_until = \"2026-01-02T00:00:00Z\"\n\
             runs = []\nmachine = { cpu = \"a relic\", processors = 1, kernel = \"1.0\" }\n\n",
        );
        let file = place.join("tuned.toml");
        fs::write(&file, stale).expect("write the tuned file");
        let load =
            || CopyOptions::new().tuning(Tuning::load(&file).unwrap_or_else(|error| panic!("{error}")));
        let heard = Arc::new(Heard::default());
        let (source, copy) = (place.join("tree/source"), place.join("copy"));
        fs::create_dir(place.join("tree")).expect("make a directory");
        files::create(&source, 1, SIZE);
        files::create(&place.join("tree/other"), 2, 10);

        let options = load();
        copied_with(&options, &source, &copy);
        let watched = options.observer(heard.clone());
        for _ in 0..2 {
            assert_zero_copy(copied_with(&watched.clone(), &source, &copy).mechanism, place, place, SIZE);
        }
        let told = heard.take();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("another machine (cpu `a relic`, here `"), "{told:?}");

        let options = TreeOptions::new(load()).observer(heard.clone());
        for name in ["one", "two"] {
            let outcome =
                copy_tree(place.join("tree"), place.join(name), &options).expect("the tree is copied");
            assert_eq!(outcome.files, 2);
        }
        assert_eq!(heard.take().len(), 1);

        let used = Tuning::load_unchecked(&file).expect("the file can be read");
        assert_eq!(used.values(&pair).zero_copy_threshold, Threshold::Never);
        copied_with(&CopyOptions::new().tuning(used).observer(heard.clone()), &source, &copy);
        assert!(heard.take().is_empty());
    });
}
