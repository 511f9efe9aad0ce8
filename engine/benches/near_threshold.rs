//! Both ways on either side of the zero-copy threshold: what a threshold that is learnt while copying could save at most,
//! and what looking for it would cost. `cargo bench --bench near_threshold -- FROM TO`, two directories.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use fastrand::Rng;
use orbit_engine::{CopyOptions, Threshold, Tuning, Values, copy_file};

const THRESHOLD: u64 = 64 * 1024;

/// Copies by each way.
const COPIES: usize = 2000;

/// Of so many copies, one would go the other way to learn.
const EXPLORED: f64 = 16.0;

/// Eight sizes for each doubling, from a quarter of the threshold to four times as much.
fn sizes() -> Vec<u64> {
    let doublings = |step: u32| f64::from(step) / 8.0 - 2.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size of a file")]
    let size = |step| (THRESHOLD as f64 * doublings(step).exp2()) as u64;
    (0..=32).map(size).collect()
}

fn by(threshold: Threshold) -> CopyOptions {
    let values =
        Values::default().with_zero_copy_threshold(threshold).with_reflink_threshold(Threshold::Never);
    CopyOptions::new().tuning(Tuning::uniform(values))
}

/// Nanoseconds of one copy.
fn time(source: &Path, copy: &Path, options: &CopyOptions) -> Result<f64, Box<dyn Error>> {
    let begun = Instant::now();
    copy_file(source, copy, options)?;
    let took = begun.elapsed();
    fs::remove_file(copy)?;
    Ok(took.as_secs_f64() * 1e9)
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Microseconds by reading and writing, and by zero-copy, of each size.
fn measured(from: &Path, to: &Path) -> Result<Vec<[f64; 2]>, Box<dyn Error>> {
    let ways = [by(Threshold::Never), by(Threshold::Always)];
    let sizes = sizes();
    let mut sources: Vec<PathBuf> = Vec::new();
    for size in &sizes {
        let path = from.join(size.to_string());
        fs::write(&path, vec![7; usize::try_from(*size)?])?;
        sources.push(path);
    }
    let mut times = vec![[Vec::new(), Vec::new()]; sizes.len()];
    let mut random = Rng::with_seed(1);
    for round in 0..COPIES {
        let size = round % sizes.len();
        let first = random.usize(..2);
        for way in [first, 1 - first] {
            times[size][way].push(time(&sources[size], &to.join("copy"), &ways[way])?);
        }
    }
    Ok(times.into_iter().map(|ways| ways.map(|mut times| median(&mut times) / 1e3)).collect())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    let places: Vec<PathBuf> =
        std::env::args_os().skip(1).filter(|word| word != "--bench").map(PathBuf::from).collect();
    let [from, to] = places.as_slice() else {
        writeln!(out, "name two directories: cargo bench --bench near_threshold -- FROM TO")?;
        return Ok(());
    };
    let (from, to) = (tempfile::tempdir_in(from)?, tempfile::tempdir_in(to)?);
    let times = measured(from.path(), to.path())?;
    writeln!(out, "{:>8} {:>12} {:>12} {:>9}", "bytes", "read/write", "zero-copy", "ratio")?;
    let (mut chosen, mut other, mut best) = (0.0, 0.0, 0.0);
    for (index, (size, [written, zero_copy])) in sizes().into_iter().zip(times).enumerate() {
        if index % 4 == 0 {
            writeln!(out, "{size:>8} {written:>9.1} µs {zero_copy:>9.1} µs {:>9.3}", zero_copy / written)?;
        }
        let is_zero_copy = size >= THRESHOLD;
        chosen += if is_zero_copy { zero_copy } else { written };
        other += if is_zero_copy { written } else { zero_copy };
        best += written.min(zero_copy);
    }
    writeln!(out, "the faster way at each size would save {:.2} %", 100.0 * (1.0 - best / chosen))?;
    writeln!(
        out,
        "one copy of {EXPLORED} the other way costs {:.2} %",
        100.0 * (other / chosen - 1.0) / EXPLORED
    )?;
    Ok(())
}
