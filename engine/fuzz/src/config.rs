//! What holds of every text that is read as a configuration file, in assertions. Compiled into the fuzz target of the same
//! name and into a test of the engine; bounds are written out as documented, not taken from the engine.

use crate::place::has_place;
use orbit_engine::{Compression, Effective, Origin, Settings};

const PATH: &str = "folder/orbit.toml";
const MOST_THREADS: u32 = 64;
const MOST_RETRIES: u32 = 100;

/// Reads `bytes` as a configuration file and says whether it is one.
///
/// # Panics
/// When the reader panics, takes a value out of range, or gives an error that does not say where; and when settings that
/// contradict each other do not say so in one line.
pub(crate) fn accepts(bytes: &[u8]) -> bool {
    // `Settings::load` refuses what is not UTF-8 before it parses.
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    match Settings::parse(text, PATH) {
        Ok(settings) => check_accepted(&settings),
        Err(error) => has_place(PATH, text, &error.to_string()),
    }
}

fn check_accepted(settings: &Settings) -> bool {
    assert!(settings.parallel.is_none_or(|threads| threads <= MOST_THREADS), "{settings:?}");
    assert!(settings.retries.is_none_or(|retries| retries <= MOST_RETRIES), "{settings:?}");
    assert!(settings.compress != Some(Compression::Decompress), "{settings:?}");
    match Effective::resolve(vec![(Origin::Flag, settings.clone())]) {
        Ok(effective) => assert_eq!(effective.entries().len(), 15, "{effective:?}"),
        Err(contradiction) => assert!(!contradiction.to_string().contains(char::is_control), "{settings:?}"),
    }
    true
}
