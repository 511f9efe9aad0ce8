//! How much memory a child used at its peak, told by the child itself.
//!
//! Only it knows: `/proc/PID` is gone once it has ended, and the sum that `wait` gives needs unsafe code.

use std::fs;

/// The most memory that this process ever had resident, in bytes, its program and pages of mapped files included;
/// nothing where the system does not tell. A child calls it last and prints it.
#[must_use]
pub fn peak_memory_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}
