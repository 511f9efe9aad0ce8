//! The operating system, behind one set of functions with the same signatures everywhere. The only module that knows
//! which system it runs on; it decides nothing and remembers nothing.

#[cfg(all(target_os = "linux", not(orbit_portable)))]
mod linux;
#[cfg(all(feature = "config", not(any(windows, target_os = "macos"))))]
mod machine;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(all(not(windows), any(not(target_os = "linux"), orbit_portable)))]
mod other;
#[cfg(any(not(target_os = "linux"), orbit_portable))]
mod portable;
mod spot;
#[cfg(windows)]
mod windows;

use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::net::TcpStream;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::FileKind;
use crate::strategy::Mechanism;

#[cfg(all(target_os = "linux", not(orbit_portable)))]
pub(crate) use linux::*;
#[cfg(all(feature = "config", not(any(windows, target_os = "macos"))))]
pub(crate) use machine::{cpu, kernel};
#[cfg(target_os = "macos")]
pub(crate) use macos::*;
#[cfg(all(not(any(windows, target_os = "macos")), any(not(target_os = "linux"), orbit_portable)))]
pub(crate) use other::*;
pub(crate) use spot::{At, Spot};
#[cfg(windows)]
pub(crate) use windows::*;

/// Counts the system calls of one copy. Calls made on helper threads are counted there and added by the caller.
#[derive(Debug, Default)]
pub(crate) struct Calls(Cell<u64>);

impl Calls {
    pub(crate) fn count(&self) {
        self.add(1);
    }

    pub(crate) fn add(&self, calls: u64) {
        self.0.set(self.0.get() + calls);
    }

    pub(crate) fn total(&self) -> u64 {
        self.0.get()
    }
}

/// What the system says about an open file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) kind: FileKind,
    pub(crate) size: u64,
    /// Bytes that the file system says it stores for the file. Less than the size where there are holes, or where it
    /// compresses; 0 for generated files (procfs, sysfs).
    pub(crate) allocated: u64,
    /// Permission bits with set-user-id, set-group-id and sticky.
    pub(crate) mode: u32,
    /// Number of the file on its device; 0 where the system has no such number.
    pub(crate) inode: u64,
    /// Names that the file has.
    pub(crate) links: u64,
    /// User and group; 0 where the system has no such numbers.
    pub(crate) owner: (u32, u32),
    pub(crate) accessed: Time,
    pub(crate) volume: Volume,
    /// Which device a device file stands for (`st_rdev`).
    pub(crate) stands_for: u64,
    pub(crate) is_block_device: bool,
    /// Changes whenever content or metadata change.
    pub(crate) version: Version,
}

/// A file, and what the system said about it.
pub(crate) type Looked<'a> = (&'a File, &'a Status);

/// Streams by name that a copy does not have, and why.
pub(crate) type Lost = Vec<(OsString, io::Error)>;

/// Whether the second file belongs to whom the first one belongs.
#[cfg(not(windows))]
pub(crate) fn same_owner(_: &Calls, (_, from): Looked<'_>, (_, to): Looked<'_>) -> bool {
    from.owner == to.owner
}

/// Files have no streams but their content.
#[cfg(not(windows))]
pub(crate) fn copy_streams(_: &Calls, _: &File, _: &File) -> io::Result<Lost> {
    Ok(Lost::new())
}

#[cfg(not(windows))]
pub(crate) fn has_streams(_: &Calls, _: &File, _: &File) -> io::Result<bool> {
    Ok(true)
}

/// Opens a file to give it other metadata; fails at a link. Whose it is, and no right to write, decides.
#[cfg(not(windows))]
pub(crate) fn open_for_metadata(calls: &Calls, at: At<'_>) -> io::Result<File> {
    open_source(calls, at, false)
}

/// Which file it is: its device, and its number there.
pub(crate) type Number = (u64, u64);

impl Status {
    pub(crate) fn number(&self) -> Number {
        (self.volume.device, self.inode)
    }
}

/// What stands at a path, itself and not what it links to.
#[derive(Debug)]
pub(crate) enum Standing {
    Nothing,
    Symlink,
    /// A regular file, held so that its identity cannot be given to another one.
    File(File),
    Other(FileKind),
}

/// On which device and mount a file is. Two files of equal device may share extents. From Linux 6.8 on a mount is never
/// confused with a later one; before, the system may give both numbers again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Volume {
    pub(crate) device: u64,
    pub(crate) mount: u64,
}

/// Seconds and nanoseconds since the epoch.
pub(crate) type Time = (i64, u32);

/// Modification and status-change time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) modified: Time,
    pub(crate) changed: Time,
}

/// Takes the lock of an open file, which ends with [`unlock`], or when nobody has the file open any more. False where another
/// process has it. A file system without locks gives it to everybody.
pub(crate) fn lock(calls: &Calls, file: &File) -> bool {
    calls.count();
    !matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock))
}

/// Ends what [`lock`] began; nothing where there are no locks.
pub(crate) fn unlock(file: &File) {
    let _ = file.unlock();
}

/// The permission bits proper.
pub(crate) const PERMISSIONS: u32 = 0o777;

/// Set-user-id and set-group-id: whoever runs the file gets its owner's rights.
pub(crate) const SET_ID: u32 = 0o6000;

/// Hears how many bytes are done, and says whether to go on.
pub(crate) type Told<'a> = &'a mut dyn FnMut(u64) -> ControlFlow<()>;

/// The error number for an attribute that the file does not have (any more): `ENODATA`, `ENOATTR`. It has no kind of its own.
pub(crate) const NO_ATTRIBUTE: i32 = if cfg!(target_os = "macos") { 93 } else { 61 };

/// An access control list, as the system keeps it.
pub(crate) type AccessList = Vec<u8>;

/// What an error of a copying call means for the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A signal came; try again.
    Interrupted,
    /// This mechanism cannot work here.
    Refused {
        /// Whether every file between these two mounts would be refused alike.
        every_file: bool,
    },
    /// No mechanism could do better.
    Failed,
}

// A system whose functions drift from these types does not compile.
const _: &[Mechanism] = MECHANISMS;
const _: &[Mechanism] = READ_WRITE;
const _: fn(&Calls, At<'_>, bool) -> io::Result<File> = open_source;
const _: fn(&Calls, At<'_>) -> io::Result<File> = open_for_metadata;
const _: fn(&Calls, At<'_>, bool) -> io::Result<FileKind> = kind_of;
const _: fn(&Calls, At<'_>) -> io::Result<PathBuf> = read_link;
const _: fn(&Calls, At<'_>) -> io::Result<Standing> = open_destination;
const _: fn(&Calls, At<'_>) -> io::Result<File> = open_directory;
const _: fn(&Calls, At<'_>) -> io::Result<()> = check_writable;
const _: fn(&Calls, At<'_>, u32) -> io::Result<File> = create_exclusive;
const _: fn(&Calls, At<'_>, u32) -> io::Result<File> = create_unnamed;
const _: fn(&Calls, &File, At<'_>) -> io::Result<()> = link;
const _: fn(&Calls, &File) -> io::Result<()> = flush;
const _: fn(Volume) -> bool = is_on_disk;
const _: fn(&Calls, At<'_>, bool, bool) -> io::Result<File> = open_existing;
const _: fn(&Calls, At<'_>) -> io::Result<File> = open_partial;
const _: fn(&Calls, &Status) -> bool = is_own;
const _: fn(&Calls) -> Option<String> = boot;
const _: fn(&Calls, &File) -> io::Result<Status> = status;
const _: fn(&Calls, &File, &File) -> io::Result<bool> = same_file;
const _: fn(&Calls, &File) -> io::Result<String> = file_system;
const _: fn(&Calls, &File, &mut [u8], u64) -> io::Result<usize> = read_at;
const _: fn(&Calls, &File, &[u8], u64) -> io::Result<usize> = write_at;
const _: fn(&Calls, &File, u32) -> io::Result<()> = set_mode;
const _: fn(&Calls, &File, (u32, u32)) -> io::Result<()> = set_owner;
const _: fn(&Calls, &File, Time, Time) -> io::Result<()> = set_times;
const _: fn(&Calls, &File) -> io::Result<Vec<OsString>> = attributes;
const _: fn(&Calls, &File, &OsStr) -> io::Result<Vec<u8>> = attribute;
const _: fn(&Calls, &File, &OsStr, &[u8]) -> io::Result<()> = set_attribute;
const _: fn(&Calls, &File, &OsStr) -> io::Result<()> = remove_attribute;
const _: fn(&Calls, &File, u64) -> io::Result<()> = set_length;
const _: fn(&Calls, &File) = allow_holes;
const _: fn(&Calls, &File, u64) -> io::Result<Option<u64>> = next_data;
const _: fn(&Calls, &File, u64) -> io::Result<Option<u64>> = next_hole;
const _: fn(&Calls) -> Option<u64> = file_size_limit;
const _: fn() -> io::Error = too_large;
const _: fn() -> io::Error = unsupported;
const _: fn() -> u32 = processors;
const _: fn(&Calls, &File) -> io::Result<Option<usize>> = direct_alignment;
const _: fn(&Calls, &File, bool) -> io::Result<()> = set_direct;
const _: fn(&Calls, &File) -> io::Result<()> = drop_cached;
const _: fn(&Calls, &File) -> io::Result<()> = sync_file;
const _: fn(&Calls, At<'_>) -> io::Result<()> = sync_directory;
const _: fn(&Calls, File) -> io::Result<()> = close;
const _: fn(&Calls, File) = discard;
const _: fn(&Calls, At<'_>, At<'_>) -> io::Result<()> = rename;
const _: fn(&Calls, At<'_>, At<'_>) -> io::Result<()> = rename_new;
const _: fn(&Calls, At<'_>) -> io::Result<()> = remove_file;
const _: fn(&Calls, At<'_>) -> io::Result<()> = remove_directory;
const _: fn(&Calls, At<'_>, bool) -> io::Result<Status> = status_at;
const _: fn(&Calls, At<'_>, u32) -> io::Result<()> = create_directory;
const _: fn(&Calls, At<'_>, bool) -> io::Result<Directory> = open_listed;
const _: fn(&Calls, At<'_>, bool) -> io::Result<Directory> = open_filled;
const _: fn(&Calls, At<'_>, At<'_>) -> io::Result<()> = hard_link;
const _: fn(&Calls, &Path, At<'_>, At<'_>) -> io::Result<()> = symlink;
const _: fn(&Calls, At<'_>, &Status) -> io::Result<()> = make_special;
const _: fn(&Calls, At<'_>, (u32, u32)) -> io::Result<()> = set_owner_at;
const _: fn(&Calls, At<'_>, u32) -> io::Result<()> = set_mode_at;
const _: fn(&Calls, At<'_>, Time, Time) -> io::Result<()> = set_times_at;
const _: fn(&Calls, &Directory) -> bool = has_default_list;
const _: fn(&Calls, &Directory) -> bool = may_fill;
const _: fn(&Calls, At<'_>, bool) -> io::Result<Option<AccessList>> = access_list_at;
const _: fn(&Calls, At<'_>, Option<&[u8]>) -> io::Result<()> = set_access_list_at;
const _: fn(&Calls) -> Option<u32> = umask;
const _: fn(&Calls) -> Option<u64> = descriptors_left;
const _: fn(&Calls, &File, &File) -> io::Result<()> = reflink;
const _: fn(&Calls, &File, &File, u64, u64) -> io::Result<()> = reflink_range;
const _: fn(&Calls, &File, &File, u64, u64) -> io::Result<u64> = copy_file_range;
const _: fn(&Calls, &File, &File, u64, u64) -> io::Result<u64> = send_file;
const _: fn(&Calls, &File, At<'_>, Told<'_>) -> io::Result<Option<File>> = copy_new;
const _: fn(&Calls, &File, At<'_>) -> io::Result<File> = clone_new;
#[cfg(feature = "config")]
const _: fn(&Calls) -> Option<String> = cpu;
#[cfg(feature = "config")]
const _: fn(&Calls) -> Option<String> = kernel;
const _: bool = CLONES_ARE_NEW;
const _: fn(&Calls, &File, &File) -> io::Result<()> = copy_access_list;
const _: fn(&Calls, &File, &File) -> io::Result<()> = copy_flags;
const _: fn(&Calls, Looked<'_>, Looked<'_>) -> bool = same_owner;
const _: fn(&Calls, &File, &File) -> io::Result<Lost> = copy_streams;
const _: fn(&Calls, &File, &File) -> io::Result<bool> = has_streams;
const _: fn(&Calls, &File, u64) -> io::Result<()> = seek;
const _: fn(&Calls, &File, &TcpStream, u64, u64) -> io::Result<u64> = send_range;
const _: fn(&Calls, &TcpStream, &[u8]) -> io::Result<usize> = write_socket;
const _: fn(&Calls, &TcpStream, Option<Duration>) -> io::Result<bool> = wait_writable;
const _: fn(&Calls, u64) -> io::Result<Pipe> = Pipe::new;
const _: fn(&mut Pipe, &Calls, &File, u64, u64) -> io::Result<u64> = Pipe::fill;
const _: fn(&mut Pipe, &Calls, &File, u64) -> io::Result<u64> = Pipe::drain;
const _: fn(&Pipe) -> u64 = Pipe::held;
const _: fn(&Pipe) -> u64 = Pipe::capacity;
const _: fn(&io::Error, bool) -> Meaning = meaning;
