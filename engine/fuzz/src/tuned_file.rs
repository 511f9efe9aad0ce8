//! What holds of every text that is read as a tuned file, in assertions. Compiled into the fuzz target of the same name
//! and into the engine's test of the same name; bounds are written out as documented, not taken from the engine.

use std::ops::RangeInclusive;

use crate::place::has_place;
use orbit_engine::{FileSystemPair, Threshold, TunedFile, TunedProfile, Tuning, TuningError, Values};

const PATH: &str = "folder/tuned.toml";
const CHUNKS: RangeInclusive<u64> = 4 << 10..=128 << 20;
const LARGEST_THRESHOLD: u64 = 1 << 50;
const MOST_THREADS: u32 = 64;

/// Most small files that are made in a row.
const MOST_BATCH: u32 = 64;

/// Most threads that copy a tree.
const MOST_WORKERS: u32 = 256;

/// Reads `bytes` as a tuned file and says whether it is one.
///
/// # Panics
/// When the reader panics, takes a value out of range, reads what is written back otherwise than before, or gives an
/// error that does not say where.
pub(crate) fn accepts(bytes: &[u8]) -> bool {
    // `Tuning::load` refuses what is not UTF-8 before it parses.
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let checked = Tuning::parse(text, PATH);
    match Tuning::parse_unchecked(text, PATH) {
        Ok(tuning) => check_accepted(text, &tuning) && check_staleness(&checked, &tuning),
        Err(error) => {
            assert_eq!(checked, Err(error.clone()), "the check accepts nothing more");
            has_place(PATH, text, &error.to_string())
        }
    }
}

/// What is read with the check is the same, or nothing but the defaults and a warning in one printable line.
fn check_staleness(checked: &Result<Tuning, TuningError>, unchecked: &Tuning) -> bool {
    let tuning = checked.as_ref().expect("what can be read is no error of the check");
    let Some(warning) = tuning.warning() else {
        assert_eq!(tuning, unchecked);
        return true;
    };
    assert_eq!(tuning.values(&anywhere()), &Values::default());
    let told = warning.to_string();
    assert!(told.starts_with(&format!("{PATH}: ")) && !told.contains(char::is_control), "{told:?}");
    true
}

fn anywhere() -> FileSystemPair {
    FileSystemPair { source: "ext4".into(), destination: "ext4".into(), same_device: true }
}

fn check_accepted(text: &str, tuning: &Tuning) -> bool {
    let file: TunedFile = toml::from_str(text).expect("what the engine reads is TOML of the file's type");
    for profile in &file.profiles {
        let pair = profile.pair();
        let first = file.profiles.iter().find(|other| other.pair() == pair);
        let values = tuning.values(&pair);
        assert_eq!(Some(*values), first.map(TunedProfile::values), "the first profile of {pair} counts");
        check_ranges(values);
    }
    let written = toml::to_string(&file).expect("a file that was read can be written");
    let again =
        Tuning::parse_unchecked(&written, PATH).unwrap_or_else(|error| panic!("{error}, in {written:?}"));
    assert_eq!(again, *tuning, "{written:?}");
    let file: TunedFile = toml::from_str(&written).expect("it was just read");
    assert_eq!(toml::to_string(&file).as_ref(), Ok(&written), "written twice, it is the same text");
    true
}

fn check_ranges(values: &Values) {
    for chunk in [values.kernel_chunk, values.pipe_size, values.buffered_chunk] {
        assert!(CHUNKS.contains(&chunk.bytes()), "{values:?}");
    }
    let Values {
        zero_copy_threshold, reflink_threshold, parallel_threshold, tree_zero_copy_threshold, ..
    } = values;
    for threshold in [zero_copy_threshold, reflink_threshold, parallel_threshold, tree_zero_copy_threshold] {
        assert!(!matches!(threshold, Threshold::AtLeast(bytes) if *bytes > LARGEST_THRESHOLD), "{values:?}");
    }
    assert!(values.parallel_threads <= MOST_THREADS, "{values:?}");
    assert!(values.tree_workers <= MOST_WORKERS, "{values:?}");
    assert!((1..=MOST_BATCH).contains(&values.tree_batch), "{values:?}");
}
