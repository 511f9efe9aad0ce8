//! How fast this machine copies memory: what no copy of a file can beat but by sharing extents.

use std::hint::black_box;
use std::time::Instant;

/// Larger than caches.
const BYTES: usize = 128 << 20;
const TIMES: usize = 5;

/// The fastest of several copies, in bytes a second.
pub(super) fn bytes_per_s() -> f64 {
    let (from, mut to) = (vec![1_u8; BYTES], vec![0_u8; BYTES]);
    let fastest = (0..TIMES).map(|_| {
        let start = Instant::now();
        black_box(&mut to).copy_from_slice(black_box(&from));
        start.elapsed().as_secs_f64()
    });
    BYTES as f64 / fastest.fold(f64::INFINITY, f64::min).max(1e-9)
}
