//! Where a file has data, where holes, and whether two files share what is stored.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;

use crate::skip::Skip;
use crate::{files, subprocess, tool};

/// Bytes in a block of [`MetadataExt::blocks`], on every file system.
const BLOCK: u64 = 512;

/// The ranges `(start, end)` of `path` that hold data, in order; the rest are holes. In units of the file system: a
/// byte of data makes a whole block, and a compressed file or one not yet written back may be told coarsely.
///
/// # Panics
/// When the file cannot be read.
#[must_use]
#[track_caller]
pub fn extents(path: &Path) -> Vec<(u64, u64)> {
    match File::open(path).and_then(|file| data_of(&file)) {
        Ok(extents) => extents,
        Err(error) => panic!("cannot find the data in {}: {error}", path.display()),
    }
}

/// [`extents`] of an open file, whose offset it moves.
pub(crate) fn data_of(file: &File) -> io::Result<Vec<(u64, u64)>> {
    let (mut extents, mut offset) = (Vec::new(), 0);
    loop {
        let start = match seek(file, SeekFrom::Data(offset)) {
            Ok(start) => start,
            Err(Errno::NXIO) => return Ok(extents),
            Err(errno) => return Err(errno.into()),
        };
        offset = seek(file, SeekFrom::Hole(start))?;
        extents.push((start, offset));
    }
}

/// Creates or replaces `path` with `size` bytes, all hole but for `data`: at each offset as many bytes of
/// [`content`](super::content) as asked for, `(offset, seed, length)`.
///
/// # Panics
/// When the file cannot be written.
#[track_caller]
pub fn create_sparse(path: &Path, size: u64, data: &[(u64, u64, u64)]) {
    let written = File::create(path).and_then(|file| {
        file.set_len(size)?;
        data.iter()
            .try_for_each(|&(offset, seed, length)| file.write_all_at(&files::content(seed, length), offset))
    });
    if let Err(error) = written {
        panic!("cannot create {} with {size} bytes: {error}", path.display());
    }
}

/// Creates or replaces `path` with [`content`](super::content) that is written in place and not checked, compressed
/// or copied by btrfs (`chattr +C`).
///
/// # Errors
/// When its file system has no such files.
///
/// # Panics
/// When the file cannot be written.
#[cfg(target_os = "linux")]
pub fn create_no_copy_on_write(path: &Path, seed: u64, size: u64) -> Result<(), Skip> {
    use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};

    // The flag can only be set while the file is empty.
    let file = File::create(path).unwrap_or_else(|error| panic!("cannot create {}: {error}", path.display()));
    ioctl_getflags(&file)
        .and_then(|flags| ioctl_setflags(&file, flags | IFlags::NOCOW))
        .map_err(|errno| Skip::because(format!("no file is written in place here: {errno}")))?;
    file.write_all_at(&files::content(seed, size), 0)
        .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
    Ok(())
}

/// What is allocated for the file, in bytes. Written back first: before that, some file systems do not know.
///
/// # Panics
/// When the file cannot be written back or looked at.
#[must_use]
#[track_caller]
pub fn allocated_bytes(path: &Path) -> u64 {
    let found = OpenOptions::new().read(true).open(path).and_then(|file| {
        file.sync_all()?;
        file.metadata()
    });
    match found {
        Ok(metadata) => metadata.blocks() * BLOCK,
        Err(error) => panic!("cannot tell the size of {}: {error}", path.display()),
    }
}

/// Whether some extent of one file is stored where one of the other is: a change to one then copies it first.
///
/// # Errors
/// When filefrag is not installed, or the file system does not tell where things are stored.
///
/// # Panics
/// When one of the files cannot be read. The files must be on one file system.
#[track_caller]
pub fn shares_extents(left: &Path, right: &Path) -> Result<bool, Skip> {
    let (left, right) = (stored(left)?, stored(right)?);
    let overlap = |one: &Stored, other: &Stored| one.start < other.end && other.start < one.end;
    Ok(left.iter().any(|one| right.iter().any(|other| overlap(one, other))))
}

/// Whether some extent of the file is stored otherwise than it is read, which means compressed in the file systems here.
///
/// # Errors
/// As [`shares_extents`].
///
/// # Panics
/// When the file cannot be read.
#[track_caller]
pub fn is_compressed(path: &Path) -> Result<bool, Skip> {
    Ok(stored(path)?.iter().any(|extent| extent.encoded))
}

/// A range of blocks on the device.
struct Stored {
    start: u64,
    end: u64,
    encoded: bool,
}

/// What holds the file, written back first.
#[track_caller]
fn stored(path: &Path) -> Result<Vec<Stored>, Skip> {
    let mut filefrag = tool::find("filefrag")?;
    filefrag.args(["-s", "-v"]).arg(path);
    let finished = subprocess::run(filefrag);
    if finished.stderr.contains("unsupported") {
        return Err(Skip::because("the file system does not tell where things are stored"));
    }
    let printed = String::from_utf8(finished.expect_success().stdout).expect("filefrag prints ASCII");
    Ok(printed.lines().filter_map(stored_extent).collect())
}

/// What a line `ext: logical..logical: physical..physical: length: expected: flags` tells. Nothing for other lines, and
/// for an extent inside the file's own metadata, which has no blocks of its own.
fn stored_extent(line: &str) -> Option<Stored> {
    let mut fields = line.split(':');
    fields.next()?.trim().parse::<u64>().ok()?;
    let (start, end) = fields.nth(1)?.split_once("..")?;
    if line.contains("inline") || line.contains("not_aligned") {
        return None;
    }
    let (start, end) = (start.trim().parse().ok()?, end.trim().parse::<u64>().ok()? + 1);
    let encoded = line.contains("encoded");
    // The range is as long as what is read. How much of it is really used by a compressed one is not told: a block.
    Some(Stored { start, end: if encoded { start + 1 } else { end }, encoded })
}
