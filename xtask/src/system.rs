//! Calls that Linux has and other systems have not, behind functions with the same signatures everywhere. Elsewhere they refuse, or
//! do what comes nearest where that is said.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

use std::fs::File;
use std::io;
use std::net::TcpStream;
use std::path::Path;

#[cfg(target_os = "linux")]
pub(crate) use linux::*;
#[cfg(not(target_os = "linux"))]
pub(crate) use other::*;

// A system whose functions drift from these types does not compile.
const _: fn(&File) -> io::Result<()> = uncache;
const _: fn(&File, &mut [u8], u64) -> io::Result<usize> = read_cached;
const _: fn() -> u32 = processors;
const _: fn() = sleep_precisely;
const _: fn(&File, &File) -> io::Result<()> = share_extents;
const _: fn(&File, &TcpStream, usize) -> io::Result<usize> = send;
const _: fn(&Path) -> io::Result<()> = unmount;
const _: fn(&File) -> Option<u64> = mount_id;
const _: bool = SYNCS_FILE_SYSTEMS;
const _: fn(&File) -> io::Result<()> = sync_file_system;
