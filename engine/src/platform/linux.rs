//! Linux, through rustix. One function is one system call, counted, without retries and without policy.

mod direct;
mod directory;
mod errno;
mod holes;
mod lacking;
mod metadata;
mod pipe;
mod socket;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::sync::OnceLock;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, SeekFrom, StatxFlags};

use super::{At, Calls, Standing, Status, Version, Volume};
use crate::error::FileKind;
use crate::strategy::Mechanism;

pub(crate) use direct::{direct_alignment, drop_cached, set_direct};
pub(crate) use directory::{
    Directory, Listing, access_list_at, create_directory, descriptors_left, hard_link, has_default_list,
    list, make_special, may_fill, open_filled, open_listed, remove_directory, remove_file, rename_new,
    set_access_list_at, set_mode_at, set_owner_at, set_times_at, status_at, symlink, umask,
};
pub(crate) use errno::meaning;
pub(crate) use holes::{allow_holes, next_data, next_hole};
pub(crate) use lacking::{CLONES_ARE_NEW, clone_new, copy_access_list, copy_flags, copy_new};
pub(crate) use metadata::{
    attribute, attributes, remove_attribute, set_attribute, set_mode, set_owner, set_times,
};
pub(crate) use pipe::Pipe;
pub(crate) use socket::{send_range, wait_writable, write_socket};

pub(crate) const MECHANISMS: &[Mechanism] = &[
    Mechanism::Reflink,
    Mechanism::CopyFileRange,
    Mechanism::Splice,
    Mechanism::Sendfile,
    Mechanism::DirectIo,
    #[cfg(feature = "io-uring")]
    Mechanism::IoUring,
    Mechanism::ReadWrite,
];

/// Those that read and write, for builds without zero-copy.
#[cfg(feature = "io-uring")]
pub(crate) const READ_WRITE: &[Mechanism] = &[Mechanism::DirectIo, Mechanism::IoUring, Mechanism::ReadWrite];
#[cfg(not(feature = "io-uring"))]
pub(crate) const READ_WRITE: &[Mechanism] = &[Mechanism::DirectIo, Mechanism::ReadWrite];

/// Never waits: without `NONBLOCK` a named pipe would hang until someone writes to it. Fails at a symbolic link that is not
/// to be followed.
pub(crate) fn open_source(calls: &Calls, at: At<'_>, follows: bool) -> io::Result<File> {
    let mut flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    flags.set(OFlags::NOFOLLOW, !follows);
    calls.count();
    Ok(rustix::fs::openat(at.directory, at.path, flags, Mode::empty())?.into())
}

/// What stands at `at`, symbolic links followed.
pub(crate) fn kind_of(calls: &Calls, at: At<'_>, follows: bool) -> io::Result<FileKind> {
    let flags = if follows { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW };
    calls.count();
    let stat = rustix::fs::statx(at.directory, at.path, flags, StatxFlags::TYPE)?;
    Ok(kind(FileType::from_raw_mode(stat.stx_mode.into())))
}

/// What the symbolic link at `at` holds.
pub(crate) fn read_link(calls: &Calls, at: At<'_>) -> io::Result<PathBuf> {
    calls.count();
    let link = rustix::fs::readlinkat(at.directory, at.path, Vec::new())?;
    Ok(OsString::from_vec(link.into_bytes()).into())
}

pub(crate) fn open_destination(calls: &Calls, at: At<'_>) -> io::Result<Standing> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    calls.count();
    let file = match rustix::fs::openat(at.directory, at.path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT) => return Ok(Standing::Nothing),
        Err(errno) => return Err(errno.into()),
    };
    let standing = match status(calls, &file)?.kind {
        FileKind::Regular => return Ok(Standing::File(file)),
        FileKind::Symlink => Standing::Symlink,
        kind => Standing::Other(kind),
    };
    discard(calls, file);
    Ok(standing)
}

/// Opens a directory to ask about it, which takes no permission to list it.
pub(crate) fn open_directory(calls: &Calls, at: At<'_>) -> io::Result<File> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    calls.count();
    Ok(rustix::fs::openat(at.directory, at.path, flags, Mode::empty())?.into())
}

/// Fails where this process may not write to the file at `at`.
pub(crate) fn check_writable(calls: &Calls, at: At<'_>) -> io::Result<()> {
    calls.count();
    Ok(rustix::fs::accessat(at.directory, at.path, rustix::fs::Access::WRITE_OK, AtFlags::EACCESS)?)
}

/// Creates a new file, readable and writable through the descriptor, with `mode` less the umask on the name.
pub(crate) fn create_exclusive(calls: &Calls, at: At<'_>, mode: u32) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    calls.count();
    Ok(rustix::fs::openat(at.directory, at.path, flags, Mode::from_raw_mode(mode))?.into())
}

/// Creates a new file in no directory, on the file system of `directory`; [`link`] can name it.
pub(crate) fn create_unnamed(calls: &Calls, directory: At<'_>, mode: u32) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
    calls.count();
    Ok(rustix::fs::openat(directory.directory, directory.path, flags, Mode::from_raw_mode(mode))?.into())
}

/// Gives a file without a name the name `at`, which must be free.
pub(crate) fn link(calls: &Calls, file: &File, at: At<'_>) -> io::Result<()> {
    calls.count();
    match rustix::fs::linkat(file, "", at.directory, at.path, AtFlags::EMPTY_PATH) {
        // Before Linux 6.10 only for a privileged process.
        Err(rustix::io::Errno::NOENT) => {}
        answer => return Ok(answer?),
    }
    calls.count();
    let descriptor = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(rustix::fs::linkat(CWD, descriptor, at.directory, at.path, AtFlags::SYMLINK_FOLLOW)?)
}

/// Makes the file system tell what a close would tell, and keeps the file open.
pub(crate) fn flush(calls: &Calls, file: &File) -> io::Result<()> {
    calls.count();
    let twin = file.try_clone()?;
    close(calls, twin)
}

/// Whether the file system has a block device of its own.
pub(crate) fn is_on_disk(volume: Volume) -> bool {
    rustix::fs::major(volume.device) != 0
}

/// Opens what stands at `at`, symbolic links followed, for writing and perhaps for reading. Never waits, truncates or
/// takes a terminal.
pub(crate) fn open_existing(calls: &Calls, at: At<'_>, readable: bool, follows: bool) -> io::Result<File> {
    let access = if readable { OFlags::RDWR } else { OFlags::WRONLY };
    let itself = if follows { OFlags::empty() } else { OFlags::NOFOLLOW };
    let flags = access | itself | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    calls.count();
    Ok(rustix::fs::openat(at.directory, at.path, flags, Mode::empty())?.into())
}

/// Opens what an earlier copy may have left, itself and not what it links to. Never waits.
pub(crate) fn open_partial(calls: &Calls, at: At<'_>) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    calls.count();
    match rustix::fs::openat(at.directory, at.path, flags, Mode::empty()) {
        Err(rustix::io::Errno::ACCESS) => {}
        opened => return Ok(opened?.into()),
    }
    // It has the mode of a source that its owner must not write to.
    let flags = flags - OFlags::RDWR;
    calls.count();
    let closed = File::from(rustix::fs::openat(at.directory, at.path, flags, Mode::empty())?);
    let status = status(calls, &closed)?;
    if status.kind != FileKind::Regular || status.links > 1 || !is_own(calls, &status) {
        return Err(rustix::io::Errno::ACCESS.into());
    }
    set_mode(calls, &closed, status.mode | 0o600)?;
    calls.count();
    Ok(rustix::fs::openat(at.directory, at.path, flags | OFlags::RDWR, Mode::empty())?.into())
}

/// Whether this process's user owns the file for certain.
pub(crate) fn is_own(calls: &Calls, status: &Status) -> bool {
    calls.count();
    status.owner.0 == rustix::process::geteuid().as_raw()
}

/// Names this start of the system; what was written before another one may have been lost.
pub(crate) fn boot(calls: &Calls) -> Option<String> {
    // Open, read, close.
    calls.add(3);
    let mut bytes = [0; 64];
    let read = File::open("/proc/sys/kernel/random/boot_id").ok()?.read(&mut bytes).ok()?;
    let id = std::str::from_utf8(&bytes[..read]).ok()?;
    Some(id.trim().to_owned()).filter(|id| !id.is_empty() && !id.contains(char::is_whitespace))
}

pub(crate) fn status(calls: &Calls, file: &File) -> io::Result<Status> {
    calls.count();
    Ok(status_of(&rustix::fs::statx(file, "", AtFlags::EMPTY_PATH, wanted())?))
}

/// The unique mount id (Linux 6.8) is never given twice; older kernels ignore the bit.
fn wanted() -> StatxFlags {
    StatxFlags::BASIC_STATS | StatxFlags::from_bits_retain(STATX_MNT_ID_UNIQUE)
}

fn status_of(stat: &rustix::fs::Statx) -> Status {
    let time = |time: rustix::fs::StatxTimestamp| (time.tv_sec, time.tv_nsec);
    Status {
        kind: kind(FileType::from_raw_mode(stat.stx_mode.into())),
        size: stat.stx_size,
        allocated: stat.stx_blocks.saturating_mul(512),
        mode: u32::from(stat.stx_mode) & 0o7777,
        inode: stat.stx_ino,
        links: stat.stx_nlink.into(),
        owner: (stat.stx_uid, stat.stx_gid),
        accessed: time(stat.stx_atime),
        volume: Volume {
            device: rustix::fs::makedev(stat.stx_dev_major, stat.stx_dev_minor),
            mount: stat.stx_mnt_id,
        },
        stands_for: rustix::fs::makedev(stat.stx_rdev_major, stat.stx_rdev_minor),
        is_block_device: FileType::from_raw_mode(stat.stx_mode.into()) == FileType::BlockDevice,
        version: Version { modified: time(stat.stx_mtime), changed: time(stat.stx_ctime) },
    }
}

const STATX_MNT_ID_UNIQUE: u32 = 0x4000;

fn kind(file_type: FileType) -> FileKind {
    match file_type {
        FileType::RegularFile => FileKind::Regular,
        FileType::Directory => FileKind::Directory,
        FileType::Symlink => FileKind::Symlink,
        FileType::Fifo => FileKind::Fifo,
        FileType::Socket => FileKind::Socket,
        FileType::CharacterDevice | FileType::BlockDevice => FileKind::Device,
        FileType::Unknown => FileKind::Other,
    }
}

pub(crate) fn same_file(calls: &Calls, one: &File, other: &File) -> io::Result<bool> {
    let identity = |file| {
        calls.count();
        rustix::fs::fstat(file).map(|stat| (stat.st_dev, stat.st_ino))
    };
    Ok(identity(one)? == identity(other)?)
}

/// The type of the file system as `mount(8)` names it, by its magic number; `0x…` for one that is not in the table.
pub(crate) fn file_system(calls: &Calls, file: &File) -> io::Result<String> {
    calls.count();
    let magic = rustix::fs::fstatfs(file)?.f_type;
    let name = FILE_SYSTEMS.iter().find(|(known, _)| i128::from(*known) == i128::from(magic));
    Ok(name.map_or_else(|| format!("{magic:#x}"), |(_, name)| (*name).to_owned()))
}

/// Magic numbers of `linux/magic.h` and `statfs(2)`. ext2 and ext3 share ext4's number and driver.
const FILE_SYSTEMS: [(u32, &str); 14] = [
    (0x0000_ef53, "ext4"),
    (0x5846_5342, "xfs"),
    (0x9123_683e, "btrfs"),
    (0x0102_1994, "tmpfs"),
    (0x794c_7630, "overlay"),
    (0x6573_5546, "fuse"),
    (0x0000_6969, "nfs"),
    (0xff53_4d42, "cifs"),
    (0xfe53_4d42, "smb2"),
    (0x2fc1_2fc1, "zfs"),
    (0xf2f5_2010, "f2fs"),
    (0xca45_1a4e, "bcachefs"),
    (0x0000_9fa0, "proc"),
    (0x6265_6572, "sysfs"),
];

pub(crate) fn read_at(calls: &Calls, file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    calls.count();
    Ok(rustix::io::pread(file, buffer, offset)?)
}

pub(crate) fn write_at(calls: &Calls, file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
    calls.count();
    Ok(rustix::io::pwrite(file, bytes, offset)?)
}

pub(crate) fn set_length(calls: &Calls, file: &File, length: u64) -> io::Result<()> {
    calls.count();
    Ok(rustix::fs::ftruncate(file, length)?)
}

/// What the system answers to what it does not have.
pub(crate) fn unsupported() -> io::Error {
    rustix::io::Errno::OPNOTSUPP.into()
}

/// What the system answers to a write beyond a limit.
pub(crate) fn too_large() -> io::Error {
    rustix::io::Errno::FBIG.into()
}

/// Largest size that this process may give a file. Beyond it a write raises a signal that ends the process.
pub(crate) fn file_size_limit(calls: &Calls) -> Option<u64> {
    calls.count();
    rustix::process::getrlimit(rustix::process::Resource::Fsize).current
}

pub(crate) fn sync_file(calls: &Calls, file: &File) -> io::Result<()> {
    calls.count();
    Ok(rustix::fs::fsync(file)?)
}

pub(crate) fn sync_directory(calls: &Calls, at: At<'_>) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    calls.count();
    let directory = File::from(rustix::fs::openat(at.directory, at.path, flags, Mode::empty())?);
    sync_file(calls, &directory)?;
    discard(calls, directory);
    Ok(())
}

pub(crate) fn close(calls: &Calls, file: File) -> io::Result<()> {
    calls.count();
    crate::ffi::close(file)
}

/// Closes a file that nothing was written to: there is nothing to learn from it.
pub(crate) fn discard(calls: &Calls, file: File) {
    calls.count();
    drop(file);
}

pub(crate) fn rename(calls: &Calls, from: At<'_>, to: At<'_>) -> io::Result<()> {
    calls.count();
    Ok(rustix::fs::renameat(from.directory, from.path, to.directory, to.path)?)
}

/// Lets `to`, which must be empty, share all extents of `from`.
pub(crate) fn reflink(calls: &Calls, from: &File, to: &File) -> io::Result<()> {
    calls.count();
    Ok(rustix::fs::ioctl_ficlone(to, from)?)
}

/// Lets `to` share the extents of `length` bytes at `offset` of `from`: whole blocks, or up to the end.
pub(crate) fn reflink_range(
    calls: &Calls,
    from: &File,
    to: &File,
    offset: u64,
    length: u64,
) -> io::Result<()> {
    calls.count();
    crate::ffi::clone_range(from, to, offset, length)
}

/// Copies at most `length` bytes at `offset` of `from` to where `to` stands; how many, is returned.
pub(crate) fn send_file(calls: &Calls, from: &File, to: &File, offset: u64, length: u64) -> io::Result<u64> {
    let mut offset = offset;
    calls.count();
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    Ok(rustix::fs::sendfile(to, from, Some(&mut offset), length)? as u64)
}

/// Lets `file` stand at `offset`.
pub(crate) fn seek(calls: &Calls, file: &File, offset: u64) -> io::Result<()> {
    calls.count();
    rustix::fs::seek(file, SeekFrom::Start(offset))?;
    Ok(())
}

/// Copies at most `length` bytes at `offset` of both files; how many, is returned.
pub(crate) fn copy_file_range(
    calls: &Calls,
    from: &File,
    to: &File,
    offset: u64,
    length: u64,
) -> io::Result<u64> {
    let (mut read_offset, mut write_offset) = (offset, offset);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    calls.count();
    let moved =
        rustix::fs::copy_file_range(from, Some(&mut read_offset), to, Some(&mut write_offset), length)?;
    Ok(moved as u64)
}

/// How many processors this process may use, looked up once. The standard library would read some twenty files of control
/// groups for it, which is more than a copy costs.
pub(crate) fn processors() -> u32 {
    static PROCESSORS: OnceLock<u32> = OnceLock::new();
    *PROCESSORS.get_or_init(|| rustix::thread::sched_getaffinity(None).map_or(1, |set| set.count()))
}
