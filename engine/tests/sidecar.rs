//! The assertions of the fuzz target `sidecar`, on its seeds and on mutations of them that are the same in every run.
//! A net for every day; only the fuzzer itself is led by what the code does.

#[path = "../fuzz/src/sidecar.rs"]
mod sidecar;

use std::fs;
use std::panic::catch_unwind;

use fastrand::Rng;
use sidecar::accepts;

const MUTATIONS_OF_EACH: usize = 1000;

/// Name and lines of every seed, in the order of their names.
fn seeds() -> Vec<(String, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/sidecar");
    let entries = fs::read_dir(folder).expect("the seeds are in the repository");
    let paths = entries.map(|entry| entry.expect("listing the seeds").path());
    let read = |path: std::path::PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, fs::read(&path).expect("reading a seed"))
    };
    let mut seeds: Vec<_> = paths.map(read).collect();
    seeds.sort_unstable();
    assert!(seeds.len() >= 8, "{} seeds", seeds.len());
    seeds
}

#[test]
fn seeds_are_what_their_names_say() {
    for (name, bytes) in seeds() {
        assert_eq!(accepts(&bytes), name.starts_with("valid-"), "{name}");
    }
}

#[test]
fn mutated_lines_are_refused_or_follow_each_other() {
    let mut random = Rng::with_seed(1);
    let mut accepted = 0;
    let seeds = seeds();
    for (name, seed) in &seeds {
        for _ in 0..MUTATIONS_OF_EACH {
            let mut bytes = seed.clone();
            match random.u8(..3) {
                0 => bytes.truncate(random.usize(..=bytes.len())),
                1 => {
                    bytes
                        .insert(random.usize(..=bytes.len()), random.choice(*b"\n -+0129af").unwrap_or(b'0'));
                }
                _ if bytes.is_empty() => {}
                _ => {
                    let at = random.usize(..bytes.len());
                    bytes[at] = random.choice(*b"\n -+0129af\xff").unwrap_or(b'0');
                }
            }
            let read = catch_unwind(|| accepts(&bytes));
            accepted +=
                usize::from(read.unwrap_or_else(|_| panic!("{name} mutated: {}", bytes.escape_ascii())));
        }
    }
    let all = seeds.len() * MUTATIONS_OF_EACH;
    // Both ends of the assertions are reached, or the test would show nothing.
    assert!((all / 50..all - all / 50).contains(&accepted), "{accepted} of {all} accepted");
}
