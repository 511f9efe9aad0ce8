//! Fuzzes the reader of configuration files. What must hold is in `src/config.rs`, which an ordinary test of the engine runs
//! too.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../src/config.rs"]
mod config;
#[path = "../src/place.rs"]
mod place;

fuzz_target!(|bytes: &[u8]| {
    config::accepts(bytes);
});
