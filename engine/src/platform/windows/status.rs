//! What the system says about an open file.

use std::fs::File;
use std::io;

use super::super::{Calls, Status, Time, Version, Volume};
use crate::error::FileKind;
use crate::ffi;

const READ_ONLY: u32 = 0x1;
const DIRECTORY: u32 = 0x10;
const REPARSE_POINT: u32 = 0x400;

/// A reparse point with this bit stands for another name: a symbolic link or a junction. Others, such as files that are
/// fetched when they are read, are what they look like.
const IS_LINK: u32 = 0x2000_0000;

/// Between the begin of the system's clock, 1601, and that of the epoch.
const SECONDS_BEFORE_EPOCH: i64 = 11_644_473_600;

const TICKS: i64 = 10_000_000;

const NANOSECONDS: i64 = 100;

/// The time that is so many ticks of 100 ns after 1601.
pub(super) fn time(ticks: i64) -> Time {
    let nanoseconds = ticks.rem_euclid(TICKS) * NANOSECONDS;
    (ticks.div_euclid(TICKS) - SECONDS_BEFORE_EPOCH, u32::try_from(nanoseconds).unwrap_or(0))
}

/// The reverse of [`time`]. 0 and what lies before say something else to the system.
pub(super) fn ticks((seconds, nanoseconds): Time) -> io::Result<i64> {
    let whole = seconds.checked_add(SECONDS_BEFORE_EPOCH).and_then(|seconds| seconds.checked_mul(TICKS));
    whole
        .and_then(|whole| whole.checked_add(i64::from(nanoseconds) / NANOSECONDS))
        .filter(|ticks| *ticks > 0)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the time is out of this system's range"))
}

/// Kind by the attributes; a link is asked what it stands for.
fn kind_by(calls: &Calls, file: &File, attributes: u32) -> io::Result<FileKind> {
    if attributes & REPARSE_POINT != 0 {
        calls.count();
        if ffi::reparse_tag(file)? & IS_LINK != 0 {
            return Ok(FileKind::Symlink);
        }
    }
    Ok(if attributes & DIRECTORY != 0 { FileKind::Directory } else { FileKind::Regular })
}

/// What has no file system.
fn special(calls: &Calls, file: &File) -> Option<FileKind> {
    calls.count();
    match ffi::is_stored(file) {
        true => None,
        false if ffi::is_pipe(file) => Some(FileKind::Fifo),
        false => Some(FileKind::Device),
    }
}

pub(super) fn kind(calls: &Calls, file: &File) -> io::Result<FileKind> {
    if let Some(kind) = special(calls, file) {
        return Ok(kind);
    }
    calls.count();
    kind_by(calls, file, ffi::basic(file)?.FileAttributes)
}

pub(crate) fn status(calls: &Calls, file: &File) -> io::Result<Status> {
    if let Some(kind) = special(calls, file) {
        return Ok(without_file_system(kind));
    }
    calls.add(3);
    let basic = ffi::basic(file)?;
    let standard = ffi::standard(file)?;
    let (device, number) = ffi::identity(file)?;
    let kind = kind_by(calls, file, basic.FileAttributes)?;
    let modified = time(basic.LastWriteTime);
    // FAT has none.
    let changed = if basic.ChangeTime == 0 { modified } else { time(basic.ChangeTime) };
    Ok(Status {
        kind,
        size: u64::try_from(standard.EndOfFile).unwrap_or(0),
        allocated: u64::try_from(standard.AllocationSize).unwrap_or(0),
        mode: mode(kind, basic.FileAttributes),
        inode: folded(number),
        links: standard.NumberOfLinks.into(),
        owner: (0, 0),
        accessed: time(basic.LastAccessTime),
        volume: Volume { device, mount: 0 },
        stands_for: 0,
        is_block_device: false,
        version: Version { modified, changed },
    })
}

fn without_file_system(kind: FileKind) -> Status {
    Status {
        kind,
        size: 0,
        allocated: 0,
        mode: 0o666,
        inode: 0,
        links: 1,
        owner: (0, 0),
        accessed: (0, 0),
        volume: Volume { device: 0, mount: 0 },
        stands_for: 0,
        is_block_device: false,
        version: Version { modified: (0, 0), changed: (0, 0) },
    }
}

/// Read-only is all that there is of a mode.
fn mode(kind: FileKind, attributes: u32) -> u32 {
    let open = if kind == FileKind::Directory { 0o777 } else { 0o666 };
    if attributes & READ_ONLY == 0 { open } else { open & !0o222 }
}

/// Numbers of `ReFS` have 128 bits, of which both halves count up. Others have 64.
fn folded(number: u128) -> u64 {
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    let half = |number: u128| u64::try_from(number & u128::from(u64::MAX)).unwrap_or(0);
    half(number) ^ half(number >> 64).wrapping_mul(SPREAD)
}

/// By volume and number, of which no bit is left out.
pub(crate) fn same_file(calls: &Calls, one: &File, other: &File) -> io::Result<bool> {
    calls.add(2);
    Ok(ffi::identity(one)? == ffi::identity(other)?)
}

pub(crate) fn file_system(calls: &Calls, file: &File) -> io::Result<String> {
    calls.count();
    ffi::volume(file).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_kept_to_100_nanoseconds_on_both_sides_of_the_epoch() {
        assert_eq!(time(0), (-11_644_473_600, 0));
        assert_eq!(time(116_444_736_000_000_001), (0, 100));
        assert_eq!(ticks((0, 199)).unwrap(), 116_444_736_000_000_001);
        for of in [(-1, 999_999_900), (1_700_000_000, 123_456_700), (-11_644_473_600, 100)] {
            assert_eq!(time(ticks(of).unwrap()), of);
        }
        for outside in [(-11_644_473_600, 0), (i64::MAX, 0), (i64::MIN, 0), (1 << 40, 0)] {
            assert!(ticks(outside).is_err(), "{outside:?}");
        }
    }

    #[test]
    fn numbers_of_128_bits_stay_apart() {
        assert_eq!(folded(7), 7);
        let (one, other) = (folded(1 << 64 | 2), folded(2 << 64 | 1));
        assert!(one != other && one != folded(2) && other != folded(1));
    }
}
