//! Fuzzes the reader of tuned files. What must hold is in `src/tuned_file.rs`, which an ordinary test of the engine
//! runs too.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../src/tuned_file.rs"]
mod tuned_file;
#[path = "../src/place.rs"]
mod place;

fuzz_target!(|bytes: &[u8]| {
    tuned_file::accepts(bytes);
});
