//! What differs between systems, behind functions with the same signatures everywhere. What a system has not is refused with the
//! reason, or is none; where something else comes nearest, that is said.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

#[cfg(target_os = "linux")]
pub(crate) use linux::*;
#[cfg(not(target_os = "linux"))]
pub(crate) use other::*;
#[cfg(unix)]
pub(crate) use unix::*;
#[cfg(windows)]
pub(crate) use windows::*;

/// Whose counters are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Of this process, all threads.
    Own,
    /// Of the programs that it waited for, with those that they waited for.
    Programs,
}

/// What the system counts for processes since they began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counted {
    pub(crate) user_ns: Option<u64>,
    pub(crate) system_ns: Option<u64>,
    pub(crate) voluntary_switches: Option<u64>,
    pub(crate) involuntary_switches: Option<u64>,
    pub(crate) minor_faults: Option<u64>,
    pub(crate) major_faults: Option<u64>,
    pub(crate) read_blocks: Option<u64>,
    pub(crate) write_blocks: Option<u64>,
    /// The most that any of them had resident.
    pub(crate) max_rss_bytes: Option<u64>,
}

/// What this machine is called, and its system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) host: String,
    pub(crate) system: String,
}

/// The room of a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    /// What it gives its files, at least.
    pub(crate) block_bytes: u64,
    /// For this user.
    pub(crate) free_bytes: u64,
    /// How many more; none where it has no such limit.
    pub(crate) free_files: Option<u64>,
}

// A system whose functions drift from these types does not compile.
const _: fn(&File) -> io::Result<()> = uncache;
const _: fn(&File, &mut [u8], u64) -> io::Result<usize> = read_cached;
const _: fn() -> io::Result<()> = may_drop_caches;
const _: fn() -> io::Result<()> = drop_caches;
const _: fn() -> u32 = processors;
const _: fn() = sleep_precisely;
const _: fn() -> io::Result<()> = may_reflink;
const _: fn(&File, &Path) -> io::Result<()> = reflink;
const _: fn() -> io::Result<()> = may_send;
const _: fn(&File, &TcpStream, usize) -> io::Result<usize> = send;
const _: fn() -> io::Result<()> = may_mount;
const _: fn(&Path) -> io::Result<()> = unmount;
const _: fn() -> io::Result<Vec<u8>> = mount_table;
const _: fn(&str) -> Option<PathBuf> = backing_file;
const _: fn(&File) -> Option<u64> = mount_id;
const _: bool = SYNCS_FILE_SYSTEMS;
const _: fn(&Path) -> io::Result<()> = sync_file_system;
const _: fn(&str) -> Option<String> = kernel_file;
const _: fn() -> Result<PathBuf, String> = shared_memory;
const _: bool = KNOWS_PROCESSOR_TIME;
const _: fn() -> Option<u64> = cpu_ns;
const _: fn(Whose) -> Counted = counted;
const _: fn() -> Names = names;
const _: fn(&Path) -> io::Result<Room> = room;
const _: fn(&Path) -> io::Result<u64> = device;
const _: fn(&Metadata) -> Option<u64> = allocated_bytes;
const _: bool = SEES_HOLES;
const _: fn(&File, u64) -> io::Result<Option<u64>> = next_data;
const _: fn(&File, u64) -> io::Result<u64> = next_hole;
const _: fn(&Path) -> Option<File> = open_own_file;
const _: fn(u32) -> tempfile::Builder<'static, 'static> = files_of_mode;
const _: fn(&Path) -> io::Result<()> = open_to_all;
const _: bool = RENAMES_WHAT_IS_OPEN;
const _: fn(&OsStr, &Path) -> io::Result<()> = point;
const _: fn(&Path) -> io::Result<PathBuf> = follow;
const _: fn(Vec<u8>) -> PathBuf = path_of_bytes;
const _: fn(&mut Command) = set_apart;
const _: fn(ExitStatus) -> i32 = raw_status;
const _: fn(i32) -> ExitStatus = status_of;

#[cfg(test)]
mod tests;
