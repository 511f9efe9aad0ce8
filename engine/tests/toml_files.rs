//! The assertions of the fuzz targets `tuned_file` and `config`, on their seeds and on mutations of them that are the same
//! in every run. A net for every day; only the fuzzer itself is led by what the code does.

#[path = "../fuzz/src/config.rs"]
mod config;
#[path = "../fuzz/src/place.rs"]
mod place;
#[path = "../fuzz/src/tuned_file.rs"]
mod tuned_file;

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use fastrand::Rng;

const MUTATIONS_OF_EACH: usize = 1000;

/// A fuzz target: whether its reader accepts bytes, where its seeds and its dictionary are.
struct Target {
    name: &'static str,
    accepts: fn(&[u8]) -> bool,
}

const TARGETS: [Target; 2] = [
    Target { name: "tuned_file", accepts: tuned_file::accepts },
    Target { name: "config", accepts: config::accepts },
];

#[test]
fn seeds_are_what_their_names_say() {
    for target in TARGETS {
        for (name, bytes) in target.seeds() {
            assert_eq!((target.accepts)(&bytes), name.starts_with("valid-"), "{name}");
        }
    }
}

#[test]
fn mutated_files_are_refused_with_a_place_or_read_within_bounds() {
    for target in TARGETS {
        let accepted = target.mutate();
        let all = target.seeds().len() * MUTATIONS_OF_EACH;
        // Both ends of the assertions are reached, or the test would show nothing.
        assert!(
            (all / 50..all - all / 50).contains(&accepted),
            "{}: {accepted} of {all} accepted",
            target.name
        );
    }
}

impl Target {
    /// Reads mutations of the seeds; gives how many were accepted.
    fn mutate(&self) -> usize {
        let (seeds, words) = (self.seeds(), self.words());
        let mut random = Rng::with_seed(1);
        let mut accepted = 0;
        for (name, seed) in &seeds {
            for _ in 0..MUTATIONS_OF_EACH {
                let mut bytes = seed.clone();
                for _ in 0..random.usize(1..=3) {
                    mutate(&mut bytes, &seeds[random.usize(..seeds.len())].1, &words, &mut random);
                }
                let outcome = catch_unwind(|| (self.accepts)(&bytes));
                accepted += usize::from(
                    outcome.unwrap_or_else(|_| panic!("{name} mutated: {}", bytes.escape_ascii())),
                );
            }
        }
        accepted
    }

    /// Name and content of every seed, in the order of their names.
    fn seeds(&self) -> Vec<(String, Vec<u8>)> {
        let folder = fs::read_dir(fuzz_folder().join("seeds").join(self.name))
            .expect("the seeds are in the repository");
        let mut seeds: Vec<_> = folder
            .map(|entry| {
                let entry = entry.expect("listing the seeds");
                (
                    entry.file_name().to_string_lossy().into_owned(),
                    fs::read(entry.path()).expect("reading a seed"),
                )
            })
            .collect();
        seeds.sort_unstable();
        assert!(seeds.len() >= 10, "{} seeds", seeds.len());
        seeds
    }

    /// The words of libFuzzer's dictionary, one quoted word a line.
    fn words(&self) -> Vec<String> {
        let path = fuzz_folder().join(self.name).with_extension("dict");
        let text = fs::read_to_string(path).expect("reading the dictionary");
        let quoted = text.lines().filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'));
        quoted.map(|word| word.replace("\\\"", "\"").replace("\\\\", "\\")).collect()
    }
}

/// One change at a random place: a byte, a word of the dictionary, a line of `other`, or a line less.
fn mutate(bytes: &mut Vec<u8>, other: &[u8], words: &[String], random: &mut Rng) {
    let at = random.usize(..=bytes.len());
    match random.u8(..5) {
        0 if at < bytes.len() => bytes[at] = random.u8(..),
        1 => bytes
            .insert(at, random.choice(b"\n\r\t \"'[]{}=.,#\\\0-09AZaz\xc3\xff".iter()).copied().unwrap_or(0)),
        2 => replace(bytes, token_at(bytes, at), random.choice(words).map_or(&[][..], String::as_bytes)),
        3 => {
            let line = random.choice(other.split_inclusive(|&byte| byte == b'\n').collect::<Vec<_>>());
            let start = line_at(bytes, at).start;
            replace(bytes, start..start, line.unwrap_or_default());
        }
        _ => replace(bytes, line_at(bytes, at), &[]),
    }
}

fn replace(bytes: &mut Vec<u8>, range: std::ops::Range<usize>, by: &[u8]) {
    bytes.splice(range, by.iter().copied());
}

fn line_at(bytes: &[u8], at: usize) -> std::ops::Range<usize> {
    around(bytes, at, |byte| byte != b'\n')
}

fn token_at(bytes: &[u8], at: usize) -> std::ops::Range<usize> {
    around(bytes, at, |byte| !byte.is_ascii_whitespace())
}

/// The longest range around `at` of bytes of which `belongs` holds.
fn around(bytes: &[u8], at: usize, belongs: fn(u8) -> bool) -> std::ops::Range<usize> {
    let start = bytes[..at].iter().rposition(|&byte| !belongs(byte)).map_or(0, |before| before + 1);
    let end = bytes[at..].iter().position(|&byte| !belongs(byte)).map_or(bytes.len(), |length| at + length);
    start..end
}

fn fuzz_folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz"))
}
