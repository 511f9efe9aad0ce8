//! Fuzzes the reader of sidecars. What must hold is in `src/sidecar.rs`, which an ordinary test of the engine runs too.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../src/sidecar.rs"]
mod sidecar;

fuzz_target!(|bytes: &[u8]| {
    sidecar::accepts(bytes);
});
